//! How a session begins.

use recado_protocol::{SessionId, TeammateId, Timestamp};

use super::{SessionSettings, Trail};
use crate::identity::refresh::RefreshFamily;
use crate::identity::token::TokenHash;
use crate::storage::session::{StoredDevice, StoredSession};
use crate::storage::{DbError, Tx, own_session, session};

/// The session of somebody who has shown everything that is asked for.
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) teammate_id: TeammateId,
    pub(crate) device: StoredDevice,
    /// The network address that it comes from.
    pub(crate) address: String,
    /// When its person has shown all factors.
    pub(crate) factor_at: Timestamp,
    /// The hash of its first refresh secret.
    pub(crate) first_refresh: TokenHash,
    /// The hash of its first access token.
    pub(crate) access: TokenHash,
}

impl NewSession {
    /// Stores it, with its place in the audit, which also says by what second factor it was begun.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn insert(
        self,
        tx: &mut Tx,
        trail: &mut Trail,
        factor: &'static str,
        settings: SessionSettings,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let Self { id, teammate_id, device, address, factor_at, first_refresh, access } = self;
        trail.signed_in(tx, teammate_id, id, factor, &device).await?;
        let unseen = own_session::is_elsewhere(tx, teammate_id, &device.hash).await?;
        let begun = StoredSession {
            id,
            teammate_id,
            device,
            address: Some(address),
            created_at: now,
            last_used_at: now,
            factor_at,
            end_reason: None,
            erased_at: None,
            unseen,
            family: RefreshFamily::new(first_refresh),
        };
        session::insert(tx, &begun).await?;
        let expires_at = now.plus_seconds(settings.access_s.into());
        session::insert_access_token(tx, access, id, expires_at).await
    }
}

#[cfg(feature = "simulation")]
mod simulated {
    use std::net::Ipv4Addr;

    use recado_protocol::identity::{Device, Session};
    use recado_protocol::{SessionId, TeammateId};

    use super::NewSession;
    use crate::identity::token::{Secret, TokenHash, TokenKind};
    use crate::session::{AuthError, Sessions, Trail};
    use crate::storage::audit::Actor;
    use crate::storage::session::{self, EndReason, StoredDevice};

    impl Sessions {
        /// Begins a session without asking for password and code, which take too long to be simulated.
        ///
        /// # Errors
        /// [`AuthError`].
        pub async fn begin_simulated(
            &self,
            teammate_id: TeammateId,
            device: &Device,
            refresh_hash: &str,
        ) -> Result<Session, AuthError> {
            let first_refresh = TokenHash::from_base64(refresh_hash)
                .map_err(|_| AuthError::InvalidValue("`refresh_hash` is no hash."))?;
            let access = Secret::generate(TokenKind::Access)
                .map_err(|error| AuthError::Internal(error.to_string()))?;
            let (now, settings) = (self.core.now(), self.settings);
            let id = SessionId::from_uuid(self.core.ids(now).next_id());
            let trail = Trail::new(&self.core, self.workspace_id, now);
            let (device, access_hash) = (StoredDevice::new(device), access.hash());
            let write = self.core.db().write(async move |tx| {
                let begun = NewSession {
                    id,
                    teammate_id,
                    device: device.clone(),
                    address: Ipv4Addr::LOCALHOST.to_string(),
                    factor_at: now,
                    first_refresh,
                    access: access_hash,
                };
                begun.insert(tx, &mut trail.clone(), "totp", settings, now).await
            });
            write.await?;
            Ok(self.answer(id, teammate_id, &access, now))
        }

        /// Ends a session as an admin does, without asking for a second factor.
        ///
        /// # Errors
        /// [`AuthError`].
        pub async fn end_simulated(&self, id: SessionId) -> Result<(), AuthError> {
            let now = self.core.now();
            let trail = Trail::new(&self.core, self.workspace_id, now);
            let reason = EndReason::EndedByAdmin;
            let write = self.core.db().write(async move |tx| {
                let ended = session::end(tx, id, reason, now).await?;
                if ended {
                    trail.clone().ended_by(tx, Actor::Console, id, reason).await?;
                }
                Ok::<_, AuthError>(ended)
            });
            if write.await? {
                self.announce_end(id);
            }
            Ok(())
        }
    }
}
