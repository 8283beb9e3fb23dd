//! What is too large, too slow or nonsense is answered, and breaks nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use recado_protocol::Role;
use recado_protocol::error::ErrorCode;
use reqwest::StatusCode;

use crate::harness::{TestServer, code, error};

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
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
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
async fn a_body_that_is_too_large_is_refused() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let request = server.client.post(server.url("/v1/commands")).bearer_auth(signed_in.token());
    let response = request
        .header("content-type", "application/json")
        .body(vec![b' '; 1_600_000])
        .send()
        .await
        .expect("an answer");
    let (status, error) = error(response).await;
    assert_eq!((status, error.code), (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_large_or_malformed_end_their_connection_only() {
    let server = TestServer::start().await;
    let der = server.running.join_link().ca_der.clone().expect("an own authority");
    let address = server.running.address();
    let answers = tokio::task::spawn_blocking(move || {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(der.into()).expect("a usable certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = Arc::new(tls);
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
