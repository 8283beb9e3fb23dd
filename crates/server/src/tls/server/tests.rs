//! A real listener, and clients that trust or mistrust it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::get;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedCipherSuite};

use super::*;

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("after the epoch").as_micros()).expect("in range")
}

fn authority() -> Arc<CertificateAuthority> {
    Arc::new(CertificateAuthority::generate(now_us()).expect("authority"))
}

struct Running {
    tls: ServerTls,
    address: SocketAddr,
    handle: axum_server::Handle<SocketAddr>,
    _directory: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

fn start(authority: Arc<CertificateAuthority>) -> Running {
    let directory = tempfile::tempdir().expect("directory");
    let tls =
        ServerTls::load_or_create(directory.path(), authority, ServerNames::loopback(), now_us())
            .expect("TLS");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listener");
    let address = listener.local_addr().expect("address");
    let handle = axum_server::Handle::new();
    let app = Router::new().route("/", get(|| async { "served" }));
    let server = tls.bind(listener).expect("server").handle(handle.clone());
    tokio::spawn(server.serve(app.into_make_service()));
    Running { tls, address, handle, _directory: directory }
}

fn client_config(ca: &CertificateDer<'static>, protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config
}

fn http_client(ca: &CertificateDer<'static>) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(ca, &[b"h2", b"http/1.1"]))
        .no_proxy()
        .build()
        .expect("client")
}

/// The suite that a client with only these suites and this version agrees on.
async fn negotiate(
    running: &Running,
    suites: Vec<SupportedCipherSuite>,
    version: &'static rustls::SupportedProtocolVersion,
) -> Result<u16, io::Error> {
    let mut roots = RootCertStore::empty();
    let ca = running.tls.ca_der().expect("own authority").clone();
    roots.add(ca).expect("a root");
    let provider = CryptoProvider { cipher_suites: suites, ..ring::default_provider() };
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = running.address;
    tokio::task::spawn_blocking(move || {
        let name = ServerName::from(address.ip());
        let mut client = ClientConnection::new(Arc::new(config), name).expect("client");
        let mut socket = TcpStream::connect(address)?;
        while client.is_handshaking() {
            client.complete_io(&mut socket)?;
        }
        let suite = client.negotiated_cipher_suite().expect("handshake is over");
        Ok(suite.suite().into())
    })
    .await
    .expect("no panic")
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_served_over_http_2_and_http_1() {
    let running = start(authority());
    let ca = running.tls.ca_der().expect("own authority");
    let port = running.address.port();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{port}/");
        let answer = http_client(ca).get(url).send().await.expect("answer");
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        assert_eq!(answer.text().await.expect("body"), "served");
    }
    let old_client = reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(ca, &[b"http/1.1"]))
        .no_proxy()
        .build()
        .expect("client");
    let url = format!("https://127.0.0.1:{port}/");
    let answer = old_client.get(url).send().await.expect("answer");
    assert_eq!(answer.version(), reqwest::Version::HTTP_11);
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_refuses() {
    let running = start(authority());
    let url = format!("https://127.0.0.1:{}/", running.address.port());
    let stranger = authority();
    let refused = http_client(stranger.ca_der()).get(url).send().await;
    let error = format!("{:?}", refused.expect_err("must be refused"));
    assert!(error.contains("UnknownIssuer") || error.contains("BadSignature"), "{error}");
}

#[tokio::test]
async fn a_client_refuses_a_name_that_the_certificate_lacks() {
    let running = start(authority());
    let ca = running.tls.ca_der().expect("own authority");
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(client_config(ca, &[b"h2", b"http/1.1"]))
        .resolve("other.example", running.address)
        .no_proxy()
        .build()
        .expect("client");
    let url = format!("https://other.example:{}/", running.address.port());
    let error = format!("{:?}", client.get(url).send().await.expect_err("refused"));
    assert!(error.contains("NotValidForName"), "{error}");
}

#[tokio::test]
async fn only_suites_with_256_bit_keys_are_agreed_on() {
    use super::ring::cipher_suite as suite;
    let running = start(authority());
    for (offered, version) in [
        (suite::TLS13_AES_256_GCM_SHA384, &rustls::version::TLS13),
        (suite::TLS13_CHACHA20_POLY1305_SHA256, &rustls::version::TLS13),
        (suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &rustls::version::TLS12),
        (suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, &rustls::version::TLS12),
    ] {
        let agreed = negotiate(&running, vec![offered], version).await;
        assert_eq!(agreed.expect("agreed"), u16::from(offered.suite()));
    }
    for (offered, version) in [
        (suite::TLS13_AES_128_GCM_SHA256, &rustls::version::TLS13),
        (suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, &rustls::version::TLS12),
    ] {
        let refused = negotiate(&running, vec![offered], version).await;
        let error = refused.expect_err("must be refused").to_string();
        assert!(error.contains("HandshakeFailure"), "{error}");
    }
}

/// A hello of an old client, written by hand because no library here offers such suites.
fn hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let extensions: &[(u16, &[u8])] = &[
        // Groups: P-256. Point formats: uncompressed. Signatures: ECDSA with P-256 and SHA-256.
        (10, &[0, 2, 0, 23]),
        (11, &[1, 0]),
        (13, &[0, 2, 4, 3]),
    ];
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    let length = |bytes: usize| u16::try_from(bytes).expect("short").to_be_bytes();
    body.extend(length(suites.len() * 2));
    body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend([1, 0]);
    let mut block = Vec::new();
    for (kind, content) in extensions {
        block.extend(kind.to_be_bytes());
        block.extend(length(content.len()));
        block.extend(*content);
    }
    body.extend(length(block.len()));
    body.extend(block);
    let mut handshake = vec![1, 0];
    handshake.extend(length(body.len()));
    handshake.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(length(handshake.len()));
    record.extend(handshake);
    record
}

/// The first record of the answer to a hello: its type, and its first two bytes.
async fn answer_to(address: SocketAddr, hello: Vec<u8>) -> (u8, [u8; 2]) {
    tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("connected");
        socket.write_all(&hello).expect("sent");
        let mut answer = [0; 7];
        socket.read_exact(&mut answer).expect("an answer");
        (answer[0], [answer[5], answer[6]])
    })
    .await
    .expect("no panic")
}

#[tokio::test]
async fn old_versions_and_suites_without_forward_secrecy_or_authentication_are_refused() {
    const ECDHE_ECDSA_AES_256_GCM: u16 = 0xc02c;
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    const FATAL: u8 = 2;
    let running = start(authority());
    let (record, _) = answer_to(running.address, hello(0x0303, &[ECDHE_ECDSA_AES_256_GCM])).await;
    assert_eq!(record, HANDSHAKE, "the hello itself is sound");
    for (reason, suite) in [
        ("RSA key exchange, CBC", 0x002f),
        ("RSA key exchange, GCM", 0x009d),
        ("ECDHE, CBC with SHA-1", 0xc00a),
        ("ECDHE, CBC with SHA-384", 0xc024),
        ("ECDHE, RC4", 0xc007),
        ("ECDHE, 3DES", 0xc008),
        ("ECDHE, AES-128", 0xc02b),
        ("anonymous", 0xc019),
        ("no encryption", 0xc006),
    ] {
        let (record, [level, alert]) = answer_to(running.address, hello(0x0303, &[suite])).await;
        assert_eq!((record, level, alert), (ALERT, FATAL, 40), "{reason}");
    }
    for version in [0x0301, 0x0302] {
        let hello = hello(version, &[ECDHE_ECDSA_AES_256_GCM]);
        let (record, [level, alert]) = answer_to(running.address, hello).await;
        assert_eq!((record, level, alert), (ALERT, FATAL, 70), "{version:#06x}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let running = start(authority());
    let ca = running.tls.ca_der().expect("own authority").clone();
    let url = format!("https://127.0.0.1:{}/", running.address.port());
    let before_us = running.tls.expires_at_us().expect("readable");
    let not_due = running.tls.renew(now_us()).expect("renewal");
    assert_eq!(not_due, Renewal::NotDue);
    assert_eq!(running.tls.expires_at_us().expect("readable"), before_us);
    // The fresh certificate is backdated by an hour only, so the clients below see a certificate of the future.
    let due_us = before_us - RENEWED_BEFORE_US;
    let renewed = running.tls.renew(due_us).expect("renewal");
    assert_eq!(renewed, Renewal::Renewed);
    assert!(running.tls.expires_at_us().expect("readable") > before_us);
    let refused = http_client(&ca).get(url).send().await;
    let error = format!("{:?}", refused.expect_err("not valid yet"));
    assert!(error.contains("NotValidYet"), "{error}");
}

#[test]
fn a_certificate_is_kept_across_restarts_and_made_anew_when_it_must_be() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join(FILE_NAME);
    let (own, now_us) = (authority(), now_us());
    let start = |authority: &Arc<CertificateAuthority>, names: ServerNames, now_us| {
        let tls = ServerTls::load_or_create(directory.path(), Arc::clone(authority), names, now_us);
        tls.expect("TLS");
        std::fs::read(&path).expect("written")
    };
    let first = start(&own, ServerNames::loopback(), now_us);
    assert_eq!(start(&own, ServerNames::loopback(), now_us), first);
    let near_end_us = now_us + (SERVER_CERTIFICATE_DAYS - 29) * DAY_US;
    let renewed = start(&own, ServerNames::loopback(), near_end_us);
    assert_ne!(renewed, first);
    let back = start(&own, ServerNames::loopback(), now_us);
    assert_ne!(back, renewed, "a certificate of the future cannot be served");
    let names = ServerNames::new(["inbox.example"]).expect("names");
    let renamed = start(&own, names.clone(), now_us);
    assert_ne!(renamed, back);
    let moved = start(&authority(), names.clone(), now_us);
    assert_ne!(moved, renamed);
    std::fs::write(&path, "damaged").expect("written");
    assert_ne!(start(&own, names, now_us), b"damaged");
}

#[test]
fn an_operators_pair_is_checked_and_read_again() {
    let directory = tempfile::tempdir().expect("directory");
    let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    let (own, now_us) = (authority(), now_us());
    let issue = |now_us| {
        let pem = own.issue(&ServerNames::loopback(), now_us).expect("issued");
        let at = pem.find("-----BEGIN PRIVATE KEY").expect("key");
        (pem[..at].to_owned(), pem[at..].to_owned())
    };
    let load = || ServerTls::from_pem_files(&chain, &key, now_us);
    assert!(matches!(load(), Err(TlsError::File { .. })));
    let (first, second) = (issue(now_us), issue(now_us));
    std::fs::write(&chain, &first.0).expect("written");
    std::fs::write(&key, &second.1).expect("written");
    assert!(matches!(load(), Err(TlsError::KeyMismatch)));
    std::fs::write(&key, "no key").expect("written");
    assert!(matches!(load(), Err(TlsError::UnreadableKey)));
    std::fs::write(&key, &first.1).expect("written");
    let tls = load().expect("TLS");
    assert!(tls.ca_der().is_none());
    assert_eq!(tls.renew(now_us).expect("renewal"), Renewal::NotDue);

    std::fs::write(&chain, &second.0).expect("written");
    assert!(matches!(tls.renew(now_us), Err(TlsError::KeyMismatch)));
    std::fs::write(&key, &second.1).expect("written");
    assert_eq!(tls.renew(now_us).expect("renewal"), Renewal::Renewed);

    let expired = tls.renew(now_us + 91 * DAY_US);
    assert!(matches!(expired, Err(TlsError::NotValidNow)));
}
