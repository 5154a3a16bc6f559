//! What a phone must fetch to show a code, measured by the pages' own script.

use std::process::Command;

use crate::Result;
use crate::report::Report;

/// Reads the total of `npm run size`.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    let ui = crate::root().join("ui");
    if !ui.join("dist/assets/manifest.json").is_file() {
        report.skip(
            "holder page: SKIPPED, the pages are not built (cd ui && npm ci && npm run build).",
        );
        return Ok(());
    }
    let output = Command::new("node")
        .arg("tests/size.mjs")
        .current_dir(&ui)
        .output()
        .map_err(|e| format!("node: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (size, budget) = total(&text).ok_or("ui/tests/size.mjs printed no total")?;
    report.page(size, budget);
    Ok(())
}

/// `  29000  bytes gzip for the holder page; budget 60000`
fn total(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().find(|l| l.contains("bytes gzip"))?;
    let mut numbers = line.split_ascii_whitespace().filter_map(|w| w.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_total_is_read() {
        let text = "  300  index.html\n  29000  bytes gzip for the holder page; budget 60000\n";
        assert_eq!(super::total(text), Some((29_000, 60_000)));
        assert_eq!(super::total("nothing"), None);
    }
}
