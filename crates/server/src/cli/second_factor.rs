//! `second-factor`.

use clap::{Args, Subcommand};
use recado_protocol::Role;
use recado_server::backend::{BackendError, OwnFactorSetting};
use recado_server::console::Request;

use super::data::Data;
use super::teammate::role;
use super::text::say;

/// Ask teammates for an authenticator that nobody else has seen
///
/// Everybody signs in with a second factor. An account made by `teammate add` has an authenticator that whoever made it has
/// seen; this asks its owner to set up another one.
#[derive(Debug, Subcommand)]
pub(super) enum SecondFactor {
    Require(Require),
    Off(Off),
    Show(Show),
}

/// Ask for it, after some days of grace
///
/// Within the days of grace the app reminds with the date. After them, signing in leads through setting it up, and to
/// nothing else before it is done.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server second-factor require --days 14
  recado-server second-factor require --role admin --days 0")]
pub(super) struct Require {
    /// Only this role: admin, agent or light-agent; without it, everybody. May be given more than once
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// The days of grace, from now on or from when an account is made
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=90))]
    days: u32,
    #[command(flatten)]
    data: Data,
}

/// Ask for it no more
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server second-factor off --role agent")]
pub(super) struct Off {
    /// Only this role; without it, everybody. May be given more than once
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    #[command(flatten)]
    data: Data,
}

/// Show who is asked for it
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server second-factor show")]
pub(super) struct Show {
    #[command(flatten)]
    data: Data,
}

impl SecondFactor {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        let (data, request) = match self {
            Self::Require(Require { roles, days, data }) => {
                (data, Request::OwnFactorSet { roles: or_all(roles), grace_days: Some(days) })
            }
            Self::Off(Off { roles, data }) => {
                (data, Request::OwnFactorSet { roles: or_all(roles), grace_days: None })
            }
            Self::Show(Show { data }) => (data, Request::OwnFactorShow),
        };
        let settings: Vec<OwnFactorSetting> = data.console().await?.ask(request).await?;
        if settings.is_empty() {
            say("Nobody is asked for an authenticator of their own.");
        }
        for OwnFactorSetting { role, grace_days, .. } in settings {
            let role = role.name().replace('_', "-");
            say(&format!("{role}: asked for, after {grace_days} days of grace"));
        }
        Ok(())
    }
}

fn or_all(roles: Vec<Role>) -> Vec<Role> {
    if roles.is_empty() { Role::ALL.to_vec() } else { roles }
}
