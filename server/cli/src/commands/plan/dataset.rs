//! What a dataset serves, for people: columns, a mark for each method, and how columns are mapped.

use paceline_schema::dataset_report::{DatasetReport, MethodReport, Verdict};
use paceline_schema::plan::Method;

use crate::failure::Failure;
use crate::output;

/// Prints what a dataset serves; the mapping of the method asked for, else of the one it serves best.
pub(super) fn report(report: &DatasetReport, asked: Option<Method>) -> Result<(), Failure> {
    let rows = report.rows.map_or_else(String::new, |rows| format!("{rows} rows, "));
    let title = format!("{}: {rows}about {} tokens each", report.dataset, report.mean_tokens);
    output::line(&output::strong(&title))?;
    let columns = report.columns.iter().map(|column| {
        let kind = format!("{:?}", column.kind).to_lowercase();
        vec![column.name.clone(), output::faint(&kind), output::faint(&filled(column.filled_rows, report))]
    });
    output::table(&columns.collect::<Vec<_>>())?;
    output::line("")?;
    let methods = report.methods.iter().map(|of| {
        vec![of.method.as_str().to_uppercase(), mark(of.verdict).to_owned(), output::faint(&of.reason)]
    });
    output::table(&methods.collect::<Vec<_>>())?;
    for warning in &report.warnings {
        output::line(&format!("  note: {warning}"))?;
    }
    let shown = asked.or_else(|| report.recommended.first().copied());
    let shown =
        report.methods.iter().find(|of| Some(of.method) == shown && of.verdict != Verdict::Incompatible);
    shown.map_or(Ok(()), mapping)
}

fn filled(rows: usize, report: &DatasetReport) -> String {
    if rows == report.sampled_rows {
        String::new()
    } else {
        format!("{rows} of {} filled", report.sampled_rows)
    }
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "✓ ready",
        Verdict::Mapping => "→ needs mapping",
        Verdict::Incompatible => "✗ incompatible",
    }
}

fn mapping(of: &MethodReport) -> Result<(), Failure> {
    if let Some(code) = &of.code {
        output::line("")?;
        output::line(&format!("For {}:", of.method.as_str().to_uppercase()))?;
        output::line(code.trim_end())?;
    }
    if let Some(preview) = &of.preview {
        output::line("")?;
        output::line(&format!("The first row: {preview}"))?;
    }
    Ok(())
}
