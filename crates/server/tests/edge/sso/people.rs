//! Who somebody is here whom a provider vouches for.

use recado_protocol::{Role, TeammateState};
use recado_server::backend::{Database, TeammateChange};

use super::scene::{Scene, new_provider, provider_of};
use crate::harness::{databases, new_device};
use crate::identity_provider::Subject;

async fn linking() -> Scene {
    Scene::with(Database::Memory, |new| {
        new.makes_accounts = true;
        new.link_by_verified_email = true;
    })
    .await
}

#[tokio::test]
async fn an_address_that_the_provider_has_not_verified() {
    for scene in [Scene::new().await, linking().await] {
        scene.told(|conduct| conduct.subject.email_verified = false);
        scene.refused("sso_denied").await;
    }
}

#[tokio::test]
async fn an_address_of_which_nothing_is_said() {
    let scene = Scene::new().await;
    scene.told(|conduct| {
        conduct.claims = Some(Box::new(|claims| drop(claims.remove("email_verified"))));
    });
    scene.refused("sso_denied").await;
}

#[tokio::test]
async fn no_address() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.subject.email = None);
    scene.refused("sso_denied").await;
}

#[tokio::test]
async fn an_address_of_a_domain_that_the_provider_does_not_vouch_for() {
    let scene = linking().await;
    for wrong in [
        "ana@evil.example",
        "ana@sub.inbox.example",
        "ana@inbox.example.evil.example",
        "ana@evil.example@inbox.example",
        "inbox.example",
    ] {
        scene.told(|conduct| conduct.subject = Subject::new("sub-evil", wrong));
        scene.refused("sso_denied").await;
    }
}

#[tokio::test]
async fn somebody_without_an_account_where_none_are_made() {
    let scene = Scene::with(Database::Memory, |_| {}).await;
    scene.refused("sso_denied").await;
    assert_eq!(scene.teammate("ana@inbox.example").await, None);
}

#[tokio::test]
async fn the_address_of_a_teammate_without_the_admin_s_word() {
    for database in databases() {
        let scene = Scene::with(database, |new| new.makes_accounts = true).await;
        scene.server.add("ana", Role::Admin).await;
        scene.refused("sso_denied").await;
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn another_subject_with_the_address_of_somebody_who_is_linked() {
    let scene = linking().await;
    scene.server.add("ana", Role::Admin).await;
    scene.sign_in().await;
    let before = scene.sessions().await;
    scene.told(|conduct| conduct.subject.sub = "sub-newcomer".to_owned());
    let app = scene.begin().await;
    let brought = scene.brought(&app, &app.url).await;
    assert_eq!(brought, super::scene::Brought::Error("sso_denied".to_owned()));
    assert_eq!(scene.sessions().await, before);
}

#[tokio::test]
async fn a_subject_keeps_its_account_whatever_address_it_comes_with() {
    let scene = Scene::new().await;
    let ben = scene.server.add("ben", Role::Admin).await;
    let first = scene.sign_in().await;
    // The same subject comes back with a colleague's address: it stays who it was.
    scene.told(|conduct| conduct.subject.email = Some(ben.email.clone()));
    let second = scene.sign_in().await;
    assert_eq!(first.teammate_id, second.teammate_id);
    assert_ne!(scene.teammate(&ben.email).await, Some(second.teammate_id));
}

#[tokio::test]
async fn the_same_subject_at_another_provider_is_somebody_else() {
    let scene = Scene::new().await;
    let mine = scene.sign_in().await;
    let other = provider_of(&scene.server, "sub-ana", "ana@inbox.example").await;
    let mut new = new_provider("Other ID", other.issuer());
    new.makes_accounts = true;
    let backend = scene.server.running.backend();
    let other_id = backend.add_provider(new, &scene.server.url("")).await.expect("added").id;
    let app = scene.begin_at(other_id, new_device()).await;
    let brought = scene.brought(&app, &app.url).await;
    assert_eq!(brought, super::scene::Brought::Error("sso_denied".to_owned()));
    assert_eq!(scene.sessions().await, [mine.session_id]);
}

#[tokio::test]
async fn somebody_who_is_suspended_or_removed() {
    for database in databases() {
        for state in [TeammateState::Suspended, TeammateState::Removed] {
            let scene = Scene::with(database.clone(), |new| new.makes_accounts = true).await;
            scene.server.add("ben", Role::Admin).await;
            scene.told(|conduct| {
                conduct.subject =
                    Subject::new(state.name(), &format!("{}@inbox.example", state.name()))
            });
            let session = scene.sign_in().await;
            let change = TeammateChange { state: Some(state), ..TeammateChange::default() };
            let backend = scene.server.running.backend();
            let email = format!("{}@inbox.example", state.name());
            backend.change_teammate(&email, change).await.expect("changed");
            assert!(scene.has_ended(session.session_id).await);
            scene.refused("sso_denied").await;
            scene.server.running.stop().await;
            if matches!(database, Database::PostgresSchema { .. }) {
                break;
            }
        }
    }
}

#[tokio::test]
async fn somebody_suspended_whose_address_would_link() {
    let scene = linking().await;
    let ana = scene.server.add("ana", Role::Agent).await;
    let suspended =
        TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
    scene.server.running.backend().change_teammate(&ana.email, suspended).await.expect("changed");
    scene.refused("sso_denied").await;
}

#[tokio::test]
async fn with_the_admin_s_word_a_verified_address_links_once_and_for_all() {
    for database in databases() {
        let scene = Scene::with(database, |new| new.link_by_verified_email = true).await;
        let ana = scene.server.add("ana", Role::Agent).await;
        scene.told(|conduct| conduct.subject.email = Some("ANA@inbox.example".to_owned()));
        let session = scene.sign_in().await;
        assert_eq!(scene.teammate(&ana.email).await, Some(session.teammate_id));
        // From then on the subject counts, and the address does not.
        scene.told(|conduct| conduct.subject.email = None);
        assert_eq!(scene.sign_in().await.teammate_id, session.teammate_id);
        scene.server.running.stop().await;
    }
}
