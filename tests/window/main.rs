//! The shipped window with its real webview, keychain and notifications, driven from outside.

mod app_lock;
mod desk;
mod desktop;
mod keychain;
mod leaving;
mod main_job;
mod offline_day;
mod provider;
mod sso;
mod starting;
mod walls;
