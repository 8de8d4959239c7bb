//! Secrets in what agents wrote down: found by their form and their names, and replaced.

use regex::{Captures, Regex};

use crate::words::pattern;

/// Stands in the place of a secret; the peer's.
pub const PLACEHOLDER: &str = "«redacted»";

/// Replaces secrets, line by line. Tells how many.
///
/// What is left is JSON where it was JSON: a number or a word without quotes is no secret, and stays.
pub fn scrub(text: &str) -> (String, usize) {
    let mut count = 0;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(&scrub_line(line, &mut count));
    }
    (out, count)
}

fn scrub_line(line: &str, count: &mut usize) -> String {
    // Whole tokens, which have a form of their own.
    let tokens = pattern!(concat!(
        r"hf_[A-Za-z0-9]{20,}",
        r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}",
        // OpenAI and Anthropic, of projects and services too.
        r"|\bsk-[A-Za-z0-9_-]{20,}",
        r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}",
        r"|\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}",
        r"|https://hooks\.slack\.com/services/[A-Za-z0-9/_-]{10,}",
        r"|\bglpat-[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{30,}|\bAIza[A-Za-z0-9_-]{30,}",
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    ));
    let line = replaced(tokens, line, count, |_| Some((String::new(), String::new())));
    // After the word of a header.
    let header =
        pattern!(r"(?i)(\bbearer\s+|\bauthorization\W{1,8}(?:basic|token)\s+)([A-Za-z0-9._~+/=-]{8,})");
    let line = replaced(header, &line, count, |found| Some((found[1].to_owned(), String::new())));
    // The password of an address.
    let address = pattern!(r#"(://[^/\s:@"'\\]{1,64}:)([^@\s/"'\\]{3,})(@)"#);
    let line = replaced(address, &line, count, |found| Some((found[1].to_owned(), "@".to_owned())));
    // After a name that says it is one: `NAME=value`, `name: value`, `"name": "value"`, quotes of JSON inside JSON too.
    let named = pattern!(concat!(
        r"(?i)(\b[a-z0-9_-]*?(?:api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|access[_-]?key[_-]?id",
        r"|token|secret|password|passwd|passphrase|credentials?)\b)",
        r#"(\\*["']?\s*[=:]\s*)(\\*["']?)([^\s"'&,;}\\]{4,})"#,
    ));
    replaced(named, &line, count, |found| {
        let is_member = found[2].starts_with(['"', '\'', '\\']);
        let is_text = !found[3].is_empty();
        (!is_member || is_text).then(|| (format!("{}{}{}", &found[1], &found[2], &found[3]), String::new()))
    })
}

/// Replaces what a pattern finds, but for what it tells to keep before and after.
fn replaced(
    pattern: &Regex,
    line: &str,
    count: &mut usize,
    keep: impl Fn(&Captures<'_>) -> Option<(String, String)>,
) -> String {
    let put = |found: &Captures<'_>| {
        // Nothing is replaced twice.
        let is_done = found[0].contains(PLACEHOLDER);
        match keep(found).filter(|_| !is_done) {
            Some((before, after)) => {
                *count += 1;
                format!("{before}{PLACEHOLDER}{after}")
            }
            None => found[0].to_owned(),
        }
    };
    pattern.replace_all(line, put).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    /// Written in two parts, so that no reader of this file takes them for secrets.
    fn secrets() -> Vec<String> {
        [
            ("hf_", "AbCdEfGhIjKlMnOpQrStUvWxYz01234567"),
            ("sk-", "proj-AbCdEfGhIjKlMnOpQrStUvWx"),
            ("sk-ant-", "api03-AbCdEfGhIjKlMnOpQrStUvWx_-12"),
            ("AKIA", "ABCDEFGHIJKLMNOP"),
            ("ghp_", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"),
            ("github_pat_", "11ABCDEFG0AbCdEfGhIjKl_MnOpQrStUvWxYz"),
            ("xoxb-", "123456789012-abcdefghijkl"),
            ("https://hooks.slack.com/services/", "T000/B000/XXXXXXXXXXXX"),
            ("-----BEGIN OPENSSH ", "PRIVATE KEY-----\\nb3BlbnNzaC1\\n-----END OPENSSH PRIVATE KEY-----"),
        ]
        .map(|(first, rest)| format!("{first}{rest}"))
        .to_vec()
    }

    #[test]
    fn tokens_are_found_anywhere() {
        for secret in secrets() {
            let (text, count) = scrub(&format!("before {secret} after"));
            assert_eq!((text.as_str(), count), ("before «redacted» after", 1), "{secret}");
        }
    }

    #[test]
    fn what_a_name_or_a_header_says_is_found() {
        for (line, expected) in [
            ("Authorization: Bearer abcdef123456", "Authorization: Bearer «redacted»"),
            ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic «redacted»"),
            ("export OPENAI_API_KEY=abcd1234", "export OPENAI_API_KEY=«redacted»"),
            ("AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7'", "AWS_SECRET_ACCESS_KEY='«redacted»'"),
            ("HF_TOKEN: whatever", "HF_TOKEN: «redacted»"),
            ("{\"password\": \"hunter22\", \"a\": 1}", "{\"password\": \"«redacted»\", \"a\": 1}"),
            (r#"{"x": "{\"api_key\": \"abcd1234\"}"}"#, r#"{"x": "{\"api_key\": \"«redacted»\"}"}"#),
            ("postgres://me:hunter22@host/db", "postgres://me:«redacted»@host/db"),
        ] {
            assert_eq!(scrub(line), (expected.to_owned(), 1), "{line}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for line in [
            "{\"max_tokens\": 4096, \"token\": 12345, \"secret\": null}",
            "the token is not said",
            "a hf_short sk-1 tokenizer: gpt2",
            "https://example.org:8080/a@b",
            "",
        ] {
            assert_eq!(scrub(line), (line.to_owned(), 0));
        }
    }

    #[test]
    fn a_session_is_json_afterwards_and_holds_no_secret() {
        for secret in secrets() {
            let nested =
                Json::object([("env", format!("HF_TOKEN={secret}\nX=\"{secret}\"").into())]).spaced();
            let line = Json::object([("message", nested.into()), ("token", 5_i64.into())]).spaced();
            let (text, count) = scrub(&format!("{line}\n{line}\n"));
            assert!(count >= 4, "{text}");
            for line in text.lines() {
                Json::parse(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            }
            let core = &secret[secret.len() - 10..];
            assert!(!text.contains(core) || core.starts_with("VATE"), "{text}");
            assert_eq!(scrub(&text), (text.clone(), 0));
        }
    }
}
