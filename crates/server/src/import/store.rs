//! From the file's form to the server's: who wrote what, which state, which team.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use recado_protocol::{Priority, TeamId, TeammateId, WorkspaceId};

use super::record::{From, Message, Record};
use super::{Fate, ImportError, ImportOptions, ImportState, NumberedRecord};
use crate::core::{Core, CoreError};
use crate::inbound::{
    ImportedAuthor, ImportedContact, ImportedConversation, ImportedPart, import_conversation,
};
use crate::sanitize::Body;
use crate::storage::conversation::{self, SourceRef};
use crate::storage::{DbError, team, teammate};

/// How many conversations are on their way into the database at once. On SQLite they share a flush to the disk.
const AT_ONCE: usize = 32;

/// Stores records in a workspace.
pub struct Importer {
    core: Core,
    workspace_id: WorkspaceId,
    state: Option<ImportState>,
    team_id: Option<TeamId>,
    authors: Authors,
}

/// Teammates by their folded names and e-mail addresses; empty where authors are not to be linked.
struct Authors(BTreeMap<String, (TeammateId, String)>);

impl Importer {
    /// An importer into a workspace.
    ///
    /// # Errors
    /// [`ImportError::UnknownTeam`], and what keeps the workspace from being read.
    pub async fn open(
        core: &Core,
        workspace_id: WorkspaceId,
        options: &ImportOptions,
    ) -> Result<Self, ImportError> {
        let wanted = options.team.clone();
        let link_authors = options.link_authors;
        let (team_id, teams, teammates) = core
            .db()
            .read(async move |tx| {
                let team_id = match &wanted {
                    Some(name) => team::find_by_name(tx, workspace_id, name).await?,
                    None => None,
                };
                let teams = match team_id {
                    None if wanted.is_some() => team::all(tx, workspace_id).await?,
                    _ => Vec::new(),
                };
                let teammates =
                    if link_authors { teammate::all(tx, workspace_id).await? } else { Vec::new() };
                Ok::<_, DbError>((team_id, teams, teammates))
            })
            .await
            .map_err(CoreError::from)?;
        if let (Some(name), None) = (&options.team, team_id) {
            let known = teams.into_iter().map(|team| team.name).collect();
            return Err(ImportError::UnknownTeam { name: name.clone(), known });
        }
        let authors = teammates
            .into_iter()
            .flat_map(|teammate| {
                let known = (teammate.id, teammate.name.clone());
                [(fold(&teammate.name), known.clone()), (fold(&teammate.email), known)]
            })
            .collect();
        Ok(Self {
            core: core.clone(),
            workspace_id,
            state: options.state,
            team_id,
            authors: Authors(authors),
        })
    }

    /// Stores a batch and says for each of its records, in order, what became of it. Everything that it says is imported
    /// is committed.
    ///
    /// # Errors
    /// When the database cannot be used; part of the batch may be stored.
    pub async fn store(&self, batch: Vec<NumberedRecord>) -> Result<Vec<Fate>, ImportError> {
        let (batch, there) = self.look_up(batch).await?;
        stream::iter(batch.into_iter().zip(there))
            .map(|(NumberedRecord { record, .. }, there)| async move {
                if there { Ok(Fate::AlreadyThere) } else { self.store_one(record).await }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Which records are there already, so that a file that is given again is not prepared again.
    async fn look_up(
        &self,
        batch: Vec<NumberedRecord>,
    ) -> Result<(Vec<NumberedRecord>, Vec<bool>), ImportError> {
        let workspace_id = self.workspace_id;
        let looked_up = self
            .core
            .db()
            .read(async move |tx| {
                let mut there = Vec::with_capacity(batch.len());
                for NumberedRecord { record, .. } in &batch {
                    let origin = SourceRef { source: &record.source, id: &record.source_id };
                    let found = conversation::find_by_source(tx, workspace_id, origin).await?;
                    there.push(found.is_some());
                }
                Ok::<_, DbError>((batch.clone(), there))
            })
            .await
            .map_err(CoreError::from)?;
        Ok(looked_up)
    }

    async fn store_one(&self, record: Record) -> Result<Fate, ImportError> {
        let imported = match self.translate(record) {
            Ok(imported) => imported,
            Err(error) => return Ok(Fate::Rejected(error.to_string())),
        };
        match import_conversation(&self.core, self.workspace_id, imported).await {
            Ok(imported) if imported.created => Ok(Fate::Imported),
            Ok(_) => Ok(Fate::AlreadyThere),
            Err(error @ CoreError::Invalid { .. }) => Ok(Fate::Rejected(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    fn translate(&self, record: Record) -> Result<ImportedConversation, CoreError> {
        let created_at = record.messages.first().map(|message| message.at).unwrap_or_default();
        let closed = match self.state {
            Some(state) => state == ImportState::Closed,
            None => !waits(&record.messages),
        };
        let mut parts = Vec::with_capacity(record.messages.len());
        for message in record.messages {
            parts.push(ImportedPart {
                note: false,
                body: Body::from_text(&message.text)?,
                at: message.at,
                author: self.authors.of(message),
            });
        }
        Ok(ImportedConversation {
            source: record.source,
            source_id: record.source_id,
            channel_id: None,
            contact: ImportedContact {
                // An address is one person; a name may be that of several.
                external_id: record.customer_email.as_deref().map(fold),
                name: record.customer_name,
                email: record.customer_email,
                phone: None,
                language: None,
            },
            title: record.subject,
            closed,
            priority: Priority::NotPriority,
            admin_assignee_id: None,
            team_assignee_id: self.team_id,
            tags: record.tags,
            created_at,
            parts,
        })
    }
}

impl Authors {
    fn of(&self, message: Message) -> ImportedAuthor {
        match message.from {
            From::Customer => ImportedAuthor::Contact(message.author),
            From::System => ImportedAuthor::Bot(message.author),
            From::Agent => {
                let linked = message.author.as_deref().and_then(|name| self.0.get(&fold(name)));
                match linked {
                    Some((id, name)) => ImportedAuthor::Teammate(*id, Some(name.clone())),
                    None => ImportedAuthor::Former(message.author),
                }
            }
        }
    }
}

/// Whether the last word, bots aside, is the customer's.
fn waits(messages: &[Message]) -> bool {
    messages
        .iter()
        .rev()
        .find(|message| message.from != From::System)
        .is_some_and(|message| message.from == From::Customer)
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
