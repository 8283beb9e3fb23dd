//! Somebody whom a company's own sign-in vouches for shows anew that they are there: by the browser, as at signing in.

use std::sync::Arc;
use std::time::Duration;

use recado_protocol::ErrorCode;
use recado_protocol::account::AccountSecurity;
use recado_protocol::host::{Empty, HostError};
use recado_protocol::sso::{SsoFlow, SsoStepUpCompleteRequest, SsoStepUpRequest};
use tokio::sync::oneshot;
use url::Url;

use super::shared::Shared;
use super::sso::{LONGEST_WAIT_S, Questions, code_of};
use crate::error::failure;
use crate::loopback::{Brought, may_open};
use crate::transport::Request;

/// A browser that is awaited for a session that runs.
pub(super) struct AwaitedBrowser {
    /// Where it was sent.
    page: Url,
    /// Dropped when it is awaited no longer.
    _awaited: oneshot::Sender<()>,
}

impl Shared {
    /// Answers once the browser has come back, or is awaited no longer. A later call takes the place of an earlier one.
    pub(super) async fn step_up_sso(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<AccountSecurity, HostError> {
        let Questions { loopback, state, verifier, challenge } =
            Questions::new(self.options.random.as_ref()).await?;
        let body = SsoStepUpRequest {
            code_challenge: challenge,
            redirect_uri: loopback.redirect_uri(),
            app_state: state.to_string(),
        };
        let begun: SsoFlow =
            self.ask_server(Request::post("/v1/session/step-up/sso", &body)?).await?;
        let page = may_open(&begun.authorization_url, self.options.pages_without_tls)
            .ok_or_else(|| failure(ErrorCode::LinkRefused, "the sign-in's page is not https://"))?;
        self.open_page(&page)?;
        let (awaited, given_up) = oneshot::channel();
        self.facts().step_up = Some(AwaitedBrowser { page, _awaited: awaited });
        let time = Duration::from_secs(begun.expires_in_s.min(LONGEST_WAIT_S).into());
        let brought = tokio::select! {
            // Nothing is ever sent: the other end is dropped, and what took its place is not to be touched.
            _ = given_up => return Err(failure(ErrorCode::SignInExpired, "given up")),
            brought = tokio::time::timeout(time, loopback.wait(&state)) => brought,
        };
        self.facts().step_up = None;
        match brought {
            Err(_) => Err(failure(ErrorCode::SignInExpired, "the browser did not come back")),
            Ok(Brought::Error(name)) => Err(failure(code_of(name), "the provider did not vouch")),
            Ok(Brought::Code(code)) => {
                let request = SsoStepUpCompleteRequest {
                    flow: begun.flow,
                    code: code.to_string(),
                    code_verifier: verifier.to_string(),
                };
                let path = "/v1/session/step-up/sso/complete";
                self.ask_server(Request::post(path, &request)?).await
            }
        }
    }

    pub(super) async fn step_up_sso_open_again(&self, _: Empty) -> Result<Empty, HostError> {
        let page = self.facts().step_up.as_ref().map(|awaited| awaited.page.clone());
        let page = page.ok_or_else(|| failure(ErrorCode::SignInExpired, "start again"))?;
        self.open_page(&page)?;
        Ok(Empty {})
    }

    pub(super) async fn step_up_sso_cancel(&self, _: Empty) -> Result<Empty, HostError> {
        self.facts().step_up = None;
        Ok(Empty {})
    }
}
