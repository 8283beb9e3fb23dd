//! Signing of tokens, in right ways and in wrong ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};

/// A P-256 key.
pub struct SigningKey {
    kid: String,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A new key with this id.
    ///
    /// # Errors
    /// Without randomness.
    pub fn generate(kid: &str) -> std::io::Result<Self> {
        let failed = |_| std::io::Error::other("no key could be made");
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(failed)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map_err(|_| std::io::Error::other("no key could be made"))?;
        Ok(Self { kid: kid.to_owned(), pair })
    }

    /// Its id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as it is published.
    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

/// How a token is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// By the provider's key.
    Own,
    /// Not at all, and the header says so.
    None,
    /// Not at all, though the header says otherwise.
    Missing,
    /// By the published key as if it were a shared secret.
    HmacOfPublicKey,
    /// By the client's own secret.
    HmacOfSecret(String),
    /// By a key of somebody else, under the provider's key's id.
    Foreign,
    /// By a key that the header itself brings.
    InHeader,
    /// Rightly, and then the claims are changed.
    Tampered,
}

/// A token of these parts.
pub(super) fn sign(
    key: &SigningKey,
    signature: &Signature,
    mut header: Map<String, Value>,
    claims: &Map<String, Value>,
) -> String {
    let stranger = SigningKey::generate(&key.kid).ok();
    match signature {
        Signature::None => header.insert("alg".to_owned(), json!("none")),
        Signature::HmacOfPublicKey | Signature::HmacOfSecret(_) => {
            header.insert("alg".to_owned(), json!("HS256"))
        }
        Signature::InHeader => {
            let jwk = stranger.as_ref().map(SigningKey::jwk);
            header.insert("jwk".to_owned(), jwk.unwrap_or_default())
        }
        _ => None,
    };
    let part =
        |map: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(map.clone()).to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let bytes = match signature {
        Signature::Own | Signature::Tampered => ecdsa(key, &signed),
        Signature::None | Signature::Missing => Vec::new(),
        Signature::HmacOfPublicKey => hmac(key.pair.public_key().as_ref(), &signed),
        Signature::HmacOfSecret(secret) => hmac(secret.as_bytes(), &signed),
        Signature::Foreign | Signature::InHeader => {
            stranger.map(|stranger| ecdsa(&stranger, &signed)).unwrap_or_default()
        }
    };
    let signature_part = URL_SAFE_NO_PAD.encode(bytes);
    if *signature == Signature::Tampered {
        let mut changed = claims.clone();
        changed.insert("sub".to_owned(), json!("somebody-else"));
        return format!("{}.{}.{signature_part}", part(&header), part(&changed));
    }
    format!("{signed}.{signature_part}")
}

fn ecdsa(key: &SigningKey, text: &str) -> Vec<u8> {
    let signed = key.pair.sign(&SystemRandom::new(), text.as_bytes());
    signed.map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// Something that nobody can guess.
pub fn random_text() -> String {
    let mut bytes = [0_u8; 32];
    // A test without randomness fails elsewhere.
    let _ = SystemRandom::new().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
