//! How long reading and verifying takes: `speed TRUST FILE [ROUNDS]`, one certificate on each line. What `bench/` runs
//! beside the libraries that others would use.

use std::hint::black_box;
use std::time::Instant;

use jadegate_certificates::{Trust, read};
use jadegate_domain::Timestamp;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(trusted), Some(file)) = (args.next(), args.next()) else {
        return Err("speed TRUST FILE [ROUNDS]".into());
    };
    let rounds: u32 = args.next().map_or(Ok(200), |n| n.parse())?;
    let mut trust = Trust::default();
    trust.add(&std::fs::read(trusted)?)?;
    let text = std::fs::read_to_string(file)?;
    let codes: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
    let at: Timestamp = "2021-07-01T00:00:00Z".parse()?;
    let begun = Instant::now();
    let mut verified = 0_u32;
    for _ in 0..rounds {
        for code in &codes {
            let reading = black_box(read(black_box(code), &trust, at));
            let wrong = jadegate_certificates::Reason::BadSignature;
            verified += u32::from(reading.certificate.is_some() && !reading.has(wrong));
        }
    }
    let count = rounds * u32::try_from(codes.len())?;
    let each = begun.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    println!("{count} certificates, {verified} read with a right signature, {each:.1} us each");
    Ok(())
}
