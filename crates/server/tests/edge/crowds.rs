//! However much somebody asks for, the others are served.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use recado_protocol::Role;
use recado_server::backend::Database;
use recado_server::http::EdgeLimits;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::{TestServer, tls_of};

/// Speaks for many, as this machine's own address does.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Somebody's address.
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// Somebody else's.
const ANOTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

/// Opens a connection from an address, or says why it could not.
async fn connect(server: &TestServer, from: IpAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    let stream = socket.connect(server.running.address()).await?;
    let connector = TlsConnector::from(Arc::new(tls_of(&server.running)));
    connector.connect("localhost".try_into().expect("a name"), stream).await
}

/// Begins a request whose body never ends. When this returns, the server has answered it or waits for the body.
async fn begin(
    server: &TestServer,
    from: IpAddr,
    what: &str,
    token: &str,
) -> (TlsStream<TcpStream>, String) {
    let mut stream = connect(server, from).await.expect("a connection");
    let head = format!(
        "{what} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 64];
    let length = stream.read(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    stream.write_all(b"{").await.expect("sent");
    (stream, answer)
}

async fn status(server: &TestServer, from: IpAddr, path: &str, token: &str) -> StatusCode {
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls_of(&server.running));
    let client = client.no_proxy().local_address(from).build().expect("a client");
    let request = client.get(server.url(path)).bearer_auth(token);
    request.send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_come_hold_up_nobody() {
    let limits = EdgeLimits { requests: 3, strangers_requests: 3, ..EdgeLimits::default() };
    let server = TestServer::start_limited(limits).await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let (stream, answer) = begin(&server, PROXY, "POST /v1/sign-in", "nobody").await;
        assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
        held.push(stream);
        let (stream, answer) = begin(&server, PROXY, "POST /v1/commands", signed_in.token()).await;
        assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
        held.push(stream);
    }
    assert_eq!(status(&server, PROXY, "/v1/server", "").await, StatusCode::OK);
    assert_eq!(status(&server, PROXY, "/v1/bootstrap", signed_in.token()).await, StatusCode::OK);
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_its_share_of_requests_and_the_others_have_theirs() {
    let limits = EdgeLimits { strangers_requests_per_address: 2, ..EdgeLimits::default() };
    let server = TestServer::start_limited(limits).await;
    let first = begin(&server, SOMEBODY, "POST /v1/sign-in", "nobody").await;
    let second = begin(&server, SOMEBODY, "POST /v1/sign-in", "nobody").await;
    for (_, answer) in [&first, &second] {
        assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
    }
    let (_, third) = begin(&server, SOMEBODY, "POST /v1/sign-in", "nobody").await;
    assert!(third.starts_with("HTTP/1.1 503"), "{third}");
    let busy = status(&server, SOMEBODY, "/v1/server", "").await;
    assert_eq!(busy, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&server, ANOTHER, "/v1/server", "").await, StatusCode::OK);
    assert_eq!(status(&server, PROXY, "/v1/server", "").await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_leave_the_places_of_those_who_are_recognised() {
    let limits = EdgeLimits { strangers_requests: 0, ..EdgeLimits::default() };
    let server = TestServer::start_on(Database::InDataDirectory).await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let server = server.restarted(|settings| settings.limits = limits).await;
    let full = status(&server, PROXY, "/v1/server", "").await;
    assert_eq!(full, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status(&server, PROXY, "/v1/bootstrap", signed_in.token()).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_counted_in_all_and_for_each_address() {
    let limits = EdgeLimits { connections: 4, connections_per_address: 2, ..EdgeLimits::default() };
    let server = TestServer::start_limited(limits).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(connect(&server, SOMEBODY).await.expect("within its share"));
    }
    assert!(connect(&server, SOMEBODY).await.is_err(), "its share is used up");
    held.push(connect(&server, ANOTHER).await.expect("another's share"));
    held.push(connect(&server, PROXY).await.expect("the last place"));
    assert!(connect(&server, PROXY).await.is_err(), "there is no place left");
    drop(held);
    // Each is free again once the server has seen it go.
    let patience = std::time::Duration::from_secs(60);
    let again = async {
        while connect(&server, SOMEBODY).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(patience, again).await.expect("a free place");
}
