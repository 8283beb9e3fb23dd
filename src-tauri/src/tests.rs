//! What the shell's files say, compared with what they are about.

use std::path::Path;

use recado_protocol::host::Commands;
use serde_json::{Value, json};
use tauri::ipc::Origin;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_permission_file_lists_exactly_the_host_interface() {
    let file = include_str!("../permissions/host.toml");
    let declared: Vec<&str> = file
        .lines()
        .filter_map(|line| line.strip_prefix("commands.allow = [\"")?.strip_suffix("\"]"))
        .collect();
    assert_eq!(declared, Commands::NAMES);
    for name in Commands::NAMES {
        let listed = format!("  \"allow-{}\",", name.replace('_', "-"));
        assert!(file.lines().any(|line| line == listed), "{name} is not in the set");
    }
}

/// Every security setting of the window stands here a second time: a change is a decision.
#[test]
fn the_windows_security_settings_are_those_that_were_decided() {
    let config =
        std::fs::read_to_string(root().join("tauri.conf.json")).expect("the configuration");
    let config: Value = serde_json::from_str(&config).expect("the configuration is JSON");
    let app = &config["app"];
    assert_eq!(app["withGlobalTauri"], json!(false));
    assert_eq!(
        app["security"],
        json!({
            "freezePrototype": true,
            "pattern": { "use": "isolation", "options": { "dir": "src-tauri/isolation" } },
            "capabilities": ["main-window"],
            "csp": {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": "'self'",
                "font-src": "'self'",
                "img-src": "'self' data: blob:",
                "connect-src": "ipc: http://ipc.localhost",
                "worker-src": "'none'",
                "media-src": "'none'",
                "manifest-src": "'none'",
                "object-src": "'none'",
                "base-uri": "'none'",
                "form-action": "'none'",
                "frame-ancestors": "'none'"
            },
            "dangerousDisableAssetCspModification": false
        })
    );
    for window in app["windows"].as_array().expect("the windows") {
        assert_ne!(window["devtools"], json!(true));
    }

    let capability = include_str!("../capabilities/main-window.json");
    let capability: Value = serde_json::from_str(capability).expect("the capability is JSON");
    assert_eq!(capability["windows"], json!(["main"]));
    assert_eq!(capability["remote"], Value::Null);
    assert_eq!(
        capability["permissions"],
        json!([
            "host",
            "core:event:allow-listen",
            "core:event:allow-unlisten",
            "core:webview:allow-set-webview-zoom"
        ])
    );
    let files = std::fs::read_dir(root().join("src-tauri/capabilities")).expect("the capabilities");
    assert_eq!(files.count(), 1, "one capability for the one window");
}

/// What Tauri asks before it passes a call on, with the permissions that are built into the program.
#[test]
fn no_other_window_and_no_other_page_may_call_any_command() {
    let mut context = crate::context();
    let authority = context.runtime_authority_mut();
    let may = |command: &str, window: &str, webview: &str, origin: &Origin| {
        authority.resolve_access(command, window, webview, origin).is_some()
    };
    let framework = [
        "plugin:event|listen",
        "plugin:event|unlisten",
        "plugin:webview|set_webview_zoom",
        "plugin:event|emit",
        "plugin:webview|create_webview_window",
        "plugin:window|close",
        "plugin:app|version",
        "plugin:opener|open_url",
        "plugin:opener|open_path",
        "plugin:deep-link|register",
        "plugin:window-state|save_window_state",
    ];
    let foreign = ["https://example.com/", "http://localhost:1420/", "https://tauri.localhost/"];
    for command in Commands::NAMES.iter().chain(&framework) {
        for (window, webview) in [("other", "other"), ("main-2", "main-2"), ("", "")] {
            assert!(!may(command, window, webview, &Origin::Local), "{command} from {window:?}");
        }
        for url in foreign {
            let origin = Origin::Remote { url: url.parse().expect("an address") };
            assert!(!may(command, "main", "main", &origin), "{command} from {url}");
        }
    }
    let allowed = Commands::NAMES
        .iter()
        .chain(&framework)
        .filter(|it| may(it, "main", "main", &Origin::Local));
    let expected = Commands::NAMES.iter().chain(&framework[..3]);
    assert!(allowed.eq(expected), "the window itself may what its page needs and nothing else");
}
