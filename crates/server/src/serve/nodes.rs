//! Several nodes on one database: each tells the others, at most once a tick, that the change log has grown.

use std::time::Duration;

use recado_protocol::WorkspaceId;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::storage::{DbError, Listener, change_log, dialect};

const CHANNEL: &str = "recado_changes";
/// The least time between two words of this node.
const TICK: Duration = Duration::from_millis(100);
/// How often the log is looked at without any word: what a lost one costs.
const POLL: Duration = Duration::from_secs(5);
/// How long to wait before another attempt to listen.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps this node and the others in step. Ends at once where there are no others.
pub(super) async fn keep_in_step(
    core: Core,
    workspace_id: WorkspaceId,
    stopping: CancellationToken,
) {
    let mut node = Node { core, workspace_id, known: 0 };
    // Cancelled between or within statements; nothing here has to be finished.
    let _ = stopping.run_until_cancelled(node.run()).await;
}

struct Node {
    core: Core,
    workspace_id: WorkspaceId,
    /// The newest entry that every node knows of, as far as this one can tell.
    known: u64,
}

impl Node {
    async fn run(&mut self) {
        loop {
            match self.core.db().listen(CHANNEL).await {
                Ok(None) => return,
                Ok(Some(listener)) => {
                    // What was said while nobody listened.
                    self.core.db().announce_change();
                    self.converse(listener).await;
                    tracing::warn!("the other nodes cannot be heard; listening again");
                }
                Err(error) => tracing::warn!(%error, "the other nodes cannot be heard"),
            }
            sleep(RETRY).await;
        }
    }

    /// Ends when the connection is lost.
    async fn converse(&mut self, mut listener: Listener) {
        let mut changes = self.core.db().changes();
        let mut look_at = Instant::now() + POLL;
        loop {
            tokio::select! {
                word = listener.heard() => {
                    let Some(word) = word else { return };
                    // Other workspaces may share the database.
                    let head = word
                        .strip_prefix(&self.prefix())
                        .and_then(|head| head.parse().ok())
                        .filter(|head| *head > self.known);
                    if let Some(head) = head {
                        self.known = head;
                        self.core.db().announce_change();
                    }
                }
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if let Err(error) = self.tell().await {
                        tracing::warn!(%error, "the other nodes could not be told of a change");
                    }
                    sleep(TICK).await;
                }
                () = sleep_until(look_at) => {
                    look_at = Instant::now() + POLL;
                    match self.head().await {
                        Ok(head) if head > self.known => self.core.db().announce_change(),
                        Ok(_) => {}
                        Err(error) => tracing::warn!(%error, "the change log could not be looked at"),
                    }
                }
            }
        }
    }

    /// Tells the others how far the log has grown, unless they have said so themselves: else two nodes would wake each
    /// other for ever.
    async fn tell(&mut self) -> Result<(), DbError> {
        let head = self.head().await?;
        if head <= self.known {
            return Ok(());
        }
        self.known = head;
        let word = format!("{}{head}", self.prefix());
        self.core.db().write(async move |tx| dialect::notify(tx, CHANNEL, &word).await).await
    }

    /// What a word begins with; the newest entry that its node knows of follows.
    fn prefix(&self) -> String {
        format!("{}:", self.workspace_id)
    }

    async fn head(&self) -> Result<u64, DbError> {
        let workspace_id = self.workspace_id;
        let head =
            self.core.db().read(async move |tx| change_log::head(tx, workspace_id).await).await?;
        Ok(head.seq)
    }
}
