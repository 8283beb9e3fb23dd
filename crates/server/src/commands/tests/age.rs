//! How old a command may be, and for how long its outcome is kept.

use recado_protocol::{Action, CommandId, ErrorCode, Timestamp};

use super::refused;
use crate::commands::{CLOCK_AHEAD_S, COMMAND_AGE_S, OUTCOME_KEPT_S};
use crate::testing::{World, on_every_engine, reply};
use crate::{commands, retention};

on_every_engine!(
    an_outcome_is_forgotten_after_its_time_and_its_command_is_not_run_again,
    a_command_older_than_kept_outcomes_is_refused,
    a_command_whose_age_cannot_be_told_or_true_is_refused,
    a_command_from_a_clock_ahead_never_runs_twice,
);

fn id_made_at(at: Timestamp, tail: u8) -> CommandId {
    let millis = u64::try_from(at.as_millis()).expect("after 1970");
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &[tail; 10]).into_uuid();
    CommandId::from_uuid(id)
}

async fn an_outcome_is_forgotten_after_its_time_and_its_command_is_not_run_again(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let command = world.command(id, reply("Yes."));
    let first = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    world.advance_s(OUTCOME_KEPT_S - 10);
    retention::run(&world.core).await.expect("pruned");
    let again = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(again, first);
    world.advance_s(20);
    retention::run(&world.core).await.expect("pruned");
    let late = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&late.outcome), Some(ErrorCode::CommandExpired));
    assert_eq!(world.head(id).await.part_count, 2);
}

async fn a_command_older_than_kept_outcomes_is_refused(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let mut command = world.command(id, reply("Yes."));
    let age = |seconds: i64| id_made_at(world.core.now().plus_seconds(-seconds), 1);
    command.id = age(COMMAND_AGE_S + 10);
    let result = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&result.outcome), Some(ErrorCode::CommandExpired));
    command.id = age(COMMAND_AGE_S - 10);
    let result = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&result.outcome), None);
}

async fn a_command_whose_age_cannot_be_told_or_true_is_refused(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let mut command = world.command(id, reply("Yes."));
    let made = |seconds: i64, version: u8| {
        let mut bytes = *id_made_at(world.core.now().plus_seconds(seconds), 2).uuid().as_bytes();
        bytes[6] = (bytes[6] & 0x0f) | (version << 4);
        CommandId::from_uuid(uuid::Uuid::from_bytes(bytes))
    };
    let beside = world.command(id, Action::ConversationClose);
    for (made, code) in [
        (made(0, 4), Some(ErrorCode::InvalidValue)),
        (made(0, 1), Some(ErrorCode::InvalidValue)),
        (made(CLOCK_AHEAD_S + 10, 7), Some(ErrorCode::ClockSkew)),
        (made(CLOCK_AHEAD_S - 10, 7), None),
    ] {
        command.id = made;
        let result = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
        assert_eq!(refused(&result.outcome), code);
        let again = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
        assert_eq!(again, result, "what was refused stays refused");
    }
    let result = commands::run(&world.core, world.sam, &beside).await.expect("an outcome");
    assert_eq!(refused(&result.outcome), None, "others are not affected");
}

async fn a_command_from_a_clock_ahead_never_runs_twice(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let mut command = world.command(id, reply("Yes."));
    command.id = id_made_at(world.core.now().plus_seconds(CLOCK_AHEAD_S - 10), 3);
    let first = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&first.outcome), None);
    for _ in 0..20 {
        world.advance_s(OUTCOME_KEPT_S / 18);
        retention::run(&world.core).await.expect("pruned");
        commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    }
    assert_eq!(world.head(id).await.part_count, 2);
}
