//! Every token a server takes: that of its start, the cookie of its launch link, those of the data directory.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use paceline_schema::token::TokenInfo;
use paceline_schema::{Scope, Timestamp};
use paceline_storage::{FileVersion, TokenFile, TokenFileError};

use super::secret::Secret;

/// How long a token that was made or revoked may go unnoticed.
const NOTICED_WITHIN: Duration = Duration::from_secs(1);
const MICROSECONDS_OF_AN_HOUR: i64 = 3_600_000_000;

/// What somebody with a known token may do.
pub(super) struct Holder {
    pub(super) scope: Scope,
    /// A use that the file does not say yet.
    pub(super) unrecorded_use: Option<TokenUse>,
}

/// A token and the hour it was used in.
pub(super) struct TokenUse {
    pub(super) id: String,
    pub(super) hour: Timestamp,
}

/// Tokens and what they permit.
pub(super) struct Keyring {
    /// Those of this start of the server; they permit everything.
    own: [Secret; 2],
    file: TokenFile,
    known: Mutex<Known>,
}

/// The tokens of the file as they were last read.
struct Known {
    version: FileVersion,
    looked_at: Instant,
    tokens: Vec<(Secret, TokenInfo)>,
}

impl Keyring {
    /// Reads the file.
    ///
    /// # Errors
    /// When the file is not to be believed or cannot be read.
    pub(super) fn open(start: Secret, session: Secret, file: TokenFile) -> Result<Self, TokenFileError> {
        let version = file.version();
        let known = Known { version, looked_at: Instant::now(), tokens: read(&file)? };
        Ok(Self { own: [start, session], known: Mutex::new(known), file })
    }

    /// What the holder of `text` may do; `None` for somebody unknown. All tokens are compared, whichever it is.
    pub(super) fn holder(&self, text: &str, now: Timestamp) -> Option<Holder> {
        let presented = Secret::of(text);
        let own = self.own.iter().fold(false, |found, secret| found | secret.is(&presented));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(&mut known);
        let found = known.tokens.iter_mut().filter(|(secret, _)| secret.is(&presented)).last();
        if own {
            return Some(Holder { scope: Scope::Admin, unrecorded_use: None });
        }
        let (_, info) = found.filter(|(_, info)| !info.is_expired(now))?;
        let hour = Timestamp(now.0 - now.0.rem_euclid(MICROSECONDS_OF_AN_HOUR));
        let unrecorded = (info.last_used_at < Some(hour)).then(|| TokenUse { id: info.id.clone(), hour });
        info.last_used_at = info.last_used_at.max(Some(hour));
        Some(Holder { scope: info.scope, unrecorded_use: unrecorded })
    }

    /// The file of the tokens that are not of this start.
    pub(super) fn file(&self) -> TokenFile {
        self.file.clone()
    }

    /// Reads the file again when it has changed. One that is not to be believed any more lets nobody in.
    fn refresh(&self, known: &mut Known) {
        if known.looked_at.elapsed() < NOTICED_WITHIN {
            return;
        }
        known.looked_at = Instant::now();
        let version = self.file.version();
        if version != known.version {
            known.version = version;
            known.tokens = read(&self.file).unwrap_or_else(|error| {
                tracing::error!(%error, "no token of the data directory is taken");
                Vec::new()
            });
        }
    }
}

fn read(file: &TokenFile) -> Result<Vec<(Secret, TokenInfo)>, TokenFileError> {
    let tokens = file.read()?.into_iter();
    Ok(tokens.filter_map(|token| Some((Secret::from_hexadecimal(&token.sha256)?, token.info))).collect())
}
