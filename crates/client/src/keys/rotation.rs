//! Another key in the place of the present one. It is written beside it and read back, the files are
//! wrapped under it and read back, and only then it takes the place. Until the first file is written
//! nothing depends on it; from then on both items are needed, and both are there.

use tracing::warn;
use zeroize::Zeroizing;

use super::{KeyFile, KeyPlace, KeysError, OpenKeys, kek};
use crate::fail_point::{Step, reached};
use crate::keychain::{ItemKind, ItemName, KeychainError, Secret};
use crate::random::secret;
use crate::sealed::Key;

impl KeyPlace<'_> {
    /// Opens what a rotation that was cut off has left under the next key, and finishes it.
    pub(super) async fn open_with_next(
        &self,
        files: &[KeyFile],
        refused: KeysError,
        slow: &(impl Fn() + Send + Sync),
    ) -> Result<OpenKeys, KeysError> {
        let next = match self.keychain.read(self.next_item(), slow).await {
            Ok(next) => kek(&next)?,
            Err(KeychainError::NoItem) => return Err(refused),
            Err(error) => return Err(error.into()),
        };
        // One that opens nothing is left from a rotation that was cut off before anything depended
        // on it.
        let Ok(opened) = self.unwrap_any(&next, files) else { return Err(refused) };
        self.replace_key(&next, slow).await;
        Ok(opened)
    }

    fn next_item(&self) -> ItemName {
        ItemName { kind: ItemKind::NextKey, ..self.item.clone() }
    }

    /// Wraps the keys anew: under another key in the keychain, and under another app lock or none. A copy
    /// of the former files opens no more then.
    ///
    /// # Errors
    ///
    /// [`KeysError`]; what lies here opens as before, or as it is meant to.
    pub(crate) async fn rotate(
        &self,
        app_lock: Option<&Key>,
        slow: impl Fn() + Send + Sync,
    ) -> Result<(), KeysError> {
        let opened = self.open(&slow).await?;
        // Where a former rotation could not be finished, the files depend on the next key, and its place
        // is not free.
        let present = kek(&self.keychain.read(self.item.clone(), &slow).await?)?;
        self.unwrap_any(&present, &self.read_files()?)?;
        reached(Step::Rotating);
        let (cache, outbox) =
            (Zeroizing::new(opened.keys.cache), Zeroizing::new(opened.keys.outbox));
        let next = secret(self.random)?;
        let stored = Secret::new(next.to_vec());
        self.keychain.write_verified(self.next_item(), stored, &slow).await?;
        reached(Step::NextStored);
        let anew = KeyPlace { app_lock, item: self.item.clone(), ..*self };
        let file = anew.seal(&next, &cache, &outbox)?;
        // What does not open is never put in the place of what does.
        anew.unwrap(&next, &file)?;
        self.write(&file)?;
        let read_back = self.read_files()?;
        if read_back.iter().filter(|read| **read == file).count() < self.paths().len() {
            return Err(self.mismatch("its key files are not what was written"));
        }
        reached(Step::NextChecked);
        self.replace_key(&next, &slow).await;
        reached(Step::Rotated);
        Ok(())
    }

    /// Puts the next key, which opens the files, in the place of the former. Where that fails it is
    /// done at the next start.
    async fn replace_key(&self, next: &Key, slow: &(impl Fn() + Send + Sync)) {
        let stored = Secret::new(next.to_vec());
        if let Err(error) = self.keychain.write_verified(self.item.clone(), stored, slow).await {
            return warn!(%error, "the next key stays beside the former until the next start");
        }
        reached(Step::KeyReplaced);
        if let Err(error) = self.keychain.delete(self.next_item(), slow).await {
            warn!(%error, "the key lies in the keychain twice");
        }
    }
}
