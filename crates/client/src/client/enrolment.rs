//! Going through a personal link: name and password, authenticator, recovery codes. The link's secret lies in memory only;
//! whoever was interrupted opens the link again, and the server knows how far this machine has come. Whoever has to set up an
//! authenticator of their own goes the same way from there on.

use std::sync::Arc;

use recado_protocol::account::{
    AuthenticatorSetup, ConfirmAuthenticatorRequest, PasswordCheck, RecoveryCodes, STEP_UP_S,
};
use recado_protocol::enrolment::{
    CheckEnrolmentPasswordRequest, ChooseEnrolmentPasswordRequest, CompleteEnrolmentRequest,
    Enrolment, EnrolmentKind, OpenEnrolmentRequest, ShownFactor,
};
use recado_protocol::host::{
    AppState, Empty, EnrolmentCodeRequest, EnrolmentPasswordRequest, EnrolmentStage,
    EnrolmentState, HostError, Phase,
};
use recado_protocol::identity::Session as SessionAnswer;
use recado_protocol::{ErrorCode, LinkSecret};
use serde_json::Value;
use zeroize::Zeroizing;

use super::own_account::digits;
use super::shared::{Shared, problem};
use super::sign_in::{FirstRefresh, require_recovery_code};
use crate::error::failure;
use crate::profile::Account;
use crate::session::RefreshItem;
use crate::transport::{Method, Request, Transport, TransportError};

/// On what way somebody comes to an account that is their own.
#[derive(Clone)]
enum Way {
    /// By a personal link.
    Link(LinkSecret),
    /// They have signed in, and the workspace asks for an authenticator of their own.
    Own(SessionAnswer),
}

/// A way that is being gone.
pub(super) struct Enrolling {
    way: Way,
    pub(super) state: EnrolmentState,
    setup: Option<AuthenticatorSetup>,
    /// Made for this sign-in and stored before the last step.
    refresh: FirstRefresh,
    /// What the last step has brought.
    begun: Option<SessionAnswer>,
    codes: Option<RecoveryCodes>,
}

impl Shared {
    /// Opens a personal link at the joined server.
    pub(super) async fn open_enrolment(
        &self,
        joined: &Account,
        secret: LinkSecret,
    ) -> Result<(), HostError> {
        let body =
            OpenEnrolmentRequest { secret: secret.expose().to_owned(), device: self.device()? };
        let transport = self.options.transports.connect(&joined.server())?;
        let request = Request::post("/v1/enrolment", &body)?;
        let opened: Enrolment = transport.send(request).await?.read()?;
        self.note_server_time(opened.server_time);
        let refresh = FirstRefresh::new(RefreshItem::first(self.options.random.as_ref())?);
        let (state, setup) = stand(opened);
        let enrolling =
            Enrolling { way: Way::Link(secret), state, setup, refresh, begun: None, codes: None };
        self.update(|facts| {
            facts.enrolling = Some(enrolling);
            facts.flow = None;
            facts.browser = None;
            facts.problem = None;
            facts.phase = Phase::Enrol;
        });
        Ok(())
    }

    pub(super) async fn enrolment_password(
        &self,
        request: EnrolmentPasswordRequest,
    ) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let (joined, secret, email) = self.enrolling()?;
        self.probe_keychain(&joined, &email).await?;
        let body = ChooseEnrolmentPasswordRequest {
            secret: secret.expose().to_owned(),
            device: self.device()?,
            name: request.name.trim().to_owned(),
            password: request.password,
        };
        let transport = self.options.transports.connect(&joined.server())?;
        let request = Request::post("/v1/enrolment/password", &body)?;
        let chosen: Enrolment = self.through_link(transport.as_ref(), request).await?;
        self.note_server_time(chosen.server_time);
        let (state, setup) = stand(chosen);
        self.update(|facts| {
            if let Some(enrolling) = &mut facts.enrolling {
                enrolling.state = state;
                enrolling.setup = setup;
            }
        });
        Ok(self.state())
    }

    pub(super) async fn enrolment_back(&self, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        self.update(|facts| {
            if let Some(enrolling) = facts.enrolling.as_mut().filter(|it| it.begun.is_none()) {
                enrolling.state.stage = EnrolmentStage::Password;
            }
        });
        Ok(self.state())
    }

    pub(super) async fn enrolment_code(
        self: &Arc<Self>,
        request: EnrolmentCodeRequest,
    ) -> Result<AppState, HostError> {
        let factor = match request.recovery {
            true => ShownFactor::RecoveryCode { code: require_recovery_code(request.code)? },
            false => ShownFactor::Totp { code: digits(&request.code)? },
        };
        {
            let _lifecycle = self.lifecycle.lock().await;
            let (joined, way, email) = self.on_the_way()?;
            let mut refresh = self.first_refresh()?;
            let stored = self.store_first_refresh(&joined, &email, &mut refresh).await;
            self.update(|facts| {
                facts.problem = None;
                if let Some(enrolling) = &mut facts.enrolling {
                    enrolling.refresh = refresh.clone();
                }
            });
            stored?;
            let transport = self.options.transports.connect(&joined.server())?;
            let answer = match way {
                Way::Link(secret) => {
                    let body = CompleteEnrolmentRequest {
                        secret: secret.expose().to_owned(),
                        device: self.device()?,
                        factor,
                        refresh_hash: refresh.item().current_hash(),
                    };
                    let request = Request::post("/v1/enrolment/complete", &body)?;
                    let answer: SessionAnswer =
                        self.through_link(transport.as_ref(), request).await?;
                    self.note_server_time(answer.server_time);
                    answer
                }
                Way::Own(answer) => {
                    let ShownFactor::Totp { code } = factor else {
                        return Err(failure(ErrorCode::InvalidCode, "a code has six digits"));
                    };
                    let body = ConfirmAuthenticatorRequest { code };
                    let path = "/v1/account/authenticator/confirm";
                    let request = within(Request::post(path, &body)?, &answer);
                    let _: Value = self.through_link(transport.as_ref(), request).await?;
                    SessionAnswer { must_set_up_authenticator: false, ..answer }
                }
            };
            self.account_is_taken(transport.as_ref(), joined, email, answer).await?;
        }
        // Where the present authenticator stays, its recovery codes do.
        let done = self.facts().enrolling.as_ref().is_some_and(|it| {
            it.begun.is_some() && it.state.stage != EnrolmentStage::RecoveryCodes
        });
        if done { self.enrolment_finish(Empty {}).await } else { Ok(self.state()) }
    }

    /// Keeps the session that has begun, so that no crash from here on asks for the link again, and makes the recovery codes
    /// while its first token is good.
    async fn account_is_taken(
        &self,
        transport: &dyn Transport,
        joined: Account,
        email: String,
        answer: SessionAnswer,
    ) -> Result<(), HostError> {
        let joined = joined.with_session(email, &answer);
        self.save_account(&joined)?;
        let sets_up = self
            .facts()
            .enrolling
            .as_ref()
            .is_some_and(|it| it.state.stage == EnrolmentStage::Authenticator);
        let codes = match sets_up {
            // They can be asked for again, and later in the settings.
            true => make_codes(transport, &answer).await.ok(),
            false => None,
        };
        self.update(|facts| {
            facts.joined = Some(joined);
            if let Some(enrolling) = &mut facts.enrolling {
                enrolling.begun = Some(answer);
                enrolling.codes = codes;
                if sets_up {
                    enrolling.state.stage = EnrolmentStage::RecoveryCodes;
                }
            }
        });
        Ok(())
    }

    pub(super) async fn enrolment_finish(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<AppState, HostError> {
        let lifecycle = self.lifecycle.lock().await;
        let taken = self.update(|facts| {
            let done = facts.enrolling.as_ref().is_some_and(|it| it.begun.is_some());
            done.then(|| facts.enrolling.take()).flatten()
        });
        let joined = self.facts().joined.clone();
        let (Some(Enrolling { begun: Some(answer), refresh, state, .. }), Some(joined)) =
            (taken, joined)
        else {
            return Err(failure(ErrorCode::InvalidRequest, "the link is not complete"));
        };
        self.begin_session(lifecycle, joined, state.email, answer, refresh.into_item()).await?;
        Ok(self.state())
    }

    pub(super) async fn enrolment_cancel(&self, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let Ok((joined, way, _)) = self.on_the_way() else { return Ok(self.state()) };
        if let Way::Own(answer) = way {
            let transport = self.options.transports.connect(&joined.server())?;
            // A session that is left comes to nothing on the server either, so it matters little whether this arrives.
            let _ =
                transport.send(within(Request::new(Method::Delete, "/v1/session"), &answer)).await;
        }
        self.update(|facts| {
            facts.enrolling = None;
            facts.phase = Phase::SignIn;
        });
        Ok(self.state())
    }

    /// What there is against a password, while a personal link is gone through; `None` otherwise.
    pub(super) async fn enrolment_password_check(
        &self,
        password: &str,
    ) -> Option<Result<PasswordCheck, HostError>> {
        let (joined, secret, _) = self.enrolling().ok()?;
        let body = CheckEnrolmentPasswordRequest {
            secret: secret.expose().to_owned(),
            password: password.to_owned(),
        };
        let ask = async {
            let transport = self.options.transports.connect(&joined.server())?;
            let request = Request::post("/v1/enrolment/password/check", &body)?;
            Ok(transport.send(request).await?.read()?)
        };
        Some(ask.await)
    }

    /// The authenticator that is set up on the way; `None` where none is gone.
    pub(super) async fn enrolment_setup(&self) -> Option<Result<AuthenticatorSetup, HostError>> {
        let way = {
            let facts = self.facts();
            let enrolling = facts.enrolling.as_ref()?;
            if let Some(setup) = &enrolling.setup {
                return Some(Ok(setup.clone()));
            }
            enrolling.way.clone()
        };
        let Way::Own(answer) = way else {
            return Some(Err(failure(ErrorCode::InvalidRequest, "no authenticator is set up")));
        };
        let joined = self.facts().joined.clone()?;
        let ask = async {
            let transport = self.options.transports.connect(&joined.server())?;
            let request = within(Request::post("/v1/account/authenticator", &Empty {})?, &answer);
            self.through_link(transport.as_ref(), request).await
        };
        let setup: Result<AuthenticatorSetup, HostError> = ask.await;
        if let Ok(setup) = &setup {
            self.update(|facts| {
                if let Some(enrolling) = &mut facts.enrolling {
                    enrolling.setup = Some(setup.clone());
                }
            });
        }
        Some(setup)
    }

    /// Leads whoever has signed in to an authenticator of their own, which the workspace asks for.
    pub(super) fn lead_to_own_authenticator(
        &self,
        email: String,
        answer: SessionAnswer,
        refresh: RefreshItem,
    ) {
        let state = EnrolmentState {
            kind: EnrolmentKind::OwnAuthenticator,
            invited_by: None,
            email,
            name: String::new(),
            expires_at: answer.server_time.plus_seconds(STEP_UP_S.into()),
            stage: EnrolmentStage::Authenticator,
        };
        let refresh = FirstRefresh::stored(refresh);
        let way = Way::Own(answer);
        let enrolling = Enrolling { way, state, setup: None, refresh, begun: None, codes: None };
        self.update(|facts| {
            facts.enrolling = Some(enrolling);
            facts.flow = None;
            facts.browser = None;
            facts.problem = None;
            facts.phase = Phase::Enrol;
        });
    }

    /// The recovery codes that were made with a personal link; `None` where none was gone through.
    pub(super) async fn enrolment_codes(&self) -> Option<Result<RecoveryCodes, HostError>> {
        let (answer, joined) = {
            let facts = self.facts();
            let enrolling = facts.enrolling.as_ref()?;
            if let Some(codes) = &enrolling.codes {
                return Some(Ok(codes.clone()));
            }
            (enrolling.begun.clone()?, facts.joined.clone()?)
        };
        let ask = async {
            let transport = self.options.transports.connect(&joined.server())?;
            Ok(make_codes(transport.as_ref(), &answer).await?)
        };
        let made: Result<RecoveryCodes, HostError> = ask.await;
        if let Ok(codes) = &made {
            self.update(|facts| {
                if let Some(enrolling) = &mut facts.enrolling {
                    enrolling.codes = Some(codes.clone());
                }
            });
        }
        Some(made)
    }

    fn enrolling(&self) -> Result<(Account, LinkSecret, String), HostError> {
        match self.on_the_way()? {
            (joined, Way::Link(secret), email) => Ok((joined, secret, email)),
            _ => Err(failure(ErrorCode::InvalidRequest, "open a personal link first")),
        }
    }

    /// The way that is being gone, as long as the account is not the person's yet.
    fn on_the_way(&self) -> Result<(Account, Way, String), HostError> {
        let facts = self.facts();
        match (&facts.joined, &facts.enrolling) {
            (Some(joined), Some(enrolling)) if enrolling.begun.is_none() => {
                Ok((joined.clone(), enrolling.way.clone(), enrolling.state.email.clone()))
            }
            _ => Err(failure(ErrorCode::InvalidRequest, "open a personal link first")),
        }
    }

    fn first_refresh(&self) -> Result<FirstRefresh, HostError> {
        let refresh = self.facts().enrolling.as_ref().map(|it| it.refresh.clone());
        refresh.ok_or_else(|| failure(ErrorCode::InvalidRequest, "open a personal link first"))
    }

    /// Sends a step of the way. A link that cannot be used any more leads to the sign-in, which says why; one that was begun
    /// anew elsewhere leads back to the password. Whoever has signed in too long ago starts again.
    async fn through_link<T: serde::de::DeserializeOwned>(
        &self,
        transport: &dyn Transport,
        request: Request,
    ) -> Result<T, HostError> {
        let refused = match transport.send(request).await?.read() {
            Ok(answer) => return Ok(answer),
            Err(TransportError::Refused(error)) => TransportError::Refused(error),
            Err(error) => return Err(error.into()),
        };
        let mut error = HostError::from(refused);
        match error.code {
            ErrorCode::PersonalLinkInvalid | ErrorCode::SsoOnly => {
                self.link_is_spent(&error);
            }
            ErrorCode::AccessTokenExpired
            | ErrorCode::StepUpRequired
            | ErrorCode::SessionEnded
            | ErrorCode::SignInExpired
                if self.is_own_way() =>
            {
                let message = "the sign-in took too long; start again";
                error = failure(ErrorCode::SignInExpired, message);
                self.link_is_spent(&error);
            }
            ErrorCode::SignInExpired => self.update(|facts| {
                if let Some(enrolling) = &mut facts.enrolling {
                    enrolling.state.stage = EnrolmentStage::Password;
                }
            }),
            ErrorCode::InvalidCode => self.explain_clock(&mut error),
            _ => {}
        }
        Err(error)
    }

    fn is_own_way(&self) -> bool {
        self.facts().enrolling.as_ref().is_some_and(|it| matches!(it.way, Way::Own(_)))
    }

    /// Shows the sign-in with why the way came to nothing.
    pub(super) fn link_is_spent(&self, error: &HostError) {
        self.update(|facts| {
            facts.enrolling = None;
            facts.phase = Phase::SignIn;
            facts.problem = Some(problem(error.code, error.message.clone()));
        });
    }
}

async fn make_codes(
    transport: &dyn Transport,
    answer: &SessionAnswer,
) -> Result<RecoveryCodes, TransportError> {
    let request = within(Request::post("/v1/account/recovery-codes", &Empty {})?, answer);
    transport.send(request).await?.read()
}

/// The request as one of a session that has just begun.
fn within(mut request: Request, session: &SessionAnswer) -> Request {
    request.access_token = Some(Zeroizing::new(session.access_token.clone()));
    request
}

/// What is shown of a link, and the authenticator that is set up by it.
fn stand(opened: Enrolment) -> (EnrolmentState, Option<AuthenticatorSetup>) {
    let stage = match (opened.password_chosen, &opened.authenticator) {
        (false, _) => EnrolmentStage::Password,
        (true, Some(_)) => EnrolmentStage::Authenticator,
        (true, None) => EnrolmentStage::Code,
    };
    let Enrolment { kind, invited_by, email, name, expires_at, authenticator, .. } = opened;
    (EnrolmentState { kind, invited_by, email, name, expires_at, stage }, authenticator)
}
