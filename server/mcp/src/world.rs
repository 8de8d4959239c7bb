//! What tools ask of the program they run in: threads to ask the engine on, waiting, and the calls of the peer's wire.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use paceline_advice::Adviser;
use paceline_jobs::{LocalJobs, Workshop};
use paceline_query::{Engine, WaitCondition};
use paceline_schema::events::Waited;
use paceline_schema::publication::{ModelPublication, PublishedModel};
use paceline_schema::{Operation, Scope};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// An answer to come.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send>>;

/// A question to the engine. It blocks, so it is asked on a thread of its own.
pub type Question = Box<dyn FnOnce(&Engine) -> Result<Value, Fault> + Send>;

/// A question to an adviser, who may ask the Hub.
pub type Consultation = Box<dyn FnOnce(&Adviser) -> Result<Value, Fault> + Send>;

/// Which threads a question is asked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// Small questions.
    Read,
    /// Those that read many rows.
    Charts,
    /// Statements of strangers.
    Statements,
}

/// Until when to wait for a run.
#[derive(Debug, Clone)]
pub struct Wait {
    /// Its project.
    pub project: String,
    /// Its id or name.
    pub run: String,
    /// Any of these ends the wait, as the end of the run does.
    pub conditions: Vec<WaitCondition>,
    /// An answer comes after this time in any case.
    pub timeout: Duration,
}

/// A call of the peer's wire.
#[derive(Debug, Clone)]
pub struct PeerCall {
    /// Which one.
    pub operation: Operation,
    /// Its arguments, by name.
    pub arguments: Map<String, Value>,
    /// A token among the arguments, as the peer's tools take it.
    pub token: Option<String>,
}

/// What the tool of jobs works with.
pub struct JobDesk<'a> {
    /// Where runs are asked for.
    pub engine: &'a Engine,
    /// The jobs of the data directory.
    pub jobs: &'a LocalJobs,
    /// What they are run with; `None` where none are started.
    pub workshop: Option<&'a Workshop>,
    /// What `$HF_TOKEN` stands for.
    pub own_token: Option<String>,
}

/// Something done with jobs. It blocks, so it is done on a thread of its own.
pub type JobErrand = Box<dyn FnOnce(&JobDesk<'_>) -> Result<Value, Fault> + Send>;

/// The program that the tools run in, for one caller.
pub trait World: Send + Sync + 'static {
    /// Whether tools that change something are offered.
    fn may_write(&self) -> bool;

    /// Asks the engine.
    fn ask(&self, threads: Threads, question: Question) -> Pending<Value>;

    /// Asks an adviser, who knows the Hub as the caller may.
    fn advise(&self, question: Consultation) -> Pending<Value>;

    /// Waits for a run.
    fn wait(&self, wait: Wait) -> Pending<Waited>;

    /// Does something with jobs, if the caller may do what `needed` permits.
    fn jobs(&self, needed: Scope, errand: JobErrand) -> Pending<Value>;

    /// Makes a call of the peer's wire, if the caller may.
    fn call(&self, call: PeerCall) -> Pending<Value>;

    /// Publishes the model of a run, if the caller may.
    fn publish(&self, project: String, run: String, asked: ModelPublication) -> Pending<PublishedModel>;
}
