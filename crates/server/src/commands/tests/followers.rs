//! Whoever follows the change log hears of every command that has been applied.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use crate::commands;
use crate::storage::change_log::LogWriter;
use crate::storage::{DbError, Tx};
use crate::testing::{On, World, reply};

use super::refused;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_hear_of_a_command_whose_caller_has_gone() {
    // In memory nobody can go while a command is on its way.
    for on in [On::SqliteFile, On::Postgres] {
        followers_hear_of_it(on).await;
    }
}

async fn followers_hear_of_it(on: On) {
    let world = World::new(on).await;
    let id = world.open("Mia", "Hello?").await;
    let command = world.command(id, reply("Yes."));
    let mut changes = world.core.db().changes();
    changes.borrow_and_update();
    // The writer is busy, so that the command is on its way when its caller goes.
    let (release, held) = mpsc::channel::<()>();
    let workspace_id = world.workspace_id;
    let busy = world.core.db().clone();
    let busy = tokio::spawn(async move {
        // A body may run again, so it cannot take the channel.
        let held = Mutex::new(held);
        busy.write(async move |tx: &mut Tx| {
            LogWriter::lock(tx, workspace_id).await?;
            // Ends with an error once the other end is dropped.
            let _ = held.lock().expect("whole").recv();
            Ok::<_, DbError>(())
        })
        .await
    });
    {
        let run = std::pin::pin!(commands::run(&world.core, world.sam, &command));
        let _ = futures_util::poll!(run);
    }
    drop(release);
    busy.await.expect("no panic").expect("committed");
    let heard = tokio::time::timeout(Duration::from_secs(60), changes.changed()).await;
    heard.expect("a word of the change").expect("a database");
    // The first attempt has run, whoever heard of it: this one is its repetition.
    let again = commands::run(&world.core, world.sam, &command).await.expect("an outcome");
    assert_eq!(refused(&again.outcome), None);
    assert_eq!(world.head(id).await.part_count, 2);
}
