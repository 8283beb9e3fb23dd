use recado_protocol::{ContactId, ConversationState, PartId};
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn conversation(n: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(n))
}

fn me() -> Recipient {
    let team_ids = vec![TeamId::from_uuid(Uuid::from_u128(10))];
    Recipient { teammate_id: TeammateId::from_uuid(Uuid::from_u128(1)), team_ids }
}

fn scope(teammate: Option<u128>, team: Option<u128>) -> ScopeFacts {
    ScopeFacts {
        admin_assignee_id: teammate.map(|n| TeammateId::from_uuid(Uuid::from_u128(n))),
        team_assignee_id: team.map(|n| TeamId::from_uuid(Uuid::from_u128(n))),
    }
}

fn message(n: u128, scope: ScopeFacts) -> NewMessage {
    NewMessage {
        conversation_id: conversation(n),
        part_id: PartId::from_uuid(Uuid::from_u128(n)),
        contact_id: ContactId::from_uuid(Uuid::from_u128(n)),
        contact_name: Some("Ana".to_owned()),
        preview: "Where is my order?".to_owned(),
        scope,
        state: ConversationState::Open,
        created_at: NOW,
    }
}

fn away() -> FocusRequest {
    FocusRequest { conversation_id: None, window_focused: false }
}

fn settings(notifications: NotificationContent) -> Settings {
    Settings { notifications, language: Language::En, ..Settings::default() }
}

fn shown(message: NewMessage, focus: &FocusRequest, content: NotificationContent) -> Vec<Shown> {
    Notifications::default().arrived(NOW, &[message], &me(), focus, &settings(content))
}

#[test]
fn what_is_mine_or_nobodys_in_my_teams_is_announced_and_nothing_else() {
    for (teammate, team, announced) in [
        (Some(1), None, true),
        (Some(1), Some(99), true),
        (None, Some(10), true),
        (None, None, true),
        (None, Some(99), false),
        (Some(2), None, false),
        (Some(2), Some(10), false),
    ] {
        let shown = shown(message(1, scope(teammate, team)), &away(), NotificationContent::Full);
        assert_eq!(!shown.is_empty(), announced, "{teammate:?} {team:?}");
    }
}

#[test]
fn whoever_looks_at_the_window_is_not_called_to_it() {
    for (open, window_focused, announced) in [
        (Some(1), true, false),
        (Some(1), false, true),
        (Some(2), true, false),
        (None, true, false),
        (None, false, true),
    ] {
        let focus = FocusRequest { conversation_id: open.map(conversation), window_focused };
        let shown = shown(message(1, scope(Some(1), None)), &focus, NotificationContent::Full);
        assert_eq!(!shown.is_empty(), announced, "{open:?} {window_focused}");
    }
}

#[test]
fn the_settings_decide_how_much_is_said() {
    for (content, expected) in [
        (NotificationContent::Full, Some(("Ana", "Where is my order?"))),
        (NotificationContent::Sender, Some(("Ana", "New message"))),
        (NotificationContent::Hidden, Some(("Recado", "New message"))),
        (NotificationContent::Off, None),
    ] {
        let shown = shown(message(1, scope(Some(1), None)), &away(), content);
        let said = shown.first().map(|shown| (shown.title.as_str(), shown.body.as_str()));
        assert_eq!(said, expected, "{content:?}");
    }
}

#[test]
fn a_conversation_has_one_notification_and_many_are_summed_up() {
    let mut notifications = Notifications::default();
    let settings = settings(NotificationContent::Full);
    let mine = scope(Some(1), None);
    let twice = [message(1, mine), message(1, mine)];
    assert_eq!(notifications.arrived(NOW, &twice, &me(), &away(), &settings).len(), 1);

    let many: Vec<_> = (2..=9).map(|n| message(n, mine)).collect();
    let shown = notifications.arrived(NOW, &many, &me(), &away(), &settings);
    // Four more make five within the minute; the other four are summed up in one.
    assert_eq!(shown.len(), 5);
    let summary = shown.last().expect("a summary");
    assert_eq!(summary.conversation_id, None);
    assert_eq!(summary.body, "4 new messages in 4 conversations");

    let later = NOW.plus_seconds(WINDOW_S);
    let shown = notifications.arrived(later, &[message(20, mine)], &me(), &away(), &settings);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].conversation_id, Some(conversation(20)));
}

#[test]
fn a_notification_can_be_taken_away_once() {
    let mut notifications = Notifications::default();
    let settings = settings(NotificationContent::Full);
    let messages = [message(1, scope(Some(1), None)), message(2, scope(Some(1), None))];
    notifications.arrived(NOW, &messages, &me(), &away(), &settings);
    assert_eq!(notifications.shown_among(&[conversation(1)]), [conversation(1)]);
    assert_eq!(notifications.shown_among(&[]).len(), 2);
    assert!(notifications.closed(conversation(1)));
    assert!(!notifications.closed(conversation(1)));
    assert_eq!(notifications.shown_among(&[conversation(1)]), []);
}

#[test]
fn what_customers_wrote_is_not_printed() {
    let shown = shown(message(1, scope(Some(1), None)), &away(), NotificationContent::Full);
    let printed = format!("{shown:?}");
    assert!(!printed.contains("order") && !printed.contains("Ana"), "{printed}");
}
