//! Reading a damaged outbox, item by item.

use std::path::Path;

use recado_protocol::host::Draft;
use recado_protocol::{Command, Timestamp};
use rusqlite::Connection;

use super::{SalvageReport, drafts, queue};
use crate::database::{self, Role};
use crate::error::{Error, Which};
use crate::sql::{at, id, json, opt_id};

/// How many rows are asked for one by one after the last one that was found, where damage hides how
/// many there were.
const LOOK_AHEAD: i64 = 1_000;

/// Reads what can be read. The file is not changed.
pub(crate) fn read(path: &Path, key: &[u8; 32]) -> Result<SalvageReport, Error> {
    let mut report = SalvageReport::default();
    if !path.exists() {
        return Ok(report);
    }
    let connection = database::connect(path, key, Which::Outbox, Role::Reader)?;
    let readable =
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    if readable.is_err() {
        // Without its first page nothing of the file can be found.
        report.incomplete = true;
        return Ok(report);
    }
    commands(&connection, &mut report);
    kept_drafts(&connection, &mut report);
    Ok(report)
}

/// Commands that the server has not confirmed. Each is asked for by its place, so that a damaged page
/// costs only what lies on it.
fn commands(connection: &Connection, report: &mut SalvageReport) {
    let last = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'commands'", [], |row| {
            row.get::<_, i64>(0)
        })
        .ok();
    report.incomplete |= last.is_none();
    let mut to = last.unwrap_or(LOOK_AHEAD);
    let mut position = 1;
    while position <= to {
        match one_command(connection, position) {
            Ok(None) => {}
            Ok(Some(command)) => {
                if last.is_none() {
                    to = position + LOOK_AHEAD;
                }
                report.commands.extend(command);
            }
            Err(_) => report.unreadable += 1,
        }
        position += 1;
    }
}

/// `None` for no row, `Some(None)` for one that the server has confirmed.
fn one_command(
    connection: &Connection,
    position: i64,
) -> rusqlite::Result<Option<Option<Command>>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, conversation_id, after, action, created_at, state FROM commands \
         WHERE position = ?1",
    )?;
    let mut rows = statement.query([position])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    if row.get_ref(5)?.as_str()? == "applied" {
        return Ok(Some(None));
    }
    Ok(Some(Some(Command {
        id: id(row, 0)?,
        conversation_id: id(row, 1)?,
        after: opt_id(row, 2)?,
        action: json(row, 3)?,
        created_at: at(row, 4)?,
    })))
}

/// Drafts, from both ends of their table towards the damage.
fn kept_drafts(connection: &Connection, report: &mut SalvageReport) {
    let mut found: Vec<(Draft, Timestamp)> = Vec::new();
    for direction in ["ASC", "DESC"] {
        let damaged = drafts_in(connection, direction, &mut found).is_err();
        if !damaged {
            break;
        }
        report.incomplete = true;
    }
    report.drafts = found;
}

fn drafts_in(
    connection: &Connection,
    direction: &str,
    found: &mut Vec<(Draft, Timestamp)>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!(
        "SELECT conversation_id, kind, body_text, updated_at FROM drafts \
         ORDER BY conversation_id {direction}, kind {direction}"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let draft = drafts::read(row)?;
        let known = |(other, _): &(Draft, Timestamp)| {
            other.conversation_id == draft.0.conversation_id && other.kind == draft.0.kind
        };
        if !found.iter().any(known) {
            found.push(draft);
        }
    }
    Ok(())
}

/// Puts salvaged items into a new outbox. What is there already stays as it is.
pub(crate) fn restore(connection: &Connection, report: &SalvageReport) -> rusqlite::Result<()> {
    for command in &report.commands {
        queue::restore(connection, command)?;
    }
    for (draft, updated_at) in &report.drafts {
        if drafts::load(connection, draft.conversation_id, draft.kind)?.is_none() {
            drafts::save(connection, draft, *updated_at)?;
        }
    }
    Ok(())
}
