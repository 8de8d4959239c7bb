//! Names on the Hub and how they stand in addresses.

use std::fmt;
use std::str::FromStr;

use super::fault::{HubFault, HubFaultKind};

const LONGEST_NAME: usize = 96;

/// A repository by its name; without an owner it is one of whoever the token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryId {
    pub(crate) owner: Option<String>,
    pub(crate) name: String,
}

impl RepositoryId {
    /// The same with an owner, where none was named.
    #[must_use]
    pub(crate) fn owned_by(&self, owner: &str) -> Self {
        let owner = self.owner.clone().unwrap_or_else(|| owner.to_owned());
        Self { owner: Some(owner), name: self.name.clone() }
    }
}

impl FromStr for RepositoryId {
    type Err = HubFault;

    fn from_str(text: &str) -> Result<Self, HubFault> {
        let is_good = |part: &str| {
            (1..=LONGEST_NAME).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                && !part.starts_with(['-', '.'])
                && !part.ends_with(['-', '.'])
                && !part.contains("--")
                && !part.contains("..")
        };
        let (owner, name) = text.split_once('/').map_or((None, text), |(owner, name)| (Some(owner), name));
        if !is_good(name) || owner.is_some_and(|owner| !is_good(owner)) {
            return Err(HubFault::new(
                HubFaultKind::Refused,
                format!("`{}` is no name of a Dataset, a Space or a model", text.escape_debug()),
                "give it as OWNER/NAME, of letters, digits, `-`, `_` and `.`",
            ));
        }
        Ok(Self { owner: owner.map(str::to_owned), name: name.to_owned() })
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Some(owner) => write!(f, "{owner}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A path in a repository as it stands in an address: its slashes stay.
pub(crate) fn in_address(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_datasets() {
        for good in ["alice/runs", "a/b-c_d.e", "runs"] {
            assert_eq!(good.parse::<RepositoryId>().expect("a name").to_string(), good);
        }
        for bad in ["", "/", "a/", "/b", "a/b/c", "a b/c", "a/..", "../x", "a/-b", "a/b--c", "a/b?c", "ü/x"]
        {
            let fault = bad.parse::<RepositoryId>().expect_err(bad);
            assert!(fault.to_string().contains("OWNER/NAME"), "{fault}");
        }
        let owned = "runs".parse::<RepositoryId>().expect("a name").owned_by("alice");
        assert_eq!(
            (owned.to_string(), owned.owned_by("bob").to_string()),
            ("alice/runs".into(), "alice/runs".into())
        );
    }

    #[test]
    fn paths_keep_their_slashes() {
        assert_eq!(in_address("data/größe #1?.parquet"), "data/gr%C3%B6%C3%9Fe%20%231%3F.parquet");
    }
}
