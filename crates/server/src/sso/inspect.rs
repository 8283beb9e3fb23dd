//! A look at a provider, for whoever sets it up.

use openidconnect::core::CoreResponseType;
use url::Url;

use super::claims::ALGORITHMS;
use super::provider_http::{authorities, is_allowed};
use super::{Sso, SsoError};
use crate::identity::sealer::{Purpose, Sealed};
use crate::storage::sso::Provider;
use recado_protocol::ProviderId;

impl Sso {
    /// Reads what a provider says about itself, and says in sentences what follows.
    ///
    /// # Errors
    /// [`SsoError::Unavailable`] with what is wrong.
    pub async fn look_at(&self, provider: &Provider) -> Result<Vec<String>, SsoError> {
        let known = self.relying.discover(provider, self.sessions.core.now()).await?;
        let metadata = &known.metadata;
        let wrong = |text: &str| Err(SsoError::Unavailable(text.to_owned()));
        self.sealer.open(&provider.client_secret, Purpose::ClientSecret, provider.id.uuid())?;
        let gives_codes = metadata
            .response_types_supported()
            .iter()
            .any(|types| types.contains(&CoreResponseType::Code));
        if !gives_codes {
            return wrong("the provider does not support the authorization code flow");
        }
        let signs = metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .any(|algorithm| ALGORITHMS.contains(algorithm));
        if !signs {
            return wrong("the provider signs its ID tokens by no algorithm that counts here");
        }
        if metadata.jwks().keys().is_empty() {
            return wrong("the provider publishes no key that can be used");
        }
        let mut findings = vec![
            "The provider answers and calls itself by the issuer that was entered.".to_owned(),
            format!("It publishes {} usable keys.", metadata.jwks().keys().len()),
        ];
        let further = metadata.additional_metadata();
        findings.push(
            if further.backchannel_logout_supported {
                "It tells of logouts: enter the back-channel logout URI there."
            } else {
                "It does not tell of logouts; sessions go on until they end here."
            }
            .to_owned(),
        );
        if provider.domains.is_empty() {
            findings.push(
                "It is offered to every address, since no domain was named for it.".to_owned(),
            );
        }
        Ok(findings)
    }

    /// The secret of a provider, as it is stored.
    ///
    /// # Errors
    /// [`SsoError::Internal`] without randomness.
    pub(crate) fn seal_secret(&self, secret: &str, id: ProviderId) -> Result<Sealed, SsoError> {
        Ok(self.sealer.seal(secret, Purpose::ClientSecret, id.uuid())?)
    }

    /// Whether a provider may live at this address.
    pub(crate) fn may_ask(&self, url: &Url) -> bool {
        is_allowed(url, self.relying.loopback_without_tls)
    }

    /// Forgets what is known of a provider.
    pub(crate) fn forget(&self, id: ProviderId) {
        self.relying.forget(id);
    }
}

/// Nothing, if a PEM text holds certificates that can be used.
pub(crate) fn require_authorities(pem: Option<&str>) -> Result<(), SsoError> {
    authorities(pem).map(drop).map_err(|error| SsoError::Unavailable(error.to_string()))
}
