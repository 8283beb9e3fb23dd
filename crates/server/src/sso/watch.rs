//! Asking providers whether the sessions that they have vouched for shall go on.

use std::sync::Arc;

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    OAuth2TokenResponse as _, RefreshToken, RequestTokenError, TokenResponse as _,
};
use recado_protocol::Timestamp;

use super::claims;
use super::relying_party::{Tokens, token_error};
use super::{Sso, SsoError};
use crate::identity::sealer::{Purpose, Sealed};
use crate::session::Trail;
use crate::storage::session::EndReason;
use crate::storage::sso::link::{self, SsoSession};
use crate::storage::{DbError, session, sso};

/// How often a provider is asked about a session at most, in seconds.
pub const ASKED_EVERY_S: i64 = 600;
/// How many sessions are looked at in one go.
const BATCH: u32 = 50;

/// What a provider says about a session.
enum Verdict {
    /// It goes on.
    GoesOn(Option<String>),
    /// The grant is gone: the person has left, or has signed out there.
    Ended,
}

impl Sso {
    /// Asks the providers about the sessions that were not asked about for [`ASKED_EVERY_S`]. A provider that cannot be
    /// reached ends nothing.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn check_sessions(&self) -> Result<(), DbError> {
        let db = self.sessions.core.db();
        let before = self.sessions.core.now().plus_seconds(-ASKED_EVERY_S);
        loop {
            let due = db.read(async move |tx| link::due(tx, before, BATCH).await).await?;
            let is_last = due.len() < BATCH as usize;
            for found in due {
                self.check_due(found).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn check_due(&self, found: SsoSession) -> Result<(), DbError> {
        let (now, claimed) = (self.sessions.core.now(), found.clone());
        let db = self.sessions.core.db();
        if db.write(async move |tx| link::claim(tx, &claimed, now).await).await? {
            let session_id = found.session_id;
            if let Err(error) = self.check_session(found, now).await {
                tracing::info!(%session_id, %error, "the provider could not be asked about a session");
            }
        }
        Ok(())
    }

    async fn check_session(&self, found: SsoSession, now: Timestamp) -> Result<(), SsoError> {
        let db = self.sessions.core.db();
        let id = found.session_id;
        let Some(session) = db.read(async move |tx| session::find(tx, id).await).await? else {
            return Ok(());
        };
        let Some(sealed) = &found.refresh else { return Ok(()) };
        let owner = session.teammate_id.uuid();
        match self.ask(&found, sealed, owner, now).await? {
            Verdict::GoesOn(None) => {}
            Verdict::GoesOn(Some(next)) => {
                let next = self.sealer.seal(&next, Purpose::RefreshToken, owner)?;
                db.write(async move |tx| link::store_refresh(tx, id, &next).await).await?;
            }
            Verdict::Ended => {
                let trail = Trail::new(&self.sessions.core, self.sessions.workspace_id, now);
                let reason = EndReason::ProviderEnded;
                db.write(async move |tx| {
                    if session::end(tx, id, reason, now).await? {
                        trail.clone().ended(tx, session.teammate_id, id, reason).await?;
                    }
                    Ok::<_, DbError>(())
                })
                .await?;
                tracing::info!(session_id = %id, "the provider has ended a session");
                self.sessions.announce_end(id);
            }
        }
        Ok(())
    }

    async fn ask(
        &self,
        found: &SsoSession,
        sealed: &Sealed,
        owner: uuid::Uuid,
        now: Timestamp,
    ) -> Result<Verdict, SsoError> {
        let workspace_id = self.sessions.workspace_id;
        let id = found.provider_id;
        let db = self.sessions.core.db();
        let provider = db.read(async move |tx| sso::find(tx, workspace_id, id).await).await?;
        let Some(provider) = provider else { return Ok(Verdict::Ended) };
        let token = self.sealer.open(sealed, Purpose::RefreshToken, owner)?;
        let secret =
            self.sealer.open(&provider.client_secret, Purpose::ClientSecret, provider.id.uuid())?;
        let known = self.relying.know(&provider, now).await?;
        let client = known.client(&provider, &secret, "https://recado.invalid/".to_owned())?;
        let token = RefreshToken::new(token.to_string());
        let answer: Result<Tokens, _> = client
            .exchange_refresh_token(&token)
            .map_err(|error| SsoError::unavailable(&error))?
            .request_async(&known.http)
            .await;
        let tokens = match answer {
            Err(RequestTokenError::ServerResponse(refusal))
                if *refusal.error() == CoreErrorResponseType::InvalidGrant =>
            {
                return Ok(Verdict::Ended);
            }
            Err(error) => return Err(token_error(error)),
            Ok(tokens) => tokens,
        };
        if let Some(id_token) = tokens.id_token() {
            let known = Arc::clone(&known);
            let same = claims::is_of_subject(&provider, &known, id_token, &found.subject, now);
            // A token that cannot be checked proves nothing, so it ends nothing either.
            if matches!(same, Ok(false)) {
                return Ok(Verdict::Ended);
            }
        }
        Ok(Verdict::GoesOn(tokens.refresh_token().map(|next| next.secret().clone())))
    }
}
