//! What the system tells of this process, under the names that Prometheus' clients give it.

use super::text::Text;
use std::fs;
use std::time::SystemTime;

/// Ticks of a second in which the system counts a process's time (USER_HZ), the same wherever Linux runs.
const TICKS_A_SECOND: f64 = 100.0;

/// Writes what is known; what the system doesn't tell is left out.
pub fn write(text: &mut Text, began: SystemTime) {
    if let Some(seconds) = cpu_seconds() {
        let help = "Time of processors that the process took, in seconds.";
        text.counter("process_cpu_seconds_total", help, seconds);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for (field, name, help) in [
        ("VmRSS:", "process_resident_memory_bytes", "Memory that is held, in bytes."),
        ("VmSize:", "process_virtual_memory_bytes", "Addresses that are taken, in bytes."),
    ] {
        if let Some(kib) = field_of(&status, field) {
            text.gauge(name, help, kib * 1024);
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        text.gauge("process_open_fds", "Descriptors that are open.", open.count());
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(most) = field_of(&limits, "Max open files") {
        text.gauge("process_max_fds", "Descriptors that may be open.", most);
    }
    if let Ok(since) = began.duration_since(SystemTime::UNIX_EPOCH) {
        let help = "When the process began, in seconds since 1970.";
        text.gauge("process_start_time_seconds", help, since.as_secs_f64());
    }
}

/// The first number of a line that begins with a name.
fn field_of(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in brackets, which may hold anything; the times are fields 14 and 15 (proc(5)).
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / TICKS_A_SECOND)
}
