//! The session: who sends requests with an access token, and how the next token is come by.
//!
//! The access token lives in memory. The refresh secrets lie in the keychain as {current, next}:
//! `next` is made and stored before it is proposed, and the same proposal is repeated until its
//! answer has arrived, so neither a lost answer nor a crash at any point loses the session. It ends
//! only where the server says so.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::identity::{RefreshRequest, Session as SessionAnswer};
use recado_protocol::{ApiError, ErrorCode, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::debug;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::clock::Clock;
use crate::keychain::{ItemName, KeychainError, KeychainWorker, Secret};
use crate::random::{NoRandomness, Random, secret};
use crate::transport::{LiveStream, Method, Request, Response, Transport, TransportError};

/// An access token that runs out within this time is replaced before it is used, in seconds.
const RENEW_BEFORE_S: i64 = 30;
/// How long the server is given to end the session when signing out.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// The refresh secrets as they lie in the keychain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct RefreshItem {
    /// Base64url of what the server knows the hash of.
    current: String,
    /// Base64url of what was proposed to follow it.
    next: Option<String>,
}

impl std::fmt::Debug for RefreshItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshItem").finish_non_exhaustive()
    }
}

impl RefreshItem {
    /// The first secret of a session.
    pub(crate) fn first(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self { current: new_secret(random)?, next: None })
    }

    /// What the server is told of the current secret.
    pub(crate) fn current_hash(&self) -> String {
        hash(&self.current)
    }

    pub(crate) fn to_secret(&self) -> Secret {
        // Two short strings serialise; an empty item would be refused as corrupt when read.
        Secret::new(serde_json::to_vec(self).unwrap_or_default())
    }

    fn from_secret(secret: &Secret) -> Result<Self, KeychainError> {
        serde_json::from_slice(secret.as_bytes()).map_err(|_| KeychainError::Corrupt)
    }
}

fn new_secret(random: &dyn Random) -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(secret(random)?.as_slice()))
}

/// SHA-256 of a secret as it travels, base64url.
fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

struct AccessToken {
    token: Zeroizing<String>,
    expires_at: Timestamp,
}

#[derive(Default)]
struct State {
    access: Option<AccessToken>,
    refresh: Option<RefreshItem>,
}

/// A session on a server. Requests are sent through it.
pub(crate) struct Session {
    transport: Arc<dyn Transport>,
    keychain: KeychainWorker,
    item: ItemName,
    session_id: SessionId,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    state: tokio::sync::Mutex<State>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("session_id", &self.session_id).finish_non_exhaustive()
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
        let SessionParts { transport, keychain, item, random, clock } = parts;
        let state = tokio::sync::Mutex::default();
        Self { transport, keychain, item, session_id, random, clock, state }
    }

    /// A session that has just begun.
    pub(crate) fn begin(parts: SessionParts, answer: SessionAnswer, refresh: RefreshItem) -> Self {
        let mut session = Self::resume(parts, answer.session_id);
        let now = session.clock.now();
        *session.state.get_mut() =
            State { access: Some(access_token(answer, now)), refresh: Some(refresh) };
        session
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

    /// Sees whether the refresh secrets can be read at all.
    pub(crate) async fn probe(&self, slow: impl FnOnce() + Send) -> Result<(), KeychainError> {
        let mut state = self.state.lock().await;
        if state.refresh.is_none() {
            let stored = self.keychain.read(self.item.clone(), slow).await?;
            state.refresh = Some(RefreshItem::from_secret(&stored)?);
        }
        Ok(())
    }

    async fn token(&self, rejected: bool) -> Result<Zeroizing<String>, TransportError> {
        let mut state = self.state.lock().await;
        if rejected {
            state.access = None;
        }
        let usable_until = self.clock.now().plus_seconds(RENEW_BEFORE_S);
        if let Some(access) = &state.access
            && access.expires_at > usable_until
        {
            return Ok(access.token.clone());
        }
        self.refresh(&mut state).await
    }

    async fn refresh(&self, state: &mut State) -> Result<Zeroizing<String>, TransportError> {
        let mut item = match state.refresh.clone() {
            Some(item) => item,
            None => {
                let stored =
                    self.keychain.read(self.item.clone(), || {}).await.map_err(keychain)?;
                RefreshItem::from_secret(&stored).map_err(keychain)?
            }
        };
        if item.next.is_none() {
            item.next = Some(new_secret(self.random.as_ref()).map_err(|_| no_randomness())?);
            // Stored first: whatever happens to the answer, the same proposal can be repeated.
            self.keychain
                .write_verified(self.item.clone(), item.to_secret(), || {})
                .await
                .map_err(keychain)?;
        }
        let next = item.next.clone().unwrap_or_default();
        state.refresh = Some(item.clone());
        let proposal = RefreshRequest {
            session_id: self.session_id,
            refresh: item.current.clone(),
            next_hash: hash(&next),
        };
        let request = Request::post("/v1/session/refresh", &proposal)?;
        let answer: SessionAnswer = self.transport.send(request).await?.read()?;
        // The keychain still holds {current, next}. That is as good as {next} until `next` is used,
        // which is only after it was stored as the current one.
        state.refresh = Some(RefreshItem { current: next, next: None });
        let access = access_token(answer, self.clock.now());
        let token = access.token.clone();
        state.access = Some(access);
        Ok(token)
    }
}

fn access_token(answer: SessionAnswer, now: Timestamp) -> AccessToken {
    AccessToken {
        token: Zeroizing::new(answer.access_token),
        expires_at: now.plus_seconds(i64::from(answer.expires_in_s)),
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
