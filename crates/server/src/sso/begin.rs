//! What happens before the browser is with the provider.

use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::{AuthenticationFlow, CsrfToken, Nonce, PkceCodeChallenge, Scope};
use recado_protocol::sso::{
    ProviderSummary, SignInWays, SignInWaysRequest, SsoFlow as SsoFlowAnswer, SsoRequest,
};
use recado_protocol::{ProviderId, SessionId};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

use super::accounts::domain_of;
use super::{Sso, SsoError};
use crate::gate::{self, SecretCheck};
use crate::identity::sealer::Purpose;
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::sign_in;
use crate::storage::session::StoredDevice;
use crate::storage::sso::flow::{self, SsoFlow};
use crate::storage::{DbError, sso};

/// How long the browser is awaited, in seconds.
pub const FLOW_S: u32 = 180;
/// How many sign-ins may wait for their browsers at once.
const MOST_FLOWS: u64 = 10_000;
const LONGEST_REDIRECT: usize = 256;
const STATE_CHARACTERS: std::ops::RangeInclusive<usize> = 22..=128;

/// What a browser is sent to a provider for.
pub(super) struct Errand {
    /// SHA-256 of the app's own verifier.
    pub(super) challenge: [u8; 32],
    /// Where the app awaits the browser.
    pub(super) redirect_uri: String,
    /// What comes back to the app.
    pub(super) app_state: String,
    /// The machine that the app runs on.
    pub(super) device: StoredDevice,
    /// The session that runs already and whose person is to be there; absent for a sign-in.
    pub(super) session_id: Option<SessionId>,
}

impl Sso {
    /// How somebody may sign in. It follows from the address's domain and the workspace's settings alone.
    ///
    /// # Errors
    /// [`SsoError::Db`].
    pub async fn ways(&self, request: SignInWaysRequest) -> Result<SignInWays, SsoError> {
        let workspace_id = self.sessions.workspace_id;
        let (providers, owner) = self
            .sessions
            .core
            .db()
            .read(async move |tx| {
                let providers = sso::all(tx, workspace_id).await?;
                Ok::<_, DbError>((providers, sso::only_with_owner(tx, workspace_id).await?))
            })
            .await?;
        let domain = domain_of(&request.email);
        let has_providers = !providers.is_empty();
        let offered = providers.into_iter().filter(|provider| {
            provider.domains.is_empty()
                || domain.as_ref().is_some_and(|domain| provider.domains.contains(domain))
        });
        Ok(SignInWays {
            password: owner.is_none(),
            providers: offered
                .map(|provider| ProviderSummary { id: provider.id, name: provider.name })
                .collect(),
            has_providers,
        })
    }

    /// Begins a sign-in: gives the address at which the browser finds the provider. `origin` is this server's own.
    ///
    /// # Errors
    /// [`SsoError::InvalidValue`] for what cannot be taken, [`SsoError::NoSuchProvider`], [`SsoError::Unavailable`].
    pub async fn begin(
        &self,
        check: SecretCheck,
        request: SsoRequest,
        origin: &str,
    ) -> Result<SsoFlowAnswer, SsoError> {
        let device = sign_in::read_device(&request.device)
            .map_err(|_| SsoError::InvalidValue("`device` cannot be taken."))?;
        let challenge =
            require_ways_back(&request.code_challenge, &request.redirect_uri, &request.app_state)?;
        let core = &self.sessions.core;
        let now = core.now();
        let policies = Arc::clone(&self.sessions.policies);
        let charged = core
            .db()
            .write(async move |tx| gate::charge(tx, &policies, &check.address_key(), now).await)
            .await?;
        charged?;

        let errand = Errand {
            challenge,
            redirect_uri: request.redirect_uri,
            app_state: request.app_state,
            device,
            session_id: None,
        };
        self.send(request.provider_id, errand, origin).await
    }

    /// Writes down what a browser is sent for, and gives the address at which it finds the provider.
    pub(super) async fn send(
        &self,
        provider_id: ProviderId,
        errand: Errand,
        origin: &str,
    ) -> Result<SsoFlowAnswer, SsoError> {
        let core = &self.sessions.core;
        let now = core.now();
        let provider = self.provider(provider_id).await?;
        let known = self.relying.know(&provider, now).await?;
        let flow = Secret::generate(TokenKind::SignInStep)?;
        let state = Secret::generate(TokenKind::SsoState)?;
        let nonce = Nonce::new_random();
        let (pkce_challenge, pkce_verifier) = PkceCodeChallenge::new_random_sha256();
        let client = known.client(&provider, "", super::callback_url(origin, provider.id))?;
        let (state_text, nonce_text) = (state.expose().to_owned(), nonce.secret().to_owned());
        let mut asked = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state_text),
                move || Nonce::new(nonce_text),
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(pkce_challenge);
        let supported = known.metadata.scopes_supported();
        let supports = |name: &str| {
            supported.is_some_and(|scopes| scopes.iter().any(|scope| scope.as_str() == name))
        };
        if supports("offline_access") {
            asked = asked.add_scope(Scope::new("offline_access".to_owned()));
        }
        if provider.groups_claim.is_some() && supports("groups") {
            asked = asked.add_scope(Scope::new("groups".to_owned()));
        }
        if errand.session_id.is_some() {
            // Whoever sits there shows it anew, whatever the provider remembers.
            asked = asked.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        let (authorization_url, ..) = asked.url();

        let verifier =
            self.sealer.seal(pkce_verifier.secret(), Purpose::Verifier, provider.id.uuid())?;
        let stored = SsoFlow {
            flow_hash: flow.hash(),
            provider_id: provider.id,
            nonce_hash: Sha256::digest(nonce.secret()).into(),
            verifier,
            challenge: errand.challenge,
            redirect_uri: errand.redirect_uri,
            app_state: errand.app_state,
            device: errand.device,
            session_id: errand.session_id,
            expires_at: now.plus_seconds(FLOW_S.into()),
        };
        let state_hash = state.hash();
        core.db()
            .write(async move |tx| {
                if let Some(session_id) = stored.session_id {
                    flow::forget_session(tx, session_id).await?;
                }
                if flow::count(tx).await? >= MOST_FLOWS {
                    return Err(SsoError::Busy);
                }
                flow::insert(tx, state_hash, &stored).await?;
                Ok(())
            })
            .await?;
        Ok(SsoFlowAnswer {
            flow: flow.expose().to_owned(),
            authorization_url: authorization_url.into(),
            expires_in_s: FLOW_S,
        })
    }
}

/// The app's challenge, if it, the address and the state lead back to the app and to nobody else.
pub(super) fn require_ways_back(
    code_challenge: &str,
    redirect_uri: &str,
    app_state: &str,
) -> Result<[u8; 32], SsoError> {
    let challenge = TokenHash::from_base64(code_challenge).map_err(|_| {
        SsoError::InvalidValue("`code_challenge` is not SHA-256 in base64url without padding.")
    })?;
    require_loopback(redirect_uri)?;
    require_state(app_state)?;
    Ok(*challenge.as_bytes())
}

/// Refuses every address but one of the machine that the app runs on, in the one spelling that it has.
fn require_loopback(redirect_uri: &str) -> Result<(), SsoError> {
    let refused = SsoError::InvalidValue(
        "`redirect_uri` must be http://127.0.0.1:PORT/PATH or http://[::1]:PORT/PATH.",
    );
    if redirect_uri.len() > LONGEST_REDIRECT {
        return Err(refused);
    }
    let Ok(url) = Url::parse(redirect_uri) else { return Err(refused) };
    let own = match url.host() {
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        Some(Host::Domain(_)) | None => false,
    };
    let exact = url.as_str() == redirect_uri
        && url.scheme() == "http"
        && url.port().is_some_and(|port| port != 0)
        && url.path().len() > 1
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if own && exact { Ok(()) } else { Err(refused) }
}

fn require_state(app_state: &str) -> Result<(), SsoError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if STATE_CHARACTERS.contains(&app_state.len()) && app_state.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(SsoError::InvalidValue("`app_state` must be 22 to 128 characters of base64url."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_comes_back_to_the_app_s_own_machine_only() {
        for right in ["http://127.0.0.1:49152/callback", "http://[::1]:49152/callback"] {
            assert!(require_loopback(right).is_ok(), "{right}");
        }
        for wrong in [
            "https://127.0.0.1:49152/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:49152",
            "http://127.0.0.1:49152/",
            "http://127.0.0.2:49152/callback",
            "http://0.0.0.0:49152/callback",
            "http://localhost:49152/callback",
            "http://127.0.0.1.evil.example:49152/callback",
            "http://127.0.0.1:49152@evil.example/callback",
            "http://evil.example:49152/callback",
            "http://2130706433:49152/callback",
            "http://[::ffff:127.0.0.1]:49152/callback",
            "http://127.0.0.1:49152/a/../callback",
            "http://127.0.0.1:49152/callback?next=1",
            "http://127.0.0.1:49152/callback#a",
            "recado://callback",
            "javascript:alert(1)",
            "",
        ] {
            assert!(require_loopback(wrong).is_err(), "{wrong}");
        }
        assert!(require_loopback(&format!("http://127.0.0.1:1/{}", "a".repeat(300))).is_err());
    }

    #[test]
    fn the_app_s_state_is_long_and_plain() {
        assert!(require_state(&"a".repeat(43)).is_ok());
        for wrong in ["", "short", &"a".repeat(129), &format!("{}&x=1", "a".repeat(40))] {
            assert!(require_state(wrong).is_err(), "{wrong}");
        }
    }
}
