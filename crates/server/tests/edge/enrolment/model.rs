//! A link as a state machine: whatever is done with it in whatever order, nobody comes to a session without having chosen a
//! password on that machine and having shown the factor that the link asks for, and no link lets two in.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use recado_protocol::Role;
use recado_protocol::enrolment::{MadeLink, ShownFactor};
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;

use super::scene::{GOOD, Joining, invitation};
use crate::harness::{Person, SignedIn, TestServer, body, code, new_device};

/// What happens; a number picks one of two machines.
#[derive(Debug, Clone, Copy)]
enum Event {
    Choose(usize),
    Complete(usize, Shown),
    Revoke,
    RunOut,
}

/// What is shown as the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// A code of the authenticator that the link has shown on this machine.
    New,
    /// A code of the authenticator that the account had before.
    Present,
    /// A recovery code of the account.
    Recovery,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invitation,
    Password,
    Both,
}

fn event() -> impl Strategy<Value = Event> {
    let shown = prop_oneof![
        3 => Just(Shown::New),
        3 => Just(Shown::Present),
        2 => Just(Shown::Recovery),
        1 => Just(Shown::Nothing)
    ];
    prop_oneof![
        4 => (0..2_usize).prop_map(Event::Choose),
        6 => (0..2_usize, shown).prop_map(|(machine, shown)| Event::Complete(machine, shown)),
        1 => Just(Event::Revoke),
        1 => Just(Event::RunOut),
    ]
}

struct World {
    server: TestServer,
    admin: SignedIn,
    ana: Person,
    recovery: Vec<String>,
    made: MadeLink,
    machines: [Joining; 2],
    kind: Kind,
    /// The machine on which a password was chosen last.
    chosen_on: Option<usize>,
    open: bool,
}

impl World {
    async fn new(kind: Kind) -> Self {
        let server = TestServer::start().await;
        let mia = server.add("mia", Role::Admin).await;
        let ana = server.add("ana", Role::Agent).await;
        let before = server.sign_in(&ana).await;
        let recovery = server.recovery_codes(&before).await;
        let admin = server.sign_in(&mia).await;
        let made = match kind {
            Kind::Invitation => server.invite(&admin, &invitation("cy@inbox.example")).await,
            _ => body(server.try_reset(&admin, &before, kind == Kind::Both).await).await,
        };
        let first = Joining::of(&made);
        let second = Joining { device: new_device(), ..first.clone() };
        let machines = [first, second];
        let (chosen_on, open) = (None, true);
        Self { server, admin, ana, recovery, made, machines, kind, chosen_on, open }
    }

    /// Whether a session is what should come of it.
    fn lets_in(&self, machine: usize, shown: Shown) -> bool {
        let factor = match self.kind {
            Kind::Password => matches!(shown, Shown::Present | Shown::Recovery),
            Kind::Invitation | Kind::Both => shown == Shown::New,
        };
        self.open && self.chosen_on == Some(machine) && factor
    }

    async fn happen(&mut self, event: Event) {
        // A step of the second factor later, so that nothing is refused for having been used or for coming too soon.
        self.server.clock.advance(60);
        match event {
            Event::Choose(machine) => {
                let server = &self.server;
                let answer = self.machines[machine].choose(server, "Ana", GOOD).await;
                if self.open {
                    let chosen: recado_protocol::enrolment::Enrolment = body(answer).await;
                    let seed = chosen.authenticator.map(|it| it.secret).unwrap_or_default();
                    self.machines[machine].seed = seed;
                    self.chosen_on = Some(machine);
                } else {
                    assert_eq!(code(answer).await, ErrorCode::PersonalLinkInvalid);
                }
            }
            Event::Complete(machine, shown) => {
                let joining = &self.machines[machine];
                let factor = match shown {
                    Shown::New => ShownFactor::Totp { code: joining.code(&self.server) },
                    Shown::Present => ShownFactor::Totp { code: self.server.now_code(&self.ana) },
                    Shown::Recovery => {
                        ShownFactor::RecoveryCode { code: self.recovery.pop().unwrap_or_default() }
                    }
                    Shown::Nothing => ShownFactor::Totp { code: String::new() },
                };
                let expected = self.lets_in(machine, shown);
                let answer = joining.complete_by(&self.server, factor).await;
                assert_eq!(answer.status().is_success(), expected, "{event:?}");
                if expected {
                    body::<Session>(answer).await;
                    self.open = false;
                    // A repeated request is answered again; another one is not.
                    self.machines[machine].refresh = "another secret".to_owned();
                }
            }
            Event::Revoke => {
                let id = self.made.enrolment.id;
                let actor =
                    recado_server::storage::audit::Actor::Teammate(self.admin.session.teammate_id);
                // One that has run out can be withdrawn as well, which changes nothing.
                let _ = self.server.running.backend().enrolments().revoke(actor, id).await;
                self.open = false;
            }
            Event::RunOut => {
                self.server.clock.advance(72 * 3_600);
                self.open = false;
            }
        }
    }
}

#[test]
fn no_path_by_a_link_reaches_a_session_with_fewer_factors() {
    let long = std::env::var_os("RECADO_LONG").is_some();
    let config = Config { cases: if long { 400 } else { 16 }, ..Config::default() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let kinds = prop_oneof![Just(Kind::Invitation), Just(Kind::Password), Just(Kind::Both)];
    TestRunner::new(config)
        .run(&(kinds, prop::collection::vec(event(), 1..14)), |(kind, events)| {
            runtime.block_on(async {
                let mut world = World::new(kind).await;
                for event in events {
                    world.happen(event).await;
                }
                world.server.running.stop().await;
            });
            Ok(())
        })
        .expect("the model holds");
}
