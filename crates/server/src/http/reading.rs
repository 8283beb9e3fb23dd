//! What a client's cache is filled from.

use axum::extract::State;
use recado_protocol::error::ErrorCode;
use recado_protocol::search::SearchPage;
use recado_protocol::sync::{
    Bootstrap, ConversationPage, FetchRequest, HeadPage, HeadQuery, ScopeDigest, SyncPage,
};
use recado_protocol::{ContactId, ConversationId, ConversationState, LogId};
use serde::Deserialize;

use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::failure::Failure;
use crate::core::{Core, Principal};
use crate::sync;

/// What a new cache starts from.
#[utoipa::path(
    get, path = "/v1/bootstrap", tag = "sync",
    responses((status = 200, description = "The workspace, its people, and where the change log stands.", body = Bootstrap))
)]
pub(super) async fn bootstrap(
    State(core): State<Core>,
    who: Principal,
) -> Result<ApiJson<Bootstrap>, Failure> {
    Ok(ApiJson(sync::bootstrap(&core, who).await?))
}

#[derive(Deserialize)]
pub(super) struct SyncQuery {
    log_id: LogId,
    cursor: u64,
    limit: Option<u32>,
}

/// One page of the change log, filtered for the teammate.
///
/// `cursor_gone` means: begin again with the bootstrap, and compare by id and version.
#[utoipa::path(
    get, path = "/v1/sync", tag = "sync",
    params(
        ("log_id" = LogId, Query, description = "The change log that `cursor` belongs to."),
        ("cursor" = u64, Query, description = "What the cache has reached."),
        ("limit" = Option<u32>, Query, description = "How many entries of the log the page may cover.")
    ),
    responses((status = 200, description = "The changes after the cursor.", body = SyncPage))
)]
pub(super) async fn sync_page(
    State(core): State<Core>,
    who: Principal,
    ApiQuery(query): ApiQuery<SyncQuery>,
) -> Result<ApiJson<SyncPage>, Failure> {
    let limit = query.limit.unwrap_or(recado_protocol::sync::MAX_ENTRIES);
    Ok(ApiJson(sync::page(&core, who, query.log_id, query.cursor, limit).await?))
}

/// Heads of one state, newest first.
#[utoipa::path(
    get, path = "/v1/conversations", tag = "sync",
    params(
        ("state" = ConversationState, Query, description = "Which ones."),
        ("contact_id" = Option<ContactId>, Query, description = "Only those of this contact."),
        ("after" = Option<String>, Query, description = "The `next` of the page before."),
        ("limit" = Option<u32>, Query, description = "How many heads, at most 500.")
    ),
    responses((status = 200, description = "Heads, their contacts and read marks.", body = HeadPage))
)]
pub(super) async fn list_conversations(
    State(core): State<Core>,
    who: Principal,
    ApiQuery(query): ApiQuery<HeadQuery>,
) -> Result<ApiJson<HeadPage>, Failure> {
    Ok(ApiJson(sync::heads(&core, who, &query).await?))
}

#[derive(Deserialize)]
pub(super) struct PartsQuery {
    before_seq: Option<u32>,
    limit: Option<u32>,
}

/// One conversation with its newest parts, or with those before a given one.
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "sync",
    params(
        ("id" = ConversationId, Path, description = "The conversation."),
        ("before_seq" = Option<u32>, Query, description = "Only parts with a smaller `seq`."),
        ("limit" = Option<u32>, Query, description = "How many parts; counts together with `before_seq` only.")
    ),
    responses((status = 200, description = "The conversation.", body = ConversationPage))
)]
pub(super) async fn conversation(
    State(core): State<Core>,
    who: Principal,
    ApiPath(id): ApiPath<ConversationId>,
    ApiQuery(query): ApiQuery<PartsQuery>,
) -> Result<ApiJson<ConversationPage>, Failure> {
    if let Some(before_seq) = query.before_seq {
        let limit = query.limit.unwrap_or(recado_protocol::sync::MAX_PARTS);
        return Ok(ApiJson(sync::parts_before(&core, who, id, before_seq, limit).await?));
    }
    let page = sync::conversations(&core, who, &[id]).await?;
    if page.conversations.is_empty() {
        return Err(Failure::new(ErrorCode::NotFound, "It does not exist, or you may not see it."));
    }
    Ok(ApiJson(page))
}

/// Whole conversations, as many as fit into one answer. What may not be seen is left out.
#[utoipa::path(
    post, path = "/v1/conversations/fetch", tag = "sync", request_body = FetchRequest,
    responses((status = 200, description = "The conversations.", body = ConversationPage))
)]
pub(super) async fn fetch_conversations(
    State(core): State<Core>,
    who: Principal,
    ApiJson(request): ApiJson<FetchRequest>,
) -> Result<ApiJson<ConversationPage>, Failure> {
    Ok(ApiJson(sync::conversations(&core, who, &request.conversation_ids).await?))
}

/// A digest over what the teammate may see, to compare a cache with.
#[utoipa::path(
    get, path = "/v1/digest", tag = "sync",
    responses((status = 200, description = "Over all open and snoozed conversations.", body = ScopeDigest))
)]
pub(super) async fn digest(
    State(core): State<Core>,
    who: Principal,
) -> Result<ApiJson<ScopeDigest>, Failure> {
    Ok(ApiJson(sync::digest(&core, who).await?))
}

#[derive(Deserialize)]
pub(super) struct SearchQuery {
    q: String,
    limit: Option<u32>,
}

/// Messages, notes, titles and contacts that hold every word of a query, newest first.
#[utoipa::path(
    get, path = "/v1/search", tag = "sync",
    params(
        ("q" = String, Query, description = "Words; the last one may be unfinished."),
        ("limit" = Option<u32>, Query, description = "How many hits, at most 50.")
    ),
    responses((status = 200, description = "The hits with the heads of their conversations.", body = SearchPage))
)]
pub(super) async fn find(
    State(core): State<Core>,
    who: Principal,
    ApiQuery(query): ApiQuery<SearchQuery>,
) -> Result<ApiJson<SearchPage>, Failure> {
    let limit = query.limit.unwrap_or(recado_protocol::search::MAX_HITS);
    Ok(ApiJson(sync::search(&core, who, &query.q, limit).await?))
}
