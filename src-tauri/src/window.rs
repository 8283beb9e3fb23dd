//! The one window.

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager as _, WebviewWindowBuilder};

/// The window's label, which the capability names.
pub(crate) const MAIN: &str = "main";

/// Opens the window of the configuration. It shows the app's own pages and nothing else: every
/// other navigation and every new window is denied.
pub(crate) fn open(app: &AppHandle) -> tauri::Result<()> {
    let config = app.config().app.windows.iter().find(|window| window.label == MAIN);
    let Some(config) = config else { return Ok(()) };
    WebviewWindowBuilder::from_config(app, config)?
        .incognito(!driven_by_a_test())
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Whether a test drives the window. WebKit can drive only a webview with a profile of its own on the
/// disk, so a test's webview has one, in which the test then looks for what must not be there. A
/// release is never driven and never has one.
fn driven_by_a_test() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some()
}

/// Brings the window back to the front.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // A window manager may refuse any of these; the others still help.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// Whether the address is one of the app's own pages, by scheme and host.
fn is_own_page(url: &url::Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Windows serves the app's pages under this name.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        // The frame that shows a customer's HTML; it has no address of its own.
        "about" => matches!(url.path(), "blank" | "srcdoc"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_apps_own_pages_are_navigated_to() {
        let own = |text: &str| is_own_page(&url::Url::parse(text).expect("a valid address"));
        for text in ["tauri://localhost/", "tauri://localhost/index.html#x", "about:srcdoc"] {
            assert!(own(text), "{text}");
        }
        for text in [
            "https://example.com/",
            "http://localhost/",
            "tauri://evil/",
            "https://tauri.localhost.evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "about:config",
            "recado://join?url=x",
            "blob:https://example.com/x",
        ] {
            assert!(!own(text), "{text}");
        }
    }
}
