//! What a customer's system uses: opening conversations, adding messages, reading replies.

use axum::extract::State;
use axum::http::HeaderMap;
use recado_protocol::ConversationId;
use recado_protocol::channel::{AddMessage, ChannelReceipt, OpenConversation, ReplyPage};
use recado_protocol::error::ErrorCode;
use serde::Deserialize;

use super::extract::{ApiJson, ApiPath, ApiQuery};
use super::failure::Failure;
use crate::core::{ChannelPrincipal, Core};
use crate::inbound;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// How many replies a page holds where the request does not say.
const DEFAULT_REPLIES: u32 = 100;

/// Opens a conversation with a customer's first message.
#[utoipa::path(
    post, path = "/v1/channel/conversations", tag = "channel", request_body = OpenConversation,
    params(("Idempotency-Key" = String, Header, description = "The same key brings the first answer again.")),
    responses((status = 200, description = "It is open, now or since the first attempt.", body = ChannelReceipt))
)]
pub(super) async fn open_conversation(
    State(core): State<Core>,
    channel: ChannelPrincipal,
    headers: HeaderMap,
    ApiJson(request): ApiJson<OpenConversation>,
) -> Result<ApiJson<ChannelReceipt>, Failure> {
    let key = idempotency_key(&headers)?;
    let receipt = inbound::open_conversation(&core, channel, key, &request).await?;
    #[cfg(feature = "fail-points")]
    crate::fail_point::reached(crate::fail_point::Place::ChannelAnswer);
    Ok(ApiJson(receipt))
}

/// Adds a customer's message. It reopens a closed or snoozed conversation.
#[utoipa::path(
    post, path = "/v1/channel/conversations/{id}/messages", tag = "channel", request_body = AddMessage,
    params(
        ("id" = ConversationId, Path, description = "A conversation of this channel."),
        ("Idempotency-Key" = String, Header, description = "The same key brings the first answer again.")
    ),
    responses((status = 200, description = "It is added, now or since the first attempt.", body = ChannelReceipt))
)]
pub(super) async fn add_message(
    State(core): State<Core>,
    channel: ChannelPrincipal,
    headers: HeaderMap,
    ApiPath(id): ApiPath<ConversationId>,
    ApiJson(request): ApiJson<AddMessage>,
) -> Result<ApiJson<ChannelReceipt>, Failure> {
    let key = idempotency_key(&headers)?;
    let receipt = inbound::add_message(&core, channel, key, id, &request).await?;
    #[cfg(feature = "fail-points")]
    crate::fail_point::reached(crate::fail_point::Place::ChannelAnswer);
    Ok(ApiJson(receipt))
}

#[derive(Deserialize)]
pub(super) struct RepliesQuery {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

/// The workspace's replies to this channel's customers, each exactly once, in order.
#[utoipa::path(
    get, path = "/v1/channel/replies", tag = "channel",
    params(
        ("after" = Option<u64>, Query, description = "The `cursor` of the page before; 0 for the first."),
        ("limit" = Option<u32>, Query, description = "How many replies.")
    ),
    responses((status = 200, description = "The replies.", body = ReplyPage))
)]
pub(super) async fn replies(
    State(core): State<Core>,
    channel: ChannelPrincipal,
    ApiQuery(query): ApiQuery<RepliesQuery>,
) -> Result<ApiJson<ReplyPage>, Failure> {
    let limit = query.limit.unwrap_or(DEFAULT_REPLIES);
    Ok(ApiJson(inbound::replies(&core, channel, query.after, limit).await?))
}

fn idempotency_key(headers: &HeaderMap) -> Result<&str, Failure> {
    headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).ok_or_else(|| {
        Failure::new(
            ErrorCode::InvalidRequest,
            "Send the header Idempotency-Key, a name of your own for this write.",
        )
    })
}
