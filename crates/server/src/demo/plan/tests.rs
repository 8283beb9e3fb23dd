use std::collections::BTreeSet;

use super::*;
use crate::demo::conversations;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn planned() -> Plan {
    plan(conversations::shipped(NOW).expect("the shipped conversations"), NOW)
}

#[test]
fn the_mix_is_that_of_a_busy_week() {
    let Plan { scenes, newcomers } = planned();
    let count = |wanted: fn(&Scene) -> bool| scenes.iter().filter(|scene| wanted(scene)).count();
    assert!((950..=1_010).contains(&scenes.len()), "{}", scenes.len());
    assert_eq!(newcomers.len(), NEW);
    assert!((210..=235).contains(&count(|scene| scene.stand == Stand::Open)));
    assert_eq!(count(|scene| matches!(scene.stand, Stand::Snoozed(_))), SNOOZED);
    assert!(count(|scene| !scene.held_back.is_empty()) >= 60);
    assert!(count(|scene| scene.priority) >= 10);
    assert!(count(|scene| scene.unread) >= 50);
    assert!(count(|scene| scene.note.is_some()) >= 40);
    for team in Team::ALL {
        let open = scenes
            .iter()
            .filter(|scene| scene.team == Some(*team) && scene.stand == Stand::Open)
            .count();
        assert!(open >= 5, "{team:?} has {open} open");
    }
    for person in [Person::Ana, Person::Ben, Person::Mei, Person::Jonas] {
        let open = scenes
            .iter()
            .filter(|scene| scene.assignee == Some(person) && scene.stand == Stand::Open)
            .count();
        assert!(open >= 5, "{person:?} has {open} open");
    }
    let nobodys = |scene: &Scene| {
        scene.stand == Stand::Open && scene.assignee.is_none() && scene.team.is_none()
    };
    assert!(count(nobodys) >= 5);
}

#[test]
fn times_are_recent_in_order_and_never_ahead() {
    let scenes = planned().scenes;
    let last = |scene: &Scene| scene.record.messages.last().map(|message| message.at);
    let newest = scenes.iter().filter_map(last).max().expect("messages");
    let oldest = scenes.iter().filter_map(last).min().expect("messages");
    assert!(newest < NOW && newest > NOW.plus_seconds(-300));
    assert!(oldest > NOW.plus_seconds(-31 * DAY_S) && oldest < NOW.plus_seconds(-25 * DAY_S));
    for scene in &scenes {
        assert!(scene.record.messages.is_sorted_by_key(|message| message.at));
    }
}

#[test]
fn a_customer_who_writes_on_has_the_last_word_so_far() {
    for scene in planned().scenes.iter().filter(|scene| !scene.held_back.is_empty()) {
        assert_eq!(scene.stand, Stand::Open);
        assert_eq!(scene.record.messages.last().map(|message| message.from), Some(From::Customer));
    }
}

#[test]
fn every_customer_has_a_name_and_spanish_is_spoken() {
    let Plan { scenes, newcomers } = planned();
    assert!(scenes.iter().all(|scene| scene.record.customer_name.is_some()));
    let marta = scenes
        .iter()
        .find(|scene| scene.record.customer_name.as_deref() == Some("Marta Téllez"))
        .expect("Marta's conversation");
    assert_eq!(
        (marta.stand, marta.team, marta.language),
        (Stand::Open, Some(Team::Reservations), Language::Spanish)
    );
    let ids: BTreeSet<_> = scenes
        .iter()
        .map(|scene| &scene.record.source_id)
        .chain(newcomers.iter().map(|newcomer| &newcomer.source_id))
        .collect();
    assert_eq!(ids.len(), scenes.len() + newcomers.len());
}

#[test]
fn the_same_time_gives_the_same_plan() {
    let facts = |plan: Plan| {
        plan.scenes
            .into_iter()
            .map(|scene| (scene.record, scene.assignee, scene.priority, scene.held_back))
            .collect::<Vec<_>>()
    };
    assert!(facts(planned()) == facts(planned()));
}
