//! What the shell's files say, compared with what they are about.

use std::path::Path;

use recado_protocol::host::Commands;
use serde_json::{Value, json};

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
