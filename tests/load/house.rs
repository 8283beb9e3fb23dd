//! The workspace under load: its people with sessions that have begun, its conversations, and the server's process.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use recado_client::transport::ServerAddress;
use recado_protocol::{
    ConversationAccess, JoinLink, Role, SessionId, TeammateId, Timestamp, identity,
};
use recado_server::backend::{Backend, BackendSettings, Credentials, DataLock, NewTeammate};
use recado_server::clock::{Clock as _, SystemClock};
use recado_server::console::Console;
use recado_server::identity::refresh::RefreshFamily;
use recado_server::identity::token::{Secret, TokenKind};
use recado_server::import::ImportOptions;
use recado_server::import::file::{End, ImportFile};
use recado_server::serve::{RunningServer, ServeSettings};
use recado_server::storage::session::{self, StoredDevice, StoredSession};
use recado_server::storage::{DbError, change_log};
use tempfile::TempDir;

use crate::workspace;

/// The lowest cost that bcrypt knows: the passwords of a load protect nothing.
const PASSWORD_COST: u32 = 4;

/// What an agent has from its last session.
#[derive(Debug, Clone)]
pub(crate) struct Returning {
    pub(crate) session_id: SessionId,
    pub(crate) refresh: String,
    pub(crate) log_id: recado_protocol::LogId,
    pub(crate) cursor: u64,
    /// The number of the team, where there are teams.
    pub(crate) team: Option<u32>,
}

/// Which conversations each agent sees.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sight {
    /// All of them.
    All,
    /// Those of a team of so many agents, and those that are nobody's.
    OwnTeam { agents: u32 },
}

impl Sight {
    fn team_of(self, agent: u32) -> Option<u32> {
        match self {
            Self::All => None,
            Self::OwnTeam { agents } => Some(agent / agents.max(1)),
        }
    }

    fn access(self) -> ConversationAccess {
        match self {
            Self::All => ConversationAccess::all(),
            Self::OwnTeam { .. } => ConversationAccess::own_teams(),
        }
    }
}

/// The name of a team.
pub(crate) fn team_name(number: u32) -> String {
    format!("Team {number}")
}

/// A workspace with its server. Dropping it ends the server.
pub(crate) struct House {
    server: Child,
    pub(crate) link: JoinLink,
    pub(crate) channel_key: String,
    pub(crate) agents: Vec<Returning>,
    /// Who can sign in with a password: the first agent.
    pub(crate) first: (String, Credentials),
    _folder: TempDir,
}

fn settings(data_dir: &Path) -> BackendSettings {
    let mut settings = BackendSettings::new(data_dir);
    settings.password_cost = PASSWORD_COST;
    settings
}

impl House {
    /// Makes a workspace of so many agents and conversations, and starts its server.
    pub(crate) async fn open(agents: u32, sight: Sight, conversations: u32) -> Result<Self> {
        let folder = tempfile::tempdir().context("there is no folder for temporary files")?;
        let data_dir = folder.path().join("server");
        let (returning, first, channel_key) =
            furnish(&data_dir, agents, sight, conversations).await?;
        let (server, link) = start(&data_dir)?;
        Ok(Self { server, link, channel_key, agents: returning, first, _folder: folder })
    }

    pub(crate) fn address(&self) -> ServerAddress {
        ServerAddress { url: self.link.url.clone(), ca_der: self.link.ca_der.clone() }
    }

    /// The server's process.
    pub(crate) fn process(&self) -> u32 {
        self.server.id()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

type Furnished = (Vec<Returning>, (String, Credentials), String);

async fn furnish(
    data_dir: &Path,
    agents: u32,
    sight: Sight,
    conversations: u32,
) -> Result<Furnished> {
    let (people, first, channel_key) = invite(data_dir, agents, sight).await?;
    if conversations > 0 {
        import(data_dir, conversations).await?;
    }
    let backend = Backend::open(settings(data_dir)).await?;
    let workspace_id = backend.workspace_id();
    let db = backend.core().db();
    let head = db.read(async move |tx| change_log::head(tx, workspace_id).await).await?;
    let now = backend.core().now();
    let (mut returning, mut sessions) = (Vec::new(), Vec::new());
    let mut ids = backend.core().ids(now);
    for (number, teammate_id) in (0..).zip(people) {
        let refresh = Secret::generate(TokenKind::Refresh)?;
        let session_id = SessionId::from_uuid(ids.next_id());
        sessions.push(stored(session_id, teammate_id, &refresh, now));
        returning.push(Returning {
            session_id,
            refresh: refresh.expose().to_owned(),
            log_id: head.log_id,
            cursor: head.seq,
            team: sight.team_of(number),
        });
    }
    db.write(async move |tx| {
        for stored in &sessions {
            session::insert(tx, stored).await?;
        }
        Ok::<_, DbError>(())
    })
    .await?;
    Ok((returning, first, channel_key))
}

/// Makes the agents and the customers' channel.
async fn invite(
    data_dir: &Path,
    agents: u32,
    sight: Sight,
) -> Result<(Vec<TeammateId>, (String, Credentials), String)> {
    let _lock = DataLock::try_take(data_dir)?.context("the folder is in use")?;
    let backend = Backend::open(settings(data_dir)).await?;
    let begun = Instant::now();
    let (mut people, mut first) = (Vec::new(), None);
    for number in 0..agents.max(1) {
        let email = format!("agent{number}@load.example");
        let new = NewTeammate {
            email: email.clone(),
            name: format!("Agent {number}"),
            role: Role::Agent,
            access: sight.access(),
            teams: sight.team_of(number).map(team_name).into_iter().collect(),
            password: None,
        };
        let added = backend.add_teammate(new).await?;
        people.push(added.teammate.id);
        first.get_or_insert((email, added.credentials));
    }
    eprintln!("{} agents in {:.1} s", people.len(), begun.elapsed().as_secs_f64());
    let channel_key = backend.add_channel("Load").await?.expose().to_owned();
    Ok((people, first.context("there is nobody")?, channel_key))
}

fn stored(
    id: SessionId,
    teammate_id: TeammateId,
    refresh: &Secret,
    now: Timestamp,
) -> StoredSession {
    let device = identity::Device {
        id: id.to_string(),
        name: "load".to_owned(),
        system: "load".to_owned(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    StoredSession {
        id,
        teammate_id,
        device: StoredDevice::new(&device),
        address: None,
        created_at: now,
        last_used_at: now,
        factor_at: now,
        end_reason: None,
        erased_at: None,
        unseen: false,
        family: RefreshFamily::new(refresh.hash()),
    }
}

/// As `recado-server import` does.
async fn import(data_dir: &Path, conversations: u32) -> Result<()> {
    let path = data_dir.join("generated.jsonl");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    workspace::write(usize::try_from(conversations)?, &mut file)?;
    std::io::Write::flush(&mut file)?;
    let import = ImportFile {
        path: path.clone(),
        source: "generated".to_owned(),
        report: None,
        options: ImportOptions::default(),
    };
    let begun = Instant::now();
    let outcome = import.run(Console::open(settings(data_dir)).await?, SystemClock.now()).await?;
    ensure!(outcome.end == End::Complete, "{}", outcome.text);
    let seconds = begun.elapsed().as_secs_f64();
    let rate = f64::from(conversations) / seconds;
    println!("{conversations} conversations imported in {seconds:.1} s, {rate:.0} a second");
    std::fs::remove_file(path)?;
    Ok(())
}

fn start(data_dir: &Path) -> Result<(Child, JoinLink)> {
    let own = std::env::current_exe().context("this program cannot be found")?;
    let mut server = Command::new(own)
        .arg("serve")
        .arg(data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the server was not started")?;
    let output = server.stdout.take().context("the server has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let link = line.trim().parse().map_err(|_| anyhow::anyhow!("the server said {line:?}"))?;
    Ok((server, link))
}

/// Runs the server until its standard input ends, as it does with the program that started it.
pub(crate) async fn serve(data_dir: PathBuf) -> Result<()> {
    let mut settings = ServeSettings::new(&data_dir);
    settings.backend.password_cost = PASSWORD_COST;
    let server = RunningServer::start(settings, TcpListener::bind("127.0.0.1:0")?).await?;
    println!("{}", server.join_link());
    let ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    ended.await??;
    server.stop().await;
    Ok(())
}
