//! What colleagues did in a conversation while an action of the agent waited.

use recado_protocol::host::Meanwhile;
use recado_protocol::{Action, AuthorType, Command, Part, PartType, TeammateId};
use rusqlite::Connection;

use crate::cache::parts;
use crate::cache::rows::HeadRow;

/// How many of the newest parts are looked through.
const LOOKED_AT: u32 = 50;

/// The newest message or change by a colleague that the author of `command` had not seen and that
/// touches it.
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
        by_a_colleague && touches(part, &command.action) && unseen(part)
    });
    Ok(found.map(|part| Meanwhile {
        author_name: part.author.name,
        part_type: part.part_type,
        assigned_to_admin_id: part.assigned_to_admin_id,
        assigned_to_team_id: part.assigned_to_team_id,
        priority: part.priority,
        tag: part.tag,
        created_at: part.created_at,
    }))
}

/// Whether one would have acted otherwise, had one known. To a message that is whatever was written,
/// and who has the conversation and where it stands; to a change it is a change of the same thing.
fn touches(part: &Part, action: &Action) -> bool {
    use PartType as Type;
    let is_stand = matches!(part.part_type, Type::Close | Type::Open | Type::Snoozed);
    match action {
        Action::ConversationReply { .. } | Action::ConversationNote { .. } => {
            is_stand || matches!(part.part_type, Type::Comment | Type::Note | Type::Assignment)
        }
        // One that takes an assignment away names neither, so it may be of either kind.
        Action::ConversationAssign { .. } => {
            part.part_type == Type::Assignment && part.assigned_to_team_id.is_none()
        }
        Action::ConversationAssignTeam { .. } => {
            part.part_type == Type::Assignment && part.assigned_to_admin_id.is_none()
        }
        Action::ConversationClose
        | Action::ConversationOpen
        | Action::ConversationSnooze { .. } => is_stand,
        Action::ConversationPrioritize { .. } => part.part_type == Type::PriorityChanged,
        Action::ConversationTagAdd { tag } | Action::ConversationTagRemove { tag } => {
            matches!(part.part_type, Type::TagAdded | Type::TagRemoved)
                && part.tag.as_deref() == Some(tag)
        }
        Action::ConversationMark { .. } => false,
    }
}
