//! How well the workspace is protected.

use axum::extract::State;
use recado_protocol::checkup::SecurityCheckup;

use super::extract::ApiJson;
use super::failure::Failure;
use super::state::Edge;
use crate::checkup;

/// Simple steps that make the workspace harder to break into, each looked at now.
#[utoipa::path(
    get, path = "/v1/security/checkup", tag = "security",
    responses((status = 200, description = "Every step, in the order in which they are worth taking.", body = SecurityCheckup))
)]
pub(super) async fn look(State(edge): State<Edge>) -> Result<ApiJson<SecurityCheckup>, Failure> {
    Ok(ApiJson(checkup::look(&edge.core, edge.workspace_id).await?))
}
