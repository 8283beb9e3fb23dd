//! Whatever the keychain does: it is told, it can be tried again, and nothing on this machine
//! changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use recado_protocol::ErrorCode;
use recado_protocol::host::{ConnectionState, Phase};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::server::*;
use crate::keychain::{Fault, ItemKind, KeychainError, Secret};

/// SHA-256 of every file of a profile.
pub(super) fn fingerprints(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let content = std::fs::read(&path).expect("a readable file");
                files.insert(path, Sha256::digest(content).to_vec());
            }
        }
    }
    files
}

async fn closed(desk: &Desk) -> BTreeMap<PathBuf, Vec<u8>> {
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    fingerprints(desk.dir())
}

const FAULTS: &[KeychainError] = &[
    KeychainError::NoService,
    KeychainError::Locked,
    KeychainError::Denied,
    KeychainError::NoItem,
    KeychainError::NoDefaultCollection,
    KeychainError::BackendChanged,
    KeychainError::Corrupt,
    KeychainError::Timeout,
    KeychainError::Failed,
];

#[tokio::test]
async fn at_the_start_a_failing_keychain_blocks_changes_nothing_and_can_be_tried_again() {
    for &fault in FAULTS {
        let desk = Desk::new();
        let before = closed(&desk).await;
        let items = desk.keychain.items();
        desk.keychain.fail_always(Some(fault));
        let client = desk.start().await;
        let state = until(&client, |state| state.phase == Phase::Blocked).await;
        let problem = state.problem.expect("a problem");
        assert_eq!(problem.code, fault.code(), "{fault:?}");
        assert!(problem.can_retry, "{fault:?}");
        client.invoke("problem_retry", json!({})).await.expect("tried again");
        until(&client, |state| state.phase == Phase::Blocked).await;
        assert_eq!(fingerprints(desk.dir()), before, "{fault:?}");
        assert_eq!(desk.keychain.items(), items, "{fault:?}");
        assert!(!desk.server.state().ended_by_client, "{fault:?}");

        desk.keychain.fail_always(None);
        client.invoke("problem_retry", json!({})).await.expect("tried again");
        until(&client, |state| state.phase == Phase::Ready).await;
    }
}

#[tokio::test]
async fn a_fault_of_the_sessions_item_alone_never_touches_the_data() {
    for &fault in FAULTS {
        let desk = Desk::new();
        let before = closed(&desk).await;
        desk.keychain.script([Fault::None, Fault::Fails(fault)]);
        let client = desk.start().await;
        let state = until(&client, |state| {
            matches!(state.phase, Phase::Blocked | Phase::SignIn) && state.problem.is_some()
        })
        .await;
        let signs_in_again = matches!(fault, KeychainError::NoItem | KeychainError::Corrupt);
        assert_eq!(state.phase == Phase::SignIn, signs_in_again, "{fault:?}");
        assert_eq!(fingerprints(desk.dir()), before, "{fault:?}");
        assert!(!desk.server.state().ended_by_client, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_or_foreign_key_never_makes_a_new_one_over_old_data() {
    let desk = Desk::new();
    let before = closed(&desk).await;
    let items = desk.keychain.items();
    let kek =
        items.keys().find(|item| item.kind == ItemKind::KeyEncryptionKey).expect("a key").clone();
    for stored in [None, Some(vec![9; 32]), Some(vec![9; 31]), Some(Vec::new())] {
        match stored {
            Some(bytes) => desk.keychain.put(kek.clone(), Secret::new(bytes)),
            None => desk.keychain.lose(&kek),
        }
        let expected = desk.keychain.items();
        let client = desk.start().await;
        let state = until(&client, |state| state.phase == Phase::Blocked).await;
        assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::KeychainMismatch));
        assert_eq!(fingerprints(desk.dir()), before);
        assert_eq!(desk.keychain.items(), expected);
        client.shutdown().await;
    }
    desk.keychain.put(kek.clone(), items[&kek].clone());
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

const KEY_DAMAGES: [Option<&[u8]>; 4] =
    [None, Some(b"{"), Some(b"{\"format\":1}"), Some(b"{\"format\":9}")];

fn damage(path: &Path, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => std::fs::write(path, bytes).expect("written"),
        None => std::fs::remove_file(path).expect("removed"),
    }
}

fn key_files(desk: &Desk) -> [PathBuf; 2] {
    let files = fingerprints(desk.dir());
    ["keys.json", "keys-copy.json"]
        .map(|name| files.keys().find(|path| path.ends_with(name)).expect("a key file").clone())
}

#[tokio::test]
async fn key_files_that_are_missing_or_damaged_are_told_and_left_alone() {
    for bytes in KEY_DAMAGES {
        let desk = Desk::new();
        closed(&desk).await;
        for path in key_files(&desk) {
            damage(&path, bytes);
        }
        let damaged = fingerprints(desk.dir());
        let client = desk.start().await;
        let state = until(&client, |state| state.phase == Phase::Blocked).await;
        let code = state.problem.map(|problem| problem.code);
        let newer = bytes.is_some_and(|bytes| bytes.ends_with(b":9}"));
        let expected = if newer { ErrorCode::DataTooNew } else { ErrorCode::KeychainMismatch };
        assert_eq!(code, Some(expected), "{bytes:?}");
        assert_eq!(fingerprints(desk.dir()), damaged, "{bytes:?}");
    }
}

#[tokio::test]
async fn one_key_file_that_is_missing_or_damaged_is_made_anew_from_the_other() {
    for which in 0..2 {
        let desk = Desk::new();
        let before = closed(&desk).await;
        let files = key_files(&desk);
        let sound = std::fs::read(&files[which]).expect("readable");
        let mut flipped = sound.clone();
        let sealed = sound.windows(9).rposition(|bytes| bytes == b"\"sealed\":").expect("a seal");
        flipped[sealed + 20] ^= 1;
        let damages = KEY_DAMAGES.into_iter().take(3).chain([Some(&flipped[..])]);
        for bytes in damages {
            damage(&files[which], bytes);
            let client = desk.start().await;
            until(&client, |state| state.phase == Phase::Ready).await;
            client.shutdown().await;
            drop(client);
            let after = fingerprints(desk.dir());
            for path in &files {
                assert_eq!(after[path], before[path], "{which} {bytes:?}");
            }
        }
    }
}

#[tokio::test]
async fn at_sign_in_a_failing_keychain_is_found_out_before_the_password_is_sent() {
    for &fault in FAULTS {
        if matches!(fault, KeychainError::NoItem | KeychainError::Corrupt) {
            continue;
        }
        let desk = Desk::new();
        let client = desk.start().await;
        until(&client, |state| state.phase == Phase::Join).await;
        join(&client).await;
        let before = fingerprints(desk.dir());
        desk.keychain.fail_always(Some(fault));
        let request = json!({ "email": "ana@example.com", "password": PASSWORD });
        let error = client.invoke("sign_in", request).await.expect_err("it is refused");
        assert_eq!(error.code, fault.code(), "{fault:?}");
        assert_eq!(client.state().phase, Phase::SignIn);
        assert_eq!(fingerprints(desk.dir()), before, "{fault:?}");
        desk.keychain.fail_always(None);
        sign_in(&client).await;
    }
}

/// The calls between the password and the inbox: the session's item is written and read back, then
/// the key is looked for, written and read back.
const CALLS_AFTER_PASSWORD: usize = 5;

#[tokio::test]
async fn a_fault_at_any_call_of_the_first_sign_in_leaves_something_that_can_be_finished() {
    for call in 0..CALLS_AFTER_PASSWORD {
        for fault in [
            Fault::Fails(KeychainError::Locked),
            Fault::FailsAfterwards(KeychainError::Locked),
            Fault::LosesWrite,
        ] {
            let desk = Desk::new();
            let client = desk.start().await;
            until(&client, |state| state.phase == Phase::Join).await;
            join(&client).await;
            password(&client).await;
            desk.keychain.script(std::iter::repeat_n(Fault::None, call).chain([fault]));
            let code = json!({ "code": CODE });
            if client.invoke("sign_in_code", code.clone()).await.is_err() {
                // Nothing was sent: the same code still counts.
                client.invoke("sign_in_code", code).await.expect("the code is right");
            }
            let state =
                until(&client, |state| matches!(state.phase, Phase::Blocked | Phase::Ready)).await;
            if state.phase == Phase::Blocked {
                client.invoke("problem_retry", json!({})).await.expect("tried again");
            }
            until(&client, |state| state.phase == Phase::Ready).await;
            client.shutdown().await;
            drop(client);
            let client = desk.start().await;
            until(&client, |state| state.phase == Phase::Ready).await;
        }
    }
}

#[tokio::test]
async fn another_kind_of_keychain_without_the_key_is_told() {
    let desk = Desk::new();
    let before = closed(&desk).await;
    for item in desk.keychain.items().keys() {
        desk.keychain.lose(item);
    }
    desk.keychain.change_backend("another");
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    let problem = state.problem.expect("a problem");
    assert_eq!(problem.code, ErrorCode::KeychainMismatch);
    assert!(problem.detail.contains("another keychain"), "{}", problem.detail);
    assert_eq!(fingerprints(desk.dir()), before);
}

#[tokio::test]
async fn a_keychain_that_hangs_is_told_after_five_seconds_and_its_answer_is_still_taken() {
    let desk = Desk::new();
    closed(&desk).await;
    desk.keychain.script([Fault::Hangs]);
    let client = desk.start().await;
    tokio::time::pause();
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    tokio::time::resume();
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::KeychainTimeout));
    desk.keychain.release();
    let state = until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(state.problem, None);
}

/// Until the keychain was asked once more; a paused clock runs ahead of the thread that asks it.
async fn until_asked(desk: &Desk, before: usize) {
    while desk.keychain.log().len() == before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_keychain_that_hangs_is_asked_anew_when_it_is_tried_again() {
    let desk = Desk::new();
    closed(&desk).await;
    desk.keychain.script([Fault::Hangs]);
    let asked = desk.keychain.log().len();
    let client = desk.start().await;
    until_asked(&desk, asked).await;
    tokio::time::pause();
    until(&client, |state| state.phase == Phase::Blocked).await;
    tokio::time::resume();
    // Nobody answers the first question any more.
    client.invoke("problem_retry", json!({})).await.expect("tried again");
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn a_program_ends_although_the_keychain_hangs() {
    let desk = Desk::new();
    closed(&desk).await;
    desk.keychain.script([Fault::Hangs]);
    let asked = desk.keychain.log().len();
    let client = desk.start().await;
    until_asked(&desk, asked).await;
    client.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_does_not_wait_for_a_keychain_that_hangs() {
    let desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    desk.keychain.script([Fault::Hangs]);
    let request = json!({ "email": "ana@example.com", "password": PASSWORD });
    let asked = desk.keychain.log().len();
    tokio::time::pause();
    let error = client.invoke("sign_in", request).await.expect_err("it does not answer");
    tokio::time::resume();
    until_asked(&desk, asked).await;
    assert_eq!(error.code, ErrorCode::KeychainTimeout);
    sign_in(&client).await;
}

#[tokio::test]
async fn a_session_that_the_keychain_has_again_opens_without_signing_in() {
    let desk = Desk::new();
    let before = closed(&desk).await;
    let items = desk.keychain.items();
    let refresh = items.keys().find(|item| item.kind == ItemKind::Refresh).expect("one").clone();
    desk.keychain.lose(&refresh);
    let client = desk.start().await;
    let lost = until(&client, |state| state.phase == Phase::SignIn).await;
    assert_eq!(lost.problem.map(|problem| problem.code), Some(ErrorCode::SessionEnded));
    client.invoke("problem_retry", json!({})).await.expect("tried again");
    until(&client, |state| state.phase == Phase::SignIn && state.problem.is_some()).await;
    assert_eq!(fingerprints(desk.dir()), before);
    desk.keychain.put(refresh.clone(), items[&refresh].clone());
    client.invoke("problem_retry", json!({})).await.expect("tried again");
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn key_files_that_name_another_keychain_name_the_one_that_has_the_key_once_they_open() {
    let desk = Desk::new();
    let before = closed(&desk).await;
    for path in key_files(&desk) {
        let text = std::fs::read_to_string(&path).expect("readable");
        std::fs::write(&path, text.replace("\"memory\"", "\"another\"")).expect("written");
    }
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    client.shutdown().await;
    for path in key_files(&desk) {
        assert_eq!(fingerprints(desk.dir())[&path], before[&path]);
    }
}

#[tokio::test]
async fn every_item_is_small() {
    let desk = Desk::new();
    closed(&desk).await;
    let items = desk.keychain.items();
    assert_eq!(items.len(), 2);
    for (item, secret) in items {
        assert!(secret.as_bytes().len() <= crate::keychain::MAX_ITEM_BYTES, "{item}");
    }
}
