//! The dataset of a request: rows that came with it, or those of the Hub.

use paceline_hub::facts;
use paceline_hub::remote::Account;
use paceline_planner::{Sample, check_rows, inspect};
use paceline_schema::dataset_report::DatasetReport;
use paceline_schema::plan_request::InspectRequest;

use crate::fault::AdviceFault;

/// Rows of one request.
pub(crate) const MOST_SAMPLED_ROWS: usize = 1_000;

/// A dataset that was looked at.
pub(crate) struct Looked {
    pub(crate) sample: Sample,
    pub(crate) report: DatasetReport,
}

impl Looked {
    /// Of rows that are at hand.
    pub(crate) fn at(name: &str, sample: Sample) -> Result<Self, AdviceFault> {
        sample.check()?;
        let report = inspect(name, &sample);
        Ok(Self { sample, report })
    }
}

/// Looks at the dataset that a request names; none where it names none.
pub(crate) fn look(request: InspectRequest, hub: Option<&Account>) -> Result<Option<Looked>, AdviceFault> {
    let InspectRequest { dataset, config, split, sample, rows } = request;
    check_rows(rows.unwrap_or_default())?;
    if let Some(sampled) = sample {
        if sampled.len() > MOST_SAMPLED_ROWS {
            let message = format!("`sample` has {} rows, more than {MOST_SAMPLED_ROWS}", sampled.len());
            return Err(AdviceFault::request(
                message,
                "send the first of them, and the number of all as `rows`",
            ));
        }
        let mut columns: Vec<String> = Vec::new();
        for row in &sampled {
            // Objects have their columns in order, so a few rows tell of all; the planner refuses too many.
            columns.extend(row.keys().filter(|name| !columns.contains(name)).cloned().collect::<Vec<_>>());
            if columns.len() > paceline_planner::MOST_COLUMNS {
                break;
            }
        }
        let total_rows = rows.or(Some(sampled.len() as u64));
        let sample = Sample { columns, rows: sampled, total_rows };
        return Looked::at(dataset.as_deref().unwrap_or("sample"), sample).map(Some);
    }
    let Some(name) = dataset else { return Ok(None) };
    let Some(account) = hub else {
        return Err(AdviceFault::request(
            format!("the dataset `{name}` lies on the Hub, which is not asked: HF_HUB_OFFLINE is set"),
            "give rows of it as `sample`, or leave HF_HUB_OFFLINE unset",
        ));
    };
    let found = facts::rows(account.clone(), &name, config.as_deref(), split.as_deref())?;
    let shown = if (found.config.as_str(), found.split.as_str()) == ("default", "train") {
        name
    } else {
        format!("{name} ({}, {})", found.config, found.split)
    };
    let cut = found.cut_cells;
    let sample = Sample { columns: found.columns, rows: found.rows, total_rows: found.total_rows };
    let mut looked = Looked::at(&shown, sample)?;
    looked.report.config = Some(found.config);
    looked.report.split = Some(found.split);
    if cut > 0 {
        let warning = format!(
            "the Hub told only the beginning of {cut} long cells: rows have more tokens than counted"
        );
        looked.report.warnings.push(warning);
    }
    Ok(Some(looked))
}
