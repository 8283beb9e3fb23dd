//! Where the system's browser comes back to this machine: a listener on loopback that is good for one sign-in.
//!
//! Any program on the machine can reach it, so it obeys nothing but the one state that the sign-in was begun with, and it
//! goes on listening whatever else it is told.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

mod page;

/// The one path that is answered.
const PATH: &str = "/sign-in/callback";
/// How long a program may take to send its request.
const REQUEST_TIME: Duration = Duration::from_secs(5);
/// The longest request that is read, in bytes.
const MAX_REQUEST_BYTES: usize = 16 * 1_024;
/// How many programs are heard at once; further ones wait.
const MOST_CONNECTIONS: usize = 16;

/// What the browser has brought.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Brought {
    /// The server's code.
    Code(Zeroizing<String>),
    /// The name of an error code of the server.
    Error(String),
}

impl std::fmt::Debug for Brought {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code",
            Self::Error(_) => "Error",
        })
    }
}

/// A listener for one sign-in. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    /// The same port of the other family, where there is one: a browser may prefer it.
    sibling: Option<TcpListener>,
    address: SocketAddr,
}

impl Loopback {
    /// Listens on a port that the system chooses.
    ///
    /// # Errors
    ///
    /// The system's, if it gives no port on either loopback address.
    pub(crate) async fn bind() -> std::io::Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await?,
        };
        let address = listener.local_addr()?;
        let sibling = match address {
            SocketAddr::V4(_) => {
                TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await.ok()
            }
            SocketAddr::V6(_) => None,
        };
        Ok(Self { listener, sibling, address })
    }

    /// Where the browser has to come.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits for the browser with this state. Everything else is answered and forgotten.
    pub(crate) async fn wait(self, state: &str) -> Brought {
        let mut heard = JoinSet::new();
        let hosts = [
            format!("127.0.0.1:{}", self.address.port()),
            format!("[::1]:{}", self.address.port()),
        ];
        loop {
            let room = heard.len() < MOST_CONNECTIONS;
            tokio::select! {
                accepted = self.accept(), if room => {
                    // A connection that broke off, or a system without files: the next one may come.
                    let Ok(stream) = accepted else {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    };
                    let (state, hosts) = (Zeroizing::new(state.to_owned()), hosts.clone());
                    heard.spawn(async move {
                        let answered = tokio::time::timeout(REQUEST_TIME, hear(stream, &state, &hosts));
                        answered.await.ok().flatten()
                    });
                }
                Some(outcome) = heard.join_next(), if !heard.is_empty() => {
                    if let Ok(Some(brought)) = outcome {
                        return brought;
                    }
                }
            }
        }
    }

    async fn accept(&self) -> std::io::Result<TcpStream> {
        let accepted = match &self.sibling {
            None => self.listener.accept().await,
            Some(sibling) => tokio::select! {
                accepted = self.listener.accept() => accepted,
                accepted = sibling.accept() => accepted,
            },
        };
        accepted.map(|(stream, _)| stream)
    }
}

/// Answers one request. `Some` if it is the one that is awaited.
async fn hear(mut stream: TcpStream, state: &str, hosts: &[String; 2]) -> Option<Brought> {
    let head = read_head(&mut stream).await?;
    let (status, outcome) = judge(&head, state, hosts);
    let page = page::write(status, outcome.as_ref(), page::language(&head));
    // Whether the browser shows it does not matter any more.
    let _ = stream.write_all(page.as_bytes()).await;
    let _ = stream.shutdown().await;
    outcome
}

async fn read_head(stream: &mut TcpStream) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_REQUEST_BYTES));
    let mut part = Zeroizing::new([0_u8; 2_048]);
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(part.as_mut_slice()).await.ok()?;
        if count == 0 || bytes.len() + count > MAX_REQUEST_BYTES {
            return None;
        }
        bytes.extend_from_slice(part.get(..count)?);
    }
    String::from_utf8(bytes.to_vec()).ok().map(Zeroizing::new)
}

fn judge(head: &str, state: &str, hosts: &[String; 2]) -> (u16, Option<Brought>) {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    if !is_http || words.next().is_some() {
        return (400, None);
    }
    // A page elsewhere that made a name of its own point here would say that name.
    let mut named = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim().to_ascii_lowercase());
    let (Some(host), None) = (named.next(), named.next()) else { return (400, None) };
    if !hosts.contains(&host) {
        return (400, None);
    }
    let Some((path, query)) = target.split_once('?') else { return (404, None) };
    if path != PATH {
        return (404, None);
    }
    if method != "GET" {
        return (405, None);
    }
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let only = |wanted: &str| {
        let mut found = fields.iter().filter(|(name, _)| name == wanted);
        let first = found.next();
        first.filter(|_| found.next().is_none()).map(|(_, value)| value.as_str())
    };
    if only("state") != Some(state) {
        return (400, None);
    }
    match (only("code"), only("error")) {
        (Some(code), None) if !code.is_empty() => {
            (200, Some(Brought::Code(Zeroizing::new(code.to_owned()))))
        }
        (None, Some(error)) => (200, Some(Brought::Error(error.to_owned()))),
        _ => (400, None),
    }
}

/// Whether the browser may be sent to this address: https, and nothing hidden in it.
pub(crate) fn may_open(text: &str, loopback_without_tls: bool) -> Option<Url> {
    match crate::links::outside(text) {
        Ok(url) => (url.scheme() == "https").then_some(url),
        Err(_) => {
            let url = Url::parse(text).ok()?;
            let own = url.host_str() == Some("127.0.0.1") && url.scheme() == "http";
            (own && loopback_without_tls).then_some(url)
        }
    }
}

#[cfg(test)]
mod tests;
