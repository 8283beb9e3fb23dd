//! Tickets: how the live stream is opened without a token in its address.

use recado_protocol::SessionId;
use recado_protocol::live::LiveTicket;

use super::settings::LIVE_TICKET_S;
use super::{AuthError, Caller, Sessions, caller_of};
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenKind};
use crate::storage::{DbError, session, ticket};

impl Sessions {
    /// Makes a ticket, good for one opening of the live stream.
    ///
    /// # Errors
    /// [`AuthError::Internal`] and [`AuthError::Db`].
    pub async fn issue_live_ticket(&self, session_id: SessionId) -> Result<LiveTicket, AuthError> {
        let secret = Secret::generate(TokenKind::LiveTicket)
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let hash = secret.hash();
        let expires_at = self.core.now().plus_seconds(LIVE_TICKET_S.into());
        self.core
            .db()
            .write(async move |tx| ticket::insert(tx, hash, session_id, expires_at).await)
            .await?;
        Ok(LiveTicket { ticket: secret.expose().to_owned(), expires_in_s: LIVE_TICKET_S })
    }

    /// Uses a ticket up.
    ///
    /// A right ticket is never charged and never refused for others' wrong ones: it has 256 random bits, so there is no
    /// guessing it.
    ///
    /// # Errors
    /// [`AuthError::SessionEnded`] if the ticket is unknown, was used, has run out, or its session has ended.
    pub async fn redeem_live_ticket(
        &self,
        check: SecretCheck,
        ticket: &str,
    ) -> Result<Caller, AuthError> {
        let secret =
            Secret::parse(TokenKind::LiveTicket, ticket).map_err(|_| AuthError::SessionEnded)?;
        let (hash, now, policies) = (secret.hash(), self.core.now(), self.policies.clone());
        let found = self
            .core
            .db()
            .write(async move |tx| {
                let Some(id) = ticket::redeem(tx, hash, now).await? else {
                    let charged = gate::charge(tx, &policies, &check.stranger_keys(), now).await?;
                    return Ok(Err(charged.map_or_else(Into::into, |()| AuthError::SessionEnded)));
                };
                Ok::<_, DbError>(Ok(session::find(tx, id).await?))
            })
            .await??;
        let session = found.ok_or(AuthError::SessionEnded)?;
        if self.is_running(session.id).await? {
            Ok(caller_of(&session))
        } else {
            Err(AuthError::SessionEnded)
        }
    }
}
