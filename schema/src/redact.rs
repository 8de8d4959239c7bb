//! Keeps secrets out of what is stored: configs and command lines.

/// Stands where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// Words in a key that say its value is a secret.
const SECRET_WORDS: [&str; 9] = [
    "secret",
    "password",
    "passwd",
    "api_key",
    "apikey",
    "api-key",
    "authorization",
    "private_key",
    "access_key",
];
/// A key with this in it names a secret when the value is an address: who knows it can write to somebody's channel.
const WEBHOOK_WORD: &str = "webhook";
/// Parts of well-known addresses of webhooks.
const WEBHOOK_ADDRESSES: [&str; 3] =
    ["hooks.slack.com/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/"];
/// A key that ends with this names a secret only when the value looks like one: tokenizers have tokens too.
const TOKEN_WORD: &str = "token";
const SHORTEST_TOKEN: usize = 16;
/// Beginnings of well-known secrets, with the least length of the rest.
const SECRET_PREFIXES: [(&str, usize); 8] = [
    ("hf_", 24),
    ("sk-", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("github_pat_", 20),
    ("AKIA", 16),
    ("xoxb-", 20),
    ("glpat-", 16),
];

/// Replaces the secrets in a JSON value, whatever their depth.
pub fn redact_json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                if let serde_json::Value::String(text) = value
                    && names_secret(key, text)
                {
                    REDACTED.clone_into(text);
                } else {
                    redact_json(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(redact_json),
        serde_json::Value::String(text) if is_webhook_address(text) => REDACTED.clone_into(text),
        serde_json::Value::String(text) if holds_secret(text) => *text = redact_text(text),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

/// Replaces the secrets in the arguments of a command line.
#[must_use]
pub fn redact_command(arguments: &[String]) -> String {
    let mut words = Vec::with_capacity(arguments.len());
    let mut named = None;
    for argument in arguments {
        let word = match (named.take(), argument.split_once('=')) {
            (Some(key), _) if names_secret(key, argument) => REDACTED.to_owned(),
            (_, Some((key, value))) if names_secret(key, value) => format!("{key}={REDACTED}"),
            (_, Some((key, value))) if is_webhook_address(value) => format!("{key}={REDACTED}"),
            _ if is_webhook_address(argument) => REDACTED.to_owned(),
            _ => redact_text(argument),
        };
        named = (argument.starts_with('-') && !argument.contains('=')).then_some(argument.as_str());
        words.push(word);
    }
    words.join(" ")
}

/// Replaces the secrets in source text: well-known ones anywhere, what is assigned to a name that says it is one, and
/// private keys.
#[must_use]
pub fn redact_source(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut in_private_key = false;
    for line in text.split_inclusive('\n') {
        let is_border = line.contains("PRIVATE KEY-----");
        if in_private_key && !is_border {
            redacted.push_str(&format!("{}{REDACTED}\n", line.get(..1).unwrap_or_default()));
            continue;
        }
        in_private_key = is_border && line.contains("BEGIN");
        match secret_assignment(line) {
            Some(kept) => redacted.push_str(&format!("{}{REDACTED}\n", &line[..kept])),
            None => redacted.push_str(&redact_text(line)),
        }
    }
    redacted
}

/// Up to where a line can be kept that assigns a secret: `+API_KEY = "abc"`, `password: abc`, `"token": "abc",`.
fn secret_assignment(line: &str) -> Option<usize> {
    let place = line.find(['=', ':'])?;
    let name = line[..place].trim_end().trim_matches(['"', '\'', ' ', '+', '-']);
    let name = name.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).next()?;
    let value = line[place + 1..].trim().trim_matches(['"', '\'', ',', '=', ' ']);
    (!name.is_empty() && names_secret(name, value)).then_some(place + 1)
}

fn names_secret(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let looks_like_token = || {
        value.len() >= SHORTEST_TOKEN
            && value.bytes().all(|byte| byte.is_ascii_graphic())
            && !value.starts_with('<')
    };
    !value.is_empty()
        && (SECRET_WORDS.iter().any(|word| key.contains(word))
            || key.contains(WEBHOOK_WORD) && value.contains("://")
            || key.ends_with(TOKEN_WORD) && looks_like_token())
}

fn is_webhook_address(text: &str) -> bool {
    WEBHOOK_ADDRESSES.iter().any(|part| text.contains(part))
}

fn holds_secret(text: &str) -> bool {
    SECRET_PREFIXES.iter().any(|(prefix, _)| text.contains(prefix)) && redact_text(text) != text
}

/// Replaces well-known secrets inside a text.
fn redact_text(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_word) {
        let (before, word) = rest.split_at(begin);
        let (word, after) = word.split_at(word.find(|c| !is_word(c)).unwrap_or(word.len()));
        let is_secret = SECRET_PREFIXES
            .iter()
            .any(|(prefix, least)| word.strip_prefix(prefix).is_some_and(|tail| tail.len() >= *least));
        redacted.push_str(before);
        redacted.push_str(if is_secret { REDACTED } else { word });
        rest = after;
    }
    redacted.push_str(rest);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_go_and_tokenizer_settings_stay() {
        let planted = format!("hf_{}", "a".repeat(34));
        let mut config = json!({
            "hub_token": "0123456789abcdef0123", "OPENAI_API_KEY": "abc", "db": {"password": "x", "hosts": [planted]},
            "url": format!("https://user:{planted}@host/path"),
            "pad_token": "<|endoftext|>", "eos_token_id": 2, "max_new_tokens": 128, "tokenizer": "gpt2", "hf_style": "hf_model",
            "lr": 1e-4, "password_file": "", "webhook_url": "https://host/key", "webhook_min_level": "error",
            "alerts": ["https://hooks.slack.com/services/T0/B0/key"],
        });
        redact_json(&mut config);
        assert_eq!(
            config,
            json!({
                "hub_token": REDACTED, "OPENAI_API_KEY": REDACTED, "db": {"password": REDACTED, "hosts": [REDACTED]},
                "url": format!("https://user:{REDACTED}@host/path"),
                "pad_token": "<|endoftext|>", "eos_token_id": 2, "max_new_tokens": 128, "tokenizer": "gpt2", "hf_style": "hf_model",
                "lr": 1e-4, "password_file": "", "webhook_url": REDACTED, "webhook_min_level": "error",
                "alerts": [REDACTED],
            })
        );
    }

    #[test]
    fn source_loses_its_secrets_and_nothing_else() {
        let token = format!("hf_{}", "a".repeat(34));
        let source = format!(
            "@@ -1,3 +1,9 @@\n+API_KEY = \"abc\"\n-  \"hub_token\": \"0123456789abcdef0123\",\n+login({token:?})\n password: hunter2\n\
             +-----BEGIN RSA PRIVATE KEY-----\n+MIIE\n+-----END RSA PRIVATE KEY-----\n+lr = 3e-4\n+pad_token = \"</s>\"\n tokenizer: gpt2\n"
        );
        assert_eq!(
            redact_source(&source),
            format!(
                "@@ -1,3 +1,9 @@\n+API_KEY ={REDACTED}\n-  \"hub_token\":{REDACTED}\n+login(\"{REDACTED}\")\n password:{REDACTED}\n\
                 +-----BEGIN RSA PRIVATE KEY-----\n+{REDACTED}\n+-----END RSA PRIVATE KEY-----\n+lr = 3e-4\n+pad_token = \"</s>\"\n tokenizer: gpt2\n"
            )
        );
    }

    #[test]
    fn command_lines_keep_their_shape() {
        let arguments: Vec<String> = [
            "train.py",
            "--hub_token",
            "0123456789abcdef0123",
            "--api-key=abc",
            "--lr",
            "1e-3",
            "--tokenizer",
            "gpt2-with-a-long-name",
            "--webhook-url=https://host/key",
            "https://discord.com/api/webhooks/1/key",
        ]
        .map(str::to_owned)
        .to_vec();
        assert_eq!(
            redact_command(&arguments),
            format!(
                "train.py --hub_token {REDACTED} --api-key={REDACTED} --lr 1e-3 --tokenizer gpt2-with-a-long-name \
                 --webhook-url={REDACTED} {REDACTED}"
            )
        );
    }
}
