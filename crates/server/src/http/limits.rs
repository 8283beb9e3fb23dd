//! What every request has to keep to, and what every answer carries.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use recado_protocol::error::ErrorCode;
use tokio::sync::Semaphore;

use super::failure::Failure;

/// The largest body that is taken, in bytes: a message of the greatest length, escaped, with what surrounds it.
pub(crate) const MAX_BODY_BYTES: usize = 1_572_864;
/// How long a client may take to send its headers.
pub(crate) const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long one request may take, its body included.
pub(crate) const REQUEST_TIME: Duration = Duration::from_secs(30);
/// How many requests are worked on at once; the next ones are told that the server is busy.
pub(crate) const MAX_REQUESTS: usize = 512;

const HEADERS: [(HeaderName, &str); 5] = [
    (STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Puts the headers of security on every answer.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Gives a request its time and its place among the others.
pub(super) async fn bounded(
    State(places): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    let Ok(_place) = places.try_acquire() else { return Failure::busy().into_response() };
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        // What it began may still be done, so it is to be asked again and not to be given up.
        Err(_) => Failure::new(ErrorCode::Overloaded, "The server took too long. Try again.")
            .with_status(StatusCode::REQUEST_TIMEOUT)
            .into_response(),
    }
}

/// A panic ends its request and nothing else.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    Failure::internal(message).into_response()
}
