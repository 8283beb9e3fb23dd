//! From a command's name and its JSON to the method that answers it.

use std::sync::Arc;

use recado_protocol::ErrorCode;
use recado_protocol::host::{AppState, Empty, HostError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::shared::Shared;
use crate::error::failure;

fn read<T: DeserializeOwned>(name: &str, request: Value) -> Result<T, HostError> {
    // A command without fields may be called without a request.
    let request = if request.is_null() { Value::Object(serde_json::Map::new()) } else { request };
    // The parser's sentence would quote the request.
    serde_json::from_value(request).map_err(|_| {
        failure(ErrorCode::InvalidRequest, format!("the request of {name} cannot be read"))
    })
}

fn write(answer: impl Serialize) -> Result<Value, HostError> {
    serde_json::to_value(answer)
        .map_err(|error| failure(ErrorCode::ClientFailed, error.to_string()))
}

/// One arm and one name per command, each answered by the method of the same name.
macro_rules! commands {
    ($($name:ident),* $(,)?) => {
        /// The commands that are answered.
        #[cfg(test)]
        pub(super) const ROUTED: &[&str] = &[$(stringify!($name)),*];

        impl Shared {
            /// Answers a command.
            pub(super) async fn invoke(
                self: &Arc<Self>,
                name: &str,
                request: Value,
            ) -> Result<Value, HostError> {
                match name {
                    $(stringify!($name) => write(self.$name(read(name, request)?).await?),)*
                    _ => Err(failure(
                        ErrorCode::InvalidRequest,
                        "there is no such command".to_owned(),
                    )),
                }
            }
        }
    };
}

commands! {
    app_state, workspace_join, workspace_leave, sign_in, sign_in_code, sign_in_recovery,
    sign_in_cancel,
    sign_in_ways, sso_begin, sso_open_again, sso_cancel, enrolment_password, enrolment_back,
    enrolment_code, enrolment_finish, enrolment_cancel, sign_out,
    connection_retry, problem_retry, cache_reset, vault_create, vault_unlock, vault_leave,
    storage_decline,
    app_lock_set, app_lock_remove, app_lock, app_unlock, sidebar, directory, inbox_page, conversation_open,
    conversation_parts, command_submit, outbox, outbox_retry, outbox_discard, draft_save, drafts,
    search, account_security, step_up, step_up_sso, step_up_sso_open_again, step_up_sso_cancel,
    password_check, password_change, recovery_codes_make,
    recovery_codes_save, authenticator_setup, authenticator_confirm, sessions, sessions_end, sessions_seen,
    security_checkup, personal_links, personal_link_invite, personal_link_reset, personal_link_revoke,
    settings_save, about, link_open, focus_changed,
}

impl Shared {
    async fn app_state(self: &Arc<Self>, _: Empty) -> Result<AppState, HostError> {
        Ok(self.state())
    }
}

#[cfg(test)]
mod tests {
    use recado_protocol::host::Commands;

    #[test]
    fn every_command_is_routed_and_nothing_else() {
        assert_eq!(super::ROUTED, Commands::NAMES);
    }
}
