//! What other nodes say through PostgreSQL.

use std::future::poll_fn;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};

use super::settings::{Settings, Tls};
use crate::storage::DbError;

/// Words that may wait to be heard. What comes beyond them is dropped: a word only says that there is something to look
/// at, and those that wait say it too.
const WAITING_WORDS: usize = 64;

/// Hears what is said on one channel, on a connection of its own.
pub struct Listener {
    words: mpsc::Receiver<String>,
    driver: JoinHandle<()>,
    /// The connection lives as long as this.
    _client: Client,
}

impl Listener {
    /// The next word, or `None` once the connection is lost. Whoever hears that has missed an unknown number of words.
    pub async fn heard(&mut self) -> Option<String> {
        self.words.recv().await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Listens on `channel`, a plain name.
pub(super) async fn listen(settings: &Settings, channel: &str) -> Result<Listener, DbError> {
    let (sender, words) = mpsc::channel(WAITING_WORDS);
    let failed = |cause: tokio_postgres::Error| DbError::Unavailable(super::describe(&cause));
    let (client, driver) = match &settings.tls {
        Tls::Off => {
            let (client, connection) = settings.config.connect(NoTls).await.map_err(failed)?;
            (client, tokio::spawn(drive(connection, sender)))
        }
        Tls::On(connector) => {
            let connecting = settings.config.connect(connector.clone());
            let (client, connection) = connecting.await.map_err(failed)?;
            (client, tokio::spawn(drive(connection, sender)))
        }
    };
    client.batch_execute(&format!("LISTEN {channel}")).await.map_err(failed)?;
    Ok(Listener { words, driver, _client: client })
}

async fn drive<S, T>(mut connection: Connection<S, T>, words: mpsc::Sender<String>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(word) = message {
            // A full queue is as good as a longer one.
            let _ = words.try_send(word.payload().to_owned());
        }
    }
}
