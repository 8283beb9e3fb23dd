//! Whatever fails and whenever the program ends: once things work again, the cache shows what the
//! server shows and every command has run once.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use recado_protocol::live::LiveFrame;
use recado_protocol::sync::{Change, SyncPage};
use recado_protocol::*;

use super::super::*;
use super::harness::*;
use super::sync::refused;

const CONVERSATIONS: u128 = 6;
/// How many heads or log entries one answer holds, so that everything takes several.
const PAGE: usize = 2;

/// What happens next.
#[derive(Debug, Clone)]
enum Event {
    /// The oldest request is answered.
    Answered,
    /// It had its effect, and the answer is lost.
    AnswerLost,
    /// It never arrived.
    RequestLost,
    /// The server's log begins anew after its end.
    LogCut,
    /// A conversation gets this state, or with `None` leaves.
    Changed(u128, Option<ConversationState>),
    /// The agent writes.
    Wrote(u128),
    /// The stream says that there is something.
    Pushed,
    /// The stream ends.
    StreamLost,
    /// The next job on the store fails.
    JobFailed,
    /// The program ends and is started again.
    Restarted,
    /// Time passes, in seconds.
    Passed(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let state = prop_oneof![
        3 => Just(Some(ConversationState::Open)),
        1 => Just(Some(ConversationState::Snoozed)),
        3 => Just(Some(ConversationState::Closed)),
        2 => Just(None),
    ];
    prop_oneof![
        16 => Just(Event::Answered),
        1 => Just(Event::AnswerLost),
        1 => Just(Event::RequestLost),
        1 => Just(Event::LogCut),
        4 => (1..=CONVERSATIONS, state).prop_map(|(n, state)| Event::Changed(n, state)),
        1 => (1..=CONVERSATIONS).prop_map(Event::Wrote),
        2 => Just(Event::Pushed),
        1 => Just(Event::StreamLost),
        1 => Just(Event::JobFailed),
        1 => Just(Event::Restarted),
        2 => (0..90_i64).prop_map(Event::Passed),
    ]
}

#[derive(Default)]
struct Server {
    cursor: u64,
    /// Entries up to this number are gone.
    forgotten: u64,
    visible: BTreeMap<u128, ConversationHead>,
    log: Vec<(u64, Change)>,
    ran: BTreeMap<CommandId, CommandOutcome>,
    runs: u32,
}

impl Server {
    fn change(&mut self, n: u128, state: Option<ConversationState>) {
        self.cursor += 1;
        let version = self.cursor;
        let change = match state {
            Some(state) => {
                let changed = ConversationHead { state, ..head(n, version) };
                self.visible.insert(n, changed.clone());
                change(changed)
            }
            None => {
                self.visible.remove(&n);
                Change::ConversationEvicted { conversation_id: conversation(n), version }
            }
        };
        self.log.push((version, change));
    }

    fn active(&self) -> Vec<ConversationHead> {
        let closed = |head: &&ConversationHead| head.state == ConversationState::Closed;
        self.visible.values().filter(|head| !closed(head)).cloned().collect()
    }

    fn answer(&mut self, harness: &Harness, ask: Ask) -> Result<Answer, TransportError> {
        Ok(match ask {
            Ask::Bootstrap => harness.bootstrap(self.cursor, access(1, ConversationAccess::all())),
            Ask::Sync { cursor, .. } if cursor < self.forgotten => {
                return Err(refused(ErrorCode::CursorGone));
            }
            Ask::Sync { cursor: after, .. } => {
                let newer: Vec<_> = self.log.iter().filter(|(seq, _)| *seq > after).collect();
                let more = newer.len() > PAGE;
                let page = &newer[..newer.len().min(PAGE)];
                let cursor =
                    if more { page.last().map_or(after, |(seq, _)| *seq) } else { self.cursor };
                let changes = page.iter().map(|(_, change)| change.clone()).collect();
                Answer::Sync(SyncPage { more, ..harness.page(after, cursor, changes) })
            }
            Ask::Heads(query) => {
                let before = query.after.as_ref().and_then(|after| after.parse::<u128>().ok());
                let mut rest: Vec<_> = self
                    .visible
                    .iter()
                    .rev()
                    .filter(|(n, head)| {
                        head.state == query.state && before.is_none_or(|before| **n < before)
                    })
                    .collect();
                let more = rest.len() > PAGE;
                rest.truncate(PAGE);
                let next = rest.last().filter(|_| more).map(|(n, _)| n.to_string());
                let heads: Vec<_> = rest.into_iter().map(|(_, head)| head.clone()).collect();
                harness.heads(self.cursor, &heads, next.as_deref())
            }
            Ask::Digest => harness.digest(self.cursor, &self.active()),
            Ask::LiveTicket => Harness::ticket(),
            Ask::Fetch(ids) => {
                let heads: Vec<_> =
                    self.visible.values().filter(|head| ids.contains(&head.id)).cloned().collect();
                harness.bodies(self.cursor, &heads)
            }
            Ask::Conversation { .. } => panic!("nobody opens one here"),
            Ask::Commands(request) => {
                let results =
                    request.commands.into_iter().map(|command| self.run(&command)).collect();
                harness.results(results)
            }
        })
    }

    fn run(&mut self, command: &Command) -> CommandResult {
        if !self.ran.contains_key(&command.id) {
            self.runs += 1;
            let n = command.conversation_id.uuid().as_u128();
            let state = self.visible.get(&n).map(|head| head.state);
            self.change(n, state);
            let outcome = CommandOutcome::Applied { version: self.cursor, part_id: None };
            self.ran.insert(command.id, outcome);
        }
        CommandResult { id: command.id, outcome: self.ran[&command.id].clone() }
    }
}

struct World {
    harness: Harness,
    server: Server,
    written: u128,
}

impl World {
    fn new() -> Self {
        let mut server = Server::default();
        for n in 1..=CONVERSATIONS {
            server.change(n, Some(ConversationState::Open));
        }
        let mut harness = Harness::new();
        harness.input(Input::Start);
        Self { harness, server, written: 0 }
    }

    fn open_streams(&mut self) {
        while let Some((live, _)) = self.harness.streams.pop() {
            self.harness.input(Input::LiveOpened { live });
        }
    }

    fn answer(&mut self) -> bool {
        let Some((request, ask)) = self.harness.sent.pop_front() else { return false };
        let result = self.server.answer(&self.harness, ask);
        self.harness.input(Input::Answered { request, result });
        self.open_streams();
        true
    }

    fn restart(&mut self) {
        let now = self.harness.now;
        self.harness = Harness::on(Arc::clone(&self.harness.store));
        self.harness.now = now;
        self.harness.input(Input::Start);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Answered => {
                self.answer();
            }
            Event::AnswerLost => {
                if let Some((request, ask)) = self.harness.sent.pop_front() {
                    let _ = self.server.answer(&self.harness, ask);
                    self.harness.fail(request, TransportError::Unreachable);
                }
            }
            Event::RequestLost => {
                if let Some((request, _)) = self.harness.sent.pop_front() {
                    self.harness.fail(request, TransportError::Unreachable);
                }
            }
            Event::LogCut => {
                self.server.forgotten = self.server.cursor;
                self.server.log.clear();
            }
            Event::Changed(n, state) => self.server.change(n, state),
            Event::Wrote(n) => {
                self.written += 1;
                let written = command(1_000 + self.written, n, "Hi");
                self.harness.store.enqueue(&written).expect("stored");
                self.harness.input(Input::Submitted);
            }
            Event::Pushed => {
                if let Some(live) = self.harness.engine.live_id() {
                    self.harness.input(Input::LiveFrame { live, frame: LiveFrame::Pull });
                }
            }
            Event::StreamLost => {
                if let Some(live) = self.harness.engine.live_id() {
                    let error = TransportError::Unreachable;
                    self.harness.input(Input::LiveClosed { live, error });
                }
            }
            Event::JobFailed => {
                let detail = "failed".to_owned();
                let failure = StoreFailure { code: ErrorCode::DiskFull, detail };
                self.harness.store_fails = Some(failure);
            }
            Event::Restarted => self.restart(),
            Event::Passed(seconds) => self.harness.pass(seconds),
        }
        let failed =
            self.harness.told.drain(..).any(|notice| matches!(notice, Notice::StoreFailed(_)));
        if failed {
            self.restart();
        }
    }

    /// Nothing fails any more.
    fn settles(&mut self) {
        self.harness.store_fails = None;
        for _ in 0..20 {
            for _ in 0..200 {
                if !self.answer() {
                    break;
                }
            }
            self.harness.pass(61);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn after_any_failures_the_cache_is_the_server_s_and_each_command_ran_once(
        events in prop::collection::vec(event(), 0..120)
    ) {
        let mut world = World::new();
        for event in events {
            world.happens(event);
        }
        world.settles();
        let World { harness, server, written } = world;
        prop_assert_eq!(harness.state(), ConnectionState::Online, "{:?}", harness.engine);
        for n in 1..=CONVERSATIONS {
            let cached = harness.store.head(conversation(n)).expect("a readable store");
            match server.visible.get(&n) {
                None => prop_assert!(cached.is_none(), "{n} has left"),
                // Closed ones are not listed, so they may be missing; they are never out of date.
                Some(head) if head.state == ConversationState::Closed && cached.is_none() => {}
                Some(head) => prop_assert_eq!(cached.as_ref(), Some(head)),
            }
        }
        prop_assert_eq!(u128::from(server.runs), written);
        prop_assert_eq!(harness.store.outbox_counts().expect("counts").queued, 0);
        let meta = harness.store.meta().expect("meta");
        prop_assert_eq!((meta.cursor, meta.closed_check), (server.cursor, None));
    }
}
