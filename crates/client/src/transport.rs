//! The way to the server.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{Sink, Stream};
use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::{ApiError, ErrorCode, SessionEndReason};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

mod http;

pub use http::HttpTransports;

/// What a request does to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
    /// Ends something.
    Delete,
}

/// A request to the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub method: Method,
    /// The path, which begins with `/v1/`.
    pub path: String,
    /// The query's keys and values, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// The body as JSON, wiped from memory after use since it may hold a password.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// The access token, where the request needs one.
    pub access_token: Option<Zeroizing<String>>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None, access_token: None }
    }

    /// Reads `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// Sends `body` to `path`.
    ///
    /// # Errors
    ///
    /// [`TransportError::Malformed`] if the body cannot be written as JSON.
    pub fn post(path: impl Into<String>, body: &impl Serialize) -> Result<Self, TransportError> {
        let bytes = serde_json::to_vec(body).map_err(|_| TransportError::Malformed)?;
        let mut request = Self::new(Method::Post, path);
        request.body = Some(Zeroizing::new(bytes));
        Ok(request)
    }

    /// Adds a key and a value to the query.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.query.push((key, value.to_string()));
        self
    }
}

// Queries may hold what somebody searched for, bodies what somebody wrote, and both secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.method, self.path)
    }
}

/// The server's answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The `Retry-After` header in seconds, where there is one.
    pub retry_after_s: Option<u32>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} with {} bytes", self.status, self.body.len())
    }
}

impl Response {
    /// The answer's body as `T`, or the error that the server answered with.
    ///
    /// # Errors
    ///
    /// [`TransportError::Refused`] if the server answered with an error,
    /// [`TransportError::Malformed`] if the body is not what was expected.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, TransportError> {
        if (200..300).contains(&self.status) {
            // An answer without content reads as an empty object.
            let body = if self.body.is_empty() { b"{}" } else { self.body.as_slice() };
            return serde_json::from_slice(body).map_err(|_| TransportError::Malformed);
        }
        let mut error = serde_json::from_slice::<ApiError>(&self.body)
            .unwrap_or_else(|_| ApiError::new(self.fallback_code(), self.fallback_message()));
        error.retry_after_s = error.retry_after_s.or(self.retry_after_s);
        Err(TransportError::Refused(error))
    }

    // Something between the client and the server may answer with a page of its own.
    const fn fallback_code(&self) -> ErrorCode {
        match self.status {
            401 => ErrorCode::AccessTokenExpired,
            403 => ErrorCode::PermissionDenied,
            404 => ErrorCode::NotFound,
            429 => ErrorCode::Overloaded,
            500 => ErrorCode::Internal,
            400 | 413 | 422 => ErrorCode::InvalidRequest,
            // Whether the server did what it was asked is unknown, so it has to be asked again.
            _ => ErrorCode::Unreachable,
        }
    }

    fn fallback_message(&self) -> String {
        format!("the server answered with status {}", self.status)
    }
}

/// Why a request brought no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, or it broke, or it took too long. The request may have had its effect.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The answer began to arrive and broke off, or took too long.
    #[error("the server's answer broke off")]
    BrokenOff,
    /// The server's certificate does not come from the authority that is trusted, or is for another
    /// host, or has run out.
    #[error("the server's certificate is not trusted")]
    UntrustedCertificate,
    /// The answer was not what the protocol says, or larger than is read.
    #[error("the server's answer cannot be read; Recado may be too old for this server")]
    Malformed,
    /// The server answered with an error.
    #[error("{0}")]
    Refused(ApiError),
}

impl TransportError {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unreachable | Self::BrokenOff => ErrorCode::Unreachable,
            Self::UntrustedCertificate => ErrorCode::UntrustedCertificate,
            Self::Malformed => ErrorCode::ClientTooOld,
            Self::Refused(error) => error.code,
        }
    }

    /// When to try again, in seconds, where the server said so.
    pub const fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Refused(error) => error.retry_after_s,
            _ => None,
        }
    }

    /// Why the session has ended, where the server said so.
    pub const fn session_end(&self) -> Option<SessionEndReason> {
        match self {
            Self::Refused(error) => error.session_end,
            _ => None,
        }
    }
}

/// The server's side of a live stream. It ends after an error.
pub type LiveFrames = Pin<Box<dyn Stream<Item = Result<LiveFrame, TransportError>> + Send>>;
/// The client's side of a live stream.
pub type LiveRequests = Pin<Box<dyn Sink<LiveRequest, Error = TransportError> + Send>>;

/// An open live stream. Dropping both sides closes it.
pub struct LiveStream {
    /// What the server says.
    pub frames: LiveFrames,
    /// What the client says.
    pub requests: LiveRequests,
}

impl fmt::Debug for LiveStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveStream").finish_non_exhaustive()
    }
}

/// Carries requests to one server.
pub trait Transport: Send + Sync {
    /// Sends a request and waits for its answer, for a limited time.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unreachable`] or [`TransportError::UntrustedCertificate`]. An answer of
    /// any status is a success here; [`Response::read`] sorts it.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// Opens a live stream with a ticket.
    ///
    /// # Errors
    ///
    /// As [`Transport::send`], and [`TransportError::Refused`] if the server takes no stream.
    fn open_live(&self, ticket: String) -> BoxFuture<'_, Result<LiveStream, TransportError>>;
}

/// Which server to talk to and whom to trust for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// `https` and a host.
    pub url: Url,
    /// The only authority that is trusted for this server, DER; without one the system's are.
    pub ca_der: Option<Vec<u8>>,
}

/// Makes the transport to a server.
pub trait Transports: Send + Sync {
    /// The transport to `server`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`TransportError::UntrustedCertificate`] if the authority's certificate cannot be used,
    /// [`TransportError::Unreachable`] if the machine has no network to speak of.
    fn connect(&self, server: &ServerAddress) -> Result<Arc<dyn Transport>, TransportError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response { status, body: body.as_bytes().to_vec(), retry_after_s: Some(7) }
    }

    #[test]
    fn an_error_keeps_its_code_and_learns_when_to_try_again() {
        let body = r#"{"code":"overloaded","message":"busy"}"#;
        let error = response(503, body).read::<()>().expect_err("an error");
        assert_eq!(error.code(), ErrorCode::Overloaded);
        assert_eq!(error.retry_after_s(), Some(7));
    }

    #[test]
    fn a_page_of_something_in_between_reads_as_the_status_says() {
        for (status, code) in [
            (502, ErrorCode::Unreachable),
            (429, ErrorCode::Overloaded),
            (500, ErrorCode::Internal),
            (302, ErrorCode::Unreachable),
            (408, ErrorCode::Unreachable),
            (524, ErrorCode::Unreachable),
            (413, ErrorCode::InvalidRequest),
        ] {
            let error = response(status, "<html>").read::<()>().expect_err("an error");
            assert_eq!(error.code(), code, "{status}");
        }
    }

    #[test]
    fn an_unknown_code_of_a_newer_server_is_read() {
        let body = r#"{"code":"from_the_future","message":"new"}"#;
        let error = response(400, body).read::<()>().expect_err("an error");
        assert_eq!(error.code(), ErrorCode::Unknown);
    }

    #[test]
    fn requests_print_neither_their_body_nor_their_query() {
        let request =
            Request::post("/v1/sign-in", &"hunter2").expect("a body").with("q", "hunter2");
        assert_eq!(format!("{request:?}"), "Post /v1/sign-in");
        assert_eq!(format!("{:?}", response(200, "hunter2")), "status 200 with 7 bytes");
    }
}
