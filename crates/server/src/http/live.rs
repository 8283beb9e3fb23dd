//! The live stream: a ticket, then a WebSocket.

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use recado_protocol::error::ErrorCode;
use recado_protocol::live::LiveTicket;
use serde::Deserialize;

use super::extract::{ApiJson, ApiQuery};
use super::failure::Failure;
use super::state::Edge;
use crate::gate::SecretCheck;
use crate::live;
use crate::session::{AuthError, Caller};

/// Memory of each direction of a stream, in bytes. There may be thousands of streams, nearly all of them silent.
const BUFFER_BYTES: usize = 4_096;
/// The longest message that a client may send, in bytes. It sends cursors only.
const MAX_MESSAGE_BYTES: usize = 65_536;

/// A ticket for one opening of the live stream.
#[utoipa::path(
    post, path = "/v1/live/ticket", tag = "sync",
    responses((status = 200, description = "Good for one connection, for half a minute.", body = LiveTicket))
)]
pub(super) async fn ticket(
    State(edge): State<Edge>,
    caller: Caller,
) -> Result<ApiJson<LiveTicket>, Failure> {
    Ok(ApiJson(edge.sessions.issue_live_ticket(caller.session_id).await?))
}

#[derive(Deserialize)]
pub(super) struct Opening {
    ticket: Option<String>,
}

/// The live stream, a WebSocket over HTTP/1.1: `LiveRequest` in, `LiveFrame` out.
#[utoipa::path(
    get, path = "/v1/live", tag = "sync",
    params(("ticket" = String, Query, description = "From `POST /v1/live/ticket`.")),
    responses((status = 101, description = "The stream begins; say `hello`."))
)]
pub(super) async fn stream(
    State(edge): State<Edge>,
    check: SecretCheck,
    headers: HeaderMap,
    ApiQuery(opening): ApiQuery<Opening>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    if !comes_from_here(&headers, &edge.origin) {
        return Err(Failure::new(
            ErrorCode::PermissionDenied,
            "The live stream is not for pages of other sites.",
        ));
    }
    let ticket = opening.ticket.ok_or(AuthError::SessionEnded)?;
    // Before the ticket is used up: a request that cannot be upgraded costs none.
    let upgrade = upgrade.map_err(|_| {
        Failure::new(ErrorCode::InvalidRequest, "This address speaks WebSocket over HTTP/1.1 only.")
            .with_status(StatusCode::UPGRADE_REQUIRED)
    })?;
    let place = edge.live_places.clone().try_acquire_owned().map_err(|_| Failure::busy())?;
    let caller = edge.sessions.redeem_live_ticket(check, &ticket).await?;
    Ok(upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(async move |socket| {
            live::run(edge, caller, socket).await;
            drop(place);
        }))
}

/// A browser names the page that opens a socket; programs name none.
fn comes_from_here(headers: &HeaderMap, origin: &str) -> bool {
    headers.get_all(ORIGIN).iter().all(|value| value.as_bytes() == origin.as_bytes())
}
