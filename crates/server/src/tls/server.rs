//! The certificate that is served, its renewal, and the settings of TLS itself.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum_server::Server;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::authority::{CertificateAuthority, DAY_US, SERVER_CERTIFICATE_DAYS};
use super::certificate::{self, TlsError, Validity};
use super::names::ServerNames;
use crate::identity::{Existing, write_private_file};

/// Name of the file in the TLS directory that holds the certificate from the own authority, and its key.
const FILE_NAME: &str = "server.pem";

/// An own certificate is renewed when a third of its life is left.
const RENEWED_BEFORE_US: i64 = SERVER_CERTIFICATE_DAYS / 3 * DAY_US;

/// How long a handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// What accepts a connection: TLS over a socket without Nagle's delay.
pub type Acceptor = RustlsAcceptor<NoDelayAcceptor>;

/// What a look at the certificate led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The certificate is good for some time yet.
    NotDue,
    /// Another certificate is served from here on, without a restart.
    Renewed,
}

/// Where the served certificate comes from.
enum Source {
    OwnAuthority { authority: Arc<CertificateAuthority>, names: ServerNames, path: PathBuf },
    Operator { chain_path: PathBuf, key_path: PathBuf },
}

/// TLS of one server.
pub struct ServerTls {
    source: Source,
    served: Arc<ServedCertificate>,
    config: Arc<ServerConfig>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerTls")
    }
}

impl ServerTls {
    /// Serves a certificate from the own authority. It lies in `directory`, and is made anew if it is missing, damaged,
    /// near its end, for other names or from another authority. `now_us` is the time in microseconds since the Unix
    /// epoch.
    pub fn load_or_create(
        directory: &Path,
        authority: Arc<CertificateAuthority>,
        names: ServerNames,
        now_us: i64,
    ) -> Result<Self, TlsError> {
        Self::from_source(
            Source::OwnAuthority { path: directory.join(FILE_NAME), authority, names },
            now_us,
        )
    }

    /// Serves an operator's certificate: a PEM file with the whole chain, and one with its unencrypted key.
    pub fn from_pem_files(
        chain_path: impl Into<PathBuf>,
        key_path: impl Into<PathBuf>,
        now_us: i64,
    ) -> Result<Self, TlsError> {
        Self::from_source(
            Source::Operator { chain_path: chain_path.into(), key_path: key_path.into() },
            now_us,
        )
    }

    fn from_source(source: Source, now_us: i64) -> Result<Self, TlsError> {
        let provider = crypto_provider();
        let served = Arc::new(ServedCertificate(RwLock::new(source.load(now_us, &provider)?)));
        let config = server_config(provider, Arc::clone(&served) as _)?;
        Ok(Self { source, served, config: Arc::new(config) })
    }

    /// Renews an own certificate that is due, or reads an operator's files again. To be called about once a day, and on
    /// the operator's request. After an error the former certificate is still served.
    pub fn renew(&self, now_us: i64) -> Result<Renewal, TlsError> {
        let fresh = self.source.load(now_us, self.config.crypto_provider())?;
        let changed = self.served.replace(fresh);
        Ok(if changed { Renewal::Renewed } else { Renewal::NotDue })
    }

    /// The certificate of the own authority, which the join link carries; none with an operator's certificate.
    pub fn ca_der(&self) -> Option<&CertificateDer<'static>> {
        match &self.source {
            Source::OwnAuthority { authority, .. } => Some(authority.ca_der()),
            Source::Operator { .. } => None,
        }
    }

    /// When the served certificate ends, in microseconds since the Unix epoch.
    pub fn expires_at_us(&self) -> Result<i64, TlsError> {
        let served = self.served.current();
        let own = served.cert.first().ok_or(TlsError::UnreadableCertificate)?;
        Ok(Validity::of(own)?.not_after_us)
    }

    /// The settings for a server that accepts connections itself.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// What wraps accepted connections into TLS.
    pub fn acceptor(&self) -> Acceptor {
        RustlsAcceptor::new(RustlsConfig::from_config(self.config()))
            .handshake_timeout(HANDSHAKE_TIME)
            .acceptor(NoDelayAcceptor::new())
    }

    /// A server on a listener, ready for `serve`. Must be called within a Tokio runtime. A Tokio listener is handed
    /// over by its `into_std`.
    pub fn bind(&self, listener: TcpListener) -> io::Result<Server<SocketAddr, Acceptor>> {
        Ok(axum_server::from_tcp(listener)?.acceptor(self.acceptor()))
    }
}

impl Source {
    fn load(&self, now_us: i64, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
        match self {
            Self::OwnAuthority { authority, names, path } => {
                if let Some(kept) = usable(path, authority, names, now_us, provider)? {
                    return Ok(kept);
                }
                let pem = authority.issue(names, now_us)?;
                let certified =
                    certificate::certified_key(pem.as_bytes(), pem.as_bytes(), provider)?;
                write_private_file(path, pem.as_bytes(), Existing::Replace)
                    .map_err(file_error(path))?;
                Ok(certified)
            }
            Self::Operator { chain_path, key_path } => {
                let chain = std::fs::read(chain_path).map_err(file_error(chain_path))?;
                let key = std::fs::read(key_path).map_err(file_error(key_path))?;
                let certified = certificate::certified_key(&chain, &Zeroizing::new(key), provider)?;
                let own = certified.cert.first().ok_or(TlsError::UnreadableCertificate)?;
                if !Validity::of(own)?.contains(now_us) {
                    return Err(TlsError::NotValidNow);
                }
                Ok(certified)
            }
        }
    }
}

/// The certificate in the file, if it can be served for some time yet. A damaged one is replaced, since the authority
/// can make another; only a file that cannot be read is an error.
fn usable(
    path: &Path,
    authority: &CertificateAuthority,
    names: &ServerNames,
    now_us: i64,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>, TlsError> {
    let pem = match std::fs::read(path) {
        Ok(pem) => Zeroizing::new(pem),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path)(error)),
    };
    let Ok(certified) = certificate::certified_key(&pem, &pem, provider) else {
        return Ok(None);
    };
    let usable = certified.cert.first().is_some_and(|own| {
        let in_time = Validity::of(own).is_ok_and(|validity| {
            validity.contains(now_us)
                && validity.not_after_us.saturating_sub(now_us) > RENEWED_BEFORE_US
        });
        in_time && authority.has_issued(own, names)
    });
    Ok(usable.then_some(certified))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::File { path, source }
}

/// The certificate that handshakes use, replaceable while the server runs.
#[derive(Debug)]
struct ServedCertificate(RwLock<Arc<CertifiedKey>>);

impl ServedCertificate {
    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether `fresh` differs from what was served before.
    fn replace(&self, fresh: Arc<CertifiedKey>) -> bool {
        let mut served = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = served.cert != fresh.cert;
        *served = fresh;
        changed
    }
}

impl ResolvesServerCert for ServedCertificate {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// TLS 1.3 and 1.2 for HTTP/2 and HTTP/1.1, with the given certificates.
pub fn server_config(
    provider: Arc<CryptoProvider>,
    certificates: Arc<dyn ResolvesServerCert>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsError::Rustls)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// ring with the suites that are offered: forward secrecy, authenticated encryption, keys of 256 bits.
///
/// Always passed on explicitly. Another library in the process may have installed another default.
pub(super) fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            ring::cipher_suite::TLS13_AES_256_GCM_SHA384,
            ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            ring::cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ],
        ..ring::default_provider()
    })
}

#[cfg(test)]
mod tests;
