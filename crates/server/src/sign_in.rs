//! Signing in: a password, then a code of the second factor. Whatever fails, the answer tells nothing about who has an
//! account.

mod device;
mod factor;
mod hashing;
mod second_factor;

use std::sync::Arc;

use recado_protocol::identity::{SignInRequest, SignInStep};
use recado_protocol::{TeammateId, TeammateState};
use zeroize::Zeroizing;

use crate::gate::{self, SecretCheck};
use crate::identity::limiter::LimiterKey;
use crate::identity::token::{Secret, TokenKind};
use crate::identity::totp::TotpSealer;
use crate::session::{AuthError, Sessions, Trail};
use crate::storage::session::{SignInFlow, StoredDevice};
use crate::storage::{DbError, account, limiter_state, session, sso};

pub(crate) use device::read as read_device;
pub(crate) use factor::Factor;
pub use hashing::{HashingError, HashingPool, Verification};

/// How long the second factor is awaited, in seconds.
pub const SECOND_FACTOR_S: u32 = 300;
/// How often a right password is checked again because its hash was replaced meanwhile, as another sign-in does that finds
/// it made by an older recipe.
const PASSWORD_ROUNDS: usize = 3;
/// The longest e-mail address there is, in bytes.
const LONGEST_EMAIL: usize = 320;

/// A password that was right.
struct ProvedPassword {
    teammate_id: TeammateId,
    /// The hash that it was compared with.
    former: String,
    /// A hash to store instead.
    renewed: Option<String>,
}

/// What followed a password that was right.
enum Begun {
    /// The second factor is awaited.
    Awaited(SignInStep),
    /// The account is no longer in use.
    NotInUse,
    /// The account has this hash by now.
    OtherPassword(String),
}

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
    /// [`AuthError::InvalidCredentials`] alike for an unknown address, a wrong password and an account that is not in use;
    /// [`AuthError::SsoOnly`] in its place where passwords are not the way in.
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
                let owner = sso::only_with_owner(tx, workspace_id).await?;
                let found = account::find_by_email(tx, workspace_id, &address)
                    .await?
                    .filter(|found| found.state == TeammateState::Active)
                    .filter(|found| owner.is_none_or(|owner| found.teammate_id == owner));
                let known = match &found {
                    Some(found) => {
                        account::is_known_device(tx, found.teammate_id, &device_hash).await?
                    }
                    None => false,
                };
                let keys =
                    check.account_keys(workspace_id, &address, known.then_some(&device_hash));
                let allowed = gate::charge(tx, &policies, &keys, now).await?;
                Ok::<_, DbError>(allowed.map(|()| (found, keys, owner.is_some())))
            })
            .await?;
        let (found, keys, sso_only) = asked?;

        let teammate_id = found.as_ref().map(|found| found.teammate_id);
        let mut stored = found.map(|found| found.password_hash);
        for _ in 0..PASSWORD_ROUNDS {
            let verification = self.hashing.verify(password.clone(), stored.clone()).await;
            let verification = verification.map_err(hashing_failed)?;
            let (Some(teammate_id), Some(former), Verification::Right { renewed }) =
                (teammate_id, stored, verification)
            else {
                break;
            };
            let proved = ProvedPassword { teammate_id, former, renewed };
            match self.await_second_factor(proved, &device, &keys).await? {
                Begun::Awaited(step) => return Ok(step),
                Begun::NotInUse => break,
                Begun::OtherPassword(current) => stored = Some(current),
            }
        }
        tracing::info!("sign-in refused");
        let trail = Trail::new(core, workspace_id, now);
        core.db()
            .write(async move |tx| trail.clone().password_refused(tx, teammate_id, &device).await)
            .await?;
        // One answer for everybody, so that it does not tell whose password would count.
        Err(if sso_only { AuthError::SsoOnly } else { AuthError::InvalidCredentials })
    }

    /// Lets the second step follow a password that was right, if it is still the account's.
    async fn await_second_factor(
        &self,
        proved: ProvedPassword,
        device: &StoredDevice,
        keys: &[LimiterKey],
    ) -> Result<Begun, AuthError> {
        let secret = Secret::generate(TokenKind::SignInStep)
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let (flow_hash, now) = (secret.hash(), self.sessions.core.now());
        let policies = Arc::clone(&self.sessions.policies);
        let (device, keys) = (device.clone(), keys.to_vec());
        let step = SignInStep {
            flow: secret.expose().to_owned(),
            expires_in_s: SECOND_FACTOR_S,
            server_time: now,
        };
        let core = &self.sessions.core;
        core.db()
            .write(async move |tx| {
                let ProvedPassword { teammate_id, former, renewed } = &proved;
                // While the password was hashed, the account may have been suspended or got another hash.
                let current = account::lock(tx, *teammate_id).await?;
                let Some(current) =
                    current.filter(|current| current.state == TeammateState::Active)
                else {
                    return Ok(Begun::NotInUse);
                };
                if current.password_hash != *former {
                    return Ok(Begun::OtherPassword(current.password_hash));
                }
                limiter_state::refund(tx, &policies, &keys, now).await?;
                if let Some(renewed) = renewed {
                    account::renew_password_hash(tx, *teammate_id, former, renewed).await?;
                }
                let flow = SignInFlow {
                    teammate_id: *teammate_id,
                    device: device.clone(),
                    expires_at: now.plus_seconds(SECOND_FACTOR_S.into()),
                };
                session::insert_flow(tx, flow_hash, &flow).await?;
                Ok::<_, AuthError>(Begun::Awaited(step.clone()))
            })
            .await
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

pub(crate) fn hashing_failed(error: HashingError) -> AuthError {
    match error {
        HashingError::Busy => AuthError::Busy,
        HashingError::Password(_) | HashingError::BrokeOff => {
            AuthError::Internal(error.to_string())
        }
    }
}
