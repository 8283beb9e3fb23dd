//! Answers as text, and short names for what travels.

use recado_client::engine::{Answer, Ask, JobAnswer};
use recado_client::transport::{Response, TransportError};
use recado_protocol::live::LiveFrame;
use serde_json::{Value, json};

use super::chance::Chance;

/// An answer of a newer server, as this client reads it: through JSON, with changes and fields that it
/// does not know.
///
/// # Errors
/// If an answer cannot be written.
pub(super) fn across(
    ask: &Ask,
    result: Result<Answer, TransportError>,
    chance: &mut Chance,
) -> anyhow::Result<Result<Answer, TransportError>> {
    let (status, mut body) = match &result {
        Ok(Answer::Bootstrap(answer)) => (200, serde_json::to_value(answer)?),
        Ok(Answer::Sync(answer)) => (200, serde_json::to_value(answer)?),
        Ok(Answer::Heads(answer)) => (200, serde_json::to_value(answer)?),
        Ok(Answer::Conversations(answer)) => (200, serde_json::to_value(answer)?),
        Ok(Answer::Digest(answer)) => (200, serde_json::to_value(answer)?),
        Ok(Answer::Commands(answer)) => (200, serde_json::to_value(answer)?),
        Ok(Answer::LiveTicket(answer)) => (200, serde_json::to_value(answer)?),
        Err(TransportError::Refused(error)) => (400, serde_json::to_value(error)?),
        Err(_) => return Ok(result),
    };
    if let Some(Value::Array(changes)) = body.get_mut("changes")
        && chance.happens(200)
    {
        let place = chance.below(changes.len() as u64 + 1);
        let unheard = json!({ "type": "unheard_of", "what": [] });
        changes.insert(usize::try_from(place).unwrap_or_default(), unheard);
    }
    add_unknown(&mut body, chance);
    let response = Response { status, body: serde_json::to_vec(&body)?, retry_after_s: None };
    Ok(ask.read(&response))
}

fn add_unknown(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| add_unknown(field, chance));
            if chance.happens(200) {
                fields.insert("added_later".to_owned(), json!({ "type": "unheard_of" }));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_unknown(item, chance)),
        _ => {}
    }
}

/// A question in few words.
pub(super) fn question(ask: &Ask) -> String {
    match ask {
        Ask::Bootstrap => "Bootstrap".to_owned(),
        Ask::Sync { cursor, .. } => format!("Sync after {cursor}"),
        Ask::Heads(query) => format!("Heads {} after {:?}", query.state.name(), query.after),
        Ask::Conversation { conversation_id, before_seq, limit } => {
            format!("Conversation {conversation_id} before {before_seq:?}, {limit}")
        }
        Ask::Fetch(ids) => format!("Fetch {}", ids.len()),
        Ask::Digest => "Digest".to_owned(),
        Ask::Commands(request) => {
            let names = request.commands.iter().map(|command| {
                format!("{} {} on {}", command.id, command.action.name(), command.conversation_id)
            });
            format!("Commands {}", names.collect::<Vec<_>>().join(", "))
        }
        Ask::LiveTicket => "LiveTicket".to_owned(),
    }
}

/// What a job brought, in few words.
pub(super) fn outcome(answer: &JobAnswer) -> String {
    match answer {
        JobAnswer::Applied(applied) => format!(
            "cursor {} epoch {} dropped {:?} changed {:?} left {}",
            applied.cursor,
            applied.epoch,
            applied.dropped,
            applied.conversations,
            applied.left.len()
        ),
        JobAnswer::Meta(meta) => {
            format!("cursor {} epoch {} {:?}", meta.cursor, meta.epoch, meta.heads)
        }
        other => format!("{other:?}"),
    }
}

/// A frame in few words.
pub(super) fn name(frame: &LiveFrame) -> String {
    match frame {
        LiveFrame::Page { page } => {
            format!("page {}..{} epoch {}", page.after, page.cursor, page.epoch)
        }
        LiveFrame::Pull => "pull".to_owned(),
        LiveFrame::SessionsChanged => "sessions changed".to_owned(),
        LiveFrame::Unknown => "something unknown".to_owned(),
        LiveFrame::End { error } => format!("end {:?}", error.code),
    }
}
