//! Whom the workspace asks for an authenticator of their own, as a console command sets it.

use recado_protocol::{Role, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Backend, BackendError};
use crate::session::Trail;
use crate::storage::DbError;
use crate::storage::own_factor::{self, OwnFactorRule};

/// What a role is asked, for whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFactorSetting {
    /// Whom.
    pub role: Role,
    /// For how many days the authenticator that was handed over does.
    pub grace_days: u32,
    /// Since when it is asked.
    pub set_at: Timestamp,
}

impl Backend {
    /// What each role is asked that is asked at all.
    ///
    /// # Errors
    /// [`BackendError::Db`].
    pub async fn own_factor(&self) -> Result<Vec<OwnFactorSetting>, BackendError> {
        let id = self.workspace_id;
        let rules = self.core.db().read(async move |tx| own_factor::rules(tx, id).await).await?;
        let setting = |OwnFactorRule { role, grace_days, set_at }| OwnFactorSetting {
            role,
            grace_days,
            set_at,
        };
        Ok(rules.into_iter().map(setting).collect())
    }

    /// Asks these roles for an authenticator of their own after so many days; `None` asks them no more.
    ///
    /// # Errors
    /// [`BackendError::Db`].
    pub async fn require_own_factor(
        &self,
        roles: Vec<Role>,
        grace_days: Option<u32>,
    ) -> Result<Vec<OwnFactorSetting>, BackendError> {
        let (workspace_id, now) = (self.workspace_id, self.core.now());
        let trail = Trail::new(&self.core, workspace_id, now);
        let write = self.core.db().write(async move |tx| {
            for role in &roles {
                match grace_days {
                    Some(grace_days) => {
                        let rule = OwnFactorRule { role: *role, grace_days, set_at: now };
                        own_factor::set(tx, workspace_id, rule).await?;
                    }
                    None => own_factor::remove(tx, workspace_id, *role).await?,
                }
            }
            let detail = json!({ "roles": roles, "grace_days": grace_days });
            trail.clone().workspace_set(tx, "own_factor_set", detail).await?;
            Ok::<_, DbError>(())
        });
        write.await?;
        self.own_factor().await
    }
}
