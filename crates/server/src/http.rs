//! The API over HTTP: routes with what they need, handlers that translate, errors, limits.

mod acting;
mod body;
mod channel;
mod checkup;
mod description;
mod enrolment;
mod entrance;
mod extract;
mod failure;
mod guard;
mod limits;
mod live;
mod own_account;
mod reading;
mod route;
mod sso;
mod sso_page;
mod state;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
use recado_protocol::Permission;
use recado_protocol::error::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::routes;

use failure::Failure;
use route::Routes;

pub use limits::EdgeLimits;
pub(crate) use limits::{Admission, HEADER_TIME};
pub use route::{Access, DeclaredRoute};
pub use state::Edge;

/// The API of a server: its router, its description and what each route was declared to need.
pub struct Api {
    /// The router.
    pub router: axum::Router,
    /// The description in OpenAPI 3.1, as JSON.
    pub description: String,
    /// Every route.
    pub routes: Vec<DeclaredRoute>,
}

/// Builds the API.
///
/// # Errors
/// [`serde_json::Error`] if the description cannot be written.
pub fn api(edge: Edge) -> Result<Api, serde_json::Error> {
    let (router, description, mut declared) = declare(edge.clone()).finish();
    let description = description::write(&description)?;
    let served = Bytes::from(description.clone());
    declared.push(DeclaredRoute {
        method: "GET",
        path: description::PATH.to_owned(),
        access: Access::Public,
    });
    let router = router
        .route(description::PATH, get(move || description::serve(served.clone())))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        // Each route's guard has read the body and knows how large it may be.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn(limits::security_headers))
        .with_state(edge);
    Ok(Api { router, description, routes: declared })
}

/// Every route with what it needs.
fn declare(edge: Edge) -> Routes {
    const READ: Access = Access::Session(Permission::ConversationRead);
    const MANAGE_SECURITY: Access = Access::Session(Permission::SecurityManage);
    const INVITE: Access = Access::Session(Permission::TeammateInvite);
    const MANAGE_SESSIONS: Access = Access::Session(Permission::SessionManage);
    Routes::new(edge, description::base())
        .add(Access::Public, routes!(entrance::server_info))
        .add(Access::Public, routes!(entrance::health))
        .add(Access::VerifiesSecret, routes!(entrance::sign_in))
        .add(Access::VerifiesSecret, routes!(entrance::sign_in_totp))
        .add(Access::VerifiesSecret, routes!(sso::ways))
        .add(Access::VerifiesSecret, routes!(sso::begin))
        .add(Access::VerifiesSecret, routes!(sso::complete))
        .add(Access::VerifiesSecret, routes!(sso::callback))
        .add(Access::VerifiesSecret, routes!(sso::back_channel_logout))
        .add(Access::VerifiesSecret, routes!(entrance::refresh))
        .add(Access::OwnSession, routes!(entrance::sign_out))
        .add(Access::VerifiesSecret, routes!(entrance::sign_in_recovery))
        .add(Access::OwnSession, routes!(own_account::security))
        .add(Access::OwnSecret, routes!(own_account::step_up))
        .add(Access::OwnSession, routes!(sso::begin_step_up))
        .add(Access::OwnSecret, routes!(sso::complete_step_up))
        .add(Access::OwnSession, routes!(own_account::check_password))
        .add(Access::OwnSecret, routes!(own_account::change_password))
        .add(Access::OwnSession, routes!(own_account::make_recovery_codes))
        .add(Access::OwnSession, routes!(own_account::set_up_authenticator))
        .add(Access::OwnSecret, routes!(own_account::confirm_authenticator))
        .add(Access::OwnSession, routes!(own_account::list_sessions))
        .add(Access::OwnSession, routes!(own_account::end_sessions))
        .add(Access::OwnSession, routes!(own_account::note_sessions_seen))
        .add(Access::VerifiesSecret, routes!(own_account::erased))
        .add(MANAGE_SESSIONS, routes!(own_account::list_sessions_of))
        .add(MANAGE_SESSIONS, routes!(own_account::end_sessions_of))
        .add(MANAGE_SECURITY, routes!(checkup::look))
        .add(INVITE, routes!(enrolment::invite, enrolment::list))
        .add(INVITE, routes!(enrolment::revoke))
        .add(Access::Session(Permission::TeammateReset), routes!(enrolment::reset))
        .add(Access::VerifiesSecret, routes!(enrolment::open))
        .add(Access::VerifiesSecret, routes!(enrolment::check_password))
        .add(Access::VerifiesSecret, routes!(enrolment::choose_password))
        .add(Access::VerifiesSecret, routes!(enrolment::complete))
        .add(READ, routes!(reading::bootstrap))
        .add(READ, routes!(reading::sync_page))
        .add(READ, routes!(reading::list_conversations))
        .add(READ, routes!(reading::conversation))
        .add(READ, routes!(reading::fetch_conversations))
        .add(READ, routes!(reading::digest))
        .add(READ, routes!(reading::find))
        .add(READ, routes!(acting::run_commands))
        .add(READ, routes!(live::ticket))
        .add(Access::VerifiesSecret, routes!(live::stream))
        .add(Access::Channel, routes!(channel::open_conversation))
        .add(Access::Channel, routes!(channel::add_message))
        .add(Access::Channel, routes!(channel::replies))
}

/// What a failure of the core is called on the wire, whatever carries it. Its cause is in the log.
pub(crate) fn failure_answer(error: crate::core::CoreError) -> recado_protocol::ApiError {
    Failure::from(error).into_error()
}

async fn nothing_here() -> Failure {
    Failure::new(ErrorCode::NotFound, "There is nothing here. See /openapi.json for what there is.")
}

async fn wrong_method() -> Failure {
    Failure::new(ErrorCode::InvalidRequest, "This address does not take this method.")
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
}
