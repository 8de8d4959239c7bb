//! `paceline token`: who may ask the servers of a data directory, and for what.

use std::time::SystemTime;

use paceline_schema::Timestamp;
use paceline_schema::token::TokenInfo;
use paceline_storage::TokenFile;
use serde::Serialize;

use crate::arguments::{DirectoryArgument, TokenCreateArguments, TokenListArguments, TokenRevokeArguments};
use crate::failure::Failure;
use crate::output;

const MICROSECONDS_OF_A_DAY: i64 = 86_400_000_000;

/// A new token with its secret, which nobody can read again.
#[derive(Serialize)]
struct NewToken<'a> {
    token: &'a str,
    #[serde(flatten)]
    info: &'a TokenInfo,
}

#[derive(Serialize)]
struct Tokens {
    tokens: Vec<TokenInfo>,
}

/// Makes one. Its text alone goes to standard output, so that a script can take it.
pub(crate) fn create(arguments: &TokenCreateArguments) -> Result<(), Failure> {
    let now = Timestamp::from(SystemTime::now());
    let expires_at =
        arguments.expires_days.map(|days| Timestamp(now.0 + i64::from(days) * MICROSECONDS_OF_A_DAY));
    let file = file(&arguments.directory);
    let (info, secret) = file.create(arguments.scope, arguments.name.clone(), now, expires_at)?;
    if arguments.json {
        return Ok(output::json_indented(&NewToken { token: &secret, info: &info })?);
    }
    output::note(&format!(
        "token `{}` permits to {}; it is shown this once, `paceline token revoke {}` takes it back",
        info.id,
        info.scope.as_str(),
        info.id
    ));
    Ok(output::line(&secret)?)
}

/// Lists them, in the order made.
pub(crate) fn list(arguments: &TokenListArguments) -> Result<(), Failure> {
    let tokens: Vec<TokenInfo> =
        file(&arguments.directory).read()?.into_iter().map(|token| token.info).collect();
    if arguments.json {
        return Ok(output::json_indented(&Tokens { tokens })?);
    }
    if tokens.is_empty() {
        return Ok(output::line("No tokens yet; `paceline token create --scope read` makes one.")?);
    }
    let now = Timestamp::from(SystemTime::now());
    let rows: Vec<Vec<String>> = tokens.iter().map(|token| row(token, now)).collect();
    Ok(output::table(&rows)?)
}

fn row(token: &TokenInfo, now: Timestamp) -> Vec<String> {
    let ends = match token.expires_at {
        Some(_) if token.is_expired(now) => "expired".to_owned(),
        Some(end) => format!("until {}", day(end)),
        None => "does not end".to_owned(),
    };
    let used =
        token.last_used_at.map_or_else(|| "never used".to_owned(), |time| format!("used {}", day(time)));
    vec![
        output::strong(&token.id),
        token.scope.as_str().to_owned(),
        token.name.clone().unwrap_or_default(),
        output::faint(&format!("made {}", day(token.created_at))),
        output::faint(&ends),
        output::faint(&used),
    ]
}

fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// Takes one back.
pub(crate) fn revoke(arguments: &TokenRevokeArguments) -> Result<(), Failure> {
    let revoked = file(&arguments.directory).revoke(&arguments.id)?;
    if arguments.json {
        return Ok(output::json_indented(&revoked)?);
    }
    Ok(output::line(&format!("Token `{}` permits nothing any more.", revoked.id))?)
}

fn file(directory: &DirectoryArgument) -> TokenFile {
    TokenFile::of(&directory.directory())
}
