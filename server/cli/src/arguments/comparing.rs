//! Options of the commands that hold runs against each other, and of a run around one moment.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use paceline_query::Form;
use paceline_schema::Detail;
use paceline_schema::comparison::{CompareRequest, OutcomeKind};
use paceline_schema::metric_definition::Goal;
use paceline_schema::moment::MomentRequest;

use super::{DirectoryArgument, FollowedRun};

/// How much is told.
#[derive(Args)]
pub(crate) struct FormArguments {
    /// Answer in JSON, short unless `--detail` says otherwise; `left_out` tells what was cut.
    #[arg(long)]
    pub(crate) json: bool,
    /// How much to tell: brief what decides, normal more, full all of it as it is stored.
    #[arg(long, value_name = "DETAIL", default_value = "brief", value_parser = detail_parser())]
    pub(crate) detail: Detail,
    /// Length of the JSON answer at most, in tokens of 4 characters; when absent 300 for brief, 1500 for normal, and no limit for
    /// full.
    #[arg(long, value_name = "N", requires = "json", value_parser = clap::value_parser!(u64).range(50..=100_000))]
    max_tokens: Option<u64>,
}

impl FormArguments {
    /// The form of the JSON answer; none is the whole answer.
    pub(crate) fn form(&self) -> Option<Form> {
        if self.detail == Detail::Full && self.max_tokens.is_none() {
            return None;
        }
        Form::new(self.detail, self.max_tokens).ok()
    }
}

/// The words, so that help and errors list them.
fn detail_parser() -> impl TypedValueParser<Value = Detail> {
    PossibleValuesParser::new(Detail::ALL.map(Detail::as_str))
        .map(|word| Detail::ALL.into_iter().find(|one| one.as_str() == word).unwrap_or(Detail::Brief))
}

fn goal_parser() -> impl TypedValueParser<Value = Goal> {
    PossibleValuesParser::new(["minimize", "maximize"])
        .map(|word| if word == "minimize" { Goal::Minimize } else { Goal::Maximize })
}

fn outcome_parser() -> impl TypedValueParser<Value = OutcomeKind> {
    PossibleValuesParser::new(["best", "last"])
        .map(|word| if word == "best" { OutcomeKind::Best } else { OutcomeKind::Last })
}

#[derive(Args)]
pub(crate) struct CompareArguments {
    /// Project of the runs.
    #[arg(long)]
    pub(crate) project: String,
    /// Name or id of a run; can be given more than once. All runs of the project when absent.
    #[arg(long = "run", value_name = "RUN")]
    runs: Vec<String>,
    /// Metric to rank by; when absent one with a goal of `define_metric`, else the reward, the loss of the evaluation, the
    /// loss.
    #[arg(long)]
    metric: Option<String>,
    /// Which values are better; when absent as `define_metric` says, else lower ones of losses and errors, higher ones of
    /// all else.
    #[arg(long, value_name = "GOAL", value_parser = goal_parser())]
    goal: Option<Goal>,
    /// What of the metric counts, its best value or the mean of its last 10; when absent the last of a training loss, the
    /// best of all else.
    #[arg(long, value_name = "WHAT", value_parser = outcome_parser())]
    by: Option<OutcomeKind>,
    #[command(flatten)]
    pub(crate) form: FormArguments,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

impl CompareArguments {
    /// What is asked.
    pub(crate) fn request(&self) -> CompareRequest {
        CompareRequest { runs: self.runs.clone(), metric: self.metric.clone(), goal: self.goal, by: self.by }
    }
}

#[derive(Args)]
pub(crate) struct ExplainArguments {
    /// Project of the runs.
    #[arg(long)]
    pub(crate) project: String,
    /// Name or id of the first run; the one before the newest when absent.
    #[arg(long, value_name = "RUN")]
    pub(crate) from: Option<String>,
    /// Name or id of the second run; the newest when absent.
    #[arg(long, value_name = "RUN")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) form: FormArguments,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct WhatHappenedArguments {
    #[command(flatten)]
    pub(crate) of: FollowedRun,
    /// Around this step; around the newest row when neither step nor alert is given.
    #[arg(long, allow_negative_numbers = true, conflicts_with = "alert")]
    step: Option<i64>,
    /// Around an alert: newest, or words of its title.
    #[arg(long, value_name = "WORDS")]
    alert: Option<String>,
    /// Steps to each side, at most 10000; as many as 10 rows take when absent.
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(i64).range(1..=10_000))]
    window: Option<i64>,
    #[command(flatten)]
    pub(crate) form: FormArguments,
}

impl WhatHappenedArguments {
    /// What is asked.
    pub(crate) fn request(&self) -> MomentRequest {
        MomentRequest { step: self.step, alert: self.alert.clone(), window: self.window }
    }
}
