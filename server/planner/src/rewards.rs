//! Reward functions of a script whose model writes answers: whether they are right, in form, and short.

use paceline_schema::dataset_report::{ColumnKind, DatasetReport};
use serde_json::Value;

const ALL: &str = include_str!("rewards.template");
const ACCURACY: &str = include_str!("accuracy.template");
const CODE_TESTS: &str = include_str!("code_tests.template");

/// Columns that may hold what a completion ought to say.
const ANSWERS: &[&str] =
    &["solution", "answer", "ground_truth", "expected", "target", "completion", "output", "response"];
/// Columns that may hold tests of the code in a completion.
const TESTS: &[&str] = &["tests", "test_list", "test_cases", "unit_tests", "test_code", "public_tests"];

/// What judges the answers of a model.
#[derive(Debug)]
pub(crate) struct Rewards {
    /// The functions, in Python.
    pub(crate) functions: String,
    /// Their names.
    pub(crate) names: &'static str,
    /// What they import.
    pub(crate) imports: &'static str,
}

/// Those for a dataset: where its rows have tests, they are run.
pub(crate) fn rewards(dataset: &DatasetReport) -> Rewards {
    let first = |names: &[&'static str], kinds: &[ColumnKind]| {
        names.iter().copied().find(|name| {
            dataset.columns.iter().any(|column| column.name == **name && kinds.contains(&column.kind))
        })
    };
    let text = |name: &str| Value::from(name).to_string();
    let answer = first(ANSWERS, &[ColumnKind::Text, ColumnKind::Number]);
    if let Some(tests) = first(TESTS, &[ColumnKind::Text, ColumnKind::List]) {
        let judged = CODE_TESTS.replace("@tests@", &text(tests));
        return Rewards {
            functions: ALL.replace("@judged@", &judged),
            names: "tested, form, brevity",
            imports: "import json\nimport re\nimport secrets\nimport signal\nimport subprocess\nimport sys\n\
                      import tempfile\nfrom concurrent.futures import ThreadPoolExecutor\n",
        };
    }
    let judged = ACCURACY.replace("@answer@", &text(answer.unwrap_or("answer")));
    Rewards {
        functions: ALL.replace("@judged@", &judged),
        names: "accuracy, form, brevity",
        imports: "import re\n",
    }
}
