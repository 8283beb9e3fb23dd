//! Going through a personal link: name and password, authenticator, recovery codes. The link's secret lies in memory only;
//! whoever was interrupted opens the link again, and the server knows how far this machine has come.

use std::sync::Arc;

use recado_protocol::account::{AuthenticatorSetup, PasswordCheck, RecoveryCodes};
use recado_protocol::enrolment::{
    CheckEnrolmentPasswordRequest, ChooseEnrolmentPasswordRequest, CompleteEnrolmentRequest,
    Enrolment, OpenEnrolmentRequest, ShownFactor,
};
use recado_protocol::host::{
    AppState, AuthenticatorPicture, Empty, EnrolmentCodeRequest, EnrolmentPasswordRequest,
    EnrolmentStage, EnrolmentState, HostError, Phase,
};
use recado_protocol::identity::Session as SessionAnswer;
use recado_protocol::{ErrorCode, LinkSecret};
use zeroize::Zeroizing;

use super::own_account::{digits, picture};
use super::shared::{Shared, problem};
use super::sign_in::{FirstRefresh, require_recovery_code};
use crate::error::failure;
use crate::profile::Account;
use crate::session::RefreshItem;
use crate::transport::{Request, Transport, TransportError};

/// A personal link that is gone through.
pub(super) struct Enrolling {
    secret: LinkSecret,
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
        let enrolling = Enrolling { secret, state, setup, refresh, begun: None, codes: None };
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
            let (joined, secret, email) = self.enrolling()?;
            let mut refresh = self.first_refresh()?;
            let stored = self.store_first_refresh(&joined, &email, &mut refresh).await;
            self.update(|facts| {
                facts.problem = None;
                if let Some(enrolling) = &mut facts.enrolling {
                    enrolling.refresh = refresh.clone();
                }
            });
            stored?;
            let body = CompleteEnrolmentRequest {
                secret: secret.expose().to_owned(),
                device: self.device()?,
                factor,
                refresh_hash: refresh.item().current_hash(),
            };
            let transport = self.options.transports.connect(&joined.server())?;
            let request = Request::post("/v1/enrolment/complete", &body)?;
            let answer: SessionAnswer = self.through_link(transport.as_ref(), request).await?;
            self.note_server_time(answer.server_time);
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
        let sets_up = self.facts().enrolling.as_ref().is_some_and(|it| it.setup.is_some());
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
        self.update(|facts| {
            if facts.enrolling.as_ref().is_some_and(|it| it.begun.is_none()) {
                facts.enrolling = None;
                facts.phase = Phase::SignIn;
            }
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

    /// The authenticator that is set up by a personal link; `None` where none is gone through.
    pub(super) fn enrolment_picture(&self) -> Option<Result<AuthenticatorPicture, HostError>> {
        let facts = self.facts();
        let enrolling = facts.enrolling.as_ref()?;
        let Some(setup) = enrolling.setup.clone() else {
            return Some(Err(failure(ErrorCode::InvalidRequest, "no authenticator is set up")));
        };
        let rows = picture(&Zeroizing::new(setup.otpauth_url));
        let (secret, expires_in_s) = (setup.secret, setup.expires_in_s);
        Some(rows.map(|rows| AuthenticatorPicture { secret, rows, expires_in_s }))
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
        let facts = self.facts();
        match (&facts.joined, &facts.enrolling) {
            (Some(joined), Some(enrolling)) if enrolling.begun.is_none() => {
                Ok((joined.clone(), enrolling.secret.clone(), enrolling.state.email.clone()))
            }
            _ => Err(failure(ErrorCode::InvalidRequest, "open a personal link first")),
        }
    }

    fn first_refresh(&self) -> Result<FirstRefresh, HostError> {
        let refresh = self.facts().enrolling.as_ref().map(|it| it.refresh.clone());
        refresh.ok_or_else(|| failure(ErrorCode::InvalidRequest, "open a personal link first"))
    }

    /// Sends a step of a link. One that cannot be used any more leads to the sign-in, which says why; one that was begun anew
    /// elsewhere leads back to the password.
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

    /// Shows the sign-in with why the link is no good.
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
    let mut request = Request::post("/v1/account/recovery-codes", &Empty {})?;
    request.access_token = Some(Zeroizing::new(answer.access_token.clone()));
    transport.send(request).await?.read()
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
