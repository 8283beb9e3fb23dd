//! What the owner of an account does with it: sessions, password, authenticator, recovery codes.

use futures_util::future::join_all;
use recado_protocol::account::{
    AccountSecurity, AuthenticatorSetup, ChangePasswordRequest, ConfirmAuthenticatorRequest,
    EndSessionsRequest, ErasedRequest, PasswordCheck, PasswordCheckRequest, PasswordIssue,
    RecoveryCodes, RecoveryRequest, SessionList, SessionStanding, StepUpRequest,
};
use recado_protocol::error::{ApiError, ErrorCode};
use recado_protocol::identity::Session;
use recado_protocol::{Role, SessionEndReason, SessionId};
use recado_server::identity::token::{Secret, TokenKind};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use totp_rs::Builder;

use crate::harness::{
    Person, SignedIn, TestServer, body, code, databases, error, hash_of, new_device,
};

/// Long enough that a second factor has to be shown again, and that a refusal before slows nothing down.
const LATER_S: i64 = 301;

impl TestServer {
    pub(crate) async fn post_as(
        &self,
        who: &SignedIn,
        path: &str,
        body: &impl Serialize,
    ) -> Response {
        let request = self.client.post(self.url(path)).bearer_auth(who.token());
        request.json(body).send().await.expect("an answer")
    }

    async fn sessions(&self, who: &SignedIn) -> SessionList {
        body(self.get("/v1/sessions", who.token()).await).await
    }

    async fn end(&self, who: &SignedIn, session_ids: Vec<SessionId>, wipe: bool) -> Response {
        self.post_as(who, "/v1/sessions/end", &EndSessionsRequest { session_ids, wipe }).await
    }

    /// Signs in once more, as on another machine.
    pub(crate) async fn sign_in_elsewhere(&self, person: &Person) -> SignedIn {
        self.sign_in(&Person { device: new_device(), ..person.clone() }).await
    }

    async fn step_up(&self, person: &Person, who: &SignedIn) -> AccountSecurity {
        self.clock.advance(30);
        let request = StepUpRequest { code: self.now_code(person) };
        body(self.post_as(who, "/v1/session/step-up", &request).await).await
    }

    pub(crate) async fn recovery_codes(&self, who: &SignedIn) -> Vec<String> {
        let answer = self.post_as(who, "/v1/account/recovery-codes", &json!({})).await;
        body::<RecoveryCodes>(answer).await.codes
    }

    async fn sign_in_by_recovery(&self, flow: &str, code: &str) -> Response {
        let request = RecoveryRequest {
            flow: flow.to_owned(),
            code: code.to_owned(),
            refresh_hash: hash_of("a secret of the client"),
        };
        self.post("/v1/sign-in/recovery", &request).await
    }

    async fn refresh_error(&self, who: &SignedIn) -> ApiError {
        let next = Secret::generate(TokenKind::Refresh).expect("random");
        let refresh = who.refresh_with(&who.refresh, &next);
        error(self.post("/v1/session/refresh", &refresh).await).await.1
    }

    async fn refresh_code(&self, who: &SignedIn) -> ErrorCode {
        self.refresh_error(who).await.code
    }
}

fn standing(list: &SessionList, of: &SignedIn) -> SessionStanding {
    let id = of.session.session_id;
    list.sessions.iter().find(|listed| listed.session_id == id).expect("it is listed").standing
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_with_their_machine_and_end_from_elsewhere() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let first = server.sign_in(&ana).await;
        let second = server.sign_in_elsewhere(&ana).await;
        let third = server.sign_in_elsewhere(&ana).await;

        let list = server.sessions(&third).await;
        assert_eq!(list.sessions.len(), 3);
        let own = &list.sessions[0];
        assert!(own.current && own.session_id == third.session.session_id, "{own:?}");
        assert_eq!((own.device_name.as_str(), own.system.as_str()), ("Front desk", "Linux"));
        assert_eq!(own.address.as_deref(), Some("127.0.0.1"));
        assert_eq!(list.sessions.iter().filter(|listed| listed.current).count(), 1);

        let list: SessionList =
            body(server.end(&third, vec![first.session.session_id], false).await).await;
        assert_eq!(standing(&list, &first), SessionStanding::Ended);
        assert_eq!(standing(&list, &second), SessionStanding::Active);
        let (_, told) = error(server.get("/v1/sync", first.token()).await).await;
        assert_eq!(told.code, ErrorCode::SessionEnded);
        assert_eq!(told.session_end, Some(SessionEndReason::EndedElsewhere));
        let told = server.refresh_error(&first).await;
        assert_eq!(told.session_end, Some(SessionEndReason::EndedElsewhere));
        // The session's id alone is no reason to be told more.
        let guess = Secret::generate(TokenKind::Refresh).expect("random");
        let told = server.refresh_error(&SignedIn { refresh: guess, ..first.clone() }).await;
        assert_eq!((told.code, told.session_end), (ErrorCode::SessionEnded, None));
        assert!(server.get("/v1/bootstrap", second.token()).await.status().is_success());

        let own = vec![third.session.session_id];
        assert_eq!(code(server.end(&third, own, false).await).await, ErrorCode::InvalidValue);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_machine_is_told_so_until_it_has_erased_its_copy() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let lost = server.sign_in(&ana).await;
        let here = server.sign_in_elsewhere(&ana).await;
        let id = lost.session.session_id;

        let list: SessionList = body(server.end(&here, vec![id], true).await).await;
        assert_eq!(standing(&list, &lost), SessionStanding::WipePending);
        assert_eq!(
            code(server.get("/v1/bootstrap", lost.token()).await).await,
            ErrorCode::SessionWiped
        );
        assert_eq!(server.refresh_code(&lost).await, ErrorCode::SessionWiped);

        let guess = Secret::generate(TokenKind::Refresh).expect("random");
        let guessed = SignedIn { refresh: guess.clone(), ..lost.clone() };
        assert_eq!(server.refresh_code(&guessed).await, ErrorCode::SessionEnded);
        let erased =
            |secret: &Secret| ErasedRequest { session_id: id, refresh: secret.expose().to_owned() };
        server.clock.advance(LATER_S - 60);
        let refused = server.post("/v1/session/erased", &erased(&guess)).await;
        assert_eq!(code(refused).await, ErrorCode::SessionEnded);
        assert_eq!(standing(&server.sessions(&here).await, &lost), SessionStanding::WipePending);
        for _ in 0..2 {
            let noted = server.post("/v1/session/erased", &erased(&lost.refresh)).await;
            assert_eq!(noted.status(), StatusCode::NO_CONTENT);
        }
        assert_eq!(standing(&server.sessions(&here).await, &lost), SessionStanding::Wiped);
        // A session that was not wiped is not erased by its holder's word.
        let own = ErasedRequest {
            session_id: here.session.session_id,
            refresh: here.refresh.expose().to_owned(),
        };
        server.clock.advance(30);
        let refused = server.post("/v1/session/erased", &own).await;
        assert_eq!(code(refused).await, ErrorCode::SessionEnded);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_whose_session_grew_idle_can_still_be_wiped() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let asleep = server.sign_in(&ana).await;
    server.clock.advance(13 * 3_600);
    server.running.backend().sessions().end_stale().await.expect("ended");
    let here = server.sign_in_elsewhere(&ana).await;
    assert_eq!(standing(&server.sessions(&here).await, &asleep), SessionStanding::Ended);
    let id = asleep.session.session_id;
    let list: SessionList = body(server.end(&here, vec![id], true).await).await;
    assert_eq!(standing(&list, &asleep), SessionStanding::WipePending);
    assert_eq!(server.refresh_code(&asleep).await, ErrorCode::SessionWiped);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_who_has_shown_the_second_factor_ends_what_is_somebody_elses() {
    let server = TestServer::start().await;
    let (ana, ben) = (server.add("ana", Role::Admin).await, server.add("ben", Role::Agent).await);
    let (admin, agent) = (server.sign_in(&ana).await, server.sign_in(&ben).await);
    let ids = vec![agent.session.session_id];
    // As one's own it is no session at all, whoever one is.
    let own = vec![admin.session.session_id];
    assert_eq!(code(server.end(&agent, own, true).await).await, ErrorCode::NotFound);
    assert_eq!(code(server.end(&admin, ids.clone(), true).await).await, ErrorCode::NotFound);

    let of = |who: &SignedIn| format!("/v1/teammates/{}/sessions", who.session.teammate_id);
    let denied = server.get(&of(&admin), agent.token()).await;
    assert_eq!(code(denied).await, ErrorCode::PermissionDenied);
    let listed: SessionList = body(server.get(&of(&agent), admin.token()).await).await;
    assert_eq!(standing(&listed, &agent), SessionStanding::Active);

    let end = EndSessionsRequest { session_ids: ids, wipe: false };
    let path = format!("{}/end", of(&agent));
    let denied = server.post_as(&agent, &path, &end).await;
    assert_eq!(code(denied).await, ErrorCode::PermissionDenied);
    server.clock.advance(LATER_S - 30);
    let refused = server.post_as(&admin, &path, &end).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "the access token has run out");
    let admin = server.sign_in(&ana).await;
    server.clock.advance(299);
    assert!(server.post_as(&admin, &path, &end).await.status().is_success());
    assert_eq!(
        code(server.get("/v1/bootstrap", agent.token()).await).await,
        ErrorCode::SessionEnded
    );
    let nobody = "/v1/teammates/tmt_01970000000070008000000000000000/sessions";
    let admin = server.sign_in(&ana).await;
    assert_eq!(code(server.get(nobody, admin.token()).await).await, ErrorCode::NotFound);
}

/// Goes on with a session for longer than an access token lasts.
pub(crate) async fn go_on(server: &TestServer, who: &mut SignedIn) {
    let next = Secret::generate(TokenKind::Refresh).expect("random");
    let request = who.refresh_with(&who.refresh, &next);
    who.session = body(server.post("/v1/session/refresh", &request).await).await;
    who.refresh = next;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dangerous_asks_for_the_second_factor_again() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Admin).await;
    let mut here = server.sign_in(&ana).await;
    server.clock.advance(LATER_S);
    go_on(&server, &mut here).await;
    let end = EndSessionsRequest { session_ids: Vec::new(), wipe: false };
    let own = format!("/v1/teammates/{}/sessions/end", here.session.teammate_id);
    for path in ["/v1/account/recovery-codes", "/v1/account/authenticator"] {
        let refused = server.post_as(&here, path, &json!({})).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(code(refused).await, ErrorCode::StepUpRequired, "{path}");
    }
    assert_eq!(code(server.post_as(&here, &own, &end).await).await, ErrorCode::StepUpRequired);

    let wrong = StepUpRequest { code: "000000".to_owned() };
    let refused = server.post_as(&here, "/v1/session/step-up", &wrong).await;
    assert_eq!(code(refused).await, ErrorCode::InvalidCode);
    let security = server.step_up(&ana, &here).await;
    assert_eq!(security.recovery_codes_left, 0);
    assert_eq!(server.recovery_codes(&here).await.len(), 10);
    assert!(server.post_as(&here, &own, &end).await.status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_wrong_codes_of_a_step_up_at_most_a_hundred_are_evaluated() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let mut here = server.sign_in(&ana).await;
    let mut evaluated = 0;
    for _ in 0..1_000 {
        server.clock.advance(86);
        go_on(&server, &mut here).await;
        let wrong = StepUpRequest { code: "000000".to_owned() };
        match code(server.post_as(&here, "/v1/session/step-up", &wrong).await).await {
            ErrorCode::InvalidCode => evaluated += 1,
            ErrorCode::TooManyAttempts => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=100).contains(&evaluated), "{evaluated} guesses were evaluated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_is_good_once_and_the_old_set_not_at_all() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let here = server.sign_in(&ana).await;
        let old = server.recovery_codes(&here).await;
        let codes = server.recovery_codes(&here).await;
        assert!(codes.iter().all(|code| !old.contains(code)));

        let flow = server.flow(&ana).await;
        let refused = server.sign_in_by_recovery(&flow, &old[0]).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidCode);
        server.clock.advance(60);
        // However it is typed, and by however many at once.
        let typed = codes[0].to_uppercase().replace('-', " ");
        let flows = [server.flow(&ana).await, server.flow(&ana).await, server.flow(&ana).await];
        let attempts =
            flows.iter().map(|flow| server.sign_in_by_recovery(flow, &typed)).collect::<Vec<_>>();
        let answers = join_all(attempts).await;
        let let_in = answers.iter().filter(|answer| answer.status().is_success()).count();
        assert_eq!(let_in, 1);
        server.clock.advance(60);
        let flow = server.flow(&ana).await;
        let again = server.sign_in_by_recovery(&flow, &codes[0]).await;
        assert_eq!(code(again).await, ErrorCode::InvalidCode);
        server.clock.advance(60);
        let flow = server.flow(&ana).await;
        let other: Session = body(server.sign_in_by_recovery(&flow, &codes[1]).await).await;
        let security: AccountSecurity =
            body(server.get("/v1/account/security", &other.access_token).await).await;
        assert_eq!(security.recovery_codes_left, 8);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_other_session() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let other = server.sign_in(&ana).await;
        let mut here = server.sign_in_elsewhere(&ana).await;
        let chosen = "otter violin gravel seventeen";
        let change = |current: &str, new: &str| ChangePasswordRequest {
            current_password: current.to_owned(),
            new_password: new.to_owned(),
        };
        let ask = async |here: &SignedIn, current: &str, new: &str| {
            server.post_as(here, "/v1/account/password", &change(current, new)).await
        };
        assert_eq!(
            code(ask(&here, &ana.password, "short").await).await,
            ErrorCode::PasswordRefused
        );
        assert_eq!(
            code(ask(&here, "not my password", chosen).await).await,
            ErrorCode::InvalidCredentials
        );
        server.clock.advance(60);
        assert!(server.get("/v1/bootstrap", other.token()).await.status().is_success());
        let security: AccountSecurity = body(ask(&here, &ana.password, chosen).await).await;
        assert_eq!(security.password_changed_at, Some(server.clock_now()));
        assert_eq!(
            code(server.get("/v1/bootstrap", other.token()).await).await,
            ErrorCode::SessionEnded
        );
        go_on(&server, &mut here).await;
        let old = server.post("/v1/sign-in", &ana.request()).await;
        assert_eq!(code(old).await, ErrorCode::InvalidCredentials);
        server.clock.advance(60);
        server.sign_in(&Person { password: chosen.to_owned(), ..ana }).await;
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_against_a_password_is_said_while_it_is_typed() {
    let server = TestServer::start_named("Cactus Bakery").await;
    let ana = server.add("ana", Role::Agent).await;
    let here = server.sign_in(&ana).await;
    let check = async |password: &str| -> PasswordCheck {
        let request = PasswordCheckRequest { password: password.to_owned() };
        body(server.post_as(&here, "/v1/account/password/check", &request).await).await
    };
    let short = check("k9#vTq2").await;
    assert_eq!(short.issues, [PasswordIssue::TooShort { minimum_characters: 8 }]);
    let context = check("cactusbakery1").await.issues;
    assert!(matches!(&context[..], [PasswordIssue::ContainsContext { .. }]), "{context:?}");
    let good = check("otter violin gravel seventeen").await;
    assert_eq!((good.issues.len(), good.score, good.hint), (0, 4, None));
    assert!(check("passwordpassword").await.hint.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authenticator_counts_from_its_first_code_on() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let other = server.sign_in(&ana).await;
        let here = server.sign_in_elsewhere(&ana).await;
        let setup: AuthenticatorSetup =
            body(server.post_as(&here, "/v1/account/authenticator", &json!({})).await).await;
        assert!(setup.otpauth_url.starts_with("otpauth://totp/"), "{}", setup.otpauth_url);
        let secret = totp_rs::Secret::try_from_base32(&setup.secret).expect("a secret");
        let totp = Builder::new().with_secret(secret).build().expect("a generator");
        let replaced = Person { totp, ..ana.clone() };

        let confirm = async |code: String| {
            let request = ConfirmAuthenticatorRequest { code };
            server.post_as(&here, "/v1/account/authenticator/confirm", &request).await
        };
        let wrong = confirm(server.now_code(&ana)).await;
        assert_eq!(code(wrong).await, ErrorCode::InvalidCode);
        assert!(server.get("/v1/bootstrap", other.token()).await.status().is_success());
        server.clock.advance(30);
        let first = server.now_code(&replaced);
        let security: AccountSecurity = body(confirm(first.clone()).await).await;
        assert_eq!(security.authenticator_since, Some(server.clock_now()));
        assert_eq!(code(confirm(first.clone()).await).await, ErrorCode::SignInExpired);
        assert_eq!(
            code(server.get("/v1/bootstrap", other.token()).await).await,
            ErrorCode::SessionEnded
        );
        // The code that confirmed it is used up, and the former authenticator is good for nothing.
        let again = StepUpRequest { code: first };
        let refused = server.post_as(&here, "/v1/session/step-up", &again).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidCode);
        server.clock.advance(60);
        let former = StepUpRequest { code: server.now_code(&ana) };
        let refused = server.post_as(&here, "/v1/session/step-up", &former).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidCode);
        server.clock.advance(60);
        server.sign_in(&replaced).await;
        server.running.stop().await;
    }
}
