//! How much memory this machine has, and how much of it is free.

use std::fs;

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// All there is.
    pub total: u64,
    /// What a program can have before others must give way.
    pub available: u64,
}

/// The memory that this program can have; nothing where the system does not say (then nothing is refused).
///
/// On Linux it is what `/proc/meminfo` says, or less where the program runs in a control group with a limit of its own
/// (a container).
pub fn memory() -> Option<Memory> {
    let whole = of_meminfo(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let read = |path: &str| fs::read_to_string(path).ok();
    // The second version of control groups first, then the first.
    let group = [
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "/sys/fs/cgroup/memory/memory.stat",
        ),
    ];
    let group = group.iter().find_map(|(limit, used, stat)| of_group(&read(limit)?, &read(used)?, &read(stat)?));
    Some(match group {
        Some(group) if group.total < whole.total => {
            Memory { total: group.total, available: group.available.min(whole.available) }
        }
        _ => whole,
    })
}

/// Of the text of `/proc/meminfo`.
fn of_meminfo(text: &str) -> Option<Memory> {
    let value = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(key))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Memory { total: value("MemTotal:")?, available: value("MemAvailable:")? })
}

/// Of a control group's limit, use and statistics. Pages of files that nobody reads count as used and are given up.
fn of_group(limit: &str, used: &str, stat: &str) -> Option<Memory> {
    let total = limit.trim().parse::<u64>().ok()?; // "max" is no limit
    let inactive = stat.lines().find_map(|line| line.strip_prefix("inactive_file ")).unwrap_or("0");
    let used = used.trim().parse::<u64>().ok()?.saturating_sub(inactive.trim().parse().ok()?);
    Some(Memory { total, available: total.saturating_sub(used) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_system_says_is_read() {
        let text = "MemTotal:       24576000 kB\nMemFree:        1 kB\nMemAvailable:   20480000 kB\n";
        assert_eq!(of_meminfo(text), Some(Memory { total: 24_576_000 << 10, available: 20_480_000 << 10 }));
        assert_eq!(of_group("max\n", "5\n", ""), None);
        let stat = "anon 100\ninactive_file 300\n";
        assert_eq!(of_group("1000\n", "500\n", stat), Some(Memory { total: 1000, available: 800 }));
        assert_eq!(of_group("1000", "5000", ""), Some(Memory { total: 1000, available: 0 }));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(a in "(?s).{0,40}", b in "[0-9a-z \n]{0,20}", c in "inactive_file [0-9]{0,22}") {
            let _ = (of_meminfo(&a), of_meminfo(&format!("MemTotal: {b}\nMemAvailable: {b}")), of_group(&b, &b, &c));
        }
    }
}
