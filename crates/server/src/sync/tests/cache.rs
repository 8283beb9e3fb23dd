//! A cache that follows the change log as a client does, for comparison with what the server lists anew.

use std::collections::{BTreeMap, BTreeSet};

use recado_protocol::sync::{Bootstrap, Change, ConversationDelta, HeadQuery, SyncPage};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::{
    Contact, ContactId, ConversationHead, ConversationId, ConversationState, Part, ReadMark, Team,
    TeamId, Teammate, TeammateId, Visibility,
};

use crate::core::{Core, Principal};
use crate::sync;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) head: ConversationHead,
    pub(super) parts: BTreeMap<u32, Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cache {
    who: Principal,
    bootstrap: (recado_protocol::LogId, recado_protocol::Workspace),
    pub(super) cursor: u64,
    pub(super) access: OwnAccess,
    teammates: BTreeMap<TeammateId, Teammate>,
    teams: BTreeMap<TeamId, Team>,
    pub(super) conversations: BTreeMap<ConversationId, Held>,
    pub(super) contacts: BTreeMap<ContactId, Contact>,
    pub(super) marks: BTreeMap<ConversationId, ReadMark>,
}

impl Cache {
    /// Everything that `who` sees, read anew.
    pub(super) async fn fill(core: &Core, who: Principal) -> Self {
        let Bootstrap { log_id, cursor, workspace, access, teammates, teams, .. } =
            sync::bootstrap(core, who).await.expect("a bootstrap");
        let mut cache = Self {
            who,
            bootstrap: (log_id, workspace),
            cursor,
            access,
            teammates: teammates.into_iter().map(|teammate| (teammate.id, teammate)).collect(),
            teams: teams.into_iter().map(|team| (team.id, team)).collect(),
            conversations: BTreeMap::new(),
            contacts: BTreeMap::new(),
            marks: BTreeMap::new(),
        };
        cache.list(core).await;
        cache
    }

    /// Lists the heads in view and fetches what is not held whole.
    async fn list(&mut self, core: &Core) {
        let mut missing = Vec::new();
        for &state in ConversationState::ALL {
            let mut query = HeadQuery { state, contact_id: None, after: None, limit: Some(3) };
            loop {
                let page = sync::heads(core, self.who, &query).await.expect("a page of heads");
                assert_eq!(page.epoch, self.access.epoch);
                for head in page.heads {
                    let whole = self.conversations.get(&head.id).is_some_and(|held| {
                        held.head.version == head.version
                            && held.parts.len() == head.part_count as usize
                    });
                    if !whole {
                        missing.push(head.id);
                    }
                }
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => break,
                }
            }
        }
        for ids in missing.chunks(50) {
            let page = sync::conversations(core, self.who, ids).await.expect("conversations");
            assert_eq!(page.conversations.len(), ids.len());
            for contact in page.contacts {
                self.contacts.insert(contact.id, contact);
            }
            for mark in page.read_marks {
                self.marks.insert(mark.conversation_id, mark);
            }
            for delta in page.conversations {
                assert_eq!(delta.complete_from_seq, 1);
                self.merge(delta);
            }
        }
    }

    /// Follows the log to its head. `limit` entries a page; every page is given to `inspect`.
    pub(super) async fn pull(
        &mut self,
        core: &Core,
        limit: u32,
        inspect: &mut impl FnMut(&SyncPage),
    ) {
        loop {
            let page = sync::page(core, self.who, self.bootstrap.0, self.cursor, limit);
            let page = page.await.expect("a page");
            inspect(&page);
            let more = page.more;
            self.apply(core, page).await;
            if !more {
                break;
            }
        }
    }

    /// What the next page would bring.
    pub(super) async fn unread(&self, core: &Core) -> Vec<Change> {
        let page = sync::page(core, self.who, self.bootstrap.0, self.cursor, 500);
        page.await.expect("a page").changes
    }

    /// What is in view by the newest access that was sent.
    pub(super) fn view(&self) -> Visibility {
        let OwnAccess { conversation_access, team_ids, .. } = self.access.clone();
        Visibility::new(self.who.teammate_id, conversation_access, team_ids)
    }

    async fn apply(&mut self, core: &Core, page: SyncPage) {
        assert_eq!(page.after, self.cursor);
        assert!(page.cursor >= self.cursor);
        let evictions_first = page.changes.iter().map(|change| match change {
            Change::Access { .. } => 0,
            Change::ConversationEvicted { .. } | Change::ContactEvicted { .. } => 1,
            _ => 2,
        });
        assert!(evictions_first.is_sorted());
        let epoch_before = self.access.epoch;
        for change in page.changes {
            match change {
                Change::Access { access } => self.access = access,
                Change::ConversationEvicted { conversation_id, version } => {
                    let held = self.conversations.get(&conversation_id);
                    if held.is_none_or(|held| held.head.version <= version) {
                        self.evict(conversation_id);
                    }
                }
                Change::ContactEvicted { contact_id, .. } => {
                    self.contacts.remove(&contact_id);
                }
                Change::Workspace { workspace } => self.bootstrap.1 = workspace,
                Change::Teammate { teammate } => {
                    self.teammates.insert(teammate.id, teammate);
                }
                Change::Team { team } => {
                    self.teams.insert(team.id, team);
                }
                Change::Contact { contact } => {
                    self.contacts.insert(contact.id, contact);
                }
                Change::Conversation { conversation } => self.merge(conversation),
                Change::ReadMark { read_mark } => {
                    self.marks.insert(read_mark.conversation_id, read_mark);
                }
                Change::Unknown => panic!("a server knows what it says"),
            }
        }
        self.cursor = page.cursor;
        if self.access.epoch != epoch_before {
            self.follow_access(core).await;
        }
        assert_eq!(page.epoch, self.access.epoch);
    }

    /// Evicts what the new access does not cover, then lists again.
    async fn follow_access(&mut self, core: &Core) {
        let OwnAccess { conversation_access, team_ids, .. } = self.access.clone();
        let view = Visibility::new(self.who.teammate_id, conversation_access, team_ids);
        let hidden: Vec<_> = self
            .conversations
            .values()
            .filter(|held| !view.matches(&held.head.scope()))
            .map(|held| held.head.id)
            .collect();
        for id in hidden {
            self.evict(id);
        }
        let kept: BTreeSet<_> =
            self.conversations.values().map(|held| held.head.contact_id).collect();
        self.contacts.retain(|id, _| kept.contains(id));
        self.list(core).await;
    }

    fn evict(&mut self, id: ConversationId) {
        self.marks.remove(&id);
        self.conversations.remove(&id);
    }

    fn merge(&mut self, delta: ConversationDelta) {
        let ConversationDelta { head, parts, complete_from_seq } = delta;
        let here = u32::try_from(parts.len()).expect("few parts");
        assert_eq!(complete_from_seq + here, head.part_count + 1, "parts reach the newest");
        let seqs = parts.iter().map(|part| part.seq);
        assert!(seqs.eq(complete_from_seq..=head.part_count), "parts have no gap");
        let held = self
            .conversations
            .entry(head.id)
            .or_insert_with(|| Held { head: head.clone(), parts: BTreeMap::new() });
        if held.head.version <= head.version {
            held.head = head;
        }
        for part in parts {
            held.parts.insert(part.seq, part);
        }
    }

    /// The cache without what two caches of the same state may differ in: where they began.
    pub(super) fn comparable(mut self) -> Self {
        self.cursor = 0;
        self
    }
}
