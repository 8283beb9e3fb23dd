use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use proptest::prelude::*;
use recado_protocol::identity::RefreshRequest;
use recado_protocol::{TeammateId, Timestamp, WorkspaceId};
use serde::Serialize;
use uuid::Uuid;

use super::tokens::hash;
use super::*;
use crate::keychain::{Fault, ItemKind, MemoryKeychain, SLOW_AFTER};
use crate::random::SystemRandom;

/// What the network does with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    Works,
    LosesRequest,
    LosesAnswer,
}

#[derive(Debug, Default)]
struct ServerState {
    current: String,
    previous: Option<String>,
    proposed: Option<String>,
    revoked: bool,
    tokens: u32,
    network: VecDeque<Network>,
    /// The next answer to an ordinary request says that the token has run out.
    token_expired: bool,
    refreshes: u32,
}

/// A server that knows the rules of refreshing and nothing else: one proposal may be repeated until
/// it has been used, anything else revokes the session.
#[derive(Debug, Default)]
struct Server(Mutex<ServerState>);

impl Server {
    fn state(&self) -> std::sync::MutexGuard<'_, ServerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(state: &mut ServerState, request: &RefreshRequest) -> Result<(), ErrorCode> {
        state.refreshes += 1;
        let presented = hash(&request.refresh);
        if state.revoked {
            return Err(ErrorCode::SessionEnded);
        }
        if presented == state.current {
            match &state.proposed {
                Some(proposed) if *proposed != request.next_hash => {
                    state.revoked = true;
                    return Err(ErrorCode::SessionEnded);
                }
                _ => state.proposed = Some(request.next_hash.clone()),
            }
        } else if state.proposed.as_ref() == Some(&presented) {
            state.previous = Some(std::mem::replace(&mut state.current, presented));
            state.proposed = Some(request.next_hash.clone());
        } else if state.previous.as_ref() == Some(&presented) && request.next_hash == state.current
        {
            return Err(ErrorCode::IdempotencyConflict);
        } else {
            state.revoked = true;
            return Err(ErrorCode::SessionEnded);
        }
        Ok(())
    }
}

impl Transport for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut state = self.state();
            let network = state.network.pop_front().unwrap_or(Network::Works);
            if network == Network::LosesRequest {
                return Err(TransportError::Unreachable);
            }
            let response = if request.path == "/v1/session/refresh" {
                let body = request.body.expect("a body");
                let proposal = serde_json::from_slice(&body).expect("a proposal");
                match Self::refresh(&mut state, &proposal) {
                    Ok(()) => {
                        state.tokens += 1;
                        let token = format!("token-{}", state.tokens);
                        json(200, &session_answer(&token))
                    }
                    Err(code) => json(401, &ApiError::new(code, "ended")),
                }
            } else if std::mem::take(&mut state.token_expired) {
                json(401, &ApiError::new(ErrorCode::AccessTokenExpired, "run out"))
            } else {
                let token = request.access_token.expect("a token");
                json(200, &serde_json::json!({ "token": token.as_str() }))
            };
            if network == Network::LosesAnswer {
                return Err(TransportError::Unreachable);
            }
            Ok(response)
        })
    }

    fn open_live(&self, _: String) -> BoxFuture<'_, Result<LiveStream, TransportError>> {
        Box::pin(async { Err(TransportError::Unreachable) })
    }
}

fn json(status: u16, body: &impl Serialize) -> Response {
    Response { status, body: serde_json::to_vec(body).expect("JSON"), retry_after_s: None }
}

fn session_answer(token: &str) -> SessionAnswer {
    SessionAnswer {
        session_id: SessionId::from_uuid(Uuid::from_u128(1)),
        teammate_id: TeammateId::from_uuid(Uuid::from_u128(1)),
        access_token: token.to_owned(),
        expires_in_s: 300,
        must_set_up_authenticator: false,
        server_time: Timestamp::from_seconds(1_000_000),
    }
}

struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.plus_seconds(seconds);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct World {
    server: Arc<Server>,
    keychain: MemoryKeychain,
    clock: Arc<FixedClock>,
    parts: SessionParts,
}

impl World {
    fn new() -> Self {
        let server = Arc::new(Server::default());
        let keychain = MemoryKeychain::new();
        let clock = Arc::new(FixedClock(Mutex::new(Timestamp::from_seconds(1_000_000))));
        let item =
            ItemName::new(ItemKind::Refresh, WorkspaceId::from_uuid(Uuid::from_u128(1)), "a@b.c");
        let first = RefreshItem::first(&SystemRandom).expect("random bytes");
        server.state().current = first.current_hash();
        keychain.put(item.clone(), first.to_secret());
        let parts = SessionParts {
            transport: Arc::clone(&server) as Arc<dyn Transport>,
            keychain: KeychainWorker::new(Arc::new(keychain.clone()), SLOW_AFTER),
            item,
            random: Arc::new(SystemRandom),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        Self { server, keychain, clock, parts }
    }

    fn session(&self) -> Session {
        Session::resume(self.parts.clone(), SessionId::from_uuid(Uuid::from_u128(1)))
    }
}

async fn ask(session: &Session) -> Result<String, ErrorCode> {
    let response =
        session.send(Request::get("/v1/anything")).await.map_err(|error| error.code())?;
    let answer: serde_json::Value = response.read().map_err(|error| error.code())?;
    Ok(answer["token"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_it_runs_out() {
    let world = World::new();
    let session = world.session();
    assert_eq!(ask(&session).await.as_deref(), Ok("token-1"));
    world.clock.pass(260);
    assert_eq!(ask(&session).await.as_deref(), Ok("token-1"));
    world.clock.pass(20);
    assert_eq!(ask(&session).await.as_deref(), Ok("token-2"));
}

#[tokio::test]
async fn a_token_that_the_server_no_longer_takes_is_replaced_and_the_request_repeated() {
    let world = World::new();
    let session = world.session();
    assert_eq!(ask(&session).await.as_deref(), Ok("token-1"));
    world.server.state().token_expired = true;
    assert_eq!(ask(&session).await.as_deref(), Ok("token-2"));
}

#[tokio::test]
async fn requests_at_the_same_time_refresh_once() {
    let world = World::new();
    let session = world.session();
    let (one, two, three) = tokio::join!(ask(&session), ask(&session), ask(&session));
    assert_eq!(
        [one, two, three].map(Result::ok),
        [const { None::<String> }; 3].map(|_| Some("token-1".to_owned()))
    );
    assert_eq!(world.server.state().refreshes, 1);
}

#[tokio::test]
async fn the_next_secret_lies_in_the_keychain_before_it_is_proposed() {
    let world = World::new();
    world.server.state().network = VecDeque::from([Network::LosesRequest]);
    assert_eq!(ask(&world.session()).await, Err(ErrorCode::Unreachable));
    let stored = world.keychain.items().remove(&world.parts.item).expect("the item");
    let item = RefreshItem::from_secret(&stored).expect("readable");
    assert!(item.next.is_some());
    assert!(stored.as_bytes().len() <= crate::keychain::MAX_ITEM_BYTES);
}

#[tokio::test]
async fn a_keychain_that_cannot_be_written_stops_the_refresh_before_anything_is_sent() {
    for fault in [
        Fault::Fails(KeychainError::Locked),
        Fault::Fails(KeychainError::Denied),
        Fault::FailsAfterwards(KeychainError::Timeout),
        Fault::LosesWrite,
    ] {
        let world = World::new();
        let session = world.session();
        world.keychain.script([Fault::None, fault]);
        assert!(ask(&session).await.is_err(), "{fault:?}");
        assert_eq!(world.server.state().refreshes, 0, "{fault:?}");
        assert_eq!(ask(&session).await.as_deref(), Ok("token-1"), "{fault:?}: it works again");
        assert!(!world.server.state().revoked);
    }
}

#[tokio::test]
async fn secrets_are_not_printed() {
    let world = World::new();
    let session = world.session();
    ask(&session).await.expect("a token");
    let first = RefreshItem::first(&SystemRandom).expect("random bytes");
    for printed in
        [format!("{session:?}"), format!("{first:?}"), format!("{:?}", session_answer("token-x"))]
    {
        assert!(!printed.contains("token-") && !printed.contains(&first.current), "{printed}");
    }
}

/// Somebody with a copy of what the keychain held, on a machine of their own.
struct Thief {
    machine: World,
}

impl Thief {
    fn steal(world: &World) -> Self {
        let stolen = world.keychain.items().remove(&world.parts.item).expect("the item");
        let machine = World::new();
        machine.keychain.put(machine.parts.item.clone(), stolen);
        Self { machine }
    }

    fn session(&self, world: &World) -> Session {
        let transport = Arc::clone(&world.server) as Arc<dyn Transport>;
        let parts = SessionParts { transport, ..self.machine.parts.clone() };
        Session::resume(parts, SessionId::from_uuid(Uuid::from_u128(1)))
    }
}

#[tokio::test]
async fn a_second_holder_of_an_old_secret_is_found_out() {
    let world = World::new();
    let thief = Thief::steal(&world);
    let session = world.session();
    ask(&session).await.expect("a token");
    world.clock.pass(300);
    ask(&session).await.expect("a token");
    let stealing = thief.session(&world);
    assert_eq!(ask(&stealing).await, Err(ErrorCode::SessionEnded));
    assert!(world.server.state().revoked);
}

#[tokio::test]
async fn a_thief_who_is_a_step_ahead_ends_the_session_and_does_not_leave_its_owner_outside() {
    let world = World::new();
    let session = world.session();
    world.server.state().network = VecDeque::from([Network::LosesAnswer]);
    assert_eq!(ask(&session).await, Err(ErrorCode::Unreachable));
    // The thief has both secrets, repeats the owner's proposal and goes on from there.
    let thief = Thief::steal(&world);
    let stealing = thief.session(&world);
    ask(&stealing).await.expect("a token for the thief");
    thief.machine.clock.pass(300);
    ask(&stealing).await.expect("the next token for the thief");
    assert_eq!(ask(&session).await, Err(ErrorCode::SessionEnded));
    assert!(world.server.state().revoked);
}

/// One step of a schedule.
#[derive(Debug, Clone, Copy)]
enum Step {
    Ask(Network),
    TimePasses,
    Crash,
    KeychainFails,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Ask(Network::Works)),
        2 => Just(Step::Ask(Network::LosesRequest)),
        2 => Just(Step::Ask(Network::LosesAnswer)),
        3 => Just(Step::TimePasses),
        2 => Just(Step::Crash),
        1 => Just(Step::KeychainFails),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_lost_answer_crash_or_locked_keychain_ever_ends_the_session(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let world = World::new();
            let mut session = world.session();
            for step in steps {
                match step {
                    Step::Ask(network) => {
                        world.server.state().network = VecDeque::from([network]);
                        let _ = ask(&session).await;
                        world.server.state().network.clear();
                    }
                    Step::TimePasses => world.clock.pass(400),
                    Step::Crash => session = world.session(),
                    Step::KeychainFails => {
                        world.keychain.fail_always(Some(KeychainError::Locked));
                        let _ = ask(&session).await;
                        world.keychain.fail_always(None);
                    }
                }
            }
            world.clock.pass(400);
            prop_assert!(ask(&session).await.is_ok());
            session = world.session();
            prop_assert!(ask(&session).await.is_ok());
            prop_assert!(!world.server.state().revoked);
            Ok(())
        })?;
    }
}
