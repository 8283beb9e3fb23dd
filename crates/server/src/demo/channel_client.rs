//! The customers' side of the demo: a client of the channel API that trusts the server's own authority and nothing
//! else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use recado_protocol::ConversationId;
use recado_protocol::channel::{AddMessage, ChannelReceipt, OpenConversation, ReplyPage};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Why a request had no success.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    /// The server refused; the same request would be refused again.
    #[error("the server refused with status {0}")]
    Refused(StatusCode),
    /// There was no answer, or one that asks to try again; the same request may follow.
    #[error("no answer from the server: {0}")]
    Unanswered(String),
}

/// A client with a channel's key.
#[derive(Clone)]
pub(super) struct ChannelClient {
    address: SocketAddr,
    connector: TlsConnector,
    key: Arc<Zeroizing<String>>,
}

impl ChannelClient {
    /// A client of the server at a loopback address, whose certificate the authority `ca_der` has signed.
    ///
    /// # Errors
    /// When the authority's certificate cannot be used.
    pub(super) fn new(
        address: SocketAddr,
        ca_der: CertificateDer<'static>,
        key: Zeroizing<String>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(ca_der)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { address, connector: TlsConnector::from(Arc::new(config)), key: Arc::new(key) })
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub(super) async fn open(
        &self,
        idempotency_key: &str,
        conversation: &OpenConversation,
    ) -> Result<ChannelReceipt, ChannelError> {
        self.call(Method::POST, "/v1/channel/conversations", Some(idempotency_key), conversation)
            .await
    }

    /// Adds a message to a conversation.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub(super) async fn add(
        &self,
        idempotency_key: &str,
        conversation_id: ConversationId,
        message: &AddMessage,
    ) -> Result<ChannelReceipt, ChannelError> {
        let path = format!("/v1/channel/conversations/{conversation_id}/messages");
        self.call(Method::POST, &path, Some(idempotency_key), message).await
    }

    /// The replies after a cursor.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub(super) async fn replies(&self, after: u64) -> Result<ReplyPage, ChannelError> {
        let path = format!("/v1/channel/replies?after={after}&limit=100");
        self.call(Method::GET, &path, None, &()).await
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        content: &impl serde::Serialize,
    ) -> Result<T, ChannelError> {
        let body = match method {
            Method::GET => Bytes::new(),
            _ => serde_json::to_vec(content).map_err(unanswered)?.into(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.as_str()))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body)).map_err(unanswered)?;
        let (status, answer) = tokio::time::timeout(TIMEOUT, self.send(request))
            .await
            .map_err(|_| ChannelError::Unanswered("it took too long".to_owned()))??;
        match status {
            status if status.is_success() => serde_json::from_slice(&answer).map_err(unanswered),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Err(ChannelError::Unanswered(status.to_string()))
            }
            status if status.is_client_error() => Err(ChannelError::Refused(status)),
            status => Err(ChannelError::Unanswered(status.to_string())),
        }
    }

    async fn send(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), ChannelError> {
        let stream = TcpStream::connect(self.address).await.map_err(unanswered)?;
        stream.set_nodelay(true).map_err(unanswered)?;
        let name = ServerName::from(self.address.ip());
        let stream = self.connector.connect(name, stream).await.map_err(unanswered)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(unanswered)?;
        // It ends when `sender` is dropped; what goes wrong on the way shows in the answer.
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(unanswered)?;
        let status = answer.status();
        let body =
            to_bytes(Body::new(answer.into_body()), MAX_ANSWER_BYTES).await.map_err(unanswered)?;
        connection.abort();
        Ok((status, body))
    }
}

fn unanswered(error: impl std::fmt::Display) -> ChannelError {
    ChannelError::Unanswered(error.to_string())
}
