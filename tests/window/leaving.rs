//! The window stays where it is: whatever a page tries, it goes to no other address, opens no other
//! window and asks no other machine; and a link from outside does nothing but what it may.

use std::io::{ErrorKind, Read as _};
use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use xtask::poll;

use crate::desk::{Desk, PATIENCE, blocking};

/// How long is listened to a connection. A request would come with it.
const HEARD_OUT: Duration = Duration::from_secs(2);

/// Addresses to which no window of the app goes. `SERVER` answers, if it is asked.
const ADDRESSES: [&str; 24] = [
    "http://SERVER/page",
    "https://SERVER/page",
    "//SERVER/page",
    "ftp://SERVER/file",
    "http://user:password@SERVER/",
    "https://example.com/",
    "https://tauri.localhost.example.com/",
    "http://localhost/",
    "tauri://example.com/",
    "ipc://localhost/app_state",
    "isolation://example.com/",
    "asset://localhost/etc/passwd",
    "file:///etc/passwd",
    "file://localhost/etc/",
    "data:text/html,<title>left</title>",
    "data:text/html;base64,PHRpdGxlPmxlZnQ8L3RpdGxlPg==",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    "javascript:document.title='left'",
    "about:config",
    "view-source:tauri://localhost/",
    "webkit://gpu",
    "mailto:ana@example.com",
    "recado://join?url=https%3A%2F%2FSERVER",
    "no-such-scheme:x",
];

/// Ways to go somewhere that are not an assignment. `there` is the address.
const WAYS: [&str; 18] = [
    "location.assign(there)",
    "location.replace(there)",
    "window.open(there, '_self')",
    "window.open(there, '_top')",
    "window.open(there, 'other', 'width=200')",
    "history.pushState(null, '', there)",
    "make('a', {href: there}).click()",
    "make('a', {href: there, target: '_blank'}).click()",
    "make('a', {href: there, target: '_top', rel: 'opener'}).click()",
    "make('a', {href: there, download: 'file.html'}).click()",
    "make('form', {action: there}).submit()",
    "make('form', {action: there, method: 'post', target: '_blank'}).submit()",
    "make('meta', {httpEquiv: 'refresh', content: `0;url=${there}`})",
    "make('iframe', {src: there})",
    "make('iframe', {srcdoc: `<meta http-equiv=refresh content='0;url=${there}'>`})",
    "make('object', {data: there})",
    "make('link', {rel: 'prefetch', href: there})",
    "navigator.sendBeacon(there, 'x')",
];

/// Tries every address and every way. The page has to be the app's.
pub(crate) fn is_impossible(desk: &Desk) -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    server.set_nonblocking(true)?;
    let own = server.local_addr()?.to_string();
    desk.run("window.stays = true;", &[])?;
    let address = desk.run("return location.href;", &[])?;
    let title = desk.run("return document.title;", &[])?;

    let page = format!("http://{own}/page");
    let mut attempts = Vec::new();
    for there in ADDRESSES {
        let there = there.replace("SERVER", &own);
        attempts.push(("location.href = there", there.clone()));
        attempts.push(("window.open(there)", there));
    }
    attempts.extend(WAYS.map(|way| (way, page.clone())));
    for (number, (way, there)) in attempts.iter().enumerate() {
        attempt(desk, number, way, there)?;
        let what = format!("{way}, {there}");
        ensure!(desk.run("return window.stays === true;", &[])? == json!(true), "{what}");
        ensure!(desk.run("return location.href;", &[])? == address, "{what}");
        ensure!(desk.run("return document.title;", &[])? == title, "{what}");
        asked_nobody(&server, &what)?;
    }
    drag_a_link_onto_the_page(desk, &page)?;
    ensure!(desk.run("return window.stays === true;", &[])? == json!(true), "a dragged link");
    asked_nobody(&server, "a dragged link")?;

    // Going to a page of the app's own is possible, so these were looked at.
    attempt(desk, attempts.len(), "location.href = there", "tauri://localhost/index.html?again")?;
    desk.until("the app's own page", "return window.stays !== true;", &[])?;
    desk.wait("join-link").map(drop)
}

/// Whether anything was asked of the server. The webview may connect to where a link leads before it is
/// decided whether the window goes there; it says nothing on such a connection.
fn asked_nobody(server: &TcpListener, what: &str) -> Result<()> {
    let mut connection = match server.accept() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
        accepted => accepted?.0,
    };
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(HEARD_OUT))?;
    let mut asked = [0; 64];
    match connection.read(&mut asked) {
        Ok(0) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
        said => bail!("{what}: the page asked another machine: {said:?}, {asked:?}"),
    }
}

/// Makes the attempt and waits until the window has decided on it.
fn attempt(desk: &Desk, number: usize, way: &str, there: &str) -> Result<()> {
    let script = format!(
        "const there = arguments[0];\
         const make = (tag, properties) => {{\
           const element = Object.assign(document.createElement(tag), properties);\
           element.className = 'attempt'; document.body.append(element); return element; }};\
         try {{ {way}; }} catch {{ /* refused at once */ }}\
         setTimeout(() => {{ window.attempted = arguments[1]; }}, 0);"
    );
    desk.run(&script, &[json!(there), json!(number)])?;
    // A navigation begins in a task before this one and is decided by the program before the
    // answer to the next question.
    let over = "const over = window.attempted === arguments[0] || window.stays !== true;\
                if (over) document.querySelectorAll('.attempt').forEach(it => it.remove());\
                return over;";
    desk.until("the attempt was made", over, &[json!(number)])
}

/// Drags a link by the pointer and lets it fall where a browser would follow it.
fn drag_a_link_onto_the_page(desk: &Desk, there: &str) -> Result<()> {
    let show = "window.drag = []; const link = document.createElement('a');\
        link.id = 'dragged'; link.href = arguments[0]; link.textContent = 'drag me';\
        Object.assign(link.style, {position: 'fixed', left: 0, top: 0, width: '300px', height: '300px',\
          zIndex: 99, display: 'block', background: 'white'});\
        for (const type of ['dragstart', 'dragover', 'dragend'])\
          addEventListener(type, () => window.drag.push(type));\
        document.body.append(link);";
    desk.run(show, &[json!(there)])?;
    let heard = |type_: &str| -> Result<bool> {
        let asked = desk.run("return window.drag.includes(arguments[0]);", &[json!(type_)])?;
        Ok(asked == json!(true))
    };
    desk.shell("xdotool mousemove 60 60 mousedown 1")?;
    let mut at = 60;
    for type_ in ["dragstart", "dragover"] {
        poll::until(&format!("`{type_}` of a dragged link"), PATIENCE, || {
            at = if at > 500 { 320 } else { at + 20 };
            desk.shell(&format!("xdotool mousemove {at} {at}"))?;
            Ok(heard(type_)?.then_some(()))
        })?;
    }
    desk.shell("xdotool mousemove 400 420 mouseup 1")?;
    desk.until("the link has fallen", "return window.drag.includes('dragend');", &[])?;
    desk.run("document.querySelector('#dragged').remove();", &[]).map(drop)
}

/// Links that nobody but somebody with bad intentions writes. They come as a second start of the
/// program hands them over.
const FORGED: [&str; 22] = [
    "recado://",
    "recado://join",
    "recado://join?",
    "recado://join?url=",
    "recado://join?url=https%3A%2F%2Fdesk.example",
    "recado://join?url=http%3A%2F%2Fdesk.example&workspace=WORKSPACE",
    "recado://join?url=javascript%3Aalert(1)&workspace=WORKSPACE",
    "recado://join?url=file%3A%2F%2F%2Fetc%2Fpasswd&workspace=WORKSPACE",
    "recado://join?url=https%3A%2F%2Fana%40desk.example&workspace=WORKSPACE",
    "recado://join?url=https%3A%2F%2Fdesk.example%2Fpath&workspace=WORKSPACE",
    "recado://join?url=https%3A%2F%2Fdesk.example%23x&workspace=WORKSPACE",
    "recado://join?url=https%3A%2F%2Fa.example&url=https%3A%2F%2Fb.example&workspace=WORKSPACE",
    "recado://join?url=https%3A%2F%2Fdesk.example&workspace=../../etc",
    "recado://join?url=https%3A%2F%2Fdesk.example&workspace=WORKSPACE&ca=not-base64!",
    "recado://open/conversation/",
    "recado://open/conversation/not-an-id",
    "recado://open/conversation/../../settings",
    "recado://open/conversation/WORKSPACE?then=sign_out",
    "recado://open/settings",
    "recado://sign_out",
    "recado://command_submit?action=conversation_close",
    "RECADO://OPEN/CONVERSATION/WORKSPACE",
];

/// The id of no workspace.
const WORKSPACE: &str = "wrk_0198f3a27c517d3e8a4b5c6d7e8f9a0b";

/// Sends forged links, and a sound one after them, which alone arrives and is shown, not followed.
pub(crate) async fn forged_links_do_nothing(desk: Desk) -> Result<Desk> {
    let listen = "window.heard = []; const { invoke, transformCallback } = window.__TAURI_INTERNALS__;\
        invoke('plugin:event|listen', {event: 'recado://event', target: {kind: 'Any'},\
          handler: transformCallback(event => window.heard.push(event.payload))})\
          .then(() => { window.listening = true; });";
    let desk = blocking(move || {
        desk.run(listen, &[])?;
        desk.until("the page listens", "return window.listening === true;", &[])?;
        Ok(desk)
    })
    .await?;

    let sound = format!("recado://join?url=https%3A%2F%2Fdesk.example&workspace={WORKSPACE}");
    let long = format!("{sound}&more={}", "x".repeat(40_000));
    let forged = FORGED.map(|link| link.replace("WORKSPACE", WORKSPACE));
    hand_over(&desk.bus()?, forged.iter().chain([&long, &sound])).await?;
    blocking(move || {
        let arrived = "const field = document.querySelector('[data-testid=join-link]');\
                       return Boolean(field?.value.includes('desk.example'));";
        desk.until("the sound link is shown", arrived, &[])?;
        let heard: Vec<Value> = serde_json::from_value(desk.run("return window.heard;", &[])?)?;
        ensure!(heard.len() == 1 && heard[0]["type"] == "join_link_received", "heard: {heard:?}");
        Ok(desk)
    })
    .await
}

/// Gives links to the app as a second start of the program does.
async fn hand_over(bus: &str, links: impl Iterator<Item = &String>) -> Result<()> {
    let bus = zbus::connection::Builder::address(bus).build().await?;
    let daemon = "org.freedesktop.DBus";
    let names = bus
        .call_method(Some(daemon), "/org/freedesktop/DBus", Some(daemon), "ListNames", &())
        .await?;
    let names: Vec<String> = names.body().deserialize()?;
    let name = names.iter().find(|name| name.ends_with(".SingleInstance"));
    let Some(name) = name else { bail!("the app is not on the bus") };
    let path = format!("/{}", name.replace('.', "/"));
    for link in links {
        let arguments = (vec!["recado", link.as_str()], "/");
        let interface = Some("org.SingleInstance.DBus");
        bus.call_method(
            Some(name.as_str()),
            path.as_str(),
            interface,
            "ExecuteCallback",
            &arguments,
        )
        .await?;
    }
    Ok(())
}
