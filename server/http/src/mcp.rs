//! MCP at `/mcp` and over standard input and output: what its tools ask is done here, on the threads of the server.
//!
//! The protocol's own tasks may run anywhere, what listens and waits only on the event loop that a request came to. So a
//! tool sends an errand there and waits for its answer.

use std::io;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE, HeaderName, HeaderValue,
};
use actix_web::rt::System;
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse, rt};
use paceline_hub::remote::Account;
use paceline_jobs::Workshop;
use paceline_mcp::{
    Bouquet, Consultation, Fault, HttpQuestion, JobDesk, JobErrand, PeerCall, Pending, Question, Server,
    Threads, Wait, World,
};
use paceline_query::Engine;
use paceline_schema::Scope;
use paceline_schema::events::Waited;
use paceline_schema::publication::{ModelPublication, PublishedModel};
use paceline_storage::TokenFile;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::access::{Access, TOKEN_HEADER, check, check_token};
use crate::body::MAX_JSON_BYTES;
use crate::error::ApiError;
use crate::server::system_clock;
use crate::state::{AppState, State};
use crate::{ServeError, ServerConfig, body, compat, publishing, waiting};

/// Where it is.
pub(crate) const PATH: &str = "/mcp";
/// The peer has it as a folder.
pub(crate) const PATH_OF_FOLDER: &str = "/mcp/";
/// Largest answer of a call of the peer's wire: no agent reads as much.
const MOST_ANSWER_BYTES: usize = 16 << 20;
/// What stays here: secrets, and what was true of the body as it came.
const NOT_HANDED_ON: [HeaderName; 4] = [AUTHORIZATION, COOKIE, CONTENT_ENCODING, CONTENT_LENGTH];

/// Who asks, as the event loop knows it.
struct Caller {
    state: State,
    /// The request that carries a token; none where the caller owns the files.
    request: Option<HttpRequest>,
}

/// What is to be done on the event loop.
type Errand = Box<dyn FnOnce(Rc<Caller>) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// The world of the tools: sends errands.
struct Desk {
    errands: mpsc::UnboundedSender<Errand>,
    may_write: bool,
}

/// Answers a request to `/mcp`; `?bouquet=` chooses the tools.
pub(crate) async fn answer(
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    check(&request, Scope::Read)?;
    let bouquet = chosen(&request)?;
    let body = body::read(&request, payload, MAX_JSON_BYTES).await?;
    let is_handed_on = |name: &HeaderName| !NOT_HANDED_ON.contains(name) && name.as_str() != TOKEN_HEADER;
    let headers = request.headers().iter().filter(|(name, _)| is_handed_on(name));
    let question = HttpQuestion {
        method: request.method().as_str().to_owned(),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body,
    };
    let may_write = state.mcp_may_write;
    let server = open_desk(Caller { state, request: Some(request) }, may_write, bouquet);
    let answer = paceline_mcp::answer(server, question).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        let header = HeaderName::try_from(name).ok().zip(HeaderValue::from_bytes(&value).ok());
        if let Some(header) = header.filter(|(name, _)| *name != CONTENT_LENGTH) {
            response.append_header(header);
        }
    }
    Ok(response.body(answer.body))
}

fn chosen(request: &HttpRequest) -> Result<Bouquet, ApiError> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let pairs = pairs.map_err(|error| ApiError::invalid(format!("the query does not parse: {error}")))?;
    let Some((_, word)) = pairs.iter().find(|(name, _)| name == "bouquet") else {
        return Ok(Bouquet::default());
    };
    Bouquet::parse(word).ok_or_else(|| {
        let words = Bouquet::ALL.map(Bouquet::as_str).join("`, `");
        ApiError::invalid(format!("there is no bouquet `{}`", word.escape_default()))
            .with_hint(format!("one of `{words}`, or none for all tools"))
    })
}

/// Answers MCP on standard input and output for somebody who owns the files, until the input ends.
///
/// # Errors
/// When the system gives no threads, or the other end does not speak the protocol.
pub fn serve_mcp(
    engine: Engine,
    bouquet: Bouquet,
    may_write: bool,
    jobs: Option<Workshop>,
) -> Result<(), ServeError> {
    let checked = ServerConfig { jobs, ..ServerConfig::default() }.check()?;
    let tokens = TokenFile::of(engine.store().directory());
    let access = Access::open(checked.token, tokens, false)?;
    let state = web::Data::new(AppState::start(engine, access, checked.settings, system_clock)?);
    let answered = System::new().block_on(async move {
        let server = open_desk(Caller { state, request: None }, may_write, bouquet);
        paceline_mcp::answer_stdio(server).await
    });
    Ok(answered.map_err(io::Error::other)?)
}

/// A server of the protocol for one caller. Errands are done as long as it is there.
fn open_desk(caller: Caller, may_write: bool, bouquet: Bouquet) -> Server {
    let (errands, mut sent) = mpsc::unbounded_channel::<Errand>();
    let caller = Rc::new(caller);
    rt::spawn(async move {
        while let Some(errand) = sent.recv().await {
            rt::spawn(errand(Rc::clone(&caller)));
        }
    });
    Server::new(std::sync::Arc::new(Desk { errands, may_write }), bouquet)
}

impl Desk {
    /// Has something done on the event loop; left off when nobody waits for it any more.
    fn send<T, F>(&self, job: impl FnOnce(Rc<Caller>) -> F + Send + 'static) -> Pending<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + 'static,
    {
        let (mut answer, answered) = oneshot::channel();
        let errand: Errand = Box::new(move |caller| {
            Box::pin(async move {
                let done = tokio::select! {
                    done = job(caller) => done,
                    () = answer.closed() => return,
                };
                // Whoever asked may have gone in the meantime.
                let _ = answer.send(done);
            })
        });
        let sent = self.errands.send(errand);
        Box::pin(async move {
            let stopped = || Fault::new("the server is stopping", "try again shortly");
            sent.map_err(|_| stopped())?;
            answered.await.map_err(|_| stopped())?
        })
    }
}

impl World for Desk {
    fn may_write(&self) -> bool {
        self.may_write
    }

    fn ask(&self, threads: Threads, question: Question) -> Pending<Value> {
        self.send(move |caller| async move {
            let question = move |engine: &Engine| Ok(question(engine));
            let answer = match threads {
                Threads::Read => caller.state.ask(question).await,
                Threads::Charts => caller.state.ask_long(question).await,
                Threads::Statements => caller.state.sql(question).await,
            };
            answer.map_err(|error| error.fault())?
        })
    }

    fn advise(&self, question: Consultation) -> Pending<Value> {
        self.send(move |caller| async move {
            let answer = caller.state.advise(caller.request.as_ref(), move |adviser| Ok(question(adviser)));
            answer.await.map_err(|error| error.fault())?
        })
    }

    fn wait(&self, wait: Wait) -> Pending<Waited> {
        self.send(move |caller| async move {
            let Wait { project, run, conditions, timeout } = wait;
            let waited = waiting::wait(&caller.state, project, run, conditions, Instant::now() + timeout);
            waited.await.map_err(|error| error.fault())
        })
    }

    fn jobs(&self, needed: Scope, errand: JobErrand) -> Pending<Value> {
        let may_write = self.may_write;
        self.send(move |caller| async move {
            let permitted = match &caller.request {
                None if may_write || needed == Scope::Read => Ok(()),
                None => Err(ApiError::invalid("changing something is switched off here")),
                Some(request) => check(request, needed),
            };
            permitted.map_err(|error| error.fault())?;
            let (jobs, workshop) = (caller.state.jobs.local.clone(), caller.state.jobs.workshop.clone());
            let done = move |engine: &Engine| {
                let account = Account::of_this_process().ok();
                let own_token =
                    account.as_ref().and_then(Account::token).map(|token| token.for_job().to_owned());
                Ok(errand(&JobDesk { engine, jobs: &jobs, workshop: workshop.as_ref(), own_token }))
            };
            let done = match needed {
                Scope::Read => caller.state.ask(done).await,
                // It waits for other processes.
                Scope::Write | Scope::Admin => caller.state.ask_outside(done).await,
            };
            done.map_err(|error| error.fault())?
        })
    }

    fn call(&self, call: PeerCall) -> Pending<Value> {
        let may_write = self.may_write;
        self.send(move |caller| async move {
            let scope = call.operation.scope();
            let permitted = match (&caller.request, &call.token) {
                (None, _) if may_write || scope == Scope::Read => Ok(()),
                (None, _) => Err(switched_off()),
                (Some(request), Some(token)) => check_token(request, token, scope),
                (Some(request), None) => check(request, scope),
            };
            let answered = async {
                permitted?;
                let body = serde_json::to_vec(&call.arguments);
                let body = body.map_err(|error| ApiError::internal(error.to_string()))?;
                let reply =
                    compat::answer(call.operation, caller.state.clone(), body.into(), may_write).await?;
                let bytes = reply.data().len();
                if bytes > MOST_ANSWER_BYTES {
                    let message = format!("the answer has {bytes} bytes, more than {MOST_ANSWER_BYTES}");
                    return Err(ApiError::invalid(message).with_hint("name one step, or a shorter window"));
                }
                // On a thread: the event loop waits for nobody.
                let parse = move |_: &Engine| {
                    serde_json::from_slice(reply.data())
                        .map_err(|error| ApiError::internal(error.to_string()))
                };
                caller.state.ask(parse).await
            };
            answered.await.map_err(|error| error.fault())
        })
    }

    fn publish(&self, project: String, run: String, asked: ModelPublication) -> Pending<PublishedModel> {
        let may_write = self.may_write;
        self.send(move |caller| async move {
            let permitted = match &caller.request {
                None if may_write => Ok(()),
                None => Err(switched_off()),
                Some(request) => check(request, Scope::Admin),
            };
            let published = async {
                permitted?;
                publishing::publish_model(&caller.state, project, run, asked).await
            };
            published.await.map_err(|error| error.fault())
        })
    }
}

fn switched_off() -> ApiError {
    ApiError::invalid("changing something is switched off here")
        .with_hint("whoever starts it can allow it with `--mcp-allow-write`")
}
