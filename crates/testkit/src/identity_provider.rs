//! An OpenID Connect provider over real HTTP on this machine's loopback. It is honest unless a test tells it otherwise, and
//! then it lies in whatever way the test wants.

// With their paths, since the server's own tests take this file in by its path.
#[path = "identity_provider/answer.rs"]
mod answer;
#[path = "identity_provider/jwt.rs"]
mod jwt;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use jwt::{Signature, SigningKey, random_text};

/// The client that the provider knows.
pub const CLIENT_ID: &str = "recado-test";
/// Its secret.
pub const CLIENT_SECRET: &str = "a secret between the provider and the server";

/// Somebody whom the provider knows.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the provider calls the person, for ever.
    pub sub: String,
    /// The address.
    pub email: Option<String>,
    /// Whether the provider has verified it.
    pub email_verified: bool,
    /// The name.
    pub name: Option<String>,
    /// The groups; absent: the claim is left out.
    pub groups: Option<Vec<String>>,
}

impl Subject {
    /// Somebody with a verified address.
    pub fn new(sub: &str, email: &str) -> Self {
        Self {
            sub: sub.to_owned(),
            email: Some(email.to_owned()),
            email_verified: true,
            name: Some("Ana Ruiz".to_owned()),
            groups: None,
        }
    }
}

/// How an endpoint answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Manner {
    /// As it should.
    Honest,
    /// With this status and body.
    Plain(u16, &'static str),
    /// With JSON of this status.
    Json(u16, Value),
    /// Only after this time.
    Slow(Duration),
    /// Without an end.
    Endless,
    /// By pointing elsewhere.
    Redirect(String),
    /// As it should, but as another type of content.
    Mistyped,
}

/// Whether the browser brings who the provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssParameter {
    /// It does, and the provider announces it.
    Own,
    /// It does not, and the provider does not announce it.
    Absent,
    /// It does not although the provider announces it.
    Withheld,
    /// It brings another one.
    Other(String),
}

/// How the provider treats refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshing {
    /// It gives none.
    Never,
    /// It gives another one each time.
    Rotating,
    /// The grant is gone.
    InvalidGrant,
    /// It fails.
    Failing,
}

type Change = Box<dyn Fn(&mut Map<String, Value>) + Send>;

/// What the provider does. A test changes it at any time.
pub struct Conduct {
    /// Who is signed in at the provider.
    pub subject: Subject,
    /// The provider's own session.
    pub sid: String,
    /// The key that signs.
    pub key: Arc<SigningKey>,
    /// The keys that are published.
    pub published: Vec<Arc<SigningKey>>,
    /// How tokens are signed.
    pub signature: Signature,
    /// What is done to an ID token's header before it is signed.
    pub header: Option<Change>,
    /// What is done to an ID token's claims before they are signed.
    pub claims: Option<Change>,
    /// What is done to the tokens' answer before it is sent.
    pub tokens: Option<Change>,
    /// What is done to the provider's description of itself.
    pub metadata: Option<Change>,
    /// What is done to the answer about the person.
    pub userinfo: Option<Change>,
    /// Whether address, name and groups stand in the answer about the person only.
    pub thin_tokens: bool,
    /// Whether the browser brings who the provider is.
    pub iss: IssParameter,
    /// How the description is given.
    pub discovery: Manner,
    /// How the keys are given.
    pub jwks: Manner,
    /// How tokens are given.
    pub token: Manner,
    /// How the answer about the person is given.
    pub about: Manner,
    /// The error with which the browser is sent back in place of a code.
    pub refusal: Option<&'static str>,
    /// How refresh tokens are treated.
    pub refreshing: Refreshing,
    /// Whether a person has to press a button before the browser goes back.
    pub asks: bool,
    /// Whether a used code is taken again.
    pub takes_codes_twice: bool,
    /// The provider's clock, in seconds since 1970.
    pub clock: Box<dyn Fn() -> i64 + Send>,
    grants: BTreeMap<String, Grant>,
    refresh_tokens: Vec<String>,
    asked: BTreeMap<&'static str, u32>,
}

#[derive(Clone)]
struct Grant {
    nonce: Option<String>,
    challenge: Option<String>,
    redirect_uri: String,
    shown_at: Option<i64>,
    used: bool,
}

/// A provider that runs until it is dropped.
pub struct IdentityProvider {
    issuer: String,
    conduct: Arc<Mutex<Conduct>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl IdentityProvider {
    /// An honest provider on a free port, with one person.
    ///
    /// # Errors
    /// If there is no port or no randomness.
    pub async fn start(subject: Subject) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        Self::start_on(listener, subject).await
    }

    /// The same on a listener of the caller's.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_on(
        listener: tokio::net::TcpListener,
        subject: Subject,
    ) -> std::io::Result<Self> {
        let address: SocketAddr = listener.local_addr()?;
        let issuer = format!("http://{address}");
        let key = Arc::new(SigningKey::generate("first")?);
        let conduct = Arc::new(Mutex::new(Conduct {
            subject,
            sid: random_text(),
            published: vec![Arc::clone(&key)],
            key,
            signature: Signature::Own,
            header: None,
            claims: None,
            tokens: None,
            metadata: None,
            userinfo: None,
            thin_tokens: false,
            iss: IssParameter::Own,
            discovery: Manner::Honest,
            jwks: Manner::Honest,
            token: Manner::Honest,
            about: Manner::Honest,
            refusal: None,
            refreshing: Refreshing::Never,
            asks: false,
            takes_codes_twice: false,
            clock: Box::new(system_seconds),
            grants: BTreeMap::new(),
            refresh_tokens: Vec::new(),
            asked: BTreeMap::new(),
        }));
        let router = answer::router(issuer.clone(), Arc::clone(&conduct));
        let task = tokio::spawn(async move {
            // It ends with its owner.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { issuer, conduct, task })
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the provider does.
    pub fn conduct(&self) -> MutexGuard<'_, Conduct> {
        self.conduct.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often an endpoint was asked: `discovery`, `jwks`, `authorize`, `token` or `userinfo`.
    pub fn asked(&self, endpoint: &str) -> u32 {
        self.conduct().asked.get(endpoint).copied().unwrap_or(0)
    }

    /// Signs with a new key from now on. Only that one is published.
    ///
    /// # Errors
    /// Without randomness.
    pub fn rotate_key(&self, kid: &str) -> std::io::Result<()> {
        let key = Arc::new(SigningKey::generate(kid)?);
        let mut conduct = self.conduct();
        conduct.published = vec![Arc::clone(&key)];
        conduct.key = key;
        Ok(())
    }

    /// A logout token for the person or the session that the provider knows, changed by `change`.
    pub fn logout_token(&self, change: impl Fn(&mut Map<String, Value>)) -> String {
        let conduct = self.conduct();
        let now = (conduct.clock)();
        let mut claims = json_map(json!({
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": random_text(),
            "sub": conduct.subject.sub,
            "sid": conduct.sid,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        }));
        change(&mut claims);
        let header = json_map(json!({
            "alg": "ES256", "typ": "logout+jwt", "kid": conduct.key.kid(),
        }));
        jwt::sign(&conduct.key, &conduct.signature, header, &claims)
    }
}

fn json_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn system_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
