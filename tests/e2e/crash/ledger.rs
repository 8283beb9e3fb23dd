//! What was promised, written down outside of the processes that die, and whether it was kept.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure};
use recado_protocol::{CommandId, ConversationId};

use super::lane::Chance;
use super::rows::Rows;
use serde_json::{Value, json};

/// One thing that an agent or a customer did. Its text, or its tag, is used by nothing else.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub(super) conversation_id: ConversationId,
    /// What stands in the part that it makes, where it makes one that can be told by it.
    pub(super) mark: Option<String>,
    pub(super) action: Value,
}

/// An action of an agent by chance.
pub(super) fn deed(
    chance: &mut Chance,
    conversations: &[ConversationId],
    name: &str,
    me: &str,
) -> Deed {
    let conversation_id = *chance.pick(conversations);
    let body = match chance.below(8) {
        // More than one page of the database.
        0 => format!("{name} {}", "a long answer ".repeat(600)),
        _ => format!("{name} an answer"),
    };
    let (mark, action) = match chance.below(10) {
        0..4 => {
            let action =
                json!({ "type": "conversation_reply", "body_text": body, "last_seen_seq": 0 });
            (Some(body), action)
        }
        4 | 5 => {
            let action = json!({ "type": "conversation_note", "body_text": body });
            (Some(body), action)
        }
        6 => {
            let to = if chance.one_in(2) { json!(me) } else { Value::Null };
            (None, json!({ "type": "conversation_assign", "admin_assignee_id": to }))
        }
        7 => (None, json!({ "type": "conversation_close" })),
        8 => (None, json!({ "type": "conversation_open" })),
        _ => {
            let priority = if chance.one_in(2) { "priority" } else { "not_priority" };
            (None, json!({ "type": "conversation_prioritize", "priority": priority }))
        }
    };
    Deed { conversation_id, mark, action }
}

/// What was promised so far.
#[derive(Default)]
pub(super) struct Ledger {
    /// Commands that the client said it had stored, with their texts.
    taken: BTreeMap<CommandId, Deed>,
    /// Commands that the client showed as refused.
    refused: BTreeSet<CommandId>,
    /// Idempotency keys that the server said yes to, with the message's text.
    channel_taken: BTreeMap<String, String>,
    /// Texts of which nobody said anything.
    open: BTreeSet<String>,
}

impl Ledger {
    pub(super) fn took(&mut self, id: CommandId, deed: Deed) {
        self.taken.insert(id, deed);
    }

    pub(super) fn unanswered(&mut self, text: Option<String>) {
        self.open.extend(text);
    }

    pub(super) fn refused(&mut self, id: CommandId) {
        self.refused.insert(id);
    }

    pub(super) fn channel_took(&mut self, key: String, text: String) {
        self.channel_taken.insert(key, text);
    }

    /// How many promises there are.
    pub(super) fn promises(&self) -> usize {
        self.taken.len() + self.channel_taken.len()
    }

    /// Compares with what the server has.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub(super) fn check(&self, rows: &Rows) -> anyhow::Result<()> {
        let commands: BTreeMap<&[u8], _> =
            rows.commands.iter().map(|row| (row.id.as_slice(), row)).collect();
        for (id, deed) in &self.taken {
            match commands.get(id.uuid().as_bytes().as_slice()) {
                Some(row) if row.applied => {}
                _ if self.refused.contains(id) => continue,
                Some(_) => bail!("{id} was refused and nobody was told: {}", deed.action["type"]),
                None => bail!("{id} was taken and is lost: {}", deed.action["type"]),
            }
            let of_it = |part: &&super::rows::PartRow| {
                part.command_id.as_deref() == Some(id.uuid().as_bytes())
            };
            let parts: Vec<_> = rows.parts.iter().filter(of_it).collect();
            ensure!(parts.len() <= 1, "{id} made {} parts", parts.len());
            if let Some(mark) = &deed.mark {
                let part = parts.first();
                ensure!(part.is_some_and(|part| part.body_text == *mark), "{id} has another text");
                let place = deed.conversation_id.uuid();
                let in_place = part.is_some_and(|part| part.conversation_id == place.as_bytes());
                ensure!(in_place, "{id} lies in another conversation");
            }
        }
        let requests: BTreeSet<&str> = rows.channel_requests.iter().map(String::as_str).collect();
        let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
        for part in &rows.parts {
            *texts.entry(&part.body_text).or_default() += 1;
        }
        for (key, text) in &self.channel_taken {
            ensure!(requests.contains(key.as_str()), "{key} was taken and is lost");
            ensure!(texts.get(text.as_str()) == Some(&1), "the message of {key} is not there once");
        }
        let mut marks = self.taken.values().filter_map(|deed| deed.mark.as_ref()).chain(&self.open);
        let doubled = marks.find(|mark| texts.get(mark.as_str()).is_some_and(|count| *count > 1));
        ensure!(doubled.is_none(), "there more than once: {doubled:.40?}");
        check_audit(rows)?;
        check_log(rows)
    }
}

/// One row for each effect: a command that made a part, a channel's write.
fn check_audit(rows: &Rows) -> anyhow::Result<()> {
    let mut of_commands: BTreeMap<String, usize> = BTreeMap::new();
    for (_, detail) in rows.audit.iter().filter(|(actor, _)| actor == "teammate") {
        let detail: Value = serde_json::from_str(detail).unwrap_or_default();
        if let Some(id) = detail["command_id"].as_str() {
            *of_commands.entry(id.to_owned()).or_default() += 1;
        }
    }
    let effects = rows.commands.iter().filter(|row| row.has_part).count();
    ensure!(of_commands.len() == effects, "{effects} effects, {} audit rows", of_commands.len());
    ensure!(of_commands.values().all(|count| *count == 1), "an effect has several audit rows");
    let channel = rows.audit.iter().filter(|(actor, _)| actor == "channel").count();
    let requests = rows.channel_requests.len();
    ensure!(channel == requests, "{requests} channel writes, {channel} audit rows");
    Ok(())
}

fn check_log(rows: &Rows) -> anyhow::Result<()> {
    let gap = rows.log.iter().zip(1_i64..).find(|(seq, expected)| **seq != *expected);
    ensure!(gap.is_none(), "the change log has a gap: {gap:?}");
    Ok(())
}
