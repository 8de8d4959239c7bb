//! Orders as people write them: time-outs in words, scripts for `uv`, secrets by name.

use std::time::Duration;

/// The image that Hugging Face runs scripts in unless another one is named.
pub const UV_IMAGE: &str = "ghcr.io/astral-sh/uv:python3.12-bookworm";
/// Stands for the caller's own token in an environment or among secrets.
const OWN_TOKEN: [&str; 2] = ["$HF_TOKEN", "${HF_TOKEN}"];

/// A script for `uv run`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UvScript {
    /// Its file in the folder of the job, its address, or a command.
    pub script: String,
    /// What it is given.
    pub arguments: Vec<String>,
    /// Packages beside those that it names itself.
    pub packages: Vec<String>,
    /// Version of Python.
    pub python: Option<String>,
}

impl UvScript {
    /// The command that runs it.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        let mut words = self.begin();
        words.push(self.script.clone());
        words.extend(self.arguments.iter().cloned());
        words
    }

    /// The command that carries the text of the script along, in Base64, for where no file can be put.
    #[must_use]
    pub fn command_with(&self, text: &str) -> Vec<String> {
        let words: Vec<String> =
            self.begin().into_iter().chain(["-".to_owned()]).chain(self.arguments.iter().cloned()).collect();
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let line = format!("echo \"{}\" | base64 -d | {}", base64(text.as_bytes()), quoted.join(" "));
        vec!["/bin/sh".to_owned(), "-lc".to_owned(), line]
    }

    fn begin(&self) -> Vec<String> {
        let mut words = vec!["uv".to_owned(), "run".to_owned()];
        words.extend(self.packages.iter().flat_map(|package| ["--with".to_owned(), package.clone()]));
        words.extend(self.python.iter().flat_map(|version| ["--python".to_owned(), version.clone()]));
        words
    }
}

/// A time as `90m`, `2h`, `1.5h`, `30s`, `1d`, or a number of seconds.
///
/// # Errors
/// A sentence where it is none.
pub fn timeout(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is no time; write 90m, 1.5h, 30s, 1d, or a number of seconds");
    let (number, factor) = match text.char_indices().next_back() {
        Some((end, 's')) => (&text[..end], 1.0),
        Some((end, 'm')) => (&text[..end], 60.0),
        Some((end, 'h')) => (&text[..end], 3_600.0),
        Some((end, 'd')) => (&text[..end], 86_400.0),
        _ => (text, 1.0),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * factor;
    let longest = Duration::from_secs(366 * 86_400).as_secs_f64();
    if (1.0..=longest).contains(&seconds) { Ok(seconds as u64) } else { Err(wrong()) }
}

/// A value of an environment; `$HF_TOKEN` stands for the caller's own token.
#[must_use]
pub fn resolved(value: &str, own_token: Option<&str>) -> String {
    if OWN_TOKEN.contains(&value) { own_token.unwrap_or_default().to_owned() } else { value.to_owned() }
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [chunk[0], *chunk.get(1).unwrap_or(&0), *chunk.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63] as char;
            text.push(if place > chunk.len() { '=' } else { digit });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        for (text, seconds) in
            [("90m", 5_400), ("1.5h", 5_400), ("30s", 30), ("1d", 86_400), ("1800", 1_800), (" 2h ", 7_200)]
        {
            assert_eq!(timeout(text), Ok(seconds), "{text}");
        }
        for text in ["", "h", "-1h", "0", "soon", "1e9d", "NaNs", "5ü"] {
            assert!(timeout(text).is_err(), "{text}");
        }
    }

    #[test]
    fn scripts_become_commands() {
        let script = UvScript {
            script: "train.py".to_owned(),
            arguments: vec!["--name".to_owned(), "it's".to_owned()],
            packages: vec!["trl".to_owned()],
            python: Some("3.12".to_owned()),
        };
        assert_eq!(script.command().join(" "), "uv run --with trl --python 3.12 train.py --name it's");
        let carried = script.command_with("print('größe')\n");
        assert_eq!(carried[..2], ["/bin/sh", "-lc"]);
        assert_eq!(
            carried[2],
            "echo \"cHJpbnQoJ2dyw7bDn2UnKQo=\" | base64 -d | uv run --with trl --python 3.12 - --name 'it'\\''s'"
        );
        for (text, expected) in
            [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA==")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn the_callers_token_has_a_name() {
        assert_eq!(resolved("$HF_TOKEN", Some("hf_x")), "hf_x");
        assert_eq!(resolved("${HF_TOKEN}", None), "");
        assert_eq!(resolved("$OTHER", Some("hf_x")), "$OTHER");
    }
}
