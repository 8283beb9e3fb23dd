//! What can be asked before and about a session: the server itself, signing in, refreshing, signing out.

use axum::extract::State;
use axum::http::StatusCode;
use recado_protocol::account::RecoveryRequest;
use recado_protocol::error::ApiError;
use recado_protocol::identity::{
    RefreshRequest, ServerInfo, Session, SignInRequest, SignInStep, TotpRequest,
};

use super::extract::ApiJson;
use super::failure::Failure;
use super::state::Edge;
use crate::gate::SecretCheck;
use crate::session::Caller;
use crate::storage::workspace;

/// What may be known before signing in.
#[utoipa::path(
    get, path = "/v1/server", tag = "server",
    responses((status = 200, description = "The workspace that this address serves.", body = ServerInfo))
)]
pub(super) async fn server_info(State(edge): State<Edge>) -> Result<ApiJson<ServerInfo>, Failure> {
    let id = edge.workspace_id;
    let workspace = edge.core.db().read(async move |tx| workspace::get(tx, id).await).await?;
    Ok(ApiJson(ServerInfo {
        workspace_id: workspace.id,
        workspace_name: workspace.name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        server_time: edge.core.now(),
    }))
}

/// Whether the server can work: its database answers.
#[utoipa::path(
    get, path = "/healthz", tag = "server",
    responses(
        (status = 204, description = "It can."),
        (status = 503, description = "Its database does not answer.", body = ApiError)
    )
)]
pub(super) async fn health(State(edge): State<Edge>) -> Result<StatusCode, Failure> {
    match edge.core.db().ping().await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => {
            tracing::error!(cause = %super::failure::one_line(&error.to_string()), "not healthy");
            Err(Failure::busy())
        }
    }
}

/// The first step of signing in: e-mail address and password.
///
/// An unknown address, a wrong password and an account that is not in use get the same answer.
#[utoipa::path(
    post, path = "/v1/sign-in", tag = "session", request_body = SignInRequest,
    responses((status = 200, description = "The password is right; the second factor is due.", body = SignInStep))
)]
pub(super) async fn sign_in(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<SignInRequest>,
) -> Result<ApiJson<SignInStep>, Failure> {
    Ok(ApiJson(edge.sign_in.check_password(check, request).await?))
}

/// The second step of signing in: a code of the authenticator.
///
/// Each code is accepted once.
#[utoipa::path(
    post, path = "/v1/sign-in/totp", tag = "session", request_body = TotpRequest,
    responses((status = 200, description = "Signed in.", body = Session))
)]
pub(super) async fn sign_in_totp(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<TotpRequest>,
) -> Result<ApiJson<Session>, Failure> {
    Ok(ApiJson(edge.sign_in.check_code(check, request).await?))
}

/// The second step of signing in, for who has lost the authenticator: a recovery code.
///
/// Each code is accepted once.
#[utoipa::path(
    post, path = "/v1/sign-in/recovery", tag = "session", request_body = RecoveryRequest,
    responses((status = 200, description = "Signed in.", body = Session))
)]
pub(super) async fn sign_in_recovery(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<RecoveryRequest>,
) -> Result<ApiJson<Session>, Failure> {
    Ok(ApiJson(edge.sign_in.check_recovery_code(check, request).await?))
}

/// The next access token for a refresh secret.
///
/// The client names the hash of the secret that shall follow, and may repeat the same request until it has used that
/// one. Any other use of an older secret ends the session.
#[utoipa::path(
    post, path = "/v1/session/refresh", tag = "session", request_body = RefreshRequest,
    responses((status = 200, description = "The session goes on.", body = Session))
)]
pub(super) async fn refresh(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<RefreshRequest>,
) -> Result<ApiJson<Session>, Failure> {
    let session = edge.sessions.refresh(check, request).await?;
    #[cfg(feature = "fail-points")]
    crate::fail_point::reached(crate::fail_point::Place::RefreshAnswer);
    Ok(ApiJson(session))
}

/// Signs out.
#[utoipa::path(
    delete, path = "/v1/session", tag = "session",
    responses((status = 204, description = "The session has ended."))
)]
pub(super) async fn sign_out(
    State(edge): State<Edge>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    edge.sessions.sign_out(caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
