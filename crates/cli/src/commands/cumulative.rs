//! `jadegate trace --cases --cumulative`: who was exposed to any of many cases, and for how long in
//! all, written to standard output.
//!
//! Only reads and records nothing, as `jadegate trace --cases`; names no case.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{StringBuilder, TimestampSecondBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use jadegate_service::CumulativeRow;
use serde::Serialize;

use super::bulk::{load, searched, write_json, write_table};
use super::bulk_arrow::BATCH;
use crate::args::TraceFormat;
use crate::config::Config;
use crate::failure::Failure;

pub(super) async fn run(
    config: &Config,
    file: &Path,
    least_minutes: Option<u32>,
    format: TraceFormat,
) -> Result<(), Failure> {
    let (cases, search) = load(config, file, format).await?;
    let least = least_minutes.unwrap_or_else(|| search.least_contact_minutes());
    let rows = search.cumulative(&cases, least);
    eprintln!(
        "{} cases, {} people with at least {least} minutes in all, {}",
        cases.len(),
        rows.len(),
        searched(&search)
    );
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match format {
        TraceFormat::Json => write_json(&mut out, rows.iter().map(Line::from))?,
        TraceFormat::Arrow => write_arrow(&mut out, &rows)?,
        TraceFormat::Csv | TraceFormat::Text => write_csv(&mut out, &rows)?,
    }
    out.flush()?;
    Ok(())
}

const COLUMNS: [&str; 5] = ["holder", "minutes_lower", "minutes_upper", "first", "last"];

/// A row as it is written.
#[derive(Debug, Serialize)]
struct Line {
    holder: String,
    minutes_lower: u32,
    minutes_upper: u32,
    first: String,
    last: String,
}

impl From<&CumulativeRow> for Line {
    fn from(r: &CumulativeRow) -> Self {
        Self {
            holder: r.holder.to_string(),
            minutes_lower: r.minutes_lower,
            minutes_upper: r.minutes_upper,
            first: r.first.to_string(),
            last: r.last.to_string(),
        }
    }
}

fn write_csv(out: &mut impl Write, rows: &[CumulativeRow]) -> Result<(), Failure> {
    let fields = |l: Line| {
        [l.holder, l.minutes_lower.to_string(), l.minutes_upper.to_string(), l.first, l.last]
    };
    write_table(out, COLUMNS, rows.iter().map(|r| fields(r.into())))
}

/// An Arrow IPC stream; nobody at all is a stream that holds the schema only.
fn write_arrow(out: &mut impl Write, rows: &[CumulativeRow]) -> Result<(), Failure> {
    let moment = || DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
    let kinds = [DataType::Utf8, DataType::UInt32, DataType::UInt32, moment(), moment()];
    let fields = COLUMNS.into_iter().zip(kinds).map(|(name, kind)| Field::new(name, kind, false));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut stream = StreamWriter::try_new(out, &schema)?;
    for rows in rows.chunks(BATCH) {
        let mut holder = StringBuilder::new();
        let (mut lower, mut upper) = (UInt32Builder::new(), UInt32Builder::new());
        let moments = || TimestampSecondBuilder::new().with_timezone("UTC");
        let (mut first, mut last) = (moments(), moments());
        for r in rows {
            holder.append_value(r.holder.to_string());
            lower.append_value(r.minutes_lower);
            upper.append_value(r.minutes_upper);
            first.append_value(r.first.as_secs());
            last.append_value(r.last.as_secs());
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(holder.finish()),
            Arc::new(lower.finish()),
            Arc::new(upper.finish()),
            Arc::new(first.finish()),
            Arc::new(last.finish()),
        ];
        stream.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    stream.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{TimestampSecondType, UInt32Type};
    use arrow_ipc::reader::StreamReader;
    use jadegate_domain::{HolderId, Timestamp};

    use super::*;

    fn row(n: u32) -> CumulativeRow {
        let first = Timestamp::from_secs(1_647_144_000 + i64::from(n));
        CumulativeRow {
            holder: HolderId::from_random(n.into()),
            minutes_lower: n,
            minutes_upper: n + 15,
            first,
            last: first.plus_secs(3600),
        }
    }

    fn written(write: impl Fn(&mut Vec<u8>) -> Result<(), Failure>) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        out
    }

    #[test]
    fn csv_and_json_say_the_same() {
        let csv = written(|out| write_csv(out, &[row(2), row(1)]));
        assert_eq!(
            String::from_utf8(csv).unwrap(),
            "holder,minutes_lower,minutes_upper,first,last\n\
             h0000000000002,2,17,2022-03-13T04:00:02Z,2022-03-13T05:00:02Z\n\
             h0000000000001,1,16,2022-03-13T04:00:01Z,2022-03-13T05:00:01Z\n"
        );
        let json = written(|out| write_json(out, [row(2), row(1)].iter().map(Line::from)));
        let list: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
        let two = serde_json::json!({
            "holder": "h0000000000002", "minutes_lower": 2, "minutes_upper": 17,
            "first": "2022-03-13T04:00:02Z", "last": "2022-03-13T05:00:02Z",
        });
        assert_eq!((list.len(), &list[0]), (2, &two));
        let none = written(|out| write_json(out, std::iter::empty::<Line>()));
        assert_eq!(serde_json::from_slice::<Vec<()>>(&none).unwrap(), []);
    }

    #[test]
    fn arrow_is_read_back() {
        let rows: Vec<_> = (0..70_000).map(row).collect();
        let out = written(|out| write_arrow(out, &rows));
        let stream = StreamReader::try_new(&out[..], None).unwrap();
        let names: Vec<_> = stream.schema().fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(names, COLUMNS);
        let mut rows = rows.iter();
        for batch in stream {
            let batch = batch.unwrap();
            for n in 0..batch.num_rows() {
                let want = rows.next().unwrap();
                let number = |c: usize| batch.column(c).as_primitive::<UInt32Type>().value(n);
                let secs =
                    |c: usize| batch.column(c).as_primitive::<TimestampSecondType>().value(n);
                let holder = batch.column(0).as_string::<i32>().value(n);
                assert_eq!(holder, want.holder.to_string());
                assert_eq!((number(1), number(2)), (want.minutes_lower, want.minutes_upper));
                assert_eq!((secs(3), secs(4)), (want.first.as_secs(), want.last.as_secs()));
            }
        }
        assert!(rows.next().is_none());
        let none = written(|out| write_arrow(out, &[]));
        assert_eq!(StreamReader::try_new(&none[..], None).unwrap().count(), 0);
    }
}
