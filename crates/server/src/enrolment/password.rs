//! The step at which name and password are chosen. What is chosen lies with the link and opens nothing yet.

use recado_protocol::account::PasswordCheck;
use recado_protocol::enrolment::{
    CheckEnrolmentPasswordRequest, ChooseEnrolmentPasswordRequest, Enrolment, EnrolmentKind,
};
use zeroize::Zeroizing;

use super::{Enrolments, internal};
use crate::core::CoreError;
use crate::gate::SecretCheck;
use crate::identity::password::PasswordContext;
use crate::identity::totp::TotpSeed;
use crate::seed;
use crate::session::AuthError;
use crate::sign_in::{hashing_failed, read_device};
use crate::storage::enrolment::{self, Progress, StoredEnrolment};
use crate::storage::workspace;

impl Enrolments {
    /// What there is against a password that the holder of a link thinks of.
    ///
    /// # Errors
    /// As [`Enrolments::open`].
    pub async fn check_password(
        &self,
        check: SecretCheck,
        request: CheckEnrolmentPasswordRequest,
    ) -> Result<PasswordCheck, AuthError> {
        let password = Zeroizing::new(request.password);
        let found = self.admit(check, &request.secret).await?;
        self.judge(&found, &found.name, &password).await
    }

    /// Chooses name and password, and begins to set up the authenticator where one is to be set up. On the same machine
    /// the authenticator stays, so that what was scanned already is good; on another one everything begins anew, so that
    /// nobody goes on with what somebody else has chosen.
    ///
    /// # Errors
    /// [`AuthError::PasswordRefused`], and as [`Enrolments::open`].
    pub async fn choose_password(
        &self,
        check: SecretCheck,
        request: ChooseEnrolmentPasswordRequest,
    ) -> Result<Enrolment, AuthError> {
        let device = read_device(&request.device)?;
        let password = Zeroizing::new(request.password);
        let found = self.admit(check, &request.secret).await?;
        let name = match found.kind {
            EnrolmentKind::Invitation => seed::valid_name(&request.name).map_err(name_refused)?,
            _ => found.name.clone(),
        };
        if !self.judge(&found, &name, &password).await?.issues.is_empty() {
            return Err(AuthError::PasswordRefused);
        }
        let password_hash = self.hashing.hash(password).await.map_err(hashing_failed)?;
        let fresh = match found.kind.sets_up_authenticator() {
            true => {
                let seed = TotpSeed::generate().map_err(internal)?;
                Some(self.sealer.seal(&seed, found.id.uuid()).map_err(internal)?)
            }
            false => None,
        };
        let now = self.sessions.core.now();
        let (this, trail, device_hash) = (self.clone(), self.trail(now), device.hash);
        let write = self.sessions.core.db().write(async move |tx| {
            let held = enrolment::lock(tx, this.sessions.workspace_id, found.id).await?;
            let Some(mut held) = held.filter(|held| held.is_open(now)) else {
                return Err(AuthError::PersonalLinkInvalid);
            };
            let before = held.progress.take().filter(|it| it.device_hash == device_hash);
            let authenticator = before.and_then(|it| it.authenticator).or_else(|| fresh.clone());
            let progress =
                Progress { device_hash, password_hash: password_hash.clone(), authenticator };
            enrolment::put_progress(tx, held.id, &name, &progress).await?;
            trail
                .clone()
                .link(tx, None, "enrolment_password", held.id, serde_json::json!(null))
                .await?;
            Ok(StoredEnrolment { name: name.clone(), progress: Some(progress), ..held })
        });
        self.shown(write.await?, device.hash).await
    }

    async fn judge(
        &self,
        found: &StoredEnrolment,
        name: &str,
        password: &str,
    ) -> Result<PasswordCheck, AuthError> {
        let workspace_id = self.sessions.workspace_id;
        let read =
            self.sessions.core.db().read(async move |tx| workspace::get(tx, workspace_id).await);
        let context = PasswordContext {
            workspace_name: &read.await?.name,
            email: &found.email,
            teammate_name: name,
            second_factor_enforced: true,
        };
        Ok(self.passwords.judge(password, &context))
    }
}

pub(super) fn name_refused(error: CoreError) -> AuthError {
    match error {
        CoreError::Db(error) => AuthError::Db(error),
        _ => AuthError::InvalidValue("A name has 1 to 200 characters on one line."),
    }
}
