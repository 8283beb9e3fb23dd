//! The session: who sends requests with an access token, and how the next token is come by.
//!
//! The access token lives in memory, the refresh secrets lie in the keychain as {current, next}.
//! [`Tokens`] decides what is done with them and does no I/O; the session does what it says. It ends
//! only where the server says so.

mod tokens;

use std::sync::Arc;
use std::time::Duration;

use recado_protocol::identity::Session as SessionAnswer;
use recado_protocol::{ApiError, ErrorCode, SessionId};
use tracing::debug;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::keychain::{ItemName, KeychainError, KeychainWorker};
use crate::random::{NoRandomness, Random};
use crate::transport::{LiveStream, Method, Request, Response, Transport, TransportError};

pub use tokens::{RefreshItem, Step, Tokens};

/// How long the server is given to end the session when signing out.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A session on a server. Requests are sent through it.
pub(crate) struct Session {
    transport: Arc<dyn Transport>,
    keychain: KeychainWorker,
    item: ItemName,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    /// Held while a step is taken, so that requests at the same time share one refresh.
    tokens: tokio::sync::Mutex<Tokens>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// What a session stands on.
#[derive(Clone)]
pub(crate) struct SessionParts {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) keychain: KeychainWorker,
    pub(crate) item: ItemName,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Session {
    /// A session that was begun before; its refresh secrets lie in the keychain.
    pub(crate) fn resume(parts: SessionParts, session_id: SessionId) -> Self {
        Self::with(parts, Tokens::resume(session_id))
    }

    /// A session that has just begun.
    pub(crate) fn begin(parts: SessionParts, answer: SessionAnswer, refresh: RefreshItem) -> Self {
        let now = parts.clock.now();
        Self::with(parts, Tokens::begin(answer, refresh, now))
    }

    fn with(parts: SessionParts, tokens: Tokens) -> Self {
        let SessionParts { transport, keychain, item, random, clock } = parts;
        let tokens = tokio::sync::Mutex::new(tokens);
        Self { transport, keychain, item, random, clock, tokens }
    }

    /// Sends a request with the access token. Where that has run out, the next one is come by first.
    pub(crate) async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        request.access_token = Some(self.token(false).await?);
        let response = self.transport.send(request.clone()).await?;
        if response.status == 401
            && let Err(error) = response.read::<serde_json::Value>()
            && error.code() == ErrorCode::AccessTokenExpired
        {
            request.access_token = Some(self.token(true).await?);
            return self.transport.send(request).await;
        }
        Ok(response)
    }

    /// Opens a live stream.
    pub(crate) async fn open_live(&self, ticket: String) -> Result<LiveStream, TransportError> {
        self.transport.open_live(ticket).await
    }

    /// Tells the server that the session is over, as far as it can be reached.
    pub(crate) async fn end(&self) {
        let request = self.send(Request::new(Method::Delete, "/v1/session"));
        match tokio::time::timeout(END_TIMEOUT, request).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => debug!(%error, "the session was not ended on the server"),
            Err(_) => debug!("the server did not answer the end of the session in time"),
        }
    }

    /// The refresh secrets as they stand; none if the keychain does not give them.
    pub(crate) async fn last_refresh(&self) -> Option<RefreshItem> {
        let tokens = self.tokens.lock().await;
        match tokens.refresh() {
            Some(item) => Some(item.clone()),
            None => self.stored(&self.keychain.in_time(), || {}).await.ok(),
        }
    }

    /// Sees whether the refresh secrets can be read at all.
    pub(crate) async fn probe(&self, slow: impl FnOnce() + Send) -> Result<(), KeychainError> {
        let mut tokens = self.tokens.lock().await;
        if !tokens.knows_secrets() {
            tokens.read(self.stored(&self.keychain, slow).await?);
        }
        Ok(())
    }

    async fn stored(
        &self,
        keychain: &KeychainWorker,
        slow: impl FnOnce() + Send,
    ) -> Result<RefreshItem, KeychainError> {
        RefreshItem::from_secret(&keychain.read(self.item.clone(), slow).await?)
    }

    async fn token(&self, rejected: bool) -> Result<Zeroizing<String>, TransportError> {
        let mut tokens = self.tokens.lock().await;
        if rejected {
            tokens.rejected();
        }
        // Nobody is asked to wait here: it is told why there is no connection, and tried again.
        let own = self.keychain.in_time();
        // A server that says so to everything is not asked for ever.
        let mut overtaken = false;
        loop {
            let step = tokens.next(self.clock.now(), self.random.as_ref());
            match step.map_err(|_| no_randomness())? {
                Step::Use(token) => return Ok(token),
                Step::Read => tokens.read(self.stored(&own, || {}).await.map_err(keychain)?),
                Step::Write(item) => {
                    let secret = item.to_secret();
                    let written = own.write_verified(self.item.clone(), secret, || {});
                    written.await.map_err(keychain)?;
                    tokens.written(item);
                }
                Step::Propose(proposal) => {
                    let request = Request::post("/v1/session/refresh", &proposal)?;
                    let answer = self.transport.send(request).await?;
                    match answer.read::<SessionAnswer>() {
                        Ok(answer) => return Ok(tokens.answered(answer, self.clock.now())),
                        Err(error)
                            if error.code() == ErrorCode::IdempotencyConflict && !overtaken =>
                        {
                            overtaken = true;
                            tokens.overtaken();
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}

fn keychain(error: KeychainError) -> TransportError {
    TransportError::Refused(ApiError::new(error.code(), error.to_string()))
}

fn no_randomness() -> TransportError {
    TransportError::Refused(ApiError::new(ErrorCode::ClientFailed, NoRandomness.to_string()))
}

#[cfg(test)]
mod tests;
