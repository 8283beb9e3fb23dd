//! The host interface: what the UI asks of the program around it, and what it is told.
//!
//! [`Commands`] is the one list: its fields name the commands, its tuples their request and their
//! response. The router in Rust and the typed `invoke` in TypeScript both come from it.

use serde::{Deserialize, Serialize};

mod enrolment;
mod inbox;
mod own_account;
mod policy;
mod session;
mod settings;

pub use enrolment::*;
pub use inbox::*;
pub use own_account::*;
pub use policy::*;
pub use session::*;
pub use settings::*;

use crate::account::{
    AccountSecurity, ChangePasswordRequest, PasswordCheck, PasswordCheckRequest, RecoveryCodes,
    SeenSessionsRequest, SessionList,
};
use crate::checkup::SecurityCheckup;
use crate::enrolment::{EnrolmentLinks, InviteRequest, MadeLink};
use crate::error::ErrorCode;
use crate::id::{CommandId, ConversationId};
use crate::sso::{SignInWays, SignInWaysRequest};

/// An error as the UI gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// For programs; the UI has a sentence for each.
    pub code: ErrorCode,
    /// For people who read English, where the UI's own sentence says too little.
    pub message: String,
    /// When to try again, in seconds, where that is known.
    pub retry_after_s: Option<u32>,
}

/// Nothing to ask or to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Empty {}

/// Every command: field = name, tuple = (request, response).
#[derive(ts_rs::TS)]
pub struct Commands {
    /// What to show first.
    pub app_state: (Empty, AppState),
    /// Reads a join link, asks the server who it is and remembers it. A personal link is opened as well.
    pub workspace_join: (JoinRequest, AppState),
    /// Forgets the joined server before anybody signed in.
    pub workspace_leave: (Empty, AppState),
    /// Checks the password.
    pub sign_in: (PasswordRequest, AppState),
    /// Checks the second factor and opens the workspace.
    pub sign_in_code: (CodeRequest, AppState),
    /// Shows a recovery code in place of the second factor, and opens the workspace.
    pub sign_in_recovery: (RecoveryCodeRequest, AppState),
    /// Goes back to the password.
    pub sign_in_cancel: (Empty, AppState),
    /// How somebody with this address may sign in.
    pub sign_in_ways: (SignInWaysRequest, SignInWays),
    /// Begins a single sign-on and opens the browser for it.
    pub sso_begin: (SsoBeginRequest, AppState),
    /// Opens the browser again, for somebody who has closed it.
    pub sso_open_again: (Empty, AppState),
    /// Awaits the browser no longer, and goes back to the first step.
    pub sso_cancel: (Empty, AppState),
    /// Chooses name and password by a personal link.
    pub enrolment_password: (EnrolmentPasswordRequest, AppState),
    /// Goes back to name and password.
    pub enrolment_back: (Empty, AppState),
    /// Shows the second factor, which completes a personal link.
    pub enrolment_code: (EnrolmentCodeRequest, AppState),
    /// Opens the workspace, once the recovery codes are kept.
    pub enrolment_finish: (Empty, AppState),
    /// Leaves a personal link as it is, to be gone on with later, and shows the sign-in.
    pub enrolment_cancel: (Empty, AppState),
    /// Ends the session and destroys this machine's copy. Refused while unsent work would be lost,
    /// unless `discard_unsent` is set.
    pub sign_out: (SignOutRequest, AppState),
    /// Tries at once to reach the server, instead of after the wait; one that asked to be left
    /// alone for a time is not asked earlier.
    pub connection_retry: (Empty, Empty),
    /// Tries again what a problem with the keychain or the disk has stopped.
    pub problem_retry: (Empty, AppState),
    /// Builds the cache anew from the server. The outbox and the drafts stay.
    pub cache_reset: (Empty, AppState),
    /// Keeps secrets in a file behind this passphrase, where the system has no keychain.
    pub vault_create: (PassphraseRequest, AppState),
    /// Gives the passphrase.
    pub vault_unlock: (PassphraseRequest, AppState),
    /// Moves what lies behind the passphrase into the system's keychain, where there is one after all.
    pub vault_leave: (Empty, AppState),
    /// Stores nothing, where the system has no keychain.
    pub storage_decline: (Empty, AppState),

    /// Sets the app lock's passphrase.
    pub app_lock_set: (AppLockRequest, AppState),
    /// Takes the app lock away.
    pub app_lock_remove: (PassphraseRequest, AppState),
    /// Locks the app.
    pub app_lock: (Empty, AppState),
    /// Unlocks the app.
    pub app_unlock: (PassphraseRequest, AppState),

    /// The views with their counts.
    pub sidebar: (Empty, Sidebar),
    /// Teammates, teams and tags to choose from.
    pub directory: (Empty, Directory),
    /// One page of a view's list.
    pub inbox_page: (InboxRequest, InboxPage),
    /// A conversation with its newest parts.
    pub conversation_open: (OpenRequest, ConversationView),
    /// Older parts.
    pub conversation_parts: (PartsRequest, PartsPage),
    /// Does something; answers as soon as it is stored in the outbox.
    pub command_submit: (SubmitRequest, Submitted),
    /// What waits or was refused.
    pub outbox: (ListedRequest, Outbox),
    /// Tries refused entries again, in the order in which they were done.
    pub outbox_retry: (OutboxRetryRequest, Empty),
    /// Gives an entry up.
    pub outbox_discard: (OutboxRequest, Empty),
    /// Keeps a half-written reply or note; an empty text removes it.
    pub draft_save: (Draft, Empty),
    /// Kept drafts.
    pub drafts: (ListedRequest, Drafts),
    /// Searches the cache or the server.
    pub search: (SearchRequest, SearchResults),

    /// How one's own account is protected.
    pub account_security: (Empty, AccountSecurity),
    /// Shows the second factor again, for what is dangerous.
    pub step_up: (CodeRequest, AccountSecurity),
    /// Has the company's own sign-in ask anew who sits here; answers when the browser has come back.
    pub step_up_sso: (Empty, AccountSecurity),
    /// Opens the page once more that the browser was sent to.
    pub step_up_sso_open_again: (Empty, Empty),
    /// Awaits the browser no longer.
    pub step_up_sso_cancel: (Empty, Empty),
    /// What there is against a password that somebody thinks of, for their account or by a personal link.
    pub password_check: (PasswordCheckRequest, PasswordCheck),
    /// Replaces the password.
    pub password_change: (ChangePasswordRequest, AccountSecurity),
    /// Makes new recovery codes, which are shown this once. After a personal link: those that were made with it.
    pub recovery_codes_make: (Empty, RecoveryCodes),
    /// Writes recovery codes to a file that only this user may read.
    pub recovery_codes_save: (RecoveryCodes, SavedFile),
    /// Begins to set up another authenticator. By a personal link: the one that is being set up.
    pub authenticator_setup: (Empty, AuthenticatorPicture),
    /// Puts the new authenticator in the place of the present one.
    pub authenticator_confirm: (CodeRequest, AccountSecurity),
    /// Sessions with their machines.
    pub sessions: (SessionsRequest, SessionList),
    /// Ends sessions, or has their machines erase their copies.
    pub sessions_end: (SessionsEndRequest, SessionList),
    /// Says that sessions where the account was not known are one's own doing.
    pub sessions_seen: (SeenSessionsRequest, SessionList),
    /// How well the workspace is protected, for an admin.
    pub security_checkup: (Empty, SecurityCheckup),

    /// Invitations and resets of the past 90 days, for an admin.
    pub personal_links: (Empty, EnrolmentLinks),
    /// Invites somebody. The link is shown this once.
    pub personal_link_invite: (InviteRequest, MadeLink),
    /// Lets a teammate set anew what they sign in with. The link is shown this once.
    pub personal_link_reset: (PersonalLinkResetRequest, MadeLink),
    /// Withdraws an invitation or a reset.
    pub personal_link_revoke: (PersonalLinkRevokeRequest, EnrolmentLinks),

    /// Stores the settings.
    pub settings_save: (Settings, AppState),
    /// What this program is and where it keeps things.
    pub about: (Empty, About),
    /// Opens a link outside, if its scheme is allowed.
    pub link_open: (LinkRequest, Empty),
    /// Tells which conversation is on the screen, so that it is not notified about.
    pub focus_changed: (FocusRequest, Empty),
}

impl Commands {
    /// The name of every command. A test holds it equal to the fields.
    pub const NAMES: &'static [&'static str] = &[
        "app_state",
        "workspace_join",
        "workspace_leave",
        "sign_in",
        "sign_in_code",
        "sign_in_recovery",
        "sign_in_cancel",
        "sign_in_ways",
        "sso_begin",
        "sso_open_again",
        "sso_cancel",
        "enrolment_password",
        "enrolment_back",
        "enrolment_code",
        "enrolment_finish",
        "enrolment_cancel",
        "sign_out",
        "connection_retry",
        "problem_retry",
        "cache_reset",
        "vault_create",
        "vault_unlock",
        "vault_leave",
        "storage_decline",
        "app_lock_set",
        "app_lock_remove",
        "app_lock",
        "app_unlock",
        "sidebar",
        "directory",
        "inbox_page",
        "conversation_open",
        "conversation_parts",
        "command_submit",
        "outbox",
        "outbox_retry",
        "outbox_discard",
        "draft_save",
        "drafts",
        "search",
        "account_security",
        "step_up",
        "step_up_sso",
        "step_up_sso_open_again",
        "step_up_sso_cancel",
        "password_check",
        "password_change",
        "recovery_codes_make",
        "recovery_codes_save",
        "authenticator_setup",
        "authenticator_confirm",
        "sessions",
        "sessions_end",
        "sessions_seen",
        "security_checkup",
        "personal_links",
        "personal_link_invite",
        "personal_link_reset",
        "personal_link_revoke",
        "settings_save",
        "about",
        "link_open",
        "focus_changed",
    ];
}

/// What the host tells the UI without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HostEvent {
    /// The phase, the account, the settings or a problem changed.
    StateChanged {
        /// The new state.
        state: Box<AppState>,
    },
    /// The connection or its progress changed.
    ConnectionChanged {
        /// The new state.
        connection: Connection,
    },
    /// These conversations changed in the cache or in the outbox. Lists, counts and an open
    /// conversation among them are to be read again.
    ConversationsChanged {
        /// Which; empty means that any may have.
        conversation_ids: Vec<ConversationId>,
    },
    /// A conversation left the teammate's view and is gone from this machine.
    ConversationLeft {
        /// Which.
        conversation_id: ConversationId,
        /// The customer's name, for the line that says so.
        contact_name: Option<String>,
    },
    /// Teammates, teams or tags changed.
    DirectoryChanged,
    /// The account was signed in to where it was not known, or its list of sessions has changed elsewhere.
    SessionsChanged,
    /// An entry of the outbox changed its state.
    OutboxChanged {
        /// Which.
        command_id: CommandId,
    },
    /// Somebody asked for a conversation from outside: a notification or a link.
    OpenConversation {
        /// Which.
        conversation_id: ConversationId,
    },
    /// A join link arrived from outside. It is shown for confirmation, never followed by itself.
    JoinLinkReceived {
        /// The link's text.
        link: LinkText,
    },
}
