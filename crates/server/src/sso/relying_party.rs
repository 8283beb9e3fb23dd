//! This server as a provider's client: what the provider says about itself, the way there, and the exchange of codes and
//! refresh tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthType, Client, ClientId, ClientSecret,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenFields,
    IssuerUrl, JsonWebKeySet, ProviderMetadata, RedirectUrl, RequestTokenError,
    StandardErrorResponse, StandardTokenResponse,
};
use recado_protocol::{ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::SsoError;
use super::provider_http::{ProviderHttp, ProviderHttpError};
use crate::storage::sso::Provider;

/// How long what a provider says about itself is taken for true, in seconds.
const KNOWN_FOR_S: i64 = 600;

/// What a provider says about itself beyond the standard's core.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct FurtherMetadata {
    /// Whether it says with each code who it is (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    /// Whether it tells of logouts.
    #[serde(default)]
    pub(super) backchannel_logout_supported: bool,
}

impl AdditionalProviderMetadata for FurtherMetadata {}

/// What a token says beyond the standard's own claims.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct FurtherClaims {
    /// The provider's own session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<String>,
    /// When the token begins to count, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<f64>,
    /// Everything else; groups are among it.
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

impl AdditionalClaims for FurtherClaims {}

pub(super) type Metadata = ProviderMetadata<
    FurtherMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(super) type ProviderIdToken = IdToken<
    FurtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        FurtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

pub(super) type ProviderClient = Client<
    FurtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(super) type TokenError =
    RequestTokenError<ProviderHttpError, StandardErrorResponse<CoreErrorResponseType>>;

/// What is known of a provider for a time.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) http: ProviderHttp,
    issuer: String,
    ca_pem: Option<String>,
    until: Timestamp,
}

/// Keeps what providers say about themselves. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct RelyingParty {
    known: Arc<Mutex<BTreeMap<ProviderId, Arc<Known>>>>,
    pub(super) loopback_without_tls: bool,
}

impl RelyingParty {
    pub(super) fn new(loopback_without_tls: bool) -> Self {
        Self { known: Arc::default(), loopback_without_tls }
    }

    /// What a provider says about itself, asked for unless it was a short time ago.
    pub(super) async fn know(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Arc<Known>, SsoError> {
        let kept = self.kept(provider.id).filter(|known| {
            now < known.until && known.issuer == provider.issuer && known.ca_pem == provider.ca_pem
        });
        match kept {
            Some(known) => Ok(known),
            None => self.discover(provider, now).await,
        }
    }

    /// What a provider says about itself, asked for now.
    pub(super) async fn discover(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Arc<Known>, SsoError> {
        let http = ProviderHttp::new(provider, self.loopback_without_tls)
            .map_err(|error| SsoError::unavailable(&error))?;
        let issuer = IssuerUrl::new(provider.issuer.clone())
            .map_err(|_| SsoError::Unavailable("the issuer is not an address".to_owned()))?;
        let metadata = Metadata::discover_async(issuer, &http)
            .await
            .map_err(|error| SsoError::Unavailable(discovery_text(&error)))?;
        if !http.may_ask(metadata.authorization_endpoint().url()) {
            return Err(SsoError::unavailable(&ProviderHttpError::Insecure));
        }
        if metadata.token_endpoint().is_none() {
            let text = "the provider names no token endpoint";
            return Err(SsoError::Unavailable(text.to_owned()));
        }
        let known = Known {
            metadata,
            http,
            issuer: provider.issuer.clone(),
            ca_pem: provider.ca_pem.clone(),
            until: now.plus_seconds(KNOWN_FOR_S),
        };
        Ok(self.keep(provider.id, known))
    }

    /// The same with the provider's keys read anew: it may have changed them a moment ago.
    pub(super) async fn with_new_keys(
        &self,
        provider: &Provider,
        known: &Known,
    ) -> Result<Arc<Known>, SsoError> {
        let keys = JsonWebKeySet::fetch_async(known.metadata.jwks_uri(), &known.http)
            .await
            .map_err(|error| SsoError::Unavailable(discovery_text(&error)))?;
        let renewed = Known {
            metadata: known.metadata.clone().set_jwks(keys),
            http: known.http.clone(),
            issuer: known.issuer.clone(),
            ca_pem: known.ca_pem.clone(),
            until: known.until,
        };
        Ok(self.keep(provider.id, renewed))
    }

    /// Forgets a provider, as one that was removed or set anew.
    pub(super) fn forget(&self, id: ProviderId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn kept(&self, id: ProviderId) -> Option<Arc<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn keep(&self, id: ProviderId, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, Arc::clone(&known));
        known
    }
}

impl Known {
    /// The client for this provider.
    pub(super) fn client(
        &self,
        provider: &Provider,
        secret: &str,
        redirect_url: String,
    ) -> Result<ProviderClient, SsoError> {
        let redirect = RedirectUrl::new(redirect_url)
            .map_err(|_| SsoError::Internal("the server's own address is unusable".to_owned()))?;
        let client = ProviderClient::from_provider_metadata(
            self.metadata.clone(),
            ClientId::new(provider.client_id.clone()),
            Some(ClientSecret::new(secret.to_owned())),
        )
        .set_redirect_uri(redirect);
        // Without a word about it a provider takes the secret in the header.
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        Ok(if in_body { client.set_auth_type(AuthType::RequestBody) } else { client })
    }
}

fn discovery_text(error: &openidconnect::DiscoveryError<ProviderHttpError>) -> String {
    use openidconnect::DiscoveryError as E;
    match error {
        E::Request(error) => error.to_string(),
        E::Parse(_) => "what the provider says about itself cannot be read".to_owned(),
        E::Response(status, _, _) if !status.is_success() => {
            format!("the provider answers with the status {}", status.as_u16())
        }
        E::Response(..) => "what the provider says about itself is not JSON".to_owned(),
        E::Validation(_) => "the provider calls itself by another issuer".to_owned(),
        _ => "what the provider says about itself cannot be used".to_owned(),
    }
}

/// Why a provider gave no tokens.
pub(super) fn token_error(error: TokenError) -> SsoError {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            SsoError::failed(format!("the provider refused the code: {}", answer.error()))
        }
        RequestTokenError::Request(error) => SsoError::unavailable(&error),
        RequestTokenError::Parse(..) => {
            SsoError::Failed("the provider's tokens cannot be read".to_owned())
        }
        RequestTokenError::Other(_) => SsoError::Failed("the provider gave no tokens".to_owned()),
    }
}
