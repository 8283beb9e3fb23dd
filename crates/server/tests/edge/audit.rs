//! What of signing in and of sessions stands in the audit.

use recado_protocol::Role;
use recado_protocol::identity::TotpRequest;
use recado_server::backend::TeammateChange;
use recado_server::identity::token::{Secret, TokenKind};
use recado_server::storage::{DbError, Value};

use crate::harness::{Person, TestServer, databases, hash_of};

async fn count(server: &TestServer, action: &'static str, result: &'static str) -> u64 {
    let counted = server.running.backend().core().db().read(async move |tx| {
        let sql = "SELECT COUNT(*) FROM audit_event WHERE action = ?1 AND result = ?2";
        tx.query_one(sql, &[Value::from(action), Value::from(result)]).await?.get::<u64>(0)
    });
    let counted: Result<u64, DbError> = counted.await;
    counted.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_their_refusals_and_the_ends_of_sessions_are_each_written_once() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let nobody = Person {
            email: "nobody@inbox.example".to_owned(),
            ..server.add("cy", Role::Agent).await
        };
        server.post("/v1/sign-in", &ana.request_with("wrong")).await;
        // Refused by the limiter: nothing was evaluated, so there is nothing to tell.
        server.post("/v1/sign-in", &ana.request_with("wrong")).await;
        server.post("/v1/sign-in", &nobody.request_with("wrong")).await;
        assert_eq!(count(&server, "sign_in_password", "denied").await, 2);

        server.clock.advance(10);
        let request = TotpRequest {
            flow: server.flow(&ana).await,
            code: "000000".to_owned(),
            refresh_hash: hash_of("a secret of the client"),
        };
        server.post("/v1/sign-in/totp", &request).await;
        assert_eq!(count(&server, "sign_in_code", "denied").await, 1);

        let first = server.sign_in(&ana).await;
        let second = server.sign_in(&ana).await;
        server.sign_in(&ana).await;
        assert_eq!(count(&server, "sign_in", "done").await, 3);

        let request = server.client.delete(server.url("/v1/session")).bearer_auth(first.token());
        request.send().await.expect("an answer");
        assert_eq!(count(&server, "session_end", "done").await, 1);
        for _ in 0..2 {
            let next = Secret::generate(TokenKind::Refresh).expect("random");
            let request = second.refresh_with(&second.refresh, &next);
            server.post("/v1/session/refresh", &request).await;
        }
        assert_eq!(count(&server, "session_end", "denied").await, 1);
        let change = TeammateChange {
            state: Some(recado_protocol::TeammateState::Suspended),
            ..TeammateChange::default()
        };
        server.running.backend().change_teammate(&ana.email, change).await.expect("suspended");
        assert_eq!(count(&server, "session_end", "done").await, 2);
        server.running.stop().await;
    }
}
