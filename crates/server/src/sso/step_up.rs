//! Somebody whom a provider vouches for shows anew that they are there, for what is dangerous (OWASP ASVS 7.5.3).

use std::sync::Arc;

use recado_protocol::Timestamp;
use recado_protocol::sso::{SsoFlow as SsoFlowAnswer, SsoStepUpCompleteRequest, SsoStepUpRequest};

use super::begin::{Errand, FLOW_S, require_ways_back};
use super::callback::CODE_S;
use super::claims::{SKEW_S, Vouched};
use super::complete::Shown;
use super::{Sso, SsoError};
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenKind};
use crate::session::{Caller, Trail};
use crate::storage::sso::flow::{self, SsoFlow, VouchedFor};
use crate::storage::sso::{Provider, link};
use crate::storage::{DbError, limiter_state, own_session, session};

impl Sso {
    /// Sends the browser to the provider that vouches for a session, which is to ask anew who sits there.
    ///
    /// # Errors
    /// [`SsoError::NoSuchProvider`] for a session that began with a password, and as for a sign-in.
    pub async fn begin_step_up(
        &self,
        caller: Caller,
        request: SsoStepUpRequest,
        origin: &str,
    ) -> Result<SsoFlowAnswer, SsoError> {
        let challenge =
            require_ways_back(&request.code_challenge, &request.redirect_uri, &request.app_state)?;
        let id = caller.session_id;
        let read = self.sessions.core.db().read(async move |tx| {
            let vouched = link::session(tx, id).await?;
            Ok::<_, DbError>(vouched.zip(session::find(tx, id).await?))
        });
        let (vouched, session) = read.await?.ok_or(SsoError::NoSuchProvider)?;
        let errand = Errand {
            challenge,
            redirect_uri: request.redirect_uri,
            app_state: request.app_state,
            device: session.device,
            session_id: Some(id),
        };
        self.send(vouched.provider_id, errand, origin).await
    }

    /// Stores that the provider says that a session's person was there a moment ago, and gives the code by which the app
    /// comes for it.
    pub(super) async fn note_presence(
        &self,
        provider: &Provider,
        vouched: Vouched,
        taken: SsoFlow,
        now: Timestamp,
    ) -> Result<Secret, SsoError> {
        let failed = |text: &str| SsoError::Failed(text.to_owned());
        let session_id = taken.session_id.ok_or_else(|| failed("it is for no session"))?;
        let asked_at = taken.expires_at.plus_seconds(-i64::from(FLOW_S));
        let shown_at = vouched
            .authenticated_at
            .ok_or_else(|| failed("the provider does not say when the person was there"))?;
        if shown_at < asked_at.plus_seconds(-SKEW_S) || shown_at > now.plus_seconds(SKEW_S) {
            return Err(failed("the provider did not ask anew who sits there"));
        }
        let code = Secret::generate(TokenKind::AuthorizationCode)?;
        let (code_hash, provider_id) = (code.hash(), provider.id);
        self.sessions
            .core
            .db()
            .write(async move |tx| {
                let running = link::session(tx, session_id).await?;
                let is_same = running.is_some_and(|running| {
                    running.provider_id == provider_id && running.subject == vouched.subject
                });
                let session = session::find(tx, session_id).await?.filter(|_| is_same);
                let Some(session) = session else {
                    return Err(SsoError::Denied("somebody else was there than who is signed in"));
                };
                let row = VouchedFor {
                    flow_hash: taken.flow_hash,
                    provider_id,
                    teammate_id: session.teammate_id,
                    subject: vouched.subject.clone(),
                    provider_session: None,
                    refresh: None,
                    challenge: taken.challenge,
                    device: taken.device.clone(),
                    session_id: Some(session_id),
                    authenticated_at: Some(shown_at.min(now)),
                };
                flow::insert_code(tx, code_hash, &row, now.plus_seconds(CODE_S)).await?;
                Ok(())
            })
            .await?;
        Ok(code)
    }

    /// Takes the code that the browser has brought: for the next
    /// [`STEP_UP_S`](recado_protocol::account::STEP_UP_S) seconds after the provider asked, this session may do what is
    /// dangerous. Whatever of it is wrong, the code is used up.
    ///
    /// # Errors
    /// [`SsoError::Failed`] alike for a wrong, used or expired code, another session's and another app's;
    /// [`SsoError::TooManyAttempts`].
    pub async fn complete_step_up(
        &self,
        check: SecretCheck,
        caller: Caller,
        request: SsoStepUpCompleteRequest,
    ) -> Result<(), SsoError> {
        let shown = Shown::read(&request.flow, &request.code, &request.code_verifier);
        let now = self.sessions.core.now();
        let policies = Arc::clone(&self.sessions.policies);
        let trail = Trail::new(&self.sessions.core, self.sessions.workspace_id, now);
        let keys = check.stranger_keys();
        let write = self.sessions.core.db().write(async move |tx| {
            if let Err(refusal) = gate::charge(tx, &policies, &keys, now).await? {
                return Ok(Err(refusal.into()));
            }
            let vouched = match &shown {
                Some(shown) => {
                    let taken = flow::take_code(tx, shown.code, now).await?;
                    taken.filter(|it| shown.fits(it) && it.session_id == Some(caller.session_id))
                }
                None => None,
            };
            let shown_at = vouched.and_then(|vouched| vouched.authenticated_at);
            let right = shown_at.is_some();
            trail.clone().credentials(tx, caller.teammate_id, "step_up", right).await?;
            let Some(shown_at) = shown_at else {
                let text = "the code is wrong, used, late or of another session";
                return Ok(Err(SsoError::Failed(text.to_owned())));
            };
            limiter_state::refund(tx, &policies, &keys, now).await?;
            own_session::note_factor(tx, caller.session_id, shown_at).await?;
            Ok::<_, SsoError>(Ok(()))
        });
        write.await?
    }
}
