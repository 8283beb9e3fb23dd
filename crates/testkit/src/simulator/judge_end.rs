//! What is compared once everything has come to rest, beside the conversations themselves.

use std::collections::{BTreeMap, BTreeSet};

use recado_protocol::{
    AuthorType, Contact, ContactId, ConversationHead, ConversationId, ConversationState, Part,
    PartType, Permission, TeamId, TeammateId,
};

use recado_server::sync;

use super::backend::{START, done};
use super::plan::SECOND;
use super::world::World;

/// By how much a snooze may be over before somebody has to have noticed.
const LONGEST_OVERSLEPT: i64 = 10 * SECOND;

impl World<'_> {
    /// Contacts are here while a conversation of theirs may be seen, as the server has them. The
    /// index holds nothing of what has left.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn judge_contacts(
        &self,
        n: usize,
        visible: &BTreeMap<ContactId, Contact>,
    ) -> anyhow::Result<()> {
        let store = &self.machines[n].store;
        let access = store.meta()?.access;
        let sees_all = access.is_some_and(|access| access.role.allows(Permission::ContactList));
        for contact in store.contacts()? {
            match visible.get(&contact.id) {
                Some(known) if *known == contact => {}
                Some(known) => anyhow::bail!(
                    "I5 machine {n} holds version {} of contact {} instead of {}",
                    contact.version,
                    contact.id,
                    known.version
                ),
                None if sees_all => {}
                None => anyhow::bail!("I5 machine {n} holds contact {}, who left", contact.id),
            }
        }
        let stray = store.stray_documents()?;
        anyhow::ensure!(stray == 0, "I4 machine {n} has words of {stray} messages that left");
        Ok(())
    }

    /// After a change of access the cache was compared with the server.
    ///
    /// # Errors
    /// I5, if it was not.
    pub(super) fn judge_comparison(&self, n: usize) -> anyhow::Result<()> {
        let machine = &self.machines[n];
        let meta = machine.store.meta()?;
        let present = meta.log_id.map(|log_id| (log_id, meta.epoch));
        if machine.compared != present {
            anyhow::bail!(
                "I5 machine {n} was compared under {:?} and not under {present:?}",
                machine.compared
            );
        }
        Ok(())
    }

    /// I5: the workspace, its people and its teams, and what the agent may do are the server's.
    ///
    /// # Errors
    /// If they are not.
    pub(super) fn judge_directory(&self, n: usize) -> anyhow::Result<()> {
        let machine = &self.machines[n];
        let (meta, (teammates, teams)) = (machine.store.meta()?, machine.store.people()?);
        let server = done(sync::bootstrap(self.backend.core(), machine.who))??;
        let agrees = [
            ("workspace", meta.workspace.as_ref() == Some(&server.workspace)),
            ("own account", meta.me.as_ref() == Some(&server.me)),
            ("access", meta.access.as_ref() == Some(&server.access)),
            ("teammates", by_id(teammates, |it| it.id) == by_id(server.teammates, |it| it.id)),
            ("teams", by_id(teams, |it| it.id) == by_id(server.teams, |it| it.id)),
        ];
        for (what, agrees) in agrees {
            anyhow::ensure!(agrees, "I5 machine {n} holds another state of the {what}");
        }
        Ok(())
    }

    /// Every conversation stands as its parts say, in their order.
    ///
    /// # Errors
    /// If one does not.
    pub(super) fn judge_order(&self) -> anyhow::Result<()> {
        let oracle = self.backend.people.oracle;
        for id in self.history.conversations.keys() {
            let delta = self.server_conversation(oracle, *id)?;
            let head = &delta.head;
            let mut told = Told::nothing();
            delta.parts.iter().for_each(|part| told.take(part));
            if let Some(what) = told.differs(head, &delta.parts) {
                anyhow::bail!("the {what} of {id} is not what its parts say");
            }
            let now = START.as_micros() + self.server_now();
            // A server that was down just before has not had the time to look.
            let may_look = START.as_micros() + self.healed_at + self.server_ahead;
            let until =
                head.snoozed_until.map(|until| until.as_micros().max(may_look) + LONGEST_OVERSLEPT);
            anyhow::ensure!(until.is_none_or(|until| now < until), "{id} was not woken");
        }
        Ok(())
    }

    /// How much of a conversation is unread, by the server's mark.
    pub(super) fn unread(head: &ConversationHead, read: &BTreeMap<ConversationId, u32>) -> u32 {
        head.contact_part_count.saturating_sub(read.get(&head.id).copied().unwrap_or_default())
    }
}

fn by_id<T, K: Ord>(mut all: Vec<T>, id: impl Fn(&T) -> K) -> Vec<T> {
    all.sort_by_key(id);
    all
}

/// What a conversation's parts tell about it. An assignment to nobody does not say whether it was of
/// the teammate or the team; neither is known after it.
#[derive(Debug)]
struct Told {
    state: ConversationState,
    admin: Option<TeammateId>,
    team: Option<TeamId>,
    tags: BTreeSet<String>,
}

impl Told {
    const fn nothing() -> Self {
        let state = ConversationState::Open;
        Self { state, admin: None, team: None, tags: BTreeSet::new() }
    }

    fn take(&mut self, part: &Part) {
        match part.part_type {
            PartType::Close => self.state = ConversationState::Closed,
            PartType::Snoozed => self.state = ConversationState::Snoozed,
            PartType::Open | PartType::TimerUnsnooze => self.state = ConversationState::Open,
            PartType::Assignment => match (part.assigned_to_admin_id, part.assigned_to_team_id) {
                (None, None) => (self.admin, self.team) = (None, None),
                (admin, None) => self.admin = admin,
                (_, team) => self.team = team,
            },
            PartType::TagAdded => self.tags.extend(part.tag.clone()),
            PartType::TagRemoved => self.tags.retain(|tag| Some(tag) != part.tag.as_ref()),
            _ => {}
        }
    }

    fn differs(&self, head: &ConversationHead, parts: &[Part]) -> Option<&'static str> {
        let by_contact = |part: &&Part| {
            part.part_type == PartType::Comment && part.author.author_type == AuthorType::Contact
        };
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let facts = [
            ("state", self.state == head.state),
            ("assignee", self.admin.is_none() || self.admin == head.admin_assignee_id),
            ("team", self.team.is_none() || self.team == head.team_assignee_id),
            ("tags", self.tags.iter().eq(&head.tags)),
            ("number of parts", count(parts.len()) == head.part_count),
            (
                "number of the customer's messages",
                count(parts.iter().filter(by_contact).count()) == head.contact_part_count,
            ),
        ];
        facts.into_iter().find(|(_, agrees)| !agrees).map(|(what, _)| what)
    }
}
