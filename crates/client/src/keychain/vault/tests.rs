use recado_protocol::WorkspaceId;
use uuid::Uuid;

use super::*;
use crate::keychain::ItemKind;
use crate::random::SystemRandom;

const PASSPHRASE: &str = "a horse, a battery and a staple";

fn vault(folder: &tempfile::TempDir) -> Vault {
    Vault::at(folder.path().join("vault.json"), Arc::new(SystemRandom))
}

fn item(kind: ItemKind) -> ItemName {
    ItemName::new(kind, WorkspaceId::from_uuid(Uuid::from_u128(1)), "ana@example.com")
}

fn bytes(folder: &tempfile::TempDir) -> Vec<u8> {
    std::fs::read(folder.path().join("vault.json")).expect("a file")
}

#[test]
fn what_was_written_is_there_again_after_the_passphrase_and_only_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault_made = vault(&folder);
    assert!(!vault_made.exists());
    vault_made.create(PASSPHRASE).expect("made");
    let secret = Secret::new(vec![7; 32]);
    vault_made.write(&item(ItemKind::KeyEncryptionKey), &secret).expect("written");

    let again = vault(&folder);
    assert!(again.is_locked());
    let name = item(ItemKind::KeyEncryptionKey);
    assert_eq!(again.read(&name), Err(KeychainError::PassphraseNeeded));
    assert_eq!(again.write(&name, &secret), Err(KeychainError::PassphraseNeeded));
    assert_eq!(again.delete(&name), Err(KeychainError::PassphraseNeeded));
    again.unlock(PASSPHRASE).expect("the right passphrase");
    assert_eq!(again.read(&name), Ok(secret));
    assert_eq!(again.read(&item(ItemKind::Refresh)), Err(KeychainError::NoItem));
}

#[test]
fn a_wrong_passphrase_is_told_and_changes_no_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    vault(&folder).create(PASSPHRASE).expect("made");
    let before = bytes(&folder);
    let vault = vault(&folder);
    for wrong in ["", "a horse, a battery and a stapl", "A horse, a battery and a staple"] {
        let error = vault.unlock(wrong).expect_err("wrong");
        assert_eq!(error.code(), ErrorCode::WrongPassphrase);
        assert!(vault.is_locked());
    }
    assert_eq!(bytes(&folder), before);
    vault.unlock(PASSPHRASE).expect("the right passphrase");
}

#[test]
fn a_passphrase_that_is_too_short_or_too_long_makes_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = vault(&folder);
    for unfit in [String::new(), "ñ".repeat(MIN_PASSPHRASE_CHARS - 1), "a".repeat(2_000)] {
        let error = vault.create(&unfit).expect_err("unfit");
        assert_eq!(error.code(), ErrorCode::InvalidValue);
    }
    assert!(!folder.path().join("vault.json").exists());
    vault.create(&"ñ".repeat(MIN_PASSPHRASE_CHARS)).expect("long enough");
    let again = vault.create(PASSPHRASE).expect_err("there is one");
    assert_eq!(again.code(), ErrorCode::InvalidRequest);
}

#[test]
fn a_damaged_a_weakened_and_a_newer_file_are_told_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    vault(&folder).create(PASSPHRASE).expect("made");
    let whole = String::from_utf8(bytes(&folder)).expect("text");
    for (from, to, code) in [
        ("\"format\": 1", "\"format\": 2", ErrorCode::DataTooNew),
        ("\"memory_kib\": 65536", "\"memory_kib\": 4294967295", ErrorCode::KeychainMismatch),
        ("\"memory_kib\": 65536", "\"memory_kib\": 64", ErrorCode::WrongPassphrase),
        ("\"passes\": 3", "\"passes\": 1", ErrorCode::WrongPassphrase),
        ("argon2id", "argon2d", ErrorCode::KeychainMismatch),
        ("{", "", ErrorCode::KeychainMismatch),
    ] {
        let damaged = whole.replacen(from, to, 1);
        assert_ne!(damaged, whole, "{from}");
        std::fs::write(folder.path().join("vault.json"), &damaged).expect("written");
        let error = vault(&folder).unlock(PASSPHRASE).expect_err(to);
        assert_eq!(error.code(), code, "{to}");
        assert_eq!(bytes(&folder), damaged.as_bytes());
    }
}

#[test]
fn the_file_holds_neither_secret_nor_passphrase_nor_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = vault(&folder);
    vault.create(PASSPHRASE).expect("made");
    let secret = b"canary-canary-canary-canary";
    vault.write(&item(ItemKind::Refresh), &Secret::new(secret.to_vec())).expect("written");
    let text = String::from_utf8(bytes(&folder)).expect("text");
    for hidden in ["canary", PASSPHRASE, "ana@example.com", &URL_SAFE_NO_PAD.encode(secret)] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert!(text.contains("\"memory_kib\": 65536"), "the cost stands in the file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(folder.path().join("vault.json")).expect("there");
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_file_goes_with_its_last_item() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = vault(&folder);
    vault.create(PASSPHRASE).expect("made");
    for kind in [ItemKind::KeyEncryptionKey, ItemKind::Refresh] {
        vault.write(&item(kind), &Secret::new(vec![1])).expect("written");
    }
    vault.delete(&item(ItemKind::KeyEncryptionKey)).expect("deleted");
    assert!(vault.exists());
    vault.delete(&item(ItemKind::Refresh)).expect("deleted");
    assert!(!vault.exists() && !folder.path().join("vault.json").exists());
}
