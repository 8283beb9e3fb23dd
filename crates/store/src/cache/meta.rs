//! The one row that says where the cache stands.

use recado_protocol::{REVISION, Timestamp};
use rusqlite::{Connection, params};

use crate::meta::{ClockSeen, ClosedCheck, HeadsProgress, Meta};
use crate::sql::{number, opt_at, opt_blob, opt_id, opt_json, opt_micros, to_json, unsigned};

/// Raised whenever the tokeniser gives other tokens than before; the search tables are then filled
/// anew.
pub(crate) const TOKENS_VERSION: i64 = 1;

/// Makes the row of a new cache.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let made: i64 =
        connection.prepare_cached("SELECT COUNT(*) FROM meta")?.query_row([], |row| row.get(0))?;
    if made == 0 {
        connection
            .prepare_cached(
                "INSERT INTO meta (one, cursor, epoch, tokens_version, revision) \
                 VALUES (1, 0, 0, ?1, ?2)",
            )?
            .execute(params![TOKENS_VERSION, REVISION])?;
    }
    // What an older program adds to a newer one's cache lacks what it does not know.
    connection
        .prepare_cached("UPDATE meta SET revision = ?1 WHERE revision > ?1")?
        .execute([REVISION])?;
    Ok(())
}

/// Whether the row is there and the search tables were filled by this edition of the tokeniser.
pub(crate) fn has_present_tokens(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM meta WHERE tokens_version = ?1")?
        .exists([TOKENS_VERSION])
}

/// Whether [`prepare`] would change nothing and the search tables need no filling.
pub(crate) fn is_ready(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare("SELECT 1 FROM meta WHERE tokens_version = ?1 AND revision <= ?2")?
        .exists(params![TOKENS_VERSION, REVISION])
}

pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Meta> {
    connection
        .prepare_cached(
            "SELECT log_id, cursor, epoch, access, me, workspace, last_contact_at, heads, \
             closed_check, revision, clock_seen_at, clock_lost FROM meta",
        )?
        .query_row([], |row| {
            Ok(Meta {
                log_id: opt_id(row, 0)?,
                cursor: unsigned(row, 1)?,
                epoch: unsigned(row, 2)?,
                access: opt_json(row, 3)?,
                me: opt_json(row, 4)?,
                workspace: opt_json(row, 5)?,
                last_contact_at: opt_at(row, 6)?,
                heads: opt_json(row, 7)?.unwrap_or_default(),
                closed_check: opt_json(row, 8)?,
                revision: row.get(9)?,
                clock_seen: match opt_at(row, 10)? {
                    Some(at) => Some(ClockSeen { at, lost_micros: row.get(11)? }),
                    None => None,
                },
            })
        })
}

pub(crate) fn save(connection: &Connection, meta: &Meta) -> rusqlite::Result<()> {
    let access = meta.access.as_ref().map(to_json).transpose()?;
    let me = meta.me.as_ref().map(to_json).transpose()?;
    let workspace = meta.workspace.as_ref().map(to_json).transpose()?;
    let closed_check = meta.closed_check.as_ref().map(to_json).transpose()?;
    connection
        .prepare_cached(
            "UPDATE meta SET log_id = ?1, cursor = ?2, epoch = ?3, access = ?4, me = ?5, \
             workspace = ?6, last_contact_at = ?7, heads = ?8, closed_check = ?9, revision = ?10, \
             clock_seen_at = ?11, clock_lost = ?12",
        )?
        .execute(params![
            opt_blob(meta.log_id),
            number(meta.cursor),
            number(meta.epoch),
            access,
            me,
            workspace,
            opt_micros(meta.last_contact_at),
            to_json(&meta.heads)?,
            closed_check,
            meta.revision,
            opt_micros(meta.clock_seen.map(|seen| seen.at)),
            meta.clock_seen.unwrap_or_default().lost_micros,
        ])?;
    Ok(())
}

pub(crate) fn set_last_contact(connection: &Connection, at: Timestamp) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE meta SET last_contact_at = ?1")?.execute([at.as_micros()])?;
    Ok(())
}

pub(crate) fn set_clock_seen(connection: &Connection, seen: ClockSeen) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE meta SET clock_seen_at = ?1, clock_lost = ?2")?
        .execute([seen.at.as_micros(), seen.lost_micros])?;
    Ok(())
}

pub(crate) fn set_heads(connection: &Connection, heads: &HeadsProgress) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE meta SET heads = ?1")?.execute([to_json(heads)?])?;
    Ok(())
}

pub(crate) fn set_closed_check(
    connection: &Connection,
    check: Option<&ClosedCheck>,
) -> rusqlite::Result<()> {
    let check = check.map(to_json).transpose()?;
    connection.prepare_cached("UPDATE meta SET closed_check = ?1")?.execute([check])?;
    Ok(())
}

/// Stores that the search tables are filled by this edition of the tokeniser.
pub(crate) fn set_tokens_version(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE meta SET tokens_version = ?1", [TOKENS_VERSION])?;
    Ok(())
}
