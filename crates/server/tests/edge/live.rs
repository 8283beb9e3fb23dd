//! The live stream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use recado_protocol::channel::ChannelReceipt;
use recado_protocol::error::ErrorCode;
use recado_protocol::live::{LiveFrame, LiveRequest, LiveTicket};
use recado_protocol::sync::{Bootstrap, Change};
use recado_protocol::{ConversationAccess, Role};
use recado_server::backend::TeammateChange;
use recado_server::identity::token::{Secret, TokenKind};
use reqwest::StatusCode;
use reqwest_websocket::{Message, Upgrade as _, WebSocket};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::commands::{channel, command, open, opening, reply, run};
use crate::harness::{SignedIn, TestServer, body, client_of, code, databases};

/// Longer than anything here takes; a stream that has not done it by then never will.
const PATIENCE: Duration = Duration::from_secs(20);

async fn ticket(server: &TestServer, signed_in: &SignedIn) -> String {
    let request = server.client.post(server.url("/v1/live/ticket")).bearer_auth(signed_in.token());
    body::<LiveTicket>(request.send().await.expect("an answer")).await.ticket
}

async fn upgrade(
    server: &TestServer,
    ticket: &str,
    origin: Option<&str>,
) -> reqwest_websocket::UpgradeResponse {
    let client = client_of(&server.running, true);
    let mut request = client.get(server.url(&format!("/v1/live?ticket={ticket}")));
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    request.upgrade().send().await.expect("an answer")
}

async fn connect(server: &TestServer, signed_in: &SignedIn) -> WebSocket {
    let ticket = ticket(server, signed_in).await;
    upgrade(server, &ticket, None).await.into_websocket().await.expect("a stream")
}

async fn say(socket: &mut WebSocket, request: &LiveRequest) {
    let text = serde_json::to_string(request).expect("JSON");
    socket.send(Message::Text(text)).await.expect("sent");
}

/// The next frame, or `None` at the end of the stream.
pub(crate) async fn hear(socket: &mut WebSocket) -> Option<LiveFrame> {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time");
        match message {
            Some(Ok(Message::Text(text))) => {
                return Some(serde_json::from_str(&text).expect("a frame"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
            Some(Ok(Message::Close { .. }) | Err(_)) | None => return None,
        }
    }
}

pub(crate) async fn begin(server: &TestServer, signed_in: &SignedIn) -> (WebSocket, Bootstrap) {
    let bootstrap: Bootstrap = body(server.get("/v1/bootstrap", signed_in.token()).await).await;
    let mut socket = connect(server, signed_in).await;
    let hello = LiveRequest::Hello { log_id: bootstrap.log_id, cursor: bootstrap.cursor };
    say(&mut socket, &hello).await;
    (socket, bootstrap)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_a_message_and_a_colleagues_reply_as_they_come() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let ben = server.add("ben", Role::Agent).await;
        let key = channel(&server).await;
        let (first, second) = (server.sign_in(&ana).await, server.sign_in(&ben).await);
        let (mut socket, bootstrap) = begin(&server, &second).await;

        let receipt: ChannelReceipt =
            body(open(&server, &key, "k-1", &opening("c-1", "Hello?")).await).await;
        let Some(LiveFrame::Page { page }) = hear(&mut socket).await else { panic!("no page") };
        assert_eq!(page.after, bootstrap.cursor);
        let entered = page.changes.iter().any(|change| {
            matches!(change, Change::Conversation { conversation } if conversation.head.id == receipt.conversation_id)
        });
        assert!(entered, "{page:?}");
        say(&mut socket, &LiveRequest::Ack { cursor: page.cursor }).await;

        run(&server, first.token(), vec![command(receipt.conversation_id, reply("Hello."))]).await;
        let Some(LiveFrame::Page { page: next }) = hear(&mut socket).await else {
            panic!("no page")
        };
        assert_eq!(next.after, page.cursor);
        let answered = next.changes.iter().any(|change| {
            matches!(change, Change::Conversation { conversation }
                if conversation.parts.iter().any(|part| part.body_text == "Hello."))
        });
        assert!(answered, "{next:?}");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_before_the_stream_began_comes_first() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let key = channel(&server).await;
    let signed_in = server.sign_in(&ana).await;
    let bootstrap: Bootstrap = body(server.get("/v1/bootstrap", signed_in.token()).await).await;
    open(&server, &key, "k-1", &opening("c-1", "Hello?")).await;
    let mut socket = connect(&server, &signed_in).await;
    let hello = LiveRequest::Hello { log_id: bootstrap.log_id, cursor: bootstrap.cursor };
    say(&mut socket, &hello).await;
    let Some(LiveFrame::Page { page }) = hear(&mut socket).await else { panic!("no page") };
    assert_eq!(page.after, bootstrap.cursor);
    assert!(!page.changes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_nothing_of_a_change_hears_how_far_the_log_is() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add_with("ana", Role::Agent, ConversationAccess::assigned()).await;
        let key = channel(&server).await;
        let (mut socket, bootstrap) = begin(&server, &server.sign_in(&ana).await).await;
        open(&server, &key, "k-1", &opening("c-1", "Hello?")).await;
        let Some(LiveFrame::Page { page }) = hear(&mut socket).await else { panic!("no page") };
        assert!(page.changes.is_empty(), "{page:?}");
        assert_eq!(page.after, bootstrap.cursor);
        assert!(page.cursor > bootstrap.cursor);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_ends_its_stream() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let ben = server.add("ben", Role::Agent).await;
        let (signed_out, suspended) = (server.sign_in(&ana).await, server.sign_in(&ben).await);
        let (mut first, _) = begin(&server, &signed_out).await;
        let (mut second, _) = begin(&server, &suspended).await;

        let request =
            server.client.delete(server.url("/v1/session")).bearer_auth(signed_out.token());
        request.send().await.expect("an answer");
        let change = TeammateChange {
            state: Some(recado_protocol::TeammateState::Suspended),
            ..TeammateChange::default()
        };
        server.running.backend().change_teammate(&ben.email, change).await.expect("suspended");
        for socket in [&mut first, &mut second] {
            let mut last = None;
            while let Some(frame) = hear(socket).await {
                last = Some(frame);
            }
            let Some(LiveFrame::End { error }) = last else { panic!("{last:?}") };
            assert_eq!(error.code, ErrorCode::SessionEnded);
        }
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_stream_in_its_time() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let used = ticket(&server, &signed_in).await;
    upgrade(&server, &used, None).await.into_websocket().await.expect("a stream");
    let late = ticket(&server, &signed_in).await;
    server.clock.advance(30);
    for refused in [used.as_str(), late.as_str(), "", "rct_t_x", signed_in.token()] {
        let response = upgrade(&server, refused, None).await.into_inner();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{refused}");
        assert_eq!(code(response).await, ErrorCode::SessionEnded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_open_no_stream() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let ticket = ticket(&server, &signed_in).await;
    for foreign in ["https://evil.example", "null", "http://127.0.0.1"] {
        let response = upgrade(&server, &ticket, Some(foreign)).await.into_inner();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{foreign}");
    }
    // The ticket was not used up, and the server's own origin is welcome.
    let own = server.running.public_url().origin().ascii_serialization();
    upgrade(&server, &ticket, Some(&own)).await.into_websocket().await.expect("a stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_a_stream_ends_that_stream_only() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let (mut other, _) = begin(&server, &signed_in).await;
    let nonsense = [
        Message::Text("{".to_owned()),
        Message::Text(r#"{"type":"shout"}"#.to_owned()),
        Message::Text(r#"{"type":"ack","cursor":-1}"#.to_owned()),
        Message::Binary(vec![0; 10].into()),
        Message::Text(" ".repeat(70_000)),
    ];
    for message in nonsense {
        let (mut socket, _) = begin(&server, &signed_in).await;
        socket.send(message).await.expect("sent");
        match hear(&mut socket).await {
            Some(LiveFrame::End { error }) => assert_eq!(error.code, ErrorCode::InvalidRequest),
            None => {}
            Some(frame) => panic!("{frame:?}"),
        }
    }
    let key = channel(&server).await;
    open(&server, &key, "k-1", &opening("c-1", "Hello?")).await;
    assert!(matches!(hear(&mut other).await, Some(LiveFrame::Page { .. })));
}

/// A stream of bytes after the handshake, which wants every extension there is, and what was agreed on.
async fn raw(server: &TestServer, signed_in: &SignedIn) -> (reqwest::Upgraded, Option<String>) {
    let ticket = ticket(server, signed_in).await;
    let request = client_of(&server.running, true)
        .get(server.url(&format!("/v1/live?ticket={ticket}")))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .header("sec-websocket-extensions", "permessage-deflate; client_max_window_bits");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let extensions = response.headers().get("sec-websocket-extensions");
    let extensions = extensions.map(|agreed| format!("{agreed:?}"));
    (response.upgrade().await.expect("a stream"), extensions)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_frame_and_one_that_never_ends_end_their_stream_only() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let (mut other, _) = begin(&server, &signed_in).await;
    // A final text frame with the bit of compression, and one that announces ten bytes and brings two.
    let frames: [&[u8]; 2] =
        [&[0xC1, 0x82, 0, 0, 0, 0, b'{', b'}'], &[0x81, 0x8A, 0, 0, 0, 0, b'{', b'}']];
    for frame in frames {
        let (mut stream, extensions) = raw(&server, &signed_in).await;
        assert_eq!(extensions, None, "no frame is ever to be unpacked");
        stream.write_all(frame).await.expect("sent");
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        // How the connection ends is the server's choice; that it ends is not.
        drop(ended.expect("the server ends it"));
        let page = rest.windows(6).any(|window| window == b"\"page\"");
        assert!(!page, "it was taken for a greeting");
    }
    let key = channel(&server).await;
    open(&server, &key, "k-1", &opening("c-1", "Hello?")).await;
    assert!(matches!(hear(&mut other).await, Some(LiveFrame::Page { .. })));
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// On one thread, for which alone what is logged is kept.
#[tokio::test]
async fn no_log_holds_a_token_a_ticket_a_secret_or_a_password() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("info,recado_server=trace")
        .with_writer(move || writer.clone())
        .without_time()
        .finish();
    let _kept = tracing::subscriber::set_default(subscriber);

    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let key = channel(&server).await;
    let signed_in = server.sign_in(&ana).await;
    let code = server.now_code(&ana);
    let wrong = server.post("/v1/sign-in", &ana.request_with("not the password at all")).await;
    assert!(!wrong.status().is_success());
    let ticket = ticket(&server, &signed_in).await;
    let socket = upgrade(&server, &ticket, None).await.into_websocket().await.expect("a stream");
    drop(socket);
    let next = Secret::generate(TokenKind::Refresh).expect("random");
    let request = signed_in.refresh_with(&signed_in.refresh, &next);
    assert!(server.post("/v1/session/refresh", &request).await.status().is_success());
    open(&server, &key, "k-1", &opening("c-1", "Where is my order?")).await;
    let refused = upgrade(&server, &ticket, None).await.into_inner();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    server.running.stop().await;

    let bytes = logged.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = String::from_utf8_lossy(&bytes);
    for said in ["signed in", "sign-in refused", "live stream ended"] {
        assert!(text.contains(said), "{said:?} is not in the log:\n{text}");
    }
    let secrets = [
        signed_in.token(),
        &ticket,
        signed_in.refresh.expose(),
        next.expose(),
        &ana.password,
        "not the password at all",
        &code,
        &key,
        "Where is my order?",
        &ana.email,
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret:?} is in the log:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_log_is_gone() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let mut socket = connect(&server, &signed_in).await;
    let log_id = recado_protocol::LogId::from_uuid(uuid::Uuid::from_u128(1));
    say(&mut socket, &LiveRequest::Hello { log_id, cursor: 0 }).await;
    let Some(LiveFrame::End { error }) = hear(&mut socket).await else { panic!("no end") };
    assert_eq!(error.code, ErrorCode::CursorGone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_ends_its_streams() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let (mut socket, _) = begin(&server, &signed_in).await;
    let TestServer { running, .. } = server;
    running.stop().await;
    while hear(&mut socket).await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_one_node_is_seen_on_another() {
    let [_, database] = databases();
    let first = TestServer::start_on(database.clone()).await;
    // One database, one set of secrets, two nodes.
    let secrets = first.data.path().join("data/secrets.json");
    let second = TestServer::start_node(database, &secrets).await;
    let ana = first.add("ana", Role::Agent).await;
    let key = channel(&first).await;
    let signed_in = first.sign_in(&ana).await;
    let (mut socket, _) = begin(&second, &signed_in).await;
    let receipt: ChannelReceipt =
        body(open(&first, &key, "k-1", &opening("c-1", "Hello?")).await).await;
    let Some(LiveFrame::Page { page }) = hear(&mut socket).await else { panic!("no page") };
    let entered = page.changes.iter().any(|change| {
        matches!(change, Change::Conversation { conversation } if conversation.head.id == receipt.conversation_id)
    });
    assert!(entered, "{page:?}");

    let request = first.client.delete(first.url("/v1/session")).bearer_auth(signed_in.token());
    request.send().await.expect("an answer");
    let Some(LiveFrame::End { error }) = hear(&mut socket).await else { panic!("no end") };
    assert_eq!(error.code, ErrorCode::SessionEnded);
    first.running.stop().await;
    second.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tickets_spend_nothing_that_right_ones_need() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let signed_in = server.sign_in(&ana).await;
        loop {
            let wrong = Secret::generate(TokenKind::LiveTicket).expect("random");
            let refused = upgrade(&server, wrong.expose(), None).await.into_inner();
            match refused.status() {
                StatusCode::UNAUTHORIZED => {}
                status => {
                    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
                    break;
                }
            }
        }
        let (mut socket, _) = begin(&server, &signed_in).await;
        say(&mut socket, &LiveRequest::Ack { cursor: 0 }).await;
        server.running.stop().await;
    }
}
