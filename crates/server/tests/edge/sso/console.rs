//! What an admin says at the console, and what lies in the database afterwards.

use recado_protocol::Role;
use recado_server::backend::{GroupMapping, NewProvider};
use serde_json::json;

use super::scene::{Scene, new_provider};
use crate::harness::{TestServer, databases};
use crate::identity_provider::{CLIENT_SECRET, Manner};

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_a_sentence() {
    let server = TestServer::start().await;
    let backend = server.running.backend();
    let good = || new_provider("Cactus ID", "https://id.inbox.example");
    let wrong: [(&str, NewProvider); 9] = [
        ("name", NewProvider { name: " ".to_owned(), ..good() }),
        ("https", NewProvider { issuer: "http://id.inbox.example".to_owned(), ..good() }),
        ("https", NewProvider { issuer: "http://127.0.0.1:1".to_owned(), ..good() }),
        ("https", NewProvider { issuer: "https://id.inbox.example/?a=1".to_owned(), ..good() }),
        ("client id", NewProvider { client_id: String::new(), ..good() }),
        ("secret", NewProvider { client_secret: "\n".to_owned(), ..good() }),
        ("certificate", NewProvider { ca_pem: Some("nothing".to_owned()), ..good() }),
        ("domain", NewProvider { domains: vec!["inbox".to_owned()], ..good() }),
        ("--domain", NewProvider { domains: Vec::new(), makes_accounts: true, ..good() }),
    ];
    for (word, new) in wrong {
        let text = backend.add_provider(new, "https://x").await.expect_err(word).to_string();
        assert!(text.contains(word), "{word}: {text}");
    }
    backend.add_provider(good(), "https://x").await.expect("added");
    let again = NewProvider { name: " CACTUS id ".to_owned(), ..good() };
    let text = backend.add_provider(again, "https://x").await.expect_err("twice").to_string();
    assert!(text.contains("already"), "{text}");
}

#[tokio::test]
async fn a_look_at_a_provider_says_what_is_wrong() {
    let scene = Scene::new().await;
    let backend = scene.server.running.backend();
    let test = backend.test_provider("cactus id").await.expect("an honest provider");
    assert!(test.findings.iter().any(|finding| finding.contains("logouts")), "{test:?}");
    for (manner, word) in [
        (Manner::Plain(503, "later"), "status 503"),
        (Manner::Mistyped, "not JSON"),
        (Manner::Json(200, json!({})), "cannot be read"),
        (Manner::Endless, "longer than"),
        (Manner::Redirect("https://elsewhere.example".to_owned()), "status 307"),
    ] {
        scene.told(|conduct| conduct.discovery = manner);
        let text = backend.test_provider("Cactus ID").await.expect_err(word).to_string();
        assert!(text.contains(word), "{word}: {text}");
    }
    scene.told(|conduct| {
        conduct.discovery = Manner::Honest;
        conduct.metadata = Some(Box::new(|it| {
            let only = json!(["HS256"]);
            it.insert("id_token_signing_alg_values_supported".to_owned(), only);
        }));
    });
    let text = backend.test_provider("Cactus ID").await.expect_err("only HMAC").to_string();
    assert!(text.contains("algorithm"), "{text}");
    assert!(backend.test_provider("Nobody").await.is_err());
}

#[tokio::test]
async fn the_list_tells_what_was_set_and_no_secret() {
    for database in databases() {
        let scene = Scene::with(database, |new| {
            new.groups_claim = Some("groups".to_owned());
            new.domains = vec!["@Inbox.Example".to_owned(), "cactus.example".to_owned()];
        })
        .await;
        let backend = scene.server.running.backend();
        for (group, role, team) in [
            ("b", Some(Role::Admin), Some("Billing")),
            ("a", None, None),
            ("b", None, Some("Billing")),
        ] {
            let mapping =
                GroupMapping { group: group.to_owned(), role, team: team.map(str::to_owned) };
            backend.map_group("Cactus ID", mapping).await.expect("mapped");
        }
        let all = backend.providers("https://inbox.example").await.expect("providers");
        let only = &all[0];
        assert_eq!(only.domains, ["cactus.example", "inbox.example"]);
        let team = Some("Billing".to_owned());
        assert_eq!(only.groups, [GroupMapping { group: "b".to_owned(), role: None, team }]);
        let path = format!("https://inbox.example/v1/sso/{}/callback", only.id);
        assert_eq!(only.callback_url, path);
        assert!(!serde_json::to_string(&all).expect("JSON").contains(CLIENT_SECRET));
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn secrets_lie_in_no_file_of_the_database_in_clear() {
    let scene = Scene::with(recado_server::backend::Database::InDataDirectory, |new| {
        new.makes_accounts = true;
    })
    .await;
    scene.told(|conduct| {
        conduct.refreshing = crate::identity_provider::Refreshing::Rotating;
        conduct.tokens = Some(Box::new(|it| {
            it.insert("refresh_token".to_owned(), json!("refresh-canary-4711"));
        }));
    });
    let app = scene.begin().await;
    let code = scene.code(&app).await;
    scene.complete(&app, &code).await;
    let pending = scene.begin().await;
    let Scene { server, .. } = scene;
    server.running.stop().await;
    let mut searched = 0;
    for entry in std::fs::read_dir(server.data.path().join("data")).expect("a directory") {
        let path = entry.expect("an entry").path();
        if !path.is_file() || !path.to_string_lossy().contains("recado.db") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("readable");
        searched += bytes.len();
        for secret in [CLIENT_SECRET, "refresh-canary-4711", &code, &pending.flow] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
    assert!(searched > 100_000, "{searched} bytes were searched");
}
