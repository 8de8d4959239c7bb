//! The Spaces of an account and its organisations that show a tracker, as the Hub lists them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::account::Account;
use super::attempts::patiently;
use super::client::{Client, Payload};
use super::fault::HubFault;
use super::names::in_address;
use super::repository::{MOST_PAGES, NextPage, next_page};

/// The tag by which such Spaces are known.
const TAG: &str = "trackio";

/// A Space of a list. Times are those of the Hub, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedSpace {
    /// Owner and name.
    pub id: String,
    /// Its owner.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Who made it, as the Hub says; the owner when it does not.
    pub author: String,
    /// Nobody sees it but who may.
    pub private: bool,
    /// How it is run.
    pub sdk: Option<String>,
    /// Where it answers; its page on the Hub where that is not said.
    pub url: String,
    /// When it was changed last.
    pub last_modified: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// The Spaces of `author`, else of whoever the token belongs to and their organisations; the one that was changed last
/// comes first.
///
/// # Errors
/// When nobody is named and there is no token, or the Hub does not answer.
pub fn list_spaces(account: Account, author: Option<&str>) -> Result<Vec<ListedSpace>, HubFault> {
    const DOING: &str = "listing Spaces";
    let client = Client::new(account);
    let owners = match author {
        Some(author) => vec![author.to_owned()],
        None => owners(&client)?,
    };
    let mut found: BTreeMap<String, ListedSpace> = BTreeMap::new();
    for owner in owners {
        let mut path =
            format!("/api/spaces?author={}&filter={TAG}&full=true", in_address(&owner).replace('/', "%2F"));
        for page in 0.. {
            let (said, headers) = patiently(|| client.json("GET", &path, &Payload::Nothing, DOING))?;
            let spaces = said.as_array().ok_or_else(|| HubFault::strange(DOING))?;
            let endpoint = client.account().endpoint();
            found.extend(
                spaces
                    .iter()
                    .filter_map(|said| listed(said, endpoint))
                    .map(|space| (space.id.clone(), space)),
            );
            match next_page(&headers, endpoint) {
                NextPage::None => break,
                NextPage::At(next) if page < MOST_PAGES => path = next,
                // A part of the list must not be taken for all of it.
                NextPage::At(_) | NextPage::Elsewhere => return Err(HubFault::strange(DOING)),
            }
        }
    }
    let mut spaces: Vec<ListedSpace> = found.into_values().collect();
    spaces.sort_by(|a, b| b.last_modified.cmp(&a.last_modified));
    Ok(spaces)
}

/// Whoever the token belongs to, and their organisations.
fn owners(client: &Client) -> Result<Vec<String>, HubFault> {
    const DOING: &str = "listing Spaces of nobody in particular";
    client.account().expect_token(DOING)?;
    let (said, _) = patiently(|| client.json("GET", "/api/whoami-v2", &Payload::Nothing, DOING))?;
    let own = said["name"].as_str().ok_or_else(|| HubFault::strange(DOING))?;
    let others = said["orgs"].as_array().into_iter().flatten();
    let others = others.filter_map(|organisation| organisation["name"].as_str().or(organisation.as_str()));
    Ok(std::iter::once(own).chain(others).map(str::to_owned).collect())
}

fn listed(said: &Value, endpoint: &str) -> Option<ListedSpace> {
    let text = |name: &str| said[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let id = text("id")?;
    let (namespace, name) = id.split_once('/').unwrap_or((&id, &id));
    let url = match (text("host"), text("subdomain")) {
        (Some(host), _) if host.starts_with("http") => host,
        (Some(host), _) => format!("https://{host}"),
        (None, Some(subdomain)) => format!("https://{subdomain}.hf.space"),
        (None, None) => format!("{endpoint}/spaces/{id}"),
    };
    Some(ListedSpace {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        author: text("author").unwrap_or_else(|| namespace.to_owned()),
        private: said["private"].as_bool().unwrap_or(false),
        sdk: text("sdk"),
        url,
        last_modified: text("lastModified").map(|time| time_of(&time)),
        created_at: text("createdAt").map(|time| time_of(&time)),
        tags: said["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        id,
    })
}

/// A time as Python writes it: an offset in the place of `Z`, and a fraction of six digits or none.
fn time_of(said: &str) -> String {
    let Some(plain) = said.strip_suffix('Z') else { return said.to_owned() };
    let (seconds, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    if fraction.bytes().all(|digit| digit == b'0') {
        return format!("{seconds}+00:00");
    }
    format!("{seconds}.{fraction:0<6.6}+00:00")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_space_says_where_it_answers() {
        let url = |more: Value| {
            let mut said = json!({"id": "ada/runs"});
            said.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            listed(&said, "https://hub").expect("it has an id").url
        };
        assert_eq!(url(json!({})), "https://hub/spaces/ada/runs");
        assert_eq!(url(json!({"subdomain": "ada-runs"})), "https://ada-runs.hf.space");
        assert_eq!(url(json!({"host": "ada-runs.static.hf.space"})), "https://ada-runs.static.hf.space");
        assert_eq!(url(json!({"host": "https://h", "subdomain": "s"})), "https://h");
        assert_eq!(listed(&json!({"name": "no id"}), "https://hub"), None);
    }

    #[test]
    fn times_are_written_as_python_does() {
        assert_eq!(time_of("2026-01-02T03:04:05.000Z"), "2026-01-02T03:04:05+00:00");
        assert_eq!(time_of("2026-01-02T03:04:05.120Z"), "2026-01-02T03:04:05.120000+00:00");
        assert_eq!(time_of("2026-01-02T03:04:05+01:00"), "2026-01-02T03:04:05+01:00");
    }
}
