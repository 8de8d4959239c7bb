//! Which Hub, and as whom: the address and the token, from where Hugging Face's own programs take them.

use std::fmt;
use std::path::{Path, PathBuf};

use paceline_schema::env::{HF_DATASETS_SERVER, HF_ENDPOINT, HF_HOME, HF_TOKEN, HF_TOKEN_PATH};

use super::fault::{HubFault, HubFaultKind};

const PUBLIC_HUB: &str = "https://huggingface.co";

/// A token of the Hub. It is written into the header of a request and nowhere else.
#[derive(Clone)]
pub struct Token {
    secret: String,
    source: String,
}

impl Token {
    /// For the header of a request.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// For the environment of a job that its owner submits, and nothing else.
    #[must_use]
    pub fn for_job(&self) -> &str {
        &self.secret
    }

    /// Where it was found, in words: what to look at when it is not good enough.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(from {})", self.source)
    }
}

/// The Hub that is spoken to, and the token that is shown to it.
#[derive(Debug, Clone)]
pub struct Account {
    endpoint: String,
    datasets_server: String,
    token: Option<Token>,
    /// The address was set.
    is_elsewhere: bool,
}

impl Account {
    /// The account of this process.
    ///
    /// # Errors
    /// When `HF_ENDPOINT` is no address.
    pub fn of_this_process() -> Result<Self, HubFault> {
        Self::find(|name| std::env::var(name).ok(), std::env::home_dir())
    }

    /// The address in `HF_ENDPOINT`; the token in `HF_TOKEN`, else in the file that `hf auth login` writes. `read` answers
    /// for an environment variable.
    ///
    /// # Errors
    /// When `HF_ENDPOINT` is no address.
    pub fn find(read: impl Fn(&str) -> Option<String>, home: Option<PathBuf>) -> Result<Self, HubFault> {
        let set =
            |name: &str| read(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let address = |name: &str, usual: &str| {
            let given = set(name).unwrap_or_else(|| usual.to_owned());
            let given = given.trim_end_matches('/').to_owned();
            if !given.starts_with("https://") && !given.starts_with("http://") {
                return Err(HubFault::new(
                    HubFaultKind::Refused,
                    format!("{name} is `{given}`, which is no address"),
                    "give one that begins with `https://`, or leave it unset for huggingface.co",
                ));
            }
            Ok(given)
        };
        let endpoint = address(HF_ENDPOINT, PUBLIC_HUB)?;
        // As Hugging Face's own programs find it.
        let beside = endpoint.replacen("https://", "https://datasets-server.", 1);
        let datasets_server = address(HF_DATASETS_SERVER, &beside)?;
        let is_elsewhere = set(HF_ENDPOINT).is_some();
        let token = match set(HF_TOKEN) {
            Some(secret) => Some(Token { secret, source: HF_TOKEN.to_owned() }),
            None => token_of_file(&token_file(set, home)),
        };
        // What cannot stand in a header is no token.
        let token = token.filter(|token| token.secret.bytes().all(|byte| byte.is_ascii_graphic()));
        Ok(Self { endpoint, datasets_server, token, is_elsewhere })
    }

    /// Address of the Hub, without a slash at its end.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Address of its datasets server, without a slash at its end.
    pub(crate) fn datasets_server(&self) -> &str {
        &self.datasets_server
    }

    /// The same Hub asked by nobody in particular, as anybody may.
    #[must_use]
    pub fn without_token(self) -> Self {
        Self { token: None, ..self }
    }

    /// Whether somebody told this process of the Hub: by a token, or by its address.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.token.is_some() || self.is_elsewhere
    }

    /// The token, where there is one.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Whether there is a token, where without one nothing is asked at all.
    ///
    /// # Errors
    /// `Refused` where there is none.
    pub(crate) fn expect_token(&self, doing: &str) -> Result<(), HubFault> {
        if self.token.is_some() {
            return Ok(());
        }
        let message = format!("{doing} needs a token, and there is none");
        Err(HubFault::new(HubFaultKind::Refused, message, self.how_to_get_a_token()))
    }

    /// What to do where a token is missing.
    pub(crate) fn how_to_get_a_token(&self) -> String {
        format!(
            "make one with write access at {}/settings/tokens, then set HF_TOKEN or run `hf auth login`",
            self.endpoint
        )
    }
}

fn token_file(set: impl Fn(&str) -> Option<String>, home: Option<PathBuf>) -> PathBuf {
    let path = |name| set(name).map(PathBuf::from);
    path(HF_TOKEN_PATH).unwrap_or_else(|| {
        let cache = || path("XDG_CACHE_HOME").unwrap_or_else(|| home.unwrap_or_default().join(".cache"));
        path(HF_HOME).unwrap_or_else(|| cache().join("huggingface")).join("token")
    })
}

fn token_of_file(path: &Path) -> Option<Token> {
    let secret = std::fs::read_to_string(path).ok()?.trim().to_owned();
    (!secret.is_empty()).then(|| Token { secret, source: format!("`{}`", path.display()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)], home: &Path) -> Account {
        let read = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Account::find(read, Some(home.to_owned())).expect("a good address")
    }

    fn secret(account: &Account) -> Option<&str> {
        account.token().map(Token::secret)
    }

    #[test]
    fn the_token_comes_from_the_usual_places_in_their_order() {
        let home = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            std::fs::write(path, text).expect("it is written");
        };
        assert_eq!(secret(&find(&[], home.path())), None);
        write(".cache/huggingface/token", "hf_home\n");
        assert_eq!(secret(&find(&[], home.path())), Some("hf_home"));
        write("cache/huggingface/token", "hf_cache");
        let cache = home.path().join("cache");
        let cache = ("XDG_CACHE_HOME", cache.to_str().expect("text"));
        assert_eq!(secret(&find(&[cache], home.path())), Some("hf_cache"));
        write("hf/token", "  hf_folder ");
        let folder = home.path().join("hf");
        let folder = ("HF_HOME", folder.to_str().expect("text"));
        assert_eq!(secret(&find(&[cache, folder], home.path())), Some("hf_folder"));
        write("elsewhere", "hf_path");
        let path = home.path().join("elsewhere");
        let path = ("HF_TOKEN_PATH", path.to_str().expect("text"));
        assert_eq!(secret(&find(&[cache, folder, path], home.path())), Some("hf_path"));
        let all = [cache, folder, path, ("HF_TOKEN", " hf_said\n")];
        assert_eq!(secret(&find(&all, home.path())), Some("hf_said"));
        assert_eq!(
            secret(&find(&[path, ("HF_TOKEN", "  ")], home.path())),
            Some("hf_path"),
            "empty is unset"
        );
    }

    #[test]
    fn a_token_is_never_shown() {
        let home = tempfile::tempdir().expect("a folder");
        let account = find(&[("HF_TOKEN", "hf_secret")], home.path());
        let shown = format!("{account:?} {:?}", account.token());
        assert!(!shown.contains("hf_secret") && shown.contains("HF_TOKEN"), "{shown}");
        let account = find(&[("HF_TOKEN", "hf_se\ncret")], home.path());
        assert!(account.token().is_none(), "it cannot stand in a header");
    }

    #[test]
    fn the_address_is_that_of_the_environment() {
        let home = tempfile::tempdir().expect("a folder");
        assert_eq!(find(&[], home.path()).endpoint(), "https://huggingface.co");
        let here = find(&[("HF_ENDPOINT", "http://127.0.0.1:1/")], home.path());
        assert_eq!(here.endpoint(), "http://127.0.0.1:1");
        assert_eq!(here.datasets_server(), "http://127.0.0.1:1");
        assert_eq!(find(&[], home.path()).datasets_server(), "https://datasets-server.huggingface.co");
        let beside = find(&[("HF_DATASETS_SERVER", "http://rows:2/")], home.path());
        assert_eq!((beside.datasets_server(), beside.is_configured()), ("http://rows:2", false));
        assert!(here.is_configured() && find(&[("HF_TOKEN", "hf_x")], home.path()).is_configured());
        let read = |name: &str| (name == "HF_ENDPOINT").then(|| "hub.example".to_owned());
        let fault = Account::find(read, None).expect_err("no scheme");
        assert!(fault.to_string().contains("HF_ENDPOINT"), "{fault}");
    }
}
