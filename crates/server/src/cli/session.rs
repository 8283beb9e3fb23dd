//! `session`.

use clap::{Args, Subcommand};
use recado_protocol::SessionId;
use recado_protocol::account::{SessionInfo, SessionList, SessionStanding};
use recado_server::backend::BackendError;
use recado_server::console::Request;

use super::data::Data;
use super::text::say;

/// See and end teammates' sessions
#[derive(Debug, Subcommand)]
pub(super) enum Session {
    List(List),
    End(End),
}

/// List the machines on which a teammate is signed in
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server session list ana@example.com")]
pub(super) struct List {
    /// The teammate's e-mail address
    email: String,
    #[command(flatten)]
    data: Data,
}

/// End a teammate's sessions, or have their machines erase their copies
///
/// A session that ends takes no effect away from the teammate's password; suspend the account to keep somebody out. An
/// erased copy comes back from the server after signing in; what was written on the machine and not sent is lost. The
/// erasing reaches a machine at once if it is connected, otherwise at its next contact.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server session end ana@example.com
  recado-server session end ana@example.com --session ses_0197f2a4c1d27b3e9a54d0c8e2b1f603 --wipe")]
pub(super) struct End {
    /// The teammate's e-mail address
    email: String,
    /// Only this session, by its id from `session list`; without it, all of them
    #[arg(long = "session", value_name = "ID")]
    session_id: Option<SessionId>,
    /// Have the machines erase their copies as well
    #[arg(long)]
    wipe: bool,
    #[command(flatten)]
    data: Data,
}

impl Session {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        match self {
            Self::List(List { email, data }) => {
                show(&data.console().await?.ask(Request::SessionList { email }).await?);
            }
            Self::End(End { email, session_id, wipe, data }) => {
                let request = Request::SessionEnd { email, session_id, wipe };
                show(&data.console().await?.ask(request).await?);
            }
        }
        Ok(())
    }
}

fn show(list: &SessionList) {
    if list.sessions.is_empty() {
        say("There is no session.");
    }
    list.sessions.iter().for_each(|session| say(&line(session)));
}

fn line(session: &SessionInfo) -> String {
    let SessionInfo { session_id, device_name, system, app_version, address, .. } = session;
    let standing = match session.standing {
        SessionStanding::Active => "active",
        SessionStanding::Ended => "ended",
        SessionStanding::WipePending => "to be erased",
        SessionStanding::Wiped => "erased",
        SessionStanding::Unknown => "unknown",
    };
    let used = jiff::Timestamp::from_second(session.last_used_at.as_seconds())
        .map_or_else(|_| "unknown".to_owned(), |used| used.to_string());
    let address = address.as_deref().unwrap_or("unknown address");
    format!(
        "{session_id}  {standing}  {device_name} ({system}, Recado {app_version}, {address})  last used {used}"
    )
}
