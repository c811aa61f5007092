//! Every dependency has a permissive licence.

use std::process::Command;

use anyhow::{Context, Result, bail};

/// Licences that a dependency may offer. Each lets the program be given away with a notice.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0", // the certificates that come along
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Asks cargo for the licence of every package in the lock file.
pub fn check() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--prefix", "none", "--no-dedupe", "--edges", "normal,build"])
        .args(["--format", "{p}\t{l}"])
        .output()
        .context("cannot start cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let listing = String::from_utf8_lossy(&output.stdout);
    let mut packages: Vec<&str> = listing.lines().filter(|line| !line.is_empty()).collect();
    packages.sort_unstable();
    packages.dedup();
    let refused: Vec<_> =
        packages.iter().filter(|line| !line.split_once('\t').is_some_and(|(_, licence)| permitted(licence))).collect();
    if !refused.is_empty() {
        bail!("packages without a permissive licence: {refused:#?}");
    }
    println!("licences: {} packages, all permissive", packages.len());
    Ok(())
}

/// Whether an SPDX expression can be met with the licences allowed.
fn permitted(expression: &str) -> bool {
    let expression = expression.replace(['(', ')'], " ").replace('/', " OR ");
    // Within our dependencies AND binds whole groups of ORs, as in "(MIT OR Apache-2.0) AND Unicode-3.0".
    expression.split(" AND ").all(|all| all.split(" OR ").any(|any| ALLOWED.contains(&any.trim())))
}

#[cfg(test)]
mod tests {
    use super::permitted;

    #[test]
    fn expressions() {
        for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
            assert!(permitted(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "proprietary"] {
            assert!(!permitted(bad), "{bad}");
        }
    }
}
