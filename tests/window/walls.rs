//! What the page may not do, whatever it shows.

use anyhow::Result;
use recado_protocol::channel::ChannelMessage;
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::{Engine, TestServer};
use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn the_page_can_neither_run_foreign_code_nor_reach_the_network_nor_leave() -> Result<()> {
    let desk = Desk::sit_down()?;
    desk.wait("join-link")?;
    let probe = |script: &str| desk.run(script, &[]);

    let inline = "const script = document.createElement('script');\
                  script.textContent = 'window.ran = true'; document.head.append(script);\
                  return window.ran ?? false;";
    assert_eq!(probe(inline)?, json!(false), "an inline script ran");
    let eval = "window.seen = []; const listen = event => window.seen.push(event.effectiveDirective);\
                document.addEventListener('securitypolicyviolation', listen);\
                const element = document.createElement('div'); document.body.append(element);\
                element.setAttribute('onclick', 'window.handled = true'); element.click();\
                return window.handled ?? false;";
    assert_eq!(probe(eval)?, json!(false), "an inline handler ran");

    // Each answers with what became of it.
    for (what, script) in [
        ("a request", "fetch('https://example.com/').then(() => 'sent', () => 'refused')"),
        (
            "a request to this machine",
            "fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'refused')",
        ),
        (
            "a command that does not exist",
            "window.__TAURI_INTERNALS__.invoke('conversation_erase', {}).then(() => 'done', () => 'refused')",
        ),
        (
            "a command of Tauri's own",
            "window.__TAURI_INTERNALS__.invoke('plugin:webview|create_webview_window', {options: {}})\
             .then(() => 'done', () => 'refused')",
        ),
        (
            "opening a file outside",
            "window.__TAURI_INTERNALS__.invoke('link_open', {request: {url: 'file:///etc/passwd'}})\
             .then(() => 'done', error => error.code)",
        ),
    ] {
        let ask = format!(
            "window.answer = null; {script}.then(answer => {{ window.answer = answer; }});"
        );
        probe(&ask)?;
        desk.until(&format!("an answer to {what}"), "return window.answer !== null;", &[])?;
        let answer = probe("return window.answer;")?;
        let refused = [json!("refused"), json!("link_refused")];
        assert!(refused.contains(&answer), "{what}: {answer}");
    }

    let address = probe("return location.href;")?;
    for target in [
        "https://example.com/",
        "data:text/html,<p>x",
        "file:///etc/passwd",
        "javascript:document.title='left'",
    ] {
        desk.run(
            "try { location.href = arguments[0]; } catch { /* refused */ }",
            &[json!(target)],
        )?;
        desk.run("window.open(arguments[0]);", &[json!(target)])?;
        assert_eq!(probe("return location.href;")?, address, "{target}");
        assert_ne!(probe("return document.title;")?, json!("left"), "{target}");
    }
    desk.wait("join-link")?;
    assert_eq!(probe("return typeof window.__TAURI__;")?, json!("undefined"));
    assert_eq!(probe("return Object.isFrozen(Object.prototype);")?, json!(true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_html_runs_nothing_and_loads_nothing() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Mallory", None, "first words").await?;
    let html = "<table><tr><td>harmless words</td></tr></table>\
        <script>top.ran = 1; parent.ran = 1</script>\
        <img src=x onerror='parent.ran = 1'><svg onload='parent.ran = 1'></svg>\
        <iframe srcdoc='<script>top.ran = 1</script>'></iframe>\
        <a href='javascript:parent.ran = 1'>click me</a>\
        <style>@import 'https://example.com/x.css'; * { display: none }</style>\
        <form action='https://example.com'><button>send</button></form>\
        <img src='https://example.com/pixel.png'><meta http-equiv=refresh content='0;url=https://example.com'>";
    let body_html = Some(html.to_owned());
    shop.add(id, ChannelMessage { body_html, ..ChannelMessage::default() }).await?;

    let link = server.join_link();
    tokio::task::spawn_blocking(move || -> Result<()> {
        let desk = Desk::sit_down()?;
        desk.sign_in(&link, &ana)?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.until_shown("[data-testid=message]", "first words")?;
        let frame = "return Boolean(document.querySelector('[data-testid=message] iframe'));";
        desk.until("the frame with the customer's HTML", frame, &[])?;
        let sandbox: Value = desk.run(
            "return document.querySelector('[data-testid=message] iframe').getAttribute('sandbox');",
            &[],
        )?;
        let sandbox = sandbox.as_str().unwrap_or("none");
        assert!(!sandbox.contains("allow-scripts") && !sandbox.contains("allow-same-origin"));
        assert_ne!(sandbox, "none", "the frame is sandboxed");
        let source = desk.run(
            "return document.querySelector('[data-testid=message] iframe').srcdoc;",
            &[],
        )?;
        let source = source.as_str().unwrap_or_default().to_lowercase();
        assert!(source.contains("harmless words"));
        for hostile in ["<script", "onerror", "onload", "javascript:", "<iframe", "<form", "@import"] {
            assert!(!source.contains(hostile), "{hostile} reached the frame");
        }
        assert_eq!(desk.run("return window.ran ?? null;", &[])?, Value::Null);
        let loaded = "return performance.getEntriesByType('resource')\
                      .filter(entry => entry.name.includes('example.com')).length;";
        assert_eq!(desk.run(loaded, &[])?, json!(0));
        Ok(())
    })
    .await?
}
