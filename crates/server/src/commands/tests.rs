//! What commands do, on every engine.

mod age;
mod followers;

use recado_protocol::command::CommandsRequest;
use recado_protocol::{
    Action, AuthorType, CommandOutcome, ConversationState, ErrorCode, PartType, Priority,
    TeammateState, Timestamp,
};

use crate::access_change::{self, AccessChange};
use crate::core::CoreError;
use crate::storage::audit::Actor;
use crate::testing::{World, assign, assign_team, note, on_every_engine, reply};
use crate::{commands, restore};

on_every_engine!(
    a_reply_becomes_the_newest_part_and_ends_the_wait,
    a_note_leaves_the_customer_waiting_and_is_marked_as_a_note,
    an_assignment_names_whom_it_goes_to,
    an_unknown_or_suspended_teammate_cannot_be_assigned,
    closing_and_reopening_leave_their_parts,
    reopening_what_was_closed_by_mistake_keeps_the_customers_place,
    a_snooze_needs_a_time_in_the_future,
    priority_and_tags_are_set_and_unset,
    a_bad_tag_is_refused,
    what_changes_nothing_leaves_no_trace,
    a_repeat_gets_the_first_outcome_and_does_nothing,
    a_refusal_is_kept_even_if_it_would_be_allowed_now,
    the_same_id_with_other_content_is_a_conflict,
    two_authors_may_use_the_same_id,
    a_command_needs_its_predecessor,
    an_agent_cannot_act_on_another_teams_conversation,
    a_light_agent_reads_and_notes_and_nothing_else,
    a_suspended_teammate_gets_no_outcome,
    an_empty_or_huge_message_is_refused_and_a_megabyte_is_taken,
    a_message_with_nul_and_html_is_stored_as_text,
    a_mark_is_private_and_never_beyond_what_there_is,
    each_effect_is_audited_once_and_marks_are_not,
    two_commands_at_once_get_two_numbers,
    commands_of_a_client_that_follows_another_log_do_not_run,
);

fn refused(outcome: &CommandOutcome) -> Option<ErrorCode> {
    match outcome {
        CommandOutcome::Refused { code, .. } => Some(*code),
        CommandOutcome::Applied { .. } | CommandOutcome::Unknown => None,
    }
}

async fn a_reply_becomes_the_newest_part_and_ends_the_wait(world: &World) {
    let id = world.open("Mia", "Where is my parcel?").await;
    assert_eq!(world.head(id).await.waiting_since, Some(world.core.now()));
    world.advance_s(60);
    let command = world.command(id, reply("On its way."));
    let result = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    let delta = world.read(world.sam, id).await.expect("in view");
    let part = delta.parts.last().expect("a part");
    assert_eq!(
        result.outcome,
        CommandOutcome::Applied { version: delta.head.version, part_id: Some(part.id) }
    );
    assert_eq!((part.part_type, part.seq), (PartType::Comment, 2));
    assert_eq!((part.command_id, part.version), (Some(command.id), delta.head.version));
    assert_eq!(part.author.admin_id, Some(world.sam.teammate_id));
    assert_eq!(part.author.name.as_deref(), Some("sam"));
    assert_eq!(
        (part.body.as_str(), part.body_text.as_str()),
        ("<p>On its way.</p>", "On its way.")
    );
    assert_eq!(delta.head.waiting_since, None);
    assert_eq!(delta.head.last_part_at, world.core.now());
    assert_eq!(delta.head.preview, "On its way.");
    assert_eq!(delta.head.preview_author, AuthorType::Admin);
    assert_eq!((delta.head.part_count, delta.head.contact_part_count), (2, 1));
    let page = world.page(world.sam, 0).await;
    let json = serde_json::to_string(&page).expect("a page serialises");
    assert!(json.contains("\"contact_parts_read\":1"), "{json}");
}

async fn a_note_leaves_the_customer_waiting_and_is_marked_as_a_note(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.lena_after_assignment(id).await, id, note("Call her.")).await;
    let head = world.head(id).await;
    assert!(head.waiting_since.is_some());
    assert!(head.preview_is_note);
    assert_eq!(head.preview, "Call her.");
    assert_eq!(head.contact_part_count, 1);
}

async fn an_assignment_names_whom_it_goes_to(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.ada, id, assign(Some(world.asif))).await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    world.does(world.ada, id, assign(None)).await;
    let delta = world.read(world.ada, id).await.expect("in view");
    assert_eq!(delta.head.admin_assignee_id, None);
    assert_eq!(delta.head.team_assignee_id, Some(world.sales));
    let named: Vec<_> = delta.parts[1..]
        .iter()
        .map(|part| (part.part_type, part.assigned_to_admin_id, part.assigned_to_team_id))
        .collect();
    let assignment = PartType::Assignment;
    assert_eq!(
        named,
        [
            (assignment, Some(world.asif.teammate_id), None),
            (assignment, None, Some(world.sales)),
            (assignment, None, None),
        ]
    );
    assert_eq!(delta.head.last_part_at, delta.parts[0].created_at, "an event moves no list");
}

async fn an_unknown_or_suspended_teammate_cannot_be_assigned(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let unknown = Action::ConversationAssign {
        admin_assignee_id: Some(recado_protocol::TeammateId::from_uuid(uuid::Uuid::from_u128(9))),
    };
    assert_eq!(refused(&world.run(world.ada, id, unknown).await), Some(ErrorCode::InvalidValue));
    let unknown = assign_team(Some(recado_protocol::TeamId::from_uuid(uuid::Uuid::from_u128(9))));
    assert_eq!(refused(&world.run(world.ada, id, unknown).await), Some(ErrorCode::InvalidValue));
    let change = AccessChange { state: Some(TeammateState::Suspended), ..AccessChange::default() };
    access_change::apply(&world.core, world.asif, change, Actor::Console).await.expect("a change");
    let suspended = world.run(world.ada, id, assign(Some(world.asif))).await;
    assert_eq!(refused(&suspended), Some(ErrorCode::InvalidValue));
}

async fn closing_and_reopening_leave_their_parts(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.sam, id, Action::ConversationClose).await;
    assert_eq!(world.head(id).await.state, ConversationState::Closed);
    world.does(world.sam, id, reply("One more thing.")).await;
    assert_eq!(world.head(id).await.state, ConversationState::Closed, "a reply keeps the state");
    world.does(world.sam, id, Action::ConversationOpen).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.head.state, ConversationState::Open);
    let kinds: Vec<_> = delta.parts.iter().map(|part| part.part_type).collect();
    assert_eq!(kinds, [PartType::Comment, PartType::Close, PartType::Comment, PartType::Open]);
    assert_eq!(delta.complete_from_seq, 1);
}

async fn reopening_what_was_closed_by_mistake_keeps_the_customers_place(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let waiting = world.head(id).await.waiting_since;
    world.advance_s(5);
    world.customer_says(id, "Anybody?").await;
    world.does(world.sam, id, Action::ConversationClose).await;
    assert_eq!(world.head(id).await.waiting_since, None);
    world.does(world.sam, id, Action::ConversationOpen).await;
    assert_eq!(world.head(id).await.waiting_since, waiting);
    world.does(world.sam, id, reply("Yes.")).await;
    world.does(world.sam, id, Action::ConversationClose).await;
    world.does(world.sam, id, Action::ConversationOpen).await;
    assert_eq!(world.head(id).await.waiting_since, None);
}

async fn a_snooze_needs_a_time_in_the_future(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let now = world.core.now();
    for until in [now, now.plus_seconds(-1), Timestamp::from_micros(i64::MAX)] {
        let snooze = Action::ConversationSnooze { snoozed_until: until };
        let outcome = world.run(world.sam, id, snooze).await;
        assert_eq!(refused(&outcome), Some(ErrorCode::InvalidValue));
    }
    let until = now.plus_seconds(3600);
    world.does(world.sam, id, Action::ConversationSnooze { snoozed_until: until }).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.head.state, ConversationState::Snoozed);
    assert_eq!(delta.head.snoozed_until, Some(until));
    assert_eq!(delta.parts.last().and_then(|part| part.snoozed_until), Some(until));
    world.does(world.sam, id, Action::ConversationOpen).await;
    assert_eq!(world.head(id).await.snoozed_until, None);
}

async fn priority_and_tags_are_set_and_unset(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let first = Action::ConversationPrioritize { priority: Priority::Priority };
    world.does(world.sam, id, first).await;
    for tag in [" vip ", "refund", "Zoll", "étiquette"] {
        world.does(world.sam, id, Action::ConversationTagAdd { tag: tag.to_owned() }).await;
    }
    let head = world.head(id).await;
    assert_eq!(head.priority, Priority::Priority);
    assert_eq!(head.tags, ["Zoll", "refund", "vip", "étiquette"]);
    world.does(world.sam, id, Action::ConversationTagRemove { tag: "refund".to_owned() }).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.head.tags, ["Zoll", "vip", "étiquette"]);
    let last = delta.parts.last().expect("a part");
    assert_eq!((last.part_type, last.tag.as_deref()), (PartType::TagRemoved, Some("refund")));
}

async fn a_bad_tag_is_refused(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    for tag in ["", "  ", "a\nb", "\u{1F}", "x".repeat(65).as_str()] {
        let outcome =
            world.run(world.sam, id, Action::ConversationTagAdd { tag: tag.to_owned() }).await;
        assert_eq!(refused(&outcome), Some(ErrorCode::InvalidValue), "{tag:?}");
    }
}

async fn what_changes_nothing_leaves_no_trace(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = world.bootstrap(world.ada).await.cursor;
    let version = world.head(id).await.version;
    for action in [
        Action::ConversationOpen,
        assign(None),
        assign_team(None),
        Action::ConversationPrioritize { priority: Priority::NotPriority },
        Action::ConversationTagRemove { tag: "vip".to_owned() },
    ] {
        let outcome = world.run(world.ada, id, action).await;
        assert_eq!(outcome, CommandOutcome::Applied { version, part_id: None });
    }
    let nothing_known = Action::ConversationPrioritize { priority: Priority::Unknown };
    let outcome = world.run(world.ada, id, nothing_known).await;
    assert_eq!(refused(&outcome), Some(ErrorCode::InvalidValue));
    world.run(world.ada, id, Action::ConversationMark { contact_parts_read: 0 }).await;
    assert_eq!(world.bootstrap(world.ada).await.cursor, before);
    assert_eq!(world.head(id).await.part_count, 1);
}

async fn a_repeat_gets_the_first_outcome_and_does_nothing(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let mut command = world.command(id, reply("Yes."));
    let first = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    world.advance_s(24 * 3600);
    command.created_at = world.core.now();
    let second = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(first, second);
    assert_eq!(world.head(id).await.part_count, 2);
}

async fn a_refusal_is_kept_even_if_it_would_be_allowed_now(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    let command = world.command(id, reply("Yes."));
    let first = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&first.outcome), Some(ErrorCode::NotFound));
    world.does(world.ada, id, assign_team(Some(world.support))).await;
    let second = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(first, second);
    assert_eq!(world.head(id).await.part_count, 3);
}

async fn the_same_id_with_other_content_is_a_conflict(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let command = world.command(id, reply("Yes."));
    let first = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    let mut other = command.clone();
    other.action = reply("No.");
    let conflict = commands::run(&world.core, world.sam, &other).await.expect("an outcome");
    assert_eq!(refused(&conflict.outcome), Some(ErrorCode::IdempotencyConflict));
    let again = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(first, again, "the conflict does not replace the outcome");
}

async fn two_authors_may_use_the_same_id(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let command = world.command(id, note("Mine."));
    for who in [world.sam, world.ada] {
        let result = commands::run(&world.core, who, &command).await.expect("an outcome");
        assert_eq!(refused(&result.outcome), None);
    }
    assert_eq!(world.head(id).await.part_count, 3);
}

async fn a_command_needs_its_predecessor(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let first = world.command(id, reply(" "));
    let mut second = world.command(id, Action::ConversationClose);
    second.after = Some(first.id);
    let outcome = commands::run(&world.core, world.sam, &second).await.expect("an outcome");
    assert_eq!(refused(&outcome.outcome), Some(ErrorCode::PredecessorNotApplied), "unknown");

    let outcome = commands::run(&world.core, world.sam, &first).await.expect("an outcome");
    assert_eq!(refused(&outcome.outcome), Some(ErrorCode::InvalidValue));
    let mut third = world.command(id, Action::ConversationClose);
    third.after = Some(first.id);
    let outcome = commands::run(&world.core, world.sam, &third).await.expect("an outcome");
    assert_eq!(refused(&outcome.outcome), Some(ErrorCode::PredecessorNotApplied), "refused");

    let fourth = world.command(id, reply("Yes."));
    commands::run(&world.core, world.sam, &fourth).await.expect("an outcome");
    let mut fifth = world.command(id, Action::ConversationClose);
    fifth.after = Some(fourth.id);
    let elsewhere = commands::run(&world.core, world.ada, &fifth).await.expect("an outcome");
    assert_eq!(refused(&elsewhere.outcome), Some(ErrorCode::PredecessorNotApplied), "another's");
    let outcome = commands::run(&world.core, world.sam, &fifth).await.expect("an outcome");
    assert_eq!(refused(&outcome.outcome), None);
    assert_eq!(world.head(id).await.state, ConversationState::Closed);
}

async fn an_agent_cannot_act_on_another_teams_conversation(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    let missing = recado_protocol::ConversationId::from_uuid(uuid::Uuid::from_u128(1));
    let hidden = world.run(world.sam, id, reply("Hi")).await;
    let absent = world.run(world.sam, missing, reply("Hi")).await;
    assert_eq!(hidden, absent, "a hidden conversation reads like one that does not exist");
    assert_eq!(refused(&hidden), Some(ErrorCode::NotFound));
    assert_eq!(world.audited("conversation_reply", "denied").await, 1);
    world.does(world.sofia, id, assign_team(Some(world.support))).await;
    assert!(world.read(world.sofia, id).await.is_none(), "one may assign out of one's own view");
    world.does(world.sam, id, reply("Hi")).await;
}

async fn a_light_agent_reads_and_notes_and_nothing_else(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let lena = world.lena_after_assignment(id).await;
    for action in [
        reply("Hi"),
        assign(Some(lena)),
        assign_team(None),
        Action::ConversationClose,
        Action::ConversationOpen,
        Action::ConversationSnooze { snoozed_until: world.core.now().plus_seconds(60) },
        Action::ConversationPrioritize { priority: Priority::Priority },
        Action::ConversationTagAdd { tag: "vip".to_owned() },
        Action::ConversationTagRemove { tag: "vip".to_owned() },
    ] {
        let name = action.name();
        let outcome = world.run(lena, id, action).await;
        assert_eq!(refused(&outcome), Some(ErrorCode::PermissionDenied), "{name}");
        assert_eq!(world.audited(name, "denied").await, 1, "{name}");
    }
    world.does(lena, id, note("Look at this.")).await;
    world.does(lena, id, Action::ConversationMark { contact_parts_read: 1 }).await;
}

async fn a_suspended_teammate_gets_no_outcome(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let change = AccessChange { state: Some(TeammateState::Suspended), ..AccessChange::default() };
    access_change::apply(&world.core, world.sam, change, Actor::Console).await.expect("a change");
    let command = world.command(id, reply("Hi"));
    let outcome = commands::run(&world.core, world.sam, &command).await;
    assert!(matches!(outcome, Err(CoreError::Denied(_))), "{outcome:?}");
    let change = AccessChange { state: Some(TeammateState::Active), ..AccessChange::default() };
    access_change::apply(&world.core, world.sam, change, Actor::Console).await.expect("a change");
    let outcome = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&outcome.outcome), None, "nothing was decided while suspended");
}

async fn an_empty_or_huge_message_is_refused_and_a_megabyte_is_taken(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    assert_eq!(
        refused(&world.run(world.sam, id, reply(" \n\t")).await),
        Some(ErrorCode::InvalidValue)
    );
    let megabyte: String = (0..).map(|n| format!("word{n} ")).take(120_000).collect();
    let megabyte = &megabyte[..recado_protocol::command::MAX_BODY_BYTES];
    let outcome = world.run(world.sam, id, reply(&format!("{megabyte}x"))).await;
    assert_eq!(refused(&outcome), Some(ErrorCode::TooLarge));
    world.does(world.sam, id, reply(megabyte)).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.parts.last().map(|part| part.body_text.len()), Some(megabyte.len()));
}

async fn a_message_with_nul_and_html_is_stored_as_text(world: &World) {
    let id = world.open("Mia\0", "a\0b").await;
    world.does(world.sam, id, reply("<b>bold</b>\0 & \"so\"\r\n\r\non")).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.parts[0].body_text, "a\u{FFFD}b");
    assert_eq!(delta.parts[1].body_text, "<b>bold</b>\u{FFFD} & \"so\"\n\non");
    assert_eq!(
        delta.parts[1].body,
        "<p>&lt;b&gt;bold&lt;/b&gt;\u{FFFD} &amp; &quot;so&quot;</p><p>on</p>"
    );
    assert!(!delta.parts[1].rich);
}

async fn a_mark_is_private_and_never_beyond_what_there_is(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = world.bootstrap(world.sam).await.cursor;
    world.does(world.sam, id, Action::ConversationMark { contact_parts_read: 99 }).await;
    let own = serde_json::to_string(&world.page(world.sam, before).await.changes);
    assert!(own.expect("a page").contains("\"contact_parts_read\":1"));
    assert!(world.page(world.ada, before).await.changes.is_empty());
    let page = crate::sync::conversations(&world.core, world.ada, &[id]).await.expect("a page");
    assert!(page.read_marks.is_empty());
    world.does(world.sam, id, Action::ConversationMark { contact_parts_read: 0 }).await;
    let page = crate::sync::conversations(&world.core, world.sam, &[id]).await.expect("a page");
    assert_eq!(page.read_marks.first().map(|mark| mark.contact_parts_read), Some(0));
}

async fn each_effect_is_audited_once_and_marks_are_not(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let command = world.command(id, reply("Hi"));
    for _ in 0..2 {
        commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    }
    world.does(world.sam, id, Action::ConversationMark { contact_parts_read: 0 }).await;
    assert_eq!(world.audited("conversation_create", "done").await, 1);
    assert_eq!(world.audited("conversation_reply", "done").await, 1);
    assert_eq!(world.audited("conversation_mark", "done").await, 0);
}

async fn two_commands_at_once_get_two_numbers(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = world.bootstrap(world.ada).await.cursor;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let who = if number % 2 == 0 { world.sam } else { world.ada };
        let command = world.command(id, note(&format!("Note {number}")));
        let core = world.core.clone();
        tasks.spawn(async move { commands::run(&core, who, &command).await });
    }
    let mut versions: Vec<u64> = Vec::new();
    while let Some(result) = tasks.join_next().await {
        match result.expect("a task").expect("an outcome").outcome {
            CommandOutcome::Applied { version, .. } => versions.push(version),
            other => panic!("{other:?}"),
        }
    }
    versions.sort_unstable();
    assert_eq!(versions, (before + 1..=before + 20).collect::<Vec<_>>());
    let delta = world.read(world.ada, id).await.expect("in view");
    let seqs: Vec<_> = delta.parts.iter().map(|part| part.seq).collect();
    assert_eq!(seqs, (1..=21).collect::<Vec<_>>());
    assert!(delta.parts.is_sorted_by_key(|part| part.version), "parts follow the log's order");
}

impl World {
    /// The light agent, who sees the conversation now.
    async fn lena_after_assignment(
        &self,
        id: recado_protocol::ConversationId,
    ) -> crate::core::Principal {
        self.does(self.ada, id, assign_team(Some(self.support))).await;
        self.lena
    }
}

async fn commands_of_a_client_that_follows_another_log_do_not_run(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let before = world.bootstrap(world.ada).await.log_id;
    restore::begin_new_logs(&world.core).await.expect("a new log");
    let after = world.bootstrap(world.ada).await.log_id;
    assert_ne!(before, after);
    let commands = vec![world.command(id, note("Newer than what was lost"))];
    let request = CommandsRequest { log_id: Some(before), commands };
    let outcome = commands::run_all(&world.core, world.ada, &request).await;
    assert_eq!(crate::testing::code(outcome), Some(ErrorCode::CursorGone));
    assert_eq!(world.head(id).await.part_count, 1);

    let request = CommandsRequest { log_id: Some(after), ..request };
    let answer = commands::run_all(&world.core, world.ada, &request).await.expect("an answer");
    assert_eq!(answer.log_id, after);
    assert_eq!(world.head(id).await.part_count, 2);
}
