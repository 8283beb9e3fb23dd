//! The operating system's keychain: Secret Service on Linux, Keychain on macOS, Credential Manager on
//! Windows. There is no weaker store behind it: where it is missing, that is said.

#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;

#[cfg(any(target_os = "macos", windows))]
pub use native::SystemKeychain;
#[cfg(all(unix, not(target_os = "macos")))]
pub use secret_service::SystemKeychain;

/// Whose items they are. With [`super::ItemName`] it names an item, so neither may ever change.
const SERVICE: &str = "Recado";
