//! What is too large, too slow or nonsense is answered, and breaks nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use recado_protocol::channel::ChannelReceipt;
use recado_protocol::command::{CommandsRequest, CommandsResponse};
use recado_protocol::error::ErrorCode;
use recado_protocol::{CommandOutcome, Role};
use reqwest::StatusCode;

use crate::commands::{channel, command, open, opening, reply};
use crate::harness::{TestServer, body, code, error, tls_of};

#[tokio::test(flavor = "multi_thread")]
async fn malformed_bodies_are_refused_without_repeating_them() {
    let server = TestServer::start().await;
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"[]",
        b"null",
        br#"{"email":"a@b","password":7,"device":{}}"#,
        br#"{"email":"a@b","password":"hunter2-canary""#,
        b"\xff\xfe\x00",
        br#"{"email":{"hunter2-canary":1}}"#,
    ];
    for body in bodies {
        let request = server.client.post(server.url("/v1/sign-in"));
        let response = request
            .header("content-type", "application/json")
            .body(body.to_vec())
            .send()
            .await
            .expect("an answer");
        let (status, error) = error(response).await;
        assert_eq!((status, error.code), (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest));
        assert!(!error.message.contains("canary"), "{error:?}");
    }
    let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    let request = server.client.post(server.url("/v1/sign-in"));
    let response = request.header("content-type", "application/json").body(deep).send().await;
    assert_eq!(code(response.expect("an answer")).await, ErrorCode::InvalidRequest);
    let request = server.client.post(server.url("/v1/sign-in"));
    let response = request.body("{}").send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_queries_and_ids_are_refused() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    for (path, expected) in [
        ("/v1/sync", ErrorCode::InvalidRequest),
        ("/v1/sync?log_id=x&cursor=1", ErrorCode::InvalidRequest),
        (
            "/v1/sync?log_id=log_01970000000070008000000000000000&cursor=-1",
            ErrorCode::InvalidRequest,
        ),
        ("/v1/conversations?state=lost", ErrorCode::InvalidRequest),
        ("/v1/conversations?state=open&limit=many", ErrorCode::InvalidRequest),
        ("/v1/conversations/%FF", ErrorCode::NotFound),
        ("/v1/conversations/tmt_01970000000070008000000000000000", ErrorCode::NotFound),
        ("/v1/search", ErrorCode::InvalidRequest),
    ] {
        assert_eq!(code(server.get(path, signed_in.token()).await).await, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_in_its_longest_spelling_is_taken_and_a_larger_body_is_refused() {
    let server = TestServer::start().await;
    let key = channel(&server).await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let receipt: ChannelReceipt =
        body(open(&server, &key, "k-1", &opening("c-1", "Hello?")).await).await;
    let post = async |token: &str, body: String| {
        let request = server.client.post(server.url("/v1/commands")).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body);
        request.send().await.expect("an answer")
    };

    let one = command(receipt.conversation_id, reply("BODY"));
    let text = serde_json::to_string(&CommandsRequest { log_id: None, commands: vec![one] })
        .expect("JSON");
    let megabyte = text.replace("BODY", &"\\u0061".repeat(1_048_576));
    let answer: CommandsResponse = body(post(signed_in.token(), megabyte).await).await;
    let outcome = &answer.results.first().expect("a result").outcome;
    assert!(matches!(outcome, CommandOutcome::Applied { .. }), "{outcome:?}");

    let (status, refused) = error(post(signed_in.token(), " ".repeat(6_553_601)).await).await;
    assert_eq!((status, refused.code), (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge));
    // Whoever is not recognised is answered before anything is read, and sends little where nobody needs to be.
    assert_eq!(code(post("nobody", " ".repeat(6_553_600)).await).await, ErrorCode::SessionEnded);
    let request = server.client.post(server.url("/v1/sign-in"));
    let request = request.header("content-type", "application/json").body(" ".repeat(65_537));
    assert_eq!(code(request.send().await.expect("an answer")).await, ErrorCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_large_or_malformed_end_their_connection_only() {
    let server = TestServer::start().await;
    let tls = Arc::new(tls_of(&server.running));
    let address = server.running.address();
    let answers = tokio::task::spawn_blocking(move || {
        [
            format!("GET / HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(200_000)),
            format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(500)),
            "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
            "POST /v1/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
        ]
        .map(|request| {
            let name = "localhost".try_into().expect("a name");
            let mut connection =
                rustls::ClientConnection::new(Arc::clone(&tls), name).expect("a connection");
            let mut socket = TcpStream::connect(address).expect("reachable");
            let mut stream = rustls::Stream::new(&mut connection, &mut socket);
            // The server may hang up before it has heard all of it.
            let _ = stream.write_all(request.as_bytes());
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        })
    })
    .await
    .expect("the client's thread");
    for answer in answers {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(server.get("/healthz", "").await.status(), StatusCode::NO_CONTENT);
}
