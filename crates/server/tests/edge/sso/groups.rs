//! What groups give, and take.

use recado_protocol::{ConversationAccess, Role};
use recado_server::backend::{Database, GroupMapping};
use serde_json::json;

use super::scene::Scene;
use crate::harness::databases;

async fn scene_on(database: Database) -> Scene {
    let scene = Scene::with(database, |new| {
        new.makes_accounts = true;
        new.link_by_verified_email = true;
        new.groups_claim = Some("groups".to_owned());
    })
    .await;
    for (group, role, team) in [
        ("leads", Some(Role::Admin), None),
        ("guests", Some(Role::LightAgent), None),
        ("billing", None, Some("Billing")),
        ("returns", Some(Role::Agent), Some("Returns")),
    ] {
        let mapping = GroupMapping { group: group.to_owned(), role, team: team.map(str::to_owned) };
        let backend = scene.server.running.backend();
        backend.map_group("Cactus ID", mapping).await.expect("mapped");
    }
    scene
}

fn in_groups(scene: &Scene, groups: &[&str]) {
    let groups = groups.iter().map(ToString::to_string).collect();
    scene.told(|conduct| conduct.subject.groups = Some(groups));
}

/// Role and number of teams after a sign-in.
async fn signed_in(scene: &Scene) -> (String, usize) {
    let session = scene.sign_in().await;
    let bootstrap = scene.access(&session).await;
    let own = &bootstrap["access"];
    let teams = own["team_ids"].as_array().expect("teams").len();
    (own["role"].as_str().expect("a role").to_owned(), teams)
}

#[tokio::test]
async fn groups_decide_role_and_teams_at_each_sign_in() {
    for database in databases() {
        let scene = scene_on(database).await;
        scene.server.add("boss", Role::Admin).await;
        in_groups(&scene, &["billing", "unknown"]);
        assert_eq!(signed_in(&scene).await, ("agent".to_owned(), 1));
        in_groups(&scene, &["billing", "returns", "guests"]);
        assert_eq!(signed_in(&scene).await, ("agent".to_owned(), 2));
        in_groups(&scene, &["leads", "guests"]);
        assert_eq!(signed_in(&scene).await, ("admin".to_owned(), 0));
        in_groups(&scene, &["guests"]);
        assert_eq!(signed_in(&scene).await, ("light_agent".to_owned(), 0));
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn silence_about_groups_leaves_no_right_that_groups_gave() {
    let scene = scene_on(Database::Memory).await;
    scene.server.add("boss", Role::Admin).await;
    in_groups(&scene, &["leads", "billing"]);
    assert_eq!(signed_in(&scene).await, ("admin".to_owned(), 1));
    scene.told(|conduct| conduct.subject.groups = None);
    assert_eq!(signed_in(&scene).await, ("agent".to_owned(), 0));
}

#[tokio::test]
async fn groups_that_are_no_list_of_names_give_nothing() {
    for wrong in [json!([1, 2]), json!({ "leads": true }), json!(7), json!([["leads"]])] {
        let scene = scene_on(Database::Memory).await;
        scene.told(|conduct| {
            conduct.claims =
                Some(Box::new(move |it| drop(it.insert("groups".to_owned(), wrong.clone()))));
        });
        scene.refused("sso_failed").await;
    }
}

#[tokio::test]
async fn a_group_is_spelt_in_one_way() {
    let scene = scene_on(Database::Memory).await;
    in_groups(&scene, &["Leads", " leads", "leads\0", "LEADS"]);
    assert_eq!(signed_in(&scene).await.0, "agent");
}

#[tokio::test]
async fn groups_do_not_take_the_last_admin() {
    let scene = scene_on(Database::Memory).await;
    in_groups(&scene, &["leads"]);
    assert_eq!(signed_in(&scene).await.0, "admin");
    in_groups(&scene, &["guests", "billing"]);
    assert_eq!(signed_in(&scene).await, ("admin".to_owned(), 1));
}

#[tokio::test]
async fn teams_that_no_group_stands_for_stay() {
    let scene = scene_on(Database::Memory).await;
    let backend = scene.server.running.backend();
    let ana = scene.server.add_with("ana", Role::Agent, ConversationAccess::own_teams()).await;
    let change = recado_server::backend::TeammateChange {
        teams: Some(vec!["Night shift".to_owned(), "Returns".to_owned()]),
        ..Default::default()
    };
    backend.change_teammate(&ana.email, change).await.expect("changed");
    in_groups(&scene, &["billing"]);
    // The night shift stays, Returns goes, Billing comes.
    assert_eq!(signed_in(&scene).await, ("agent".to_owned(), 2));
    in_groups(&scene, &[]);
    assert_eq!(signed_in(&scene).await, ("agent".to_owned(), 1));
}
