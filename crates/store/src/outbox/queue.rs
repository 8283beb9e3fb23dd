//! The queue: what is sent when, and what became of it.

use std::collections::{HashMap, HashSet};

use recado_protocol::{
    Command, CommandId, CommandOutcome, CommandResult, ConversationId, ErrorCode, LogId, Planted,
    Timestamp, host::DraftKind, is_planted,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::drafts;
use super::entry::{self, Entry, Standing};
use crate::sql::{blob, id, number, opt_blob, to_json};

/// Said of a command of which nobody here can say whether it took effect.
const UNKNOWN_OUTCOME: &str = "the server answered with an outcome that this version does not \
     know; update Recado and look at the conversation before trying again";
/// How long a confirmed entry is kept, so that a server which lost it can be told again.
const KEPT_S: i64 = 48 * 3600;

/// Stores a command. Returns false if the id is taken by another command.
pub(crate) fn enqueue(connection: &Connection, command: &Command) -> rusqlite::Result<bool> {
    if let Some(known) = entry::one(connection, command.id)? {
        return Ok(known.command == *command);
    }
    insert(connection, command)?;
    let kind = match command.action {
        recado_protocol::Action::ConversationReply { .. } => Some(DraftKind::Reply),
        recado_protocol::Action::ConversationNote { .. } => Some(DraftKind::Note),
        _ => None,
    };
    if let Some(kind) = kind {
        drafts::remove(connection, command.conversation_id, kind)?;
        if is_planted(Planted::OtherDraftRemoved) {
            drafts::remove(connection, command.conversation_id, DraftKind::Note)?;
        }
    }
    Ok(true)
}

/// Stores a salvaged command unless it is here.
pub(crate) fn restore(connection: &Connection, command: &Command) -> rusqlite::Result<()> {
    match entry::one(connection, command.id)? {
        Some(_) => Ok(()),
        None => insert(connection, command),
    }
}

fn insert(connection: &Connection, command: &Command) -> rusqlite::Result<()> {
    let is_mark = matches!(command.action, recado_protocol::Action::ConversationMark { .. });
    connection
        .prepare_cached(
            "INSERT INTO commands \
             (id, conversation_id, after, action, is_mark, created_at, state, attempts) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', 0)",
        )?
        .execute(params![
            blob(command.id),
            blob(command.conversation_id),
            opt_blob(command.after),
            to_json(&command.action)?,
            is_mark,
            command.created_at.as_micros(),
        ])?;
    Ok(())
}

/// What may be sent now. Of each conversation it is the first entry that nothing stops, and nothing
/// while another of it is on its way; refused entries stop only what names them.
pub(crate) fn pending_to_send(
    connection: &Connection,
    limit: u32,
) -> rusqlite::Result<Vec<Command>> {
    let mut entries = entry::unsettled(connection)?;
    if is_planted(Planted::OrderReversed) {
        entries.reverse();
    }
    let unsettled: HashSet<CommandId> = entries.iter().map(|entry| entry.command.id).collect();
    let mut busy: HashSet<ConversationId> = entries
        .iter()
        .filter(|entry| entry.standing == Standing::Sending)
        .map(|entry| entry.command.conversation_id)
        .collect();
    let mut sendable = Vec::new();
    for Entry { command, standing, .. } in entries {
        if sendable.len() >= limit as usize {
            break;
        }
        // A predecessor that is not here any more was applied more than 48 hours ago; one that was
        // given up has refused its followers, or the server decides about them.
        let free = command.after.is_none_or(|after| !unsettled.contains(&after));
        if !free && is_planted(Planted::WaitingBlocksAll) {
            break;
        }
        if standing == Standing::Queued && free && busy.insert(command.conversation_id) {
            sendable.push(command);
        }
    }
    Ok(sendable)
}

/// Names what may be sent now, as many as fit together, and marks it as on its way.
pub(crate) fn take_to_send(
    connection: &Connection,
    limit: u32,
    max_body_bytes: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<Command>> {
    let mut commands = pending_to_send(connection, limit)?;
    let mut bytes = 0;
    let fitting = commands
        .iter()
        .take_while(|command| {
            bytes += command.action.body_text().map_or(0, str::len);
            bytes <= max_body_bytes
        })
        .count();
    commands.truncate(fitting.max(1));
    let ids: Vec<_> = commands.iter().map(|command| command.id).collect();
    if is_planted(Planted::TakenOut) {
        for &id in &ids {
            connection.execute("DELETE FROM commands WHERE id = ?1", [blob(id)])?;
        }
    }
    mark_attempt(connection, &ids, now)?;
    Ok(commands)
}

/// Marks commands as on their way.
pub(crate) fn mark_attempt(
    connection: &Connection,
    ids: &[CommandId],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE commands SET state = 'sending', attempts = attempts + 1, attempted_at = ?2 \
         WHERE id = ?1 AND state = 'queued'",
    )?;
    for &id in ids {
        statement.execute(params![blob(id), now.as_micros()])?;
    }
    Ok(())
}

/// Marks commands as waiting again.
pub(crate) fn mark_unsent(connection: &Connection, ids: &[CommandId]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE commands SET state = 'queued' WHERE id = ?1 AND state = 'sending'",
    )?;
    for &id in ids {
        statement.execute([blob(id)])?;
    }
    Ok(())
}

/// Marks everything as waiting that was on its way when the program ended.
pub(crate) fn mark_all_unsent(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE commands SET state = 'queued' WHERE state = 'sending'")?
        .execute([])?;
    Ok(())
}

/// The conversation of a command, if the outbox has the command.
fn conversation_of(
    connection: &Connection,
    command_id: CommandId,
) -> rusqlite::Result<Option<ConversationId>> {
    connection
        .prepare_cached("SELECT conversation_id FROM commands WHERE id = ?1")?
        .query_row([blob(command_id)], |row| id(row, 0))
        .optional()
}

/// Stores what the server said.
pub(crate) fn acknowledge(
    connection: &Connection,
    result: &CommandResult,
    log_id: LogId,
    now: Timestamp,
) -> rusqlite::Result<Option<ConversationId>> {
    let (version, part_id) = match &result.outcome {
        CommandOutcome::Refused { code, message } => {
            return refuse(connection, result.id, *code, message);
        }
        CommandOutcome::Unknown => {
            return refuse(connection, result.id, ErrorCode::ClientTooOld, UNKNOWN_OUTCOME);
        }
        CommandOutcome::Applied { version, part_id } => (*version, *part_id),
    };
    let Some(conversation_id) = conversation_of(connection, result.id)? else { return Ok(None) };
    if is_planted(Planted::NotKept) {
        connection.execute("DELETE FROM commands WHERE id = ?1", [blob(result.id)])?;
    }
    connection
        .prepare_cached(
            "UPDATE commands SET state = 'applied', log_id = ?2, version = ?3, part_id = ?4, \
             applied_at = ?5, refusal_code = NULL, refusal_message = NULL WHERE id = ?1",
        )?
        .execute(params![
            blob(result.id),
            blob(log_id),
            number(version),
            opt_blob(part_id),
            now.as_micros(),
        ])?;
    Ok(Some(conversation_id))
}

/// Marks a command as refused. A refused read mark is simply dropped: nobody could do anything
/// about it.
pub(crate) fn refuse(
    connection: &Connection,
    id: CommandId,
    code: ErrorCode,
    message: &str,
) -> rusqlite::Result<Option<ConversationId>> {
    let Some(conversation_id) = conversation_of(connection, id)? else { return Ok(None) };
    connection
        .prepare_cached("DELETE FROM commands WHERE id = ?1 AND is_mark AND state <> 'applied'")?
        .execute([blob(id)])?;
    connection
        .prepare_cached(
            "UPDATE commands SET state = 'refused', refusal_code = ?2, refusal_message = ?3 \
             WHERE id = ?1 AND state <> 'applied'",
        )?
        .execute(params![blob(id), to_json(&code)?, message])?;
    Ok(Some(conversation_id))
}

/// Puts refused entries back at their old places, each under the new id beside its own, because the
/// server keeps the refusal of the old one for good. What followed one follows the new id; an entry
/// that waited for one which stays refused goes on without it.
pub(crate) fn retry(
    connection: &Connection,
    ids: &HashMap<CommandId, CommandId>,
) -> rusqlite::Result<Vec<ConversationId>> {
    let entries = entry::unsettled(connection)?;
    let known: HashSet<CommandId> = entries.iter().map(|entry| entry.command.id).collect();
    let mut refused: HashSet<CommandId> = entries
        .iter()
        .filter(|entry| matches!(entry.standing, Standing::Refused { .. }))
        .map(|entry| entry.command.id)
        .collect();
    let mut put_back = Vec::new();
    // A predecessor stands before what follows it, so its new id is known by then.
    for Entry { command, .. } in &entries {
        let Some(new_id) = ids.get(&command.id).filter(|_| refused.remove(&command.id)) else {
            continue;
        };
        let new_id = if is_planted(Planted::RetriedUnderOldId) { command.id } else { *new_id };
        let after = command
            .after
            .filter(|after| known.contains(after) && !refused.contains(after))
            .map(|after| ids.get(&after).copied().unwrap_or(after));
        connection
            .prepare_cached(
                "UPDATE commands SET id = ?2, after = ?3, state = 'queued', attempts = 0, \
                 attempted_at = NULL, refusal_code = NULL, refusal_message = NULL WHERE id = ?1",
            )?
            .execute(params![blob(command.id), blob(new_id), opt_blob(after)])?;
        connection
            .prepare_cached(
                "UPDATE commands SET after = ?2 WHERE after = ?1 AND state <> 'applied'",
            )?
            .execute(params![blob(command.id), blob(new_id)])?;
        put_back.push(command.conversation_id);
    }
    Ok(put_back)
}

/// Deletes an entry that is not applied and not on its way. What followed it is refused, so that it
/// waits for a decision of its own, unless it was sent before: that was after its predecessor had been
/// confirmed, by a log that is lost now, and both may have taken effect. The server knows.
pub(crate) fn discard(
    connection: &Connection,
    id: CommandId,
) -> rusqlite::Result<Option<ConversationId>> {
    let Some(conversation_id) = conversation_of(connection, id)? else { return Ok(None) };
    if is_planted(Planted::GivenUpOnTheWay) {
        mark_unsent(connection, &[id])?;
    }
    if is_planted(Planted::GivenUpIsSent) {
        let found = entry::one(connection, id)?;
        if found.is_some_and(|entry| entry.standing == Standing::Queued) {
            return Ok(Some(conversation_id));
        }
    }
    let deleted = connection
        .prepare_cached("DELETE FROM commands WHERE id = ?1 AND state IN ('queued', 'refused')")?
        .execute([blob(id)])?;
    if deleted == 0 {
        return Ok(None);
    }
    connection
        .prepare_cached(
            "UPDATE commands SET state = 'refused', refusal_code = ?2, refusal_message = ?3 \
             WHERE after = ?1 AND state = 'queued' AND attempts = 0",
        )?
        .execute(params![
            blob(id),
            to_json(&ErrorCode::PredecessorNotApplied)?,
            entry::WAITS_FOR_REFUSED
        ])?;
    Ok(Some(conversation_id))
}

/// Forgets what was confirmed long enough ago.
pub(crate) fn prune(connection: &Connection, now: Timestamp) -> rusqlite::Result<u32> {
    let kept_s = if is_planted(Planted::KeptTooShort) { KEPT_S / 3600 } else { KEPT_S };
    let deleted = connection
        .prepare_cached("DELETE FROM commands WHERE state = 'applied' AND applied_at < ?1")?
        .execute([now.plus_seconds(-kept_s).as_micros()])?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}

/// Queues again what another log than `log_id` confirmed not too long ago.
pub(crate) fn unacknowledge(
    connection: &Connection,
    log_id: LogId,
    now: Timestamp,
) -> rusqlite::Result<u32> {
    if is_planted(Planted::NotSentAgain) {
        return Ok(0);
    }
    let queued = connection
        .prepare_cached(
            "UPDATE commands SET state = 'queued', log_id = NULL, version = NULL, part_id = NULL, \
             applied_at = NULL WHERE state = 'applied' AND log_id <> ?1 AND applied_at >= ?2",
        )?
        .execute(params![blob(log_id), now.plus_seconds(-KEPT_S).as_micros()])?;
    Ok(u32::try_from(queued).unwrap_or(u32::MAX))
}

/// Entries that wait and entries that were refused, read marks left out.
pub(crate) fn counts(entries: &[Entry]) -> (u32, u32) {
    let mut counts = (0, 0);
    for entry in entries.iter().filter(|entry| !entry.is_mark()) {
        match entry.standing {
            Standing::Queued | Standing::Sending => counts.0 += 1,
            Standing::Refused { .. } => counts.1 += 1,
            Standing::Applied { .. } => {}
        }
    }
    counts
}
