//! What colleagues did in a conversation while an action of the agent waited.

use recado_protocol::host::Meanwhile;
use recado_protocol::{Action, AuthorType, Command, Part, PartType, TeammateId};
use rusqlite::Connection;

use crate::cache::parts;
use crate::cache::rows::HeadRow;

/// How many of the newest parts are looked through.
const LOOKED_AT: u32 = 50;

/// The newest message or change by a colleague that the author of `command` had not seen.
pub(crate) fn since(
    cache: &Connection,
    row: &HeadRow,
    command: &Command,
    me: Option<TeammateId>,
) -> rusqlite::Result<Option<Meanwhile>> {
    let unseen = |part: &Part| match command.action {
        Action::ConversationReply { last_seen_seq, .. } => part.seq > last_seen_seq,
        _ => part.created_at > command.created_at,
    };
    let above = row.head.part_count.saturating_add(1);
    let newest = parts::newest_before(cache, row.key, row.head.id, above, LOOKED_AT)?;
    let found = newest.into_iter().rev().find(|part| {
        let by_a_colleague = part.author.author_type == AuthorType::Admin
            && part.author.admin_id.is_some()
            && part.author.admin_id != me;
        by_a_colleague && weighs(part.part_type) && unseen(part)
    });
    Ok(found.map(|part| Meanwhile {
        author_name: part.author.name,
        part_type: part.part_type,
        assigned_to_admin_id: part.assigned_to_admin_id,
        assigned_to_team_id: part.assigned_to_team_id,
        created_at: part.created_at,
    }))
}

/// Whether one would have acted otherwise, had one known: tags and priorities change no answer.
const fn weighs(part_type: PartType) -> bool {
    matches!(
        part_type,
        PartType::Comment
            | PartType::Note
            | PartType::Assignment
            | PartType::Close
            | PartType::Open
            | PartType::Snoozed
    )
}
