//! What happens after the cache was filled.

use std::collections::HashMap;

use recado_protocol::sync::{Change, ConversationDelta, SyncPage};
use recado_protocol::{ConversationHead, Part, PartId, PartType, Timestamp, text};

use super::random::Random;
use super::{AGENTS, BEGIN_S, EPOCH, Fixture, SEED, SPAN_S, customer, id, teammate_id};

/// The change log's end: new messages and assignments in recent open conversations.
#[derive(Debug)]
pub(crate) struct Changes<'a> {
    fixture: &'a Fixture,
    recent: Vec<usize>,
    heads: HashMap<usize, ConversationHead>,
    random: Random,
    cursor: u64,
}

impl<'a> Changes<'a> {
    /// Follows what the fixture holds. Up to 10,000 conversations are recent.
    pub(crate) fn new(fixture: &'a Fixture) -> Self {
        let mut recent = fixture.newest_first();
        recent.retain(|index| fixture.is_open(*index));
        recent.truncate(10_000);
        let cursor = fixture.cursor();
        Self { fixture, recent, heads: HashMap::new(), random: Random::at(SEED, 9 << 40), cursor }
    }

    /// The next `entries` changes as one page.
    pub(crate) fn page(&mut self, entries: usize) -> SyncPage {
        let after = self.cursor;
        let changes = (0..entries).map(|_| Change::Conversation { conversation: self.change() });
        let changes = changes.collect();
        SyncPage {
            log_id: Fixture::log_id(),
            epoch: EPOCH,
            after,
            cursor: self.cursor,
            more: false,
            server_time: self.now(),
            changes,
        }
    }

    /// Two seconds pass between two changes.
    fn now(&self) -> Timestamp {
        let since = (self.cursor - self.fixture.cursor()) as i64;
        Timestamp::from_seconds(BEGIN_S + SPAN_S + 30 * 86_400 + 2 * since)
    }

    fn change(&mut self) -> ConversationDelta {
        self.cursor += 1;
        let (version, created_at) = (self.cursor, self.now());
        let index = self.recent[self.random.index(self.recent.len())];
        let fixture = self.fixture;
        let contact = fixture.contact(index, fixture.plans[index].language);
        let head = self.heads.entry(index).or_insert_with(|| fixture.entry(index).delta.head);
        let random = &mut self.random;

        head.version = version;
        head.part_count += 1;
        let agent = random.index(AGENTS);
        let mut part = Part {
            id: PartId::from_uuid(id(created_at.as_millis(), 10, version)),
            conversation_id: head.id,
            seq: head.part_count,
            part_type: PartType::Comment,
            author: fixture.agent(agent),
            body: String::new(),
            body_text: String::new(),
            rich: false,
            assigned_to_admin_id: None,
            assigned_to_team_id: None,
            snoozed_until: None,
            priority: None,
            tag: None,
            command_id: None,
            created_at,
            version,
        };
        if random.chance(0.1) {
            part.part_type = PartType::Assignment;
            part.assigned_to_admin_id = Some(teammate_id(agent));
            head.admin_assignee_id = part.assigned_to_admin_id;
        } else {
            if random.chance(0.6) {
                part.author = customer(&contact);
                head.contact_part_count += 1;
                head.waiting_since = head.waiting_since.or(Some(created_at));
            } else {
                head.waiting_since = None;
            }
            part.body_text = fixture.message(&fixture.plans[index], version as usize, random);
            part.body.clone_from(&part.body_text);
            head.last_part_at = created_at;
            head.preview = text::preview(&part.body_text);
            head.preview_author = part.author.author_type;
            head.preview_is_note = false;
        }
        ConversationDelta { complete_from_seq: part.seq, head: head.clone(), parts: vec![part] }
    }
}
