//! `channel`.

use clap::{Args, Subcommand};
use recado_server::backend::BackendError;
use recado_server::console::{AddedChannel, Request};

use super::data::Data;
use super::text::say;

/// Connect customers' systems
#[derive(Debug, Subcommand)]
pub(super) enum Channel {
    Add(Add),
}

/// Make a channel and print its key
///
/// A customer's system, such as a website's form or a mail gateway, opens conversations and reads replies with this key.
/// It is printed this once and kept nowhere.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  recado-server channel add website\n\nThen:\n  curl -X POST \
                       https://…/v1/channel/conversations -H 'Authorization: Bearer KEY' -H 'Idempotency-Key: 1' …"
)]
pub(super) struct Add {
    /// What people call the channel
    name: String,
    #[command(flatten)]
    data: Data,
}

impl Channel {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        let Self::Add(add) = self;
        let request = Request::ChannelAdd { name: add.name };
        let added: AddedChannel = add.data.console().await?.ask(request).await?;
        say(&format!("Channel key: {}", added.channel_key));
        say("It is shown this once. Send it as `Authorization: Bearer …`.");
        Ok(())
    }
}
