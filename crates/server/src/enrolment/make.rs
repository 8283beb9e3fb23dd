//! Making, listing and withdrawing personal links.

use recado_protocol::enrolment::{
    EnrolmentKind, EnrolmentLink, EnrolmentLinks, InviteRequest, LONGEST_LINK_S, ResetRequest,
    SHORTEST_LINK_S,
};
use recado_protocol::policy::Subject;
use recado_protocol::{
    ConversationAccess, EnrolmentId, Permission, Role, TeamId, TeammateId, TeammateState,
    Timestamp, decide,
};
use serde_json::json;

use super::password::name_refused;
use super::{Enrolments, internal};
use crate::core::Principal;
use crate::identity::token::{Secret, TokenKind};
use crate::own_account::require_step_up;
use crate::seed;
use crate::session::{AuthError, Caller};
use crate::storage::audit::Actor;
use crate::storage::change_log::LogWriter;
use crate::storage::enrolment::{self, LinkEnd, StoredEnrolment};
use crate::storage::{DbError, Tx, account, session, sso, team, teammate};

/// An invitation to be made.
#[derive(Clone)]
pub struct NewInvitation {
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Which conversations the person will see.
    pub access: ConversationAccess,
    /// The teams to belong to.
    pub team_ids: Vec<TeamId>,
}

/// A reset to be made.
#[derive(Clone, Copy)]
pub struct ResetOf {
    /// Whose.
    pub teammate_id: TeammateId,
    /// Whether the authenticator is lost as well.
    pub authenticator: bool,
}

/// A link that was made, with its secret, which is kept nowhere.
pub struct Made {
    /// The link as it is kept.
    pub link: EnrolmentLink,
    /// Its secret.
    pub secret: Secret,
    /// The name of whoever made it; absent for the console.
    pub made_by: Option<String>,
}

/// Whether somebody may make such a link for an account of this role.
pub(super) fn may_make(maker: &Subject, kind: EnrolmentKind, role: Role) -> bool {
    let needed = match kind {
        EnrolmentKind::Invitation => Permission::TeammateInvite,
        _ => Permission::TeammateReset,
    };
    decide(maker, needed, None).is_allowed() && maker.role.may_give(role)
}

impl Enrolments {
    /// Invites somebody, for a teammate who has shown the second factor lately.
    ///
    /// # Errors
    /// [`AuthError::StepUpRequired`], [`AuthError::PermissionDenied`] for a role that allows more than the caller's,
    /// [`AuthError::InvalidValue`], and [`AuthError::SsoOnly`] where no password opens anything.
    pub async fn invite(&self, caller: Caller, request: InviteRequest) -> Result<Made, AuthError> {
        let new = NewInvitation {
            access: ConversationAccess::usual(request.role),
            email: request.email,
            name: request.name,
            role: request.role,
            team_ids: request.team_ids,
        };
        self.invite_as(Some(caller), new, request.expires_in_s).await
    }

    /// As [`Enrolments::invite`]; without a caller, for the console.
    ///
    /// # Errors
    /// As [`Enrolments::invite`].
    pub async fn invite_as(
        &self,
        caller: Option<Caller>,
        new: NewInvitation,
        expires_in_s: Option<u32>,
    ) -> Result<Made, AuthError> {
        let workspace_id = self.sessions.workspace_id;
        let name = seed::valid_name(&new.name).map_err(name_refused)?;
        let email = seed::valid_email(&new.email).map_err(|_| {
            AuthError::InvalidValue(
                "That is not an e-mail address; write it like name@example.com.",
            )
        })?;
        if new.role == Role::Unknown {
            return Err(AuthError::InvalidValue("There is no such role; choose another one."));
        }
        let link = Draft {
            kind: EnrolmentKind::Invitation,
            teammate_id: None,
            email,
            name,
            role: new.role,
            access: new.access,
            team_ids: new.team_ids,
        };
        self.make(caller, expires_in_s, async move |tx| {
            if teammate::find_by_email(tx, workspace_id, &link.email).await?.is_some() {
                return Err(AuthError::InvalidValue(
                    "There is a teammate with this e-mail address already.",
                ));
            }
            if sso::only_with_owner(tx, workspace_id).await?.is_some() {
                return Err(AuthError::SsoOnly);
            }
            for id in &link.team_ids {
                if !team::exists(tx, workspace_id, *id).await? {
                    return Err(AuthError::InvalidValue(
                        "There is no such team; choose another one.",
                    ));
                }
            }
            Ok(link.clone())
        })
        .await
    }

    /// Lets a teammate set anew what they sign in with, for another one who has shown the second factor lately.
    ///
    /// # Errors
    /// [`AuthError::StepUpRequired`], [`AuthError::NotFound`], [`AuthError::PermissionDenied`] for one's own account, one
    /// that may do more, and the one whose password counts while single sign-on is the only way in.
    pub async fn reset(
        &self,
        caller: Caller,
        whose: TeammateId,
        request: ResetRequest,
    ) -> Result<Made, AuthError> {
        if whose == caller.teammate_id {
            return Err(AuthError::PermissionDenied(
                "Change what you sign in with yourself under Settings, Security.",
            ));
        }
        let reset = ResetOf { teammate_id: whose, authenticator: request.authenticator };
        self.reset_as(Some(caller), reset, request.expires_in_s).await
    }

    /// As [`Enrolments::reset`]; without a caller, for the console.
    ///
    /// # Errors
    /// As [`Enrolments::reset`].
    pub async fn reset_as(
        &self,
        caller: Option<Caller>,
        reset: ResetOf,
        expires_in_s: Option<u32>,
    ) -> Result<Made, AuthError> {
        let workspace_id = self.sessions.workspace_id;
        let kind = match reset.authenticator {
            true => EnrolmentKind::AccountReset,
            false => EnrolmentKind::PasswordReset,
        };
        let by_console = caller.is_none();
        self.make(caller, expires_in_s, async move |tx| {
            let id = reset.teammate_id;
            let found = teammate::find(tx, workspace_id, id).await?.ok_or(AuthError::NotFound)?;
            if found.state != TeammateState::Active {
                return Err(AuthError::InvalidValue("The account is not in use."));
            }
            if account::find(tx, id).await?.is_none() {
                return Err(AuthError::InvalidValue(
                    "The account has no password: a company's own sign-in vouches for it.",
                ));
            }
            match sso::only_with_owner(tx, workspace_id).await? {
                Some(owner) if owner != id => return Err(AuthError::SsoOnly),
                Some(_) if !by_console => {
                    return Err(AuthError::PermissionDenied(
                        "This account is reset at the server's console only.",
                    ));
                }
                _ => {}
            }
            Ok(Draft {
                kind,
                teammate_id: Some(id),
                email: found.email,
                name: found.name,
                role: found.role,
                access: ConversationAccess::usual(found.role),
                team_ids: Vec::new(),
            })
        })
        .await
    }

    async fn make(
        &self,
        caller: Option<Caller>,
        expires_in_s: Option<u32>,
        draft: impl AsyncFn(&mut Tx) -> Result<Draft, AuthError> + Send + 'static,
    ) -> Result<Made, AuthError> {
        let seconds = expires_in_s.unwrap_or(LONGEST_LINK_S);
        if !(SHORTEST_LINK_S..=LONGEST_LINK_S).contains(&seconds) {
            return Err(AuthError::InvalidValue(
                "`expires_in_s` is from ten minutes to 72 hours, in seconds.",
            ));
        }
        let secret = Secret::generate(TokenKind::Invitation).map_err(internal)?;
        let (hash, now) = (secret.hash(), self.sessions.core.now());
        let id = EnrolmentId::from_uuid(self.sessions.core.ids(now).next_id());
        let (this, trail) = (self.clone(), self.trail(now));
        let write = self.sessions.core.db().write(async move |tx| {
            // Of two links for one address that are made at once, the later one replaces the other.
            LogWriter::lock(tx, this.sessions.workspace_id).await?;
            let draft = draft(tx).await?;
            let made_by = this.require_may_make(tx, caller, &draft, now).await?;
            let workspace_id = this.sessions.workspace_id;
            let mut trail = trail.clone();
            let actor = caller.map_or(Actor::Console, |caller| Actor::Teammate(caller.teammate_id));
            if let Some(before) = enrolment::lock_open_of(tx, workspace_id, &draft.email).await? {
                enrolment::end(tx, before.id, LinkEnd::Replaced, now).await?;
                trail.link(tx, Some(actor), "link_replace", before.id, json!(null)).await?;
            }
            let detail = json!({
                "kind": draft.kind.name(), "teammate_id": draft.teammate_id, "role": draft.role,
                "team_ids": draft.team_ids, "expires_in_s": seconds,
            });
            let Draft { kind, teammate_id, email, name, role, access, team_ids } = draft;
            let stored = StoredEnrolment {
                id,
                kind,
                teammate_id,
                email,
                name,
                role,
                access,
                made_by: caller.map(|caller| caller.teammate_id),
                created_at: now,
                expires_at: now.plus_seconds(seconds.into()),
                end: None,
                progress: None,
                session_id: None,
            };
            enrolment::insert(tx, workspace_id, &stored, &team_ids, hash).await?;
            trail.link(tx, Some(actor), "link_make", id, detail).await?;
            Ok::<_, AuthError>((stored.listed(team_ids, now), made_by))
        });
        let (link, made_by) = write.await?;
        Ok(Made { link, secret, made_by })
    }

    /// Asks under the transaction's own snapshot whether the caller may, and gives the caller's name.
    async fn require_may_make(
        &self,
        tx: &mut Tx,
        caller: Option<Caller>,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Option<String>, AuthError> {
        let Some(caller) = caller else { return Ok(None) };
        let session = session::lock(tx, caller.session_id).await?;
        require_step_up(&session.ok_or(AuthError::SessionEnded)?, now)?;
        let workspace_id = self.sessions.workspace_id;
        let who = Principal { workspace_id, teammate_id: caller.teammate_id };
        let maker = teammate::viewer(tx, who).await?.ok_or(AuthError::SessionEnded)?;
        if !may_make(&maker.subject, draft.kind, draft.role) {
            return Err(AuthError::PermissionDenied(
                "Nobody can give somebody else more than they may do themselves. Ask an admin.",
            ));
        }
        Ok(Some(maker.name))
    }

    /// Every link of the past 90 days.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn list(&self) -> Result<EnrolmentLinks, DbError> {
        let (workspace_id, now) = (self.sessions.workspace_id, self.sessions.core.now());
        let read = self.sessions.core.db().read(async move |tx| {
            let mut links = Vec::new();
            for stored in enrolment::all(tx, workspace_id).await? {
                let team_ids = enrolment::teams(tx, stored.id).await?;
                links.push(stored.listed(team_ids, now));
            }
            Ok::<_, DbError>(links)
        });
        Ok(EnrolmentLinks { links: read.await? })
    }

    /// Withdraws a link. It asks for nothing more: a link that fell into wrong hands leaves no time.
    ///
    /// # Errors
    /// [`AuthError::NotFound`] for a link that there is not, or that has ended.
    pub async fn revoke(&self, actor: Actor, id: EnrolmentId) -> Result<(), AuthError> {
        let (workspace_id, now) = (self.sessions.workspace_id, self.sessions.core.now());
        let trail = self.trail(now);
        let write = self.sessions.core.db().write(async move |tx| {
            let held = enrolment::lock(tx, workspace_id, id).await?;
            if held.is_none() || !enrolment::end(tx, id, LinkEnd::Revoked, now).await? {
                return Err(AuthError::NoSuchLink);
            }
            trail.clone().link(tx, Some(actor), "link_revoke", id, json!(null)).await?;
            Ok(())
        });
        write.await
    }
}

/// A link before it is stored.
#[derive(Clone)]
struct Draft {
    kind: EnrolmentKind,
    teammate_id: Option<TeammateId>,
    email: String,
    name: String,
    role: Role,
    access: ConversationAccess,
    team_ids: Vec<TeamId>,
}
