//! The change log: its counter, which is every writer's lock, and its entries.

use recado_protocol::{LogId, Planted, ScopeFacts, TeammateId, Timestamp, WorkspaceId, is_planted};
use uuid::Uuid;

use super::{DbError, Row, Tx, params};

/// Which kind of object an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// The workspace itself.
    Workspace,
    /// A teammate, as colleagues see them.
    Teammate,
    /// A team.
    Team,
    /// A contact.
    Contact,
    /// A conversation with its parts.
    Conversation,
    /// A teammate's read mark on the conversation that the entry names.
    ReadMark,
    /// A teammate's own access.
    Access,
}

impl EntryKind {
    const ALL: &'static [Self] = &[
        Self::Workspace,
        Self::Teammate,
        Self::Team,
        Self::Contact,
        Self::Conversation,
        Self::ReadMark,
        Self::Access,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Teammate => "teammate",
            Self::Team => "team",
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::ReadMark => "read_mark",
            Self::Access => "access",
        }
    }
}

/// One entry to append.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry {
    /// What it is about.
    pub kind: EntryKind,
    /// The object.
    pub object_id: Uuid,
    /// The only teammate it is for; `None` for the workspace.
    pub audience: Option<TeammateId>,
    /// A conversation's scope before; `None` where it was not there. Other objects leave it at the default.
    pub before: Option<ScopeFacts>,
    /// A conversation's scope after.
    pub after: ScopeFacts,
}

impl NewEntry {
    /// An entry for the whole workspace about an object without a scope.
    #[must_use]
    pub const fn unscoped(kind: EntryKind, object_id: Uuid) -> Self {
        let nowhere = ScopeFacts { admin_assignee_id: None, team_assignee_id: None };
        Self { kind, object_id, audience: None, before: None, after: nowhere }
    }

    /// The same entry for one teammate only.
    #[must_use]
    pub const fn only_for(mut self, teammate_id: TeammateId) -> Self {
        self.audience = Some(teammate_id);
        self
    }
}

/// One entry as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// What it is about.
    pub kind: EntryKind,
    /// The object.
    pub object_id: Uuid,
    /// The only teammate it is for.
    pub audience: Option<TeammateId>,
    /// A conversation's scope before; `None` where it was not there.
    pub before: Option<ScopeFacts>,
    /// A conversation's scope after.
    pub after: ScopeFacts,
}

/// Where a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// The log.
    pub log_id: LogId,
    /// The newest entry.
    pub seq: u64,
    /// Entries up to this one are no longer kept.
    pub pruned_seq: u64,
}

/// The right to append to a workspace's log. Whoever holds it is the workspace's only writer until the transaction
/// ends.
#[derive(Debug)]
pub struct LogWriter {
    workspace_id: WorkspaceId,
    seq: u64,
}

impl LogWriter {
    /// Takes the lock. To be the first statement of a transaction that may write; every check comes after it.
    ///
    /// # Errors
    /// [`DbError::RowNotFound`] without such a workspace.
    pub async fn lock(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Self, DbError> {
        let row = tx
            .query_one(
                "UPDATE change_log_head SET seq = seq WHERE workspace_id = ?1 RETURNING seq",
                &params![workspace_id],
            )
            .await?;
        Ok(Self { workspace_id, seq: row.get(0)? })
    }

    /// Takes a number as a sequence gives it that is asked before the lock: every other one is that of a transaction
    /// which commits after the next.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn draw_early(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        let before = "SELECT 1 FROM change_log WHERE workspace_id = ?1 AND seq = ?2";
        let params = params![self.workspace_id, self.seq.saturating_sub(1)];
        let is_there = tx.query_opt(before, &params).await?.is_some();
        self.seq = if is_there { self.seq + 1 } else { self.seq.saturating_sub(2) };
        Ok(())
    }

    /// The workspace.
    #[must_use]
    pub const fn workspace_id(&self) -> WorkspaceId {
        self.workspace_id
    }

    /// The newest entry.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.seq
    }

    /// The number that the next entry will have, and so the version of what it changes.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.seq + 1
    }

    /// Appends an entry and returns its number. Followers of the log are woken at the commit.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn append(
        &mut self,
        tx: &mut Tx,
        entry: &NewEntry,
        at: Timestamp,
    ) -> Result<u64, DbError> {
        let seq = self.next();
        let mut before = entry.before.unwrap_or_default();
        if is_planted(Planted::OldTeamForgotten) {
            before.team_assignee_id = entry.after.team_assignee_id;
        }
        tx.execute(
            "INSERT INTO change_log (workspace_id, seq, kind, object_id, audience_teammate_id, existed,
                 before_admin_assignee_id, before_team_assignee_id,
                 after_admin_assignee_id, after_team_assignee_id, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            &params![
                self.workspace_id,
                seq,
                entry.kind.name(),
                entry.object_id,
                entry.audience,
                entry.before.is_some(),
                before.admin_assignee_id,
                before.team_assignee_id,
                entry.after.admin_assignee_id,
                entry.after.team_assignee_id,
                at,
            ],
        )
        .await?;
        tx.execute(
            "UPDATE change_log_head SET seq = ?2 WHERE workspace_id = ?1 AND seq < ?2",
            &params![self.workspace_id, seq],
        )
        .await?;
        self.seq = seq;
        tx.note_growth();
        Ok(seq)
    }
}

/// Opens a new workspace's log.
///
/// # Errors
/// [`DbError::UniqueViolation`] if it has one.
pub async fn create(tx: &mut Tx, workspace_id: WorkspaceId, log_id: LogId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO change_log_head (workspace_id, log_id, seq, pruned_seq) VALUES (?1, ?2, 0, 0)",
        &params![workspace_id, log_id],
    )
    .await?;
    Ok(())
}

/// Gives the log another id, under which its numbers go on.
///
/// # Errors
/// [`DbError`].
pub async fn begin_anew(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    log_id: LogId,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE change_log_head SET log_id = ?2 WHERE workspace_id = ?1",
        &params![workspace_id, log_id],
    )
    .await?;
    Ok(())
}

/// Where the log stands.
///
/// # Errors
/// [`DbError::RowNotFound`] without such a workspace.
pub async fn head(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<LogHead, DbError> {
    let row = tx
        .query_one(
            "SELECT log_id, seq, pruned_seq FROM change_log_head WHERE workspace_id = ?1",
            &params![workspace_id],
        )
        .await?;
    Ok(LogHead { log_id: row.get(0)?, seq: row.get(1)?, pruned_seq: row.get(2)? })
}

/// The entries after `after`, oldest first, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub async fn entries(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    after: u64,
    limit: u32,
) -> Result<Vec<Entry>, DbError> {
    let rows = tx
        .query(
            "SELECT seq, kind, object_id, audience_teammate_id, existed, before_admin_assignee_id,
                 before_team_assignee_id, after_admin_assignee_id, after_team_assignee_id
             FROM change_log WHERE workspace_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            &params![workspace_id, after, limit],
        )
        .await?;
    rows.iter().map(read_entry).collect()
}

fn read_entry(row: &Row) -> Result<Entry, DbError> {
    let name: String = row.get("kind")?;
    let kind = EntryKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.name() == name)
        .ok_or(DbError::Decode { column: "kind".to_owned(), expected: "kind of entry" })?;
    let existed: bool = row.get("existed")?;
    let before = ScopeFacts {
        admin_assignee_id: row.get("before_admin_assignee_id")?,
        team_assignee_id: row.get("before_team_assignee_id")?,
    };
    let after = ScopeFacts {
        admin_assignee_id: row.get("after_admin_assignee_id")?,
        team_assignee_id: row.get("after_team_assignee_id")?,
    };
    Ok(Entry {
        seq: row.get("seq")?,
        kind,
        object_id: row.get("object_id")?,
        audience: row.get("audience_teammate_id")?,
        before: existed.then_some(before),
        after,
    })
}

/// Deletes entries from before `kept_since`, at most `limit` of them, and says how many. Cursors from before them are
/// gone afterwards.
///
/// # Errors
/// [`DbError`].
pub async fn prune(
    tx: &mut Tx,
    log: &LogWriter,
    kept_since: Timestamp,
    limit: u32,
) -> Result<u64, DbError> {
    let workspace_id = log.workspace_id();
    let rows = tx
        .query(
            "SELECT seq, at FROM change_log WHERE workspace_id = ?1 ORDER BY seq LIMIT ?2",
            &params![workspace_id, limit],
        )
        .await?;
    let mut last = None;
    for row in &rows {
        if row.get::<Timestamp>("at")? >= kept_since {
            break;
        }
        last = Some(row.get::<u64>("seq")?);
    }
    let Some(last) = last else { return Ok(0) };
    tx.execute(
        "UPDATE change_log_head SET pruned_seq = ?2 WHERE workspace_id = ?1",
        &params![workspace_id, last],
    )
    .await?;
    tx.execute(
        "DELETE FROM change_log WHERE workspace_id = ?1 AND seq <= ?2",
        &params![workspace_id, last],
    )
    .await
}
