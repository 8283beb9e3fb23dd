//! What an ID token has to show before anything that it says is believed.

use chrono::{DateTime, Utc};
use openidconnect::core::{CoreGenderClaim, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenClaims,
    IdTokenVerifier, Nonce, OAuth2TokenResponse as _, SignatureVerificationError,
    TokenResponse as _, UserInfoClaims,
};
use recado_protocol::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::error::SsoError;
use super::relying_party::{FurtherClaims, Known, ProviderIdToken, RelyingParty, Tokens};
use crate::storage::sso::Provider;

/// By how much a provider's clock may differ from this server's, in seconds.
pub(super) const SKEW_S: i64 = 60;
/// The oldest ID token that is taken, in seconds: it was made for this sign-in.
const OLDEST_S: i64 = 600;
/// The longest subject that the standard allows, in bytes.
const LONGEST_SUBJECT: usize = 255;
/// The longest name of a provider's own session that is kept, in bytes.
const LONGEST_SESSION: usize = 512;
/// More groups than anybody has.
const MOST_GROUPS: usize = 5_000;

/// The algorithms by which tokens may be signed. None at all, and those with a shared secret, are never among them.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 8] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Claims = IdTokenClaims<FurtherClaims, CoreGenderClaim>;

/// Whom a provider vouches for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Vouched {
    /// What the provider calls the person, for ever.
    pub(super) subject: String,
    /// The address, if the provider says that it has verified it.
    pub(super) verified_email: Option<String>,
    /// The name.
    pub(super) name: Option<String>,
    /// The groups; absent where the provider said nothing about them.
    pub(super) groups: Option<Vec<String>>,
    /// What the provider calls its own session.
    pub(super) provider_session: Option<String>,
    /// When the person has shown who they are, where the provider says so.
    pub(super) authenticated_at: Option<Timestamp>,
}

/// Checks the ID token of a code's exchange. The provider's keys are read anew, once, where none fits.
pub(super) async fn of_sign_in(
    relying: &RelyingParty,
    provider: &Provider,
    known: Arc<Known>,
    tokens: &Tokens,
    nonce_hash: [u8; 32],
    now: Timestamp,
) -> Result<Vouched, SsoError> {
    let token = tokens
        .id_token()
        .ok_or_else(|| SsoError::Failed("the provider gave no ID token".to_owned()))?;
    let nonce_fits = move |nonce: Option<&Nonce>| match nonce {
        Some(nonce) if <[u8; 32]>::from(Sha256::digest(nonce.secret())) == nonce_hash => Ok(()),
        Some(_) => Err("another nonce".to_owned()),
        None => Err("no nonce".to_owned()),
    };
    let (known, verified) = match verify(provider, &known, token, nonce_fits, now) {
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) => {
            let known = relying.with_new_keys(provider, &known).await?;
            let verified = verify(provider, &known, token, nonce_fits, now);
            (known, verified)
        }
        verified => (known, verified),
    };
    let claims = verified.map_err(|error| SsoError::failed(format!("the ID token: {error}")))?;
    let access = tokens.access_token();
    require_parties(provider, claims)?;
    require_times(claims, now)?;
    require_access_hash(provider, &known, token, claims, access, now)?;
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
        return Err(SsoError::Failed("the ID token's subject cannot be used".to_owned()));
    }
    let mut vouched = Vouched {
        subject: subject.to_owned(),
        verified_email: match (claims.email(), claims.email_verified()) {
            (Some(email), Some(true)) => Some(email.as_str().to_owned()),
            _ => None,
        },
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned()),
        groups: groups_of(provider, claims.additional_claims())?,
        provider_session: claims.additional_claims().sid.clone(),
        authenticated_at: claims
            .auth_time()
            .map(|at| Timestamp::from_micros(at.timestamp_micros())),
    };
    if vouched.provider_session.as_ref().is_some_and(|sid| sid.len() > LONGEST_SESSION) {
        return Err(SsoError::Failed("the ID token's session cannot be used".to_owned()));
    }
    let lacks_email = claims.email().is_none();
    let lacks_groups = provider.groups_claim.is_some() && vouched.groups.is_none();
    if (lacks_email || lacks_groups) && known.metadata.userinfo_endpoint().is_some() {
        add_userinfo(provider, &known, access.clone(), &mut vouched, lacks_email).await?;
    }
    Ok(vouched)
}

fn verifier<'a>(
    provider: &Provider,
    known: &Known,
    now: Timestamp,
) -> Result<IdTokenVerifier<'a, CoreJsonWebKey>, ClaimsVerificationError> {
    let now = moment(now).ok_or_else(|| ClaimsVerificationError::Other("no time".to_owned()))?;
    // Without the client's secret, so that no algorithm with a shared secret can be among those that count.
    let verifier = IdTokenVerifier::new_public_client(
        ClientId::new(provider.client_id.clone()),
        known.metadata.issuer().clone(),
        known.metadata.jwks().clone(),
    );
    Ok(verifier.set_allowed_algs(ALGORITHMS).set_time_fn(move || now))
}

fn verify<'t>(
    provider: &Provider,
    known: &Known,
    token: &'t ProviderIdToken,
    nonce: impl FnOnce(Option<&Nonce>) -> Result<(), String>,
    now: Timestamp,
) -> Result<&'t Claims, ClaimsVerificationError> {
    token.claims(&verifier(provider, known, now)?, nonce)
}

/// The issuer as it was entered, byte by byte, and nobody but this server as the one who asked.
fn require_parties(provider: &Provider, claims: &Claims) -> Result<(), SsoError> {
    let failed = |text: &str| Err(SsoError::Failed(text.to_owned()));
    if claims.issuer().as_str() != provider.issuer {
        return failed("the ID token is of another issuer");
    }
    let only_us = claims.audiences().len() == 1;
    match claims.authorized_party() {
        Some(party) if party.as_str() != provider.client_id => {
            failed("the ID token was made for another party")
        }
        None if !only_us => failed("the ID token has several audiences and names no party"),
        _ => Ok(()),
    }
}

fn require_times(claims: &Claims, now: Timestamp) -> Result<(), SsoError> {
    let failed = |text: &str| Err(SsoError::Failed(text.to_owned()));
    let issued = claims.issue_time().timestamp();
    if issued > now.as_seconds() + SKEW_S {
        return failed("the ID token is from the future");
    }
    if issued < now.as_seconds() - OLDEST_S {
        return failed("the ID token is old");
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact in a double")]
    let latest = (now.as_seconds() + SKEW_S) as f64;
    if claims.additional_claims().nbf.is_some_and(|begin| begin > latest) {
        return failed("the ID token does not count yet");
    }
    Ok(())
}

/// An ID token that names its access token has to have come with that one.
fn require_access_hash(
    provider: &Provider,
    known: &Known,
    token: &ProviderIdToken,
    claims: &Claims,
    access: &AccessToken,
    now: Timestamp,
) -> Result<(), SsoError> {
    let Some(expected) = claims.access_token_hash() else { return Ok(()) };
    let failed = |text: String| SsoError::failed(format!("the access token: {text}"));
    let verifier = verifier(provider, known, now).map_err(|error| failed(error.to_string()))?;
    let algorithm = token.signing_alg().map_err(|error| failed(error.to_string()))?;
    let key = token.signing_key(&verifier).map_err(|error| failed(error.to_string()))?;
    let actual = AccessTokenHash::from_token(access, algorithm, key)
        .map_err(|error| failed(error.to_string()))?;
    if actual == *expected { Ok(()) } else { Err(failed("it is not the ID token's".to_owned())) }
}

/// Completes what the ID token leaves out, from an answer about the same subject.
async fn add_userinfo(
    provider: &Provider,
    known: &Known,
    access: AccessToken,
    vouched: &mut Vouched,
    lacks_email: bool,
) -> Result<(), SsoError> {
    let client = known.client(provider, "", "https://recado.invalid/".to_owned())?;
    let subject = openidconnect::SubjectIdentifier::new(vouched.subject.clone());
    let request =
        client.user_info(access, Some(subject)).map_err(|error| SsoError::unavailable(&error))?;
    let info: UserInfoClaims<FurtherClaims, CoreGenderClaim> =
        request.request_async(&known.http).await.map_err(|error| match error {
            openidconnect::UserInfoError::Request(error) => SsoError::unavailable(&error),
            _ => SsoError::Failed(
                "what the provider says about the person cannot be used".to_owned(),
            ),
        })?;
    if info.subject().as_str() != vouched.subject {
        return Err(SsoError::Failed("the provider speaks of another person".to_owned()));
    }
    if lacks_email && let (Some(email), Some(true)) = (info.email(), info.email_verified()) {
        vouched.verified_email = Some(email.as_str().to_owned());
    }
    if vouched.name.is_none() {
        let name = info.name().and_then(|name| name.get(None));
        vouched.name = name.map(|name| name.as_str().to_owned());
    }
    if vouched.groups.is_none() {
        vouched.groups = groups_of(provider, info.additional_claims())?;
    }
    Ok(())
}

fn groups_of(provider: &Provider, claims: &FurtherClaims) -> Result<Option<Vec<String>>, SsoError> {
    let Some(claim) = &provider.groups_claim else { return Ok(None) };
    let failed = || SsoError::Failed("the claim of groups is no list of names".to_owned());
    match claims.rest.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(group)) => Ok(Some(vec![group.clone()])),
        Some(Value::Array(groups)) if groups.len() <= MOST_GROUPS => groups
            .iter()
            .map(|group| group.as_str().map(str::to_owned).ok_or_else(failed))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(failed()),
    }
}

/// Whether an ID token that came with a refresh is of the same person.
pub(super) fn is_of_subject(
    provider: &Provider,
    known: &Known,
    token: &ProviderIdToken,
    subject: &str,
    now: Timestamp,
) -> Result<bool, SsoError> {
    let claims = verify(provider, known, token, |_: Option<&Nonce>| Ok(()), now)
        .map_err(|error| SsoError::failed(format!("the ID token: {error}")))?;
    require_parties(provider, claims)?;
    Ok(claims.subject().as_str() == subject)
}

fn moment(now: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(now.as_micros())
}
