//! What lies in a profile, and how an older program would have left it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use recado_testkit::profile_scan::files;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// SHA-256 of files.
pub(super) type Fingerprints = BTreeMap<PathBuf, Vec<u8>>;

/// SHA-256 of every file below a folder.
pub(super) fn fingerprints(folder: &Path) -> anyhow::Result<Fingerprints> {
    let mut found = BTreeMap::new();
    for path in files(folder)? {
        let hash = Sha256::digest(std::fs::read(&path)?).to_vec();
        found.insert(path, hash);
    }
    Ok(found)
}

/// The files of one name.
pub(super) fn named(profile: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let found = files(profile)?.into_iter().find(|path| path.ends_with(name));
    found.with_context(|| format!("there is no {name}"))
}

pub(super) fn read(path: &Path) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

fn change(path: &Path, change: impl FnOnce(&mut Value)) -> anyhow::Result<()> {
    let mut value = read(path)?;
    change(&mut value);
    Ok(std::fs::write(path, serde_json::to_vec_pretty(&value)?)?)
}

/// Makes it what the first programs wrote: an account without a checksum, one key file, no word of an
/// app lock in it.
pub(super) fn make_older(profile: &Path) -> anyhow::Result<()> {
    change(&profile.join("account.json"), older_account)?;
    std::fs::remove_file(named(profile, "keys-copy.json")?)?;
    change(&named(profile, "keys.json")?, |keys| {
        keys.as_object_mut().map(|keys| keys.remove("app_lock"));
    })
}

/// Whether it is of today's form again.
pub(super) fn ensure_newer(profile: &Path) -> anyhow::Result<()> {
    let keys = read(&named(profile, "keys.json")?)?;
    anyhow::ensure!(keys["app_lock"] == json!(false), "the key file is of an older form");
    anyhow::ensure!(
        read(&named(profile, "keys-copy.json")?)? == keys,
        "the key file has no copy that is the same"
    );
    Ok(())
}

/// Ends the session, as far as the profile knows.
pub(super) fn forget_session(profile: &Path) -> anyhow::Result<()> {
    change(&profile.join("account.json"), |account| {
        older_account(account);
        account["session_id"] = Value::Null;
    })
}

fn older_account(account: &mut Value) {
    account["format"] = json!(1);
    account.as_object_mut().map(|account| account.remove("check"));
}

/// Makes the key files say that another keychain holds their key.
pub(super) fn change_backend(profile: &Path) -> anyhow::Result<()> {
    for name in ["keys.json", "keys-copy.json"] {
        let Ok(path) = named(profile, name) else { continue };
        change(&path, |keys| keys["backend_id"] = json!("another-keychain"))?;
    }
    Ok(())
}
