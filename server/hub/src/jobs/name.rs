//! Names of jobs that were given none: by image or script, with a digest of the command, so that the same command has the
//! same name. Those of Hugging Face's own client.

use sha2::{Digest, Sha256};

/// Digits of the digest.
const DIGITS: usize = 8;

/// What an image begins with that is one of a Space.
const SPACES: [&str; 4] =
    ["https://huggingface.co/spaces/", "https://hf.co/spaces/", "huggingface.co/spaces/", "hf.co/spaces/"];

/// The Space whose image this is.
pub(super) fn space_of(image: &str) -> Option<&str> {
    SPACES.into_iter().find_map(|begin| image.strip_prefix(begin))
}

/// The name of a job of an image.
#[must_use]
pub fn name_of_image(image: &str, command: &[String]) -> String {
    if let Some(space) = space_of(image) {
        return named(if space.is_empty() { image } else { space }, image, command);
    }
    let base = image.trim_end_matches('/').rsplit('/').next().unwrap_or(image);
    named(base, image, command)
}

/// The name of a job of a script: a file, an address or a command.
#[must_use]
pub fn name_of_script(script: &str, arguments: &[String]) -> String {
    let path = script.split('?').next().unwrap_or(script).split('#').next().unwrap_or(script);
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let base = last.strip_suffix(".py").unwrap_or(last);
    named(if base.is_empty() { script } else { base }, script, arguments)
}

fn named(base: &str, first: &str, words: &[String]) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let base: String = base.chars().map(clean).collect();
    let mut digest = Sha256::new();
    digest.update(first.as_bytes());
    for word in words {
        digest.update([0]);
        digest.update(word.as_bytes());
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{base}-{}", &digest[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_official_client() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        // Made by huggingface_hub 2.4.0.
        assert_eq!(
            name_of_image("python:3.12", &words(&["python", "-c", "print(1)"])),
            "python-3-12-3212e188"
        );
        assert_eq!(name_of_image("hf.co/spaces/alice/tools", &words(&["ls"])), "alice-tools-5e0c8be6");
        assert_eq!(name_of_script("https://h/x/sft.py?raw=1", &words(&["--a", "b"])), "sft-0d495b50");
        assert_eq!(name_of_script("lighteval", &[]), "lighteval-b2ed8695");
    }
}
