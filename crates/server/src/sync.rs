//! What a teammate's cache is filled from and kept in step by. Each answer is read from one snapshot, access included.

mod excerpt;
mod page;
mod search;

use recado_protocol::conversation::Part;
use recado_protocol::policy::Denial;
use recado_protocol::sync::{
    Bootstrap, ConversationDelta, ConversationPage, HeadPage, HeadQuery, MAX_FETCH, MAX_HEADS,
    MAX_PARTS, ScopeDigest, digest as digest_of,
};
use recado_protocol::{
    ContactId, ConversationHead, ConversationId, ConversationState, ErrorCode, Permission, Planted,
    Timestamp, is_planted,
};

pub use page::{page, page_and_view};
pub use search::search;

use crate::core::{Core, CoreError, Principal};
use crate::storage::conversation::ListKey;
use crate::storage::part::Budget;
use crate::storage::visibility::Viewer;
use crate::storage::{
    DbError, Tx, change_log, contact, conversation, part, read_mark, team, teammate, workspace,
};

/// How many bytes of bodies one answer holds, roughly: the newest part of each conversation always comes.
const ANSWER_BYTES: u64 = 4 * 1024 * 1024;
/// How many heads a page holds where the request does not say.
const DEFAULT_HEADS: u32 = 200;

/// Who asks, if the account is active and may read conversations.
async fn reader(tx: &mut Tx, who: Principal) -> Result<Viewer, CoreError> {
    let viewer = teammate::viewer(tx, who).await?;
    let viewer = viewer.ok_or(CoreError::Denied(Denial::NotActive))?;
    if !is_planted(Planted::SuspendedServed) {
        viewer.require(Permission::ConversationRead).map_err(CoreError::Denied)?;
    }
    Ok(viewer)
}

/// What a new cache starts from.
///
/// # Errors
/// [`CoreError::Denied`], [`CoreError::Db`].
pub async fn bootstrap(core: &Core, who: Principal) -> Result<Bootstrap, CoreError> {
    let server_time = core.now();
    core.db()
        .read(async move |tx| {
            let viewer = reader(tx, who).await?;
            let head = change_log::head(tx, who.workspace_id).await?;
            let workspace = workspace::get(tx, who.workspace_id).await?;
            let teammates = teammate::all(tx, who.workspace_id).await?;
            let me = teammates.iter().find(|teammate| teammate.id == who.teammate_id);
            let me = me.cloned().ok_or(DbError::RowNotFound)?;
            let teams = team::all(tx, who.workspace_id).await?;
            Ok(Bootstrap {
                log_id: head.log_id,
                cursor: head.seq,
                server_time,
                workspace,
                me,
                access: viewer.own_access(),
                teammates,
                teams,
            })
        })
        .await
}

/// One page of a list of heads.
///
/// # Errors
/// [`CoreError::Invalid`] for an `after` that no page gave; [`CoreError::Denied`], [`CoreError::Db`].
pub async fn heads(core: &Core, who: Principal, query: &HeadQuery) -> Result<HeadPage, CoreError> {
    let limit = query.limit.unwrap_or(DEFAULT_HEADS).clamp(1, MAX_HEADS);
    let after = query.after.as_deref().map_or(Ok(ListKey::START), read_key)?;
    if query.state == ConversationState::Unknown {
        return Err(CoreError::invalid(ErrorCode::InvalidRequest, "There is no such state."));
    }
    let (state, contact_id) = (query.state, query.contact_id);
    core.db()
        .read(async move |tx| {
            let viewer = reader(tx, who).await?;
            let head = change_log::head(tx, who.workspace_id).await?;
            let mut heads =
                conversation::list(tx, &viewer, state, contact_id, after, limit + 1).await?;
            let more = heads.len() > limit as usize;
            heads.truncate(limit as usize);
            let next = heads.last().filter(|_| more).map(write_key);
            let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
            Ok(HeadPage {
                log_id: head.log_id,
                epoch: viewer.epoch,
                cursor: head.seq,
                contacts: contact::by_ids(tx, who.workspace_id, &contact_ids(&heads)).await?,
                read_marks: read_mark::on(tx, who, &ids).await?,
                heads,
                next,
            })
        })
        .await
}

fn write_key(last: &ConversationHead) -> String {
    format!("{}.{}", last.last_part_at.as_micros(), last.id)
}

fn read_key(text: &str) -> Result<ListKey, CoreError> {
    let parse = || {
        let (micros, id) = text.split_once('.')?;
        let last_part_at = Timestamp::from_micros(micros.parse().ok()?);
        Some(ListKey { last_part_at, id: id.parse().ok()? })
    };
    parse().ok_or_else(|| {
        let message = "`after` must be the `next` of the page before; leave it out to begin anew.";
        CoreError::invalid(ErrorCode::InvalidRequest, message)
    })
}

/// Each contact of these conversations once, sorted.
fn contact_ids<'a>(heads: impl IntoIterator<Item = &'a ConversationHead>) -> Vec<ContactId> {
    let mut ids: Vec<_> = heads.into_iter().map(|head| head.contact_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whole conversations, those of the asked-for that may be seen. Very long ones bring their newest parts.
///
/// # Errors
/// [`CoreError::Invalid`] for more than [`MAX_FETCH`]; [`CoreError::Denied`], [`CoreError::Db`].
pub async fn conversations(
    core: &Core,
    who: Principal,
    ids: &[ConversationId],
) -> Result<ConversationPage, CoreError> {
    if ids.len() > MAX_FETCH {
        let message = format!("At most {MAX_FETCH} conversations are fetched at once.");
        return Err(CoreError::invalid(ErrorCode::InvalidRequest, message));
    }
    let ids = ids.to_vec();
    core.db()
        .read(async move |tx| {
            let viewer = reader(tx, who).await?;
            let mut heads = conversation::visible(tx, &viewer, &ids).await?;
            if is_planted(Planted::FetchUnfiltered) {
                heads = conversation::heads_of(tx, who.workspace_id, &ids).await?;
            }
            heads.sort_unstable_by_key(|head| head.id);
            let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
            let bytes = ANSWER_BYTES / u64::try_from(ids.len().max(1)).unwrap_or(1);
            let budget = Budget { parts: MAX_PARTS, bytes };
            let parts = part::newest(tx, who.workspace_id, &ids, 0, budget).await?;
            let conversations = join(heads, parts);
            answer(tx, &viewer, conversations).await
        })
        .await
}

/// A conversation's parts right before `before_seq`, at most `limit`.
///
/// # Errors
/// [`CoreError::NotFound`] if there is no such conversation in view; [`CoreError::Denied`], [`CoreError::Db`].
pub async fn parts_before(
    core: &Core,
    who: Principal,
    id: ConversationId,
    before_seq: u32,
    limit: u32,
) -> Result<ConversationPage, CoreError> {
    let budget = Budget { parts: limit.clamp(1, MAX_PARTS), bytes: ANSWER_BYTES };
    core.db()
        .read(async move |tx| {
            let viewer = reader(tx, who).await?;
            let mut heads = conversation::visible(tx, &viewer, &[id]).await?;
            let head = heads.pop().ok_or(CoreError::NotFound)?;
            let before_seq = before_seq.min(head.part_count.saturating_add(1));
            let parts = part::before(tx, who.workspace_id, id, before_seq, budget).await?;
            let complete_from_seq = parts.first().map_or(before_seq.max(1), |part| part.seq);
            let delta = ConversationDelta { head, parts, complete_from_seq };
            answer(tx, &viewer, vec![delta]).await
        })
        .await
}

async fn answer(
    tx: &mut Tx,
    viewer: &Viewer,
    conversations: Vec<ConversationDelta>,
) -> Result<ConversationPage, CoreError> {
    let workspace_id = viewer.workspace_id;
    let who = Principal { workspace_id, teammate_id: viewer.teammate_id() };
    let log = change_log::head(tx, workspace_id).await?;
    let contacts = contact_ids(conversations.iter().map(|delta| &delta.head));
    let ids: Vec<_> = conversations.iter().map(|delta| delta.head.id).collect();
    Ok(ConversationPage {
        log_id: log.log_id,
        epoch: viewer.epoch,
        cursor: log.seq,
        contacts: contact::by_ids(tx, workspace_id, &contacts).await?,
        read_marks: read_mark::on(tx, who, &ids).await?,
        conversations,
    })
}

/// Puts each head together with its parts, which are sorted by conversation and `seq`.
fn join(
    heads: impl IntoIterator<Item = ConversationHead>,
    parts: Vec<Part>,
) -> Vec<ConversationDelta> {
    let mut by_conversation = std::collections::BTreeMap::<ConversationId, Vec<Part>>::new();
    for part in parts {
        by_conversation.entry(part.conversation_id).or_default().push(part);
    }
    heads
        .into_iter()
        .map(|head| {
            let parts = by_conversation.remove(&head.id).unwrap_or_default();
            // Parts are only ever appended, so what is here is a gapless end of the conversation.
            let complete_from_seq =
                parts.first().map_or(head.part_count.saturating_add(1), |part| part.seq);
            ConversationDelta { head, parts, complete_from_seq }
        })
        .collect()
}

/// What a cache compares itself with: digest over the open and snoozed conversations in view.
///
/// # Errors
/// [`CoreError::Denied`], [`CoreError::Db`].
pub async fn digest(core: &Core, who: Principal) -> Result<ScopeDigest, CoreError> {
    core.db()
        .read(async move |tx| {
            let viewer = reader(tx, who).await?;
            let head = change_log::head(tx, who.workspace_id).await?;
            let versions = conversation::active_versions(tx, &viewer).await?;
            Ok(ScopeDigest {
                log_id: head.log_id,
                epoch: viewer.epoch,
                cursor: head.seq,
                count: u64::try_from(versions.len()).unwrap_or(u64::MAX),
                digest: digest_of(versions),
            })
        })
        .await
}

#[cfg(test)]
mod tests;
