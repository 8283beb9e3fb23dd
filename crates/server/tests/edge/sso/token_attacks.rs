//! ID tokens that must not be believed.

use serde_json::json;

use super::scene::Scene;
use crate::identity_provider::{CLIENT_ID, CLIENT_SECRET, Conduct, Signature};

async fn refused(lie: impl FnOnce(&mut Conduct)) {
    let scene = Scene::new().await;
    scene.told(lie);
    scene.refused("sso_failed").await;
    assert_eq!(scene.teammate("ana@inbox.example").await, None, "an account was made");
}

/// A claim with another value, or without one.
async fn refused_claim(name: &'static str, value: Option<serde_json::Value>) {
    refused(|conduct| {
        conduct.claims = Some(Box::new(move |claims| {
            match &value {
                Some(value) => claims.insert(name.to_owned(), value.clone()),
                None => claims.remove(name),
            };
        }));
    })
    .await;
}

/// A time of the token, in seconds from now.
async fn refused_time(name: &'static str, seconds: i64) {
    refused(|conduct| {
        conduct.claims = Some(Box::new(move |claims| {
            let now = claims["exp"].as_i64().expect("a time") - 300;
            claims.insert(name.to_owned(), json!(now + seconds));
        }));
    })
    .await;
}

#[tokio::test]
async fn algorithm_none() {
    refused(|conduct| conduct.signature = Signature::None).await;
}

#[tokio::test]
async fn no_signature_under_an_honest_header() {
    refused(|conduct| conduct.signature = Signature::Missing).await;
}

#[tokio::test]
async fn the_public_key_as_a_shared_secret() {
    refused(|conduct| conduct.signature = Signature::HmacOfPublicKey).await;
}

#[tokio::test]
async fn the_client_s_secret_as_a_key() {
    refused(|conduct| conduct.signature = Signature::HmacOfSecret(CLIENT_SECRET.to_owned())).await;
}

#[tokio::test]
async fn an_empty_shared_secret() {
    refused(|conduct| conduct.signature = Signature::HmacOfSecret(String::new())).await;
}

#[tokio::test]
async fn somebody_else_s_key_under_the_provider_s_key_id() {
    refused(|conduct| conduct.signature = Signature::Foreign).await;
}

#[tokio::test]
async fn a_key_that_the_token_brings_itself() {
    refused(|conduct| conduct.signature = Signature::InHeader).await;
}

#[tokio::test]
async fn claims_changed_after_they_were_signed() {
    refused(|conduct| conduct.signature = Signature::Tampered).await;
}

#[tokio::test]
async fn a_key_id_that_nobody_publishes() {
    refused(|conduct| {
        conduct.header =
            Some(Box::new(|header| drop(header.insert("kid".to_owned(), json!("unknown")))));
    })
    .await;
}

#[tokio::test]
async fn an_algorithm_that_the_key_is_not_for() {
    refused(|conduct| {
        conduct.header =
            Some(Box::new(|header| drop(header.insert("alg".to_owned(), json!("RS256")))));
    })
    .await;
}

#[tokio::test]
async fn an_access_token_in_the_place_of_an_id_token() {
    refused(|conduct| {
        conduct.header =
            Some(Box::new(|header| drop(header.insert("typ".to_owned(), json!("at+jwt")))));
    })
    .await;
}

#[tokio::test]
async fn a_critical_header_that_nobody_knows() {
    refused(|conduct| {
        conduct.header =
            Some(Box::new(|header| drop(header.insert("crit".to_owned(), json!(["b64"])))));
    })
    .await;
}

#[tokio::test]
async fn another_issuer() {
    refused_claim("iss", Some(json!("https://id.evil.example"))).await;
}

#[tokio::test]
async fn no_issuer() {
    refused_claim("iss", None).await;
}

#[tokio::test]
async fn an_issuer_with_a_slash_more() {
    refused(|conduct| {
        conduct.claims = Some(Box::new(|claims| {
            let issuer = format!("{}/", claims["iss"].as_str().expect("an issuer"));
            claims.insert("iss".to_owned(), json!(issuer));
        }));
    })
    .await;
}

#[tokio::test]
async fn another_audience() {
    refused_claim("aud", Some(json!("another-client"))).await;
}

#[tokio::test]
async fn no_audience() {
    refused_claim("aud", None).await;
}

#[tokio::test]
async fn an_audience_beside_this_server() {
    refused_claim("aud", Some(json!([CLIENT_ID, "another-client"]))).await;
}

#[tokio::test]
async fn another_authorized_party() {
    refused_claim("azp", Some(json!("another-client"))).await;
}

#[tokio::test]
async fn another_nonce() {
    refused_claim("nonce", Some(json!("a nonce of another sign-in"))).await;
}

#[tokio::test]
async fn no_nonce() {
    refused_claim("nonce", None).await;
}

#[tokio::test]
async fn a_token_that_has_run_out() {
    refused_time("exp", -1).await;
}

#[tokio::test]
async fn a_token_without_an_end() {
    refused_claim("exp", None).await;
}

#[tokio::test]
async fn a_token_from_the_future() {
    refused_time("iat", 90).await;
}

#[tokio::test]
async fn a_token_made_long_ago() {
    refused_time("iat", -3_600).await;
}

#[tokio::test]
async fn a_token_that_does_not_count_yet() {
    refused_time("nbf", 90).await;
}

#[tokio::test]
async fn no_subject() {
    refused_claim("sub", None).await;
}

#[tokio::test]
async fn an_empty_subject() {
    refused_claim("sub", Some(json!(""))).await;
}

#[tokio::test]
async fn a_subject_longer_than_any() {
    refused_claim("sub", Some(json!("s".repeat(256)))).await;
}

#[tokio::test]
async fn the_hash_of_another_access_token() {
    refused_claim("at_hash", Some(json!("AAAAAAAAAAAAAAAAAAAAAA"))).await;
}

#[tokio::test]
async fn no_id_token_at_all() {
    refused(|conduct| conduct.tokens = Some(Box::new(|tokens| drop(tokens.remove("id_token")))))
        .await;
}

#[tokio::test]
async fn an_id_token_that_is_none() {
    refused(|conduct| {
        conduct.tokens =
            Some(Box::new(|tokens| drop(tokens.insert("id_token".to_owned(), json!("a.b.c")))));
    })
    .await;
}
