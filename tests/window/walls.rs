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

    let frame = "window.framed = null;\
                 document.addEventListener('securitypolicyviolation', event => {\
                   if (event.blockedURI.includes('example.org')) window.framed = 'refused'; });\
                 const frame = document.createElement('iframe'); frame.src = 'https://example.org/';\
                 document.body.append(frame);";
    probe(frame)?;
    desk.until("a foreign frame is refused", "return window.framed === 'refused';", &[])?;

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

#[test]
fn the_gate_stops_every_message_that_the_interface_does_not_take() -> Result<()> {
    let desk = Desk::sit_down()?;
    desk.wait("join-link")?;
    let answer = |script: &str| -> Result<Value> {
        desk.run(
            &format!(
                "window.answer = null; const {{ invoke }} = window.__TAURI_INTERNALS__;\
                 ({script}).then(() => 'done', error => error?.code ?? String(error))\
                   .then(answer => {{ window.answer = answer; }});"
            ),
            &[],
        )?;
        desk.until("an answer", "return window.answer !== null;", &[])?;
        desk.run("return window.answer;", &[])
    };

    // Tauri's own list knows these commands not at all, or with more than the page ever sends: only
    // the gate gives such a code.
    for (code, script) in [
        ("permission_denied", "invoke('conversation_erase', {request: {}})"),
        ("permission_denied", "invoke('plugin:event|emit', {event: 'recado://event', payload: 1})"),
        ("permission_denied", "invoke('__proto__', {request: {}})"),
        ("invalid_request", "invoke('app_state', {request: {}, more: 1})"),
        ("invalid_request", "invoke('app_state', {})"),
        ("invalid_request", "invoke('app_state', new Uint8Array([123, 125]))"),
        ("invalid_request", "invoke('app_state', {request: {when: new Date()}})"),
        (
            "invalid_request",
            "invoke('plugin:event|listen', {event: 'tauri://x', target: {kind: 'Any'}, handler: 1})",
        ),
        ("invalid_request", "invoke('plugin:webview|set_webview_zoom', {value: 1, label: 'main'})"),
        ("too_large", "invoke('search', {request: {query: 'x'.repeat(100_000)}})"),
        ("too_large", "invoke('draft_save', {request: {body_text: 'x'.repeat(2_000_000)}})"),
        ("too_large", "invoke('search', {request: {query: Array(5_000).fill(1)}})"),
        ("too_large", "invoke('search', {request: [...Array(20)].reduce(inner => ({inner}), {})})"),
    ] {
        assert_eq!(answer(script)?, json!(code), "{script}");
    }
    assert_eq!(answer("invoke('app_state', {request: {}})")?, json!("done"));
    assert_eq!(answer("invoke('plugin:webview|set_webview_zoom', {value: 1})")?, json!("done"));

    // Whoever goes round the gate has no key: what is not sealed is never opened.
    let around = "new Promise((resolve, reject) => { const { transformCallback, postMessage } = \
                  window.__TAURI_INTERNALS__; postMessage({cmd: 'app_state', payload: PAYLOAD, \
                  callback: transformCallback(resolve), error: transformCallback(reject)}); })";
    for payload in [
        "{command: 'app_state', request: {}}",
        "{nonce: Array(12).fill(0), payload: Array(40).fill(0), contentType: 'application/json'}",
    ] {
        let told = answer(&around.replace("PAYLOAD", payload))?;
        assert_ne!(told, json!("done"), "{payload}");
    }

    // The page cannot reach into the gate, and sees nothing of it.
    let inside = "try { return String(document.querySelector('#__tauri_isolation__').contentWindow.RECADO_COMMANDS); } \
                  catch { return 'refused'; }";
    assert_eq!(desk.run(inside, &[])?, json!("refused"));
    let height =
        "return document.querySelector('#__tauri_isolation__').getBoundingClientRect().height;";
    assert_eq!(desk.run(height, &[])?, json!(0));
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
