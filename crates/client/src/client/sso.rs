//! Single sign-on: the browser is sent to the company's own sign-in and awaited on this machine's loopback.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::ErrorCode;
use recado_protocol::host::{
    AppState, BrowserWait, Empty, HostError, LoginMethod, Phase, SsoBeginRequest,
};
use recado_protocol::identity::Session as SessionAnswer;
use recado_protocol::sso::{
    SignInWays, SignInWaysRequest, SsoCompleteRequest, SsoFlow, SsoRequest,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tracing::info;
use url::Url;
use zeroize::Zeroizing;

use super::shared::Shared;
use crate::error::failure;
use crate::keychain::{ItemKind, ItemName};
use crate::loopback::{Brought, Loopback, may_open};
use crate::profile::Account;
use crate::random::{NoRandomness, Random};
use crate::session::RefreshItem;
use crate::transport::{Request, TransportError};

/// The longest time for which the browser is awaited, in seconds, whatever the server says.
pub(super) const LONGEST_WAIT_S: u32 = 180;

/// A sign-in whose browser is awaited, or has come to nothing.
pub(super) struct BrowserSignIn {
    pub(super) email: String,
    pub(super) wait: BrowserWait,
    /// Where the browser was sent.
    page: Url,
    /// Dropped when the browser is awaited no longer.
    awaited: Option<oneshot::Sender<()>>,
    /// Tells this attempt from an earlier one.
    challenge: String,
}

/// What the attempt itself needs to come to its end.
struct Attempt {
    loopback: Loopback,
    time: Duration,
    state: Zeroizing<String>,
    verifier: Zeroizing<String>,
    challenge: String,
    flow: String,
    refresh: RefreshItem,
}

/// What tells the app's own browser from any other program that comes to this machine's loopback, and the app from
/// whoever else gets hold of what the browser brings.
pub(super) struct Questions {
    /// Where the browser is awaited.
    pub(super) loopback: Loopback,
    /// What it has to bring back.
    pub(super) state: Zeroizing<String>,
    /// What the app shows in the end.
    pub(super) verifier: Zeroizing<String>,
    /// The verifier's SHA-256, base64url without padding.
    pub(super) challenge: String,
}

impl Questions {
    pub(super) async fn new(random: &dyn Random) -> Result<Self, HostError> {
        let (state, verifier) = (text(random)?, text(random)?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let loopback = Loopback::bind().await.map_err(|error| {
            failure(ErrorCode::ClientFailed, format!("the browser cannot be awaited ({error})"))
        })?;
        Ok(Self { loopback, state, verifier, challenge })
    }
}

impl Shared {
    pub(super) async fn sign_in_ways(
        &self,
        request: SignInWaysRequest,
    ) -> Result<SignInWays, HostError> {
        let joined = self.joined_for_sign_in()?;
        let transport = self.options.transports.connect(&joined.server())?;
        let body = SignInWaysRequest { email: request.email.trim().to_owned() };
        match transport.send(Request::post("/v1/sign-in/ways", &body)?).await?.read() {
            // An older server knows passwords only.
            Err(TransportError::Refused(error)) if error.code == ErrorCode::NotFound => {
                let password_only =
                    SignInWays { password: true, providers: Vec::new(), has_providers: false };
                Ok(self.ways_left(password_only))
            }
            answer => Ok(self.ways_left(answer?)),
        }
    }

    pub(super) async fn sso_begin(
        self: &Arc<Self>,
        request: SsoBeginRequest,
    ) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let joined = self.joined_for_sign_in()?;
        self.require_method(LoginMethod::Oidc)?;
        let email = request.email.trim().to_owned();
        self.probe_keychain(&joined, &email).await?;
        let random = self.options.random.as_ref();
        let refresh = RefreshItem::first(random)?;
        let Questions { loopback, state, verifier, challenge } = Questions::new(random).await?;
        let body = SsoRequest {
            provider_id: request.provider.id,
            device: self.device()?,
            code_challenge: challenge.clone(),
            redirect_uri: loopback.redirect_uri(),
            app_state: state.to_string(),
        };
        let transport = self.options.transports.connect(&joined.server())?;
        let asked = transport.send(Request::post("/v1/sign-in/sso", &body)?).await?;
        let begun: SsoFlow = asked.read()?;
        let page = may_open(&begun.authorization_url, self.options.pages_without_tls)
            .ok_or_else(|| failure(ErrorCode::LinkRefused, "the sign-in's page is not https://"))?;
        self.open_page(&page)?;

        let seconds = begun.expires_in_s.min(LONGEST_WAIT_S);
        let until = self.options.clock.now().plus_seconds(seconds.into());
        let (awaited, given_up) = oneshot::channel();
        let browser = BrowserSignIn {
            email,
            wait: BrowserWait { provider: request.provider, until, failure: None },
            page,
            awaited: Some(awaited),
            challenge: challenge.clone(),
        };
        self.update(|facts| {
            facts.flow = None;
            facts.problem = None;
            facts.browser = Some(browser);
            facts.phase = Phase::Browser;
        });
        let time = Duration::from_secs(seconds.into());
        let flow = begun.flow;
        let attempt = Attempt { loopback, time, state, verifier, challenge, flow, refresh };
        tokio::spawn(Arc::clone(self).await_browser(attempt, given_up));
        Ok(self.state())
    }

    pub(super) async fn sso_open_again(&self, _: Empty) -> Result<AppState, HostError> {
        let page = {
            let facts = self.facts();
            let awaited = facts.browser.as_ref().filter(|browser| browser.wait.failure.is_none());
            awaited.map(|browser| browser.page.clone())
        };
        let page = page.ok_or_else(|| failure(ErrorCode::SignInExpired, "start again"))?;
        self.open_page(&page)?;
        Ok(self.state())
    }

    pub(super) async fn sso_cancel(&self, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        self.update(|facts| {
            if facts.phase == Phase::Browser {
                facts.phase = Phase::SignIn;
                facts.browser = None;
            }
        });
        Ok(self.state())
    }

    pub(super) fn open_page(&self, page: &Url) -> Result<(), HostError> {
        let opened = self.options.opener.open(page);
        opened.map_err(|detail| failure(ErrorCode::ClientFailed, detail))
    }

    async fn await_browser(self: Arc<Self>, attempt: Attempt, given_up: oneshot::Receiver<()>) {
        let Attempt { loopback, time, state, verifier, challenge, flow, refresh } = attempt;
        let brought = tokio::select! {
            // Nothing is ever sent: the other end is dropped.
            _ = given_up => return,
            brought = tokio::time::timeout(time, loopback.wait(&state)) => brought,
        };
        let outcome = match brought {
            Err(_) => Err(ErrorCode::SignInExpired),
            Ok(Brought::Error(name)) => Err(code_of(name)),
            Ok(Brought::Code(code)) => {
                let request = SsoCompleteRequest {
                    flow,
                    code: code.to_string(),
                    code_verifier: verifier.to_string(),
                    refresh_hash: refresh.current_hash(),
                };
                let finished = self.sso_finish(&challenge, request, refresh).await;
                finished.map_err(|error| error.code)
            }
        };
        if let Err(code) = outcome {
            info!(?code, "the single sign-on came to nothing");
            self.update(|facts| {
                if let Some(browser) = &mut facts.browser
                    && browser.challenge == challenge
                {
                    browser.wait.failure = Some(code);
                    browser.awaited = None;
                }
            });
        }
    }

    /// Begins the session, unless the attempt was given up meanwhile.
    async fn sso_finish(
        self: &Arc<Self>,
        challenge: &str,
        request: SsoCompleteRequest,
        refresh: RefreshItem,
    ) -> Result<(), HostError> {
        let lifecycle = self.lifecycle.lock().await;
        let (joined, email) = {
            let facts = self.facts();
            let browser = facts.browser.as_ref().filter(|it| it.challenge == challenge);
            let (Some(joined), Some(browser)) = (&facts.joined, browser) else { return Ok(()) };
            (joined.clone(), browser.email.clone())
        };
        // Stored before the server hears of it, so that no crash can lose the session.
        self.store_refresh(&joined, &email, &refresh).await?;
        let transport = self.options.transports.connect(&joined.server())?;
        let asked = transport.send(Request::post("/v1/sign-in/sso/complete", &request)?).await?;
        let answer: SessionAnswer = asked.read()?;
        let email = self.name_of_items(&joined, email, &answer, &refresh).await?;
        self.begin_session(lifecycle, joined, email, answer, refresh).await
    }

    /// The address that names this machine's secrets. Whoever comes back by another spelling of their address finds the
    /// ones that are there.
    async fn name_of_items(
        &self,
        joined: &Account,
        email: String,
        answer: &SessionAnswer,
        refresh: &RefreshItem,
    ) -> Result<String, HostError> {
        match &joined.email {
            Some(former) if joined.teammate_id == Some(answer.teammate_id) && *former != email => {
                self.store_refresh(joined, former, refresh).await?;
                Ok(former.clone())
            }
            // Somebody else came back than whose copy lies here under that address: their secrets get a
            // name of their own, and the former ones stay whose they are.
            Some(former) if joined.teammate_id != Some(answer.teammate_id) && *former == email => {
                let own = format!("{email} {}", answer.teammate_id);
                self.store_refresh(joined, &own, refresh).await?;
                Ok(own)
            }
            _ => Ok(email),
        }
    }

    async fn store_refresh(
        &self,
        joined: &Account,
        email: &str,
        refresh: &RefreshItem,
    ) -> Result<(), HostError> {
        let item = ItemName::new(ItemKind::Refresh, joined.workspace_id, email);
        let keychain = self.keychain.in_time();
        let written = keychain.write_verified(item, refresh.to_secret(), || {}).await;
        self.keychain_asked(written.as_ref().err().copied());
        self.update(|facts| facts.problem = None);
        Ok(written?)
    }
}

/// 256 random bits as base64url.
fn text(random: &dyn Random) -> Result<Zeroizing<String>, NoRandomness> {
    crate::random::secret(random).map(|bytes| Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// The code that the browser has brought. Whatever else it says, the sign-in came to nothing.
pub(super) fn code_of(name: String) -> ErrorCode {
    match serde_json::from_value(serde_json::Value::String(name)) {
        Ok(ErrorCode::Unknown) | Err(_) => ErrorCode::SsoFailed,
        Ok(code) => code,
    }
}
