//! A text that only those who may know it know, kept as its digest.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Digest of a secret text.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    digest: [u8; 32],
}

impl Secret {
    /// From a text known to be usable.
    pub(crate) fn of(text: &str) -> Self {
        Self { digest: Sha256::digest(text.as_bytes()).into() }
    }

    /// From a text a person chose; `None` unless it can stand after `Bearer` (RFC 6750 `b64token`).
    pub(crate) fn given(text: &str) -> Option<Self> {
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        (!text.is_empty() && text.bytes().all(usable)).then(|| Self::of(text))
    }

    /// From a SHA-256 in hexadecimal; `None` when it is none.
    pub(crate) fn from_hexadecimal(text: &str) -> Option<Self> {
        let digit = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
        let bytes: Vec<u8> = (0..text.len() / 2).map_while(digit).collect();
        (text.len() == 64).then_some(bytes)?.try_into().ok().map(|digest| Self { digest })
    }

    /// The text of a new secret: 256 random bits in hexadecimal.
    pub(crate) fn generate() -> Result<String, getrandom::Error> {
        let mut bits = [0_u8; 32];
        getrandom::fill(&mut bits)?;
        Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether `other` is of the same text, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, other: &Self) -> bool {
        bool::from(self.digest.ct_eq(&other.digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_texts_differ() {
        let (first, second) = (Secret::generate().expect("random"), Secret::generate().expect("random"));
        assert_ne!(first, second);
        let secret = Secret::of(&first);
        assert!(secret.is(&Secret::of(&first)) && !secret.is(&Secret::of(&second)));
        assert!(Secret::given(&first).is_some() && Secret::given("two words").is_none());
    }

    #[test]
    fn digests_are_read() {
        let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(Secret::from_hexadecimal(digest).is_some_and(|secret| secret.is(&Secret::of("test"))));
        for wrong in ["", &digest[1..], &digest.replace('9', "x"), &"ä".repeat(32)] {
            assert!(Secret::from_hexadecimal(wrong).is_none(), "{wrong}");
        }
    }
}
