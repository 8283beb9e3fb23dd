//! The server's end of the console socket.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::codec::{FramedRead, LinesCodec};
use tokio_util::sync::CancellationToken;

use super::{Desk, MAX_LINE_BYTES, Reply, Request, socket_path};
use crate::backend::BackendError;

/// A listening console socket. Its file goes with it.
pub(crate) struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Listens in a data directory, whose lock the caller holds: a socket file that is there already is a dead server's.
    ///
    /// # Errors
    /// [`BackendError::Network`].
    pub(crate) fn bind(data_dir: &Path) -> Result<Self, BackendError> {
        let path = socket_path(data_dir);
        let failed = |source: io::Error| BackendError::Network {
            what: format!("cannot open the console socket {}", path.display()),
            source,
        };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let socket = UnixListener::bind(&path).map_err(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { socket, path: path.clone() })
    }

    /// Serves commands until the server stops.
    pub(crate) async fn run(self, desk: Desk, stopping: CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = stopping.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let desk = desk.clone();
                    let stopping = stopping.clone();
                    tokio::spawn(async move {
                        tokio::select! {
                            () = stopping.cancelled() => {}
                            () = converse(stream, desk) => {}
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a console connection was not accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Left behind, it would only be taken for a dead server's at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn converse(stream: UnixStream, desk: Desk) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = FramedRead::new(reader, LinesCodec::new_with_max_length(MAX_LINE_BYTES));
    while let Some(line) = lines.next().await {
        let reply = match line {
            Ok(line) => answer(&desk, &line).await,
            Err(_) => Reply::Error("the request is too long or is not text".to_owned()),
        };
        let Ok(mut text) = serde_json::to_vec(&reply) else { return };
        text.push(b'\n');
        if writer.write_all(&text).await.is_err() {
            return;
        }
    }
}

async fn answer(desk: &Desk, line: &str) -> Reply {
    let Ok(request) = serde_json::from_str::<Request>(line) else {
        return Reply::Error(
            "the server does not know this command; is it of another version than this program?"
                .to_owned(),
        );
    };
    match desk.carry_out(request).await {
        Ok(value) => Reply::Done(value),
        Err(error) => Reply::Error(error.to_string()),
    }
}
