//! What the machines of Hugging Face Jobs cost today.

use serde_json::Value;

use super::asked;
use crate::remote::{Account, Client, HubFault};

/// What a machine costs.
#[derive(Debug, Clone, PartialEq)]
pub struct MachinePrice {
    /// Its name at Hugging Face Jobs.
    pub flavor: String,
    /// Price of an hour, dollars.
    pub usd_per_hour: f64,
}

/// Asks for the price of every machine.
///
/// # Errors
/// When the Hub does not tell.
pub fn machine_prices(account: Account) -> Result<Vec<MachinePrice>, HubFault> {
    let doing = "asking what the machines of Hugging Face Jobs cost";
    let said = asked(&Client::new(account), "/api/jobs/hardware", doing)?;
    let listed = said.as_array().ok_or_else(|| HubFault::strange(doing))?;
    Ok(listed.iter().filter_map(price).collect())
}

/// A price by the hour; none of a machine whose price is in a unit that is not known.
fn price(machine: &Value) -> Option<MachinePrice> {
    let each =
        machine["unitCostUSD"].as_f64().or_else(|| Some(machine["unitCostMicroUSD"].as_f64()? / 1e6))?;
    let units = match machine["unitLabel"].as_str().unwrap_or("minute") {
        "second" => 3_600.0,
        "minute" => 60.0,
        "hour" => 1.0,
        _ => return None,
    };
    let usd_per_hour = each * units;
    let flavor = machine["name"].as_str()?.to_owned();
    (usd_per_hour.is_finite() && usd_per_hour >= 0.0).then_some(MachinePrice { flavor, usd_per_hour })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prices_are_those_of_an_hour() {
        let of = |machine: Value| price(&machine).map(|price| price.usd_per_hour);
        let minute = json!({"name": "t4-small", "unitCostUSD": 0.01, "unitCostMicroUSD": 10_000, "unitLabel": "minute"});
        assert_eq!(of(minute), Some(0.6));
        assert_eq!(of(json!({"name": "a", "unitCostMicroUSD": 500_000, "unitLabel": "hour"})), Some(0.5));
        for odd in [
            json!({"name": "a", "unitCostUSD": 1.0, "unitLabel": "fortnight"}),
            json!({"name": "a", "unitLabel": "minute"}),
            json!({"unitCostUSD": 1.0}),
            json!({"name": "a", "unitCostUSD": -1.0}),
            json!(7),
        ] {
            assert_eq!(of(odd.clone()), None, "{odd}");
        }
    }
}
