//! `demo`.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;
use recado_server::backend::BackendError;
use recado_server::demo::{Demo, DemoSettings, require_loopback};

use super::serve::{shutdown_signals, start_log};
use super::text::say;

/// Run a server with a made-up workspace to look at
///
/// The workspace has about a thousand real conversations from public data sets, teammates of every role with passwords
/// made anew at each start, and customers who go on writing. It is for this machine alone, and gone when it ends.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server demo
  recado-server demo --pace 4
      The customers write four times as fast.
  recado-server demo --quiet --data-dir demo-data
      The customers are silent, and the data stay: go on with `recado-server serve --data-dir demo-data`.")]
pub(super) struct DemoCommand {
    /// Where to listen: a loopback address; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A new directory for the data, which stay
    ///
    /// Without it they lie in a temporary directory, which is removed at the end.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// How many times as fast as people the customers write
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = pace)]
    pace: f64,
    /// Have the customers write nothing
    #[arg(long, conflicts_with = "pace")]
    quiet: bool,
    /// Write addresses, passwords and the channel's key as JSON to this file once the demo can be used
    ///
    /// For programs. The file is for its owner alone.
    #[arg(long, value_name = "FILE")]
    announce: Option<PathBuf>,
}

impl DemoCommand {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        start_log("warn");
        require_loopback(self.listen)?;
        let shutdown = shutdown_signals()?;
        let listener = TcpListener::bind(self.listen).map_err(|source| BackendError::Network {
            what: format!("cannot listen on {}", self.listen),
            source,
        })?;
        let settings = DemoSettings {
            data_dir: self.data_dir.clone(),
            pace: (!self.quiet).then_some(self.pace),
            ..DemoSettings::default()
        };
        let demo = Demo::start(settings, listener).await?;
        say(&demo.welcome());
        match &self.data_dir {
            Some(path) => say(&format!("Ctrl-C ends it. The data stay in {}.", path.display())),
            None => say("Ctrl-C ends it and removes everything."),
        }
        if let Some(path) = &self.announce {
            demo.announcement().write(path)?;
        }
        demo.run(shutdown).await
    }
}

fn pace(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(pace) if (0.01..=10_000.0).contains(&pace) => Ok(pace),
        _ => Err("the pace is a number such as 2 or 0.5".to_owned()),
    }
}
