//! Options for findings that become alerts.

use std::net::IpAddr;

use clap::Args;

/// Whether findings become alerts, and who hears of them.
#[derive(Args)]
pub(crate) struct AlertArguments {
    /// Raise what deserves attention about a run as an alert, each kind once a run; docs/FINDINGS.md lists them.
    #[arg(long)]
    pub(crate) auto_alerts: bool,
    /// Send those alerts to this address as well, of Slack, Discord or any other service that takes JSON; https only.
    #[arg(long, value_name = "URL", requires = "auto_alerts", value_parser = webhook_address)]
    pub(crate) alert_webhook: Option<String>,
}

/// An address of the web that is no one of this machine or its network.
fn webhook_address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").and_then(|rest| {
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit('@').next()?;
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next()?,
            None => host.split(':').next()?,
        };
        Some(host).filter(|host| !host.is_empty())
    });
    let Some(host) = host else { return Err("it must begin with `https://` and name a host".to_owned()) };
    let is_private = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Ok(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some()
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local"),
    };
    if is_private {
        return Err("it is an address of this machine or its network; name one of the web".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_taken() {
        for url in [
            "https://hooks.slack.com/services/x",
            "https://user:key@hooks.test:8443/x",
            "https://[2001:db8::1]/x",
        ] {
            assert_eq!(webhook_address(url), Ok(url.to_owned()));
        }
        for url in [
            "http://hooks.test/x",
            "https://",
            "https://localhost/x",
            "https://127.0.0.1:80/x",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://key@192.168.0.1/x",
        ] {
            assert!(webhook_address(url).is_err(), "{url}");
        }
    }
}
