//! What a token may do, and which repositories are there.

use serde_json::Value;

use super::asked;
use crate::remote::{Account, Client, HubFault, HubFaultKind, RepositoryId};

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Whose it is.
    pub name: String,
    /// Whether it may write at all; unknown of a token with rights of its own for each repository.
    pub may_write: Option<bool>,
    /// Organisations of its owner.
    pub organizations: Vec<String>,
}

/// Asks what the token may do; none where there is no token.
///
/// # Errors
/// When the Hub does not know the token, or does not answer.
pub fn rights(account: Account) -> Result<Option<Rights>, HubFault> {
    if account.token().is_none() {
        return Ok(None);
    }
    let doing = "asking what the token may do";
    let said = asked(&Client::new(account), "/api/whoami-v2", doing)?;
    let name = said["name"].as_str().ok_or_else(|| HubFault::strange(doing))?.to_owned();
    let may_write = match said["auth"]["accessToken"]["role"].as_str() {
        Some("write" | "admin") => Some(true),
        Some("read") => Some(false),
        Some(_) | None => None,
    };
    let organizations = said["orgs"].as_array().into_iter().flatten();
    let organizations = organizations.filter_map(|of| Some(of["name"].as_str()?.to_owned())).collect();
    Ok(Some(Rights { name, may_write, organizations }))
}

/// Whether a model is there under this name, for who may see it.
///
/// # Errors
/// When the name is none, or the Hub does not answer.
pub fn has_model(account: Account, model: &str) -> Result<bool, HubFault> {
    let id: RepositoryId = model.parse()?;
    let client = Client::new(account);
    match asked(&client, &format!("/api/models/{id}"), &format!("looking for the model `{id}`")) {
        Ok(Value::Object(_)) => Ok(true),
        Ok(_) => Err(HubFault::strange("looking for a model")),
        Err(fault) if fault.kind == HubFaultKind::NotFound => Ok(false),
        // Nobody without a token is told whether something that is not public is there.
        Err(fault) if fault.kind == HubFaultKind::Refused && client.account().token().is_none() => Ok(false),
        Err(fault) => Err(fault),
    }
}
