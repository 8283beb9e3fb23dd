//! The API's description in OpenAPI 3.1.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use recado_protocol::error::{ApiError, ErrorCode};
use recado_protocol::live::{LiveFrame, LiveRequest};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// Where the description is served.
pub(super) const PATH: &str = "/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Recado",
        description = "Conversations with customers. `x-required-permission` names what each operation needs.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    components(schemas(ApiError, ErrorCode, LiveFrame, LiveRequest)),
    tags(
        (name = "server", description = "The server itself."),
        (name = "session", description = "Signing in, refreshing, signing out."),
        (name = "account", description = "One's own account, and sessions."),
        (name = "security", description = "How well the workspace is protected."),
        (name = "people", description = "Who belongs to the workspace: invitations and resets."),
        (name = "sync", description = "How a client's cache is filled and kept in step."),
        (name = "commands", description = "What an agent does."),
        (name = "channel", description = "What a customer's system uses.")
    ),
    modifiers(&Schemes)
)]
struct Base;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let bearer = |text: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text));
            SecurityScheme::Http(scheme.build())
        };
        let components = description.components.get_or_insert_default();
        let session = bearer("The access token of a session. It runs out after five minutes.");
        components.add_security_scheme("session", session);
        components.add_security_scheme("channel", bearer("The key of a channel."));
    }
}

/// The description without its routes.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// The description as text, the same each time.
pub(super) fn write(description: &utoipa::openapi::OpenApi) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(description)?;
    value.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&value)?;
    text.push('\n');
    Ok(text)
}

pub(super) async fn serve(text: Bytes) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}
