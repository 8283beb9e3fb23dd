//! OpenID Connect Back-Channel Logout 1.0: the provider says that somebody has signed out there.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyAlgorithm, JsonWebKeyUse as _};
use recado_protocol::{ProviderId, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::claims::{ALGORITHMS, SKEW_S};
use super::relying_party::Known;
use super::{Sso, SsoError};
use crate::gate::{self, SecretCheck};
use crate::session::Trail;
use crate::storage::session::EndReason;
use crate::storage::sso::{Provider, link};
use crate::storage::{limiter_state, session};

/// The longest logout token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 16_384;
/// How old a logout token may be, in seconds.
const OLDEST_S: i64 = 300;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: Audiences,
    iat: i64,
    #[serde(default)]
    exp: Option<i64>,
    jti: String,
    events: Map<String, Value>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    sid: Option<String>,
    #[serde(default)]
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Several(Vec<String>),
}

impl Audiences {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Several(all) => all.iter().any(|one| one == wanted),
        }
    }
}

/// A token that was taken apart, and of which nothing is believed yet.
struct Token<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    header: Header,
    claims: LogoutClaims,
}

impl Sso {
    /// Ends the sessions that a logout token names.
    ///
    /// # Errors
    /// [`SsoError::Failed`] for a token that shows less than it has to, or has been obeyed before.
    pub async fn back_channel_logout(
        &self,
        check: SecretCheck,
        provider_id: ProviderId,
        token: &str,
    ) -> Result<(), SsoError> {
        let core = &self.sessions.core;
        let now = core.now();
        let keys = check.stranger_keys();
        let policies = Arc::clone(&self.sessions.policies);
        let charging = (Arc::clone(&policies), keys.clone());
        core.db()
            .write(async move |tx| gate::charge(tx, &charging.0, &charging.1, now).await)
            .await??;
        let provider = self.provider(provider_id).await?;
        let claims = self.verified(&provider, token, now).await?;
        let identity = [provider.id.uuid().as_bytes().as_slice(), claims.jti.as_bytes()].concat();
        let token_hash: [u8; 32] = Sha256::digest(identity).into();
        let trail = Trail::new(core, provider.workspace_id, now);
        let ended = core
            .db()
            .write(async move |tx| {
                limiter_state::refund(tx, &policies, &keys, now).await?;
                let forgotten_at = now.plus_seconds(OLDEST_S + 2 * SKEW_S);
                if !link::note_logout(tx, token_hash, forgotten_at).await? {
                    return Ok(None);
                }
                let mut trail = trail.clone();
                let (sub, sid) = (claims.sub.as_deref(), claims.sid.as_deref());
                let mut ended = Vec::new();
                for id in link::sessions_of(tx, provider.id, sub, sid).await? {
                    let Some(found) = session::lock(tx, id).await? else { continue };
                    let reason = EndReason::ProviderEnded;
                    if session::end(tx, id, reason, now).await? {
                        trail.ended(tx, found.teammate_id, id, reason).await?;
                        ended.push(id);
                    }
                }
                Ok::<_, SsoError>(Some(ended))
            })
            .await?;
        let ended = ended
            .ok_or_else(|| SsoError::Failed("the logout token was obeyed before".to_owned()))?;
        tracing::info!(%provider_id, sessions = ended.len(), "the provider has ended sessions");
        ended.into_iter().for_each(|id| self.sessions.announce_end(id));
        Ok(())
    }

    async fn verified(
        &self,
        provider: &Provider,
        token: &str,
        now: Timestamp,
    ) -> Result<LogoutClaims, SsoError> {
        let failed = |text: &str| SsoError::Failed(format!("the logout token {text}"));
        let token = read(token).ok_or_else(|| failed("cannot be read"))?;
        let typ = token.header.typ.as_deref().map(str::to_ascii_lowercase);
        let typ_fits = matches!(
            typ.as_deref(),
            None | Some("logout+jwt" | "application/logout+jwt" | "jwt" | "application/jwt")
        );
        if !typ_fits || token.header.crit.is_some() {
            return Err(failed("is of another kind"));
        }
        if !ALGORITHMS.contains(&token.header.alg) {
            return Err(failed("is signed by an algorithm that does not count"));
        }
        // Before any key is asked for, so that a token that is nonsense costs the provider nothing.
        require(provider, &token.claims, now).map_err(failed)?;
        let known = self.relying.know(provider, now).await?;
        if !is_signed(&known, &token) {
            let renewed = self.relying.with_new_keys(provider, &known).await?;
            if !is_signed(&renewed, &token) {
                return Err(failed("is not signed by the provider"));
            }
        }
        Ok(token.claims)
    }
}

fn read(token: &str) -> Option<Token<'_>> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    Some(Token {
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        header: serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?,
        claims: serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?,
    })
}

fn require(provider: &Provider, claims: &LogoutClaims, now: Timestamp) -> Result<(), &'static str> {
    let now = now.as_seconds();
    if claims.iss != provider.issuer {
        return Err("is of another issuer");
    }
    if !claims.aud.contains(&provider.client_id) {
        return Err("is for somebody else");
    }
    if claims.iat > now + SKEW_S || claims.iat < now - OLDEST_S {
        return Err("is too old, or from the future");
    }
    if claims.exp.is_some_and(|end| end <= now - SKEW_S) {
        return Err("has run out");
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err("tells of no logout");
    }
    if claims.nonce.is_some() {
        return Err("is an ID token");
    }
    let named = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
    if !named(&claims.sub) && !named(&claims.sid) {
        return Err("names nobody");
    }
    if claims.jti.is_empty() { Err("has no id") } else { Ok(()) }
}

fn is_signed(known: &Known, token: &Token<'_>) -> bool {
    let algorithm = &token.header.alg;
    let fits = |key: &&CoreJsonWebKey| {
        let named = token
            .header
            .kid
            .as_deref()
            .is_none_or(|wanted| key.key_id().is_some_and(|id| id.as_str() == wanted));
        let for_signatures = key.key_use().is_none_or(|usage| usage.allows_signature());
        let by_algorithm = match key.signing_alg() {
            JsonWebKeyAlgorithm::Unspecified => true,
            JsonWebKeyAlgorithm::Algorithm(own) => own == algorithm,
            JsonWebKeyAlgorithm::Unsupported => false,
        };
        named && for_signatures && by_algorithm
    };
    known.metadata.jwks().keys().iter().filter(fits).any(|key| {
        key.verify_signature(algorithm, token.signed.as_bytes(), &token.signature).is_ok()
    })
}
