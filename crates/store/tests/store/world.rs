//! A small world to test in: ids by number, and a workspace whose server always says what it is told.

use std::path::Path;

use recado_protocol::conversation::ReadMark;
use recado_protocol::host::{InboxPage, InboxRequest, OpenRequest, Sort, View};
use recado_protocol::sync::{
    Bootstrap, Change, ConversationDelta, ConversationPage, HeadPage, SyncPage,
};
use recado_protocol::workspace::{OwnAccess, Team, Teammate, TeammateState, Workspace};
use recado_protocol::*;
use recado_store::{Applied, CacheBatch, HeadsProgress, Store, StoreKeys};
use uuid::Uuid;

pub(crate) const EPOCH: u64 = 3;
pub(crate) const START: u64 = 100;

pub(crate) fn conversation(n: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(0xC0 << 96 | n))
}

pub(crate) fn contact_id(n: u128) -> ContactId {
    ContactId::from_uuid(Uuid::from_u128(0xCC << 96 | n))
}

pub(crate) fn teammate(n: u128) -> TeammateId {
    TeammateId::from_uuid(Uuid::from_u128(0xAA << 96 | n))
}

pub(crate) fn me() -> TeammateId {
    teammate(1)
}

pub(crate) fn team(n: u128) -> TeamId {
    TeamId::from_uuid(Uuid::from_u128(0x7E << 96 | n))
}

pub(crate) fn command_id(n: u128) -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(0xCD << 96 | n))
}

pub(crate) fn part_id(conversation: u128, seq: u32) -> PartId {
    PartId::from_uuid(Uuid::from_u128(0xBA << 96 | conversation << 32 | u128::from(seq)))
}

pub(crate) fn log_id() -> LogId {
    LogId::from_uuid(Uuid::from_u128(1))
}

pub(crate) fn second(n: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + n)
}

pub(crate) fn keys() -> StoreKeys {
    StoreKeys { cache: [0x11; 32], outbox: [0x22; 32] }
}

pub(crate) fn open(dir: &Path) -> Store {
    Store::open(dir, keys()).expect("the store opens")
}

pub(crate) fn account(id: TeammateId, name: &str) -> Teammate {
    Teammate {
        id,
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        role: Role::Agent,
        state: TeammateState::Active,
        created_at: second(0),
        version: 1,
    }
}

pub(crate) fn access(epoch: u64, conversation_access: ConversationAccess) -> OwnAccess {
    OwnAccess {
        epoch,
        role: Role::Agent,
        state: TeammateState::Active,
        team_ids: vec![team(1)],
        conversation_access,
    }
}

pub(crate) fn bootstrap() -> Bootstrap {
    let workspace = Workspace {
        id: WorkspaceId::from_uuid(Uuid::from_u128(9)),
        name: "Acme".to_owned(),
        offline_lease_s: 86_400,
        version: 1,
    };
    let named =
        |id, name: &str| Team { id, name: name.to_owned(), admin_ids: vec![me()], version: 1 };
    Bootstrap {
        log_id: log_id(),
        cursor: START,
        server_time: second(0),
        workspace,
        me: account(me(), "Ada"),
        access: access(EPOCH, ConversationAccess::all()),
        teammates: vec![account(me(), "Ada"), account(teammate(2), "Bo")],
        teams: vec![named(team(1), "Billing"), named(team(2), "Support")],
    }
}

/// A store in memory that knows who it belongs to and holds no conversation.
pub(crate) fn started() -> Store {
    let store = Store::in_memory().expect("a store in memory");
    start(&store);
    store
}

pub(crate) fn start(store: &Store) {
    store
        .apply(CacheBatch::bootstrap(bootstrap()).with_heads_progress(HeadsProgress::Complete))
        .expect("the bootstrap is stored");
}

pub(crate) fn head(n: u128) -> ConversationHead {
    let at = i64::try_from(n).expect("a small number");
    ConversationHead {
        id: conversation(n),
        contact_id: contact_id(n),
        title: None,
        state: ConversationState::Open,
        snoozed_until: None,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: Vec::new(),
        waiting_since: None,
        created_at: second(at),
        last_part_at: second(at),
        preview: "hello".to_owned(),
        preview_author: AuthorType::Contact,
        preview_is_note: false,
        part_count: 0,
        contact_part_count: 0,
        version: 10,
    }
}

pub(crate) fn contact(n: u128, name: &str) -> Contact {
    Contact {
        id: contact_id(n),
        external_id: None,
        name: Some(name.to_owned()),
        email: None,
        phone: None,
        language: None,
        created_at: second(0),
        version: 1,
    }
}

/// A customer's message.
pub(crate) fn part(n: u128, seq: u32, body_text: &str, version: u64) -> Part {
    Part {
        id: part_id(n, seq),
        conversation_id: conversation(n),
        seq,
        part_type: PartType::Comment,
        author: Author {
            author_type: AuthorType::Contact,
            admin_id: None,
            name: Some("Customer".to_owned()),
        },
        body: format!("<p>{body_text}</p>"),
        body_text: body_text.to_owned(),
        rich: false,
        assigned_to_admin_id: None,
        assigned_to_team_id: None,
        snoozed_until: None,
        priority: None,
        tag: None,
        command_id: None,
        created_at: second(i64::from(seq)),
        version,
    }
}

/// A whole conversation of customer's messages.
pub(crate) fn whole(n: u128, bodies: &[&str], version: u64) -> ConversationDelta {
    let count = u32::try_from(bodies.len()).expect("a small number");
    let parts = (1..).zip(bodies).map(|(seq, body)| part(n, seq, body, version)).collect();
    let head = ConversationHead {
        part_count: count,
        contact_part_count: count,
        last_part_at: second(i64::from(count)),
        preview: bodies.last().map(|body| text::preview(body)).unwrap_or_default(),
        version,
        ..head(n)
    };
    ConversationDelta { head, parts, complete_from_seq: 1 }
}

pub(crate) fn page(after: u64, cursor: u64, changes: Vec<Change>) -> SyncPage {
    SyncPage {
        log_id: log_id(),
        epoch: EPOCH,
        after,
        cursor,
        more: false,
        server_time: second(0),
        changes,
    }
}

pub(crate) fn heads(heads: Vec<ConversationHead>) -> HeadPage {
    HeadPage {
        log_id: log_id(),
        epoch: EPOCH,
        cursor: START,
        heads,
        contacts: Vec::new(),
        read_marks: Vec::new(),
        next: None,
    }
}

pub(crate) fn conversations(conversations: Vec<ConversationDelta>) -> ConversationPage {
    ConversationPage {
        log_id: log_id(),
        epoch: EPOCH,
        cursor: START,
        conversations,
        contacts: Vec::new(),
        read_marks: Vec::new(),
    }
}

pub(crate) fn put_heads(store: &Store, list: Vec<ConversationHead>) -> Applied {
    store.apply(CacheBatch::heads(heads(list))).expect("the heads are stored")
}

pub(crate) fn put(store: &Store, deltas: Vec<ConversationDelta>) -> Applied {
    store.apply(CacheBatch::conversations(conversations(deltas))).expect("they are stored")
}

pub(crate) fn sync(store: &Store, page: SyncPage) -> Applied {
    store.apply(CacheBatch::sync(page)).expect("the page is stored")
}

pub(crate) fn mark(n: u128, read: u32, version: u64) -> ReadMark {
    ReadMark { conversation_id: conversation(n), contact_parts_read: read, version }
}

pub(crate) fn command(n: u128, on: u128, action: Action) -> Command {
    let at = i64::try_from(n).expect("a small number");
    Command {
        id: command_id(n),
        conversation_id: conversation(on),
        after: None,
        action,
        created_at: second(10_000 + at),
    }
}

pub(crate) fn reply(text: &str) -> Action {
    Action::ConversationReply { body_text: text.to_owned(), last_seen_seq: 0 }
}

pub(crate) fn applied(id: CommandId, version: u64) -> CommandResult {
    CommandResult { id, outcome: CommandOutcome::Applied { version, part_id: None } }
}

pub(crate) fn refused(id: CommandId) -> CommandResult {
    let outcome = CommandOutcome::Refused {
        code: ErrorCode::PermissionDenied,
        message: "not allowed".to_owned(),
    };
    CommandResult { id, outcome }
}

pub(crate) fn list(store: &Store, view: View) -> Vec<ConversationId> {
    page_of(store, view).rows.into_iter().map(|row| row.head.id).collect()
}

pub(crate) fn page_of(store: &Store, view: View) -> InboxPage {
    store
        .inbox_page(&InboxRequest { view, sort: Sort::Newest, after: None, limit: 200 })
        .expect("a page")
}

pub(crate) fn view_of(store: &Store, n: u128) -> host::ConversationView {
    try_view(store, n).expect("the conversation is here")
}

pub(crate) fn try_view(store: &Store, n: u128) -> Option<host::ConversationView> {
    store
        .conversation_view(&OpenRequest { conversation_id: conversation(n), limit: 200 })
        .expect("the conversation can be read")
}
