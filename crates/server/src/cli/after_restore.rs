//! `after-restore`.

use clap::Args;
use recado_server::backend::{Backend, BackendError, DataLock};
use recado_server::restore::begin_new_logs;

use super::data::Data;
use super::text::say;

/// Make a database that was restored from a backup ready to serve again
///
/// What happened after the backup is not in the restored database, but clients have seen it, and the numbers of its change
/// log will be given again to other changes. This begins a new change log, by which clients notice: they compare everything
/// anew and send again what the lost part had confirmed to them. Nothing is deleted, and nobody is signed out.
///
/// Run it once after each restore, before the first start; with PostgreSQL also after a fail-over that lost transactions.
/// Running it more often than needed costs each client one comparison. Every server on the database must be stopped.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:
  systemctl stop recado-server
  cp /backup/recado.db /var/lib/recado/recado.db
  rm -f /var/lib/recado/recado.db-wal /var/lib/recado/recado.db-shm
  recado-server after-restore --data-dir /var/lib/recado
  systemctl start recado-server")]
pub(super) struct AfterRestore {
    #[command(flatten)]
    data: Data,
}

impl AfterRestore {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        let settings = self.data.settings()?;
        let data_dir = settings.data_dir.clone();
        if !data_dir.exists() {
            return Err(BackendError::Refused(format!(
                "there is no data in {}; restore the backup first, or give its --data-dir",
                data_dir.display()
            )));
        }
        let _lock =
            DataLock::try_take(&data_dir)?.ok_or(BackendError::InUse { path: data_dir.clone() })?;
        let backend = Backend::open(settings).await?;
        if backend.is_new() {
            return Err(BackendError::Refused(format!(
                "there was no workspace in {}; restore the backup first, then run this again",
                data_dir.display()
            )));
        }
        begin_new_logs(backend.core()).await?;
        say(
            "A new change log has begun. Start the server; clients compare everything anew by themselves.",
        );
        Ok(())
    }
}
