//! Joining, signing in and the state of the program.

use serde::{Deserialize, Serialize};

use super::{EnrolmentState, LinkText, ManagedPolicy, Settings};
use crate::error::ErrorCode;
use crate::id::{TeammateId, WorkspaceId};
use crate::permission::{Permission, Role};
use crate::session_end::SessionEndReason;
use crate::sso::ProviderSummary;
use crate::time::Timestamp;

/// What the program shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct AppState {
    /// Which screen.
    pub phase: Phase,
    /// The server that was joined.
    pub workspace: Option<WorkspaceSummary>,
    /// The browser that is awaited, in the phase `browser`.
    pub browser: Option<BrowserWait>,
    /// The personal link that was opened, in the phase `enrol`.
    pub enrolment: Option<EnrolmentState>,
    /// Who signed in, or is about to.
    pub account: Option<AccountSummary>,
    /// What stops the program, if something does.
    pub problem: Option<Problem>,
    /// The way to the server.
    pub connection: Connection,
    /// The settings.
    pub settings: Settings,
    /// Where the secrets of this installation lie.
    pub secret_storage: SecretStorage,
    /// Whether the account opens with a passphrase only, so that the app can be locked.
    pub app_lock: bool,
    /// What the organisation's IT has fixed on this machine.
    pub managed: ManagedPolicy,
}

/// Where the secrets of an installation lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SecretStorage {
    /// In the system's keychain.
    Keychain,
    /// Nowhere yet: the system has none, and the agent sets a passphrase or has nothing stored.
    Undecided,
    /// In a file behind a passphrase, which is asked for.
    VaultLocked,
    /// In a file behind a passphrase, which was given.
    Vault,
    /// Nowhere: the session, the inbox and the outbox live in memory and end with the program.
    Memory,
}

/// The shortest passphrase that is taken, in characters: it stands alone, and whoever has the file
/// can try for as long as they like.
pub const MIN_PASSPHRASE_CHARS: usize = 15;
/// The shortest passphrase of the app lock, in characters: whoever tries it needs the keychain as
/// well, and each attempt takes its time.
pub const MIN_APP_LOCK_CHARS: usize = 8;
/// The longest passphrase that is taken, in bytes of UTF-8.
pub const MAX_PASSPHRASE_BYTES: usize = 1_024;

/// Which screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No server is known: ask for the join link.
    Join,
    /// Ask for e-mail address and password.
    SignIn,
    /// Ask for the six-digit code.
    Code,
    /// Wait for the browser, where the person signs in with the company's own sign-in.
    Browser,
    /// Go through a personal link: password, authenticator, recovery codes.
    Enrol,
    /// The account is being opened: the keychain and the databases are asked.
    Opening,
    /// The app is locked: ask for its passphrase.
    Locked,
    /// Something on this machine has to be put right first; `problem` says what.
    Blocked,
    /// The inbox.
    Ready,
}

/// A single sign-on whose browser is awaited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct BrowserWait {
    /// With whom the person signs in.
    pub provider: ProviderSummary,
    /// Until when the browser is awaited, by this machine's clock.
    pub until: Timestamp,
    /// Why it came to nothing; absent while the browser is awaited.
    pub failure: Option<ErrorCode>,
}

/// Asks to begin a single sign-on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SsoBeginRequest {
    /// The provider, as `sign_in_ways` gave it.
    pub provider: ProviderSummary,
    /// The address that was typed. It names this machine's secrets and is not sent.
    pub email: String,
}

impl std::fmt::Debug for SsoBeginRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoBeginRequest").finish_non_exhaustive()
    }
}

/// The joined server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct WorkspaceSummary {
    /// The workspace.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The server's host, with the port where it is not 443.
    pub host: String,
    /// Whether the server's certificate was checked against the authority of the join link, rather
    /// than against the system's.
    pub private_authority: bool,
}

/// The signed-in teammate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct AccountSummary {
    /// The teammate; absent while the code is awaited.
    pub teammate_id: Option<TeammateId>,
    /// The name; absent while the code is awaited.
    pub name: Option<String>,
    /// The address.
    pub email: String,
    /// The role; absent while the code is awaited.
    pub role: Option<Role>,
    /// What the role allows.
    pub permissions: Vec<Permission>,
}

/// What stops the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Problem {
    /// For programs; the UI has a sentence and the fitting button for each.
    pub code: ErrorCode,
    /// For people who read English, with facts such as a path.
    pub detail: String,
    /// Whether trying again makes sense.
    pub can_retry: bool,
    /// Whether building the cache anew would help.
    pub can_reset_cache: bool,
    /// Why the session has ended, where that is what happened and the server has said it.
    pub session_end: Option<SessionEndReason>,
}

/// The way to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Connection {
    /// How it stands.
    pub state: ConnectionState,
    /// Since when.
    pub since: Timestamp,
    /// Why there is none, for `offline`.
    pub reason: Option<ErrorCode>,
    /// When the next attempt is made, for `offline`.
    pub next_attempt_at: Option<Timestamp>,
    /// How many of the outbox's entries wait.
    pub queued: u32,
    /// How many of the outbox's entries were refused.
    pub refused: u32,
    /// The first load of the cache, while it runs.
    pub bootstrap: Option<BootstrapProgress>,
    /// How far this machine's clock is ahead of the server's, in seconds.
    pub clock_ahead_s: i64,
}

/// How the way to the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Nobody is signed in.
    Idle,
    /// The connection is being made or the gap since the last one is being filled.
    Connecting,
    /// The live stream is up and the cache has reached it.
    Online,
    /// There is no way to the server.
    Offline,
}

/// How far the first load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct BootstrapProgress {
    /// How many heads are here.
    pub heads: u32,
    /// How many conversations are here whole.
    pub bodies: u32,
    /// Whether all heads are here, so that counts are right.
    pub heads_complete: bool,
}

/// Asks to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct JoinRequest {
    /// The join link's text.
    pub link: LinkText,
}

/// Asks to check the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PasswordRequest {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for PasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordRequest").finish_non_exhaustive()
    }
}

/// Sets the passphrase of a new vault, or opens the one that there is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PassphraseRequest {
    /// The passphrase, exactly as it was typed.
    pub passphrase: String,
}

impl std::fmt::Debug for PassphraseRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassphraseRequest").finish_non_exhaustive()
    }
}

/// Asks to check the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct CodeRequest {
    /// Six digits; spaces are ignored.
    pub code: String,
}

impl std::fmt::Debug for CodeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeRequest").finish_non_exhaustive()
    }
}

/// Asks to sign out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SignOutRequest {
    /// Gives up what the outbox still holds and the drafts.
    pub discard_unsent: bool,
}
