//! Reading a damaged outbox and its mirror, item by item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use recado_protocol::host::Draft;
use recado_protocol::{Command, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::{SalvageReport, drafts, queue};
use crate::database::{self, Role};
use crate::error::{Error, Which};
use crate::sql::{at, id, json, opt_id};

/// How many rows are asked for one by one after the last one that was found, where damage hides how
/// many there were.
const LOOK_AHEAD: i64 = 1_000;

/// What one file gave.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Commands by their place; absent where the server has confirmed one.
    commands: BTreeMap<i64, Option<Command>>,
    /// Places that could not be read.
    unreadable: BTreeSet<i64>,
    drafts: Vec<(Draft, Timestamp)>,
    /// Whether every place was asked for that could hold a command.
    has_all_places: bool,
    /// Whether every draft was read.
    has_all_drafts: bool,
    /// How many writes the file counts, where that can be read.
    counted: Option<i64>,
    /// The same where nothing at all is wrong with the file.
    sound_at: Option<i64>,
}

/// Reads what can be read; nothing where there is no file. The file is not changed.
pub(crate) fn read(path: &Path, key: &[u8; 32]) -> Result<Option<Found>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = match database::connect(path, key, Which::Outbox, Role::Reader) {
        // Without its beginning nothing of a file can be read.
        Err(Error::Damaged { .. }) => return Ok(Some(Found::default())),
        opened => opened?,
    };
    let (commands, unreadable, has_all_places) = commands(&connection);
    let (drafts, has_all_drafts) = kept_drafts(&connection);
    let counted = connection.query_row("SELECT count FROM writes", [], |row| row.get(0)).ok();
    let sound_at = counted.filter(|_| database::look_through(&connection, Which::Outbox).is_ok());
    Ok(Some(Found {
        commands,
        unreadable,
        drafts,
        has_all_places,
        has_all_drafts,
        counted,
        sound_at,
    }))
}

/// What both files give together. `noted` is how many writes there have been at least.
pub(crate) fn report(
    outbox: Option<Found>,
    mirror: Option<Found>,
    noted: Option<i64>,
) -> SalvageReport {
    let counted = [&outbox, &mirror].into_iter().flatten().filter_map(|found| found.counted).max();
    let mut report = of_both(outbox, mirror);
    report.incomplete |= noted > counted;
    report
}

fn of_both(outbox: Option<Found>, mirror: Option<Found>) -> SalvageReport {
    let (outbox, mirror) = match (outbox, mirror) {
        (None, None) => return SalvageReport::default(),
        (Some(only), None) => return of_one(only),
        (None, Some(only)) => {
            let from_mirror = only.sound_at.is_some();
            return SalvageReport { from_mirror, ..of_one(only) };
        }
        (Some(outbox), Some(mirror)) => (outbox, mirror),
    };
    // A file with which nothing is wrong has it all, unless the other has seen more.
    match (outbox.sound_at, mirror.sound_at) {
        (outbox_at, Some(mirror_at)) if outbox_at.is_none_or(|at| at <= mirror_at) => {
            SalvageReport { from_mirror: true, ..of_one(mirror) }
        }
        (Some(_), _) => of_one(outbox),
        (None, _) => of_one(together(outbox, mirror)),
    }
}

fn of_one(found: Found) -> SalvageReport {
    let unreadable = u32::try_from(found.unreadable.len()).unwrap_or(u32::MAX);
    let nothing_is_missing = found.has_all_places && found.has_all_drafts;
    SalvageReport {
        commands: found.commands.into_values().flatten().collect(),
        drafts: found.drafts,
        unreadable,
        // Where all could be read and does not agree with itself, something may have gone unseen.
        incomplete: !nothing_is_missing || (unreadable == 0 && found.sound_at.is_none()),
        from_mirror: false,
    }
}

/// Both are damaged: what one cannot give, the other may.
fn together(mut outbox: Found, mirror: Found) -> Found {
    for (place, command) in mirror.commands {
        outbox.unreadable.remove(&place);
        outbox.commands.entry(place).or_insert(command);
    }
    if mirror.has_all_places {
        // A place that the mirror knows to be empty has lost nothing.
        outbox.unreadable.retain(|place| mirror.unreadable.contains(place));
    }
    for draft in mirror.drafts {
        add_draft(&mut outbox.drafts, draft);
    }
    outbox.has_all_places |= mirror.has_all_places;
    outbox.has_all_drafts |= mirror.has_all_drafts;
    outbox
}

/// Commands, each asked for by its place, so that a damaged page costs only what lies on it; places
/// that could not be read; and whether it is known how many places there were.
fn commands(connection: &Connection) -> (BTreeMap<i64, Option<Command>>, BTreeSet<i64>, bool) {
    let (mut found, mut unreadable) = (BTreeMap::new(), BTreeSet::new());
    if !has_schema(connection) {
        // Without its first page nothing of the file can be found.
        return (found, unreadable, false);
    }
    let last = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'commands'", [], |row| {
            row.get::<_, i64>(0)
        })
        .optional()
        // Without a row there has never been a command.
        .map_or(None, |last| Some(last.unwrap_or(0)));
    let mut to = last.unwrap_or(LOOK_AHEAD);
    let mut place = 1;
    while place <= to {
        match one_command(connection, place) {
            Ok(None) => {}
            Ok(Some(command)) => {
                if last.is_none() {
                    to = place + LOOK_AHEAD;
                }
                found.insert(place, command);
            }
            Err(_) => {
                unreadable.insert(place);
            }
        }
        place += 1;
    }
    (found, unreadable, last.is_some())
}

fn has_schema(connection: &Connection) -> bool {
    connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .is_ok()
}

/// `None` for no row, `Some(None)` for one that the server has confirmed.
fn one_command(connection: &Connection, place: i64) -> rusqlite::Result<Option<Option<Command>>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, conversation_id, after, action, created_at, state FROM commands \
         WHERE position = ?1",
    )?;
    let mut rows = statement.query([place])?;
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

/// Drafts, from both ends of their table towards the damage, and whether that is all of them.
fn kept_drafts(connection: &Connection) -> (Vec<(Draft, Timestamp)>, bool) {
    let mut found = Vec::new();
    for direction in ["ASC", "DESC"] {
        if drafts_in(connection, direction, &mut found).is_ok() {
            return (found, true);
        }
    }
    (found, false)
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
        add_draft(found, drafts::read(row)?);
    }
    Ok(())
}

/// Adds a draft unless one of its conversation and kind is there that is as new.
fn add_draft(found: &mut Vec<(Draft, Timestamp)>, (draft, updated_at): (Draft, Timestamp)) {
    let same = |(other, _): &&mut (Draft, Timestamp)| {
        other.conversation_id == draft.conversation_id && other.kind == draft.kind
    };
    match found.iter_mut().find(same) {
        Some(known) if known.1 >= updated_at => {}
        Some(known) => *known = (draft, updated_at),
        None => found.push((draft, updated_at)),
    }
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
