//! The file of tokens in a data directory: who may ask its servers, and for what. It holds no secrets, only
//! their digests, and is replaced as a whole so that nobody ever reads half of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use paceline_journal::layout::{create_private_folder, own_folder};
use paceline_schema::token::TokenInfo;
use paceline_schema::{Scope, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Begins the text of each token, so that one that was published by mistake is recognised.
const SECRET_PREFIX: &str = "plt_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Random bytes of an id.
const ID_BYTES: usize = 4;
/// Permissions that anybody but the owner has.
const OTHERS: u32 = 0o077;

/// Why the tokens could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// Others may read or write it.
    #[error(
        "`{}` is open to other users (mode {mode:o}), so its tokens are not believed; `chmod 600` it, and look at \
         `paceline token list` for tokens that are none of yours", path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is not what this program writes.
    #[error("`{}` is no file of tokens ({reason}); remove it and create the tokens anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// No token of that id.
    #[error("there is no token `{id}`; `paceline token list` shows those there are")]
    NotFound {
        /// The id asked for.
        id: String,
    },
    /// The system refuses.
    #[error("`{}` cannot be used: {source}; check the permissions of the data directory", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// A token as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredToken {
    /// What it is for.
    #[serde(flatten)]
    pub info: TokenInfo,
    /// SHA-256 of its text, in hexadecimal. The text has 256 random bits, which nobody guesses, so a slower
    /// digest would make nothing safer.
    pub sha256: String,
}

/// Tells one state of the file from another; `None` where there is no file.
pub type FileVersion = Option<(u64, i64, i64, u64)>;

#[derive(Default, Serialize, Deserialize)]
struct Contents {
    tokens: Vec<StoredToken>,
}

/// The file of tokens of a data directory.
#[derive(Debug, Clone)]
pub struct TokenFile {
    folder: PathBuf,
    path: PathBuf,
}

impl TokenFile {
    /// That of `directory`; touches nothing on disk.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let folder = own_folder(directory);
        Self { path: folder.join("tokens.json"), folder }
    }

    /// Which state the file is in, at the cost of one system call.
    #[must_use]
    pub fn version(&self) -> FileVersion {
        let found = fs::metadata(&self.path).ok()?;
        // The time of the last change of anything, permissions included.
        Some((found.ino(), found.ctime(), found.ctime_nsec(), found.len()))
    }

    /// Every token, in the order made; none where there is no file.
    ///
    /// # Errors
    /// When others may read or write the file, or it cannot be read.
    pub fn read(&self) -> Result<Vec<StoredToken>, TokenFileError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.failed(source)),
        };
        let mode = file.metadata().map_err(|source| self.failed(source))?.mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(TokenFileError::Exposed { path: self.path.clone(), mode });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|source| self.failed(source))?;
        let contents: Contents = serde_json::from_str(&text).map_err(|error| TokenFileError::Damaged {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        Ok(contents.tokens)
    }

    /// Makes a token; the second of the two is its text, which stands nowhere else.
    ///
    /// # Errors
    /// When the file cannot be read or written, or the system gives no random bits.
    pub fn create(
        &self,
        scope: Scope,
        name: Option<String>,
        created_at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<(TokenInfo, String), TokenFileError> {
        let secret = format!("{SECRET_PREFIX}{}", self.random_hexadecimal::<SECRET_BYTES>()?);
        let id = self.random_hexadecimal::<ID_BYTES>()?;
        let info = TokenInfo { id, name, scope, created_at, expires_at, last_used_at: None };
        let stored = StoredToken { info: info.clone(), sha256: digest(&secret) };
        self.change(|tokens| {
            tokens.push(stored);
            Ok(())
        })?;
        Ok((info, secret))
    }

    /// Removes a token.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id, or what keeps the file from being read or written.
    pub fn revoke(&self, id: &str) -> Result<TokenInfo, TokenFileError> {
        self.change(|tokens| {
            let place = tokens.iter().position(|token| token.info.id == id);
            let place = place.ok_or_else(|| TokenFileError::NotFound { id: id.to_owned() })?;
            Ok(tokens.remove(place).info)
        })
    }

    /// Records the hour in which a token was used; one that is gone is left out.
    ///
    /// # Errors
    /// What keeps the file from being read or written.
    pub fn note_use(&self, id: &str, hour: Timestamp) -> Result<(), TokenFileError> {
        self.change(|tokens| {
            if let Some(token) = tokens.iter_mut().find(|token| token.info.id == id) {
                token.info.last_used_at = token.info.last_used_at.max(Some(hour));
            }
            Ok(())
        })
    }

    /// Reads, changes and replaces the file, one caller at a time.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<StoredToken>) -> Result<T, TokenFileError>,
    ) -> Result<T, TokenFileError> {
        let failed = |source| self.failed(source);
        create_private_folder(&self.folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600).open(self.beside("lock"));
        let lock = lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(failed)?;
        let mut tokens = self.read()?;
        let answer = change(&mut tokens)?;
        self.replace(&Contents { tokens }).map_err(failed)?;
        drop(lock);
        Ok(answer)
    }

    fn replace(&self, contents: &Contents) -> io::Result<()> {
        let unfinished = self.beside("new");
        // One that a crash left behind; the lock is held, so nobody is at work on it.
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(contents)?)?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.path)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        self.path.with_extension(ending)
    }

    fn random_hexadecimal<const BYTES: usize>(&self) -> Result<String, TokenFileError> {
        let mut bits = [0_u8; BYTES];
        getrandom::fill(&mut bits).map_err(|error| self.failed(io::Error::other(error)))?;
        Ok(hexadecimal(&bits))
    }

    fn failed(&self, source: io::Error) -> TokenFileError {
        TokenFileError::System { path: self.path.clone(), source }
    }
}

fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOW: Timestamp = Timestamp(1_795_400_272_000_000);

    fn scratch() -> (tempfile::TempDir, TokenFile) {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let file = TokenFile::of(&directory.path().join("data"));
        (directory, file)
    }

    #[test]
    fn the_file_is_private_and_holds_no_secret() {
        let (_directory, file) = scratch();
        assert_eq!((file.read().expect("none"), file.version()), (Vec::new(), None));
        let (info, secret) = file.create(Scope::Write, Some("ci".into()), NOW, None).expect("is made");
        assert_eq!((info.id.len(), secret.len()), (8, 68));
        assert_eq!(fs::metadata(&file.path).expect("is there").mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file.path).expect("is there");
        assert!(!text.contains(&secret) && text.contains(&digest(&secret)), "{text}");
        assert_eq!(file.read().expect("is read")[0].info, info);
    }

    #[test]
    fn what_others_may_touch_is_not_believed() {
        let (_directory, file) = scratch();
        file.create(Scope::Read, None, NOW, None).expect("is made");
        for mode in [0o640, 0o604, 0o620] {
            let before = file.version();
            fs::set_permissions(&file.path, fs::Permissions::from_mode(mode)).expect("it is ours");
            assert_ne!(file.version(), before);
            let error = file.read().expect_err("refused").to_string();
            assert!(error.contains("chmod 600") && error.contains(&format!("{mode:o}")), "{error}");
            assert!(file.create(Scope::Read, None, NOW, None).is_err());
        }
    }

    #[test]
    fn tokens_made_at_once_are_all_there() {
        let (_directory, file) = scratch();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| file.create(Scope::Admin, None, NOW, Some(NOW)).expect("is made"));
            }
        });
        let tokens = file.read().expect("is read");
        assert_eq!(tokens.len(), 8);
        assert!(tokens[0].info.is_expired(NOW) && !tokens[0].info.is_expired(Timestamp(NOW.0 - 1)));
        file.note_use(&tokens[3].info.id, NOW).expect("is noted");
        assert_eq!(file.revoke(&tokens[3].info.id).expect("is there").last_used_at, Some(NOW));
        assert!(matches!(file.revoke(&tokens[3].info.id), Err(TokenFileError::NotFound { .. })));
        assert_eq!(file.read().expect("is read").len(), 7);
    }
}
