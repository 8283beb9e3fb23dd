//! The one reader of the change log on behalf of everybody.

use std::time::Duration;

use recado_protocol::{LogId, WorkspaceId};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Audience, SHARES};
use crate::core::Core;
use crate::storage::change_log::{self, Entry};
use crate::storage::{DbError, Tx};

/// How many entries are read at once.
const ENTRIES: u32 = 500;
/// How long a stream that nothing concerns waits at most until it hears how far the log is.
const PASSED_OVER: Duration = Duration::from_secs(5);

/// Reads the change log of one workspace and wakes its audience.
pub(crate) struct Reader {
    core: Core,
    workspace_id: WorkspaceId,
    audience: Audience,
    /// What was read up to; `None` where that is not known, and everybody has to look for themselves.
    place: Option<(LogId, u64)>,
}

/// What lies after a place.
enum Found {
    /// Entries up to the last of them, and whether there are more.
    Entries { entries: Vec<Entry>, more: bool },
    /// The log does not go on from there. This is where it stands.
    Elsewhere(LogId, u64),
}

impl Reader {
    pub(crate) fn new(core: Core, workspace_id: WorkspaceId, audience: Audience) -> Self {
        Self { core, workspace_id, audience, place: None }
    }

    /// Wakes whoever has something to read, until the server stops.
    pub(crate) async fn run(mut self, stopping: CancellationToken) {
        // Cancelled between or within statements; nothing here has to be finished.
        let _ = stopping.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&mut self) {
        let mut changes = self.core.db().changes();
        let shares = u32::try_from(SHARES).unwrap_or(1);
        let mut tick = interval(PASSED_OVER / shares);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut share = 0_u64;
        self.look().await;
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.look().await;
                }
                _ = tick.tick() => {
                    share = share.wrapping_add(1);
                    self.audience.tell_passed_over(share);
                    if self.place.is_none() {
                        self.look().await;
                    }
                }
            }
        }
    }

    /// Reads on to the end of the log.
    pub(crate) async fn look(&mut self) {
        loop {
            let (workspace_id, place) = (self.workspace_id, self.place);
            let found =
                self.core.db().read(async move |tx| after(tx, workspace_id, place).await).await;
            match found {
                Ok(Found::Entries { entries, more }) => {
                    if let (Some((_, seq)), Some(last)) = (&mut self.place, entries.last()) {
                        *seq = last.seq;
                        self.audience.tell(&entries);
                    }
                    if !more {
                        return;
                    }
                }
                Ok(Found::Elsewhere(log_id, seq)) => {
                    self.place = Some((log_id, seq));
                    self.audience.tell_everybody();
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "it could not be looked whom a change concerns");
                    self.place = None;
                    self.audience.tell_everybody();
                    return;
                }
            }
        }
    }
}

async fn after(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    place: Option<(LogId, u64)>,
) -> Result<Found, DbError> {
    let head = change_log::head(tx, workspace_id).await?;
    match place {
        Some((log_id, seq))
            if log_id == head.log_id && (head.pruned_seq..=head.seq).contains(&seq) =>
        {
            let mut entries = change_log::entries(tx, workspace_id, seq, ENTRIES + 1).await?;
            let more = entries.len() > ENTRIES as usize;
            entries.truncate(ENTRIES as usize);
            Ok(Found::Entries { entries, more })
        }
        _ => Ok(Found::Elsewhere(head.log_id, head.seq)),
    }
}
