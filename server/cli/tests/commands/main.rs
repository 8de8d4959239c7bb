//! The programs as a person starts them: what they print, where, and how they end.

mod plans;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use paceline_schema::event::RunKey;
use paceline_schema::{Event, ProjectName, Row, Timestamp, Value};
use paceline_storage::{Batch, Durability, Store};

const PACELINE: &str = env!("CARGO_BIN_EXE_paceline");
const TRACKIO: &str = env!("CARGO_BIN_EXE_trackio");

fn command(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    let inherited =
        ["PACELINE_AS", "TRACKIO_WRITE_TOKEN", "GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME", "PACELINE_LOG"];
    inherited.into_iter().for_each(|name| {
        command.env_remove(name);
    });
    command.env("TRACKIO_DIR", directory).stdin(Stdio::null());
    command
}

fn paceline(directory: &Path, arguments: &[&str]) -> Output {
    command(PACELINE, directory).args(arguments).output().expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A folder with a project `digits` and its runs `alpha` and, newer, `beta`.
fn directory_with_runs() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a folder");
    let store = Store::open(directory.path(), Durability::Process).expect("opens");
    let project = store.project_for_writing(&ProjectName::new("digits").expect("a name")).expect("is made");
    for (position, name) in ["alpha", "beta"].into_iter().enumerate() {
        let row = |step: i64| {
            let loss = if step == 3 { f64::NAN } else { 1.0 / (step + 1) as f64 };
            Event::Row(Row {
                log_id: Some(format!("{name}-{step}")),
                time: Timestamp(1_795_400_000_000_000 + (position as i64 * 100 + step) * 1_000_000),
                step: Some(step),
                metrics: vec![
                    ("train/loss".into(), Value::Float(loss)),
                    ("accuracy".into(), Value::Float(0.5)),
                ],
            })
        };
        let run = RunKey { id: format!("{name}-id"), name: name.to_owned() };
        project.append(vec![Batch { run, events: (0..10).map(row).collect() }]).expect("is stored");
    }
    directory
}

#[test]
fn versions_are_those_of_the_names() {
    let directory = tempfile::tempdir().expect("a folder");
    assert_eq!(
        stdout(&paceline(directory.path(), &["--version"])),
        format!("paceline {}\n", env!("CARGO_PKG_VERSION"))
    );
    let trackio = command(TRACKIO, directory.path()).arg("--version").output().expect("it runs");
    assert_eq!(stdout(&trackio), format!("trackio 0.43.0+paceline.{}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_second_name_passes_arguments_and_status_on() {
    let directory = directory_with_runs();
    let run =
        |arguments: &[&str]| command(TRACKIO, directory.path()).args(arguments).output().expect("it runs");
    assert_eq!(json(&run(&["list", "projects", "--json"]))["projects"], serde_json::json!(["digits"]));
    assert_eq!(run(&["list", "runs", "--project", "no such one"]).status.code(), Some(1));
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
}

#[test]
fn wrong_usage_ends_with_2_and_an_error_with_1_and_neither_prints_data() {
    let directory = directory_with_runs();
    for arguments in [
        &["list"][..],
        &["nonsense"],
        &["status", "--run", "r"],
        &["list", "runs"],
        &["serve", "--port", "x"],
    ] {
        let output = paceline(directory.path(), arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()), "{arguments:?}");
    }
    for arguments in [
        &["list", "runs", "--project", "none"][..],
        &["list", "metrics", "--project", "digits", "--run", "none"],
        &["status", "--project", "none"],
        &["status", "--project", "digits", "--run", "none", "--json"],
        &["serve", "--host", "0.0.0.0"],
        &["serve", "--token", "two words"],
    ] {
        let output = paceline(directory.path(), arguments);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()), "{arguments:?}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
    let output = paceline(directory.path(), &["status", "--project", "none"]);
    assert!(stderr(&output).contains("\nhint: `paceline list projects`"), "{}", stderr(&output));
    let output = paceline(directory.path(), &["status", "--project", "digits", "--run", "alpa"]);
    assert!(stderr(&output).contains("\nhint: ") && stderr(&output).contains("alpha"), "{}", stderr(&output));
}

#[test]
fn lists_have_the_peers_keys() {
    let directory = directory_with_runs();
    let projects = json(&paceline(directory.path(), &["list", "projects", "--json"]));
    assert_eq!(projects["projects"], serde_json::json!(["digits"]));
    assert_eq!(projects["details"][0]["runs"], 2);
    let runs = json(&paceline(directory.path(), &["list", "runs", "--project", "digits", "--json"]));
    assert_eq!((&runs["project"], &runs["runs"]), (&"digits".into(), &serde_json::json!(["alpha", "beta"])));
    assert_eq!(runs["details"][0]["run_id"], "alpha-id");
    let arguments = ["list", "metrics", "--project", "digits", "--run", "beta", "--json"];
    let metrics = json(&paceline(directory.path(), &arguments));
    assert_eq!(
        (&metrics["run"], &metrics["metrics"]),
        (&"beta".into(), &serde_json::json!(["accuracy", "train/loss"]))
    );
    let text = stdout(&paceline(directory.path(), &["list", "runs", "--project", "digits"]));
    assert!(text.starts_with("Runs in 'digits':\n  alpha  "), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn status_answers_for_all_for_one_and_for_the_newest() {
    let directory = directory_with_runs();
    let text = stdout(&paceline(directory.path(), &["status"]));
    assert!(text.starts_with("1 local trackio project(s) in ") && text.contains("\n  alpha  "), "{text}");
    let all = json(&paceline(directory.path(), &["status", "--json"]));
    assert_eq!(all["projects"][0]["run_details"].as_array().map(Vec::len), Some(2), "{all}");
    let output = paceline(directory.path(), &["status", "--project", "digits", "--json"]);
    assert!(output.stdout.len() < 1_000, "{}", stdout(&output));
    assert_eq!((&json(&output)["run"], &json(&output)["step"]), (&"beta".into(), &9.into()));
    let output = paceline(directory.path(), &["status", "--project", "digits", "--run", "alpha"]);
    let (text, status) = (
        stdout(&output),
        json(&paceline(directory.path(), &["status", "--project", "digits", "--run", "alpha", "--json"])),
    );
    assert_eq!(text.lines().nth(1), status["summary"].as_str(), "{text}");
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(stdout(&paceline(empty.path(), &["status"])), "No Trackio projects found.\n");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let directory = tempfile::tempdir().expect("a folder");
    let mut child = command(PACELINE, directory.path())
        .arg("openapi")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(said, "");
}

#[test]
fn the_document_is_printed() {
    let directory = tempfile::tempdir().expect("a folder");
    assert_eq!(json(&paceline(directory.path(), &["openapi"]))["openapi"], "3.1.0");
}

/// Starts a server; gives back the lines it says first.
fn start(directory: &Path, arguments: &[&str], lines: usize) -> (Child, Vec<String>) {
    let mut child =
        command(PACELINE, directory).args(arguments).stdout(Stdio::piped()).spawn().expect("it runs");
    let said = BufReader::new(child.stdout.take().expect("piped"));
    let said = said.lines().take(lines).collect::<Result<_, _>>().expect("text");
    (child, said)
}

/// Ends a server as a service manager would; gives back how long it took.
fn end(mut child: Child) -> Duration {
    let began = Instant::now();
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(asked.success());
    assert!(child.wait().expect("it ends").success());
    began.elapsed()
}

#[test]
fn a_server_says_where_it_is_and_ends_when_asked() {
    let directory = directory_with_runs();
    let (child, said) = start(directory.path(), &["serve", "--port", "0"], 3);
    assert!(said[0].starts_with("Paceline serves ") && said[0].contains(" at http://127.0.0.1:"), "{said:?}");
    assert!(said[1].contains("/?token="), "{said:?}");
    assert!(said[2].contains("/?write_token="), "{said:?}");
    let address = said[0].rsplit_once("http://").expect("an address").1.trim_end_matches('/').to_owned();
    // A connection that stays open must not keep the server from ending.
    let _idle = std::net::TcpStream::connect(&address).expect("it listens");
    assert!(end(child) < Duration::from_secs(5));
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[test]
fn show_prints_the_address_of_the_project_and_keeps_a_given_token_to_itself() {
    let directory = directory_with_runs();
    let arguments = ["show", "--port", "0", "--project", "a b", "--token", "secret-token"];
    let (child, said) = start(directory.path(), &arguments, 1);
    assert!(said[0].starts_with("* Trackio UI launched at: http://127.0.0.1:"), "{said:?}");
    assert!(said[0].ends_with("/?project=a%20b"), "{said:?}");
    end(child);
}
