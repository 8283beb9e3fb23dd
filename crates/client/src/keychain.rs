//! The keychain: where the two small secrets of an account lie.
//!
//! It holds one 256-bit key-encryption key and one refresh item per account and nothing else, but while
//! the key is changed, when the next one lies beside it. A
//! failure is typed, told to the person and tried again; it never deletes, overwrites or recreates
//! anything.

use std::fmt;

use recado_protocol::{ErrorCode, WorkspaceId};
use zeroize::Zeroizing;

mod choice;
mod memory;
mod system;
mod vault;
mod worker;

pub(crate) use choice::KeychainChoice;
pub use memory::{Fault, MemoryKeychain, Operation};
pub use system::SystemKeychain;
pub use vault::{Vault, VaultError};
pub use worker::{KeychainWorker, SLOW_AFTER};

/// The largest item that is written, in bytes. Windows takes 2,560 bytes at most.
pub const MAX_ITEM_BYTES: usize = 1_024;

/// Names the vault beside the keys that it opens.
pub(crate) const fn vault_backend_id() -> &'static str {
    vault::BACKEND_ID
}

/// What an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// The key that wraps the databases' keys.
    KeyEncryptionKey,
    /// The key that is about to take the place of the former, while the keys are wrapped anew.
    NextKey,
    /// The session's refresh secrets.
    Refresh,
}

impl ItemKind {
    /// Every kind that an account may have.
    pub const ALL: &'static [Self] = &[Self::KeyEncryptionKey, Self::NextKey, Self::Refresh];
}

impl ItemKind {
    const fn name(self) -> &'static str {
        match self {
            Self::KeyEncryptionKey => "key",
            Self::NextKey => "next-key",
            Self::Refresh => "session",
        }
    }
}

/// Names an item: one kind of secret of one account on one server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemName {
    /// What it holds.
    pub kind: ItemKind,
    /// The workspace, which one server holds.
    pub workspace_id: WorkspaceId,
    /// The account's address, in lower case.
    pub email: String,
}

impl ItemName {
    /// Names an item. The case of `email` does not matter.
    pub fn new(kind: ItemKind, workspace_id: WorkspaceId, email: &str) -> Self {
        Self { kind, workspace_id, email: email.trim().to_lowercase() }
    }
}

impl ItemName {
    /// Reads what `Display` has written.
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        let (email, workspace_id) = rest.rsplit_once(' ')?;
        let kind = ItemKind::ALL.iter().find(|known| known.name() == kind)?;
        Some(Self {
            kind: *kind,
            workspace_id: workspace_id.parse().ok()?,
            email: email.to_owned(),
        })
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kind.name(), self.email, self.workspace_id)
    }
}

/// A secret's bytes, wiped from memory after use and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why the keychain did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// No service answers.
    #[error("no keychain service is running; start one, such as GNOME Keyring or KWallet")]
    NoService,
    /// It is locked, or the question to unlock it was dismissed.
    #[error("the keychain is locked; unlock it and try again")]
    Locked,
    /// It refused.
    #[error("the keychain refused access; allow Recado in the keychain's settings")]
    Denied,
    /// There is no such item.
    #[error("the keychain has no such item")]
    NoItem,
    /// There is no default collection to write into.
    #[error("the keychain has no default collection; create one in the keychain's settings")]
    NoDefaultCollection,
    /// Another keychain answers than the one that holds the key.
    #[error("another keychain is in use than the one that holds this machine's key")]
    BackendChanged,
    /// The item cannot be read as what it should be.
    #[error("the keychain's item is damaged")]
    Corrupt,
    /// It has not answered in time.
    #[error("the keychain does not answer; it may be waiting for you to unlock it")]
    Timeout,
    /// It is a file behind a passphrase, which has not been given.
    #[error("the passphrase is needed")]
    PassphraseNeeded,
    /// The item is larger than is written.
    #[error("the item is too large for a keychain")]
    TooLarge,
    /// It failed for a reason of its own.
    #[error("the keychain failed")]
    Failed,
}

impl KeychainError {
    /// Every failure.
    pub const ALL: &'static [Self] = &[
        Self::NoService,
        Self::Locked,
        Self::Denied,
        Self::NoItem,
        Self::NoDefaultCollection,
        Self::BackendChanged,
        Self::Corrupt,
        Self::Timeout,
        Self::PassphraseNeeded,
        Self::TooLarge,
        Self::Failed,
    ];

    /// The code that the UI has a sentence and a button for.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::NoService | Self::NoDefaultCollection => ErrorCode::KeychainMissing,
            Self::Locked => ErrorCode::KeychainLocked,
            Self::Timeout => ErrorCode::KeychainTimeout,
            Self::PassphraseNeeded => ErrorCode::VaultLocked,
            Self::NoItem | Self::BackendChanged | Self::Corrupt => ErrorCode::KeychainMismatch,
            Self::Denied | Self::TooLarge | Self::Failed => ErrorCode::KeychainDenied,
        }
    }
}

/// Which keychain is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeychainDescription {
    /// A name for people.
    pub name: String,
    /// Stays the same as long as the same kind of keychain is in use. It is recorded beside the
    /// wrapped keys, so that a change is noticed.
    pub backend_id: String,
}

/// Keeps small secrets. Every call may block for as long as a person takes to answer a question,
/// so it is made through [`KeychainWorker`].
pub trait Keychain: Send + Sync {
    /// Reads an item.
    ///
    /// # Errors
    ///
    /// [`KeychainError::NoItem`] if there is none; any other if that could not be found out.
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError>;

    /// Writes an item, replacing its former content.
    ///
    /// # Errors
    ///
    /// [`KeychainError::TooLarge`] above [`MAX_ITEM_BYTES`]; any other if it was not written.
    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError>;

    /// Removes an item. That there is none is not an error.
    ///
    /// # Errors
    ///
    /// Any if the item may still be there.
    fn delete(&self, item: &ItemName) -> Result<(), KeychainError>;

    /// Which keychain this is.
    fn describe(&self) -> KeychainDescription;

    /// Ends the calls in progress: they return [`KeychainError::Timeout`], and whatever the keychain was
    /// not told yet is not done any more. False if this keychain cannot do that; then they are awaited
    /// before anything else is asked.
    fn give_up(&self) -> bool {
        false
    }
}
