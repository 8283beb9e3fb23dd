//! A session as a state machine: any order of what can happen to it leaves the server where a small model is.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use recado_protocol::error::ErrorCode;
use recado_protocol::{Role, TeammateState};
use recado_server::backend::TeammateChange;
use recado_server::identity::token::{Secret, TokenKind};

use crate::harness::{Person, SignedIn, TestServer, code};

/// Long enough that what was refused before slows nothing down, short enough that no session grows idle.
const BETWEEN_S: i64 = 300;

/// What happens. A number picks one of the sessions or of the former secrets.
#[derive(Debug, Clone)]
enum Event {
    SignIn,
    /// The holder goes on with the newest secret.
    Rotate(usize),
    /// The holder asks once more, because the answer was lost.
    Repeat(usize),
    /// Somebody else has one of the secrets that were used.
    Stolen(usize, usize),
    SignOut(usize),
    Suspend,
    Reactivate,
}

fn event() -> impl Strategy<Value = Event> {
    let any = 0..8_usize;
    prop_oneof![
        3 => Just(Event::SignIn),
        6 => any.clone().prop_map(Event::Rotate),
        3 => any.clone().prop_map(Event::Repeat),
        2 => (any.clone(), 0..8_usize).prop_map(|(session, secret)| Event::Stolen(session, secret)),
        1 => any.prop_map(Event::SignOut),
        1 => Just(Event::Suspend),
        1 => Just(Event::Reactivate),
    ]
}

/// A session as the model has it.
struct Modelled {
    signed_in: SignedIn,
    /// Every secret so far; the last was proposed and not used yet, unless it is the only one.
    secrets: Vec<Secret>,
    runs: bool,
}

fn secret() -> Secret {
    Secret::generate(TokenKind::Refresh).expect("random")
}

async fn refresh(
    server: &TestServer,
    signed_in: &SignedIn,
    current: &Secret,
    next: &Secret,
) -> Result<(), ErrorCode> {
    let request = signed_in.refresh_with(current, next);
    let response = server.post("/v1/session/refresh", &request).await;
    if response.status().is_success() { Ok(()) } else { Err(code(response).await) }
}

async fn set_state(server: &TestServer, ana: &Person, state: TeammateState) {
    let change = TeammateChange { state: Some(state), ..TeammateChange::default() };
    server.running.backend().change_teammate(&ana.email, change).await.expect("changed");
}

async fn happen(
    server: &TestServer,
    ana: &Person,
    sessions: &mut Vec<Modelled>,
    active: &mut bool,
    event: &Event,
) {
    let pick = |number: &usize, len: usize| number.checked_rem(len);
    match event {
        Event::SignIn if *active => {
            let signed_in = server.sign_in(ana).await;
            let secrets = vec![signed_in.refresh.clone()];
            sessions.push(Modelled { signed_in, secrets, runs: true });
        }
        Event::SignIn => {
            let refused = server.post("/v1/sign-in", &ana.request()).await;
            assert_eq!(code(refused).await, ErrorCode::InvalidCredentials);
        }
        Event::Rotate(number) => {
            let Some(at) = pick(number, sessions.len()) else { return };
            let Modelled { signed_in, secrets, runs } = &mut sessions[at];
            let (current, next) = (secrets.last().expect("one").clone(), secret());
            let expected = if *runs { Ok(()) } else { Err(ErrorCode::SessionEnded) };
            assert_eq!(refresh(server, signed_in, &current, &next).await, expected);
            if *runs {
                secrets.push(next);
            }
        }
        Event::Repeat(number) => {
            let Some(at) = pick(number, sessions.len()) else { return };
            let Modelled { signed_in, secrets, runs } = &sessions[at];
            let [.., current, next] = secrets.as_slice() else { return };
            let expected = if *runs { Ok(()) } else { Err(ErrorCode::SessionEnded) };
            assert_eq!(refresh(server, signed_in, current, next).await, expected);
        }
        Event::Stolen(number, stolen) => {
            let Some(at) = pick(number, sessions.len()) else { return };
            let Modelled { signed_in, secrets, runs } = &mut sessions[at];
            // The last one was not used yet: with that one it would be nobody's second.
            let Some(stolen) = pick(stolen, secrets.len() - 1) else { return };
            let outcome = refresh(server, signed_in, &secrets[stolen], &secret()).await;
            assert_eq!(outcome, Err(ErrorCode::SessionEnded));
            *runs = false;
        }
        Event::SignOut(number) => {
            let Some(at) = pick(number, sessions.len()) else { return };
            let Modelled { signed_in, runs, .. } = &mut sessions[at];
            let url = server.url("/v1/session");
            let request = server.client.delete(url).bearer_auth(signed_in.token());
            // An access token that has run out ends nothing; whether the session runs is looked at below.
            let ended = request.send().await.expect("an answer").status().is_success();
            *runs &= !ended;
        }
        Event::Suspend => {
            set_state(server, ana, TeammateState::Suspended).await;
            *active = false;
            sessions.iter_mut().for_each(|session| session.runs = false);
        }
        Event::Reactivate => {
            set_state(server, ana, TeammateState::Active).await;
            *active = true;
        }
    }
}

async fn follow(events: &[Event]) {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let (mut sessions, mut active) = (Vec::new(), true);
    for event in events {
        happen(&server, &ana, &mut sessions, &mut active, event).await;
        server.clock.advance(BETWEEN_S);
        for (number, session) in sessions.iter().enumerate() {
            let id = session.signed_in.session.session_id;
            let runs = server.running.backend().sessions().is_running(id).await.expect("an answer");
            assert_eq!(runs, session.runs, "session {number} after {event:?}");
        }
    }
    server.running.stop().await;
}

#[test]
fn a_session_stands_where_the_model_stands_whatever_happens() {
    let long = std::env::var_os("RECADO_LONG").is_some();
    let config = Config { cases: if long { 1_000 } else { 24 }, ..Config::default() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    TestRunner::new(config)
        .run(&prop::collection::vec(event(), 1..24), |events| {
            runtime.block_on(follow(&events));
            Ok(())
        })
        .expect("the model holds");
}
