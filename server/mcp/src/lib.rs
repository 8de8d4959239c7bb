//! MCP: tools and skill resources over the same questions that every transport asks.
//!
//! This is the only crate that names the protocol. [`Server`] is what one caller talks to; [`answer`] serves it over HTTP,
//! [`answer_stdio`] over standard input and output, and [`relay()`] hands what comes there to a server elsewhere. Tools ask
//! through a [`World`], which has the threads and knows what the caller may.

mod bouquet;
mod catalog;
mod fault;
mod form;
mod handler;
mod jobs;
mod peer;
mod prompts;
mod relay;
mod schemas;
mod skills;
mod tool;
mod tools;
mod transport;
mod world;

pub use bouquet::Bouquet;
pub use fault::Fault;
pub use handler::Server;
pub use relay::{Remote, relay};
pub use transport::{HttpAnswer, HttpQuestion, answer, answer_stdio};
pub use world::{Consultation, JobDesk, JobErrand, PeerCall, Pending, Question, Threads, Wait, World};
