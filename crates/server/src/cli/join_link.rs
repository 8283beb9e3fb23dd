//! `join-link`.

use clap::Args;
use recado_server::backend::BackendError;
use recado_server::console::{JoinLinkReply, Request};

use super::data::Data;
use super::text::say;

/// Print the link by which people join with the app
///
/// The link names the server's address, its workspace and, where the server has its own authority, the certificate that
/// the app is to trust. It holds no secret. The server must be running.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server join-link --data-dir /var/lib/recado")]
pub(super) struct JoinLink {
    #[command(flatten)]
    data: Data,
}

impl JoinLink {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        let reply: JoinLinkReply = self.data.console().await?.ask(Request::JoinLink).await?;
        say(&reply.join_link);
        Ok(())
    }
}
