//! How well the workspace is protected, as an admin sees it.

use recado_protocol::Role;
use recado_protocol::account::{EndSessionsRequest, RecoveryCodes};
use recado_protocol::checkup::{SecurityCheckup, SecurityStep, StepState, UNUSED_S};
use recado_protocol::error::ErrorCode;
use recado_server::console::{Console, Request};
use serde_json::json;

use crate::console::settings;
use crate::harness::{Person, SignedIn, TestServer, body, code, databases, new_device};

async fn look(server: &TestServer, who: &SignedIn) -> SecurityCheckup {
    body(server.get("/v1/security/checkup", who.token()).await).await
}

fn state(checkup: &SecurityCheckup, step: SecurityStep) -> &StepState {
    checkup.steps.iter().find(|state| state.step == step).expect("each step is told")
}

/// Whether a step is done, for how many it is open, and of how many.
fn figures(checkup: &SecurityCheckup, step: SecurityStep) -> (bool, u32, u32) {
    let state = state(checkup, step);
    (state.done, state.open, state.of)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_follows_what_happens() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let (ana, ben) =
            (server.add("ana", Role::Admin).await, server.add("ben", Role::Agent).await);
        let (admin, agent) = (server.sign_in(&ana).await, server.sign_in(&ben).await);
        let (ana_id, ben_id) = (admin.session.teammate_id, agent.session.teammate_id);

        let before = look(&server, &admin).await;
        assert_eq!(figures(&before, SecurityStep::OwnAuthenticator), (false, 2, 2));
        assert_eq!(figures(&before, SecurityStep::OwnPassword), (false, 2, 2));
        assert_eq!(figures(&before, SecurityStep::RecoveryCodes), (false, 2, 2));
        assert_eq!(state(&before, SecurityStep::RecoveryCodes).teammate_ids, [ana_id, ben_id]);
        assert_eq!(figures(&before, SecurityStep::FactorRequired), (false, 3, 3));
        assert_eq!(figures(&before, SecurityStep::SsoOnly), (false, 1, 1));
        assert_eq!(figures(&before, SecurityStep::ShortLease), (true, 0, 1));
        assert_eq!(figures(&before, SecurityStep::SecondAdmin), (false, 1, 1));
        assert_eq!(figures(&before, SecurityStep::FewAdmins), (true, 0, 2));
        assert_eq!(figures(&before, SecurityStep::UnusedCopies), (true, 0, 2));
        assert_eq!(figures(&before, SecurityStep::UnseenSignIns), (true, 0, 2));

        let made = server.client.post(server.url("/v1/account/recovery-codes"));
        let made =
            made.bearer_auth(admin.token()).json(&json!({})).send().await.expect("an answer");
        assert_eq!(body::<RecoveryCodes>(made).await.codes.len(), 10);
        let mut console = Console::open(settings(&server)).await.expect("a console");
        let require =
            Request::OwnFactorSet { roles: vec![Role::Admin, Role::Agent], grace_days: Some(90) };
        let _: serde_json::Value = console.ask(require).await.expect("set");
        let lease = Request::OfflineLeaseSet { hours: 25 };
        let _: serde_json::Value = console.ask(lease).await.expect("set");
        for name in ["cem", "dora"] {
            server.add(name, Role::Admin).await;
        }
        server.clock.advance(UNUSED_S + 60);
        // Ana comes back on her own machine and on another one; Ben's was not used.
        let admin = server.sign_in(&ana).await;
        server.clock.advance(30);
        server.sign_in(&Person { device: new_device(), ..ana.clone() }).await;

        let after = look(&server, &admin).await;
        assert_eq!(figures(&after, SecurityStep::RecoveryCodes), (false, 3, 4));
        assert!(!state(&after, SecurityStep::RecoveryCodes).teammate_ids.contains(&ana_id));
        assert_eq!(figures(&after, SecurityStep::FactorRequired), (false, 1, 3));
        assert_eq!(figures(&after, SecurityStep::ShortLease), (false, 1, 1));
        assert_eq!(figures(&after, SecurityStep::SecondAdmin), (true, 0, 1));
        assert_eq!(figures(&after, SecurityStep::FewAdmins), (false, 3, 4));
        assert_eq!(figures(&after, SecurityStep::UnusedCopies), (false, 1, 3));
        assert_eq!(state(&after, SecurityStep::UnusedCopies).teammate_ids, [ben_id]);
        assert_eq!(figures(&after, SecurityStep::UnseenSignIns), (false, 1, 3));
        assert_eq!(state(&after, SecurityStep::UnseenSignIns).teammate_ids, [ana_id]);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_signed_out_or_is_to_erase_its_copy_is_not_forgotten() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let (ana, ben) =
            (server.add("ana", Role::Admin).await, server.add("ben", Role::Agent).await);
        let wiped = server.sign_in(&ben).await.session.session_id;
        // An older session of the machine that signs out later has ended otherwise.
        server.sign_in(&ana).await;
        server.clock.advance(30);
        let again = server.sign_in(&ana).await;
        let left = server.client.delete(server.url("/v1/session")).bearer_auth(again.token());
        assert!(left.send().await.expect("an answer").status().is_success());
        server.clock.advance(UNUSED_S + 60);
        let admin = server.sign_in(&Person { device: new_device(), ..ana.clone() }).await;
        let before = look(&server, &admin).await;
        assert_eq!(figures(&before, SecurityStep::UnusedCopies), (false, 1, 2));

        let path = format!(
            "/v1/teammates/{}/sessions/end",
            server.sign_in(&ben).await.session.teammate_id
        );
        let end = EndSessionsRequest { session_ids: vec![wiped], wipe: true };
        let ended = server.client.post(server.url(&path)).bearer_auth(admin.token()).json(&end);
        assert!(ended.send().await.expect("an answer").status().is_success());
        assert!(state(&look(&server, &admin).await, SecurityStep::UnusedCopies).done);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_may_look() {
    let server = TestServer::start().await;
    for role in [Role::Agent, Role::LightAgent] {
        let person = server.add(role.name(), role).await;
        let who = server.sign_in(&person).await;
        let refused = server.get("/v1/security/checkup", who.token()).await;
        assert_eq!(code(refused).await, ErrorCode::PermissionDenied);
    }
    server.running.stop().await;
}
