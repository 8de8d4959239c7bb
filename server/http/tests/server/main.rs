//! The real server on a real port, asked over sockets.

mod access;
mod bodies;
mod columns;
mod errors;
mod events;
mod frontend;
mod ingest;
mod media;
mod origins;
mod page;
mod peer;
mod process;
mod reads;
mod support;
mod telemetry;
mod tls;
mod typed_client;
mod uploads;
