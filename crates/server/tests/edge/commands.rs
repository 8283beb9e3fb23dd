//! The main job over HTTP: a customer writes, an agent signs in, reads, answers; the customer's side reads the answer.

use recado_protocol::channel::{
    ChannelContact, ChannelMessage, ChannelReceipt, OpenConversation, ReplyPage,
};
use recado_protocol::command::{CommandsRequest, CommandsResponse};
use recado_protocol::error::ErrorCode;
use recado_protocol::search::SearchPage;
use recado_protocol::sync::{Bootstrap, ConversationPage, HeadPage, ScopeDigest, SyncPage};
use recado_protocol::{
    Action, Command, CommandId, CommandOutcome, ConversationId, ConversationState, Role,
};
use reqwest::{Response, StatusCode};
use uuid::Uuid;

use crate::harness::{TestServer, body, code, databases, error};

/// A customer's message, as a channel brings it.
pub(crate) fn opening(customer: &str, text: &str) -> OpenConversation {
    OpenConversation {
        contact: ChannelContact { external_id: customer.to_owned(), ..ChannelContact::default() },
        title: None,
        message: ChannelMessage { body_text: Some(text.to_owned()), ..ChannelMessage::default() },
        team: None,
    }
}

/// Sends a customer's message.
pub(crate) async fn open(
    server: &TestServer,
    channel_key: &str,
    idempotency_key: &str,
    request: &OpenConversation,
) -> Response {
    server
        .client
        .post(server.url("/v1/channel/conversations"))
        .bearer_auth(channel_key)
        .header("Idempotency-Key", idempotency_key)
        .json(request)
        .send()
        .await
        .expect("an answer")
}

pub(crate) async fn channel(server: &TestServer) -> String {
    let key = server.running.backend().add_channel("website").await.expect("a channel");
    key.expose().to_owned()
}

pub(crate) fn command(conversation_id: ConversationId, action: Action) -> Command {
    Command {
        id: CommandId::from_uuid(Uuid::now_v7()),
        conversation_id,
        after: None,
        action,
        created_at: recado_protocol::Timestamp::default(),
    }
}

pub(crate) fn reply(text: &str) -> Action {
    Action::ConversationReply { body_text: text.to_owned(), last_seen_seq: 1 }
}

pub(crate) async fn run(
    server: &TestServer,
    token: &str,
    commands: Vec<Command>,
) -> CommandsResponse {
    let response = server
        .client
        .post(server.url("/v1/commands"))
        .bearer_auth(token)
        .json(&CommandsRequest { log_id: None, commands })
        .send()
        .await
        .expect("an answer");
    body(response).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_message_is_read_and_answered_once() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let key = channel(&server).await;
        let request = opening("c-1", "Where is my parcel?");
        let receipt: ChannelReceipt = body(open(&server, &key, "k-1", &request).await).await;
        let again: ChannelReceipt = body(open(&server, &key, "k-1", &request).await).await;
        assert_eq!(again, receipt);
        let other = open(&server, &key, "k-1", &opening("c-1", "Something else")).await;
        assert_eq!(code(other).await, ErrorCode::IdempotencyConflict);

        let signed_in = server.sign_in(&ana).await;
        let token = signed_in.token();
        let bootstrap: Bootstrap = body(server.get("/v1/bootstrap", token).await).await;
        assert_eq!(bootstrap.me.email, ana.email);
        let heads: HeadPage = body(server.get("/v1/conversations?state=open", token).await).await;
        assert_eq!(heads.heads.len(), 1);
        assert_eq!(heads.heads[0].id, receipt.conversation_id);
        assert_eq!(heads.heads[0].state, ConversationState::Open);
        let path = format!("/v1/conversations/{}", receipt.conversation_id);
        let page: ConversationPage = body(server.get(&path, token).await).await;
        assert_eq!(page.conversations[0].parts[0].body_text, "Where is my parcel?");

        let answer = command(receipt.conversation_id, reply("On its way."));
        let first = run(&server, token, vec![answer.clone()]).await;
        let second = run(&server, token, vec![answer]).await;
        assert_eq!(first, second);
        let CommandOutcome::Applied { part_id: Some(part_id), .. } = first.results[0].outcome
        else {
            panic!("{first:?}");
        };
        let replies: ReplyPage = body(server.get("/v1/channel/replies?after=0", &key).await).await;
        let parts: Vec<_> = replies.replies.iter().map(|reply| reply.part_id).collect();
        assert_eq!(parts, [part_id]);

        let sync = format!("/v1/sync?log_id={}&cursor={}", bootstrap.log_id, bootstrap.cursor);
        let changes: SyncPage = body(server.get(&sync, token).await).await;
        assert!(changes.cursor > bootstrap.cursor && !changes.changes.is_empty());
        let digest: ScopeDigest = body(server.get("/v1/digest", token).await).await;
        assert_eq!(digest.count, 1);
        let found: SearchPage = body(server.get("/v1/search?q=parc", token).await).await;
        assert_eq!(found.hits.len(), 1);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_lacks_is_refused_in_the_commands_own_result() {
    let server = TestServer::start().await;
    let lena = server.add("lena", Role::LightAgent).await;
    let key = channel(&server).await;
    let receipt: ChannelReceipt =
        body(open(&server, &key, "k-1", &opening("c-1", "Hello?")).await).await;
    let signed_in = server.sign_in(&lena).await;
    let commands = vec![
        command(receipt.conversation_id, reply("Hello.")),
        command(receipt.conversation_id, Action::ConversationNote { body_text: "Hm.".to_owned() }),
    ];
    let response = run(&server, signed_in.token(), commands).await;
    assert!(matches!(
        response.results[0].outcome,
        CommandOutcome::Refused { code: ErrorCode::PermissionDenied, .. }
    ));
    assert!(matches!(response.results[1].outcome, CommandOutcome::Applied { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_cursor_is_gone_and_a_hidden_conversation_does_not_exist() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let log = recado_protocol::LogId::from_uuid(Uuid::from_u128(1));
    let gone = server.get(&format!("/v1/sync?log_id={log}&cursor=0"), signed_in.token()).await;
    let (status, gone) = error(gone).await;
    assert_eq!((status, gone.code), (StatusCode::CONFLICT, ErrorCode::CursorGone));
    let id = ConversationId::from_uuid(Uuid::from_u128(1));
    let hidden = server.get(&format!("/v1/conversations/{id}"), signed_in.token()).await;
    let (status, hidden) = error(hidden).await;
    assert_eq!((status, hidden.code), (StatusCode::NOT_FOUND, ErrorCode::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_channel_keys_are_refused_and_limited_and_a_right_one_goes_on_elsewhere() {
    let server = TestServer::start().await;
    let mut evaluated = 0;
    for n in 0..1_000 {
        let wrong = format!("rct_k_{n:043}");
        match code(open(&server, &wrong, "k", &opening("c", "Hello?")).await).await {
            ErrorCode::InvalidChannelKey => evaluated += 1,
            ErrorCode::TooManyAttempts => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=100).contains(&evaluated), "{evaluated} keys were looked up");
}
