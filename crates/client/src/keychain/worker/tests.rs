use std::sync::atomic::{AtomicBool, Ordering};

use recado_protocol::WorkspaceId;
use uuid::Uuid;

use super::*;
use crate::keychain::{Fault, ItemKind, MemoryKeychain, Operation};

fn item() -> ItemName {
    let workspace_id = WorkspaceId::from_uuid(Uuid::from_u128(1));
    ItemName::new(ItemKind::KeyEncryptionKey, workspace_id, "Ana@Example.com")
}

fn holding(bytes: &[u8]) -> MemoryKeychain {
    let keychain = MemoryKeychain::new();
    keychain.put(item(), Secret::new(bytes.to_vec()));
    keychain
}

fn worker(keychain: &MemoryKeychain) -> KeychainWorker {
    KeychainWorker::new(Arc::new(keychain.clone()), SLOW_AFTER)
}

/// The clock of these tests runs ahead of the threads.
fn until_asked(keychain: &MemoryKeychain) {
    while keychain.log().is_empty() {
        std::thread::yield_now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_keychain_that_does_not_answer_is_told_after_five_seconds_and_still_awaited() {
    let keychain = holding(&[1, 2, 3]);
    keychain.script([Fault::Hangs]);
    let worker = worker(&keychain);
    let told = AtomicBool::new(false);
    let started = tokio::time::Instant::now();
    let secret = worker
        .read(item(), || {
            assert!(started.elapsed() >= SLOW_AFTER);
            told.store(true, Ordering::SeqCst);
            keychain.release();
        })
        .await;
    assert!(told.load(Ordering::SeqCst));
    assert_eq!(secret, Ok(Secret::new(vec![1, 2, 3])));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_given_up_once_another_is_needed() {
    let keychain = holding(&[1, 2, 3]);
    keychain.script([Fault::Hangs]);
    let worker = worker(&keychain);
    let hanging = worker.read(item(), || {});
    let other = async {
        // As soon as the first is under way.
        while keychain.log().is_empty() {
            tokio::task::yield_now().await;
        }
        worker.read(item(), || {}).await
    };
    let (first, second) = tokio::join!(hanging, other);
    assert_eq!(first, Err(KeychainError::Timeout));
    assert_eq!(second, Ok(Secret::new(vec![1, 2, 3])));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_given_up_has_no_effect_later() {
    let keychain = holding(&[1]);
    keychain.script([Fault::Hangs]);
    let worker = worker(&keychain);
    let give_up = || {
        until_asked(&keychain);
        worker.give_up();
    };
    let given_up = worker.write_verified(item(), Secret::new(vec![2]), give_up).await;
    assert_eq!(given_up, Err(KeychainError::Timeout));
    worker.write_verified(item(), Secret::new(vec![3]), || {}).await.expect("it is written");
    keychain.release();
    assert_eq!(worker.read(item(), || {}).await, Ok(Secret::new(vec![3])));
}

#[tokio::test(start_paused = true)]
async fn who_has_no_time_is_answered_and_the_question_stays_open() {
    let keychain = holding(&[1]);
    keychain.script([Fault::Hangs]);
    let worker = worker(&keychain);
    assert_eq!(worker.in_time().read(item(), || {}).await, Err(KeychainError::Timeout));
    until_asked(&keychain);
    // It is asked anew, and the first question is taken back.
    assert_eq!(worker.read(item(), || {}).await, Ok(Secret::new(vec![1])));
    assert_eq!(keychain.log(), [Operation::Read(item()), Operation::Read(item())]);
}

#[tokio::test]
async fn a_call_that_panics_fails_and_the_next_one_is_made() {
    let keychain = holding(&[1]);
    let worker = worker(&keychain);
    let outcome: Result<(), _> = worker.ask(true, |_| panic!("on purpose"), || {}).await;
    assert_eq!(outcome, Err(KeychainError::Failed));
    assert_eq!(worker.read(item(), || {}).await, Ok(Secret::new(vec![1])));
}

#[tokio::test]
async fn a_write_that_got_lost_is_not_called_a_success() {
    let keychain = MemoryKeychain::new();
    keychain.script([Fault::LosesWrite]);
    let written = worker(&keychain).write_verified(item(), Secret::new(vec![1]), || {}).await;
    assert_eq!(written, Err(KeychainError::Failed));
}

#[tokio::test]
async fn a_secret_is_never_printed() {
    assert_eq!(format!("{:?}", Secret::new(b"hunter2".to_vec())), "Secret(…)");
    assert_eq!(item().to_string(), format!("key ana@example.com {}", item().workspace_id));
}
