//! `serve`.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;
use recado_server::backend::BackendError;
use recado_server::http::EdgeLimits;
use recado_server::places::Proxies;
use recado_server::serve::{RunningServer, ServeSettings, TlsSettings, serve};
use recado_server::session::SessionSettings;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use url::Url;

use super::data::Data;
use super::text::say;

/// Names what is logged: `info`, or `recado_server=debug`.
const LOG_VARIABLE: &str = "RECADO_LOG";

/// Run the server
///
/// The server speaks HTTPS only. On its first start it makes its database, its secrets and an authority of its own, and
/// prints the link by which people join. Stop it with Ctrl-C or SIGTERM: requests that run are finished.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server serve
      For this machine alone, on https://127.0.0.1:8443.
  recado-server serve --listen 0.0.0.0:8443 --public-url https://recado.example.com:8443 --data-dir /var/lib/recado
      For a network. Clients trust the server's own authority, which the join link carries.
  recado-server serve --listen 0.0.0.0:443 --public-url https://recado.example.com \\
      --tls-cert chain.pem --tls-key key.pem --database postgres://recado@db.example.com/recado?sslmode=verify-full
      One of several nodes, with a public certificate and PostgreSQL.

RECADO_LOG sets what is logged, for example RECADO_LOG=debug. Logs name objects by their ids only.")]
pub(super) struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", env = "RECADO_LISTEN", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The address under which people reach the server, as it stands in the join link
    ///
    /// Must be given unless the server listens for this machine alone.
    #[arg(long, value_name = "URL", env = "RECADO_PUBLIC_URL")]
    public_url: Option<Url>,
    /// A further host name or address for the server's own certificate. May be given more than once
    #[arg(long = "name", value_name = "NAME", conflicts_with = "tls_cert")]
    names: Vec<String>,
    /// A certificate in PEM, with its whole chain, in place of the server's own
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's unencrypted key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The name of the workspace, where it is made
    #[arg(long, value_name = "NAME", default_value = "Recado")]
    workspace: String,
    /// Hours after which a session that is not used ends
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..))]
    session_idle_hours: u16,
    /// Days after which a session ends in any case
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    session_days: u16,
    /// The most connections at once, each agent's live stream among them
    #[arg(long, value_name = "NUMBER", default_value_t = 24_000, value_parser = clap::value_parser!(u32).range(16..))]
    max_connections: u32,
    /// The address of a proxy in front of the server. May be given more than once
    ///
    /// It speaks for many clients, so the limits for one address do not hold for it. This machine's own addresses are
    /// taken for proxies always.
    #[arg(long = "proxy", value_name = "ADDRESS")]
    proxies: Vec<IpAddr>,
    #[command(flatten)]
    data: Data,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        start_log("info,refinery_core=warn");
        let settings = self.settings()?;
        let network = |what: String| move |source| BackendError::Network { what, source };
        let listener = TcpListener::bind(self.listen).map_err(network(format!(
            "cannot listen on {}; is another server there? choose another --listen",
            self.listen
        )))?;
        serve(settings, listener, greet, shutdown_signals()?).await
    }

    fn settings(&self) -> Result<ServeSettings, BackendError> {
        let mut backend = self.data.settings()?;
        backend.workspace_name.clone_from(&self.workspace);
        backend.sessions = SessionSettings {
            idle_s: i64::from(self.session_idle_hours) * 3_600,
            absolute_s: i64::from(self.session_days) * 86_400,
            ..SessionSettings::default()
        };
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(chain), Some(key)) => {
                TlsSettings::Files { chain: chain.clone(), key: key.clone() }
            }
            _ => TlsSettings::OwnAuthority { names: self.names.clone() },
        };
        let limits = EdgeLimits {
            connections: self.max_connections as usize,
            proxies: Proxies::and_loopback(self.proxies.iter().copied()),
            ..EdgeLimits::default()
        };
        Ok(ServeSettings { backend, public_url: self.public_url.clone(), tls, limits })
    }
}

fn greet(server: &RunningServer) {
    say(&format!("Recado listens on {}.", server.public_url().as_str().trim_end_matches('/')));
    if server.backend().is_new() {
        say("People join with this link:");
        say(&format!("  {}", server.join_link()));
        say("Invite the first of them from another terminal:");
        say("  recado-server teammate invite you@example.com --name 'Your Name' --role admin");
    } else {
        say("`recado-server join-link` prints the link by which people join.");
    }
}

/// Ends when the system or the terminal asks the program to stop.
pub(super) fn shutdown_signals() -> Result<impl Future<Output = ()>, BackendError> {
    let no_signals = |source| BackendError::Network {
        what: "cannot hear the system's signals".to_owned(),
        source,
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}

/// Logs to standard error what [`LOG_VARIABLE`] names, or else `usual`.
pub(super) fn start_log(usual: &str) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_filter(filter_fn(may_be_logged))
        // Outermost, since it alone knows below which level nothing need be looked at.
        .with_filter(filter);
    tracing_subscriber::registry().with(lines).init();
}

/// Whether a line may be logged, whatever is asked for. Libraries that are asked for details log what nobody may read
/// there: the parameters of every statement, the headers of a request.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("recado") || *metadata.level() <= Level::INFO
}
