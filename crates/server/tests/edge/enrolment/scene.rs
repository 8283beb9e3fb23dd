//! An admin who makes a link, and whoever opens it.

use recado_protocol::enrolment::{
    ChooseEnrolmentPasswordRequest, CompleteEnrolmentRequest, Enrolment, InviteRequest,
    LetterLanguage, MadeLink, OpenEnrolmentRequest, ResetRequest, ShownFactor,
};
use recado_protocol::identity::Device;
use recado_protocol::{JoinLink, Role};
use recado_server::clock::Clock as _;
use reqwest::Response;
use totp_rs::{Builder, Totp};

use crate::harness::{Person, SignedIn, TestServer, body, hash_of, new_device};

/// A password that is accepted.
pub(super) const GOOD: &str = "otter violin gravel seventeen";

pub(super) fn invitation(email: &str) -> InviteRequest {
    InviteRequest {
        email: email.to_owned(),
        name: "Ana".to_owned(),
        role: Role::Agent,
        team_ids: Vec::new(),
        expires_in_s: None,
        language: LetterLanguage::En,
    }
}

impl TestServer {
    pub(super) async fn invite(&self, admin: &SignedIn, request: &InviteRequest) -> MadeLink {
        body(self.post_as(admin, "/v1/invitations", request).await).await
    }

    pub(super) async fn try_reset(
        &self,
        admin: &SignedIn,
        whose: &SignedIn,
        authenticator: bool,
    ) -> Response {
        let path = format!("/v1/teammates/{}/reset", whose.session.teammate_id);
        let language = LetterLanguage::Es;
        let request = ResetRequest { authenticator, expires_in_s: None, language };
        self.post_as(admin, &path, &request).await
    }
}

/// Somebody who has opened a personal link.
#[derive(Clone)]
pub(super) struct Joining {
    pub(super) secret: String,
    pub(super) device: Device,
    pub(super) password: String,
    /// The authenticator's secret, as it was last shown.
    pub(super) seed: String,
    /// The refresh secret that the app has made.
    pub(super) refresh: String,
}

impl Joining {
    /// By the link alone, as it stands in the letter.
    pub(super) fn of(made: &MadeLink) -> Self {
        let link: JoinLink = made.link.parse().expect("a join link");
        assert!(link.ca_der.is_some(), "one link is enough on a new machine");
        Self {
            secret: link.invitation.expect("a personal link").expose().to_owned(),
            device: new_device(),
            password: String::new(),
            seed: String::new(),
            refresh: "a secret of the app".to_owned(),
        }
    }

    pub(super) async fn open(&self, server: &TestServer) -> Response {
        let request =
            OpenEnrolmentRequest { secret: self.secret.clone(), device: self.device.clone() };
        server.post("/v1/enrolment", &request).await
    }

    pub(super) async fn opened(&self, server: &TestServer) -> Enrolment {
        body(self.open(server).await).await
    }

    pub(super) async fn choose(
        &mut self,
        server: &TestServer,
        name: &str,
        password: &str,
    ) -> Response {
        self.password = password.to_owned();
        let request = ChooseEnrolmentPasswordRequest {
            secret: self.secret.clone(),
            device: self.device.clone(),
            name: name.to_owned(),
            password: password.to_owned(),
        };
        server.post("/v1/enrolment/password", &request).await
    }

    pub(super) async fn chose(
        &mut self,
        server: &TestServer,
        name: &str,
        password: &str,
    ) -> Enrolment {
        let chosen: Enrolment = body(self.choose(server, name, password).await).await;
        if let Some(authenticator) = &chosen.authenticator {
            self.seed.clone_from(&authenticator.secret);
        }
        chosen
    }

    fn totp(&self) -> Totp {
        let seed = match self.seed.is_empty() {
            true => "A".repeat(32),
            false => self.seed.clone(),
        };
        let secret = totp_rs::Secret::try_from_base32(&seed).expect("a secret");
        Builder::new().with_secret(secret).build().expect("a generator")
    }

    pub(super) fn code(&self, server: &TestServer) -> String {
        let now = u64::try_from(server.clock.now().as_seconds()).expect("after 1970");
        self.totp().generate(now).to_string()
    }

    /// Completes the link by a code of the authenticator that it has shown.
    pub(super) async fn complete(&mut self, server: &TestServer) -> Response {
        let code = self.code(server);
        self.complete_with(server, &code).await
    }

    pub(super) async fn complete_with(&self, server: &TestServer, code: &str) -> Response {
        self.complete_by(server, ShownFactor::Totp { code: code.to_owned() }).await
    }

    pub(super) async fn complete_by(&self, server: &TestServer, factor: ShownFactor) -> Response {
        let request = CompleteEnrolmentRequest {
            secret: self.secret.clone(),
            device: self.device.clone(),
            factor,
            refresh_hash: hash_of(&self.refresh),
        };
        server.post("/v1/enrolment/complete", &request).await
    }

    /// Whoever has joined, for signing in again.
    pub(super) fn person(&self, email: &str) -> Person {
        Person {
            email: email.to_owned(),
            password: self.password.clone(),
            totp: self.totp(),
            device: self.device.clone(),
        }
    }
}
