//! Single sign-on as the only way in.

use recado_protocol::enrolment::{Enrolment, LetterLanguage, MadeLink};
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::TotpRequest;
use recado_protocol::sso::{SignInWays, SignInWaysRequest};
use recado_protocol::{JoinLink, Role, TeammateState};
use recado_server::backend::{Database, LinkSettings, NewLink, TeammateChange};
use reqwest::StatusCode;
use serde_json::json;

use super::scene::Scene;
use crate::harness::{Person, body, code, databases, error, hash_of, new_device};

#[tokio::test]
async fn only_the_owner_s_password_counts_and_nothing_tells_whose_that_is() {
    for database in databases() {
        let scene = Scene::with(database, |new| new.makes_accounts = true).await;
        let server = &scene.server;
        let boss = server.add("boss", Role::Admin).await;
        let ben = server.add("ben", Role::Agent).await;
        let before = server.sign_in(&ben).await;
        let kept = server.sign_in(&boss).await;
        // Begun with a right password before the switch, to be finished after it.
        server.clock.advance(30);
        let pending = server.flow(&ben).await;
        let backend = server.running.backend();
        backend.set_sso_only(Some(&boss.email)).await.expect("switched");

        assert!(scene.has_ended(before.session.session_id).await);
        assert!(!scene.has_ended(kept.session.session_id).await);
        let request = TotpRequest {
            flow: pending,
            code: server.now_code(&ben),
            refresh_hash: hash_of("a secret of the client"),
        };
        let late = server.post("/v1/sign-in/totp", &request).await;
        assert_eq!(code(late).await, ErrorCode::SsoOnly);

        let nobody = Person { email: "nobody@inbox.example".to_owned(), ..ben.clone() };
        let mut answers = Vec::new();
        for (person, password) in
            [(&ben, ben.password.as_str()), (&ben, "wrong"), (&nobody, "wrong"), (&boss, "wrong")]
        {
            server.clock.advance(3_600);
            let person = Person { device: new_device(), ..person.clone() };
            let response = server.post("/v1/sign-in", &person.request_with(password)).await;
            answers.push(error(response).await);
        }
        assert_eq!(answers[0].1.code, ErrorCode::SsoOnly);
        assert_eq!(answers[0].0, StatusCode::FORBIDDEN);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        server.clock.advance(3_600);
        server.sign_in(&boss).await;
        scene.sign_in().await;

        let request = SignInWaysRequest { email: boss.email.clone() };
        let ways: SignInWays = body(server.post("/v1/sign-in/ways", &request).await).await;
        assert!(!ways.password && ways.providers.len() == 1);

        backend.set_sso_only(None).await.expect("switched back");
        server.clock.advance(3_600);
        server.sign_in(&ben).await;
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn the_owner_stays_one_who_can_put_things_right() {
    let scene = Scene::new().await;
    let backend = scene.server.running.backend();
    let boss = scene.server.add("boss", Role::Admin).await;
    let other = scene.server.add("other", Role::Admin).await;
    let ben = scene.server.add("ben", Role::Agent).await;
    for wrong in [ben.email.as_str(), "nobody@inbox.example"] {
        assert!(backend.set_sso_only(Some(wrong)).await.is_err(), "{wrong}");
    }
    backend.set_sso_only(Some(&boss.email)).await.expect("switched");
    let suspended =
        TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
    let lowered = TeammateChange { role: Some(Role::Agent), ..TeammateChange::default() };
    for change in [suspended, lowered] {
        let refused = backend.change_teammate(&boss.email, change).await;
        let text = refused.expect_err("he is the owner").to_string();
        assert!(text.contains("sso only"), "{text}");
    }
    // The last provider stays as long as it is the only way in.
    assert!(backend.remove_provider("Cactus ID").await.is_err());
    backend.set_sso_only(Some(&other.email)).await.expect("another owner");
    let lowered = TeammateChange { role: Some(Role::Agent), ..TeammateChange::default() };
    backend.change_teammate(&boss.email, lowered).await.expect("changed");
    backend.set_sso_only(None).await.expect("switched back");
    backend.remove_provider("cactus id").await.expect("removed");
}

#[tokio::test]
async fn a_provider_does_not_lower_the_owner() {
    let scene = Scene::with(recado_server::backend::Database::Memory, |new| {
        new.link_by_verified_email = true;
        new.groups_claim = Some("groups".to_owned());
    })
    .await;
    let backend = scene.server.running.backend();
    let ana = scene.server.add("ana", Role::Admin).await;
    scene.server.add("other", Role::Admin).await;
    let mapping = recado_server::backend::GroupMapping {
        group: "guests".to_owned(),
        role: Some(Role::LightAgent),
        team: None,
    };
    backend.map_group("Cactus ID", mapping).await.expect("mapped");
    backend.set_sso_only(Some(&ana.email)).await.expect("switched");
    scene.told(|conduct| conduct.subject.groups = Some(vec!["guests".to_owned()]));
    let session = scene.sign_in().await;
    assert_eq!(scene.access(&session).await["access"]["role"], "admin");
}

#[tokio::test]
async fn where_no_password_counts_no_link_is_made_and_none_opens_but_the_owner_s_from_the_console()
{
    let scene = Scene::with(Database::Memory, |new| new.makes_accounts = true).await;
    let server = &scene.server;
    let boss = server.add("boss", Role::Admin).await;
    let mia = server.add("mia", Role::Admin).await;
    let admin = server.sign_in(&mia).await;
    let invitation =
        json!({ "email": "ana@inbox.example", "name": "Ana", "role": "agent", "team_ids": [] });
    let made: MadeLink = body(server.post_as(&admin, "/v1/invitations", &invitation).await).await;
    let link: JoinLink = made.link.parse().expect("a link");
    let secret = link.invitation.expect("a secret");
    let backend = server.running.backend();
    // Made while passwords still counted, for the account that will be the one whose password does.
    let path = format!("/v1/teammates/{}/reset", scene.teammate(&boss.email).await.expect("boss"));
    let reset = json!({ "authenticator": true });
    let made: MadeLink = body(server.post_as(&admin, &path, &reset).await).await;
    let link: JoinLink = made.link.parse().expect("a link");
    let early = link.invitation.expect("a secret");
    backend.set_sso_only(Some(&boss.email)).await.expect("switched");
    let open = json!({ "secret": secret.expose(), "device": new_device() });
    assert_eq!(code(server.post("/v1/enrolment", &open).await).await, ErrorCode::SsoOnly);

    let open = json!({ "secret": early.expose(), "device": new_device() });
    assert_eq!(code(server.post("/v1/enrolment", &open).await).await, ErrorCode::SsoOnly);

    let boss_in = server.sign_in(&boss).await;
    let refused = server.post_as(&boss_in, "/v1/invitations", &invitation).await;
    assert_eq!(code(refused).await, ErrorCode::SsoOnly);
    let settings = LinkSettings { expires_in_s: None, language: LetterLanguage::En };
    let join_link = server.running.join_link();
    let reset = async |email: &str| {
        let new = NewLink::Reset { authenticator: true };
        backend.make_link(email, new, settings, join_link).await
    };
    assert!(reset(&mia.email).await.is_err());
    let made = reset(&boss.email).await.expect("the owner comes back by the console");
    let link: JoinLink = made.link.parse().expect("a link");
    let secret = link.invitation.expect("a secret");
    let open = json!({ "secret": secret.expose(), "device": new_device() });
    body::<Enrolment>(server.post("/v1/enrolment", &open).await).await;
}
