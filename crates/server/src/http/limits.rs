//! What every request has to keep to, and what every answer carries.

use std::any::Any;
use std::net::IpAddr;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use recado_protocol::error::ErrorCode;
use tokio::sync::OwnedSemaphorePermit;

use super::body::{self, BodyMemory};
use super::failure::Failure;
use super::route::Access;
use crate::places::{Places, Proxies, Share};

/// How long a client may take to send its headers.
pub(crate) const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long one request may be worked on, once its body is there.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// How much a server takes on at once. What is beyond is told that the server is busy, or not let in at all.
#[derive(Debug, Clone)]
pub struct EdgeLimits {
    /// Open connections, live streams among them.
    pub connections: usize,
    /// Open connections of one address.
    pub connections_per_address: usize,
    /// Requests of those who are recognised by a session or a channel's key.
    pub requests: usize,
    /// The same of one address, those among them whose body is still on its way.
    pub requests_per_address: usize,
    /// Requests of everybody else: they take nothing from those who are recognised.
    pub strangers_requests: usize,
    /// The same of one address, those among them whose body is still on its way.
    pub strangers_requests_per_address: usize,
    /// The memory for bodies, in bytes.
    pub body_bytes: usize,
    /// Addresses that speak for many clients.
    pub proxies: Proxies,
}

impl Default for EdgeLimits {
    /// One address may stand for a whole office, so its share is large; four such do not fill the server yet.
    fn default() -> Self {
        Self {
            connections: 24_000,
            connections_per_address: 1_024,
            requests: 512,
            requests_per_address: 128,
            strangers_requests: 128,
            strangers_requests_per_address: 32,
            body_bytes: 128 * 1_048_576,
            proxies: Proxies::and_loopback([]),
        }
    }
}

/// Lets requests in, as many as fit.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    known: Places,
    strangers: Places,
    bodies: BodyMemory,
}

impl Admission {
    pub(crate) fn new(limits: &EdgeLimits) -> Self {
        let places = |count, each| Places::new(count, each, limits.proxies.clone());
        Self {
            known: places(limits.requests, limits.requests_per_address),
            strangers: places(limits.strangers_requests, limits.strangers_requests_per_address),
            bodies: BodyMemory::new(limits.body_bytes),
        }
    }

    /// Lets a request in as far as its address has something left.
    pub(super) fn admit(&self, access: Access, address: IpAddr) -> Result<Admitted, Failure> {
        let (places, body_limit) = match access {
            Access::Public | Access::VerifiesSecret => {
                (&self.strangers, body::MAX_STRANGERS_BODY_BYTES)
            }
            Access::OwnSession | Access::OwnSecret | Access::Session(_) | Access::Channel => {
                (&self.known, body::MAX_KNOWN_BODY_BYTES)
            }
        };
        let share = places.share(address).ok_or_else(Failure::busy)?;
        let (places, bodies) = (places.clone(), self.bodies.clone());
        Ok(Admitted { places, bodies, body_limit, _share: share })
    }
}

/// A request that was let in.
pub(super) struct Admitted {
    places: Places,
    bodies: BodyMemory,
    body_limit: usize,
    _share: Share,
}

impl Admitted {
    /// Does `work` in a place and in its time.
    pub(super) async fn work<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let _place = self.places.place().ok_or_else(Failure::busy)?;
        match tokio::time::timeout(REQUEST_TIME, work).await {
            Ok(outcome) => outcome,
            // What it began may still be done, so it is to be asked again and not to be given up.
            Err(_) => {
                Err(Failure::new(ErrorCode::Overloaded, "The server took too long. Try again.")
                    .with_status(StatusCode::REQUEST_TIMEOUT))
            }
        }
    }

    /// Waits for a request's body, in no place. What comes with it is the memory that it takes.
    pub(super) async fn with_body(
        &self,
        request: Request,
    ) -> Result<(Request, Option<OwnedSemaphorePermit>), Failure> {
        body::read_to_end(request, self.body_limit, body::BODY_TIME, &self.bodies).await
    }
}

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

/// A panic ends its request and nothing else.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    Failure::internal(message).into_response()
}
