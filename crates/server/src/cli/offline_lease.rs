//! `offline-lease`.

use clap::{Args, Subcommand};
use recado_protocol::Workspace;
use recado_server::backend::BackendError;
use recado_server::console::Request;
use recado_server::offline_lease::{LONGEST_HOURS, SHORTEST_HOURS};

use super::data::Data;
use super::text::say;

/// For how long a computer without a connection may show its copy
///
/// Agents go on reading and answering while they are offline. After this time the app hides everything until the server
/// has answered again; drafts and what waits to be sent are kept. It also limits for how long somebody can read on whose
/// computer never hears that they were signed out.
#[derive(Debug, Subcommand)]
pub(super) enum OfflineLease {
    Set(Set),
    Show(Show),
}

/// Set it
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server offline-lease set --hours 8")]
pub(super) struct Set {
    /// The hours, from 1 to 168
    #[arg(long, value_parser = clap::value_parser!(u32).range(i64::from(SHORTEST_HOURS)..=i64::from(LONGEST_HOURS)))]
    hours: u32,
    #[command(flatten)]
    data: Data,
}

/// Show how long it is
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server offline-lease show")]
pub(super) struct Show {
    #[command(flatten)]
    data: Data,
}

impl OfflineLease {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        let (data, request) = match self {
            Self::Set(Set { hours, data }) => (data, Request::OfflineLeaseSet { hours }),
            Self::Show(Show { data }) => (data, Request::OfflineLeaseShow),
        };
        let workspace: Workspace = data.console().await?.ask(request).await?;
        let minutes = workspace.offline_lease_s / 60;
        let length = match minutes % 60 {
            0 if minutes == 60 => "1 hour".to_owned(),
            0 => format!("{} hours", minutes / 60),
            _ => format!("{minutes} minutes"),
        };
        say(&format!("A computer without a connection shows its copy for {length}."));
        Ok(())
    }
}
