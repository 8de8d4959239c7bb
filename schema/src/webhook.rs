//! Requests that alerts ask for: told by a trainer in its journal, made by whoever drains it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AlertLevel, Timestamp};

/// Where alerts of a run are sent, and what they say of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTarget {
    /// Address, which lets whoever knows it write to somebody's channel: a secret.
    pub url: String,
    /// Project as its user writes it.
    pub project: String,
    /// Display name of the run.
    pub run: String,
}

/// One request: an alert, and where it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCall {
    /// Where it is sent.
    #[serde(flatten)]
    pub target: WebhookTarget,
    /// When the alert was raised.
    pub time: Timestamp,
    /// One line.
    pub title: String,
    /// More, if there is more.
    pub text: Option<String>,
    /// How urgent.
    pub level: AlertLevel,
    /// The last step logged before it.
    pub step: Option<i64>,
}

impl WebhookTarget {
    /// The address as it may be shown: scheme and host.
    #[must_use]
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}/…")
    }

    /// Whether requests are made to such an address.
    #[must_use]
    pub fn is_on_the_web(&self) -> bool {
        let scheme = self.url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        matches!(scheme.as_deref(), Some("http" | "https"))
    }
}

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, project, run } = self;
        f.debug_struct("WebhookTarget")
            .field("url", &self.shown())
            .field("project", project)
            .field("run", run)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_an_address_is_shown() {
        for url in
            ["https://user:key@hooks.test:8443/services/T0/B0?token=key#key", "https://hooks.test:8443?key"]
        {
            let target = WebhookTarget { url: url.into(), project: "p".into(), run: "r".into() };
            assert_eq!(target.shown(), "https://hooks.test:8443/…");
            assert!(!format!("{target:?}").contains("key"), "{target:?}");
            assert!(target.is_on_the_web());
        }
        for url in ["ftp://host/x", "file:///etc/passwd", "hooks.test/x", ""] {
            let target = WebhookTarget { url: url.into(), project: "p".into(), run: "r".into() };
            assert!(!target.is_on_the_web(), "{url}");
        }
    }
}
