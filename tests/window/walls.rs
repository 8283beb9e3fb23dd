//! What the page may not do, whatever it shows.

use anyhow::Result;
use recado_protocol::channel::ChannelMessage;
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::{Engine, TestServer};
use serde_json::{Value, json};

use crate::desk::{Desk, blocking};
use crate::leaving;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_neither_run_foreign_code_nor_reach_the_network_nor_leave() -> Result<()> {
    let desk = blocking(|| {
        let desk = Desk::sit_down()?;
        desk.wait("join-link")?;
        nothing_runs_or_is_sent(&desk)?;
        leaving::is_impossible(&desk)?;
        Ok(desk)
    })
    .await?;
    let desk = leaving::forged_links_do_nothing(desk).await?;
    blocking(move || desk.wait("join-submit").map(drop)).await
}

fn nothing_runs_or_is_sent(desk: &Desk) -> Result<()> {
    let probe = |script: &str| desk.run(script, &[]);

    let inline = "const script = document.createElement('script');\
                  script.textContent = 'window.ran = true'; document.head.append(script);\
                  return window.ran ?? false;";
    assert_eq!(probe(inline)?, json!(false), "an inline script ran");
    let handler = "const element = document.createElement('div'); document.body.append(element);\
                   element.setAttribute('onclick', 'window.handled = true'); element.click();\
                   return window.handled ?? false;";
    assert_eq!(probe(handler)?, json!(false), "an inline handler ran");
    text_is_no_code(desk)?;

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

    assert_eq!(probe("return typeof window.__TAURI__;")?, json!("undefined"));
    assert_eq!(probe("return Object.isFrozen(Object.prototype);")?, json!(true));
    Ok(())
}

/// Every way of a page to turn text into code.
fn text_is_no_code(desk: &Desk) -> Result<()> {
    let attempts = "window.outcomes = {}; window.violations = [];\
        document.addEventListener('securitypolicyviolation', event =>\
          window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));\
        const note = (what, outcome) => { window.outcomes[what] = outcome; };\
        const now = (what, work) => {\
          try { work(); note(what, 'ran'); } catch (error) { note(what, error.name); } };\
        now('eval', () => eval('window.ran = 1'));\
        now('indirect eval', () => (0, eval)('window.ran = 1'));\
        now('Function', () => new Function('window.ran = 1')());\
        now('async Function', () => (async () => {}).constructor('window.ran = 1')());\
        setTimeout('window.ran = 1', 0); setInterval('window.ran = 1', 1);\
        const code = 'data:text/javascript,window.ran=1';\
        import(code).then(() => note('import', 'ran'), () => note('import', 'refused'));\
        for (const source of [code, URL.createObjectURL(new Blob(['window.ran=1'])), 'https://example.org/x.js']) {\
          const script = document.createElement('script'); script.src = source;\
          const what = source.split(':')[0];\
          script.onload = () => note(what, 'ran'); script.onerror = () => note(what, 'refused');\
          document.head.append(script); }\
        now('worker', () => { const worker = new Worker(code);\
          worker.onmessage = () => note('worker', 'ran'); });\
        setTimeout(() => note('timers', window.ran ?? 'nothing'), 50);";
    desk.run(attempts, &[])?;
    let all =
        "return ['import', 'data', 'blob', 'https', 'timers'].every(it => it in window.outcomes);";
    desk.until("every attempt has ended", all, &[])?;
    let outcomes = desk.run("return window.outcomes;", &[])?;
    for what in ["eval", "indirect eval", "Function", "async Function"] {
        assert_eq!(outcomes[what], json!("EvalError"), "{what}");
    }
    for what in ["import", "data", "blob", "https"] {
        assert_eq!(outcomes[what], json!("refused"), "{what}");
    }
    assert_eq!(outcomes["timers"], json!("nothing"), "text in a timer ran");
    assert_eq!(desk.run("return window.ran ?? null;", &[])?, Value::Null);
    let told: Vec<String> = serde_json::from_value(desk.run("return window.violations;", &[])?)?;
    for refused in ["script-src", "worker-src none"] {
        let directive = refused.split(' ').next().unwrap_or_default();
        assert!(told.iter().any(|line| line.starts_with(directive)), "{refused}: {told:?}");
    }
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

/// Every way that is known to run, load or ask something, each of which would leave its mark. The
/// tests in Chromium use the same.
const HOSTILE: &str = include_str!("../hostile/message.html");

/// What of a frame's document could run, load, ask or leave, as a parser sees it.
const DANGEROUS: &str = "const source = document.querySelector('[data-testid=message] iframe').srcdoc;\
    const page = new DOMParser().parseFromString(source, 'text/html');\
    const names = 'html head meta body font h2 table tbody tr td p div a center b i'.split(' ');\
    const elements = [...page.querySelectorAll('*')];\
    const strange = elements.filter(element => !names.includes(element.localName));\
    const active = /^on|^style$|src|href|action|background|^ping$|^id$|^name$/;\
    const attributes = elements.filter(element => element.localName !== 'meta')\
      .flatMap(element => element.getAttributeNames()).filter(name => active.test(name));\
    const told = elements.filter(it => it.localName === 'meta').map(it => it.httpEquiv).join();\
    return [...strange.map(element => element.localName), ...attributes,\
      ...(told === ',Content-Security-Policy,' ? [] : [`meta: ${told}`])];";

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_html_runs_nothing_and_loads_nothing() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Mallory", None, "first words").await?;
    let body_html = Some(HOSTILE.to_owned());
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
        assert_eq!(desk.run(DANGEROUS, &[])?, json!([]));
        let shown = "return document.querySelector('[data-testid=message] iframe').srcdoc.includes('Fresh this week');";
        assert_eq!(desk.run(shown, &[])?, json!(true), "what is harmless can be read");
        assert_eq!(desk.run("return window.ran ?? null;", &[])?, Value::Null);
        let loaded = "return performance.getEntriesByType('resource')\
                      .filter(entry => entry.name.includes('evil.example')).length;";
        assert_eq!(desk.run(loaded, &[])?, json!(0));
        // No command reached the program either: nobody was signed out.
        desk.wait("conversation-list")?;
        Ok(())
    })
    .await?
}
