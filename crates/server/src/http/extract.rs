//! Bodies, queries and paths, with refusals that never repeat what was sent: it may hold a password.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use recado_protocol::error::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;

/// A JSON body.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            let refused = Failure::new(
                ErrorCode::InvalidRequest,
                "The body must be JSON; send `Content-Type: application/json`.",
            );
            return Err(refused.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let body = Bytes::from_request(request, state).await.map_err(Failure::internal)?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let message = format!(
                "The body is not the JSON that is expected here: see line {}, column {}.",
                error.line(),
                error.column()
            );
            Failure::new(ErrorCode::InvalidRequest, message)
        })
    }
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// A query string.
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Query::from_request_parts(parts, state).await.map(|Query(query)| Self(query)).map_err(|_| {
            Failure::new(
                ErrorCode::InvalidRequest,
                "The query is not what is expected here: a parameter is missing or has a wrong form.",
            )
        })
    }
}

/// The parts of a path. What cannot be an id names nothing.
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(path)| Self(path))
            .map_err(|_| Failure::new(ErrorCode::NotFound, "There is nothing here."))
    }
}
