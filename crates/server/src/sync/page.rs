//! One page of the change log, as one teammate may see it.

use std::collections::{BTreeMap, BTreeSet};

use recado_protocol::conversation::Part;
use recado_protocol::sync::{Change, ConversationDelta, MAX_ENTRIES, MAX_PARTS, SyncPage};
use recado_protocol::{
    ContactId, ConversationHead, ConversationId, LogId, Permission, Planted, TeamId, TeammateId,
    Timestamp, Visibility, is_planted,
};

use super::{ANSWER_BYTES, contact_ids, join, reader};
use crate::core::{Core, CoreError, Principal};
use crate::storage::change_log::{Entry, EntryKind};
use crate::storage::conversation::HiddenConversation;
use crate::storage::part::Budget;
use crate::storage::visibility::Viewer;
use crate::storage::{
    DbError, Tx, change_log, contact, conversation, part, read_mark, team, teammate, workspace,
};

/// How many conversations' parts are read at once.
const CHUNK: usize = 16;
/// How many bytes of bodies one conversation brings, roughly.
const CONVERSATION_BYTES: u64 = 2 * 1024 * 1024;

/// What changed after `after`, at most `limit` entries of the log, filtered for `who`. Everything is read from one
/// snapshot, the access included, so nothing in it was computed under an older access.
///
/// # Errors
/// [`CoreError::CursorGone`] if `log_id` is another log's, or the log does not reach back or up to `after`;
/// [`CoreError::Denied`], [`CoreError::Db`].
pub async fn page(
    core: &Core,
    who: Principal,
    log_id: LogId,
    after: u64,
    limit: u32,
) -> Result<SyncPage, CoreError> {
    Ok(page_and_view(core, who, log_id, after, limit).await?.0)
}

/// As [`page`], with the view that it was filtered by.
///
/// # Errors
/// As [`page`].
pub async fn page_and_view(
    core: &Core,
    who: Principal,
    log_id: LogId,
    after: u64,
    limit: u32,
) -> Result<(SyncPage, Visibility), CoreError> {
    let server_time = core.now();
    let limit = limit.clamp(1, MAX_ENTRIES);
    core.db().read(async move |tx| read(tx, who, log_id, after, limit, server_time).await).await
}

async fn read(
    tx: &mut Tx,
    who: Principal,
    log_id: LogId,
    after: u64,
    limit: u32,
    server_time: Timestamp,
) -> Result<(SyncPage, Visibility), CoreError> {
    let viewer = reader(tx, who).await?;
    let log = change_log::head(tx, who.workspace_id).await?;
    let is_lost = after < log.pruned_seq && !is_planted(Planted::LostCursorServed);
    if log_id != log.log_id || after > log.seq || is_lost {
        return Err(CoreError::CursorGone);
    }
    let mut entries = change_log::entries(tx, who.workspace_id, after, limit + 1).await?;
    let mut more = entries.len() > limit as usize;
    entries.truncate(limit as usize);

    let touched = touched(&entries, &viewer);
    let scope = Scope::read(tx, &viewer, &entries, touched).await?;
    let (deltas, cut) = scope.load(tx, who, after).await?;
    if let Some(cut) = cut {
        entries.retain(|entry| entry.seq < cut);
        more = true;
    }
    let last = entries.last().filter(|_| !is_planted(Planted::CursorBeyondPage));
    let cursor = last.map_or(log.seq, |entry| entry.seq);

    let mut changes = Vec::new();
    // A page that was filtered under an access always brings it along, also where its entry comes later in the log.
    if viewer.access_version > after {
        changes.push(Change::Access { access: viewer.own_access() });
    }
    scope.evictions(tx, &viewer, &mut changes).await?;
    public_objects(tx, who, &entries, &mut changes).await?;
    contacts(tx, &viewer, &entries, &deltas, &mut changes).await?;
    let marks = scope.read_marks(tx, who, &entries, &deltas).await?;
    changes.extend(deltas.into_iter().map(|conversation| Change::Conversation { conversation }));
    changes.extend(marks);
    let (log_id, epoch) = (log.log_id, viewer.epoch);
    let page = SyncPage { log_id, epoch, after, cursor, more, server_time, changes };
    Ok((page, viewer.subject.visibility))
}

/// A conversation that the page's entries are about.
struct Touched {
    id: ConversationId,
    /// The first entry about it.
    first_seq: u64,
    /// Whether the viewer may lack it: it was made, or was out of view, before one of the entries.
    entered: bool,
    /// Whether the viewer may hold it: it was in view before one of the entries.
    was_seen: bool,
}

/// Each conversation once, in the order of its first entry.
fn touched(entries: &[Entry], viewer: &Viewer) -> Vec<Touched> {
    let mut order: Vec<Touched> = Vec::new();
    let mut places = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Conversation) {
        let id = ConversationId::from_uuid(entry.object_id);
        let seen_before = entry.before.is_some_and(|facts| viewer.sees(&facts));
        if is_planted(Planted::EntryNotSent) && entry.before.is_some() && !seen_before {
            continue;
        }
        let place = *places.entry(id).or_insert_with(|| {
            order.push(Touched { id, first_seq: entry.seq, entered: false, was_seen: false });
            order.len() - 1
        });
        order[place].entered |=
            if is_planted(Planted::EntryNotWhole) { entry.before.is_none() } else { !seen_before };
        order[place].was_seen |= seen_before;
    }
    order
}

/// What of the page's conversations is in view now.
struct Scope {
    touched: Vec<Touched>,
    heads: BTreeMap<ConversationId, ConversationHead>,
}

impl Scope {
    async fn read(
        tx: &mut Tx,
        viewer: &Viewer,
        entries: &[Entry],
        touched: Vec<Touched>,
    ) -> Result<Self, DbError> {
        let marked = entries
            .iter()
            .filter(|entry| is_own_mark(entry, viewer.teammate_id()))
            .map(|entry| ConversationId::from_uuid(entry.object_id));
        let ids: BTreeSet<_> = touched.iter().map(|touched| touched.id).chain(marked).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut heads = conversation::visible(tx, viewer, &ids).await?;
        if is_planted(Planted::StateToThoseBefore) {
            let seen = touched.iter().filter(|touched| touched.was_seen);
            let ids: Vec<_> = seen.map(|touched| touched.id).collect();
            heads.extend(conversation::heads_of(tx, viewer.workspace_id, &ids).await?);
        }
        Ok(Self { touched, heads: heads.into_iter().map(|head| (head.id, head)).collect() })
    }

    /// The conversations in view with their parts. Where they are too much for one page, also the number of the first
    /// entry that has to wait for the next one.
    async fn load(
        &self,
        tx: &mut Tx,
        who: Principal,
        after: u64,
    ) -> Result<(Vec<ConversationDelta>, Option<u64>), DbError> {
        let budget = Budget { parts: MAX_PARTS, bytes: CONVERSATION_BYTES };
        let in_view: Vec<_> =
            self.touched.iter().filter(|touched| self.heads.contains_key(&touched.id)).collect();
        let mut deltas = Vec::new();
        let mut bytes = 0;
        for chunk in in_view.chunks(CHUNK) {
            if bytes >= ANSWER_BYTES {
                return Ok((deltas, chunk.first().map(|touched| touched.first_seq)));
            }
            let ids_where = |entered: bool| -> Vec<ConversationId> {
                let wanted = chunk.iter().filter(|touched| touched.entered == entered);
                wanted.map(|touched| touched.id).collect()
            };
            let (whole, grown) = (ids_where(true), ids_where(false));
            let mut parts = part::newest(tx, who.workspace_id, &whole, 0, budget).await?;
            parts.extend(part::newest(tx, who.workspace_id, &grown, after, budget).await?);
            bytes += parts.iter().map(size).sum::<u64>();
            let heads = chunk.iter().filter_map(|touched| self.heads.get(&touched.id).cloned());
            deltas.extend(join(heads, parts));
        }
        Ok((deltas, None))
    }

    /// What left the view: conversations, and contacts of whom nothing is in view any more.
    async fn evictions(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        changes: &mut Vec<Change>,
    ) -> Result<(), DbError> {
        let left: Vec<_> = self
            .touched
            .iter()
            .filter(|touched| touched.was_seen || is_planted(Planted::EvictionToAll))
            .filter(|touched| !self.heads.contains_key(&touched.id))
            .map(|touched| touched.id)
            .collect();
        let hidden = conversation::hidden(tx, viewer.workspace_id, &left).await?;
        changes.extend(hidden.iter().map(|HiddenConversation { id, version, .. }| {
            Change::ConversationEvicted { conversation_id: *id, version: *version }
        }));
        if viewer.subject.role.allows(Permission::ContactList)
            || is_planted(Planted::ContactNotEvicted)
        {
            return Ok(());
        }
        let mut gone: BTreeMap<ContactId, u64> = BTreeMap::new();
        for HiddenConversation { contact_id, version, .. } in hidden {
            let newest = gone.entry(contact_id).or_default();
            *newest = version.max(*newest);
        }
        let ids: Vec<_> = gone.keys().copied().collect();
        for contact in contact::visible(tx, viewer, &ids).await? {
            gone.remove(&contact.id);
        }
        changes.extend(
            gone.into_iter()
                .map(|(contact_id, version)| Change::ContactEvicted { contact_id, version }),
        );
        Ok(())
    }

    /// The viewer's own marks that moved, and those on the page's conversations, for the same reason as their contacts.
    async fn read_marks(
        &self,
        tx: &mut Tx,
        who: Principal,
        entries: &[Entry],
        deltas: &[ConversationDelta],
    ) -> Result<Vec<Change>, DbError> {
        let marked = entries
            .iter()
            .filter(|entry| is_own_mark(entry, who.teammate_id))
            .map(|entry| ConversationId::from_uuid(entry.object_id))
            .filter(|id| self.heads.contains_key(id));
        let ids: BTreeSet<_> = deltas.iter().map(|delta| delta.head.id).chain(marked).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let marks = read_mark::on(tx, who, &ids).await?;
        Ok(marks.into_iter().map(|read_mark| Change::ReadMark { read_mark }).collect())
    }
}

/// Contacts that changed, and those of the page's conversations: a cache that is still being filled may not have a
/// conversation that its cursor has passed, and no listing brings it once it is closed.
async fn contacts(
    tx: &mut Tx,
    viewer: &Viewer,
    entries: &[Entry],
    deltas: &[ConversationDelta],
    changes: &mut Vec<Change>,
) -> Result<(), DbError> {
    let beside = contact_ids(deltas.iter().map(|delta| &delta.head));
    let changed: Vec<_> = ids_of(entries, EntryKind::Contact)
        .map(ContactId::from_uuid)
        .filter(|id| beside.binary_search(id).is_err())
        .collect();
    let mut contacts = contact::by_ids(tx, viewer.workspace_id, &beside).await?;
    contacts.extend(if viewer.subject.role.allows(Permission::ContactList) {
        contact::by_ids(tx, viewer.workspace_id, &changed).await?
    } else {
        contact::visible(tx, viewer, &changed).await?
    });
    changes.extend(contacts.into_iter().map(|contact| Change::Contact { contact }));
    Ok(())
}

fn is_own_mark(entry: &Entry, who: TeammateId) -> bool {
    entry.kind == EntryKind::ReadMark && entry.audience == Some(who)
}

fn ids_of(entries: &[Entry], kind: EntryKind) -> impl Iterator<Item = uuid::Uuid> {
    let ids: BTreeSet<_> =
        entries.iter().filter(|entry| entry.kind == kind).map(|entry| entry.object_id).collect();
    ids.into_iter()
}

fn size(part: &Part) -> u64 {
    u64::try_from(part.body.len() + part.body_text.len()).unwrap_or(u64::MAX)
}

/// Workspace, teammates and teams that changed, which everybody may see.
async fn public_objects(
    tx: &mut Tx,
    who: Principal,
    entries: &[Entry],
    changes: &mut Vec<Change>,
) -> Result<(), DbError> {
    if ids_of(entries, EntryKind::Workspace).next().is_some() {
        let workspace = workspace::get(tx, who.workspace_id).await?;
        changes.push(Change::Workspace { workspace });
    }
    for id in ids_of(entries, EntryKind::Teammate) {
        let found = teammate::find(tx, who.workspace_id, TeammateId::from_uuid(id)).await?;
        changes.extend(found.map(|teammate| Change::Teammate { teammate }));
    }
    let teams: BTreeSet<_> = ids_of(entries, EntryKind::Team).map(TeamId::from_uuid).collect();
    if !teams.is_empty() && !is_planted(Planted::TeamNotSent) {
        let all = team::all(tx, who.workspace_id).await?;
        let changed = all.into_iter().filter(|team| teams.contains(&team.id));
        changes.extend(changed.map(|team| Change::Team { team }));
    }
    Ok(())
}
