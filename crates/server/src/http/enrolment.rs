//! Personal links: what an admin does with them, and what whoever opens one does.

use axum::extract::State;
use recado_protocol::account::PasswordCheck;
use recado_protocol::enrolment::{
    CheckEnrolmentPasswordRequest, ChooseEnrolmentPasswordRequest, CompleteEnrolmentRequest,
    Enrolment, EnrolmentLinks, InviteRequest, LetterLanguage, MadeLink, OpenEnrolmentRequest,
    ResetRequest,
};
use recado_protocol::identity::Session;
use recado_protocol::{EnrolmentId, TeammateId};

use super::extract::{ApiJson, ApiPath};
use super::failure::Failure;
use super::state::Edge;
use crate::enrolment::Made;
use crate::gate::SecretCheck;
use crate::session::Caller;
use crate::storage::audit::Actor;
use crate::storage::workspace;

/// Invites somebody.
///
/// An open link for the same address is good for nothing from then on. Nobody can invite into a role that allows more
/// than their own. Needs a second factor that was shown in the last five minutes.
#[utoipa::path(
    post, path = "/v1/invitations", tag = "people", request_body = InviteRequest,
    responses((status = 200, description = "The link, shown this once.", body = MadeLink))
)]
pub(super) async fn invite(
    State(edge): State<Edge>,
    caller: Caller,
    ApiJson(request): ApiJson<InviteRequest>,
) -> Result<ApiJson<MadeLink>, Failure> {
    let language = request.language;
    made(&edge, edge.enrolments.invite(caller, request).await?, language).await
}

/// Invitations and resets of the past 90 days.
#[utoipa::path(
    get, path = "/v1/invitations", tag = "people",
    responses((status = 200, description = "The newest first, without their secrets.", body = EnrolmentLinks))
)]
pub(super) async fn list(State(edge): State<Edge>) -> Result<ApiJson<EnrolmentLinks>, Failure> {
    Ok(ApiJson(edge.enrolments.list().await?))
}

/// Withdraws an invitation or a reset.
#[utoipa::path(
    post, path = "/v1/invitations/{id}/revoke", tag = "people",
    params(("id" = EnrolmentId, Path, description = "The invitation or reset.")),
    responses((status = 200, description = "The links as they are now.", body = EnrolmentLinks))
)]
pub(super) async fn revoke(
    State(edge): State<Edge>,
    caller: Caller,
    ApiPath(id): ApiPath<EnrolmentId>,
) -> Result<ApiJson<EnrolmentLinks>, Failure> {
    edge.enrolments.revoke(Actor::Teammate(caller.teammate_id), id).await?;
    Ok(ApiJson(edge.enrolments.list().await?))
}

/// Lets a teammate set anew what they sign in with.
///
/// Not one's own account, and none that may do more. Needs a second factor that was shown in the last five minutes.
#[utoipa::path(
    post, path = "/v1/teammates/{id}/reset", tag = "people", request_body = ResetRequest,
    params(("id" = TeammateId, Path, description = "The teammate.")),
    responses((status = 200, description = "The link, shown this once.", body = MadeLink))
)]
pub(super) async fn reset(
    State(edge): State<Edge>,
    caller: Caller,
    ApiPath(whose): ApiPath<TeammateId>,
    ApiJson(request): ApiJson<ResetRequest>,
) -> Result<ApiJson<MadeLink>, Failure> {
    let language = request.language;
    made(&edge, edge.enrolments.reset(caller, whose, request).await?, language).await
}

async fn made(
    edge: &Edge,
    made: Made,
    language: LetterLanguage,
) -> Result<ApiJson<MadeLink>, Failure> {
    let id = edge.workspace_id;
    let workspace = edge.core.db().read(async move |tx| workspace::get(tx, id).await).await?;
    Ok(ApiJson(made.written(&edge.join_link, &workspace.name, language)?))
}

/// Opens a personal link.
///
/// An unknown link and one that was used, was withdrawn or has run out get the same answer.
#[utoipa::path(
    post, path = "/v1/enrolment", tag = "session", request_body = OpenEnrolmentRequest,
    responses((status = 200, description = "What it is for, and what comes next.", body = Enrolment))
)]
pub(super) async fn open(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<OpenEnrolmentRequest>,
) -> Result<ApiJson<Enrolment>, Failure> {
    Ok(ApiJson(edge.enrolments.open(check, request).await?))
}

/// What there is against a password that the holder of a personal link thinks of.
#[utoipa::path(
    post, path = "/v1/enrolment/password/check", tag = "session",
    request_body = CheckEnrolmentPasswordRequest,
    responses((status = 200, description = "Every reason against it; none if it is accepted.", body = PasswordCheck))
)]
pub(super) async fn check_password(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<CheckEnrolmentPasswordRequest>,
) -> Result<ApiJson<PasswordCheck>, Failure> {
    Ok(ApiJson(edge.enrolments.check_password(check, request).await?))
}

/// Chooses name and password.
///
/// Nothing counts before the link is complete. It may be repeated; on another machine everything begins anew.
#[utoipa::path(
    post, path = "/v1/enrolment/password", tag = "session", request_body = ChooseEnrolmentPasswordRequest,
    responses((status = 200, description = "What comes next.", body = Enrolment))
)]
pub(super) async fn choose_password(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<ChooseEnrolmentPasswordRequest>,
) -> Result<ApiJson<Enrolment>, Failure> {
    Ok(ApiJson(edge.enrolments.choose_password(check, request).await?))
}

/// The last step: the second factor completes the link and begins a session.
///
/// Every other session of the account ends. The same request may be repeated if its answer was lost.
#[utoipa::path(
    post, path = "/v1/enrolment/complete", tag = "session", request_body = CompleteEnrolmentRequest,
    responses((status = 200, description = "Signed in.", body = Session))
)]
pub(super) async fn complete(
    State(edge): State<Edge>,
    check: SecretCheck,
    ApiJson(request): ApiJson<CompleteEnrolmentRequest>,
) -> Result<ApiJson<Session>, Failure> {
    Ok(ApiJson(edge.enrolments.complete(check, request).await?))
}
