//! An entry of the outbox as it is stored.

use std::collections::HashSet;

use recado_protocol::host::{Delivery, OutboxEntry};
use recado_protocol::{
    Action, Command, CommandId, ConversationId, ErrorCode, LogId, PartId, Planted, Timestamp,
    is_planted,
};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql};

use crate::sql::{at, id, json, opt_id, unsigned};

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Waits to be sent.
    Queued,
    /// Is on its way.
    Sending,
    /// Took effect; kept for 48 hours.
    Applied {
        /// The log that `version` belongs to.
        log_id: LogId,
        /// The number of the effect.
        version: u64,
        /// The part that it made.
        part_id: Option<PartId>,
    },
    /// Never took effect, or waits for one that did not.
    Refused {
        /// Why.
        code: ErrorCode,
        /// Why, in words.
        message: String,
    },
}

/// An entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) command: Command,
    pub(crate) standing: Standing,
    pub(crate) attempts: u32,
}

/// Said of an entry whose predecessor was refused.
pub(crate) const WAITS_FOR_REFUSED: &str =
    "what this follows was refused; try that one again or give this one up";

const COLUMNS: &str = "id, conversation_id, after, action, created_at, state, attempts, \
     refusal_code, refusal_message, log_id, version, part_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let command = Command {
        id: id(row, 0)?,
        conversation_id: id(row, 1)?,
        after: opt_id(row, 2)?,
        action: json(row, 3)?,
        created_at: at(row, 4)?,
    };
    let standing = match row.get_ref(5)?.as_str()? {
        "queued" => Standing::Queued,
        "sending" => Standing::Sending,
        "applied" => Standing::Applied {
            log_id: id(row, 9)?,
            version: unsigned(row, 10)?,
            part_id: opt_id(row, 11)?,
        },
        // Any other word is damage that the page's checksum did not see; to show it is better than to
        // send it twice.
        _ => Standing::Refused { code: json(row, 7)?, message: row.get(8)? },
    };
    Ok(Entry { command, standing, attempts: row.get(6)? })
}

fn select(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn ToSql],
) -> rusqlite::Result<Vec<Entry>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM commands WHERE {condition} ORDER BY position"
        ))?
        .query_map(parameters, read)?
        .collect()
}

/// Every entry that is not applied, in order, with those marked as refused that wait for a refused
/// one.
pub(crate) fn unsettled(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = select(connection, "state IN ('queued', 'sending', 'refused')", &[])?;
    block_followers(&mut entries);
    Ok(entries)
}

/// The unsettled entries, and the applied ones that a cache at `cursor` of `log_id` may not show
/// yet.
pub(crate) fn to_lay(
    connection: &Connection,
    log_id: Option<LogId>,
    cursor: u64,
) -> rusqlite::Result<Vec<Entry>> {
    let mut entries = select(
        connection,
        "state IN ('queued', 'sending', 'refused') \
         OR (state = 'applied' AND (version > ?2 OR log_id IS NOT ?1))",
        &[&crate::sql::opt_blob(log_id), &crate::sql::number(cursor)],
    )?;
    block_followers(&mut entries);
    Ok(entries)
}

/// The conversations that entries are about, whatever became of these.
pub(crate) fn conversations(connection: &Connection) -> rusqlite::Result<HashSet<ConversationId>> {
    connection
        .prepare_cached("SELECT DISTINCT conversation_id FROM commands")?
        .query_map([], |row| id(row, 0))?
        .collect()
}

/// One entry.
pub(crate) fn one(connection: &Connection, id: CommandId) -> rusqlite::Result<Option<Entry>> {
    Ok(select(connection, "id = ?1", &[&crate::sql::blob(id)])?.pop())
}

/// When it was heard that a command took effect; nothing where that is not so, or was forgotten.
pub(crate) fn heard_at(
    connection: &Connection,
    id: CommandId,
) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT applied_at FROM commands WHERE id = ?1 AND state = 'applied'")?
        .query_row([crate::sql::blob(id)], |row| at(row, 0))
        .optional()
}

/// The part of the outbox that a list shows.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) entries: Vec<Entry>,
    pub(crate) refused: u32,
    pub(crate) waiting: u32,
}

/// What was refused and then what waits, each the oldest first, without read marks. Of those that are
/// not asked for only is read what says where they stand: their words may be many.
pub(crate) fn listed(connection: &Connection, skip: u32, limit: u32) -> rusqlite::Result<Listed> {
    let links = links(connection)?;
    let held_back = held_back(links.iter().copied());
    let is_refused = |link: &Link| link.is_refused || held_back.contains(&link.id);
    let shown = links.iter().filter(|link| !link.is_mark);
    let (refused, waiting): (Vec<&Link>, Vec<&Link>) = shown.partition(|link| is_refused(link));
    let mut entries = Vec::new();
    let all = refused.iter().chain(waiting.iter());
    for link in all.skip(skip as usize).take(limit as usize) {
        let Some(mut entry) = one(connection, link.id)? else { continue };
        if held_back.contains(&link.id) {
            entry.standing = waits_for_refused();
        }
        entries.push(entry);
    }
    let count = |links: &[&Link]| u32::try_from(links.len()).unwrap_or(u32::MAX);
    Ok(Listed { entries, refused: count(&refused), waiting: count(&waiting) })
}

/// The entries that were refused, or wait for one that was.
pub(crate) fn refused_ids(connection: &Connection) -> rusqlite::Result<Vec<CommandId>> {
    let links = links(connection)?;
    let held_back = held_back(links.iter().copied());
    let refused = links.iter().filter(|link| link.is_refused || held_back.contains(&link.id));
    Ok(refused.map(|link| link.id).collect())
}

/// What decides whether an entry may go.
#[derive(Debug, Clone, Copy)]
struct Link {
    id: CommandId,
    after: Option<CommandId>,
    is_mark: bool,
    is_queued: bool,
    is_refused: bool,
}

fn links(connection: &Connection) -> rusqlite::Result<Vec<Link>> {
    connection
        .prepare_cached(
            "SELECT id, after, is_mark, state FROM commands \
             WHERE state IN ('queued', 'sending', 'refused') ORDER BY position",
        )?
        .query_map([], |row| {
            let state = row.get_ref(3)?.as_str()?;
            let (is_queued, is_refused) = (state == "queued", state == "refused");
            let (id, after) = (id(row, 0)?, opt_id(row, 1)?);
            Ok(Link { id, after, is_mark: row.get(2)?, is_queued, is_refused })
        })?
        .collect()
}

/// The queued ones whose predecessor was refused. Such a one is not sent: a person decides. A chain
/// follows its first.
fn held_back(links: impl Iterator<Item = Link>) -> HashSet<CommandId> {
    if is_planted(Planted::FollowersNotHeld) {
        return HashSet::new();
    }
    let mut refused = HashSet::new();
    let mut held_back = HashSet::new();
    // A retried predecessor keeps its place, so it always stands before what follows it, and one
    // pass in order reaches the end of every chain.
    for link in links {
        let waits = link.is_queued && link.after.is_some_and(|after| refused.contains(&after));
        if waits {
            held_back.insert(link.id);
        }
        if waits || link.is_refused {
            refused.insert(link.id);
        }
    }
    held_back
}

fn waits_for_refused() -> Standing {
    Standing::Refused {
        code: ErrorCode::PredecessorNotApplied,
        message: WAITS_FOR_REFUSED.to_owned(),
    }
}

/// Shows what is held back as refused.
fn block_followers(entries: &mut [Entry]) {
    let held_back = held_back(entries.iter().map(|entry| Link {
        id: entry.command.id,
        after: entry.command.after,
        is_mark: entry.is_mark(),
        is_queued: entry.standing == Standing::Queued,
        is_refused: matches!(entry.standing, Standing::Refused { .. }),
    }));
    for entry in entries.iter_mut().filter(|entry| held_back.contains(&entry.command.id)) {
        entry.standing = waits_for_refused();
    }
}

impl Entry {
    /// Whether the entry is a read mark, which is never shown or counted.
    pub(crate) const fn is_mark(&self) -> bool {
        matches!(self.command.action, Action::ConversationMark { .. })
    }

    /// The state of its sending as the UI shows it.
    pub(crate) fn delivery(&self) -> Delivery {
        let command_id = self.command.id;
        match &self.standing {
            Standing::Queued => Delivery::Queued { command_id, sending: false },
            Standing::Sending => Delivery::Queued { command_id, sending: true },
            Standing::Applied { .. } => Delivery::Sent,
            Standing::Refused { code, message } => {
                Delivery::Refused { command_id, code: *code, message: message.clone() }
            }
        }
    }

    /// The entry as the UI shows it.
    pub(crate) fn shown(&self, contact_name: Option<String>) -> OutboxEntry {
        OutboxEntry {
            command_id: self.command.id,
            conversation_id: self.command.conversation_id,
            contact_name,
            title: None,
            action: self.command.action.clone(),
            created_at: self.command.created_at,
            delivery: self.delivery(),
            attempts: self.attempts,
            meanwhile: None,
        }
    }
}
