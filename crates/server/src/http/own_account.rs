//! What the owner of an account does with it.

use axum::extract::State;
use axum::http::StatusCode;
use recado_protocol::TeammateId;
use recado_protocol::account::{
    AccountSecurity, AuthenticatorSetup, ChangePasswordRequest, ConfirmAuthenticatorRequest,
    EndSessionsRequest, ErasedRequest, PasswordCheck, PasswordCheckRequest, RecoveryCodes,
    SeenSessionsRequest, SessionList, StepUpRequest,
};

use super::extract::{ApiJson, ApiPath};
use super::failure::Failure;
use super::state::Edge;
use crate::gate::SecretCheck;
use crate::session::Caller;

/// How one's own account is protected.
#[utoipa::path(
    get, path = "/v1/account/security", tag = "account",
    responses((status = 200, description = "Password, authenticator and recovery codes.", body = AccountSecurity))
)]
pub(super) async fn security(
    State(edge): State<Edge>,
    caller: Caller,
) -> Result<ApiJson<AccountSecurity>, Failure> {
    Ok(ApiJson(edge.own_account.security(caller).await?))
}

/// Shows the second factor again, for what is dangerous.
#[utoipa::path(
    post, path = "/v1/session/step-up", tag = "account", request_body = StepUpRequest,
    responses((status = 200, description = "For five minutes this session may do what is dangerous.", body = AccountSecurity))
)]
pub(super) async fn step_up(
    State(edge): State<Edge>,
    check: SecretCheck,
    caller: Caller,
    ApiJson(request): ApiJson<StepUpRequest>,
) -> Result<ApiJson<AccountSecurity>, Failure> {
    Ok(ApiJson(edge.own_account.step_up(check, caller, request).await?))
}

/// What there is against a password that somebody thinks of.
#[utoipa::path(
    post, path = "/v1/account/password/check", tag = "account", request_body = PasswordCheckRequest,
    responses((status = 200, description = "Every reason against it; none if it is accepted.", body = PasswordCheck))
)]
pub(super) async fn check_password(
    State(edge): State<Edge>,
    caller: Caller,
    ApiJson(request): ApiJson<PasswordCheckRequest>,
) -> Result<ApiJson<PasswordCheck>, Failure> {
    Ok(ApiJson(edge.own_account.check_password(caller, request).await?))
}

/// Replaces the password.
///
/// Every other session of the account ends.
#[utoipa::path(
    post, path = "/v1/account/password", tag = "account", request_body = ChangePasswordRequest,
    responses((status = 200, description = "It is replaced.", body = AccountSecurity))
)]
pub(super) async fn change_password(
    State(edge): State<Edge>,
    check: SecretCheck,
    caller: Caller,
    ApiJson(request): ApiJson<ChangePasswordRequest>,
) -> Result<ApiJson<AccountSecurity>, Failure> {
    Ok(ApiJson(edge.own_account.change_password(check, caller, request).await?))
}

/// Makes new recovery codes.
///
/// The ones before are good for nothing from then on. Needs a second factor that was shown in the last five minutes.
#[utoipa::path(
    post, path = "/v1/account/recovery-codes", tag = "account",
    responses((status = 200, description = "Shown this once.", body = RecoveryCodes))
)]
pub(super) async fn make_recovery_codes(
    State(edge): State<Edge>,
    caller: Caller,
) -> Result<ApiJson<RecoveryCodes>, Failure> {
    Ok(ApiJson(edge.own_account.make_recovery_codes(caller).await?))
}

/// Begins to set up another authenticator.
///
/// The present one stays until a code of the new one was shown. Needs a second factor that was shown in the last five
/// minutes.
#[utoipa::path(
    post, path = "/v1/account/authenticator", tag = "account",
    responses((status = 200, description = "The secret, shown this once.", body = AuthenticatorSetup))
)]
pub(super) async fn set_up_authenticator(
    State(edge): State<Edge>,
    caller: Caller,
) -> Result<ApiJson<AuthenticatorSetup>, Failure> {
    Ok(ApiJson(edge.own_account.set_up_authenticator(caller).await?))
}

/// Puts the new authenticator in the place of the present one.
///
/// Every other session of the account ends.
#[utoipa::path(
    post, path = "/v1/account/authenticator/confirm", tag = "account",
    request_body = ConfirmAuthenticatorRequest,
    responses((status = 200, description = "It is the account's from now on.", body = AccountSecurity))
)]
pub(super) async fn confirm_authenticator(
    State(edge): State<Edge>,
    check: SecretCheck,
    caller: Caller,
    ApiJson(request): ApiJson<ConfirmAuthenticatorRequest>,
) -> Result<ApiJson<AccountSecurity>, Failure> {
    Ok(ApiJson(edge.own_account.confirm_authenticator(check, caller, request).await?))
}

/// The caller's own sessions.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "account",
    responses((status = 200, description = "Those whose machines may hold a copy.", body = SessionList))
)]
pub(super) async fn list_sessions(
    State(edge): State<Edge>,
    caller: Caller,
) -> Result<ApiJson<SessionList>, Failure> {
    Ok(ApiJson(edge.own_account.list_sessions(caller).await?))
}

/// Ends sessions of the caller's own, or has their machines erase their copies.
#[utoipa::path(
    post, path = "/v1/sessions/end", tag = "account", request_body = EndSessionsRequest,
    responses((status = 200, description = "The sessions as they are now.", body = SessionList))
)]
pub(super) async fn end_sessions(
    State(edge): State<Edge>,
    caller: Caller,
    ApiJson(request): ApiJson<EndSessionsRequest>,
) -> Result<ApiJson<SessionList>, Failure> {
    Ok(ApiJson(edge.own_account.end_sessions(caller, request).await?))
}

/// Says that sessions on machines where the account was not known are its owner's own doing.
#[utoipa::path(
    post, path = "/v1/sessions/seen", tag = "account", request_body = SeenSessionsRequest,
    responses((status = 200, description = "The sessions as they are now.", body = SessionList))
)]
pub(super) async fn note_sessions_seen(
    State(edge): State<Edge>,
    caller: Caller,
    ApiJson(request): ApiJson<SeenSessionsRequest>,
) -> Result<ApiJson<SessionList>, Failure> {
    Ok(ApiJson(edge.own_account.note_sessions_seen(caller, request).await?))
}

/// The sessions of a teammate.
#[utoipa::path(
    get, path = "/v1/teammates/{id}/sessions", tag = "account",
    params(("id" = TeammateId, Path, description = "The teammate.")),
    responses((status = 200, description = "Those whose machines may hold a copy.", body = SessionList))
)]
pub(super) async fn list_sessions_of(
    State(edge): State<Edge>,
    ApiPath(whose): ApiPath<TeammateId>,
) -> Result<ApiJson<SessionList>, Failure> {
    Ok(ApiJson(edge.own_account.list_sessions_of(whose).await?))
}

/// Ends sessions of a teammate, or has their machines erase their copies.
///
/// Needs a second factor that was shown in the last five minutes.
#[utoipa::path(
    post, path = "/v1/teammates/{id}/sessions/end", tag = "account", request_body = EndSessionsRequest,
    params(("id" = TeammateId, Path, description = "The teammate.")),
    responses((status = 200, description = "The sessions as they are now.", body = SessionList))
)]
pub(super) async fn end_sessions_of(
    State(edge): State<Edge>,
    caller: Caller,
    ApiPath(whose): ApiPath<TeammateId>,
    ApiJson(request): ApiJson<EndSessionsRequest>,
) -> Result<ApiJson<SessionList>, Failure> {
    Ok(ApiJson(edge.own_account.end_sessions_of(caller, whose, request).await?))
}

/// Says that this machine has erased its copy, as it was told to.
#[utoipa::path(
    post, path = "/v1/session/erased", tag = "account", request_body = ErasedRequest,
    responses((status = 204, description = "It is noted."))
)]
pub(super) async fn erased(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<ErasedRequest>,
) -> Result<StatusCode, Failure> {
    edge.own_account.erased(check, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
