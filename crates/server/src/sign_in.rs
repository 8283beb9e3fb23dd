//! Signing in: a password, then a code of the second factor. Whatever fails, the answer tells nothing about who has an
//! account.

mod device;
mod hashing;
mod second_factor;

use std::sync::Arc;

use recado_protocol::TeammateState;
use recado_protocol::identity::{SignInRequest, SignInStep};
use zeroize::Zeroizing;

use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenKind};
use crate::identity::totp::TotpSealer;
use crate::session::{AuthError, Sessions, Trail};
use crate::storage::session::SignInFlow;
use crate::storage::{DbError, account, limiter_state, session};

pub use hashing::{HashingError, HashingPool, Verification};

/// How long the second factor is awaited, in seconds.
pub const SECOND_FACTOR_S: u32 = 300;
/// The longest e-mail address there is, in bytes.
const LONGEST_EMAIL: usize = 320;

/// Lets people in.
#[derive(Clone)]
pub struct SignIn {
    sessions: Sessions,
    hashing: HashingPool,
    sealer: Arc<TotpSealer>,
}

impl SignIn {
    /// The way into a workspace.
    #[must_use]
    pub fn new(sessions: Sessions, hashing: HashingPool, sealer: Arc<TotpSealer>) -> Self {
        Self { sessions, hashing, sealer }
    }

    /// Checks a password. If it is right, the second factor is awaited for [`SECOND_FACTOR_S`].
    ///
    /// # Errors
    /// [`AuthError::InvalidCredentials`] alike for an unknown address, a wrong password and an account that is not in use.
    pub async fn check_password(
        &self,
        check: SecretCheck,
        request: SignInRequest,
    ) -> Result<SignInStep, AuthError> {
        let device = device::read(&request.device)?;
        let (email, password) = (request.email, Zeroizing::new(request.password));
        if email.len() > LONGEST_EMAIL {
            return Err(AuthError::InvalidValue(
                "`email` is longer than an e-mail address can be.",
            ));
        }
        let core = &self.sessions.core;
        let (now, workspace_id) = (core.now(), self.sessions.workspace_id);
        let policies = Arc::clone(&self.sessions.policies);
        let device_hash = device.hash;
        let address = email.clone();
        let asked = core
            .db()
            .write(async move |tx| {
                let found = account::find_by_email(tx, workspace_id, &address)
                    .await?
                    .filter(|found| found.state == TeammateState::Active);
                let known = match &found {
                    Some(found) => {
                        account::is_known_device(tx, found.teammate_id, &device_hash).await?
                    }
                    None => false,
                };
                let keys =
                    check.account_keys(workspace_id, &address, known.then_some(&device_hash));
                let allowed = gate::charge(tx, &policies, &keys, now).await?;
                Ok::<_, DbError>(allowed.map(|()| (found, keys)))
            })
            .await?;
        let (found, keys) = asked?;

        let stored = found.as_ref().map(|found| found.password_hash.clone());
        let verification = self.hashing.verify(password, stored).await.map_err(hashing_failed)?;
        let teammate_id = found.as_ref().map(|found| found.teammate_id);
        let (Some(found), Verification::Right { renewed }) = (found, verification) else {
            tracing::info!("sign-in refused");
            let trail = Trail::new(core, workspace_id, now);
            core.db()
                .write(async move |tx| {
                    trail.clone().password_refused(tx, teammate_id, &device).await
                })
                .await?;
            return Err(AuthError::InvalidCredentials);
        };

        let secret = Secret::generate(TokenKind::SignInStep)
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let (flow_hash, now) = (secret.hash(), core.now());
        let policies = Arc::clone(&self.sessions.policies);
        let begun = core
            .db()
            .write(async move |tx| {
                // While the password was hashed, the account may have been suspended or got another password.
                let current = account::find(tx, found.teammate_id).await?;
                let unchanged = current.is_some_and(|current| {
                    current.state == TeammateState::Active
                        && current.password_hash == found.password_hash
                });
                if !unchanged {
                    return Ok(false);
                }
                limiter_state::refund(tx, &policies, &keys, now).await?;
                if let Some(renewed) = &renewed {
                    account::set_password_hash(tx, found.teammate_id, renewed).await?;
                }
                let flow = SignInFlow {
                    teammate_id: found.teammate_id,
                    device: device.clone(),
                    expires_at: now.plus_seconds(SECOND_FACTOR_S.into()),
                };
                session::insert_flow(tx, flow_hash, &flow).await?;
                Ok::<_, DbError>(true)
            })
            .await?;
        if !begun {
            return Err(AuthError::InvalidCredentials);
        }
        Ok(SignInStep {
            flow: secret.expose().to_owned(),
            expires_in_s: SECOND_FACTOR_S,
            server_time: now,
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`AuthError::Busy`] and [`AuthError::Internal`].
    pub async fn hash_password(&self, password: Zeroizing<String>) -> Result<String, AuthError> {
        self.hashing.hash(password).await.map_err(hashing_failed)
    }

    /// What seals the seeds of second factors.
    #[must_use]
    pub fn sealer(&self) -> &TotpSealer {
        &self.sealer
    }
}

fn hashing_failed(error: HashingError) -> AuthError {
    match error {
        HashingError::Busy => AuthError::Busy,
        HashingError::Password(_) | HashingError::BrokeOff => {
            AuthError::Internal(error.to_string())
        }
    }
}
