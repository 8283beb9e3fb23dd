//! The way to an identity provider: TLS, no redirects, and an end to every answer's time and length.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::{Host, Url};

use crate::storage::sso::Provider;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(4);
/// How long an answer may take as a whole.
const ANSWER_TIME: Duration = Duration::from_secs(8);
/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 512 * 1_024;

/// Why a provider gave no answer. The text is for the log and for whoever tests the provider at the console.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderHttpError {
    /// The address is not one that is asked.
    #[error("the provider names an address that is not https://")]
    Insecure,
    /// The certificates cannot be used.
    #[error("the certificates for the provider cannot be used: {0}")]
    Certificates(String),
    /// The connection or the answer failed.
    #[error("the provider cannot be reached: {0}")]
    Network(String),
    /// The answer is too long.
    #[error("the provider's answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
}

/// A client for one provider.
#[derive(Debug, Clone)]
pub(super) struct ProviderHttp {
    client: reqwest::Client,
    loopback_without_tls: bool,
}

impl ProviderHttp {
    /// A client that trusts the system's authorities and the provider's own ones.
    pub(super) fn new(
        provider: &Provider,
        loopback_without_tls: bool,
    ) -> Result<Self, ProviderHttpError> {
        let refused = |text: String| ProviderHttpError::Certificates(text);
        let mut roots = rustls::RootCertStore::empty();
        // A system without a single usable authority shows in the connection's own error.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in authorities(provider.ca_pem.as_deref())? {
            roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        }
        let crypto = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME)
            .timeout(ANSWER_TIME);
        let builder = if loopback_without_tls { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| ProviderHttpError::Network(chain(&error)))?;
        Ok(Self { client, loopback_without_tls })
    }

    /// Whether an address may be asked, or a browser be sent there.
    pub(super) fn may_ask(&self, url: &Url) -> bool {
        is_allowed(url, self.loopback_without_tls)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ProviderHttpError> {
        let network =
            |error: reqwest::Error| ProviderHttpError::Network(chain(&error.without_url()));
        let request = reqwest::Request::try_from(request).map_err(network)?;
        if !self.may_ask(request.url()) {
            return Err(ProviderHttpError::Insecure);
        }
        let mut response = self.client.execute(request).await.map_err(network)?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        while let Some(chunk) = response.chunk().await.map_err(network)? {
            if answer.body().len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(ProviderHttpError::TooLong);
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderHttp {
    type Error = ProviderHttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// Whether a provider may live at this address: https, and nothing else but this very machine in tests.
pub(super) fn is_allowed(url: &Url, loopback_without_tls: bool) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    let plain = url.username().is_empty() && url.password().is_none();
    plain
        && match url.scheme() {
            "https" => url.host().is_some(),
            "http" => loopback && loopback_without_tls,
            _ => false,
        }
}

/// The certificates of a PEM text.
pub(super) fn authorities(
    pem: Option<&str>,
) -> Result<Vec<CertificateDer<'static>>, ProviderHttpError> {
    let Some(pem) = pem else { return Ok(Vec::new()) };
    let refused = |text: &str| ProviderHttpError::Certificates(text.to_owned());
    let found = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| refused("the file is not PEM"))?;
    if found.is_empty() {
        return Err(refused("the file holds no certificate"));
    }
    Ok(found)
}

/// An error with all of its causes, which say more than itself.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_asked_and_in_tests_this_machine() {
        for (url, always, in_tests) in [
            ("https://id.example", true, true),
            ("https://id.example:8443/realm", true, true),
            ("http://id.example", false, false),
            ("http://127.0.0.1:9000", false, true),
            ("http://[::1]:9000", false, true),
            ("http://localhost:9000", false, false),
            ("http://127.0.0.1.id.example", false, false),
            ("https://user@id.example", false, false),
            ("file:///etc/passwd", false, false),
        ] {
            let url = Url::parse(url).expect("an address");
            assert_eq!(is_allowed(&url, false), always, "{url}");
            assert_eq!(is_allowed(&url, true), in_tests, "{url}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        assert!(authorities(None).is_ok_and(|found| found.is_empty()));
        for wrong in ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"] {
            assert!(authorities(Some(wrong)).is_err(), "{wrong:?}");
        }
    }
}
