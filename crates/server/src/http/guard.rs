//! What stands in front of a route, by its declaration.

use std::net::{IpAddr, SocketAddr};

use axum::body::HttpBody as _;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use recado_protocol::policy::{Decision, Denial, decide};

use super::body;
use super::failure::Failure;
use super::route::Access;
use super::state::Edge;
use crate::core::{ChannelPrincipal, CoreError, Principal};
use crate::gate::SecretCheck;
use crate::session::{AuthError, Caller, Recognised};

/// One route's guard.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) edge: Edge,
    pub(super) access: Access,
}

/// Lets a request through to its handler with what it has shown, or answers it. Who does not show what the route needs is
/// answered without its body.
pub(super) async fn check(
    State(Guard { edge, access }): State<Guard>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let address = address(&request)?;
    let admitted = edge.admission.admit(access, address)?;
    if request.body().is_end_stream() {
        return admitted
            .work(async {
                recognise(&edge, access, address, &mut request).await?;
                Ok(next.run(request).await)
            })
            .await;
    }
    if let Err(refused) = admitted.work(recognise(&edge, access, address, &mut request)).await {
        body::discard(request).await;
        return Err(refused);
    }
    let (request, _memory) = admitted.with_body(request).await?;
    admitted.work(async { Ok(next.run(request).await) }).await
}

async fn recognise(
    edge: &Edge,
    access: Access,
    address: IpAddr,
    request: &mut Request,
) -> Result<(), Failure> {
    let check = SecretCheck::from_guard(address);
    match access {
        Access::Public => {}
        Access::VerifiesSecret => {
            request.extensions_mut().insert(check);
        }
        Access::OwnSession => {
            let caller = caller(edge, request.headers()).await?;
            request.extensions_mut().insert(caller);
        }
        Access::OwnSecret => {
            let caller = caller(edge, request.headers()).await?;
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(check);
        }
        Access::Session(permission) => {
            let token = bearer(request.headers()).ok_or(AuthError::SessionEnded)?;
            let Recognised { caller, subject, own_factor_due } =
                edge.sessions.recognise(token).await?;
            if own_factor_due {
                return Err(AuthError::AuthenticatorRequired.into());
            }
            if let Decision::Denied(denial) = decide(&subject, permission, None) {
                return Err(refused(denial));
            }
            request.extensions_mut().insert(caller);
        }
        Access::Channel => {
            let key = bearer(request.headers()).ok_or(AuthError::InvalidChannelKey)?.to_owned();
            let channel = edge.channel_keys.check(check, &key).await?;
            request.extensions_mut().insert(channel);
        }
    }
    Ok(())
}

fn refused(denial: Denial) -> Failure {
    CoreError::Denied(denial).into()
}

async fn caller(edge: &Edge, headers: &HeaderMap) -> Result<Caller, Failure> {
    let token = bearer(headers).ok_or(AuthError::SessionEnded)?;
    Ok(edge.sessions.recognise(token).await?.caller)
}

/// Where the connection comes from. Without an address there is nothing to limit by, so nothing is done.
fn address(request: &Request) -> Result<IpAddr, Failure> {
    match request.extensions().get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(address)) => Ok(address.ip()),
        None => Err(Failure::internal("the connection's address is unknown")),
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What a guard has found out about a request.
fn found<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, Failure> {
    let missing = || Failure::internal("a handler asks for what its route does not declare");
    parts.extensions.get::<T>().cloned().ok_or_else(missing)
}

impl FromRequestParts<Edge> for SecretCheck {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _edge: &Edge) -> Result<Self, Failure> {
        found(parts)
    }
}

impl FromRequestParts<Edge> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _edge: &Edge) -> Result<Self, Failure> {
        found(parts)
    }
}

impl FromRequestParts<Edge> for Principal {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Failure> {
        let caller: Caller = found(parts)?;
        Ok(Self { workspace_id: edge.workspace_id, teammate_id: caller.teammate_id })
    }
}

impl FromRequestParts<Edge> for ChannelPrincipal {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _edge: &Edge) -> Result<Self, Failure> {
        found(parts)
    }
}
