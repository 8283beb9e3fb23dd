//! The folder of an installation: what lies where, and who may use it.
//!
//! ```text
//! lock             held while a client runs
//! settings.json    what the agent chose
//! device.json      the installation's id
//! account.json     the joined server and the account; no secrets
//! accounts/tmt_…/  the wrapped keys and the two databases
//! ```

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::host::Settings;
use recado_protocol::identity::Session;
use recado_protocol::{ErrorCode, SessionId, TeammateId, WorkspaceId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tracing::warn;
use url::Url;

mod checked;
mod file;

pub(crate) use file::{is_disk_full, write_atomically};

use crate::random::{NoRandomness, Random, identifier};
use crate::transport::ServerAddress;

/// The newest form of `account.json` that is known.
const ACCOUNT_FORMAT: u32 = 2;
/// From this form on the file has a checksum.
const FIRST_CHECKED_FORMAT: u64 = 2;
const SETTINGS: &str = "settings.json";
/// What the keychain would not delete.
const LEFTOVERS: &str = "leftovers.json";

/// What is wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Another client has the folder.
    #[error("Recado is already running on {}", .0.display())]
    AlreadyRunning(PathBuf),
    /// The disk is full.
    #[error("the disk is full; free some space and try again")]
    DiskFull,
    /// The folder cannot be read or written.
    #[error("{} cannot be read or written ({source})", path.display())]
    Disk {
        /// What was to be read or written.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file was damaged and lies here now.
    #[error(
        "the file that names your server was damaged; it is kept at {}. Join your server and sign in \
         again: conversations, drafts and unsent messages on this machine are still there",
        .0.display()
    )]
    Damaged(PathBuf),
    /// A newer program wrote it.
    #[error("{} was written by a newer version; update Recado", .0.display())]
    TooNew(PathBuf),
    /// Nothing random could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl ProfileError {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::AlreadyRunning(_) => ErrorCode::AlreadyRunning,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::Disk { .. } | Self::Damaged(_) => ErrorCode::DiskFailed,
            Self::TooNew(_) => ErrorCode::DataTooNew,
            Self::NoRandomness(_) => ErrorCode::ClientFailed,
        }
    }

    pub(crate) fn disk(path: &Path, source: std::io::Error) -> Self {
        if is_disk_full(&source) {
            Self::DiskFull
        } else {
            Self::Disk { path: path.to_owned(), source }
        }
    }
}

/// The joined server and the account. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    format: u32,
    /// The server.
    pub url: Url,
    /// The only authority that is trusted for it, DER as base64url; without one the system's are.
    ca: Option<String>,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The workspace's name, as the server told it when it was joined.
    pub workspace_name: String,
    /// The address that was last used to sign in.
    pub email: Option<String>,
    /// Who signed in.
    pub teammate_id: Option<TeammateId>,
    /// The session, until it ends.
    pub session_id: Option<SessionId>,
    /// Whether what lies here of the account is being destroyed.
    #[serde(default)]
    pub erasing: bool,
}

impl Account {
    /// A joined server, before anybody signed in.
    pub fn joined(
        server: &ServerAddress,
        workspace_id: WorkspaceId,
        workspace_name: String,
    ) -> Self {
        Self {
            format: ACCOUNT_FORMAT,
            url: server.url.clone(),
            ca: server.ca_der.as_ref().map(|der| URL_SAFE_NO_PAD.encode(der)),
            workspace_id,
            workspace_name,
            email: None,
            teammate_id: None,
            session_id: None,
            erasing: false,
        }
    }

    /// The same with a session that has begun.
    #[must_use]
    pub fn with_session(mut self, email: String, session: &Session) -> Self {
        self.email = Some(email);
        self.teammate_id = Some(session.teammate_id);
        self.session_id = Some(session.session_id);
        self
    }

    /// The same without a session: it has ended, what lies here stays.
    #[must_use]
    pub fn without_session(mut self) -> Self {
        self.session_id = None;
        self
    }

    /// The same while what lies here is being destroyed.
    #[must_use]
    pub fn to_be_erased(mut self) -> Self {
        self.erasing = true;
        self.without_session()
    }

    /// The same before anybody signed in.
    #[must_use]
    pub fn without_teammate(mut self) -> Self {
        self.email = None;
        self.teammate_id = None;
        self.erasing = false;
        self.without_session()
    }

    /// Which server to talk to. An authority that cannot be read stays an authority that nothing
    /// satisfies: it never turns into trust in the system's.
    pub fn server(&self) -> ServerAddress {
        let ca_der = self.ca.as_ref().map(|ca| URL_SAFE_NO_PAD.decode(ca).unwrap_or_default());
        ServerAddress { url: self.url.clone(), ca_der }
    }
}

/// An account that is gone from this machine, but for what the keychain would not delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// Whose it was.
    pub teammate_id: TeammateId,
    /// The address that was used to sign in, which names what lies in the keychain.
    pub email: String,
}

#[derive(Default, Serialize, Deserialize)]
struct LeftoversFile {
    leftovers: Vec<Leftover>,
}

#[derive(Serialize, Deserialize)]
struct DeviceFile {
    device_id: String,
}

/// The folder, held by its lock.
#[derive(Debug)]
pub struct Profile {
    dir: PathBuf,
    _lock: File,
}

impl Profile {
    /// Opens the folder, making it if it is missing, for this user alone.
    ///
    /// # Errors
    ///
    /// [`ProfileError::AlreadyRunning`] if another client holds it, and those of the disk.
    pub fn open(dir: &Path) -> Result<Self, ProfileError> {
        make_dir(dir)?;
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&path).map_err(|error| ProfileError::disk(&path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(ProfileError::AlreadyRunning(dir.to_owned())),
            Err(TryLockError::Error(error)) => Err(ProfileError::disk(&path, error)),
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of an account's keys and databases. It may not exist yet.
    pub fn account_dir(&self, teammate_id: TeammateId) -> PathBuf {
        self.dir.join("accounts").join(teammate_id.to_string())
    }

    /// The settings of a folder that is not held, or the defaults. Nothing in it is touched: the
    /// folder may be another client's.
    pub fn settings_seen_in(dir: &Path) -> Settings {
        let bytes = std::fs::read(dir.join(SETTINGS)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// The settings. What cannot be read is kept aside and the defaults are used, since settings
    /// must never keep the program from starting.
    pub fn settings(&self) -> Settings {
        self.read(SETTINGS).unwrap_or_default().unwrap_or_default()
    }

    /// Stores the settings.
    ///
    /// # Errors
    ///
    /// Those of the disk; the former settings stay then.
    pub fn save_settings(&self, settings: &Settings) -> Result<(), ProfileError> {
        self.write(SETTINGS, settings)
    }

    /// The joined server, if one was joined.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Damaged`] once for a damaged file, which is kept aside then, so that nothing is
    /// joined any more; the databases stay where they are. [`ProfileError::TooNew`], and those of the
    /// disk.
    pub fn account(&self) -> Result<Option<Account>, ProfileError> {
        let path = self.dir.join("account.json");
        let Some(bytes) = self.bytes("account.json")? else { return Ok(None) };
        let found = checked::open(&bytes).and_then(|opened| {
            // The form is read first: a newer file may have no field that is known here.
            let format = opened.value["format"].as_u64().ok_or(checked::Damaged)?;
            if format > u64::from(ACCOUNT_FORMAT) {
                return Ok(None);
            }
            if format >= FIRST_CHECKED_FORMAT && !opened.has_checksum {
                return Err(checked::Damaged);
            }
            opened.read().map(Some)
        });
        match found {
            Ok(Some(account)) => Ok(Some(Account { format: ACCOUNT_FORMAT, ..account })),
            Ok(None) => Err(ProfileError::TooNew(path)),
            Err(checked::Damaged) => Err(ProfileError::Damaged(self.keep_aside("account.json")?)),
        }
    }

    /// Stores the joined server and the account.
    ///
    /// # Errors
    ///
    /// Those of the disk; the former content stays then.
    pub fn save_account(&self, account: &Account) -> Result<(), ProfileError> {
        self.write("account.json", account)
    }

    /// Forgets the joined server.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn remove_account(&self) -> Result<(), ProfileError> {
        let path = self.dir.join("account.json");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ProfileError::disk(&path, error))
            }
            _ => Ok(()),
        }
    }

    /// The accounts of which the keychain still holds something.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn leftovers(&self) -> Result<Vec<Leftover>, ProfileError> {
        let file: LeftoversFile = self.read(LEFTOVERS)?.unwrap_or_default();
        Ok(file.leftovers)
    }

    /// Stores of which accounts the keychain still holds something.
    ///
    /// # Errors
    ///
    /// Those of the disk; the former content stays then.
    pub fn save_leftovers(&self, leftovers: Vec<Leftover>) -> Result<(), ProfileError> {
        self.write(LEFTOVERS, &LeftoversFile { leftovers })
    }

    /// The installation's id, made at the first call.
    ///
    /// # Errors
    ///
    /// Those of the disk and of randomness.
    pub fn device_id(&self, random: &dyn Random) -> Result<String, ProfileError> {
        if let Some(device) = self.read::<DeviceFile>("device.json")? {
            return Ok(device.device_id);
        }
        let device = DeviceFile { device_id: identifier(random)? };
        self.write("device.json", &device)?;
        Ok(device.device_id)
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, ProfileError> {
        let path = self.dir.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ProfileError::disk(&path, error)),
        }
    }

    /// Moves a damaged file aside. Returns where it lies now.
    fn keep_aside(&self, name: &str) -> Result<PathBuf, ProfileError> {
        let path = self.dir.join(name);
        let aside = path.with_extension("json.damaged");
        warn!(name, "a damaged file is kept aside");
        std::fs::rename(&path, &aside).map_err(|error| ProfileError::disk(&path, error))?;
        Ok(aside)
    }

    /// What a file holds; nothing if there is none or it is damaged.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ProfileError> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        match checked::open(&bytes).and_then(checked::Opened::read) {
            Ok(value) => Ok(Some(value)),
            Err(checked::Damaged) => self.keep_aside(name).map(|_| None),
        }
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), ProfileError> {
        let path = self.dir.join(name);
        let bytes = checked::to_bytes(value)
            .map_err(|error| ProfileError::disk(&path, std::io::Error::other(error)))?;
        write_atomically(&path, &bytes).map_err(|error| ProfileError::disk(&path, error))
    }
}

/// Makes a folder for this user alone.
pub(crate) fn make_dir(dir: &Path) -> Result<(), ProfileError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| ProfileError::disk(dir, error))
}

#[cfg(test)]
mod tests {
    use recado_protocol::host::Theme;
    use uuid::Uuid;

    use super::*;
    use crate::random::SystemRandom;

    fn folder() -> (tempfile::TempDir, Profile) {
        let folder = tempfile::tempdir().expect("a folder");
        let profile = Profile::open(&folder.path().join("profile")).expect("a profile");
        (folder, profile)
    }

    fn account(ca_der: Option<Vec<u8>>) -> Account {
        let url = Url::parse("https://desk.example").expect("an address");
        let workspace_id = WorkspaceId::from_uuid(Uuid::from_u128(1));
        Account::joined(&ServerAddress { url, ca_der }, workspace_id, "Example".to_owned())
    }

    #[test]
    fn a_second_client_on_the_same_folder_is_refused_until_the_first_has_ended() {
        let (_folder, first) = folder();
        let refused = Profile::open(first.dir());
        assert!(matches!(refused, Err(ProfileError::AlreadyRunning(_))));
        let dir = first.dir().to_owned();
        drop(first);
        assert!(Profile::open(&dir).is_ok());
    }

    #[test]
    fn settings_survive_and_damaged_ones_are_kept_aside() {
        let (_folder, profile) = folder();
        assert_eq!(profile.settings(), Settings::default());
        let settings = Settings { theme: Theme::Dark, ..Settings::default() };
        profile.save_settings(&settings).expect("settings are written");
        assert_eq!(profile.settings(), settings);
        for damaged in ["", "{", "{\"theme\":17}", "\u{0}\u{1}"] {
            std::fs::write(profile.dir().join("settings.json"), damaged).expect("a damaged file");
            assert_eq!(profile.settings(), Settings::default(), "{damaged:?}");
            let aside = profile.dir().join("settings.json.damaged");
            assert_eq!(std::fs::read_to_string(aside).expect("kept aside"), damaged);
        }
        profile.save_settings(&settings).expect("settings are written again");
        assert_eq!(profile.settings(), settings);
    }

    #[test]
    fn settings_of_a_newer_version_keep_what_is_known() {
        let (_folder, profile) = folder();
        let newer = r#"{"theme":"dark","from_the_future":[1]}"#;
        std::fs::write(profile.dir().join("settings.json"), newer).expect("newer settings");
        assert_eq!(profile.settings().theme, Theme::Dark);
    }

    #[test]
    fn the_account_survives_and_a_newer_one_is_left_alone() {
        let (_folder, profile) = folder();
        assert_eq!(profile.account().expect("readable"), None);
        let account = account(Some(vec![0x30; 80]));
        profile.save_account(&account).expect("written");
        assert_eq!(profile.account().expect("readable"), Some(account.clone()));
        assert_eq!(account.server().ca_der, Some(vec![0x30; 80]));

        let path = profile.dir().join("account.json");
        let newer = std::fs::read_to_string(&path)
            .expect("readable")
            .replace("\"format\": 2", "\"format\": 3")
            .replace("\"check\"", "\"no longer known\"");
        std::fs::write(&path, &newer).expect("written");
        assert!(matches!(profile.account(), Err(ProfileError::TooNew(_))));
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), newer);
    }

    #[test]
    fn an_account_of_before_there_were_checksums_is_read() {
        let (_folder, profile) = folder();
        let account = account(None);
        let older = serde_json::to_string(&Account { format: 1, ..account.clone() });
        std::fs::write(profile.dir().join("account.json"), older.expect("JSON")).expect("written");
        assert_eq!(profile.account().expect("readable"), Some(account));
    }

    #[test]
    fn no_flipped_bit_makes_another_account_of_one() {
        let (_folder, profile) = folder();
        let account = Account {
            email: Some("ana@example.com".to_owned()),
            teammate_id: Some(TeammateId::from_uuid(Uuid::from_u128(5))),
            ..account(Some(vec![0x30; 20]))
        };
        profile.save_account(&account).expect("written");
        let path = profile.dir().join("account.json");
        let bytes = std::fs::read(&path).expect("readable");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).expect("written");
            match profile.account() {
                Ok(read) => assert_eq!(read.as_ref(), Some(&account), "bit {bit}"),
                Err(ProfileError::Damaged(aside)) => {
                    assert_eq!(std::fs::read(aside).expect("kept"), flipped, "bit {bit}");
                    assert_eq!(profile.account().expect("gone"), None, "bit {bit}");
                }
                Err(error) => panic!("bit {bit}: {error}"),
            }
        }
    }

    #[test]
    fn an_unreadable_authority_never_becomes_trust_in_the_systems() {
        let mut account = account(Some(vec![0x30; 80]));
        account.ca = Some("!!".to_owned());
        assert_eq!(account.server().ca_der, Some(Vec::new()));
    }

    #[test]
    fn the_installation_keeps_its_id() {
        let (_folder, profile) = folder();
        let id = profile.device_id(&SystemRandom).expect("an id");
        assert_eq!(profile.device_id(&SystemRandom).expect("an id"), id);
        assert_eq!(id.len(), 32);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_may_read_the_folder_and_its_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, profile) = folder();
        profile.save_settings(&Settings::default()).expect("written");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(profile.dir()) & 0o077, 0);
        assert_eq!(mode(&profile.dir().join("settings.json")) & 0o077, 0);
    }
}
