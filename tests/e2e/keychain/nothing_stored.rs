//! Where there is no keychain that lasts, and nobody sets a passphrase, nothing secret is stored: the
//! profile holds no byte of a key or a token.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use recado_client::random::{NoRandomness, Random, SystemRandom};
use recado_client::{Client, ClientOptions};
use recado_protocol::ErrorCode;
use recado_protocol::host::SecretStorage;
use recado_testkit::RecordingTransports;
use recado_testkit::profile_scan::{Needle, needles_in};
use serde_json::{Value, json};

use super::desk::{Desk, ask, stop};
use super::faults::Deed;
use super::script::DefaultCollection;

/// The length of every key and of every secret of a session, in bytes.
const SECRET: usize = 32;

/// Randomness that remembers what it gave.
#[derive(Default)]
struct Remembered(Mutex<Vec<Vec<u8>>>);

impl Random for Remembered {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        SystemRandom.fill(bytes)?;
        if bytes.len() == SECRET {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.to_vec());
        }
        Ok(())
    }
}

/// What must not be found: every key and secret that was made, and every token that was given.
fn needles(made: &Remembered, network: &RecordingTransports) -> anyhow::Result<Vec<Needle>> {
    let made = made.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ensure!(!made.is_empty(), "no secret was made");
    let mut needles: Vec<Needle> =
        made.iter().map(|secret| Needle::secret("a secret that was made", secret)).collect();
    let received = String::from_utf8_lossy(&network.received()).into_owned();
    let tokens = received.split("\"access_token\":\"").skip(1);
    let tokens: Vec<&str> = tokens.filter_map(|rest| rest.split('"').next()).collect();
    ensure!(!tokens.is_empty(), "the server gave no token");
    needles.extend(tokens.iter().map(|token| Needle::secret("a token", token.as_bytes())));
    Ok(needles)
}

/// Without a keychain that lasts, in every way that there is.
pub(super) async fn without_a_lasting_keychain() -> anyhow::Result<()> {
    for deed in [
        Deed::BusDies,
        Deed::ServiceDies,
        Deed::Default(DefaultCollection::Nothing),
        Deed::Default(DefaultCollection::Session),
    ] {
        let mut desk = Desk::new().await?;
        desk.apply(&[deed]).await?;
        let (made, network) = (Arc::new(Remembered::default()), RecordingTransports::default());
        let options = ClientOptions {
            random: made.clone(),
            transports: Arc::new(network.clone()),
            ..desk.options(false)
        };
        let client = Client::start(options).await?;
        desk.join(&client).await?;
        let refused = desk.sign_in(&client).await.err().map(|error| error.code);
        ensure!(refused == Some(ErrorCode::KeychainMissing), "{deed:?}: {refused:?}");
        let storage = client.state().secret_storage;
        ensure!(storage == SecretStorage::Undecided, "{deed:?}: {storage:?}");

        ask(&client, "storage_decline", json!({})).await?;
        desk.sign_in(&client).await?;
        desk.until_online(&client).await?;
        // A token lasts some minutes, so that another one is come by.
        desk.server.clock().advance_seconds(3_600);
        desk.until_online(&client).await?;
        let storage = client.state().secret_storage;
        ensure!(storage == SecretStorage::Memory, "{deed:?}: {storage:?}");
        let about: Value = ask(&client, "about", json!({})).await?;
        ensure!(about["keychain"] == "Memory", "{deed:?}: {about}");
        let needles = needles(&made, &network)?;
        // While it runs, and after it has ended.
        for ended in [false, true] {
            if ended {
                stop(client.clone()).await;
            }
            let found = needles_in(&desk.profile(), &needles)?;
            ensure!(found.is_empty(), "{deed:?}: {found:?} in the profile");
        }
        ensure!(!desk.profile().join("accounts").exists(), "{deed:?}: something is kept");
        ensure!(desk.items().is_empty(), "{deed:?}: the keychain holds something");

        // The scan finds what is there.
        let secret = made.0.lock().unwrap_or_else(PoisonError::into_inner)[0].clone();
        std::fs::write(desk.profile().join("planted"), secret)?;
        ensure!(!needles_in(&desk.profile(), &needles)?.is_empty(), "the scan finds nothing");
    }
    Ok(())
}
