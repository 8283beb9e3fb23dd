//! Single sign-on by OpenID Connect, as the app asks for it. The server is the relying party: the
//! app never sees the identity provider's code or tokens.

use serde::{Deserialize, Serialize};

use crate::id::ProviderId;
use crate::identity::Device;

/// `POST /v1/sign-in/ways`: how somebody may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SignInWaysRequest {
    /// The address. Only its domain counts, so the answer tells nothing about who has an account.
    /// Empty: what is offered whatever the address.
    pub email: String,
}

impl std::fmt::Debug for SignInWaysRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInWaysRequest").finish_non_exhaustive()
    }
}

/// Answer to `POST /v1/sign-in/ways`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SignInWays {
    /// Whether passwords are offered. Where they are not, one account may use its password all the
    /// same, for the day on which single sign-on is broken.
    pub password: bool,
    /// The identity providers that are offered.
    pub providers: Vec<ProviderSummary>,
    /// Whether the workspace has any identity provider. If not, there is no need to ask again.
    pub has_providers: bool,
}

/// An identity provider as a person knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ProviderSummary {
    /// The provider.
    pub id: ProviderId,
    /// What people call it.
    pub name: String,
}

/// `POST /v1/sign-in/sso`: begins a single sign-on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SsoRequest {
    /// The provider.
    pub provider_id: ProviderId,
    /// The machine.
    pub device: Device,
    /// SHA-256 of the app's own verifier, base64url without padding (RFC 7636, S256).
    pub code_challenge: String,
    /// Where the app awaits the browser: `http://127.0.0.1:PORT/…` or `http://[::1]:PORT/…`.
    pub redirect_uri: String,
    /// Comes back with the browser, so that the app knows its own sign-in: 22 to 128 characters of
    /// base64url.
    pub app_state: String,
}

impl std::fmt::Debug for SsoRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoRequest").field("provider_id", &self.provider_id).finish_non_exhaustive()
    }
}

/// `POST /v1/session/step-up/sso`: has the provider ask anew who sits there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SsoStepUpRequest {
    /// As in [`SsoRequest`].
    pub code_challenge: String,
    /// As in [`SsoRequest`].
    pub redirect_uri: String,
    /// As in [`SsoRequest`].
    pub app_state: String,
}

impl std::fmt::Debug for SsoStepUpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoStepUpRequest").finish_non_exhaustive()
    }
}

/// `POST /v1/session/step-up/sso/complete`: shows what the browser has brought.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SsoStepUpCompleteRequest {
    /// From [`SsoFlow`].
    pub flow: String,
    /// What the browser has brought; good once, for a minute.
    pub code: String,
    /// The verifier whose hash began it.
    pub code_verifier: String,
}

impl std::fmt::Debug for SsoStepUpCompleteRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoStepUpCompleteRequest").finish_non_exhaustive()
    }
}

/// Answer to `POST /v1/sign-in/sso` and `POST /v1/session/step-up/sso`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SsoFlow {
    /// Names this sign-in for its last step.
    pub flow: String,
    /// Where the browser has to go.
    pub authorization_url: String,
    /// How long the browser is awaited, in seconds.
    pub expires_in_s: u32,
}

impl std::fmt::Debug for SsoFlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoFlow").finish_non_exhaustive()
    }
}

/// `POST /v1/sign-in/sso/complete`: trades what the browser has brought for a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SsoCompleteRequest {
    /// From [`SsoFlow`].
    pub flow: String,
    /// What the browser has brought; good once, for a minute.
    pub code: String,
    /// The verifier whose hash began the sign-in.
    pub code_verifier: String,
    /// SHA-256 of the refresh secret that the client has made and stored, base64url without
    /// padding.
    pub refresh_hash: String,
}

impl std::fmt::Debug for SsoCompleteRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoCompleteRequest").finish_non_exhaustive()
    }
}
