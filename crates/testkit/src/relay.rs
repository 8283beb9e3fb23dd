//! A network between a client and a server that can be taken away: a relay on loopback.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use recado_protocol::JoinLink;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many bytes are carried at once.
const PIECE_BYTES: usize = 16_384;

/// What the relay does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Everything passes.
    Open,
    /// Open connections are cut, and new ones end at once.
    Refused,
    /// Connections are taken and nothing moves on them, as behind a dead access point.
    Stalled,
}

/// After how many bytes of the server, the next time, every connection is cut; nothing where none is.
type NextCut = Box<dyn FnMut() -> Option<usize> + Send>;

/// Cuts at bytes of the server's answers, counted over all connections.
struct Cuts {
    next: NextCut,
    /// The bytes that still pass before the cut.
    left: Option<usize>,
}

impl Cuts {
    /// How many of so many bytes pass, and whether everything is cut after them.
    fn pass(&mut self, bytes: usize) -> (usize, bool) {
        match self.left {
            Some(left) if left <= bytes => {
                self.left = (self.next)();
                (left, true)
            }
            Some(left) => {
                self.left = Some(left - bytes);
                (bytes, false)
            }
            None => (bytes, false),
        }
    }
}

/// What a connection obeys.
#[derive(Clone)]
struct Rules {
    passage: watch::Receiver<Passage>,
    cuts: Arc<Mutex<Option<Cuts>>>,
    made: watch::Sender<usize>,
}

/// A relay on a free loopback port. Dropping it cuts every connection.
pub struct Relay {
    address: SocketAddr,
    passage: watch::Sender<Passage>,
    rules: Rules,
    task: JoinHandle<()>,
}

impl Relay {
    /// A relay to a server. At first everything passes.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (passage, state) = watch::channel(Passage::Open);
        let rules = Rules { passage: state, cuts: Arc::default(), made: watch::Sender::new(0) };
        let task = tokio::spawn(accept(listener, server, rules.clone()));
        Ok(Self { address, passage, rules, task })
    }

    /// Cuts every connection after so many bytes of the server as `next` says, again and again until it
    /// says nothing. New connections are taken meanwhile.
    pub fn cut_after(&self, mut next: impl FnMut() -> Option<usize> + Send + 'static) {
        let left = next();
        *lock(&self.rules.cuts) = Some(Cuts { next: Box::new(next), left });
    }

    /// Lets everything pass.
    pub fn end_cuts(&self) {
        *lock(&self.rules.cuts) = None;
    }

    /// How often everything was cut at a byte.
    pub fn cuts(&self) -> usize {
        *self.rules.made.borrow()
    }

    /// Changes what the relay does, with the connections that are open too.
    pub fn set(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }

    /// The server's join link for those who come through the relay.
    ///
    /// # Errors
    /// When the link's address takes no port.
    pub fn join_link(&self, link: &JoinLink) -> anyhow::Result<String> {
        let mut link = link.clone();
        link.url.set_port(Some(self.address.port())).ok().context("the address takes no port")?;
        Ok(link.to_string())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.passage.send_replace(Passage::Refused);
        self.task.abort();
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, server: SocketAddr, rules: Rules) {
    while let Ok((client, _)) = listener.accept().await {
        if *rules.passage.borrow() == Passage::Refused {
            continue;
        }
        let mut refused = rules.passage.clone();
        let mut cut = rules.made.subscribe();
        let rules = rules.clone();
        tokio::spawn(async move {
            tokio::select! {
                // However a connection ends, both of its ends see it close.
                _ = relay(client, server, rules) => {}
                _ = refused.wait_for(|passage| *passage == Passage::Refused) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

async fn relay(client: TcpStream, server: SocketAddr, mut rules: Rules) -> io::Result<()> {
    until_moving(&mut rules.passage).await?;
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let all = |_| (usize::MAX, false);
    let (cuts, made) = (rules.cuts.clone(), rules.made.clone());
    let counted = move |bytes| match &mut *lock(&cuts) {
        Some(cuts) => cuts.pass(bytes),
        None => (bytes, false),
    };
    let back = async {
        let ended = carry(from_server, to_client, rules.passage.clone(), counted).await?;
        if ended == Ended::Cut {
            made.send_modify(|made| *made += 1);
        }
        Ok::<_, io::Error>(())
    };
    tokio::try_join!(carry(from_client, to_server, rules.passage.clone(), all), back)?;
    Ok(())
}

/// How carrying one way came to its end.
#[derive(PartialEq, Eq)]
enum Ended {
    /// The sender has said all.
    Whole,
    /// At a byte, in the middle of it.
    Cut,
}

/// Carries bytes one way. `pass` says of so many how many pass, and whether that is the end.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut passage: watch::Receiver<Passage>,
    pass: impl Fn(usize) -> (usize, bool),
) -> io::Result<Ended> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            to.shutdown().await?;
            return Ok(Ended::Whole);
        }
        // What is under way while nothing moves arrives later.
        until_moving(&mut passage).await?;
        let (passing, cut) = pass(read);
        to.write_all(&piece[..read.min(passing)]).await?;
        if cut {
            return Ok(Ended::Cut);
        }
    }
}

async fn until_moving(passage: &mut watch::Receiver<Passage>) -> io::Result<()> {
    match passage.wait_for(|passage| *passage != Passage::Stalled).await {
        Ok(_) => Ok(()),
        Err(_) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
