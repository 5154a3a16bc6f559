//! Contacts as an Arrow IPC stream, for data tools.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{
    StringBuilder, StringDictionaryBuilder, TimestampSecondBuilder, UInt32Builder,
};
use arrow_array::types::Int8Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use jadegate_service::ContactRow;

use crate::failure::Failure;

/// Rows of one batch of a stream.
pub(super) const BATCH: usize = 65_536;

fn schema() -> Arc<Schema> {
    let word = || DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let field = |name, kind| Field::new(name, kind, false);
    Arc::new(Schema::new(vec![
        field("case", DataType::Utf8),
        field("contact", DataType::Utf8),
        field("degree", word()),
        field("minutes_lower", DataType::UInt32),
        field("minutes_upper", DataType::UInt32),
        field("last_contact", DataType::Timestamp(TimeUnit::Second, Some("UTC".into()))),
        field("certainty", word()),
        field("place_kind", word()),
        Field::new("via", DataType::Utf8, true),
        Field::new("likelihood", DataType::UInt32, true),
    ]))
}

/// Writes all rows; no row at all is a stream that holds the schema only.
pub(super) fn write_arrow(out: &mut impl Write, rows: &[ContactRow]) -> Result<(), Failure> {
    let schema = schema();
    let mut stream = StreamWriter::try_new(out, &schema)?;
    for rows in rows.chunks(BATCH) {
        stream.write(&batch(&schema, rows)?)?;
    }
    stream.finish()?;
    Ok(())
}

fn batch(schema: &Arc<Schema>, rows: &[ContactRow]) -> Result<RecordBatch, Failure> {
    let (mut case, mut contact, mut via) =
        (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut lower, mut upper, mut likelihood) =
        (UInt32Builder::new(), UInt32Builder::new(), UInt32Builder::new());
    let mut last = TimestampSecondBuilder::new().with_timezone("UTC");
    let words = StringDictionaryBuilder::<Int8Type>::new;
    let (mut degree, mut certainty, mut place_kind) = (words(), words(), words());
    for r in rows {
        case.append_value(r.case.to_string());
        contact.append_value(r.holder.to_string());
        degree.append(r.degree.as_str())?;
        lower.append_value(r.minutes_lower);
        upper.append_value(r.minutes_upper);
        last.append_value(r.last_contact.as_secs());
        certainty.append(r.certainty.as_str())?;
        place_kind.append(r.place_kind.as_str())?;
        via.append_option(r.via.map(|v| v.to_string()));
        likelihood.append_option(r.likelihood.map(u32::from));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(case.finish()),
        Arc::new(contact.finish()),
        Arc::new(degree.finish()),
        Arc::new(lower.finish()),
        Arc::new(upper.finish()),
        Arc::new(last.finish()),
        Arc::new(certainty.finish()),
        Arc::new(place_kind.finish()),
        Arc::new(via.finish()),
        Arc::new(likelihood.finish()),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{TimestampSecondType, UInt32Type};
    use arrow_ipc::reader::StreamReader;
    use jadegate_domain::evidence::{Certainty, ContactDegree};
    use jadegate_domain::{CaseId, HolderId, PlaceKind, Timestamp};

    use super::*;
    use crate::commands::bulk::write_csv;

    /// A cell as the CSV writes it.
    fn cell(column: &dyn Array, row: usize) -> String {
        if column.is_null(row) {
            return String::new();
        }
        match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
            DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
            DataType::Timestamp(TimeUnit::Second, zone) => {
                assert_eq!(zone.as_deref(), Some("UTC"));
                let secs = column.as_primitive::<TimestampSecondType>().value(row);
                Timestamp::from_secs(secs).to_string()
            }
            DataType::Dictionary(..) => {
                let words = column.as_dictionary::<Int8Type>();
                let word = words.key(row).unwrap();
                words.values().as_string::<i32>().value(word).to_owned()
            }
            other => panic!("no such column is written: {other}"),
        }
    }

    #[test]
    fn what_is_read_back_is_what_the_csv_says() {
        let row = |n: u64| ContactRow {
            case: CaseId::from_random(1 + n / 100),
            holder: HolderId::from_random(n),
            degree: if n.is_multiple_of(2) {
                ContactDegree::Close
            } else {
                ContactDegree::Secondary
            },
            minutes_lower: 1,
            minutes_upper: u32::try_from(n).unwrap(),
            last_contact: Timestamp::from_secs(1_647_144_000 + n.cast_signed()),
            certainty: [Certainty::Recorded, Certainty::Assumed][usize::from(n.is_multiple_of(3))],
            place_kind: PlaceKind::ALL[usize::try_from(n).unwrap() % PlaceKind::ALL.len()],
            via: (!n.is_multiple_of(2)).then(|| HolderId::from_random(7)),
            likelihood: n.is_multiple_of(2).then(|| u8::try_from(n % 101).unwrap()),
        };
        let rows: Vec<_> = (1..=70_000).map(row).collect();
        let mut out = Vec::new();
        write_arrow(&mut out, &rows).unwrap();
        let stream = StreamReader::try_new(&out[..], None).unwrap();
        let head: Vec<_> = stream.schema().fields().iter().map(|f| f.name().clone()).collect();
        let batches: Vec<RecordBatch> = stream.collect::<Result<_, _>>().unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [65_536, 4_464]);

        let mut text = Vec::new();
        write_csv(&mut text, &rows).unwrap();
        let mut csv = csv::Reader::from_reader(&text[..]);
        assert_eq!(csv.headers().unwrap(), head);
        let mut lines = csv.records();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                let cells: Vec<_> = batch.columns().iter().map(|c| cell(c, row)).collect();
                assert_eq!(lines.next().unwrap().unwrap(), cells);
            }
        }
        assert!(lines.next().is_none());
    }

    #[test]
    fn no_contact_is_a_stream_of_the_columns_only() {
        let mut none = Vec::new();
        write_arrow(&mut none, &[]).unwrap();
        let stream = StreamReader::try_new(&none[..], None).unwrap();
        assert_eq!(stream.schema().fields().len(), 10);
        assert_eq!(stream.count(), 0);
    }
}
