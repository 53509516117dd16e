//! TLS for herder's own socket: a certificate chain and a key, HTTP/2 where the client can.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The protocol name of HTTP/2 in the TLS handshake.
pub(super) const HTTP_2: &[u8] = b"h2";

/// The files of `-tls-cert-file` and `-tls-key-file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Key, PEM.
    pub key: PathBuf,
}

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds no such thing.
    #[error("cannot read {what} from {path}: {source}")]
    File {
        /// `certificates` or `the key`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: pem::Error,
    },
    /// Certificate and key do not work together.
    #[error("cannot use the TLS certificate and key: {0}")]
    Unusable(#[from] rustls::Error),
}

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn load(&self) -> Result<TlsAcceptor, TlsError> {
        let chain = certificates(&self.certificate).map_err(file_error("certificates", &self.certificate))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(file_error("the key", &self.key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?;
    if chain.is_empty() {
        Err(pem::Error::NoItemsFound)
    } else {
        Ok(chain)
    }
}

fn file_error<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(pem::Error) -> TlsError + 'a {
    move |source| TlsError::File {
        what,
        path: path.to_owned(),
        source,
    }
}
