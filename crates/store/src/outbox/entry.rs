//! An entry of the outbox as it is stored.

use std::collections::{HashMap, HashSet};

use recado_protocol::host::{Delivery, OutboxEntry};
use recado_protocol::{
    Action, Command, CommandId, ConversationId, ErrorCode, LogId, PartId, Planted, is_planted,
};
use rusqlite::{Connection, Row, ToSql};

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

/// An entry whose predecessor was refused is not sent: a person decides. A chain follows its first.
fn block_followers(entries: &mut [Entry]) {
    if is_planted(Planted::FollowersNotHeld) {
        return;
    }
    let mut refused: HashMap<CommandId, bool> = entries
        .iter()
        .map(|entry| (entry.command.id, matches!(entry.standing, Standing::Refused { .. })))
        .collect();
    // A retried predecessor keeps its place, so it always stands before what follows it, and one
    // pass in order reaches the end of every chain.
    for entry in entries {
        let waits = entry.command.after.is_some_and(|after| refused.get(&after) == Some(&true));
        if waits && entry.standing == Standing::Queued {
            entry.standing = Standing::Refused {
                code: ErrorCode::PredecessorNotApplied,
                message: WAITS_FOR_REFUSED.to_owned(),
            };
            refused.insert(entry.command.id, true);
        }
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
