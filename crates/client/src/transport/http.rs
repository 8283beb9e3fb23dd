//! HTTPS and WebSocket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _, future};
use reqwest::header::{ACCEPT, RETRY_AFTER};
use reqwest_websocket::{Message, Upgrade as _};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tracing::debug;
use url::Url;

use super::{
    LiveStream, Method, Request, Response, ServerAddress, Transport, TransportError, Transports,
};
use recado_protocol::live::{LiveFrame, LiveRequest};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest time for a request with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// A page of whole conversations may be large, a hostile answer must not be endless.
const MAX_RESPONSE_BYTES: usize = 256 << 20;
/// An error with its sentence, or a page of something in between.
const MAX_REFUSAL_BYTES: usize = 64 << 10;

/// Makes transports over HTTPS. TLS is checked always: against the server's own authority where the
/// join link named one, else against the system's roots; the host's name in either case.
#[derive(Debug, Clone)]
pub struct HttpTransports {
    user_agent: String,
}

impl HttpTransports {
    /// `app_version` is told to the server.
    pub fn new(app_version: &str) -> Self {
        Self { user_agent: format!("Recado/{app_version}") }
    }
}

impl Transports for HttpTransports {
    fn connect(&self, server: &ServerAddress) -> Result<Arc<dyn Transport>, TransportError> {
        if server.url.scheme() != "https" {
            return Err(TransportError::UntrustedCertificate);
        }
        let tls = tls_config(server.ca_der.as_deref())?;
        let build = |alpn: &[&[u8]], live: bool| {
            let mut tls = tls.clone();
            tls.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls)
                .https_only(true)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(&self.user_agent)
                .connect_timeout(CONNECT_TIMEOUT)
                .tcp_keepalive(Duration::from_secs(30));
            // A live stream is silent for as long as nothing happens, and WebSocket needs HTTP/1.1.
            let builder = if live {
                builder.http1_only()
            } else {
                builder.read_timeout(READ_TIMEOUT).timeout(REQUEST_TIMEOUT)
            };
            builder.build().map_err(|error| {
                debug!(error = %error.without_url(), "the HTTP client cannot be built");
                TransportError::Unreachable
            })
        };
        Ok(Arc::new(HttpTransport {
            url: server.url.clone(),
            requests: build(&[b"h2", b"http/1.1"], false)?,
            live: build(&[b"http/1.1"], true)?,
        }))
    }
}

fn tls_config(ca_der: Option<&[u8]>) -> Result<ClientConfig, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TransportError::UntrustedCertificate)?;
    let config = match ca_der {
        Some(der) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from(der.to_vec()))
                .map_err(|_| TransportError::UntrustedCertificate)?;
            builder.with_root_certificates(roots)
        }
        None => {
            let verifier = rustls_platform_verifier::Verifier::new(provider)
                .map_err(|_| TransportError::UntrustedCertificate)?;
            // The verifier is the system's own; only rustls calls every verifier but its own
            // dangerous.
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    Ok(config.with_no_client_auth())
}

struct HttpTransport {
    url: Url,
    requests: reqwest::Client,
    live: reqwest::Client,
}

impl HttpTransport {
    fn address(&self, path: &str, query: &[(&'static str, String)]) -> Url {
        let mut url = self.url.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let url = self.address(&request.path, &request.query);
        let mut builder = match request.method {
            Method::Get => self.requests.get(url),
            Method::Post => self.requests.post(url),
            Method::Delete => self.requests.delete(url),
        };
        builder = builder.header(ACCEPT, "application/json");
        if let Some(token) = &request.access_token {
            builder = builder.bearer_auth(token.as_str());
        }
        if let Some(body) = &request.body {
            builder = builder
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(body.to_vec());
        }
        let response = builder.send().await.map_err(classify)?;
        read(response, MAX_RESPONSE_BYTES).await
    }

    async fn live(&self, ticket: String) -> Result<LiveStream, TransportError> {
        let url = self.address("/v1/live", &[("ticket", ticket)]);
        let response = tokio::time::timeout(READ_TIMEOUT, self.live.get(url).upgrade().send())
            .await
            .map_err(|_| TransportError::Unreachable)?
            .map_err(classify_live)?;
        if response.status() != reqwest::StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response.into_inner()).await);
        }
        let socket = response.into_websocket().await.map_err(classify_live)?;
        let (requests, frames) = socket.split();
        let frames = frames.filter_map(|message| future::ready(read_frame(message)));
        let requests = requests.sink_map_err(classify_live).with(|request: LiveRequest| {
            future::ready(
                serde_json::to_string(&request)
                    .map(Message::Text)
                    .map_err(|_| TransportError::Malformed),
            )
        });
        Ok(LiveStream { frames: Box::pin(frames), requests: Box::pin(requests) })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.exchange(request))
    }

    fn open_live(&self, ticket: String) -> BoxFuture<'_, Result<LiveStream, TransportError>> {
        Box::pin(self.live(ticket))
    }
}

/// Reads an answer, unless it is larger than `max_bytes`.
async fn read(
    mut response: reqwest::Response,
    max_bytes: usize,
) -> Result<Response, TransportError> {
    let status = response.status().as_u16();
    let retry_after_s = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken_off)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(TransportError::Malformed);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, body, retry_after_s })
}

/// Why a live stream was not opened. The client for live streams has no time limit of its own.
async fn refusal(response: reqwest::Response) -> TransportError {
    let status = response.status().as_u16();
    let refused = match tokio::time::timeout(READ_TIMEOUT, read(response, MAX_REFUSAL_BYTES)).await
    {
        Ok(Ok(refused)) => refused,
        // Whatever so large a page says, the status says enough.
        Ok(Err(TransportError::Malformed)) => {
            Response { status, body: Vec::new(), retry_after_s: None }
        }
        Ok(Err(error)) => return error,
        Err(_) => return TransportError::Unreachable,
    };
    refused.read::<()>().err().unwrap_or(TransportError::Malformed)
}

fn read_frame(
    message: Result<Message, reqwest_websocket::Error>,
) -> Option<Result<LiveFrame, TransportError>> {
    match message {
        Ok(Message::Text(text)) => {
            Some(serde_json::from_str(&text).map_err(|_| TransportError::Malformed))
        }
        Ok(Message::Close { .. }) => Some(Err(TransportError::Unreachable)),
        Ok(_) => None,
        Err(error) => Some(Err(classify_live(error))),
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    debug!(?error, "a request failed");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        if is_certificate_error(cause) {
            return TransportError::UntrustedCertificate;
        }
        source = cause.source();
    }
    TransportError::Unreachable
}

/// What ended an answer that had begun.
fn broken_off(error: reqwest::Error) -> TransportError {
    match classify(error) {
        TransportError::Unreachable => TransportError::BrokenOff,
        other => other,
    }
}

fn is_certificate_error(cause: &(dyn std::error::Error + 'static)) -> bool {
    // rustls errors travel inside I/O errors, at times inside several, which do not name them as
    // their source.
    if let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        return is_certificate_error(inner);
    }
    matches!(
        cause.downcast_ref::<rustls::Error>(),
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
    )
}

fn classify_live(error: reqwest_websocket::Error) -> TransportError {
    match error {
        reqwest_websocket::Error::Reqwest(error) => classify(error),
        error => {
            debug!(%error, "the live stream failed");
            TransportError::Unreachable
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use recado_protocol::ErrorCode;

    use super::*;

    fn address(url: &str, ca_der: Option<Vec<u8>>) -> ServerAddress {
        ServerAddress { url: Url::parse(url).expect("an address"), ca_der }
    }

    #[test]
    fn only_https_and_only_a_readable_authority_are_taken() {
        let transports = HttpTransports::new("0.0.0");
        for server in [
            address("http://127.0.0.1:1", None),
            address("https://127.0.0.1:1", Some(vec![0x30; 300])),
        ] {
            let refused = transports.connect(&server).err();
            assert_eq!(refused, Some(TransportError::UntrustedCertificate), "{server:?}");
        }
    }

    /// The answer of a server that says `head`, then `body` as often as it is heard.
    async fn answer(head: &'static str, body: &'static [u8], endless: bool) -> reqwest::Response {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("its address"));
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0; 1_024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(body).is_ok() && endless {}
            // Open until the other side closes.
            let _ = stream.read(&mut request);
        });
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_config(None).expect("a configuration"));
        builder.build().expect("a client").get(url).send().await.expect("an answer")
    }

    #[tokio::test(start_paused = true)]
    async fn the_refusal_of_a_stream_is_not_waited_for_for_ever() {
        let head = "HTTP/1.1 403 no\r\ncontent-length: 100\r\n\r\n";
        let error = refusal(answer(head, b"", false).await).await;
        assert_eq!(error, TransportError::Unreachable);
    }

    #[tokio::test]
    async fn the_refusal_of_a_stream_is_read_up_to_its_limit() {
        let endless = "HTTP/1.1 502 no\r\n\r\n";
        let error = refusal(answer(endless, &[b' '; 1_024], true).await).await;
        assert_eq!(error.code(), ErrorCode::Unreachable);

        let ended = "HTTP/1.1 401 no\r\ncontent-length: 50\r\n\r\n";
        let body = br#"{"code":"session_ended","message":"sign in again"}"#;
        let error = refusal(answer(ended, body, false).await).await;
        assert_eq!(error.code(), ErrorCode::SessionEnded);
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        let server = address(&format!("https://127.0.0.1:{port}"), None);
        let transport = HttpTransports::new("0.0.0").connect(&server).expect("a transport");
        let answer = transport.send(Request::get("/v1/server")).await;
        assert_eq!(answer, Err(TransportError::Unreachable));
    }
}
