//! `paceline watch`: a run in the terminal, as it goes, until it ends.

mod drawing;

use std::io::{self, IsTerminal, Write};
use std::thread;

use paceline_query::{duration, figure};
use paceline_schema::{Operation, RunState, RunStatus};
use serde_json::json;

use self::drawing::{bar, fit, sparkline};
use super::status::status_of;
use super::wait::followed;
use crate::arguments::{RemoteArguments, WatchArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Where nobody says how wide the terminal is.
const USUAL_WIDTH: usize = 80;
/// A line wider than this is hard to read.
const LARGEST_WIDTH: usize = 120;

/// Watches. The status is 0 when the run has finished, 1 when it failed or crashed.
pub(crate) fn run(arguments: &WatchArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.of.directory)?;
    let project = &arguments.of.project;
    let run = followed(&source, &arguments.of, None)?;
    let mut screen = Screen::new();
    loop {
        if let Source::Local(engine) = &source {
            paceline_companion::drain_leftovers(engine.store(), None);
        }
        let status = status_of(&source, project, &run)?;
        let metric = arguments.metric.as_deref().or(status.loss.as_ref().map(|loss| loss.key.as_str()));
        if screen.is_terminal {
            let width = width();
            let values = match metric {
                Some(metric) => values(&source, project, &run, metric, width)?,
                None => Vec::new(),
            };
            screen.draw(&frame(&status, metric, &values, width))?;
        } else {
            screen.say(&format!("{}: {}", status.run, status.summary))?;
        }
        if status.state.has_ended() {
            return if status.state == RunState::Finished { Ok(()) } else { Err(Failure::AnsweredNo) };
        }
        thread::sleep(arguments.every);
    }
}

/// The values of a metric, thinned to what a line can show; none in the place of what is no number.
fn values(
    source: &Source,
    project: &str,
    run: &str,
    metric: &str,
    width: usize,
) -> Result<Vec<Option<f64>>, Failure> {
    let asked = json!({
        "project": project, "run": null, "run_id": run, "metric_name": metric, "max_points": width,
    });
    let found = source.call(Operation::GetMetricValues, asked)?;
    Ok(found.as_array().into_iter().flatten().map(|value| value["value"].as_f64()).collect())
}

/// The lines of one look.
fn frame(status: &RunStatus, metric: Option<&str>, values: &[Option<f64>], width: usize) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} {}",
            output::strong(&fit(&format!("{} / {}", status.project, status.run), width - 10)),
            output::state(status.state)
        ),
        fit(&status.summary, width),
    ];
    if let Some(progress) = status.progress {
        let left = match (status.eta_seconds, status.eta_low_seconds.zip(status.eta_high_seconds)) {
            (Some(eta), Some((low, high))) => {
                format!("{} left ({} to {})", duration(eta), duration(low), duration(high))
            }
            (Some(eta), None) => format!("{} left", duration(eta)),
            (None, _) => status
                .elapsed_seconds
                .map(|elapsed| format!("took {}", duration(elapsed)))
                .unwrap_or_default(),
        };
        let told = format!(" {:>3.0} %  {left}", progress * 100.0);
        let room = width.saturating_sub(told.chars().count()).clamp(10, 60);
        lines.push(fit(&format!("{}{told}", bar(progress, room)), width));
    }
    let numbers: Vec<f64> = values.iter().copied().flatten().collect();
    if let Some(metric) = metric.filter(|_| !numbers.is_empty()) {
        let newest = values.last().copied().flatten().map_or_else(|| "no number".to_owned(), figure);
        let name = fit(metric, width / 3);
        let room = width.saturating_sub(name.chars().count() + newest.chars().count() + 4).max(10);
        lines.push(format!("{name}  {}  {newest}", sparkline(&numbers, room)));
    }
    for finding in &status.findings {
        let severity = output::severity(finding.severity);
        lines.push(format!("{severity}: {}", fit(&finding.evidence, width.saturating_sub(12))));
    }
    lines
}

fn width() -> usize {
    let told = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    told.filter(|width| *width > 0).unwrap_or(USUAL_WIDTH).clamp(40, LARGEST_WIDTH) - 1
}

/// What was written last, so that the next look takes its place.
struct Screen {
    is_terminal: bool,
    lines: usize,
    said: String,
}

impl Screen {
    fn new() -> Self {
        Self { is_terminal: io::stdout().is_terminal(), lines: 0, said: String::new() }
    }

    /// Writes over the last look. All of it goes out at once, and the terminal is asked to show it at once.
    fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let mut text = String::from("\u{1b}[?2026h");
        if self.lines > 0 {
            text += &format!("\u{1b}[{}A", self.lines);
        }
        for line in lines {
            text += &format!("\r{line}\u{1b}[K\n");
        }
        text += "\u{1b}[J\u{1b}[?2026l";
        self.lines = lines.len();
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a line where it says something new.
    fn say(&mut self, line: &str) -> io::Result<()> {
        if self.said != line {
            output::line(line)?;
            io::stdout().flush()?;
            line.clone_into(&mut self.said);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn status() -> RunStatus {
        serde_json::from_value(json!({
            "project": "digits", "run": "lr-3e-4", "run_id": "a", "state": "running", "state_source": "process",
            "step": 50, "total_steps": 100, "total_steps_source": "config", "total_steps_exact": true,
            "progress": 0.5, "loss": Value::Null, "learning_rate": Value::Null, "epoch": Value::Null,
            "steps_per_second": 1.0, "elapsed_seconds": 50.0, "eta_seconds": 50.0, "eta_low_seconds": 40.0,
            "eta_high_seconds": 60.0, "finish_at": Value::Null, "seconds_since_last_row": 0.1,
            "findings": [{ "code": "loss_spike", "severity": "warning", "evidence": "it leapt" }],
            "alerts": { "error": 0, "warn": 0, "info": 0 }, "summary": "Step 50/100 (50 %)",
        }))
        .expect("a status")
    }

    #[test]
    fn a_look_has_a_bar_a_line_and_what_is_wrong() {
        let lines = frame(&status(), Some("train/loss"), &[Some(3.0), None, Some(1.0)], 79);
        assert_eq!(lines.len(), 5);
        assert!(lines[2].contains("50 %") && lines[2].contains("left ("), "{}", lines[2]);
        assert!(lines[3].starts_with("train/loss  █") && lines[3].ends_with('1'), "{}", lines[3]);
        assert_eq!(lines[4], "warning: it leapt");
        assert!(lines.iter().all(|line| line.chars().count() <= 79));
    }
}
