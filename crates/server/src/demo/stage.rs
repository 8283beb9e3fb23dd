//! Putting the planned conversations into the demo's workspace, as if they had happened there.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_protocol::{
    Author, AuthorType, Contact, ContactId, ConversationHead, ConversationId, ConversationState,
    PartType, Priority, ReadMark, TeamId, TeammateId, Timestamp,
};
use serde_json::json;

use super::people::{Person, Team};
use super::plan::{Scene, Stand};
use crate::conversation::{ConversationChange, Message, server_author};
use crate::core::{ChannelPrincipal, Core, CoreError, Principal};
use crate::ids::Ids;
use crate::import::record::From;
use crate::sanitize::{Body, search_tokens};
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::LogWriter;
use crate::storage::conversation::SourceRef;
use crate::storage::{DbError, Tx, contact, read_mark};

/// How many conversations are stored together.
const BATCH: usize = 100;

/// Who and what the conversations refer to.
#[derive(Debug, Clone)]
pub(super) struct Cast {
    pub(super) channel: ChannelPrincipal,
    pub(super) people: BTreeMap<Person, TeammateId>,
    pub(super) teams: BTreeMap<Team, TeamId>,
}

/// A conversation with its bodies ready to be stored.
pub(super) struct Prepared {
    scene: Scene,
    bodies: Vec<Body>,
    note: Option<Body>,
}

/// Makes the bodies, oldest conversation first. Takes a while: call it on a blocking thread.
pub(super) fn prepare(mut scenes: Vec<Scene>) -> Result<Vec<Prepared>, CoreError> {
    scenes.sort_by_key(|scene| scene.record.messages.first().map(|message| message.at));
    scenes
        .into_iter()
        .map(|scene| {
            let bodies = scene
                .record
                .messages
                .iter()
                .map(|message| Body::from_text(&message.text))
                .collect::<Result<_, _>>()?;
            let note = scene.note.as_ref().map(|note| Body::from_text(note.text)).transpose()?;
            Ok(Prepared { scene, bodies, note })
        })
        .collect()
}

/// Stores everything, and gives each conversation's id with its scene.
pub(super) async fn store(
    core: &Core,
    cast: &Cast,
    prepared: Vec<Prepared>,
) -> Result<Vec<(ConversationId, Scene)>, CoreError> {
    let mut stored = Vec::with_capacity(prepared.len());
    let mut rest = prepared.into_iter();
    loop {
        let batch: Arc<[Prepared]> = rest.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let now = core.now();
        let ids = core.ids(now);
        let cast = cast.clone();
        let done = core
            .db()
            .write(async move |tx| {
                let mut ids = ids.clone();
                let mut log = LogWriter::lock(tx, cast.channel.workspace_id).await?;
                let mut done = Vec::with_capacity(batch.len());
                for prepared in batch.iter() {
                    let mut play = Play { cast: &cast, ids: &mut ids, now };
                    let id = play.perform(tx, &mut log, prepared).await?;
                    done.push((id, prepared.scene.clone()));
                }
                Ok::<_, DbError>(done)
            })
            .await?;
        stored.extend(done);
    }
    Ok(stored)
}

struct Play<'a> {
    cast: &'a Cast,
    ids: &'a mut Ids,
    now: Timestamp,
}

impl Play<'_> {
    async fn perform(
        &mut self,
        tx: &mut Tx,
        log: &mut LogWriter,
        prepared: &Prepared,
    ) -> Result<ConversationId, DbError> {
        let scene = &prepared.scene;
        let created_at = scene.record.messages.first().map_or(self.now, |message| message.at);
        let contact = self.contact(tx, log, scene, created_at).await?;
        let id = ConversationId::from_uuid(self.ids.next_id());
        let head = self.head(id, &contact, scene, created_at);
        let mut change = ConversationChange::opened(head, Some(self.cast.channel.channel_id));
        self.speak(&mut change, prepared, &contact);
        self.settle(&mut change, scene);

        let contact_part_count = change.head.contact_part_count;
        let origin = SourceRef { source: &scene.record.source, id: &scene.record.source_id };
        let title_tokens = search_tokens(contact.name.as_deref().unwrap_or_default());
        let version = change.store_new(tx, log, Some(origin), &title_tokens, self.now).await?;
        let unread = if scene.unread { trailing_contact_messages(scene) } else { 0 };
        let mark = ReadMark {
            conversation_id: id,
            contact_parts_read: contact_part_count.saturating_sub(unread),
            version,
        };
        let workspace_id = self.cast.channel.workspace_id;
        for teammate_id in self.cast.people.values().copied() {
            read_mark::set(tx, Principal { workspace_id, teammate_id }, &mark).await?;
        }
        let event = AuditEvent {
            actor: Actor::Server,
            action: "conversation_import",
            object_type: "conversation",
            object_id: Some(id.uuid()),
            result: AuditResult::Done,
            detail: json!({ "source": origin.source, "source_id": origin.id }),
        };
        audit::record(tx, workspace_id, self.ids, self.now, event).await?;
        Ok(id)
    }

    /// The customer. A nick or an address is the same person in every conversation.
    async fn contact(
        &mut self,
        tx: &mut Tx,
        log: &LogWriter,
        scene: &Scene,
        created_at: Timestamp,
    ) -> Result<Contact, DbError> {
        let record = &scene.record;
        let external_id = match (&record.customer_email, &record.customer_name) {
            (Some(email), _) => email.to_lowercase(),
            (None, Some(nick)) if scene.team == Some(Team::LinuxDesk) => format!("nick:{nick}"),
            _ => record.source_id.clone(),
        };
        let source = self.cast.channel.channel_id.to_string();
        let workspace_id = log.workspace_id();
        let known = contact::find_by_external_id(tx, workspace_id, &source, &external_id).await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let contact = Contact {
            id: ContactId::from_uuid(self.ids.next_id()),
            external_id: Some(external_id),
            name: record.customer_name.clone(),
            email: record.customer_email.clone(),
            phone: None,
            language: Some(scene.language.tag().to_owned()),
            created_at,
            version: log.next(),
        };
        contact::insert(tx, workspace_id, &source, &contact).await?;
        Ok(contact)
    }

    fn head(
        &self,
        id: ConversationId,
        contact: &Contact,
        scene: &Scene,
        created_at: Timestamp,
    ) -> ConversationHead {
        ConversationHead {
            id,
            contact_id: contact.id,
            title: None,
            state: ConversationState::Open,
            snoozed_until: None,
            priority: Priority::NotPriority,
            admin_assignee_id: scene.assignee.and_then(|person| self.id_of(person)),
            team_assignee_id: scene.team.and_then(|team| self.cast.teams.get(&team).copied()),
            tags: scene.record.tags.clone(),
            waiting_since: None,
            created_at,
            last_part_at: created_at,
            preview: String::new(),
            preview_author: AuthorType::Contact,
            preview_is_note: false,
            part_count: 0,
            contact_part_count: 0,
            version: 0,
        }
    }

    /// Messages and the note, with the assignment where the first answer is given.
    fn speak(&mut self, change: &mut ConversationChange, prepared: &Prepared, contact: &Contact) {
        let scene = &prepared.scene;
        let mut assigned = false;
        for (index, (message, body)) in
            scene.record.messages.iter().zip(&prepared.bodies).enumerate()
        {
            if message.from == From::Agent && !assigned {
                assigned = true;
                self.assign(change, scene, message.at.plus_seconds(-3));
            }
            let author = match (&message.from, &message.author) {
                (From::Customer, nick) => Author {
                    author_type: AuthorType::Contact,
                    admin_id: None,
                    name: nick.clone().or_else(|| contact.name.clone()),
                },
                (From::System, name) => {
                    Author { author_type: AuthorType::Bot, admin_id: None, name: name.clone() }
                }
                (From::Agent, Some(nick)) => Author {
                    author_type: AuthorType::Imported,
                    admin_id: None,
                    name: Some(nick.clone()),
                },
                (From::Agent, None) => self.author(scene.answered_by),
            };
            match message.from {
                From::Customer => {
                    change.head.waiting_since.get_or_insert(message.at);
                }
                From::Agent => change.head.waiting_since = None,
                From::System => {}
            }
            let part_type = PartType::Comment;
            let at = message.at;
            change.message(self.ids, Message { part_type, author, body, command_id: None, at });
            if let (Some(note), Some(body)) = (&scene.note, &prepared.note)
                && note.after == index + 1
            {
                let author = self.author(note.author);
                let (part_type, at) = (PartType::Note, at.plus_seconds(4));
                change.message(self.ids, Message { part_type, author, body, command_id: None, at });
            }
        }
    }

    fn assign(&mut self, change: &mut ConversationChange, scene: &Scene, at: Timestamp) {
        let Some(assignee) = scene.assignee else {
            return;
        };
        let author = self.author(assignee);
        let assigned_to = self.id_of(assignee);
        change.event(self.ids, PartType::Assignment, author, None, at).assigned_to_admin_id =
            assigned_to;
    }

    /// Brings the conversation to where it stands.
    fn settle(&mut self, change: &mut ConversationChange, scene: &Scene) {
        let at = change.head.last_part_at.plus_seconds(6);
        let author = self.author(scene.assignee.unwrap_or(scene.answered_by));
        if scene.priority {
            change.head.priority = Priority::Priority;
            change.event(self.ids, PartType::PriorityChanged, server_author(), None, at).priority =
                Some(Priority::Priority);
        }
        match scene.stand {
            Stand::Open => {}
            Stand::Snoozed(until) => {
                change.head.state = ConversationState::Snoozed;
                change.head.snoozed_until = Some(until);
                change.event(self.ids, PartType::Snoozed, author, None, at).snoozed_until =
                    Some(until);
            }
            Stand::Closed => {
                change.head.state = ConversationState::Closed;
                change.head.waiting_since = None;
                change.event(self.ids, PartType::Close, author, None, at);
            }
        }
    }

    fn id_of(&self, person: Person) -> Option<TeammateId> {
        self.cast.people.get(&person).copied()
    }

    fn author(&self, person: Person) -> Author {
        Author {
            author_type: AuthorType::Admin,
            admin_id: self.id_of(person),
            name: Some(person.name().to_owned()),
        }
    }
}

/// How many messages the customer has written since the last answer.
fn trailing_contact_messages(scene: &Scene) -> u32 {
    let trailing = scene.record.messages.iter().rev();
    let count = trailing.take_while(|message| message.from == From::Customer).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
