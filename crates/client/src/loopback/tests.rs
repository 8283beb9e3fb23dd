use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Brought, Loopback, PATH, may_open};

const STATE: &str = "the-state-of-this-very-sign-in";

/// Says something to the listener and gives its answer.
async fn say(port: u16, text: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

async fn get(port: u16, target: &str) -> String {
    say(port, &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")).await
}

async fn listening() -> (u16, tokio::task::JoinHandle<Brought>) {
    let loopback = Loopback::bind().await.expect("a port");
    let port = loopback.address.port();
    let expected = format!("http://127.0.0.1:{port}{PATH}");
    assert_eq!(loopback.redirect_uri(), expected);
    (port, tokio::spawn(async move { loopback.wait(STATE).await }))
}

#[tokio::test]
async fn the_browser_brings_the_code_and_is_told_to_go_back() {
    let (port, waiting) = listening().await;
    let answer = get(port, &format!("{PATH}?code=the%2Dcode&state={STATE}")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("You can go back to Recado"), "{answer}");
    assert!(!answer.contains("the-code"), "the page repeats the code");
    let brought = waiting.await.expect("waited");
    assert_eq!(brought, Brought::Code("the-code".to_owned().into()));
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "it still listens");
}

#[tokio::test]
async fn the_page_is_in_the_browser_s_language() {
    let (port, waiting) = listening().await;
    let request = format!(
        "GET {PATH}?error=sso_denied&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
         Accept-Language: de, es-MX;q=0.9, en;q=0.8\r\n\r\n"
    );
    let answer = say(port, &request).await;
    assert!(
        answer.contains("<html lang=\"es\">") && answer.contains("Vuelve a Recado"),
        "{answer}"
    );
    assert_eq!(waiting.await.expect("waited"), Brought::Error("sso_denied".to_owned()));
}

#[tokio::test]
async fn whatever_else_is_said_it_goes_on_listening() {
    let (port, waiting) = listening().await;
    for (target, status) in [
        ("/", "404"),
        ("/favicon.ico", "404"),
        (PATH, "404"),
        ("/sign-in/callback/?code=c&state=the-state-of-this-very-sign-in", "404"),
        ("/sign-in/%63allback?code=c&state=the-state-of-this-very-sign-in", "404"),
        ("/sign-in/callback?code=c", "400"),
        ("/sign-in/callback?code=c&state=another", "400"),
        ("/sign-in/callback?code=c&state=", "400"),
        ("/sign-in/callback?code=c&state=another&state=the-state-of-this-very-sign-in", "400"),
        ("/sign-in/callback?state=the-state-of-this-very-sign-in", "400"),
        ("/sign-in/callback?code=&state=the-state-of-this-very-sign-in", "400"),
        ("/sign-in/callback?code=c&code=d&state=the-state-of-this-very-sign-in", "400"),
        ("/sign-in/callback?code=c&error=e&state=the-state-of-this-very-sign-in", "400"),
    ] {
        let answer = get(port, target).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
    }
    let right = format!("{PATH}?code=c&state={STATE}");
    for (request, status) in [
        (format!("POST {right} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), "405"),
        (format!("HEAD {right} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), "405"),
        (format!("GET {right} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n"), "400"),
        (format!("GET {right} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"), "400"),
        (format!("GET {right} HTTP/1.1\r\n\r\n"), "400"),
        (format!("GET {right}\r\n\r\n"), "400"),
        (
            format!(
                "GET http://127.0.0.1:{port}{right} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            ),
            "404",
        ),
        ("\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = say(port, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    // Too long, and no text.
    assert_eq!(say(port, &"a".repeat(super::MAX_REQUEST_BYTES)).await, "");
    assert!(!waiting.is_finished());
    get(port, &right).await;
    assert_eq!(waiting.await.expect("waited"), Brought::Code("c".to_owned().into()));
}

#[tokio::test]
async fn programs_that_say_nothing_do_not_keep_the_browser_out() {
    let (port, waiting) = listening().await;
    let mut silent = Vec::new();
    for _ in 0..super::MOST_CONNECTIONS - 1 {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.expect("a connection"));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    get(port, &format!("{PATH}?code=c&state={STATE}")).await;
    assert_eq!(waiting.await.expect("waited"), Brought::Code("c".to_owned().into()));
    drop(silent);
}

#[test]
fn the_browser_is_sent_to_https_only() {
    assert!(may_open("https://id.example/authorize?a=1", false).is_some());
    assert!(may_open("http://127.0.0.1:9000/authorize", true).is_some());
    for wrong in [
        "http://127.0.0.1:9000/authorize",
        "http://id.example/authorize",
        "mailto:ana@id.example",
        "tel:+34",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://ana@id.example/",
    ] {
        assert!(may_open(wrong, false).is_none(), "{wrong}");
    }
    assert!(may_open("http://localhost:9000/", true).is_none());
}
