//! Rows of a dataset of the Hub, from its datasets server: splits, rows, sizes.

use serde_json::{Map, Value};

use super::{asked_at, in_query};
use crate::remote::{Account, Client, HubFault, HubFaultKind, RepositoryId};

/// Rows of one answer of the datasets server.
const ROWS: usize = 100;

/// First rows of a split of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct HubRows {
    /// The configuration that they are of.
    pub config: String,
    /// The split.
    pub split: String,
    /// Names of the columns, in their order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Map<String, Value>>,
    /// Rows of the whole split, where that is known.
    pub total_rows: Option<u64>,
    /// Cells of which only the beginning was told.
    pub cut_cells: usize,
}

/// Asks for the first rows of a dataset: of the configuration `default`, else the first, and of the split `train`, else the
/// first, where none is named.
///
/// # Errors
/// When there is no such dataset, configuration or split, it may not be seen, or the server does not answer.
pub fn rows(
    account: Account,
    dataset: &str,
    config: Option<&str>,
    split: Option<&str>,
) -> Result<HubRows, HubFault> {
    let id: RepositoryId = dataset.parse()?;
    let server = Server { client: Client::new(account), id: id.to_string() };
    let (config, split) = server.split(config, split)?;
    let place = format!("&config={}&split={}", in_query(&config), in_query(&split));
    // Rows as they are; of datasets that it has only looked into, the server has but the first, cut to a length.
    let whole = server.ask("rows", &format!("{place}&offset=0&length={ROWS}"));
    let said = match whole {
        Ok(said) => said,
        Err(fault) if fault.kind == HubFaultKind::Refused => return Err(fault),
        Err(_) => server.ask("first-rows", &place)?,
    };
    let entries = said["rows"].as_array().ok_or_else(|| server.strange())?;
    let rows: Vec<Map<String, Value>> =
        entries.iter().filter_map(|entry| entry["row"].as_object().cloned()).collect();
    let cut_cells = entries.iter().filter_map(|entry| Some(entry["truncated_cells"].as_array()?.len())).sum();
    let features = said["features"].as_array().into_iter().flatten();
    let columns = features.filter_map(|feature| Some(feature["name"].as_str()?.to_owned())).collect();
    let total_rows = match said["num_rows_total"].as_u64() {
        Some(total) => Some(total),
        None => server.size(&config, &split),
    };
    Ok(HubRows { config, split, columns, rows, total_rows, cut_cells })
}

/// The datasets server, asked about one dataset.
struct Server {
    client: Client,
    id: String,
}

impl Server {
    fn doing(&self) -> String {
        format!("looking into the dataset `{}`", self.id)
    }

    fn strange(&self) -> HubFault {
        HubFault::strange(&self.doing())
    }

    fn ask(&self, what: &str, more: &str) -> Result<Value, HubFault> {
        let server = self.client.account().datasets_server();
        let address = format!("{server}/{what}?dataset={}{more}", in_query(&self.id));
        let doing = self.doing();
        asked_at(&self.client, &address, &doing).map_err(|fault| match fault.kind {
            HubFaultKind::NotFound => HubFault::new(
                HubFaultKind::NotFound,
                format!("there is no dataset `{}` on the Hub, or the token may not see it", self.id),
                "look at its name; rows of a dataset that is not there can be given as `sample`",
            ),
            HubFaultKind::Away
            | HubFaultKind::Refused
            | HubFaultKind::Expired
            | HubFaultKind::Conflict
            | HubFaultKind::Unusable
            | HubFaultKind::Local => fault,
        })
    }

    /// The configuration and split that are meant.
    fn split(&self, config: Option<&str>, split: Option<&str>) -> Result<(String, String), HubFault> {
        let said = self.ask("splits", "")?;
        let listed = said["splits"].as_array().ok_or_else(|| self.strange())?;
        let pairs: Vec<(&str, &str)> = listed
            .iter()
            .filter_map(|entry| Some((entry["config"].as_str()?, entry["split"].as_str()?)))
            .collect();
        chosen(&pairs, config, split).map(|(config, split)| (config.to_owned(), split.to_owned())).ok_or_else(
            || {
                let there: Vec<String> =
                    pairs.iter().take(20).map(|(config, split)| format!("`{config}` {split}")).collect();
                let asked: Vec<&str> = [config, split].into_iter().flatten().collect();
                HubFault::new(
                    HubFaultKind::NotFound,
                    format!("the dataset `{}` has no `{}`", self.id, asked.join("` `")),
                    format!("it has {}", there.join(", ")),
                )
            },
        )
    }

    /// Rows of a split; none where the server has not counted them.
    fn size(&self, config: &str, split: &str) -> Option<u64> {
        let said = self.ask("size", &format!("&config={}", in_query(config))).ok()?;
        let splits = said["size"]["splits"].as_array()?;
        splits.iter().find(|of| of["split"].as_str() == Some(split))?["num_rows"].as_u64()
    }
}

/// The pair that is meant: `default` and `train` where they are there and nothing else is said.
fn chosen<'a>(
    pairs: &[(&'a str, &'a str)],
    config: Option<&str>,
    split: Option<&str>,
) -> Option<(&'a str, &'a str)> {
    let usual = |has: bool, name: &'static str| has.then_some(name);
    let config = config.or_else(|| usual(pairs.iter().any(|(config, _)| *config == "default"), "default"));
    let config = config.or_else(|| Some(pairs.first()?.0))?;
    let of_config = || pairs.iter().filter(|(of, _)| *of == config);
    let split = split.or_else(|| usual(of_config().any(|(_, split)| *split == "train"), "train"));
    of_config().find(|(_, of)| split.is_none_or(|split| *of == split)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_split_is_meant_unless_another_is_named() {
        let several = [("de", "train"), ("default", "test"), ("default", "train")];
        assert_eq!(chosen(&several, None, None), Some(("default", "train")));
        assert_eq!(chosen(&several, Some("de"), None), Some(("de", "train")));
        assert_eq!(chosen(&several, None, Some("test")), Some(("default", "test")));
        assert_eq!(chosen(&several, Some("de"), Some("test")), None);
        assert_eq!(chosen(&[("a", "b"), ("c", "train")], None, None), Some(("a", "b")));
        assert_eq!(chosen(&[], None, None), None);
    }
}
