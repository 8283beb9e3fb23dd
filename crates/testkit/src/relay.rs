//! A network between a client and a server that can be taken away: a relay on loopback.

use std::io;
use std::net::SocketAddr;

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

/// A relay on a free loopback port. Dropping it cuts every connection.
pub struct Relay {
    address: SocketAddr,
    passage: watch::Sender<Passage>,
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
        let task = tokio::spawn(accept(listener, server, state));
        Ok(Self { address, passage, task })
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

async fn accept(listener: TcpListener, server: SocketAddr, state: watch::Receiver<Passage>) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.borrow() == Passage::Refused {
            continue;
        }
        let mut cut = state.clone();
        let passing = state.clone();
        tokio::spawn(async move {
            tokio::select! {
                // However a connection ends, both of its ends see it close.
                _ = relay(client, server, passing) => {}
                _ = cut.wait_for(|passage| *passage == Passage::Refused) => {}
            }
        });
    }
}

async fn relay(
    client: TcpStream,
    server: SocketAddr,
    mut passage: watch::Receiver<Passage>,
) -> io::Result<()> {
    until_moving(&mut passage).await?;
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(
        carry(from_client, to_server, passage.clone()),
        carry(from_server, to_client, passage)
    )?;
    Ok(())
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut passage: watch::Receiver<Passage>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        // What is under way while nothing moves arrives later.
        until_moving(&mut passage).await?;
        to.write_all(&piece[..read]).await?;
    }
}

async fn until_moving(passage: &mut watch::Receiver<Passage>) -> io::Result<()> {
    match passage.wait_for(|passage| *passage != Passage::Stalled).await {
        Ok(_) => Ok(()),
        Err(_) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
