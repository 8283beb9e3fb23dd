//! The engine on the real store in memory, with a server, a network and a clock that the test
//! plays.

use std::collections::VecDeque;
use std::sync::Arc;

use recado_protocol::command::CommandsResponse;
use recado_protocol::live::{LiveFrame, LiveRequest, LiveTicket};
use recado_protocol::sync::{
    Bootstrap, Change, ConversationDelta, ConversationPage, HeadPage, ScopeDigest, SyncPage, digest,
};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::*;
use recado_store::Store;
use uuid::Uuid;

use super::super::*;
use crate::random::SystemRandom;

pub(super) const ME: u128 = 1;

pub(super) fn log(n: u128) -> LogId {
    LogId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn conversation(n: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn teammate(n: u128) -> TeammateId {
    TeammateId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn command(n: u128, on: u128, text: &str) -> Command {
    Command {
        id: CommandId::from_uuid(Uuid::from_u128(n)),
        conversation_id: conversation(on),
        after: None,
        action: Action::ConversationReply { body_text: text.to_owned(), last_seen_seq: 1 },
        created_at: Timestamp::from_seconds(1_000_000),
    }
}

pub(super) fn access(epoch: u64, conversation_access: ConversationAccess) -> OwnAccess {
    OwnAccess {
        epoch,
        role: Role::Agent,
        state: TeammateState::Active,
        team_ids: Vec::new(),
        conversation_access,
    }
}

/// A conversation with two messages of its customer.
pub(super) fn head(n: u128, version: u64) -> ConversationHead {
    ConversationHead {
        id: conversation(n),
        contact_id: ContactId::from_uuid(Uuid::from_u128(n)),
        title: None,
        state: ConversationState::Open,
        snoozed_until: None,
        priority: Priority::NotPriority,
        admin_assignee_id: Some(teammate(ME)),
        team_assignee_id: None,
        tags: Vec::new(),
        waiting_since: None,
        created_at: Timestamp::from_seconds(900_000),
        last_part_at: Timestamp::from_seconds(900_000 + n as i64),
        preview: "Hello".to_owned(),
        preview_author: AuthorType::Contact,
        preview_is_note: false,
        part_count: 2,
        contact_part_count: 2,
        version,
    }
}

pub(super) fn of_somebody_else(n: u128, version: u64) -> ConversationHead {
    ConversationHead { admin_assignee_id: Some(teammate(99)), ..head(n, version) }
}

pub(super) fn delta(head: ConversationHead) -> ConversationDelta {
    let parts = (1..=head.part_count)
        .map(|seq| Part {
            id: PartId::from_uuid(Uuid::from_u128(
                head.id.uuid().as_u128() * 1_000 + u128::from(seq),
            )),
            conversation_id: head.id,
            seq,
            part_type: PartType::Comment,
            author: Author { author_type: AuthorType::Contact, admin_id: None, name: None },
            body: "Hello".to_owned(),
            body_text: "Hello".to_owned(),
            rich: false,
            assigned_to_admin_id: None,
            assigned_to_team_id: None,
            snoozed_until: None,
            priority: None,
            tag: None,
            command_id: None,
            created_at: head.created_at,
            version: head.version,
        })
        .collect();
    ConversationDelta { head, parts, complete_from_seq: 1 }
}

pub(super) fn change(head: ConversationHead) -> Change {
    Change::Conversation { conversation: delta(head) }
}

fn contact(head: &ConversationHead) -> Contact {
    Contact {
        id: head.contact_id,
        external_id: None,
        name: Some("Ana".to_owned()),
        email: None,
        phone: None,
        language: None,
        created_at: head.created_at,
        version: 1,
    }
}

pub(super) struct Harness {
    pub(super) engine: Engine,
    pub(super) store: Arc<Store>,
    pub(super) now: Timestamp,
    pub(super) log_id: LogId,
    pub(super) epoch: u64,
    pub(super) sent: VecDeque<(Id, Ask)>,
    pub(super) streams: Vec<(Id, String)>,
    pub(super) closed: Vec<Id>,
    pub(super) said: Vec<LiveRequest>,
    pub(super) told: Vec<Notice>,
    /// The next jobs fail with this.
    pub(super) store_fails: Option<StoreFailure>,
    /// The next job of this name fails, as if the program had ended before it.
    pub(super) cut_off_at: Option<&'static str>,
    pub(super) jobs: Vec<String>,
    /// The next job of this name takes until the test lets it run.
    pub(super) slow: Option<&'static str>,
    held: Option<(Id, Job)>,
}

impl Harness {
    pub(super) fn new() -> Self {
        Self::on(Arc::new(Store::in_memory().expect("a store")))
    }

    pub(super) fn on(store: Arc<Store>) -> Self {
        let now = Timestamp::from_seconds(1_000_000);
        Self {
            engine: Engine::new(Arc::new(SystemRandom), now),
            store,
            now,
            log_id: log(1),
            epoch: 1,
            sent: VecDeque::new(),
            streams: Vec::new(),
            closed: Vec::new(),
            said: Vec::new(),
            told: Vec::new(),
            store_fails: None,
            cut_off_at: None,
            jobs: Vec::new(),
            slow: None,
            held: None,
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(self.now, input) {
                match effect {
                    Effect::Send { request, ask } => self.sent.push_back((request, ask)),
                    Effect::OpenLive { live, ticket } => self.streams.push((live, ticket)),
                    Effect::SayLive { request, .. } => self.said.push(request),
                    Effect::CloseLive { live } => self.closed.push(live),
                    Effect::Run { job, work } => {
                        let name = format!("{work:?}");
                        if self.cut_off_at.take_if(|cut_off| **cut_off == name).is_some() {
                            let code = ErrorCode::ClientFailed;
                            let detail = "cut off".to_owned();
                            self.store_fails = Some(StoreFailure { code, detail });
                        }
                        if self.slow.take_if(|slow| **slow == name).is_some() {
                            self.held = Some((job, work));
                            continue;
                        }
                        self.jobs.push(name);
                        let result = match self.store_fails.take() {
                            Some(failure) => Err(failure),
                            None => run(&self.store, work),
                        };
                        inputs.push_back(Input::JobDone { job, result });
                    }
                    Effect::Tell(notice) => self.told.push(notice),
                }
            }
        }
    }

    /// Runs the job that has taken so long.
    pub(super) fn run_slow_job(&mut self) {
        let (job, work) = self.held.take().expect("a job is under way");
        let result = run(&self.store, work);
        self.input(Input::JobDone { job, result });
    }

    /// Lets time pass up to the engine's next wake-up.
    pub(super) fn wake(&mut self) {
        let wake = self.engine.next_wake().expect("something is due");
        self.now = self.now.max(wake);
        self.input(Input::Tick);
    }

    pub(super) fn pass(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
        self.input(Input::Tick);
    }

    /// The oldest request that is on its way.
    pub(super) fn ask(&mut self) -> (Id, Ask) {
        self.sent.pop_front().expect("a request is on its way")
    }

    pub(super) fn answer_to(&mut self, request: Id, answer: Answer) {
        self.input(Input::Answered { request, result: Ok(answer) });
    }

    pub(super) fn fail(&mut self, request: Id, error: TransportError) {
        self.input(Input::Answered { request, result: Err(error) });
    }

    pub(super) fn bootstrap(&self, cursor: u64, access: OwnAccess) -> Answer {
        Answer::Bootstrap(Box::new(Bootstrap {
            log_id: self.log_id,
            cursor,
            server_time: self.now,
            workspace: Workspace {
                id: WorkspaceId::from_uuid(Uuid::from_u128(1)),
                name: "Example".to_owned(),
                offline_lease_s: 86_400,
                version: 1,
            },
            me: Teammate {
                id: teammate(ME),
                name: "Me".to_owned(),
                email: "me@example.com".to_owned(),
                role: access.role,
                state: access.state,
                created_at: self.now,
                version: 1,
            },
            access,
            teammates: Vec::new(),
            teams: Vec::new(),
        }))
    }

    pub(super) fn heads(
        &self,
        cursor: u64,
        heads: &[ConversationHead],
        next: Option<&str>,
    ) -> Answer {
        Answer::Heads(HeadPage {
            log_id: self.log_id,
            epoch: self.epoch,
            cursor,
            heads: heads.to_vec(),
            contacts: heads.iter().map(contact).collect(),
            read_marks: Vec::new(),
            next: next.map(str::to_owned),
        })
    }

    pub(super) fn bodies(&self, cursor: u64, heads: &[ConversationHead]) -> Answer {
        Answer::Conversations(ConversationPage {
            log_id: self.log_id,
            epoch: self.epoch,
            cursor,
            conversations: heads.iter().cloned().map(delta).collect(),
            contacts: heads.iter().map(contact).collect(),
            read_marks: Vec::new(),
        })
    }

    pub(super) fn page(&self, after: u64, cursor: u64, changes: Vec<Change>) -> SyncPage {
        SyncPage {
            log_id: self.log_id,
            epoch: self.epoch,
            after,
            cursor,
            more: false,
            server_time: self.now,
            changes,
        }
    }

    pub(super) fn digest(&self, cursor: u64, heads: &[ConversationHead]) -> Answer {
        Answer::Digest(ScopeDigest {
            log_id: self.log_id,
            epoch: self.epoch,
            cursor,
            count: heads.len() as u64,
            digest: digest(heads.iter().map(|head| (head.id, head.version))),
        })
    }

    pub(super) fn ticket() -> Answer {
        Answer::LiveTicket(LiveTicket { ticket: "ticket".to_owned(), expires_in_s: 30 })
    }

    pub(super) fn results(&self, results: Vec<CommandResult>) -> Answer {
        Answer::Commands(CommandsResponse { log_id: self.log_id, results })
    }

    /// Answers whatever the sync lane asks, as a server with these heads at `cursor` would, until
    /// the live stream is open; and then loads the bodies.
    pub(super) fn serve(&mut self, cursor: u64, heads: &[ConversationHead]) {
        for _ in 0..50 {
            if !self.serve_one(cursor, heads) {
                break;
            }
        }
    }

    /// Answers the oldest request. Returns whether there was one.
    pub(super) fn serve_one(&mut self, cursor: u64, heads: &[ConversationHead]) -> bool {
        let Some((request, ask)) = self.sent.pop_front() else { return false };
        let answer = match ask {
            Ask::Bootstrap => self.bootstrap(cursor, access(self.epoch, ConversationAccess::all())),
            Ask::Sync { cursor: after, .. } => Answer::Sync(self.page(after, cursor, Vec::new())),
            Ask::Heads(query) => {
                let of_state: Vec<_> =
                    heads.iter().filter(|head| head.state == query.state).cloned().collect();
                self.heads(cursor, &of_state, None)
            }
            Ask::Digest => {
                let active: Vec<_> = heads
                    .iter()
                    .filter(|head| head.state != ConversationState::Closed)
                    .cloned()
                    .collect();
                self.digest(cursor, &active)
            }
            Ask::LiveTicket => Self::ticket(),
            Ask::Fetch(ids) => {
                let found: Vec<_> =
                    heads.iter().filter(|head| ids.contains(&head.id)).cloned().collect();
                self.bodies(cursor, &found)
            }
            Ask::Conversation { conversation_id, .. } => {
                let found: Vec<_> =
                    heads.iter().filter(|head| head.id == conversation_id).cloned().collect();
                self.bodies(cursor, &found)
            }
            Ask::Commands(_) => panic!("commands are answered by the test itself"),
        };
        self.answer_to(request, answer);
        if let Some((live, _)) = self.streams.pop() {
            self.input(Input::LiveOpened { live });
        }
        true
    }

    /// A cache that has these heads and follows the live stream.
    pub(super) fn online(cursor: u64, heads: &[ConversationHead]) -> Self {
        let mut harness = Self::new();
        harness.input(Input::Start);
        harness.serve(cursor, heads);
        assert_eq!(harness.state(), ConnectionState::Online, "{:?}", harness.engine);
        harness.told.clear();
        harness.said.clear();
        harness.jobs.clear();
        harness
    }

    pub(super) fn live(&self) -> Id {
        self.engine.live_id().expect("a live stream")
    }

    pub(super) fn push(&mut self, page: SyncPage) {
        let live = self.live();
        self.input(Input::LiveFrame { live, frame: LiveFrame::Page { page } });
    }

    pub(super) fn state(&self) -> ConnectionState {
        self.engine.link().state
    }

    /// The conversations in the cache, by number.
    pub(super) fn cached(&self, numbers: &[u128]) -> Vec<u128> {
        let here =
            |n: &u128| self.store.head(conversation(*n)).expect("a readable store").is_some();
        numbers.iter().copied().filter(here).collect()
    }
}
