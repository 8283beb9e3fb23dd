//! Joining, signing in and signing out.

use std::sync::Arc;
use std::time::Duration;

use recado_protocol::account::RecoveryRequest;
use recado_protocol::host::{
    AppState, CodeRequest, Empty, HostError, JoinRequest, LoginMethod, PasswordRequest, Phase,
    RecoveryCodeRequest, SignOutRequest,
};
use recado_protocol::identity::{
    Device, ServerInfo, Session as SessionAnswer, SignInRequest, SignInStep, TotpRequest,
};
use recado_protocol::{ErrorCode, JoinLink, Timestamp};
use recado_store::{OutboxCounts, Store};
use tokio::sync::MutexGuard;

use super::opening::Begun;
use super::own_account::digits;
use super::shared::Shared;
use crate::error::failure;
use crate::keychain::{ItemKind, ItemName, KeychainError};
use crate::profile::Account;
use crate::session::RefreshItem;
use crate::transport::{Request, ServerAddress, Transport, TransportError};

/// How long signing in waits for the inbox before it answers that it is being opened.
const OPENING_SHOWN_AFTER: Duration = Duration::from_secs(2);
/// Clocks that differ by more than this are worth a word, in seconds.
const CLOCK_SKEW_S: i64 = 60;
/// Longer than any recovery code, however it is spaced.
const MAX_RECOVERY_CODE_BYTES: usize = 200;

/// A sign-in between its steps.
pub(super) struct Flow {
    pub(super) email: String,
    flow: String,
    refresh: FirstRefresh,
}

/// A session's first refresh secret: made for one sign-in, and stored before its last step.
#[derive(Clone)]
pub(super) struct FirstRefresh {
    item: RefreshItem,
    stored: bool,
}

impl FirstRefresh {
    pub(super) const fn new(item: RefreshItem) -> Self {
        Self { item, stored: false }
    }

    /// One that lies in the keychain already.
    pub(super) const fn stored(item: RefreshItem) -> Self {
        Self { item, stored: true }
    }

    pub(super) const fn item(&self) -> &RefreshItem {
        &self.item
    }

    pub(super) fn into_item(self) -> RefreshItem {
        self.item
    }
}

impl Shared {
    pub(super) async fn workspace_join(
        self: &Arc<Self>,
        request: JoinRequest,
    ) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let link: JoinLink = request
            .link
            .0
            .parse()
            .map_err(|error| failure(ErrorCode::InvalidJoinLink, format!("{error}")))?;
        self.require_server(&link)?;
        if link.invitation.is_some() {
            self.require_method(LoginMethod::Password)?;
        }
        let joined = self.facts().joined.clone();
        if let Some(joined) = joined {
            let signs_in = self.joined_for_sign_in().is_ok();
            return match link.invitation {
                // The secret goes to the server that was joined, whatever else the link says.
                Some(secret) if signs_in && joined.workspace_id == link.workspace_id => {
                    self.open_enrolment(&joined, secret).await?;
                    Ok(self.state())
                }
                _ => Err(failure(ErrorCode::InvalidRequest, "leave the joined server first")),
            };
        }
        let server = ServerAddress { url: link.url, ca_der: link.ca_der };
        let transport = self.options.transports.connect(&server)?;
        let info: ServerInfo = transport.send(Request::get("/v1/server")).await?.read()?;
        if info.workspace_id != link.workspace_id {
            let message = "the server at this address serves another workspace than the link names";
            return Err(failure(ErrorCode::InvalidJoinLink, message));
        }
        let account = Account::joined(&server, info.workspace_id, info.workspace_name);
        self.profile.save_account(&account)?;
        self.note_server_time(info.server_time);
        self.update(|facts| {
            facts.joined = Some(account.clone());
            facts.phase = Phase::SignIn;
            facts.problem = None;
        });
        if let Some(secret) = link.invitation
            && let Err(error) = self.open_enrolment(&account, secret).await
        {
            // The server is joined all the same: whoever has finished with the link signs in.
            self.link_is_spent(&error);
        }
        Ok(self.state())
    }

    pub(super) async fn workspace_leave(&self, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let signed_in =
            self.facts().joined.as_ref().is_some_and(|joined| joined.session_id.is_some());
        if signed_in || self.account().is_some() {
            return Err(failure(ErrorCode::InvalidRequest, "sign out first"));
        }
        self.profile.remove_account()?;
        self.set_app_lock_key(None);
        self.update(|facts| {
            facts.joined = None;
            facts.flow = None;
            facts.browser = None;
            facts.enrolling = None;
            facts.problem = None;
            facts.phase = Phase::Join;
            facts.app_lock = false;
        });
        Ok(self.state())
    }

    pub(super) async fn sign_in(&self, request: PasswordRequest) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let joined = self.joined_for_sign_in()?;
        self.require_method(LoginMethod::Password)?;
        let email = request.email.trim().to_owned();
        self.probe_keychain(&joined, &email).await?;
        let refresh = FirstRefresh::new(RefreshItem::first(self.options.random.as_ref())?);
        let transport = self.options.transports.connect(&joined.server())?;
        let body = SignInRequest {
            email: email.clone(),
            password: request.password,
            device: self.device()?,
        };
        let request = Request::post("/v1/sign-in", &body)?;
        let step: SignInStep = transport.send(request).await?.read()?;
        self.note_server_time(step.server_time);
        self.update(|facts| {
            facts.flow = Some(Flow { email, flow: step.flow, refresh });
            facts.browser = None;
            facts.enrolling = None;
            facts.phase = Phase::Code;
            facts.problem = None;
        });
        Ok(self.state())
    }

    pub(super) async fn sign_in_cancel(&self, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        self.update(|facts| {
            if facts.phase == Phase::Code {
                facts.phase = Phase::SignIn;
                facts.flow = None;
            }
        });
        Ok(self.state())
    }

    pub(super) async fn sign_in_code(
        self: &Arc<Self>,
        request: CodeRequest,
    ) -> Result<AppState, HostError> {
        let code = digits(&request.code)?;
        self.finish_sign_in(|flow, refresh_hash| {
            Request::post("/v1/sign-in/totp", &TotpRequest { flow, code, refresh_hash })
        })
        .await
    }

    pub(super) async fn sign_in_recovery(
        self: &Arc<Self>,
        request: RecoveryCodeRequest,
    ) -> Result<AppState, HostError> {
        let code = require_recovery_code(request.code)?;
        self.finish_sign_in(|flow, refresh_hash| {
            Request::post("/v1/sign-in/recovery", &RecoveryRequest { flow, code, refresh_hash })
        })
        .await
    }

    /// Takes the last step of a sign-in: the request that shows the second factor, made of the flow and
    /// the hash of the first refresh secret.
    async fn finish_sign_in(
        self: &Arc<Self>,
        show: impl FnOnce(String, String) -> Result<Request, TransportError>,
    ) -> Result<AppState, HostError> {
        let lifecycle = self.lifecycle.lock().await;
        let (joined, email, flow, mut refresh) = {
            let facts = self.facts();
            let (Some(joined), Some(flow)) = (&facts.joined, &facts.flow) else {
                return Err(failure(ErrorCode::SignInExpired, "start again with the password"));
            };
            let refresh = flow.refresh.clone();
            (joined.clone(), flow.email.clone(), flow.flow.clone(), refresh)
        };
        let stored = self.store_first_refresh(&joined, &email, &mut refresh).await;
        self.update(|facts| {
            facts.problem = None;
            if let Some(flow) = &mut facts.flow {
                flow.refresh = refresh.clone();
            }
        });
        stored?;
        let transport = self.options.transports.connect(&joined.server())?;
        let request = show(flow, refresh.item.current_hash())?;
        let answer = self.second_step(transport.as_ref(), request).await?;
        self.begin_session(lifecycle, joined, email, answer, refresh.item).await?;
        Ok(self.state())
    }

    /// Stores a session's first refresh secret before the server hears of it, so that no crash can lose the session.
    pub(super) async fn store_first_refresh(
        &self,
        joined: &Account,
        email: &str,
        refresh: &mut FirstRefresh,
    ) -> Result<(), HostError> {
        if !refresh.stored {
            let item = ItemName::new(ItemKind::Refresh, joined.workspace_id, email);
            self.keychain.give_up_slow();
            let keychain = self.keychain.in_time();
            let written = keychain.write_verified(item, refresh.item.to_secret(), || {}).await;
            self.keychain_asked(written.as_ref().err().copied());
            written?;
            refresh.stored = true;
        }
        Ok(())
    }

    /// Opens the account of a session that has just begun and whose refresh secret is stored, or leads to what it asks for
    /// first. `email` names this machine's
    /// secrets.
    pub(super) async fn begin_session(
        self: &Arc<Self>,
        lifecycle: MutexGuard<'_, ()>,
        joined: Account,
        email: String,
        answer: SessionAnswer,
        refresh: RefreshItem,
    ) -> Result<(), HostError> {
        if answer.must_set_up_authenticator {
            self.lead_to_own_authenticator(email, answer, refresh);
            return Ok(());
        }
        let joined = joined.with_session(email, &answer);
        self.save_account(&joined)?;
        self.note_server_time(answer.server_time);
        self.update(|facts| {
            facts.joined = Some(joined);
            facts.flow = None;
            facts.browser = None;
            facts.enrolling = None;
            facts.problem = None;
            facts.phase = Phase::Opening;
        });
        drop(lifecycle);
        let shared = Arc::clone(self);
        let opening =
            tokio::spawn(async move { shared.open(Some(Begun { answer, refresh })).await });
        // It goes on by itself if it takes longer.
        let _ = tokio::time::timeout(OPENING_SHOWN_AFTER, opening).await;
        Ok(())
    }

    async fn second_step(
        &self,
        transport: &dyn Transport,
        request: Request,
    ) -> Result<SessionAnswer, HostError> {
        match transport.send(request).await?.read() {
            Ok(answer) => Ok(answer),
            Err(error @ TransportError::Refused(_)) => {
                let mut error = HostError::from(error);
                if error.code == ErrorCode::SignInExpired {
                    self.update(|facts| {
                        facts.flow = None;
                        facts.phase = Phase::SignIn;
                    });
                }
                if error.code == ErrorCode::InvalidCode {
                    self.explain_clock(&mut error);
                }
                Err(error)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Says of a code that was refused that the clocks differ, where they do.
    pub(super) fn explain_clock(&self, error: &mut HostError) {
        let ahead_s = self.facts().link.clock_ahead_s;
        if ahead_s.abs() > CLOCK_SKEW_S {
            let direction = if ahead_s > 0 { "ahead of" } else { "behind" };
            error.message = format!(
                "{}. Codes are checked by the server's clock, and this machine's clock is {} seconds \
                 {direction} it: check the clock of the device that shows the code",
                error.message.trim_end_matches('.'),
                ahead_s.abs(),
            );
        }
    }

    /// Ends the session and destroys this machine's copy: the keys first, then the files.
    pub(super) async fn sign_out(
        self: &Arc<Self>,
        request: SignOutRequest,
    ) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let Some(joined) = self.facts().joined.clone() else { return Ok(self.state()) };
        let account = self.account();
        if !request.discard_unsent {
            self.refuse_losing_work(account.as_deref()).await?;
        }
        if let Some(account) = account {
            account.session.end().await;
            drop(account);
            self.close_account().await;
        }
        self.erase(joined).await?;
        self.leave_forbidden()?;
        Ok(self.state())
    }

    async fn refuse_losing_work(
        &self,
        account: Option<&super::account::OpenAccount>,
    ) -> Result<(), HostError> {
        let unsent = match account {
            Some(account) => account.read(Store::outbox_counts).await? != OutboxCounts::default(),
            // What cannot be counted is not given up silently.
            None => self.facts().joined.as_ref().is_some_and(|joined| joined.teammate_id.is_some()),
        };
        if unsent {
            let message = "unsent work or drafts would be lost; send or discard them first";
            return Err(failure(ErrorCode::InvalidRequest, message));
        }
        Ok(())
    }

    pub(super) fn joined_for_sign_in(&self) -> Result<Account, HostError> {
        let (joined, phase) = {
            let facts = self.facts();
            (facts.joined.clone(), facts.phase)
        };
        match (joined, phase) {
            (Some(joined), Phase::SignIn | Phase::Code | Phase::Browser | Phase::Enrol) => {
                self.require_joined(&joined)?;
                Ok(joined)
            }
            (None, _) => Err(failure(ErrorCode::InvalidRequest, "join a server first")),
            _ => Err(failure(ErrorCode::InvalidRequest, "somebody is signed in already")),
        }
    }

    /// A keychain that does not work is found out before the password is sent.
    pub(super) async fn probe_keychain(
        &self,
        joined: &Account,
        email: &str,
    ) -> Result<(), HostError> {
        let item = ItemName::new(ItemKind::Refresh, joined.workspace_id, email);
        // What was asked before is not waited for.
        self.keychain.give_up_slow();
        let probed = self.keychain.in_time().read(item, || {}).await;
        self.update(|facts| facts.problem = None);
        self.keychain_asked(probed.as_ref().err().copied());
        match probed {
            // A damaged item is about to be replaced by this sign-in.
            Ok(_) | Err(KeychainError::NoItem | KeychainError::Corrupt) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn device(&self) -> Result<Device, HostError> {
        Ok(Device {
            id: self.profile.device_id(self.options.random.as_ref())?,
            name: self.options.device_name.clone(),
            system: std::env::consts::OS.to_owned(),
            app_version: self.options.app_version.clone(),
        })
    }

    pub(super) fn note_server_time(&self, server_time: Timestamp) {
        let now = self.options.clock.now();
        self.update(|facts| {
            facts.link.clock_ahead_s = (now.as_micros() - server_time.as_micros()) / 1_000_000;
        });
    }
}

/// What was typed as a recovery code, if it can be one.
pub(super) fn require_recovery_code(code: String) -> Result<String, HostError> {
    if code.len() > MAX_RECOVERY_CODE_BYTES || code.trim().is_empty() {
        return Err(failure(ErrorCode::InvalidCode, "this is no recovery code"));
    }
    Ok(code)
}
