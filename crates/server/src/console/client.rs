//! A console command's end: it talks to the running server, or works on the data itself where none runs.

use std::io;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep};
use tokio_util::codec::{FramedRead, LinesCodec};

use super::{Desk, MAX_LINE_BYTES, Reply, Request, decode, socket_path};
use crate::backend::{Backend, BackendError, BackendSettings, DataLock};

/// How long a server that is starting is waited for.
const STARTING_TIME: Duration = Duration::from_secs(3);
/// How often it is looked for meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The way of a console command to a workspace.
pub enum Console {
    /// Through a running server.
    Remote {
        /// What the server says.
        replies: FramedRead<OwnedReadHalf, LinesCodec>,
        /// Where it listens.
        requests: OwnedWriteHalf,
    },
    /// On the data itself.
    Local {
        /// What carries commands out.
        desk: Box<Desk>,
        /// Held as long as the command runs.
        lock: DataLock,
    },
}

impl Console {
    /// Finds the server that runs on a data directory; without one, opens the data.
    ///
    /// # Errors
    /// [`BackendError::InUse`] while another command works on the data, and what keeps the data from being opened.
    pub async fn open(settings: BackendSettings) -> Result<Self, BackendError> {
        let patience = Instant::now() + STARTING_TIME;
        loop {
            if let Some(console) = Self::connect(&settings.data_dir).await? {
                return Ok(console);
            }
            if let Some(lock) = DataLock::try_take(&settings.data_dir)? {
                let backend = Backend::open(settings).await?;
                return Ok(Self::Local { desk: Box::new(Desk::new(backend, None)), lock });
            }
            // A server that is starting holds the lock and does not listen yet.
            if Instant::now() > patience {
                return Err(BackendError::InUse { path: settings.data_dir });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Connects to the server that runs on a data directory, if one does.
    ///
    /// # Errors
    /// [`BackendError::Network`] if there is a socket that this user may not open.
    pub async fn connect(data_dir: &Path) -> Result<Option<Self>, BackendError> {
        let path = socket_path(data_dir);
        match UnixStream::connect(&path).await {
            Ok(stream) => {
                let (reader, requests) = stream.into_split();
                let codec = LinesCodec::new_with_max_length(MAX_LINE_BYTES);
                Ok(Some(Self::Remote { replies: FramedRead::new(reader, codec), requests }))
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(BackendError::Network {
                what: format!("cannot reach the server through {}", path.display()),
                source,
            }),
        }
    }

    /// Has one command carried out.
    ///
    /// # Errors
    /// [`BackendError`], whose text is a sentence for whoever runs the command.
    pub async fn ask<T: DeserializeOwned>(&mut self, request: Request) -> Result<T, BackendError> {
        match self {
            Self::Local { desk, .. } => decode(desk.carry_out(request).await?),
            Self::Remote { replies, requests } => {
                let mut line = serde_json::to_vec(&request)
                    .map_err(|error| BackendError::Internal(error.to_string()))?;
                line.push(b'\n');
                requests.write_all(&line).await.map_err(gone)?;
                let Some(Ok(reply)) = replies.next().await else {
                    return Err(gone(io::ErrorKind::UnexpectedEof.into()));
                };
                match serde_json::from_str(&reply) {
                    Ok(Reply::Done(value)) => decode(value),
                    Ok(Reply::Error(sentence)) => Err(BackendError::Refused(sentence)),
                    Err(error) => Err(BackendError::Internal(error.to_string())),
                }
            }
        }
    }
}

fn gone(source: io::Error) -> BackendError {
    BackendError::Network {
        what: "the server went away; look at its log, then run the command again".to_owned(),
        source,
    }
}
