//! What tests and development stand on: the real server in this process, people with accounts on
//! it, headless clients, a customer's system, and the browser host for the UI.

pub mod browser_host;
pub mod client;
pub mod file_keychain;
pub mod identity_provider;
#[cfg(target_os = "linux")]
pub mod memory_scan;
pub mod process;
pub mod profile_scan;
pub mod recording;
pub mod relay;
pub mod scenario;
pub mod server;
pub mod simulator;

pub use browser_host::BrowserHost;
pub use client::TestClient;
pub use recording::{Answered, RecordingTransports, Weather};
pub use relay::{Passage, Relay};
pub use server::{Channel, Engine, Person, TestServer};
