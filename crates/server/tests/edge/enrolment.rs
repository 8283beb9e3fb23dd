//! Personal links: invitations and resets, from the admin to the session.

mod console;
mod guesses;
mod model;
mod required;
mod reset;
mod scene;

use futures_util::future::join_all;
use recado_protocol::account::{AccountSecurity, PasswordCheck, PasswordIssue};
use recado_protocol::enrolment::{
    CheckEnrolmentPasswordRequest, EnrolmentKind, EnrolmentLinks, LinkStanding, MadeLink,
};
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_protocol::{Role, TeammateState};
use recado_server::backend::TeammateChange;
use recado_server::storage::{DbError, Value};
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{TestServer, body, code, databases, error, new_device};
use crate::own_account::go_on;
use scene::{GOOD, Joining, invitation};

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_joins_with_a_password_and_an_authenticator_of_their_own() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
        assert_eq!(made.enrolment.standing, LinkStanding::Open);
        assert!(made.letter.contains(&made.link) && made.letter.contains("mia invites you"));

        let mut ana = Joining::of(&made);
        let opened = ana.opened(&server).await;
        assert_eq!((opened.email.as_str(), opened.name.as_str()), ("ana@inbox.example", "Ana"));
        assert_eq!(opened.invited_by.as_deref(), Some("mia"));
        assert!(!opened.password_chosen && opened.authenticator.is_none());
        let chosen = ana.chose(&server, "Ana Ruiz", GOOD).await;
        assert!(chosen.password_chosen && chosen.authenticator.is_some());
        let session: Session = body(ana.complete(&server).await).await;

        let security: AccountSecurity =
            body(server.get("/v1/account/security", &session.access_token).await).await;
        assert!(security.password_changed_at.is_some() && security.authenticator_since.is_some());
        assert!(server.get("/v1/bootstrap", &session.access_token).await.status().is_success());
        let links: EnrolmentLinks = body(server.get("/v1/invitations", admin.token()).await).await;
        assert_eq!(links.links[0].standing, LinkStanding::Used);
        assert_eq!(links.links[0].teammate_id, Some(session.teammate_id));
        assert_eq!(links.links[0].name, "Ana Ruiz");
        // The code that has completed it is used up, the next one signs in.
        let person = ana.person("ana@inbox.example");
        server.sign_in(&person).await;
        assert_eq!(code(ana.open(&server).await).await, ErrorCode::PersonalLinkInvalid);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_judged_as_everywhere_and_with_what_is_known_of_the_person() {
    let server = TestServer::start_named("Harbour Coffee").await;
    let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
    let made = server.invite(&admin, &invitation("mario.rossi@inbox.example")).await;
    let mut mario = Joining::of(&made);
    let judged = async |password: &str| -> PasswordCheck {
        let request = CheckEnrolmentPasswordRequest {
            secret: mario.secret.clone(),
            password: password.to_owned(),
        };
        body(server.post("/v1/enrolment/password/check", &request).await).await
    };
    assert!(judged(GOOD).await.issues.is_empty());
    assert!(matches!(judged("short").await.issues[0], PasswordIssue::TooShort { .. }));
    for leaning in ["mario.rossi@recado", "HarbourCoffee2026!"] {
        let issues = judged(leaning).await.issues;
        assert!(matches!(issues[0], PasswordIssue::ContainsContext { .. }), "{leaning}");
    }
    let refused = mario.choose(&server, "Mario", "password1").await;
    assert_eq!(code(refused).await, ErrorCode::PasswordRefused);
    let refused = mario.choose(&server, "two\nlines", GOOD).await;
    assert_eq!(code(refused).await, ErrorCode::InvalidValue);
    assert!(!mario.opened(&server).await.password_chosen);
    mario.chose(&server, "Mario", GOOD).await;
}

fn standing(links: &EnrolmentLinks, made: &MadeLink) -> LinkStanding {
    links.links.iter().find(|link| link.id == made.enrolment.id).expect("listed").standing
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_that_cannot_be_used_gets_the_same_bytes() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let email = |name: &str| format!("{name}@inbox.example");
        let used = server.invite(&admin, &invitation(&email("used"))).await;
        let mut joining = Joining::of(&used);
        joining.chose(&server, "Used", GOOD).await;
        body::<Session>(joining.complete(&server).await).await;
        let revoked = server.invite(&admin, &invitation(&email("revoked"))).await;
        let path = format!("/v1/invitations/{}/revoke", revoked.enrolment.id);
        let links: EnrolmentLinks = body(server.post_as(&admin, &path, &json!({})).await).await;
        assert_eq!(standing(&links, &revoked), LinkStanding::Revoked);
        let again = server.post_as(&admin, &path, &json!({})).await;
        assert_eq!(code(again).await, ErrorCode::NotFound);
        let replaced = server.invite(&admin, &invitation(&email("twice"))).await;
        let newest = server.invite(&admin, &invitation(&email("TWICE"))).await;
        let expired = server.invite(&admin, &invitation(&email("late"))).await;
        let mut late = Joining::of(&expired);
        late.chose(&server, "Late", GOOD).await;
        assert!(Joining::of(&newest).open(&server).await.status().is_success());
        server.clock.advance(72 * 3_600);
        server.running.backend().sessions().delete_expired().await.expect("swept");

        let mut answers = Vec::new();
        for secret in [
            Joining::of(&used).secret,
            Joining::of(&revoked).secret,
            Joining::of(&replaced).secret,
            late.secret.clone(),
            format!("rct_i_{}", "A".repeat(43)),
            "nonsense".to_owned(),
            String::new(),
        ] {
            let mut joining = Joining { secret, ..late.clone() };
            for answer in [
                joining.open(&server).await,
                joining.choose(&server, "Late", GOOD).await,
                joining.complete(&server).await,
            ] {
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
                answers.push(answer.bytes().await.expect("a body"));
            }
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let links = server.running.backend().links().await.expect("listed");
        assert_eq!(standing(&links, &replaced), LinkStanding::Replaced);
        assert_eq!(standing(&links, &expired), LinkStanding::Expired);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_goes_on_on_the_same_machine_and_begins_anew_on_another() {
    let server = TestServer::start().await;
    let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
    let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
    let mut here = Joining::of(&made);
    let first = here.chose(&server, "Ana", GOOD).await;
    // The app was closed, and the link is opened again.
    let again = here.opened(&server).await;
    assert!(again.password_chosen);
    assert_eq!(again.authenticator.expect("a seed").secret, here.seed);
    // Another password leaves the authenticator that was scanned.
    let other = here.chose(&server, "Ana", "gargling otter quilt").await;
    assert_eq!(other.authenticator.map(|it| it.secret), first.authenticator.map(|it| it.secret));

    let mut elsewhere = Joining { device: new_device(), ..here.clone() };
    let opened = elsewhere.opened(&server).await;
    assert!(!opened.password_chosen && opened.authenticator.is_none());
    assert_eq!(code(elsewhere.complete(&server).await).await, ErrorCode::SignInExpired);
    elsewhere.chose(&server, "Ana", "the kettle sings at dawn").await;
    assert_ne!(elsewhere.seed, here.seed);
    // Whoever had begun before completes nothing, so nobody's choice becomes part of another's account.
    assert_eq!(code(here.complete(&server).await).await, ErrorCode::SignInExpired);
    assert!(!here.opened(&server).await.password_chosen);
    body::<Session>(elsewhere.complete(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_given_again_to_whoever_asked_and_to_nobody_else() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
        let mut ana = Joining::of(&made);
        ana.chose(&server, "Ana", GOOD).await;
        let session: Session = body(ana.complete(&server).await).await;
        let again: Session = body(ana.complete(&server).await).await;
        assert_eq!(again.session_id, session.session_id);
        assert!(server.get("/v1/bootstrap", &again.access_token).await.status().is_success());
        for mut other in [
            Joining { refresh: "another secret".to_owned(), ..ana.clone() },
            Joining { device: new_device(), ..ana.clone() },
        ] {
            let refused = other.complete(&server).await;
            assert_eq!(code(refused).await, ErrorCode::PersonalLinkInvalid);
        }
        server.clock.advance(72 * 3_600);
        assert_eq!(code(ana.complete(&server).await).await, ErrorCode::PersonalLinkInvalid);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_complete_one_link_at_once_one_is_let_in() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
        let mut ana = Joining::of(&made);
        ana.chose(&server, "Ana", GOOD).await;
        let mut rivals: Vec<Joining> = (0..6)
            .map(|number| Joining { refresh: format!("secret {number}"), ..ana.clone() })
            .collect();
        let answers = join_all(rivals.iter_mut().map(|rival| rival.complete(&server))).await;
        let let_in = answers.iter().filter(|answer| answer.status().is_success()).count();
        assert_eq!(let_in, 1);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_links_for_one_address_that_are_made_at_once_one_is_open() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let request = invitation("ana@inbox.example");
        let made = join_all((0..5).map(|_| server.invite(&admin, &request))).await;
        let mut open = 0;
        for made in &made {
            open += usize::from(Joining::of(made).open(&server).await.status().is_success());
        }
        assert_eq!(open, 1);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_who_has_shown_the_second_factor_invites_and_gives_no_more_than_they_have() {
    let server = TestServer::start().await;
    let mia = server.add("mia", Role::Admin).await;
    let ben = server.add("ben", Role::Agent).await;
    let (mut admin, agent) = (server.sign_in(&mia).await, server.sign_in(&ben).await);
    let request = invitation("ana@inbox.example");
    for (path, request) in [
        ("/v1/invitations".to_owned(), json!(request)),
        ("/v1/invitations/enr_01970000000070008000000000000000/revoke".to_owned(), json!({})),
        (
            format!("/v1/teammates/{}/reset", admin.session.teammate_id),
            json!({ "authenticator": true }),
        ),
    ] {
        let refused = server.post_as(&agent, &path, &request).await;
        assert_eq!(code(refused).await, ErrorCode::PermissionDenied, "{path}");
    }
    let listed = server.get("/v1/invitations", agent.token()).await;
    assert_eq!(code(listed).await, ErrorCode::PermissionDenied);
    for wrong in [
        json!({ "email": "nobody", "name": "A", "role": "agent", "team_ids": [] }),
        json!({ "email": "a@b.example", "name": " ", "role": "agent", "team_ids": [] }),
        json!({ "email": "a@b.example", "name": "A", "role": "owner", "team_ids": [] }),
        json!({ "email": "ben@inbox.example", "name": "A", "role": "agent", "team_ids": [] }),
        json!({ "email": "a@b.example", "name": "A", "role": "agent", "team_ids": [],
                "expires_in_s": 72 * 3_600 + 1 }),
        json!({ "email": "a@b.example", "name": "A", "role": "agent",
                "team_ids": ["tem_01970000000070008000000000000000"] }),
    ] {
        let refused = server.post_as(&admin, "/v1/invitations", &wrong).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidValue, "{wrong}");
    }
    server.clock.advance(301);
    go_on(&server, &mut admin).await;
    let refused = server.post_as(&admin, "/v1/invitations", &request).await;
    assert_eq!(code(refused).await, ErrorCode::StepUpRequired);
    // To withdraw asks for nothing more.
    let admin = server.sign_in(&mia).await;
    let made = server.invite(&admin, &request).await;
    assert_eq!(made.enrolment.kind, EnrolmentKind::Invitation);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_dies_with_the_right_of_whoever_made_it() {
    let server = TestServer::start().await;
    let (mia, zoe) = (server.add("mia", Role::Admin).await, server.add("zoe", Role::Admin).await);
    let admin = server.sign_in(&mia).await;
    let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
    let mut ana = Joining::of(&made);
    ana.chose(&server, "Ana", GOOD).await;
    let set = async |change: TeammateChange| {
        server.running.backend().change_teammate(&mia.email, change).await.expect("changed");
    };
    set(TeammateChange { role: Some(Role::Agent), ..TeammateChange::default() }).await;
    assert_eq!(code(ana.complete(&server).await).await, ErrorCode::PersonalLinkInvalid);
    set(TeammateChange { role: Some(Role::Admin), ..TeammateChange::default() }).await;
    let suspended =
        TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
    set(suspended).await;
    assert_eq!(code(ana.open(&server).await).await, ErrorCode::PersonalLinkInvalid);
    server.sign_in(&zoe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_lies_nowhere_on_the_server_and_all_is_in_the_audit() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
        assert!(!format!("{made:?}").contains("rct_i_"));
        let mut ana = Joining::of(&made);
        ana.chose(&server, "Ana", GOOD).await;
        let wrong = ana.complete_with(&server, "000000").await;
        assert_eq!(code(wrong).await, ErrorCode::InvalidCode);
        server.clock.advance(30);
        body::<Session>(ana.complete(&server).await).await;
        let refused = ana.open(&server).await;
        assert_eq!(error(refused).await.0, StatusCode::UNAUTHORIZED);
        for (action, result) in [
            ("link_make", "done"),
            ("enrolment_password", "done"),
            ("enrolment_code", "denied"),
            ("enrolment_complete", "done"),
            ("teammate_create", "done"),
            ("enrolment_open", "denied"),
        ] {
            let counted = server.running.backend().core().db().read(async move |tx| {
                let sql = "SELECT COUNT(*) FROM audit_event WHERE action = ?1 AND result = ?2";
                tx.query_one(sql, &[Value::from(action), Value::from(result)]).await?.get::<u64>(0)
            });
            let counted: Result<u64, DbError> = counted.await;
            let expected = if action == "teammate_create" { 2 } else { 1 };
            assert_eq!(counted.expect("a count"), expected, "{action}");
        }
        let secret = ana.secret.clone();
        let held = server.running.backend().core().db().read(async move |tx| {
            let details = "SELECT COUNT(*) FROM audit_detail WHERE detail LIKE ?1";
            let pattern = format!("%{}%", &secret[6..]);
            let told: u64 = tx.query_one(details, &[Value::from(pattern)]).await?.get(0)?;
            let chosen = "SELECT COUNT(*) FROM enrolment WHERE password_hash IS NOT NULL \
                          OR totp_sealed IS NOT NULL";
            let left: u64 = tx.query_one(chosen, &[]).await?.get(0)?;
            Ok::<_, DbError>((told, left))
        });
        assert_eq!(held.await.expect("counts"), (0, 0));
        server.running.stop().await;
    }
}
