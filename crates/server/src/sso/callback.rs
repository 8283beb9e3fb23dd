//! The browser comes back from the provider.

use std::sync::Arc;

use openidconnect::{AuthorizationCode, OAuth2TokenResponse as _, PkceCodeVerifier};
use recado_protocol::{ErrorCode, ProviderId, Timestamp};
use serde::Deserialize;
use url::Url;

use super::accounts::Admission;
use super::claims::{self, Vouched};
use super::relying_party::token_error;
use super::{Sso, SsoError};
use crate::gate::{self, SecretCheck};
use crate::identity::sealer::Purpose;
use crate::identity::token::{Secret, TokenKind};
use crate::session::Trail;
use crate::storage::change_log::LogWriter;
use crate::storage::limiter_state;
use crate::storage::sso::Provider;
use crate::storage::sso::flow::{self, SsoFlow, VouchedFor};

/// How long the app may take to come for the session, in seconds.
pub const CODE_S: i64 = 60;
/// The longest code of a provider that is passed on to it, in bytes.
const LONGEST_CODE: usize = 8_192;

/// What the browser brings from the provider.
#[derive(Clone, Default, Deserialize)]
pub struct CallbackQuery {
    /// The state that this server gave.
    #[serde(default)]
    pub state: Option<String>,
    /// The provider's code.
    #[serde(default)]
    pub code: Option<String>,
    /// Why there is no code.
    #[serde(default)]
    pub error: Option<String>,
    /// Who the provider is (RFC 9207).
    #[serde(default)]
    pub iss: Option<String>,
}

impl std::fmt::Debug for CallbackQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackQuery").finish_non_exhaustive()
    }
}

/// What the browser is told.
#[derive(Clone, PartialEq, Eq)]
pub enum CallbackAnswer {
    /// To go to the app, at this address.
    Redirect(String),
    /// That it ends here, since nothing says where the app is.
    Page(ErrorCode),
}

impl Sso {
    /// Takes what the browser brings, and sends it to the app with a code that is good once, or with why there is none.
    pub async fn callback(
        &self,
        check: SecretCheck,
        provider_id: ProviderId,
        query: CallbackQuery,
        origin: &str,
    ) -> CallbackAnswer {
        let taken = match self.take_flow(check, query.state.as_deref()).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::info!(%error, "a browser came back with a state that is nobody's");
                return CallbackAnswer::Page(error.code());
            }
        };
        let outcome = self.vouched(provider_id, &taken, query, origin).await;
        let (name, value) = match &outcome {
            Ok(code) => ("code", code.expose().to_owned()),
            Err(error) => {
                tracing::info!(%error, %provider_id, "single sign-on refused");
                if let Err(error) = self.note_refusal(&taken, error.code()).await {
                    tracing::warn!(%error, "a refused sign-on could not be noted");
                }
                ("error", code_name(error.code()))
            }
        };
        match Url::parse(&taken.redirect_uri) {
            Ok(mut url) => {
                url.query_pairs_mut()
                    .append_pair(name, &value)
                    .append_pair("state", &taken.app_state);
                CallbackAnswer::Redirect(url.into())
            }
            Err(_) => CallbackAnswer::Page(ErrorCode::SsoFailed),
        }
    }

    /// The sign-in of a state, which is good for nothing more from here on.
    async fn take_flow(
        &self,
        check: SecretCheck,
        state: Option<&str>,
    ) -> Result<SsoFlow, SsoError> {
        let unknown = || SsoError::Failed("there is no sign-in of this state".to_owned());
        let state = state.unwrap_or_default();
        let state_hash = Secret::parse(TokenKind::SsoState, state).ok().map(|secret| secret.hash());
        let now = self.sessions.core.now();
        let policies = Arc::clone(&self.sessions.policies);
        let keys = check.stranger_keys();
        self.sessions
            .core
            .db()
            .write(async move |tx| {
                if let Err(refusal) = gate::charge(tx, &policies, &keys, now).await? {
                    return Ok(Err(refusal.into()));
                }
                let found = match state_hash {
                    Some(hash) => flow::take(tx, hash).await?,
                    None => None,
                };
                let Some(found) = found else { return Ok(Err(unknown())) };
                limiter_state::refund(tx, &policies, &keys, now).await?;
                Ok::<_, SsoError>(Ok(found))
            })
            .await?
    }

    async fn vouched(
        &self,
        provider_id: ProviderId,
        taken: &SsoFlow,
        query: CallbackQuery,
        origin: &str,
    ) -> Result<Secret, SsoError> {
        let now = self.sessions.core.now();
        let failed = |text: &str| SsoError::Failed(text.to_owned());
        // Each provider has an address of its own to send browsers to, so one cannot pass for another.
        if taken.provider_id != provider_id {
            return Err(failed("the browser came back from another provider"));
        }
        if taken.expires_at <= now {
            return Err(SsoError::Expired);
        }
        let provider = self.provider(provider_id).await?;
        if query.iss.as_ref().is_some_and(|issuer| *issuer != provider.issuer) {
            return Err(failed("the code is of another issuer"));
        }
        if let Some(error) = query.error.as_deref() {
            return Err(match error {
                "access_denied" => SsoError::Denied("the provider refused the person"),
                "server_error" | "temporarily_unavailable" => {
                    SsoError::Unavailable("the provider cannot serve just now".to_owned())
                }
                _ => failed("the provider gave an error in place of a code"),
            });
        }
        let code = query.code.filter(|code| !code.is_empty() && code.len() <= LONGEST_CODE);
        let code = code.ok_or_else(|| failed("the browser brought no code"))?;

        let known = self.relying.know(&provider, now).await?;
        let names_itself =
            known.metadata.additional_metadata().authorization_response_iss_parameter_supported;
        if names_itself && query.iss.is_none() {
            return Err(failed("the code does not say which issuer it is of"));
        }
        let secret =
            self.sealer.open(&provider.client_secret, Purpose::ClientSecret, provider.id.uuid())?;
        let verifier = self.sealer.open(&taken.verifier, Purpose::Verifier, provider.id.uuid())?;
        let client = known.client(&provider, &secret, super::callback_url(origin, provider.id))?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| SsoError::unavailable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_string()))
            .request_async(&known.http)
            .await
            .map_err(token_error)?;
        let vouched =
            claims::of_sign_in(&self.relying, &provider, known, &tokens, taken.nonce_hash, now)
                .await?;
        if taken.session_id.is_some() {
            return self.note_presence(&provider, vouched, taken.clone(), now).await;
        }
        let refresh = tokens.refresh_token().map(|token| token.secret().clone());
        self.hand_over(provider, vouched, refresh, taken.clone(), now).await
    }

    /// Stores that the provider vouches for somebody, and gives the code by which the app comes for the session.
    async fn hand_over(
        &self,
        provider: Provider,
        vouched: Vouched,
        refresh: Option<String>,
        taken: SsoFlow,
        now: Timestamp,
    ) -> Result<Secret, SsoError> {
        let core = &self.sessions.core;
        let code = Secret::generate(TokenKind::AuthorizationCode)?;
        let code_hash = code.hash();
        let ids = core.ids(now);
        let trail = Trail::new(core, provider.workspace_id, now);
        let sealer = Arc::clone(&self.sealer);
        let refresh = refresh.map(zeroize::Zeroizing::new);
        core.db()
            .write(async move |tx| {
                let mut log = LogWriter::lock(tx, provider.workspace_id).await?;
                let (mut ids, mut trail) = (ids.clone(), trail.clone());
                let teammate_id = Admission {
                    provider: &provider,
                    vouched: &vouched,
                    log: &mut log,
                    ids: &mut ids,
                    trail: &mut trail,
                    now,
                }
                .admit(tx)
                .await?;
                let sealed = refresh
                    .as_ref()
                    .map(|token| sealer.seal(token, Purpose::RefreshToken, teammate_id.uuid()))
                    .transpose()?;
                let row = VouchedFor {
                    flow_hash: taken.flow_hash,
                    provider_id: provider.id,
                    teammate_id,
                    subject: vouched.subject.clone(),
                    provider_session: vouched.provider_session.clone(),
                    refresh: sealed,
                    challenge: taken.challenge,
                    device: taken.device.clone(),
                    session_id: None,
                    authenticated_at: vouched.authenticated_at,
                };
                flow::insert_code(tx, code_hash, &row, now.plus_seconds(CODE_S)).await?;
                Ok::<_, SsoError>(())
            })
            .await?;
        Ok(code)
    }

    async fn note_refusal(&self, taken: &SsoFlow, code: ErrorCode) -> Result<(), SsoError> {
        let core = &self.sessions.core;
        let trail = Trail::new(core, self.sessions.workspace_id, core.now());
        let (provider_id, device) = (taken.provider_id, taken.device.clone());
        let code = code_name(code);
        core.db()
            .write(async move |tx| {
                trail.clone().sso_refused(tx, provider_id, &code, &device).await?;
                Ok::<_, SsoError>(())
            })
            .await
    }
}

/// A code's name on the wire.
fn code_name(code: ErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "sso_failed".to_owned(),
    }
}
