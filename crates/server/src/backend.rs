//! A workspace's server without its network: what `serve` puts behind the router, and what a console command works on
//! when no server runs.

mod credentials;
mod enrolments;
mod error;
mod lock;
mod offline_lease;
mod own_factor;
mod sessions;
mod sso;
mod teammates;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recado_protocol::WorkspaceId;

use crate::channel_key::ChannelKeys;
use crate::clock::{SharedClock, SystemClock};
use crate::core::Core;
use crate::enrolment::Enrolments;
use crate::identity::limiter::LimiterPolicies;
use crate::identity::password::{Blocklist, DEFAULT_COST, PasswordHasher, PasswordPolicy};
use crate::identity::sealed::{SecretsSource, ServerSecrets};
use crate::identity::sealer::Sealer;
use crate::identity::totp::TotpSealer;
use crate::ids::{SharedEntropy, SystemEntropy};
use crate::own_account::OwnAccount;
use crate::session::{SessionSettings, Sessions};
use crate::sign_in::{HashingPool, SignIn};
use crate::sso::{Sso, SsoSettings};
use crate::storage::Db;
use crate::tls::CertificateAuthority;

pub use credentials::Credentials;
pub use enrolments::{LinkSettings, NewLink};
pub use error::BackendError;
pub use lock::DataLock;
pub use own_factor::OwnFactorSetting;
pub use sso::{GroupMapping, NewProvider, ProviderReport, ProviderTest};
pub use teammates::{AddedTeammate, NewTeammate, TeammateChange};

/// Name of the database file in the data directory.
const DATABASE_FILE: &str = "recado.db";

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file in the data directory.
    InDataDirectory,
    /// Nothing that outlives the process.
    Memory,
    /// A `postgres://…` address or the path of a SQLite file.
    At(String),
    /// A schema of its own in a PostgreSQL database.
    PostgresSchema {
        /// The address.
        url: String,
        /// The schema.
        schema: String,
    },
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address may hold a password.
        f.write_str(match self {
            Self::InDataDirectory => "InDataDirectory",
            Self::Memory => "Memory",
            Self::At(_) => "At",
            Self::PostgresSchema { .. } => "PostgresSchema",
        })
    }
}

/// What a backend is opened with.
#[derive(Clone)]
pub struct BackendSettings {
    /// The directory of everything that lies on this machine. Made if it is missing.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// The servers' own secrets.
    pub secrets: SecretsSource,
    /// The name of the workspace, where it is made.
    pub workspace_name: String,
    /// How long sessions last.
    pub sessions: SessionSettings,
    /// How many guesses are heard.
    pub limiter: LimiterPolicies,
    /// The cost of a password's hash.
    pub password_cost: u32,
    /// What single sign-on works by.
    pub sso: SsoSettings,
    /// The clock.
    pub clock: SharedClock,
    /// Where ids come from.
    pub entropy: SharedEntropy,
}

impl BackendSettings {
    /// The settings of an ordinary server on a data directory.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            secrets: SecretsSource::OwnFile(data_dir.join(crate::identity::sealed::FILE_NAME)),
            data_dir,
            database: Database::InDataDirectory,
            workspace_name: "Recado".to_owned(),
            sessions: SessionSettings::default(),
            limiter: LimiterPolicies::default(),
            password_cost: DEFAULT_COST,
            sso: SsoSettings::default(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

/// A workspace's server without its network. Clones share it.
#[derive(Clone)]
pub struct Backend {
    core: Core,
    workspace_id: WorkspaceId,
    sign_in: SignIn,
    sso: Sso,
    sessions: Sessions,
    own_account: OwnAccount,
    enrolments: Enrolments,
    channel_keys: ChannelKeys,
    passwords: Arc<PasswordPolicy>,
    authority: Option<Arc<CertificateAuthority>>,
    is_new: bool,
}

impl Backend {
    /// Opens the database, makes what is missing, and reads the secrets. The caller holds the data directory's
    /// [`DataLock`], unless nothing of it outlives the process.
    ///
    /// # Errors
    /// [`BackendError`].
    pub async fn open(settings: BackendSettings) -> Result<Self, BackendError> {
        let now = settings.clock.now();
        lock::make_private_directory(&settings.data_dir)?;
        let secrets = ServerSecrets::load_or_create(&settings.secrets, now.as_micros())?;
        let db = open_database(&settings.database, &settings.data_dir).await?;
        let core = Core::new(db, Arc::clone(&settings.clock), Arc::clone(&settings.entropy));
        let (workspace_id, is_new) = teammates::workspace(&core, &settings.workspace_name).await?;
        let sessions =
            Sessions::new(core.clone(), workspace_id, settings.limiter, settings.sessions);
        let hasher = PasswordHasher::new(secrets.peppers, settings.password_cost)?;
        let sealer = Arc::new(TotpSealer::new(secrets.totp_keys)?);
        let hashing = HashingPool::new(hasher);
        let passwords = Arc::new(PasswordPolicy::new(Blocklist::built_in()));
        Ok(Self {
            own_account: OwnAccount::new(
                sessions.clone(),
                hashing.clone(),
                Arc::clone(&sealer),
                Arc::clone(&passwords),
            ),
            enrolments: Enrolments::new(
                sessions.clone(),
                hashing.clone(),
                Arc::clone(&sealer),
                Arc::clone(&passwords),
            ),
            sign_in: SignIn::new(sessions.clone(), hashing, sealer),
            sso: Sso::new(sessions.clone(), Sealer::new(secrets.signing_keys), settings.sso),
            channel_keys: ChannelKeys::new(core.clone(), Arc::clone(&sessions.policies)),
            sessions,
            core,
            workspace_id,
            passwords,
            authority: secrets.certificate_authority.map(Arc::new),
            is_new,
        })
    }

    /// The server below its router.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The workspace.
    #[must_use]
    pub fn workspace_id(&self) -> WorkspaceId {
        self.workspace_id
    }

    /// Its sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Accounts, as their owners deal with them.
    #[must_use]
    pub fn own_account(&self) -> &OwnAccount {
        &self.own_account
    }

    /// Personal links: invitations and resets.
    #[must_use]
    pub fn enrolments(&self) -> &Enrolments {
        &self.enrolments
    }

    /// The way in.
    #[must_use]
    pub fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The way in by single sign-on.
    #[must_use]
    pub fn sso(&self) -> &Sso {
        &self.sso
    }

    /// The keys of customers' systems.
    #[must_use]
    pub fn channel_keys(&self) -> &ChannelKeys {
        &self.channel_keys
    }

    /// The servers' own certificate authority, if they have one.
    #[must_use]
    pub fn authority(&self) -> Option<&Arc<CertificateAuthority>> {
        self.authority.as_ref()
    }

    /// Whether the workspace was made by this opening.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

async fn open_database(database: &Database, data_dir: &Path) -> Result<Db, BackendError> {
    Ok(match database {
        Database::InDataDirectory => Db::open_sqlite(data_dir.join(DATABASE_FILE)).await?,
        Database::Memory => Db::open_sqlite_memory().await?,
        Database::At(url_or_path) => Db::open(url_or_path).await?,
        Database::PostgresSchema { url, schema } => Db::connect_postgres(url, Some(schema)).await?,
    })
}
