//! A workspace to look at: about a thousand real conversations, teammates of every role, and customers who go on
//! writing. For this machine alone, and gone when it ends.

mod chance;
mod channel_client;
mod conversations;
mod customers;
mod names;
mod notes;
mod people;
mod plan;
mod stage;
mod welcome;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use recado_protocol::access::AccessScope;
use recado_protocol::{ConversationAccess, TeamId};
use zeroize::Zeroizing;

use crate::announcement::{AnnouncedAccount, Announcement};
use crate::backend::{Backend, BackendError, NewTeammate};
use crate::core::ChannelPrincipal;
use crate::serve::{RunningServer, ServeSettings};
use crate::storage::{DbError, channel, team};

use channel_client::ChannelClient;
use customers::{Customers, Writer};
use people::{CHANNEL_NAME, Person, Team, WORKSPACE_NAME};
use plan::Plan;
use stage::Cast;

/// The cost of the passwords' hashes: they are random and live as long as the demo, so a fast start counts for more.
const PASSWORD_COST: u32 = 10;

/// What a demo runs with.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoSettings {
    /// Where its data lie; without it, in a temporary directory that is removed at the end.
    pub data_dir: Option<PathBuf>,
    /// How many times as fast as people the customers write; `None` where they are silent.
    pub pace: Option<f64>,
    /// The cost of the passwords' hashes.
    pub password_cost: u32,
}

impl Default for DemoSettings {
    fn default() -> Self {
        Self { data_dir: None, pace: Some(1.0), password_cost: PASSWORD_COST }
    }
}

/// A running demo.
pub struct Demo {
    server: RunningServer,
    announcement: Announcement,
    customers: Option<Customers>,
    /// Removed when this is dropped, after the server.
    _scratch: Option<tempfile::TempDir>,
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demo").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Demo {
    /// Starts a server on a listener of this machine's own and fills it. When this returns, it can be signed in to.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if others than this machine could reach the listener, or the data directory is not
    /// empty; otherwise what keeps a server from running.
    pub async fn start(
        settings: DemoSettings,
        listener: TcpListener,
    ) -> Result<Self, BackendError> {
        let address = listener
            .local_addr()
            .map_err(|source| BackendError::Network { what: "cannot listen".to_owned(), source })?;
        require_loopback(address)?;
        let (data_dir, scratch) = directory(settings.data_dir.as_deref())?;
        let mut serve = ServeSettings::new(data_dir);
        serve.backend.workspace_name = WORKSPACE_NAME.to_owned();
        serve.backend.password_cost = settings.password_cost;
        let now = serve.backend.clock.now();
        let prepared = tokio::task::spawn_blocking(move || {
            let records = conversations::shipped(now)
                .map_err(|error| BackendError::Internal(error.to_string()))?;
            let Plan { scenes, newcomers } = plan::plan(records, now);
            Ok::<_, BackendError>((stage::prepare(scenes)?, newcomers))
        });
        let server = RunningServer::start(serve, listener).await?;
        let backend = server.backend();
        let (cast, accounts, key) = hire(backend).await?;
        let (prepared, newcomers) =
            prepared.await.map_err(|error| BackendError::Internal(error.to_string()))??;
        let stored = stage::store(backend.core(), &cast, prepared).await?;

        let announcement = Announcement::new(&server, accounts, Some(key.as_str().to_owned()));
        let customers = match settings.pace {
            None => None,
            Some(pace) => {
                let client = client(&server, address, key)?;
                let writers = stored
                    .into_iter()
                    .filter(|(_, scene)| !scene.held_back.is_empty())
                    .map(|(id, scene)| Writer::new(id, &scene.record.source_id, scene.held_back))
                    .collect();
                Some(Customers::new(client, pace, writers, newcomers))
            }
        };
        Ok(Self { server, announcement, customers, _scratch: scratch })
    }

    /// How to reach it and who may sign in.
    #[must_use]
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// The same for people.
    #[must_use]
    pub fn welcome(&self) -> String {
        welcome::text(&self.announcement)
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &RunningServer {
        &self.server
    }

    /// Has the customers write until `shutdown` ends, then stops the server and removes what is temporary.
    ///
    /// # Errors
    /// What keeps the server from going on.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), BackendError> {
        let customers = self.customers.take();
        let customers = async {
            if let Some(customers) = customers {
                customers.run().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = shutdown => {}
            () = customers => {}
            error = self.server.failed() => return Err(error),
        }
        self.server.stop().await;
        Ok(())
    }
}

/// Whoever reaches the demo could try the passwords that stand on the terminal, so nobody else does.
///
/// # Errors
/// [`BackendError::Refused`] for an address that is not this machine's own.
pub fn require_loopback(address: SocketAddr) -> Result<(), BackendError> {
    if address.ip().is_loopback() {
        Ok(())
    } else {
        Err(BackendError::Refused(format!(
            "the demo is for this machine alone and does not listen on {address}; leave --listen out, or give a \
             loopback address such as 127.0.0.1:8443"
        )))
    }
}

fn directory(given: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), BackendError> {
    let Some(path) = given else {
        let scratch = tempfile::Builder::new()
            .prefix("recado-demo-")
            .tempdir()
            .map_err(|source| BackendError::DataDirectory { path: std::env::temp_dir(), source })?;
        return Ok((scratch.path().to_owned(), Some(scratch)));
    };
    let empty = match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(source) => {
            return Err(BackendError::DataDirectory { path: path.to_owned(), source });
        }
    };
    if !empty {
        return Err(BackendError::Refused(format!(
            "there is something in {path} already; give the demo a directory of its own, or go on with a former demo by \
             recado-server serve --data-dir {path}",
            path = path.display()
        )));
    }
    Ok((path.to_owned(), None))
}

/// Makes teams, teammates and the channel.
async fn hire(
    backend: &Backend,
) -> Result<(Cast, Vec<AnnouncedAccount>, Zeroizing<String>), BackendError> {
    let workspace_id = backend.workspace_id();
    let mut people = BTreeMap::new();
    let mut accounts = Vec::new();
    for person in Person::ALL.iter().copied() {
        let teams = person.teams().iter().map(|team| team.name().to_owned()).collect();
        let access = match person {
            Person::Ana => ConversationAccess::all(),
            Person::Ben => ConversationAccess { scope: AccessScope::OwnTeams, unassigned: false },
            Person::Mei => ConversationAccess::own_teams(),
            Person::Jonas => ConversationAccess::assigned(),
            Person::Priya => ConversationAccess {
                scope: AccessScope::AllExcept {
                    team_ids: vec![team_id(backend, Team::Bank).await?],
                },
                unassigned: true,
            },
        };
        let added = backend
            .add_teammate(NewTeammate {
                email: person.email().to_owned(),
                name: person.name().to_owned(),
                role: person.role(),
                access,
                teams,
                password: None,
            })
            .await?;
        people.insert(person, added.teammate.id);
        accounts.extend(AnnouncedAccount::new(&added));
    }
    let mut teams = BTreeMap::new();
    for team in Team::ALL.iter().copied() {
        teams.insert(team, team_id(backend, team).await?);
    }
    let key = backend.add_channel(CHANNEL_NAME).await?;
    let channel_id = backend
        .core()
        .db()
        .read(async move |tx| channel::find_by_name(tx, workspace_id, CHANNEL_NAME).await)
        .await?
        .ok_or(DbError::RowNotFound)?;
    let channel = ChannelPrincipal { workspace_id, channel_id };
    Ok((Cast { channel, people, teams }, accounts, Zeroizing::new(key.expose().to_owned())))
}

async fn team_id(backend: &Backend, wanted: Team) -> Result<TeamId, BackendError> {
    let workspace_id = backend.workspace_id();
    let found = backend
        .core()
        .db()
        .read(async move |tx| team::find_by_name(tx, workspace_id, wanted.name()).await)
        .await?;
    Ok(found.ok_or(DbError::RowNotFound)?)
}

fn client(
    server: &RunningServer,
    address: SocketAddr,
    key: Zeroizing<String>,
) -> Result<ChannelClient, BackendError> {
    let unusable = |what: &str| BackendError::Internal(format!("the demo's certificate: {what}"));
    let ca_der = server.join_link().ca_der.clone().ok_or_else(|| unusable("none"))?;
    ChannelClient::new(address, ca_der.into(), key).map_err(|error| unusable(&error.to_string()))
}

#[cfg(test)]
mod tests;
