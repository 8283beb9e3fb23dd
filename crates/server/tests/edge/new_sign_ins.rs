//! A sign-in where the account is not known is told to its owner until somebody has said what it was.

use recado_protocol::account::{
    EndSessionsRequest, SeenSessionsRequest, SessionInfo, SessionList, SessionStanding,
};
use recado_protocol::error::ErrorCode;
use recado_protocol::live::LiveFrame;
use recado_protocol::{Role, SessionId};
use reqwest::{Response, StatusCode};
use serde::Serialize;

use crate::harness::{Person, SignedIn, TestServer, body, code, databases, new_device};
use crate::live::{begin, hear};

async fn post(server: &TestServer, who: &SignedIn, path: &str, body: &impl Serialize) -> Response {
    let request = server.client.post(server.url(path)).bearer_auth(who.token());
    request.json(body).send().await.expect("an answer")
}

async fn note_seen(server: &TestServer, who: &SignedIn, id: SessionId) -> Response {
    let request = SeenSessionsRequest { session_ids: vec![id] };
    post(server, who, "/v1/sessions/seen", &request).await
}

async fn listed(server: &TestServer, who: &SignedIn, id: SessionId) -> Option<SessionInfo> {
    let list: SessionList = body(server.get("/v1/sessions", who.token()).await).await;
    list.sessions.into_iter().find(|session| session.session_id == id)
}

async fn is_unseen(server: &TestServer, who: &SignedIn, id: SessionId) -> bool {
    listed(server, who, id).await.expect("it is listed").unseen
}

/// Signs in where the account is not known.
async fn elsewhere(server: &TestServer, person: &Person) -> SignedIn {
    server.clock.advance(30);
    server.sign_in(&Person { device: new_device(), ..person.clone() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_elsewhere_is_told_at_once_until_its_owner_says_what_it_was() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let ben = server.add("ben", Role::Agent).await;
        let ben = server.sign_in(&ben).await;
        let here = server.sign_in(&ana).await;
        let own = here.session.session_id;
        assert!(!is_unseen(&server, &here, own).await, "nobody could be told of the first");
        let (mut socket, _) = begin(&server, &here).await;

        let there = elsewhere(&server, &ana).await;
        let id = there.session.session_id;
        assert_eq!(hear(&mut socket).await, Some(LiveFrame::SessionsChanged));
        assert!(is_unseen(&server, &here, id).await);

        // It does not vouch for itself, nor does anybody else.
        let refused = note_seen(&server, &there, id).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidValue);
        assert_eq!(code(note_seen(&server, &ben, id).await).await, ErrorCode::NotFound);
        assert!(is_unseen(&server, &here, id).await);

        let noted = note_seen(&server, &here, id).await;
        assert_eq!(noted.status(), StatusCode::OK);
        assert!(!is_unseen(&server, &here, id).await);
        // What another machine of the owner's shows goes there as well.
        assert_eq!(hear(&mut socket).await, Some(LiveFrame::SessionsChanged));
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_strange_vouches_for_nothing_else_that_is() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let here = server.sign_in(&ana).await;
        let thief = Person { device: new_device(), ..ana.clone() };
        server.clock.advance(30);
        let first = server.sign_in(&thief).await.session.session_id;
        server.clock.advance(30);
        // The same machine once more is no better known for it.
        let second = server.sign_in(&thief).await;
        assert!(is_unseen(&server, &here, second.session.session_id).await);
        let refused = note_seen(&server, &second, first).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidValue);
        let end = EndSessionsRequest { session_ids: vec![first], wipe: false };
        let ended = post(&server, &second, "/v1/sessions/end", &end).await;
        assert_eq!(ended.status(), StatusCode::OK);
        assert!(is_unseen(&server, &here, first).await, "ending it is no answer either");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_known_is_no_news() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let here = server.sign_in(&ana).await;
        server.clock.advance(30);
        let again = server.sign_in(&ana).await;
        assert!(!is_unseen(&server, &here, again.session.session_id).await);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_again_leaves_a_trace_and_ending_it_is_an_answer() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let here = server.sign_in(&ana).await;
        let there = elsewhere(&server, &ana).await;
        let id = there.session.session_id;
        let request = server.client.delete(server.url("/v1/session")).bearer_auth(there.token());
        assert!(request.send().await.expect("an answer").status().is_success());
        let left = listed(&server, &here, id).await.expect("it is listed although it has ended");
        assert!(left.unseen);
        assert_eq!(left.standing, SessionStanding::Ended);

        let (mut socket, _) = begin(&server, &here).await;
        let end = EndSessionsRequest { session_ids: vec![id], wipe: true };
        let ended = post(&server, &here, "/v1/sessions/end", &end).await;
        assert_eq!(ended.status(), StatusCode::OK);
        assert!(!is_unseen(&server, &here, id).await);
        // The owner's other machines ask no more.
        assert_eq!(hear(&mut socket).await, Some(LiveFrame::SessionsChanged));
        server.running.stop().await;
    }
}
