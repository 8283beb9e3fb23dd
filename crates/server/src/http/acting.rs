//! What agents do.

use axum::extract::State;
use recado_protocol::command::{CommandsRequest, CommandsResponse, MAX_COMMANDS_PER_REQUEST};
use recado_protocol::error::ErrorCode;

use super::extract::ApiJson;
use super::failure::Failure;
use crate::commands;
use crate::core::{Core, Principal};

/// Runs commands, each in a transaction of its own and at most once.
///
/// Reading is enough to ask; each command needs the permission of its action, and one that lacks it is refused in its
/// result.
#[utoipa::path(
    post, path = "/v1/commands", tag = "commands", request_body = CommandsRequest,
    responses((status = 200, description = "One result per command, in order.", body = CommandsResponse))
)]
pub(super) async fn run_commands(
    State(core): State<Core>,
    who: Principal,
    ApiJson(request): ApiJson<CommandsRequest>,
) -> Result<ApiJson<CommandsResponse>, Failure> {
    if request.commands.len() > MAX_COMMANDS_PER_REQUEST {
        let message = format!("At most {MAX_COMMANDS_PER_REQUEST} commands are taken at once.");
        return Err(Failure::new(ErrorCode::InvalidRequest, message));
    }
    let answer = commands::run_all(&core, who, &request).await?;
    #[cfg(feature = "fail-points")]
    crate::fail_point::reached(crate::fail_point::Place::CommandsAnswer);
    Ok(ApiJson(answer))
}
