//! The bridge: each command of the host interface goes to the headless client, each of its events
//! to the one event channel.

use recado_client::Client;
use recado_protocol::ErrorCode;
use recado_protocol::host::{Commands, HostError};
use tauri::ipc::{Invoke, InvokeBody, InvokeError};
use tauri::{Manager as _, Wry};

/// The event channel's name in the webview.
pub(crate) const EVENT: &str = "recado://event";

/// Answers a call of the webview. Tauri has checked by then that the window may make it; the names
/// are checked again here, so that a permission file alone can never open a command.
pub(crate) fn handle(invoke: Invoke<Wry>) -> bool {
    let name = invoke.message.command();
    let Some(name) = Commands::NAMES.iter().copied().find(|known| *known == name) else {
        return false;
    };
    let request = match invoke.message.payload() {
        InvokeBody::Json(arguments) => arguments.get("request").cloned().unwrap_or_default(),
        InvokeBody::Raw(_) => serde_json::Value::Null,
    };
    let client =
        invoke.message.webview_ref().try_state::<Client>().map(|client| client.inner().clone());
    invoke.resolver.respond_async(async move {
        let Some(client) = client else {
            return Err(to_invoke_error(&HostError {
                code: ErrorCode::ClientFailed,
                message: "The program is still starting. Try again.".to_owned(),
                retry_after_s: Some(1),
            }));
        };
        client.invoke(name, request).await.map_err(|error| to_invoke_error(&error))
    });
    true
}

fn to_invoke_error(error: &HostError) -> InvokeError {
    InvokeError(serde_json::to_value(error).unwrap_or_default())
}
