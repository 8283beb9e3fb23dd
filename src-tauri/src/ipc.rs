//! The bridge: each command of the host interface goes to the headless client, each of its events
//! to the one event channel.

use std::sync::Arc;

use recado_client::Launcher;
use recado_protocol::ErrorCode;
use recado_protocol::host::{Commands, HostError};
use serde_json::Value;
use tauri::ipc::{Invoke, InvokeBody, InvokeError};
use tauri::{Manager as _, Wry};

use crate::links::Links;

/// The event channel's name in the webview.
pub(crate) const EVENT: &str = "recado://event";

/// Answers a call of the webview. The gate (`src-tauri/isolation`) has checked and sealed it, and
/// Tauri has checked that the window may make it; the name is checked again here, so that a
/// permission file alone can never open a command.
pub(crate) fn handle(invoke: Invoke<Wry>) -> bool {
    let name = invoke.message.command();
    let Some(name) = Commands::NAMES.iter().copied().find(|known| *known == name) else {
        return false;
    };
    let request = request_of(name, invoke.message.payload());
    let launcher = invoke.message.webview_ref().try_state::<Arc<Launcher>>();
    let launcher = launcher.map(|launcher| launcher.inner().clone());
    if name == "app_state" {
        // The page asks this as soon as it listens, and before anything else.
        invoke.message.webview_ref().state::<Links>().page_listens();
    }
    invoke.resolver.respond_async(async move {
        let request = request.map_err(|error| to_invoke_error(&error))?;
        let Some(launcher) = launcher else {
            return Err(to_invoke_error(&HostError {
                code: ErrorCode::ClientFailed,
                message: "The program is still starting. Try again.".to_owned(),
                retry_after_s: Some(1),
            }));
        };
        launcher.invoke(name, request).await.map_err(|error| to_invoke_error(&error))
    });
    true
}

/// The request in what the gate has sealed. The name stands under the seal too, so that what was
/// checked as one command cannot be sent as another.
fn request_of(name: &str, body: &InvokeBody) -> Result<Value, HostError> {
    let refused = |code, message: &str| HostError {
        code,
        message: format!("The program's own gate refused this: {message}."),
        retry_after_s: None,
    };
    let InvokeBody::Json(sealed) = body else {
        return Err(refused(ErrorCode::InvalidRequest, "bytes are no message"));
    };
    if let Some(code) = sealed.get("stopped") {
        let code = serde_json::from_value(code.clone()).unwrap_or(ErrorCode::InvalidRequest);
        let reason = sealed.get("reason").and_then(Value::as_str).unwrap_or("it cannot be read");
        return Err(refused(code, reason));
    }
    if sealed.get("command").and_then(Value::as_str) != Some(name) {
        return Err(refused(ErrorCode::InvalidRequest, "it was sealed for another command"));
    }
    Ok(sealed.get("request").cloned().unwrap_or_default())
}

fn to_invoke_error(error: &HostError) -> InvokeError {
    InvokeError(serde_json::to_value(error).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(name: &str, sealed: Value) -> Option<ErrorCode> {
        request_of(name, &InvokeBody::Json(sealed)).err().map(|error| error.code)
    }

    #[test]
    fn only_what_was_sealed_for_a_command_is_its_request() {
        let sealed = json!({"command": "search", "request": {"query": "x"}});
        let request = request_of("search", &InvokeBody::Json(sealed.clone()));
        assert_eq!(request.expect("it was sealed for search"), json!({"query": "x"}));
        assert_eq!(code("sign_out", sealed), Some(ErrorCode::InvalidRequest));
        assert_eq!(code("search", json!({"request": {}})), Some(ErrorCode::InvalidRequest));
        let bytes = InvokeBody::Raw(b"{}".to_vec());
        assert!(request_of("search", &bytes).is_err());
    }

    #[test]
    fn the_reason_why_the_gate_stopped_a_message_is_its_answer() {
        let stopped = json!({"stopped": "too_large", "reason": "the message is too long"});
        assert_eq!(code("app_state", stopped), Some(ErrorCode::TooLarge));
        let newer = json!({"stopped": "of a later version", "command": "app_state"});
        assert!(code("app_state", newer).is_some(), "an unknown reason stops as well");
    }
}
