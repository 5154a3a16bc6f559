//! The policies that come with the program, so that the binary alone is enough, and reading of small
//! text files.

use std::io::Read as _;
use std::path::Path;

use crate::failure::Failure;

/// A policy of the folder `policies/`.
pub(crate) struct Shipped {
    /// Its name: that of its file without the ending.
    pub(crate) name: &'static str,
    /// The policy.
    pub(crate) text: &'static str,
    /// The cases it is tested with.
    pub(crate) cases: &'static str,
}

macro_rules! shipped {
    ($name:literal) => {
        Shipped {
            name: $name,
            text: include_str!(concat!("../../../policies/", $name, ".toml")),
            cases: include_str!(concat!("../../../policies/", $name, ".cases.toml")),
        }
    };
}

/// All of them, by name.
pub(crate) const POLICIES: [Shipped; 9] = [
    shipped!("ankang-2020"),
    shipped!("beijing-2022-02"),
    shipped!("chengdu-2021-11"),
    shipped!("hangzhou-2020-02"),
    shipped!("hebei-2022-11"),
    shipped!("heilongjiang-2020"),
    shipped!("hubei-2020-03"),
    shipped!("national-2021"),
    shipped!("three-colour"),
];

/// Bytes of the largest text that is read whole: a policy, its cases, a configuration.
const MOST_BYTES: u64 = 4 << 20;

/// The shipped policy that is meant, if it is a name and no path.
pub(crate) fn named(path: &Path) -> Option<&'static Shipped> {
    POLICIES.iter().find(|p| path.as_os_str() == p.name)
}

/// The text of a shipped policy or of a file.
pub(crate) fn policy_text(path: &Path) -> Result<String, Failure> {
    if let Some(policy) = named(path) {
        return Ok(policy.text.to_owned());
    }
    read_text(path).map_err(|e| {
        if e.kind() == std::io::ErrorKind::NotFound {
            let names = POLICIES.map(|p| p.name).join(", ");
            format!("{}: {e}; it is no shipped policy either. These are: {names}", path.display())
        } else {
            format!("{}: {e}", path.display())
        }
        .into()
    })
}

/// A text file, whole.
///
/// # Errors
/// It cannot be read, is no UTF-8, or is too large for anything that is read whole.
pub(crate) fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            format!("the file is larger than {} MiB", MOST_BYTES >> 20),
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_of_the_folder_is_shipped_with_its_cases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let name = |f: std::io::Result<std::fs::DirEntry>| {
            let name = f.unwrap().file_name().into_string().unwrap();
            let cases = name.contains(".cases.");
            name.strip_suffix(".toml").filter(|_| !cases).map(str::to_owned)
        };
        let mut there: Vec<String> = std::fs::read_dir(folder).unwrap().filter_map(name).collect();
        there.sort();
        assert_eq!(there, POLICIES.map(|p| p.name));
        for p in &POLICIES {
            assert!(jadegate_policy::run_cases(p.text, p.cases).unwrap().is_ok(), "{}", p.name);
        }
    }

    #[test]
    fn a_file_without_an_end_is_refused() {
        let e = read_text(Path::new("/dev/zero")).unwrap_err();
        assert!(e.to_string().contains("4 MiB"), "{e}");
        let e = policy_text(Path::new("nowhere.toml")).unwrap_err().to_string();
        assert!(e.contains("nowhere.toml") && e.contains("three-colour"), "{e}");
    }
}
