//! Reading certificates and keys, and what can be wrong with them.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::names::ServerNames;

/// Why TLS could not be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name is neither a host name nor an address.
    #[error("`{0}` is neither a host name nor an IP address; correct it")]
    InvalidName(String),
    /// There is no name to make a certificate for.
    #[error("a certificate needs at least one host name or IP address")]
    NoName,
    /// A certificate cannot be read.
    #[error("the certificate cannot be read; provide a PEM file with the whole chain")]
    UnreadableCertificate,
    /// A private key cannot be read.
    #[error("the private key cannot be read; provide an unencrypted PEM file")]
    UnreadableKey,
    /// A private key belongs to another certificate.
    #[error("the private key does not belong to the certificate; provide the pair")]
    KeyMismatch,
    /// A certificate has expired or is not valid yet.
    #[error("the certificate is not valid at this time; renew it or set the clock")]
    NotValidNow,
    /// The certificate of the authority is not one of an authority.
    #[error("the certificate is not that of a certificate authority")]
    NotAnAuthority,
    /// A certificate or key could not be made.
    #[error("the certificate could not be made")]
    Generation(#[source] rcgen::Error),
    /// rustls refused the configuration.
    #[error("TLS could not be set up")]
    Rustls(#[source] rustls::Error),
}

/// From when until when a certificate is valid, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before_us: i64,
    pub(super) not_after_us: i64,
}

impl Validity {
    pub(super) fn of(der: &CertificateDer<'_>) -> Result<Self, TlsError> {
        let certificate = parse(der)?;
        let validity = certificate.validity();
        Ok(Self {
            not_before_us: validity.not_before.timestamp().saturating_mul(1_000_000),
            not_after_us: validity.not_after.timestamp().saturating_mul(1_000_000),
        })
    }

    pub(super) fn contains(&self, now_us: i64) -> bool {
        (self.not_before_us..=self.not_after_us).contains(&now_us)
    }
}

pub(super) fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, TlsError> {
    X509Certificate::from_der(der)
        .map(|(_, certificate)| certificate)
        .map_err(|_| TlsError::UnreadableCertificate)
}

/// The names in a certificate; none if it has other kinds of names or no valid one.
pub(super) fn names_of(certificate: &X509Certificate<'_>) -> Option<ServerNames> {
    let extension = certificate.subject_alternative_name().ok().flatten()?;
    let names = extension
        .value
        .general_names
        .iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    ServerNames::new(names).ok()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(octets.into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

/// Reads a chain, the server's own certificate first, and its key.
pub(super) fn certified_key(
    chain_pem: &[u8],
    key_pem: &[u8],
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(chain_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| TlsError::UnreadableCertificate)?;
    if chain.is_empty() {
        return Err(TlsError::UnreadableCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| TlsError::UnreadableKey)?;
    let signing_key =
        provider.key_provider.load_private_key(key).map_err(|_| TlsError::UnreadableKey)?;
    let certified = CertifiedKey::new(chain, signing_key);
    match certified.keys_match() {
        Ok(()) => Ok(Arc::new(certified)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::KeyMismatch),
        Err(_) => Err(TlsError::UnreadableCertificate),
    }
}
