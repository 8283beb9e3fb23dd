//! Settings of this installation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the agent chose on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Settings {
    /// The UI's language.
    pub language: Language,
    /// Light or dark.
    pub theme: Theme,
    /// How close the list's rows stand.
    pub density: Density,
    /// What notifications show.
    pub notifications: NotificationContent,
    /// Whether shortcuts of a single letter work.
    pub single_letter_keys: bool,
    /// Keys that differ from the default: command id of the UI to its keys.
    pub keys: BTreeMap<String, Vec<String>>,
    /// After how many minutes without a key or a movement the app locks; 0: never.
    pub lock_after_min: u32,
    /// Widths of the panes in pixels and which are folded, as the UI names them.
    pub layout: BTreeMap<String, u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::System,
            theme: Theme::System,
            density: Density::Comfortable,
            notifications: NotificationContent::Full,
            single_letter_keys: true,
            keys: BTreeMap::new(),
            lock_after_min: 15,
            layout: BTreeMap::new(),
        }
    }
}

/// The UI's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// As the system has it.
    System,
    /// English.
    En,
    /// Spanish.
    Es,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How close the list's rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// Three lines a row.
    Comfortable,
    /// Two lines a row.
    Compact,
}

/// What notifications show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum NotificationContent {
    /// Who wrote and the first words.
    Full,
    /// Who wrote.
    Sender,
    /// That somebody wrote.
    Hidden,
    /// There are none.
    Off,
}

/// What this program is and where it keeps things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct About {
    /// The program's version.
    pub version: String,
    /// The name of the keychain in use.
    pub keychain: String,
    /// The version of SQLCipher.
    pub cipher_version: String,
    /// The folder of this machine's data.
    pub data_dir: String,
    /// The size of the cache in bytes.
    pub cache_size_bytes: u64,
    /// How many conversations the cache knows.
    pub conversations: u64,
}

/// Asks to open a link outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct LinkRequest {
    /// The address.
    pub url: String,
}

/// Tells what is on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct FocusRequest {
    /// The open conversation.
    pub conversation_id: Option<crate::id::ConversationId>,
    /// Whether the window has the focus.
    pub window_focused: bool,
}
