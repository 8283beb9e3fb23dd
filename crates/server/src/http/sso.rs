//! Single sign-on: what the app asks, and where the browser and the provider come.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use recado_protocol::account::AccountSecurity;
use recado_protocol::identity::Session;
use recado_protocol::sso::{
    SignInWays, SignInWaysRequest, SsoCompleteRequest, SsoFlow, SsoRequest,
    SsoStepUpCompleteRequest, SsoStepUpRequest,
};
use recado_protocol::{ErrorCode, ProviderId};
use url::form_urlencoded;

use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::failure::{Failure, status_of};
use super::sso_page::{self, Language};
use super::state::Edge;
use crate::gate::SecretCheck;
use crate::session::{AuthError, Caller};
use crate::sso::{CallbackAnswer, CallbackQuery, SsoError};

/// How somebody may sign in.
///
/// The answer follows from the address's domain and the workspace's settings. It is the same for who has an account and
/// who has none.
#[utoipa::path(
    post, path = "/v1/sign-in/ways", tag = "session", request_body = SignInWaysRequest,
    responses((status = 200, description = "The ways that are offered.", body = SignInWays))
)]
pub(super) async fn ways(
    State(edge): State<Edge>,
    ApiJson(request): ApiJson<SignInWaysRequest>,
) -> Result<ApiJson<SignInWays>, Failure> {
    Ok(ApiJson(edge.sso.ways(request).await.map_err(failure)?))
}

/// Begins a single sign-on.
///
/// The app opens the address in the system's browser and awaits the browser at its own `redirect_uri`.
#[utoipa::path(
    post, path = "/v1/sign-in/sso", tag = "session", request_body = SsoRequest,
    responses((status = 200, description = "The browser is awaited.", body = SsoFlow))
)]
pub(super) async fn begin(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<SsoRequest>,
) -> Result<ApiJson<SsoFlow>, Failure> {
    Ok(ApiJson(edge.sso.begin(check, request, &edge.origin).await.map_err(failure)?))
}

/// The last step of a single sign-on: a session for what the browser has brought.
///
/// Each code is accepted once, within a minute, and only from the app whose verifier began the sign-in.
#[utoipa::path(
    post, path = "/v1/sign-in/sso/complete", tag = "session", request_body = SsoCompleteRequest,
    responses((status = 200, description = "Signed in.", body = Session))
)]
pub(super) async fn complete(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<SsoCompleteRequest>,
) -> Result<ApiJson<Session>, Failure> {
    Ok(ApiJson(edge.sso.complete(check, request).await.map_err(failure)?))
}

/// Has the provider that vouches for this session ask anew who sits there.
///
/// The app opens the address in the system's browser and awaits the browser at its own `redirect_uri`.
#[utoipa::path(
    post, path = "/v1/session/step-up/sso", tag = "account", request_body = SsoStepUpRequest,
    responses((status = 200, description = "The browser is awaited.", body = SsoFlow))
)]
pub(super) async fn begin_step_up(
    State(edge): State<Edge>,
    caller: Caller,
    ApiJson(request): ApiJson<SsoStepUpRequest>,
) -> Result<ApiJson<SsoFlow>, Failure> {
    Ok(ApiJson(edge.sso.begin_step_up(caller, request, &edge.origin).await.map_err(failure)?))
}

/// Shows what the browser has brought from the provider that vouches for this session.
#[utoipa::path(
    post, path = "/v1/session/step-up/sso/complete", tag = "account",
    request_body = SsoStepUpCompleteRequest,
    responses((status = 200, description = "This session may do what is dangerous.", body = AccountSecurity))
)]
pub(super) async fn complete_step_up(
    State(edge): State<Edge>,
    check: SecretCheck,
    caller: Caller,
    ApiJson(request): ApiJson<SsoStepUpCompleteRequest>,
) -> Result<ApiJson<AccountSecurity>, Failure> {
    edge.sso.complete_step_up(check, caller, request).await.map_err(failure)?;
    Ok(ApiJson(edge.own_account.security(caller).await?))
}

/// Where an identity provider sends the browser back to.
///
/// The browser is sent on to the app, with a code that is good once or with an error. Where nothing says where the app is,
/// a page says what to do.
#[utoipa::path(
    get, path = "/v1/sso/{provider_id}/callback", tag = "session",
    params(
        ("provider_id" = String, Path, description = "The provider."),
        ("state" = Option<String>, Query, description = "The state that began it."),
        ("code" = Option<String>, Query, description = "The provider's code."),
        ("error" = Option<String>, Query, description = "Why there is no code."),
        ("iss" = Option<String>, Query, description = "Who the provider is (RFC 9207).")
    ),
    responses(
        (status = 303, description = "To the app."),
        (status = 400, description = "A page that says what to do.", body = String, content_type = "text/html")
    )
)]
pub(super) async fn callback(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiPath(provider_id): ApiPath<ProviderId>,
    headers: HeaderMap,
    query: Result<ApiQuery<CallbackQuery>, Failure>,
) -> Response {
    let query = query.map_or_else(|_| CallbackQuery::default(), |ApiQuery(query)| query);
    match edge.sso.callback(check, provider_id, query, &edge.origin).await {
        CallbackAnswer::Redirect(to) => match HeaderValue::from_str(&to) {
            Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
            Err(_) => page(ErrorCode::SsoFailed, &headers),
        },
        CallbackAnswer::Page(code) => page(code, &headers),
    }
}

fn page(code: ErrorCode, headers: &HeaderMap) -> Response {
    let language = Language::of(headers);
    let status = match code {
        ErrorCode::TooManyAttempts | ErrorCode::Overloaded | ErrorCode::Internal => status_of(code),
        _ => StatusCode::BAD_REQUEST,
    };
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_LANGUAGE, language.name())];
    (status, headers, sso_page::write(code, language)).into_response()
}

/// Where an identity provider says that somebody has signed out there.
///
/// OpenID Connect Back-Channel Logout 1.0. The sessions that the token names end.
#[utoipa::path(
    post, path = "/v1/sso/{provider_id}/back-channel-logout", tag = "session",
    params(("provider_id" = String, Path, description = "The provider.")),
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "`logout_token` with the provider's logout token."
    ),
    responses(
        (status = 204, description = "The sessions have ended."),
        (status = 400, description = "The token does not count.", body = recado_protocol::ApiError)
    )
)]
pub(super) async fn back_channel_logout(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiPath(provider_id): ApiPath<ProviderId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let refused =
        || Failure::new(ErrorCode::InvalidRequest, "This is no logout token that counts here.");
    if !is_form(&headers) {
        return Err(refused());
    }
    let mut tokens = form_urlencoded::parse(&body).filter(|(name, _)| name == "logout_token");
    let (Some((_, token)), None) = (tokens.next(), tokens.next()) else { return Err(refused()) };
    match edge.sso.back_channel_logout(check, provider_id, &token).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(SsoError::Failed(cause)) => {
            tracing::info!(cause = %super::failure::one_line(&cause), %provider_id, "logout refused");
            Err(refused())
        }
        Err(error) => Err(failure(error)),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

fn failure(error: SsoError) -> Failure {
    match &error {
        SsoError::Failed(cause) | SsoError::Unavailable(cause) => {
            tracing::info!(cause = %super::failure::one_line(cause), "single sign-on refused");
        }
        SsoError::Denied(cause) => tracing::info!(cause, "single sign-on refused"),
        _ => {}
    }
    AuthError::from(error).into()
}
