//! The last step: the second factor is shown, and with it the link is used up, the account is the person's, and a session
//! begins. All of it is one transaction.

use recado_protocol::enrolment::{CompleteEnrolmentRequest, EnrolmentKind, ShownFactor};
use recado_protocol::identity::Session;
use recado_protocol::{SessionId, TeammateId, TeammateState, Timestamp};
use serde_json::json;

use super::open::{Admitted, Repeated};
use super::{Enrolments, internal};
use crate::core::CoreError;
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::ids::Ids;
use crate::own_account::Outcome;
use crate::seed;
use crate::session::{AuthError, NewSession, Trail, own_factor_is_due};
use crate::sign_in::{Factor, read_device};
use crate::storage::account::{Account, ChosenByOwner};
use crate::storage::change_log::LogWriter;
use crate::storage::enrolment::{LinkEnd, Progress, StoredEnrolment};
use crate::storage::session::{EndReason, StoredDevice};
use crate::storage::{Tx, account, enrolment, factor, limiter_state, session, sso};

/// A request to complete a link, read.
#[derive(Clone)]
struct Completing {
    check: SecretCheck,
    device: StoredDevice,
    factor: Factor,
    first_refresh: TokenHash,
    access: TokenHash,
    session_id: SessionId,
    now: Timestamp,
}

/// What a link that was completed came to.
struct Completed {
    teammate_id: TeammateId,
    ended: Vec<SessionId>,
    own_factor_due: bool,
}

impl Enrolments {
    /// Completes a link and begins a session. Every other session of the account ends.
    ///
    /// # Errors
    /// [`AuthError::InvalidCode`]; [`AuthError::SignInExpired`] if no password was chosen on this machine, or another one
    /// has begun anew; and as [`Enrolments::open`].
    pub async fn complete(
        &self,
        check: SecretCheck,
        request: CompleteEnrolmentRequest,
    ) -> Result<Session, AuthError> {
        let first_refresh = TokenHash::from_base64(&request.refresh_hash).map_err(|_| {
            AuthError::InvalidValue("`refresh_hash` is not SHA-256 in base64url without padding.")
        })?;
        let device = read_device(&request.device)?;
        let access = Secret::generate(TokenKind::Access).map_err(internal)?;
        let factor = match request.factor {
            ShownFactor::Totp { code } => Factor::totp(code),
            ShownFactor::RecoveryCode { code } => Factor::recovery_code(code),
        };
        let core = &self.sessions.core;
        let now = core.now();
        let repeated = Some(Repeated { device_hash: device.hash, first_refresh });
        let found = match self.admit_or_repeat(check, &request.secret, repeated).await? {
            Admitted::Open(found) => found,
            Admitted::Begun(session_id, teammate_id) => {
                let (hash, settings) = (access.hash(), self.sessions.settings);
                let expires_at = now.plus_seconds(settings.access_s.into());
                let write = core.db().write(async move |tx| {
                    session::insert_access_token(tx, hash, session_id, expires_at).await?;
                    own_factor_is_due(tx, teammate_id, session_id, now).await
                });
                let must_set_up_authenticator = write.await?;
                let answer = self.sessions.answer(session_id, teammate_id, &access, now);
                return Ok(Session { must_set_up_authenticator, ..answer });
            }
        };
        let session_id = SessionId::from_uuid(core.ids(now).next_id());
        let access_hash = access.hash();
        let completing = Completing {
            check,
            device,
            factor,
            first_refresh,
            access: access_hash,
            session_id,
            now,
        };
        let (this, trail, ids, id) = (self.clone(), self.trail(now), core.ids(now), found.id);
        let write = core.db().write(async move |tx| {
            let mut log = LogWriter::lock(tx, this.sessions.workspace_id).await?;
            let held = enrolment::lock(tx, this.sessions.workspace_id, id).await?;
            let usable = match held {
                Some(held) if this.is_usable(tx, &held, now).await? => held,
                _ => return Ok(Outcome::Refused(AuthError::PersonalLinkInvalid)),
            };
            let (mut trail, mut ids) = (trail.clone(), ids.clone());
            this.complete_in(tx, &mut log, &mut ids, &mut trail, usable, &completing).await
        });
        let completed = write.await?.into_result()?;
        completed.ended.into_iter().for_each(|id| self.sessions.announce_end(id));
        let teammate_id = completed.teammate_id;
        tracing::info!(%session_id, %teammate_id, "signed in by a personal link");
        let answer = self.sessions.answer(session_id, teammate_id, &access, now);
        Ok(Session { must_set_up_authenticator: completed.own_factor_due, ..answer })
    }

    async fn complete_in(
        &self,
        tx: &mut Tx,
        log: &mut LogWriter,
        ids: &mut Ids,
        trail: &mut Trail,
        mut link: StoredEnrolment,
        completing: &Completing,
    ) -> Result<Outcome<Completed>, AuthError> {
        let Completing { check, device, now, .. } = completing;
        let Some(progress) = link.progress.take().filter(|it| it.device_hash == device.hash) else {
            return Ok(Outcome::Refused(AuthError::SignInExpired));
        };
        let workspace_id = self.sessions.workspace_id;
        let owner = sso::only_with_owner(tx, workspace_id).await?;
        if owner.is_some() && (owner != link.teammate_id || link.made_by.is_some()) {
            return Ok(Outcome::Refused(AuthError::SsoOnly));
        }
        let (holder, known) = match link.teammate_id {
            None => (None, false),
            Some(id) => {
                let holder = account::lock(tx, id).await?;
                let Some(holder) = holder.filter(|it| it.state == TeammateState::Active) else {
                    return Ok(Outcome::Refused(AuthError::PersonalLinkInvalid));
                };
                (Some(holder), account::is_known_device(tx, id, &device.hash).await?)
            }
        };
        let keys = check.account_keys(workspace_id, &link.email, known.then_some(&device.hash));
        if let Err(refusal) = gate::charge(tx, &self.sessions.policies, &keys, *now).await? {
            return Ok(Outcome::Refused(refusal.into()));
        }
        let taken =
            self.take_account(tx, log, ids, &link, progress, holder.as_ref(), completing).await?;
        let Some(who) = taken else {
            trail.link_refused(tx, "enrolment_code", Some(link.id)).await?;
            return Ok(Outcome::Refused(AuthError::InvalidCode));
        };
        limiter_state::refund(tx, &self.sessions.policies, &keys, *now).await?;
        enrolment::end(tx, link.id, LinkEnd::Used, *now).await?;
        enrolment::note_used(tx, link.id, who, completing.session_id).await?;
        let reason = EndReason::CredentialsChanged;
        let ended = session::end_all_of(tx, who, None, reason, *now).await?;
        for id in &ended {
            trail.ended(tx, who, *id, reason).await?;
        }
        let detail = json!({ "kind": link.kind.name(), "teammate_id": who });
        trail.link(tx, None, "enrolment_complete", link.id, detail).await?;
        account::remember_device(tx, who, &device.hash, *now).await?;
        let begun = NewSession {
            id: completing.session_id,
            teammate_id: who,
            device: device.clone(),
            address: check.address().to_string(),
            factor_at: *now,
            first_refresh: completing.first_refresh,
            access: completing.access,
        };
        let settings = self.sessions.settings;
        begun.insert(tx, trail, completing.factor.name(), settings, *now).await?;
        let own_factor_due = own_factor_is_due(tx, who, completing.session_id, *now).await?;
        Ok(Outcome::Done(Completed { teammate_id: who, ended, own_factor_due }))
    }

    /// Makes the account what was chosen, if the second factor is right. `None` if it is not.
    #[expect(clippy::too_many_arguments, reason = "one step of one transaction, called once")]
    async fn take_account(
        &self,
        tx: &mut Tx,
        log: &mut LogWriter,
        ids: &mut Ids,
        link: &StoredEnrolment,
        progress: Progress,
        holder: Option<&Account>,
        completing: &Completing,
    ) -> Result<Option<TeammateId>, AuthError> {
        let now = completing.now;
        let Progress { password_hash, authenticator, .. } = progress;
        if link.kind == EnrolmentKind::PasswordReset {
            let Some(holder) = holder else { return Ok(None) };
            if !completing.factor.accept(tx, &self.sealer, holder, now).await? {
                return Ok(None);
            }
            let (id, former) = (holder.teammate_id, &holder.password_hash);
            account::change_password(tx, id, former, &password_hash, now).await?;
            return Ok(Some(id));
        }
        let Some(sealed) = authenticator else { return Err(internal("a link without a seed")) };
        let seed = self.sealer.open(&sealed, link.id.uuid()).map_err(internal)?;
        let Some(step) = completing.factor.fits(&seed, now) else { return Ok(None) };
        let id = match holder {
            Some(holder) => holder.teammate_id,
            None => self.join(tx, log, ids, link, now).await?,
        };
        let sealed = self.sealer.seal(&seed, id.uuid()).map_err(internal)?;
        let chosen = ChosenByOwner { at: now, step };
        account::put(tx, id, &password_hash, &sealed, Some(chosen)).await?;
        // Whoever has the lost authenticator may have the codes that went with it.
        factor::put_recovery_codes(tx, id, &[]).await?;
        Ok(Some(id))
    }

    /// Makes the teammate that an invitation is for.
    async fn join(
        &self,
        tx: &mut Tx,
        log: &mut LogWriter,
        ids: &mut Ids,
        link: &StoredEnrolment,
        now: Timestamp,
    ) -> Result<TeammateId, AuthError> {
        let new = seed::NewTeammate {
            name: link.name.clone(),
            email: link.email.clone(),
            role: link.role,
            state: TeammateState::Active,
            access: link.access.clone(),
            team_ids: enrolment::teams(tx, link.id).await?,
        };
        let made = seed::insert_teammate(tx, log, ids, now, &new, link.actor()).await;
        match made {
            Ok(made) => Ok(made.id),
            Err(CoreError::Db(error)) => Err(error.into()),
            // Somebody has come to this address on another way meanwhile.
            Err(_) => Err(AuthError::PersonalLinkInvalid),
        }
    }
}
