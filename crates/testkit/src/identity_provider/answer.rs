//! The provider's endpoints.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use super::{
    CLIENT_ID, CLIENT_SECRET, Conduct, Grant, IssParameter, Manner, Refreshing, json_map, jwt,
    random_text,
};

#[derive(Clone)]
struct Provider {
    issuer: String,
    conduct: Arc<Mutex<Conduct>>,
}

impl Provider {
    fn conduct(&self) -> MutexGuard<'_, Conduct> {
        self.conduct.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, endpoint: &'static str) {
        *self.conduct().asked.entry(endpoint).or_default() += 1;
    }
}

pub(super) fn router(issuer: String, conduct: Arc<Mutex<Conduct>>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .with_state(Provider { issuer, conduct })
}

type Fields = BTreeMap<String, String>;

fn fields(text: &[u8]) -> Fields {
    form_urlencoded::parse(text).into_owned().collect()
}

/// Gives an honest answer in the manner that the test wants.
async fn give(manner: Manner, honest: Response) -> Response {
    let content = |kind: &'static str| [(CONTENT_TYPE, kind)];
    match manner {
        Manner::Honest => honest,
        Manner::Plain(status, body) => (code(status), content("text/plain"), body).into_response(),
        Manner::Json(status, body) => {
            (code(status), content("application/json"), body.to_string()).into_response()
        }
        Manner::Slow(time) => {
            tokio::time::sleep(time).await;
            honest
        }
        Manner::Endless => {
            let block = Bytes::from(vec![b' '; 64 * 1_024]);
            let endless = futures_util::stream::repeat_with(move || {
                Ok::<_, std::convert::Infallible>(block.clone())
            });
            (content("application/json"), Body::from_stream(endless)).into_response()
        }
        Manner::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response(),
        Manner::Mistyped => {
            let (mut parts, body) = honest.into_parts();
            parts.headers.insert(CONTENT_TYPE, axum::http::HeaderValue::from_static("text/html"));
            Response::from_parts(parts, body)
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn answer(status: u16, value: &Value) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    (code(status), kind, value.to_string()).into_response()
}

async fn discovery(State(provider): State<Provider>) -> Response {
    provider.note("discovery");
    let (manner, honest) = {
        let conduct = provider.conduct();
        let issuer = &provider.issuer;
        let announces = matches!(conduct.iss, IssParameter::Own | IssParameter::Withheld);
        let mut metadata = json_map(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "scopes_supported": ["openid", "email", "profile", "offline_access"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": announces,
            "backchannel_logout_supported": true,
        }));
        if let Some(change) = &conduct.metadata {
            change(&mut metadata);
        }
        (conduct.discovery.clone(), answer(200, &Value::Object(metadata)))
    };
    give(manner, honest).await
}

async fn jwks(State(provider): State<Provider>) -> Response {
    provider.note("jwks");
    let (manner, honest) = {
        let conduct = provider.conduct();
        let keys: Vec<Value> = conduct.published.iter().map(|key| key.jwk()).collect();
        (conduct.jwks.clone(), answer(200, &json!({ "keys": keys })))
    };
    give(manner, honest).await
}

async fn authorize(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    provider.note("authorize");
    let query = query.unwrap_or_default();
    let asked = fields(query.as_bytes());
    let field = |name: &str| asked.get(name).cloned();
    let complete = field("response_type").as_deref() == Some("code")
        && field("client_id").as_deref() == Some(CLIENT_ID)
        && field("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid"))
        && field("code_challenge_method").as_deref() == Some("S256")
        && field("nonce").is_some()
        && field("state").is_some();
    let redirect = field("redirect_uri").and_then(|uri| Url::parse(&uri).ok());
    let (Some(mut redirect), true) = (redirect, complete) else {
        return answer(400, &json!({ "error": "invalid_request" }));
    };
    let mut conduct = provider.conduct();
    if conduct.asks && !asked.contains_key("pressed") {
        return page(&query);
    }
    let code = random_text();
    let redirect_uri = redirect.to_string();
    {
        let mut pairs = redirect.query_pairs_mut();
        match conduct.refusal {
            Some(refusal) => pairs.append_pair("error", refusal),
            None => pairs.append_pair("code", &code),
        };
        pairs.append_pair("state", &field("state").unwrap_or_default());
        match &conduct.iss {
            IssParameter::Own => pairs.append_pair("iss", &provider.issuer),
            IssParameter::Other(other) => pairs.append_pair("iss", other),
            IssParameter::Absent | IssParameter::Withheld => &mut pairs,
        };
    }
    let grant = Grant {
        nonce: field("nonce"),
        challenge: field("code_challenge"),
        redirect_uri,
        // Whoever is to show it anew has done so now; whoever is remembered came earlier, of which nothing is said.
        shown_at: asked.contains_key("max_age").then(|| (conduct.clock)()),
        used: false,
    };
    conduct.grants.insert(code, grant);
    (StatusCode::SEE_OTHER, [(LOCATION, redirect.to_string())]).into_response()
}

/// A page with one button.
fn page(query: &str) -> Response {
    let inputs: String = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| {
            let plain = value.replace('&', "&amp;").replace('"', "&quot;");
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{plain}\">")
        })
        .collect();
    let text = format!(
        "<!doctype html><html lang=\"en\"><title>Cactus ID</title><h1>Cactus ID</h1><form action=\"/authorize\">\
         {inputs}<button name=\"pressed\" value=\"1\">Sign in as yourself</button></form></html>"
    );
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Response {
    provider.note("token");
    let asked = fields(&body);
    let (manner, honest) = {
        let mut conduct = provider.conduct();
        let honest = if is_client(&headers, &asked) {
            match asked.get("grant_type").map(String::as_str) {
                Some("authorization_code") => exchange(&provider.issuer, &mut conduct, &asked),
                Some("refresh_token") => refresh(&mut conduct, &asked),
                _ => answer(400, &json!({ "error": "unsupported_grant_type" })),
            }
        } else {
            answer(401, &json!({ "error": "invalid_client" }))
        };
        (conduct.token.clone(), honest)
    };
    give(manner, honest).await
}

fn is_client(headers: &HeaderMap, asked: &Fields) -> bool {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET)));
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let in_body = asked.get("client_secret").map(String::as_str) == Some(CLIENT_SECRET);
    header == Some(&format!("Basic {expected}")) || in_body
}

fn exchange(issuer: &str, conduct: &mut Conduct, asked: &Fields) -> Response {
    let refused = answer(400, &json!({ "error": "invalid_grant" }));
    let Some(code) = asked.get("code") else { return refused };
    let twice = conduct.takes_codes_twice;
    let Some(grant) = conduct.grants.get_mut(code) else { return refused };
    let verifier = asked.get("code_verifier").map(String::as_str).unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let fits = grant.challenge.as_deref() == Some(&challenge)
        && asked.get("redirect_uri") == Some(&grant.redirect_uri)
        && (twice || !grant.used);
    if !fits {
        return refused;
    }
    grant.used = true;
    let (nonce, shown_at) = (grant.nonce.clone(), grant.shown_at);
    let mut tokens = json_map(json!({
        "access_token": random_text(),
        "token_type": "Bearer",
        "expires_in": 300,
        "id_token": id_token(issuer, conduct, nonce, shown_at),
    }));
    if conduct.refreshing != Refreshing::Never {
        let refresh = random_text();
        conduct.refresh_tokens = vec![refresh.clone()];
        tokens.insert("refresh_token".to_owned(), json!(refresh));
    }
    if let Some(change) = &conduct.tokens {
        change(&mut tokens);
    }
    answer(200, &Value::Object(tokens))
}

fn refresh(conduct: &mut Conduct, asked: &Fields) -> Response {
    let known = asked.get("refresh_token").is_some_and(|it| conduct.refresh_tokens.contains(it));
    match conduct.refreshing {
        Refreshing::Failing => answer(503, &json!({ "error": "temporarily_unavailable" })),
        Refreshing::Rotating if known => {
            let next = random_text();
            conduct.refresh_tokens = vec![next.clone()];
            answer(
                200,
                &json!({ "access_token": random_text(), "token_type": "Bearer", "refresh_token": next }),
            )
        }
        _ => answer(400, &json!({ "error": "invalid_grant" })),
    }
}

fn id_token(
    issuer: &str,
    conduct: &Conduct,
    nonce: Option<String>,
    shown_at: Option<i64>,
) -> String {
    let now = (conduct.clock)();
    let mut claims = json_map(json!({
        "iss": issuer,
        "aud": CLIENT_ID,
        "sub": conduct.subject.sub,
        "sid": conduct.sid,
        "iat": now,
        "exp": now + 300,
        "nonce": nonce,
    }));
    if let Some(shown_at) = shown_at {
        claims.insert("auth_time".to_owned(), json!(shown_at));
    }
    if !conduct.thin_tokens {
        claims.extend(person(conduct));
    }
    if let Some(change) = &conduct.claims {
        change(&mut claims);
    }
    let mut header = json_map(json!({ "alg": "ES256", "typ": "JWT", "kid": conduct.key.kid() }));
    if let Some(change) = &conduct.header {
        change(&mut header);
    }
    jwt::sign(&conduct.key, &conduct.signature, header, &claims)
}

fn person(conduct: &Conduct) -> Map<String, Value> {
    let subject = &conduct.subject;
    let mut claims = Map::new();
    if let Some(email) = &subject.email {
        claims.insert("email".to_owned(), json!(email));
        claims.insert("email_verified".to_owned(), json!(subject.email_verified));
    }
    if let Some(name) = &subject.name {
        claims.insert("name".to_owned(), json!(name));
    }
    if let Some(groups) = &subject.groups {
        claims.insert("groups".to_owned(), json!(groups));
    }
    claims
}

async fn userinfo(State(provider): State<Provider>) -> Response {
    provider.note("userinfo");
    let (manner, honest) = {
        let conduct = provider.conduct();
        let mut claims = person(&conduct);
        claims.insert("sub".to_owned(), json!(conduct.subject.sub));
        if let Some(change) = &conduct.userinfo {
            change(&mut claims);
        }
        (conduct.about.clone(), answer(200, &Value::Object(claims)))
    };
    give(manner, honest).await
}
