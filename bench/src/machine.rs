//! What the kernel says about processes and the machine (`/proc`, so Linux only).

use std::fs::read_to_string;
use std::process::Command;
use std::sync::OnceLock;

use crate::Result;

/// Clock ticks per second, the unit of CPU times in `/proc`.
fn ticks_per_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let asked = Command::new("getconf").arg("CLK_TCK").output().ok();
        let text = asked.and_then(|o| String::from_utf8(o.stdout).ok());
        // 100 on every Linux that anybody uses.
        text.and_then(|t| t.trim().parse().ok()).unwrap_or(100.0)
    })
}

/// State letter and CPU seconds, user and kernel, of a process with all its threads. A process that
/// has ended and not been waited for (`Z`) still tells its CPU time.
pub(crate) fn process_stat(pid: u32) -> Result<(char, f64)> {
    let text = read_to_string(format!("/proc/{pid}/stat"))?;
    parse_stat(&text)
        .map(|(state, ticks)| (state, ticks as f64 / ticks_per_second()))
        .ok_or_else(|| "unreadable /proc/PID/stat".into())
}

/// State and ticks: fields 3, and 14 plus 15. The second field is the program's name in brackets and
/// may itself hold brackets and spaces.
fn parse_stat(text: &str) -> Option<(char, u64)> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<u64>().ok();
    Some((fields.first()?.chars().next()?, ticks(11)? + ticks(12)?))
}

/// CPU seconds of a process so far.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    process_stat(pid).map(|(_, s)| s)
}

/// CPU seconds of a process and its children so far, those included that ended and were waited for.
pub(crate) fn family_cpu_seconds(pid: u32) -> Result<f64> {
    let mut ticks = 0;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        // One that has just ended is counted with those that its parent waited for.
        let Ok(text) = read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = text.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
        let own = number(11) + number(12);
        if id == pid {
            ticks += own + number(13) + number(14);
        } else if number(1) == u64::from(pid) {
            ticks += own;
        }
    }
    Ok(ticks as f64 / ticks_per_second())
}

/// CPU seconds of a process's first thread so far, to the nanosecond: all there is of a process with
/// one thread. In hundredths of a second where the kernel does not tell.
pub(crate) fn task_cpu_seconds(pid: u32) -> Option<f64> {
    let told = read_to_string(format!("/proc/{pid}/schedstat")).ok();
    let nanos = told.and_then(|t| t.split_ascii_whitespace().next()?.parse::<u64>().ok());
    match nanos {
        Some(n) if n > 0 => Some(n as f64 / 1e9),
        _ => cpu_seconds(pid).ok(),
    }
}

/// CPU seconds of the thread that asks so far, to the nanosecond.
pub(crate) fn thread_cpu_seconds() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

/// Most memory a living process had in use at any time (resident), in bytes.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    let text = read_to_string(format!("/proc/{pid}/status")).ok()?;
    kibibytes(&text, "VmHWM:").map(|k| k * 1024)
}

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|l| l.strip_prefix(key))?.split_ascii_whitespace().next()?.parse().ok()
}

/// The three load averages.
pub(crate) fn load_average() -> String {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_ascii_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Cores, processor, memory and kernel, for the head of the report.
pub(crate) fn facts() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find(|l| l.starts_with("model name")).and_then(|l| l.split_once(':'));
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    vec![
        ("cores", cores.to_string()),
        ("processor", model.map_or_else(|| "not told".to_owned(), |(_, m)| m.trim().to_owned())),
        ("memory", format!("{:.0} GB", kibibytes(&memory, "MemTotal:").unwrap_or(0) as f64 / 1e6)),
        ("kernel", kernel.trim().to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
        let text = "7 (a) b (c)) R 1 7 7 0 -1 0 5 0 0 0 120 34 9 9 20 0 3 0 100 1 1\n";
        assert_eq!(parse_stat(text), Some(('R', 154)));
        assert_eq!(parse_stat("7 (cut"), None);
    }

    #[test]
    fn work_done_here_is_counted_here() -> Result<()> {
        let before = cpu_seconds(std::process::id())?;
        let mut n = 0_u64;
        while cpu_seconds(std::process::id())? < before + 0.03 {
            n = std::hint::black_box(n + 1);
        }
        assert!(n > 0 && peak_memory(std::process::id()) > Some(100_000));
        Ok(())
    }
}
