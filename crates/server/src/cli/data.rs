//! Which data a command works on.

use std::path::PathBuf;

use clap::Args;
use recado_server::backend::{BackendError, BackendSettings, Database};
use recado_server::console::Console;
use recado_server::identity::sealed::{SECRETS_VARIABLE, SecretsSource};

/// Which data a command works on.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The directory for everything that lies on this machine
    ///
    /// Made for its owner alone where it is missing. Back it up; of the files in it, keep secrets.json apart from the
    /// rest, since together they open every second factor.
    #[arg(long, value_name = "DIR", env = "RECADO_DATA_DIR", default_value = "recado-data")]
    pub(super) data_dir: PathBuf,

    /// A PostgreSQL address, or the path of a SQLite file
    ///
    /// Without it, a SQLite file in the data directory. A PostgreSQL server on another machine is reached through TLS
    /// only; its address may name sslrootcert.
    #[arg(long, value_name = "URL", env = "RECADO_DATABASE", hide_env_values = true)]
    pub(super) database: Option<String>,

    /// The file with the servers' own secrets, shared by all nodes
    ///
    /// Without it, secrets.json in the data directory, made at the first start. The environment variable RECADO_SECRETS
    /// may hold the secrets themselves instead.
    #[arg(long, value_name = "FILE", env = "RECADO_SECRETS_FILE")]
    pub(super) secrets_file: Option<PathBuf>,
}

impl Data {
    /// The settings of a backend on this data.
    pub(super) fn settings(&self) -> Result<BackendSettings, BackendError> {
        let mut settings = BackendSettings::new(&self.data_dir);
        settings.secrets = SecretsSource::choose(
            std::env::var_os(SECRETS_VARIABLE),
            self.secrets_file.as_ref().map(|path| path.as_os_str().to_owned()),
            &self.data_dir,
        )?;
        if let Some(database) = &self.database {
            settings.database = Database::At(database.clone());
        }
        Ok(settings)
    }

    /// The way to the workspace: through the running server, or to the data itself.
    pub(super) async fn console(&self) -> Result<Console, BackendError> {
        if let Some(console) = Console::connect(&self.data_dir).await? {
            return Ok(console);
        }
        if !self.data_dir.exists() {
            return Err(BackendError::Refused(format!(
                "there is no data in {}; start the server first, or give its --data-dir",
                self.data_dir.display()
            )));
        }
        Console::open(self.settings()?).await
    }
}
