//! Decisions about one account that are made at the same time.

use recado_protocol::TeammateId;

use super::{accept_totp_step, find, lock, put, renew_password_hash};
use crate::identity::totp::SealedSeed;
use crate::storage::{Db, DbError};
use crate::testing::{World, on_every_engine};

on_every_engine!(
    whoever_holds_an_account_decides_alone,
    a_renewed_hash_does_not_replace_another_password,
);

async fn give_account(db: &Db, id: TeammateId) {
    let seed = SealedSeed { key_id: "k".to_owned(), ciphertext: vec![1] };
    db.write(async move |tx| put(tx, id, "first", &seed, None).await).await.expect("an account");
}

async fn whoever_holds_an_account_decides_alone(world: &World) {
    let (db, id) = (world.core.db().clone(), world.sam.teammate_id);
    give_account(&db, id).await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let db = db.clone();
        attempts.spawn(async move {
            db.write(async move |tx| {
                let account = lock(tx, id).await?.ok_or(DbError::RowNotFound)?;
                // What was read still holds when it is written.
                let next = account.totp_last_step.map_or(1, |last| last + 1);
                accept_totp_step(tx, id, next).await
            })
            .await
        });
    }
    while let Some(attempt) = attempts.join_next().await {
        assert_eq!(attempt.expect("no panic"), Ok(true));
    }
    let account = db.read(async move |tx| find(tx, id).await).await.expect("read");
    assert_eq!(account.expect("an account").totp_last_step, Some(24));
}

async fn a_renewed_hash_does_not_replace_another_password(world: &World) {
    let (db, id) = (world.core.db().clone(), world.sam.teammate_id);
    give_account(&db, id).await;
    let renew = async |former: &'static str, renewed: &'static str| {
        db.write(async move |tx| {
            renew_password_hash(tx, id, former, renewed).await?;
            let account = find(tx, id).await?.ok_or(DbError::RowNotFound)?;
            Ok::<_, DbError>(account.password_hash)
        })
        .await
    };
    assert_eq!(renew("first", "second").await.as_deref(), Ok("second"));
    assert_eq!(renew("first", "third").await.as_deref(), Ok("second"));
}
