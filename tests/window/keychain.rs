//! The session's keychain, as another program in the session sees it.

use std::collections::HashMap;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_testkit::profile_scan::Needle;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant};

use crate::desk::Desk;

const SECRETS: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/aliases/default";
const SERVICE: &str = "org.freedesktop.Secret.Service";
/// The one way to unlock without a prompt; GNOME Keyring offers it to whoever knows the password.
const UNPROMPTED: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
/// What the session unlocked its keychain with when it began.
const PASSWORD: &[u8] = b"recado";

/// A secret on its way: the exchange's session, parameters, the bytes and their type.
type Exchanged = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// The keychain of a desk's session.
pub(crate) struct Keychain {
    bus: Connection,
    exchange: OwnedObjectPath,
}

impl Keychain {
    pub(crate) async fn of(desk: &Desk) -> Result<Self> {
        let bus = zbus::connection::Builder::address(desk.bus()?.as_str()).build().await?;
        let plain = ("plain", Variant::from(""));
        let answer =
            bus.call_method(Some(SECRETS), ROOT, Some(SERVICE), "OpenSession", &plain).await?;
        let (_, exchange): (OwnedVariant, OwnedObjectPath) = answer.body().deserialize()?;
        Ok(Self { bus, exchange })
    }

    /// Every secret of every item.
    pub(crate) async fn secrets(&self) -> Result<Vec<Vec<u8>>> {
        let every: HashMap<&str, &str> = HashMap::new();
        let found =
            self.bus.call_method(Some(SECRETS), ROOT, Some(SERVICE), "SearchItems", &every).await?;
        let (open, _locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            found.body().deserialize()?;
        let wanted = (open, &self.exchange);
        let given =
            self.bus.call_method(Some(SECRETS), ROOT, Some(SERVICE), "GetSecrets", &wanted).await?;
        let given: HashMap<OwnedObjectPath, Exchanged> = given.body().deserialize()?;
        Ok(given.into_values().map(|(_, _, bytes, _)| bytes).collect())
    }

    /// What a scan looks for: the app's items as they are, and the secrets that stand in them.
    pub(crate) async fn needles(&self) -> Result<Vec<Needle>> {
        let mut needles = Vec::new();
        for bytes in self.secrets().await? {
            needles.push(Needle::secret("an item of the keychain", &bytes));
            let Ok(serde_json::Value::Object(item)) = serde_json::from_slice(&bytes) else {
                continue;
            };
            for (name, value) in item {
                if let Some(secret) = value.as_str() {
                    needles.push(Needle::secret(&name, &URL_SAFE_NO_PAD.decode(secret)?));
                }
            }
        }
        Ok(needles)
    }

    /// Locks it.
    pub(crate) async fn lock(&self) -> Result<()> {
        let collection = vec![ObjectPath::try_from(COLLECTION)?];
        self.bus.call_method(Some(SECRETS), ROOT, Some(SERVICE), "Lock", &collection).await?;
        Ok(())
    }

    /// Unlocks it with the password, as its owner would.
    pub(crate) async fn unlock(&self) -> Result<()> {
        let empty: &[u8] = &[];
        let password = (&self.exchange, empty, PASSWORD, "text/plain");
        let request = (ObjectPath::try_from(COLLECTION)?, password);
        self.bus
            .call_method(
                Some(SECRETS),
                ROOT,
                Some(UNPROMPTED),
                "UnlockWithMasterPassword",
                &request,
            )
            .await?;
        Ok(())
    }
}
