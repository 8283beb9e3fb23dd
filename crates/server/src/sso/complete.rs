//! The app comes for the session that its browser was vouched for.

use std::sync::Arc;

use recado_protocol::account::STEP_UP_S;
use recado_protocol::identity::Session;
use recado_protocol::sso::SsoCompleteRequest;
use recado_protocol::{SessionId, TeammateId, TeammateState, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Sso, SsoError};
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::session::{NewSession, Trail};
use crate::storage::sso::flow::{self, VouchedFor};
use crate::storage::sso::link::{self, SsoSession};
use crate::storage::{Tx, account, limiter_state, teammate};

/// How long a verifier may be (RFC 7636).
const VERIFIER_CHARACTERS: std::ops::RangeInclusive<usize> = 43..=128;

impl Sso {
    /// Begins the session, for whoever shows the code, the sign-in's name and the verifier that began it. Whatever of them
    /// is wrong, the code is used up.
    ///
    /// # Errors
    /// [`SsoError::Failed`] alike for a wrong, used or expired code, another sign-in's and another app's;
    /// [`SsoError::Denied`] if the account is no longer in use; [`SsoError::TooManyAttempts`].
    pub async fn complete(
        &self,
        check: SecretCheck,
        request: SsoCompleteRequest,
    ) -> Result<Session, SsoError> {
        let first_refresh = TokenHash::from_base64(&request.refresh_hash).map_err(|_| {
            SsoError::InvalidValue("`refresh_hash` is not SHA-256 in base64url without padding.")
        })?;
        let shown = Shown::read(&request.flow, &request.code, &request.code_verifier);
        let access = Secret::generate(TokenKind::Access)?;
        let access_hash = access.hash();
        let core = &self.sessions.core;
        let (now, settings) = (core.now(), self.sessions.settings);
        let session_id = SessionId::from_uuid(core.ids(now).next_id());
        let policies = Arc::clone(&self.sessions.policies);
        let trail = Trail::new(core, self.sessions.workspace_id, now);
        let keys = check.stranger_keys();
        let begun: Result<TeammateId, SsoError> = core
            .db()
            .write(async move |tx| {
                if let Err(refusal) = gate::charge(tx, &policies, &keys, now).await? {
                    return Ok(Err(refusal.into()));
                }
                let mut trail = trail.clone();
                let vouched = match &shown {
                    Some(shown) => {
                        let taken = flow::take_code(tx, shown.code, now).await?;
                        taken.filter(|it| shown.fits(it) && it.session_id.is_none())
                    }
                    None => None,
                };
                let Some(vouched) = vouched else {
                    trail.sso_code_refused(tx).await?;
                    let text = "the code is wrong, used, late or of another app";
                    return Ok(Err(SsoError::Failed(text.to_owned())));
                };
                if teammate::lock_state(tx, vouched.teammate_id).await?
                    != Some(TeammateState::Active)
                {
                    return Ok(Err(SsoError::Denied("the account is not in use")));
                }
                limiter_state::refund(tx, &policies, &keys, now).await?;
                // What was charged when the sign-in began.
                limiter_state::refund(tx, &policies, &check.address_key(), now).await?;
                account::remember_device(tx, vouched.teammate_id, &vouched.device.hash, now)
                    .await?;
                let begun = NewSession {
                    id: session_id,
                    teammate_id: vouched.teammate_id,
                    device: vouched.device.clone(),
                    address: check.address().to_string(),
                    factor_at: shown_at(&vouched, now),
                    first_refresh,
                    access: access_hash,
                };
                begun.insert(tx, &mut trail, "sso", settings, now).await?;
                remember(tx, session_id, &vouched, now).await?;
                Ok::<_, SsoError>(Ok(vouched.teammate_id))
            })
            .await?;
        let teammate_id = begun?;
        tracing::info!(%session_id, %teammate_id, "signed in by single sign-on");
        Ok(self.sessions.answer(session_id, teammate_id, &access, now))
    }
}

/// When the second factor counts as shown. A provider that does not say when the person has shown who they are may have
/// remembered them for weeks.
fn shown_at(vouched: &VouchedFor, now: Timestamp) -> Timestamp {
    let long_ago = now.plus_seconds(-i64::from(STEP_UP_S));
    vouched.authenticated_at.map_or(long_ago, |at| at.min(now))
}

async fn remember(
    tx: &mut Tx,
    session_id: SessionId,
    vouched: &VouchedFor,
    now: Timestamp,
) -> Result<(), SsoError> {
    let row = SsoSession {
        session_id,
        provider_id: vouched.provider_id,
        subject: vouched.subject.clone(),
        provider_session: vouched.provider_session.clone(),
        refresh: vouched.refresh.clone(),
        checked_at: now,
    };
    Ok(link::insert_session(tx, &row).await?)
}

/// What the app has shown, as hashes.
pub(super) struct Shown {
    pub(super) code: TokenHash,
    flow: TokenHash,
    challenge: [u8; 32],
}

impl Shown {
    pub(super) fn read(flow: &str, code: &str, verifier: &str) -> Option<Self> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let usable =
            VERIFIER_CHARACTERS.contains(&verifier.len()) && verifier.bytes().all(is_plain);
        Some(Self {
            code: Secret::parse(TokenKind::AuthorizationCode, code).ok()?.hash(),
            flow: Secret::parse(TokenKind::SignInStep, flow).ok()?.hash(),
            challenge: usable.then(|| Sha256::digest(verifier.as_bytes()).into())?,
        })
    }

    pub(super) fn fits(&self, vouched: &VouchedFor) -> bool {
        let challenge: bool = self.challenge.ct_eq(&vouched.challenge).into();
        challenge && self.flow == vouched.flow_hash
    }
}
