//! TLS: from two PEM files to what a connection is encrypted with.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where certificate and key of a server stand, as PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The server's certificate, followed by those that lead to its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why TLS cannot be served with the files given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate file holds no certificate.
    #[error("`{path}` holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate {
        /// Which one.
        path: PathBuf,
    },
    /// The key file holds no key.
    #[error("`{path}` holds no private key in PEM form (`-----BEGIN PRIVATE KEY-----`), or an encrypted one")]
    NoKey {
        /// Which one.
        path: PathBuf,
    },
    /// The two do not belong together, or cannot be used.
    #[error("the key in `{key}` does not go with the certificate in `{certificate}`: {source}")]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What the TLS library said.
        source: rustls::Error,
    },
}

/// Reads both files and checks that they belong together.
///
/// # Errors
/// When a file cannot be read, holds something else, or the key is that of another certificate.
pub(crate) fn load(files: &TlsFiles) -> Result<rustls::ServerConfig, TlsError> {
    let text = read(&files.certificate)?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: files.certificate.clone() });
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
        .map_err(|_| TlsError::NoKey { path: files.key.clone() })?;
    warn_of_readers(&files.key);
    let mismatch = |source| TlsError::Mismatch {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    };
    rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(mismatch)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

/// Whoever can read the key can pose as the server.
fn warn_of_readers(key: &Path) {
    let mode = fs::metadata(key).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(
            key = %key.display(),
            mode = format!("{:04o}", mode & 0o7777),
            "the private key can be read by others; `chmod 600` keeps it to its owner"
        );
    }
}
