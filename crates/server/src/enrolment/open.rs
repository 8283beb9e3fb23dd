//! What stands in front of every step: the link's secret, through the limiter.

use std::sync::Arc;

use recado_protocol::account::AuthenticatorSetup;
use recado_protocol::enrolment::{Enrolment, OpenEnrolmentRequest};
use recado_protocol::{SessionId, TeammateState, Timestamp};

use super::{Enrolments, internal};
use crate::core::Principal;
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::own_account::Outcome;
use crate::session::AuthError;
use crate::sign_in::read_device;
use crate::storage::enrolment::{self, LinkEnd, StoredEnrolment};
use crate::storage::{DbError, Tx, limiter_state, session, sso, teammate, workspace};

/// A request to complete a link that may have been answered before.
#[derive(Clone, Copy)]
pub(super) struct Repeated {
    pub(super) device_hash: [u8; 32],
    pub(super) first_refresh: TokenHash,
}

/// What a secret opens.
pub(super) enum Admitted {
    /// A link that can be used.
    Open(Box<StoredEnrolment>),
    /// The session that this very request has begun before.
    Begun(SessionId, recado_protocol::TeammateId),
}

impl Enrolments {
    /// Opens a link: what it is for, and where its holder stands on this machine.
    ///
    /// # Errors
    /// [`AuthError::PersonalLinkInvalid`] alike for an unknown, used, withdrawn and expired link,
    /// [`AuthError::SsoOnly`] and [`AuthError::TooManyAttempts`].
    pub async fn open(
        &self,
        check: SecretCheck,
        request: OpenEnrolmentRequest,
    ) -> Result<Enrolment, AuthError> {
        let device = read_device(&request.device)?;
        let found = self.admit(check, &request.secret).await?;
        self.shown(found, device.hash).await
    }

    /// The link of a secret, as long as it can be used.
    pub(super) async fn admit(
        &self,
        check: SecretCheck,
        secret: &str,
    ) -> Result<StoredEnrolment, AuthError> {
        match self.admit_or_repeat(check, secret, None).await? {
            Admitted::Open(found) => Ok(*found),
            Admitted::Begun(..) => Err(AuthError::PersonalLinkInvalid),
        }
    }

    pub(super) async fn admit_or_repeat(
        &self,
        check: SecretCheck,
        secret: &str,
        repeated: Option<Repeated>,
    ) -> Result<Admitted, AuthError> {
        let hash = Secret::parse(TokenKind::Invitation, secret).ok().map(|secret| secret.hash());
        let now = self.sessions.core.now();
        let (this, trail) = (self.clone(), self.trail(now));
        let keys = check.stranger_keys();
        let write = self.sessions.core.db().write(async move |tx| {
            let policies = Arc::clone(&this.sessions.policies);
            if let Err(refusal) = gate::charge(tx, &policies, &keys, now).await? {
                return Ok(Outcome::Refused(refusal.into()));
            }
            let found = match hash {
                Some(hash) => {
                    enrolment::find_by_secret(tx, this.sessions.workspace_id, hash).await?
                }
                None => None,
            };
            let begun = match (&found, repeated) {
                (Some(found), Some(repeated)) => this.begun_by(tx, found, repeated, now).await?,
                _ => None,
            };
            let usable = match found {
                Some(found) if this.is_usable(tx, &found, now).await? => Some(found),
                _ => None,
            };
            let admitted = match (begun, usable) {
                (Some(admitted), _) => admitted,
                (None, Some(found)) => Admitted::Open(Box::new(found)),
                (None, None) => {
                    trail.clone().link_refused(tx, "enrolment_open", None).await?;
                    return Ok(Outcome::Refused(AuthError::PersonalLinkInvalid));
                }
            };
            limiter_state::refund(tx, &policies, &keys, now).await?;
            Ok::<_, DbError>(Outcome::Done(admitted))
        });
        let admitted = write.await?.into_result()?;
        if let Admitted::Open(found) = &admitted {
            self.require_passwords(found).await?;
        }
        Ok(admitted)
    }

    /// Whether a link can be used: it is open, its account is in use, and whoever made it could still make it.
    pub(super) async fn is_usable(
        &self,
        tx: &mut Tx,
        found: &StoredEnrolment,
        now: Timestamp,
    ) -> Result<bool, DbError> {
        let workspace_id = self.sessions.workspace_id;
        if !found.is_open(now) {
            return Ok(false);
        }
        if let Some(id) = found.teammate_id
            && teammate::state(tx, id).await? != Some(TeammateState::Active)
        {
            return Ok(false);
        }
        let Some(maker) = found.made_by else { return Ok(true) };
        let viewer = teammate::viewer(tx, Principal { workspace_id, teammate_id: maker }).await?;
        Ok(viewer
            .is_some_and(|maker| super::make::may_make(&maker.subject, found.kind, found.role)))
    }

    /// The session that a request has begun whose answer was lost.
    async fn begun_by(
        &self,
        tx: &mut Tx,
        found: &StoredEnrolment,
        repeated: Repeated,
        now: Timestamp,
    ) -> Result<Option<Admitted>, DbError> {
        let Some(id) = found.session_id.filter(|_| found.end == Some(LinkEnd::Used)) else {
            return Ok(None);
        };
        let same = session::find(tx, id).await?.filter(|begun| {
            begun.device.hash == repeated.device_hash
                && begun.family.current == repeated.first_refresh
                && self.sessions.settings.end_reason(begun, now).is_none()
                && now < found.expires_at
        });
        Ok(same.map(|begun| Admitted::Begun(id, begun.teammate_id)))
    }

    /// Where single sign-on is the only way in, a password opens nothing but the owner's account, and only the console
    /// gives another one to that.
    async fn require_passwords(&self, found: &StoredEnrolment) -> Result<(), AuthError> {
        let workspace_id = self.sessions.workspace_id;
        let (who, is_of_console) = (found.teammate_id, found.made_by.is_none());
        let read = self.sessions.core.db().read(async move |tx| {
            let owner = sso::only_with_owner(tx, workspace_id).await?;
            Ok::<_, DbError>(owner.is_none_or(|owner| who == Some(owner) && is_of_console))
        });
        if read.await? { Ok(()) } else { Err(AuthError::SsoOnly) }
    }

    /// A link as its holder sees it on the machine of this hash.
    pub(super) async fn shown(
        &self,
        found: StoredEnrolment,
        device_hash: [u8; 32],
    ) -> Result<Enrolment, AuthError> {
        let (workspace_id, maker) = (self.sessions.workspace_id, found.made_by);
        let read = self.sessions.core.db().read(async move |tx| {
            let workspace = workspace::get(tx, workspace_id).await?;
            let maker = match maker {
                Some(id) => teammate::find(tx, workspace_id, id).await?,
                None => None,
            };
            Ok::<_, DbError>((workspace.name, maker.map(|maker| maker.name)))
        });
        let (workspace_name, invited_by) = read.await?;
        let now = self.sessions.core.now();
        let progress = found.progress.filter(|progress| progress.device_hash == device_hash);
        let seed = progress.as_ref().and_then(|progress| progress.authenticator.as_ref());
        let authenticator = match seed {
            None => None,
            Some(sealed) => {
                let seed = self.sealer.open(sealed, found.id.uuid()).map_err(internal)?;
                let url = seed.otpauth_url(&found.email).map_err(internal)?;
                let left_s = (found.expires_at.as_micros() - now.as_micros()) / 1_000_000;
                Some(AuthenticatorSetup {
                    secret: seed.to_base32().to_string(),
                    otpauth_url: url.to_string(),
                    expires_in_s: u32::try_from(left_s).unwrap_or(0),
                })
            }
        };
        Ok(Enrolment {
            kind: found.kind,
            workspace_name,
            invited_by,
            email: found.email,
            name: found.name,
            expires_at: found.expires_at,
            password_chosen: progress.is_some(),
            authenticator,
            server_time: now,
        })
    }
}
