//! A policy in JSON files that only the administrator can write, as on Linux.

use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use recado_protocol::host::ManagedPolicy;
use serde_json::Value;

use super::{PolicyError, PolicySource, apply, check_whole};

/// The folders down to that of what may not be changed by the person at the machine. Who could write to one of them
/// could put another in its place.
const FOLDERS: [&str; 3] = ["/etc/recado", "/etc/recado/policies", "/etc/recado/policies/managed"];
/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// The administrator.
const ROOT: u32 = 0;

/// The `*.json` files of a folder, read in the order of their names.
#[derive(Debug, Clone)]
pub struct PolicyFolder {
    /// From the outermost to the one with the files.
    folders: Vec<PathBuf>,
    owner: u32,
}

impl PolicyFolder {
    /// The machine's own: `/etc/recado/policies/managed`, which belongs to root.
    pub fn of_machine() -> Self {
        Self { folders: FOLDERS.map(PathBuf::from).to_vec(), owner: ROOT }
    }

    /// Another folder, of which everything has to belong to `owner`. For tests.
    pub fn at(folder: &Path, owner: u32) -> Self {
        Self { folders: vec![folder.to_owned()], owner }
    }

    fn require_trusted(&self, path: &Path, metadata: &Metadata) -> Result<(), PolicyError> {
        let writable_for_others = metadata.mode() & 0o022 != 0;
        if metadata.uid() != self.owner || writable_for_others {
            return Err(PolicyError::Untrusted(path.to_owned()));
        }
        Ok(())
    }

    fn files(&self) -> Result<Vec<PathBuf>, PolicyError> {
        let mut files = Vec::new();
        for folder in &self.folders {
            let unreadable = |source| PolicyError::Unreadable { path: folder.clone(), source };
            // A link that leads nowhere is a policy that cannot be read, and not the lack of one.
            match fs::symlink_metadata(folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
                there => there.map_err(unreadable)?,
            };
            self.require_trusted(folder, &fs::metadata(folder).map_err(unreadable)?)?;
        }
        let Some(folder) = self.folders.last() else { return Ok(files) };
        let unreadable = |source| PolicyError::Unreadable { path: folder.clone(), source };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn text(&self, path: &Path) -> Result<Vec<u8>, PolicyError> {
        let unreadable = |source| PolicyError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        // Of the file that is open, so that nobody can put another one there in between.
        let metadata = file.metadata().map_err(unreadable)?;
        self.require_trusted(path, &metadata)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            let reason = "it is longer than a mebibyte".to_owned();
            return Err(PolicyError::Malformed { path: path.to_owned(), reason });
        }
        Ok(bytes)
    }
}

impl PolicySource for PolicyFolder {
    fn read(&self) -> Result<ManagedPolicy, PolicyError> {
        let mut policy = ManagedPolicy::default();
        for path in self.files()? {
            let malformed = |reason| PolicyError::Malformed { path: path.clone(), reason };
            let keys = match serde_json::from_slice(&self.text(&path)?) {
                Ok(Value::Object(keys)) => keys,
                Ok(_) => return Err(malformed("it is another value".to_owned())),
                Err(error) => return Err(malformed(error.to_string())),
            };
            apply(&mut policy, path, keys)?;
        }
        check_whole(policy, self.folders.last().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use recado_protocol::host::LoginMethod;

    use super::*;

    const LINK: &str =
        "recado://join?url=https://desk.example&workspace=wrk_01970000000070008000000000000001";

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(files: &[(&str, &str)]) -> Self {
            let machine = Self(tempfile::tempdir().expect("a folder"));
            for (name, text) in files {
                fs::write(machine.0.path().join(name), text).expect("written");
            }
            machine
        }

        fn read(&self) -> Result<ManagedPolicy, PolicyError> {
            let owner = fs::metadata(self.0.path()).expect("there").uid();
            PolicyFolder::at(self.0.path(), owner).read()
        }
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names_and_a_later_one_counts() {
        let servers = format!(r#"{{ "Servers": [{{ "name": "Desk", "join_link": "{LINK}" }}] }}"#);
        let policy = Machine::new(&[
            ("20-people.json", r#"{ "LoginMethods": ["oidc"], "ServerListLocked": true }"#),
            ("10-servers.json", &servers),
            ("15-all.json", r#"{ "LoginMethods": ["oidc", "password"], "NotYetKnown": [1] }"#),
            ("30-key.json.bak", "no policy"),
        ])
        .read()
        .expect("a policy");
        assert_eq!(policy.servers[0].name, "Desk");
        assert_eq!(policy.servers[0].link.0, LINK);
        assert_eq!(policy.login_methods, Some(vec![LoginMethod::Oidc]));
        assert!(policy.server_list_locked && !policy.require_system_keychain);
        let names: Vec<_> = policy.files.iter().map(|file| file.rsplit('/').next()).collect();
        assert_eq!(names, ["10-servers.json", "15-all.json", "20-people.json"].map(Some));
        assert!(!policy.allows(LoginMethod::Password) && policy.allows(LoginMethod::Oidc));
    }

    #[test]
    fn without_a_folder_nothing_is_managed() {
        let machine = Machine::new(&[]);
        assert_eq!(machine.read().expect("none"), ManagedPolicy::default());
        let absent = machine.0.path().join("absent");
        assert_eq!(PolicyFolder::at(&absent, 0).read().expect("none"), ManagedPolicy::default());
    }

    #[test]
    fn whatever_is_not_a_policy_is_refused_with_the_file_and_the_reason() {
        let personal = format!("{LINK}&invitation=rct_i_{}", "a".repeat(43));
        let personal =
            format!(r#"{{ "Servers": [{{ "name": "Desk", "join_link": "{personal}" }}] }}"#);
        for (text, reason) in [
            ("", "JSON"),
            ("[]", "JSON"),
            (r#"{ "LoginMethods": ["oidc"] "#, "JSON"),
            (r#"{ "LoginMethods": "oidc" }"#, "LoginMethods"),
            (r#"{ "LoginMethods": ["saml"] }"#, "LoginMethods"),
            (r#"{ "LoginMethods": [] }"#, "no way to sign in"),
            (r#"{ "RequireSystemKeychain": "yes" }"#, "RequireSystemKeychain"),
            (r#"{ "Servers": [{ "name": "", "join_link": "" }] }"#, "\"name\""),
            (
                r#"{ "Servers": [{ "name": "Desk", "join_link": "https://desk.example" }] }"#,
                "join_link",
            ),
            (&personal, "personal"),
        ] {
            let error = Machine::new(&[("a.json", text)]).read().expect_err(text).to_string();
            assert!(error.contains("a.json") && error.contains(reason), "{text}: {error}");
        }
        let locked = Machine::new(&[("a.json", r#"{ "ServerListLocked": true }"#)]);
        assert!(locked.read().expect_err("no server").to_string().contains("names none"));
        let long = format!(r#"{{ "Note": "{}" }}"#, "a".repeat(1 << 20));
        assert!(Machine::new(&[("a.json", &long)]).read().is_err());
    }

    #[test]
    fn a_folder_that_leads_nowhere_is_not_the_lack_of_a_policy() {
        let machine = Machine::new(&[]);
        let link = machine.0.path().join("managed");
        std::os::unix::fs::symlink(machine.0.path().join("absent"), &link).expect("a link");
        let read = PolicyFolder::at(&link, 0).read();
        assert!(matches!(read, Err(PolicyError::Unreadable { .. })), "{read:?}");
        let outer = machine.0.path().join("outer");
        fs::create_dir_all(outer.join("managed")).expect("folders");
        let owner = fs::metadata(&outer).expect("there").uid();
        let folder = PolicyFolder { folders: vec![outer.clone(), outer.join("managed")], owner };
        folder.read().expect("an empty policy");
        fs::set_permissions(&outer, fs::Permissions::from_mode(0o777)).expect("set");
        assert!(matches!(folder.read(), Err(PolicyError::Untrusted(_))));
    }

    #[test]
    fn what_others_could_have_written_is_no_policy() {
        let machine = Machine::new(&[("a.json", "{}")]);
        let file = machine.0.path().join("a.json");
        for (path, mode) in [(file.as_path(), 0o666), (&file, 0o664), (machine.0.path(), 0o777)] {
            let before = fs::metadata(path).expect("there").permissions();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
            assert!(matches!(machine.read(), Err(PolicyError::Untrusted(_))), "{mode:o}");
            fs::set_permissions(path, before).expect("set");
            machine.read().expect("a policy again");
        }
        let other = fs::metadata(&file).expect("there").uid() + 1;
        let read = PolicyFolder::at(machine.0.path(), other).read();
        assert!(matches!(read, Err(PolicyError::Untrusted(_))));
    }
}
