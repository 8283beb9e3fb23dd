//! Live streams: each carries the pages of `GET /v1/sync` to one session, as they come about.

use axum::extract::ws::WebSocket;

use crate::http::Edge;
use crate::session::Caller;

/// Serves one stream until it ends.
pub(crate) async fn run(_edge: Edge, _caller: Caller, _socket: WebSocket) {}
