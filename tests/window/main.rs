//! The shipped window with its real webview, keychain and notifications, driven from outside.

mod desk;
mod main_job;
mod walls;
