//! Which token a request carries, and how the next one is come by. It does no I/O: it says what is
//! to be done next and is told what came of it, so the same rules run on a real keychain and a real
//! network and, step by step, in a simulator.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::identity::{RefreshRequest, Session as SessionAnswer};
use recado_protocol::{Planted, SessionId, Timestamp, is_planted};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::keychain::{KeychainError, Secret};
use crate::random::{NoRandomness, Random, secret};

/// An access token that runs out within this time is replaced before it is used, in seconds.
const RENEW_BEFORE_S: i64 = 30;

/// The refresh secrets as they lie in the keychain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct RefreshItem {
    /// Base64url of what the server knows the hash of.
    pub(super) current: String,
    /// Base64url of what was proposed to follow it.
    pub(super) next: Option<String>,
}

impl std::fmt::Debug for RefreshItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshItem").finish_non_exhaustive()
    }
}

impl RefreshItem {
    /// The first secret of a session.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] if the system gives none.
    pub fn first(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self { current: new_secret(random)?, next: None })
    }

    /// The secret that proves whose session it is.
    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    /// What the server is told of the current secret.
    pub fn current_hash(&self) -> String {
        hash(&self.current)
    }

    pub(crate) fn to_secret(&self) -> Secret {
        // Two short strings serialise; an empty item would be refused as corrupt when read.
        Secret::new(serde_json::to_vec(self).unwrap_or_default())
    }

    pub(super) fn from_secret(secret: &Secret) -> Result<Self, KeychainError> {
        serde_json::from_slice(secret.as_bytes()).map_err(|_| KeychainError::Corrupt)
    }
}

fn new_secret(random: &dyn Random) -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(secret(random)?.as_slice()))
}

/// SHA-256 of a secret as it travels, base64url.
pub(super) fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

struct AccessToken {
    token: Zeroizing<String>,
    expires_at: Timestamp,
}

/// What comes before a request can be sent.
pub enum Step {
    /// Nothing: this is the token that it carries.
    Use(Zeroizing<String>),
    /// The refresh secrets are read from the keychain; [`Tokens::read`] is told them.
    Read,
    /// These refresh secrets are written to the keychain; [`Tokens::written`] is told once they
    /// surely lie there. If that fails, nothing was proposed and the next attempt begins anew.
    Write(RefreshItem),
    /// The server is asked for the next token; [`Tokens::answered`] is told its answer. If there is
    /// none, the same is proposed again.
    Propose(RefreshRequest),
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Use(_) => "Use",
            Self::Read => "Read",
            Self::Write(_) => "Write",
            Self::Propose(_) => "Propose",
        })
    }
}

/// The tokens of a session, as far as this run of the program knows them.
///
/// `next` is made and stored before it is proposed, and the same proposal is repeated until its
/// answer has arrived, so neither a lost answer nor a crash at any point loses the session. One step
/// is taken at a time.
pub struct Tokens {
    session_id: SessionId,
    access: Option<AccessToken>,
    refresh: Option<RefreshItem>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Those of a session that was begun before: all of them lie in the keychain.
    pub const fn resume(session_id: SessionId) -> Self {
        Self { session_id, access: None, refresh: None }
    }

    /// Those of a session that has just begun; `refresh` lies in the keychain.
    pub fn begin(answer: SessionAnswer, refresh: RefreshItem, now: Timestamp) -> Self {
        let session_id = answer.session_id;
        Self { session_id, access: Some(access_token(answer, now)), refresh: Some(refresh) }
    }

    /// The session.
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// Whether the refresh secrets are known.
    pub const fn knows_secrets(&self) -> bool {
        self.refresh.is_some()
    }

    /// The refresh secrets, where they are known.
    pub const fn refresh(&self) -> Option<&RefreshItem> {
        self.refresh.as_ref()
    }

    /// What comes next before a request can be sent.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] if the system gives none for the next secret.
    pub fn next(&self, now: Timestamp, random: &dyn Random) -> Result<Step, NoRandomness> {
        let usable_until = now.plus_seconds(RENEW_BEFORE_S);
        if let Some(access) = &self.access
            && access.expires_at > usable_until
        {
            return Ok(Step::Use(access.token.clone()));
        }
        let Some(item) = &self.refresh else { return Ok(Step::Read) };
        Ok(match &item.next {
            None => {
                let next = Some(new_secret(random)?);
                Step::Write(RefreshItem { current: item.current.clone(), next })
            }
            Some(_) if is_planted(Planted::ProposedUnstored) => Step::Propose(RefreshRequest {
                session_id: self.session_id,
                refresh: item.current.clone(),
                next_hash: hash(&new_secret(random)?),
            }),
            Some(next) => Step::Propose(RefreshRequest {
                session_id: self.session_id,
                refresh: item.current.clone(),
                next_hash: hash(next),
            }),
        })
    }

    /// The server no longer takes the token.
    pub fn rejected(&mut self) {
        if !is_planted(Planted::RejectedTokenKept) {
            self.access = None;
        }
    }

    /// The keychain holds these secrets.
    pub fn read(&mut self, item: RefreshItem) {
        self.refresh = Some(item);
    }

    /// The secrets of [`Step::Write`] lie in the keychain.
    pub fn written(&mut self, item: RefreshItem) {
        self.refresh = Some(item);
    }

    /// The server has answered that the secret which was proposed is in use already. Nothing here has
    /// used it, or it would lie in the keychain as the current one. So somebody else has, or the
    /// keychain has lost it; by presenting it the server learns that it has two holders, and ends the
    /// session rather than serving one of them for good and the other never.
    pub fn overtaken(&mut self) {
        if !is_planted(Planted::OvertakenForEver) {
            self.take_next();
        }
    }

    fn take_next(&mut self) {
        if let Some(next) = self.refresh.as_mut().and_then(|item| item.next.take()) {
            self.refresh = Some(RefreshItem { current: next, next: None });
        }
    }

    /// The server has answered the proposal. Returns the token, which is to be used now, however soon
    /// it runs out.
    pub fn answered(&mut self, answer: SessionAnswer, now: Timestamp) -> Zeroizing<String> {
        // The keychain still holds {current, next}. That is as good as {next} until `next` is used,
        // which is only after it was stored as the current one.
        self.take_next();
        let access = access_token(answer, now);
        let token = access.token.clone();
        self.access = Some(access);
        token
    }
}

fn access_token(answer: SessionAnswer, now: Timestamp) -> AccessToken {
    AccessToken {
        token: Zeroizing::new(answer.access_token),
        expires_at: now.plus_seconds(i64::from(answer.expires_in_s)),
    }
}
