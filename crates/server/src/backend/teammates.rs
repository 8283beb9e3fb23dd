//! Who belongs to the workspace, as a console command sets it.

use recado_protocol::account::PasswordIssue;
use recado_protocol::{
    ConversationAccess, ErrorCode, Role, TeamId, Teammate, TeammateId, TeammateState, WorkspaceId,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::credentials::generate_password;
use super::{Backend, BackendError, Credentials};
use crate::access_change::{self, AccessChange};
use crate::core::{Core, CoreError, Principal};
use crate::identity::password::PasswordContext;
use crate::identity::token::{Secret, TokenKind};
use crate::identity::totp::TotpSeed;
use crate::seed;
use crate::session::Trail;
use crate::storage::audit::Actor;
use crate::storage::change_log::LogWriter;
use crate::storage::session::EndReason;
use crate::storage::{account, session, sso, team, teammate, workspace as workspace_rows};

/// A teammate to be added.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTeammate {
    /// The address to sign in with.
    pub email: String,
    /// The name that colleagues and customers see.
    pub name: String,
    /// What the teammate may do.
    pub role: Role,
    /// Which conversations the teammate may see.
    pub access: ConversationAccess,
    /// Names of the teams to belong to. Those that do not exist are made.
    pub teams: Vec<String>,
    /// The password; without one, one is made up.
    pub password: Option<String>,
}

impl std::fmt::Debug for NewTeammate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTeammate").field("role", &self.role).finish_non_exhaustive()
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedTeammate {
    /// The teammate.
    pub teammate: Teammate,
    /// What the teammate signs in with.
    pub credentials: Credentials,
    /// The names of the teams that were made for it.
    pub new_teams: Vec<String>,
}

/// What is to be changed about a teammate; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeammateChange {
    /// What the teammate may do.
    pub role: Option<Role>,
    /// Whether the account is in use.
    pub state: Option<TeammateState>,
    /// Which conversations the teammate may see.
    pub access: Option<ConversationAccess>,
    /// Names of all the teams to belong to.
    pub teams: Option<Vec<String>>,
}

/// The workspace of this database, made if there is none, and whether it was made now.
pub(super) async fn workspace(
    core: &Core,
    name: &str,
) -> Result<(WorkspaceId, bool), BackendError> {
    let found = core.db().read(async |tx| workspace_rows::ids(tx).await).await?;
    match found.first() {
        Some(id) => Ok((*id, false)),
        None => Ok((seed::create_workspace(core, name).await?.id, true)),
    }
}

impl Backend {
    /// Adds a teammate with a password and a second factor, ready to sign in.
    ///
    /// # Errors
    /// [`BackendError::Refused`] with what is wrong about the address, the name or the password.
    pub async fn add_teammate(&self, new: NewTeammate) -> Result<AddedTeammate, BackendError> {
        let workspace_id = self.workspace_id;
        let (password, generated) = match &new.password {
            Some(chosen) => {
                self.require_good_password(chosen, &new).await?;
                (Zeroizing::new(chosen.clone()), false)
            }
            None => (generate_password()?, true),
        };
        let totp_seed = TotpSeed::generate()?;
        let totp_url = totp_seed.otpauth_url(new.email.trim())?;
        let password_hash = self.sign_in.hash_password(password.clone()).await?;
        let (team_ids, new_teams) = self.teams_by_name(&new.teams).await?;

        let now = self.core.now();
        let ids = self.core.ids(now);
        let sign_in = self.sign_in.clone();
        let row = seed::NewTeammate {
            name: new.name.clone(),
            email: new.email.clone(),
            role: new.role,
            state: TeammateState::Active,
            access: new.access.clone(),
            team_ids,
        };
        let sealing = totp_seed.clone();
        let added = self
            .core
            .db()
            .write(async move |tx| {
                let mut log = LogWriter::lock(tx, workspace_id).await?;
                let mut ids = ids.clone();
                let added =
                    seed::insert_teammate(tx, &mut log, &mut ids, now, &row, Actor::Console)
                        .await?;
                let sealed = sign_in.sealer().seal(&sealing, added.id.uuid())?;
                account::put(tx, added.id, &password_hash, &sealed, None).await?;
                Ok::<_, BackendError>(added)
            })
            .await?;
        Ok(AddedTeammate {
            teammate: added,
            credentials: Credentials {
                password: generated.then(|| password.to_string()),
                totp_secret: totp_seed.to_base32().to_string(),
                totp_url: totp_url.to_string(),
            },
            new_teams,
        })
    }

    /// Changes what a teammate may do and see. The change takes effect at once: sessions of an account that is no longer
    /// in use end.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if there is no such teammate, or nobody would be left to administer the workspace.
    pub async fn change_teammate(
        &self,
        email: &str,
        change: TeammateChange,
    ) -> Result<Teammate, BackendError> {
        let id = self.teammate_by_email(email).await?.id;
        let team_ids = match &change.teams {
            Some(names) => Some(self.teams_by_name(names).await?.0),
            None => None,
        };
        let change = AccessChange {
            role: change.role,
            state: change.state,
            conversation_access: change.access,
            team_ids,
        };
        let who = Principal { workspace_id: self.workspace_id, teammate_id: id };
        let now = self.core.now();
        let ids = self.core.ids(now);
        let trail = Trail::new(&self.core, self.workspace_id, now);
        let ended = self
            .core
            .db()
            .write(async move |tx| {
                let mut log = LogWriter::lock(tx, who.workspace_id).await?;
                let mut ids = ids.clone();
                let stays = change.role.is_none_or(|role| role == Role::Admin)
                    && change.state.is_none_or(|state| state == TeammateState::Active);
                if !stays && sso::only_with_owner(tx, who.workspace_id).await? == Some(id) {
                    let message = "This is whose password counts while single sign-on is the only way in; \
                                   name somebody else with `recado-server sso only on` first.";
                    return Err(CoreError::invalid(ErrorCode::InvalidValue, message));
                }
                let access = access_change::apply_in(
                    tx,
                    &mut log,
                    &mut ids,
                    now,
                    who,
                    &change,
                    Actor::Console,
                )
                .await?;
                if access.state == TeammateState::Active {
                    return Ok(Vec::new());
                }
                let reason = EndReason::AccountDisabled;
                let ended = session::end_all_of(tx, id, None, reason, now).await?;
                let mut trail = trail.clone();
                for session_id in &ended {
                    trail.ended(tx, id, *session_id, reason).await?;
                }
                Ok::<_, CoreError>(ended)
            })
            .await?;
        ended.into_iter().for_each(|session| self.sessions.announce_end(session));
        self.teammate_by_email(email).await
    }

    /// Makes a channel for a customer's system and gives its key, which is shown once and kept nowhere.
    ///
    /// # Errors
    /// [`BackendError::Refused`] for a name that cannot be used.
    pub async fn add_channel(&self, name: &str) -> Result<Secret, BackendError> {
        let key = Secret::generate(TokenKind::ChannelKey)
            .map_err(|error| BackendError::Internal(error.to_string()))?;
        let hash = *key.hash().as_bytes();
        seed::create_channel(&self.core, self.workspace_id, name, hash, Actor::Console).await?;
        Ok(key)
    }

    async fn teammate_by_email(&self, email: &str) -> Result<Teammate, BackendError> {
        let (workspace_id, wanted) = (self.workspace_id, email.to_owned());
        self.core
            .db()
            .read(async move |tx| teammate::find_by_email(tx, workspace_id, &wanted).await)
            .await?
            .ok_or_else(|| {
                BackendError::Refused(format!("there is no teammate with the address {email}"))
            })
    }

    /// The teams of these names, and which of them had to be made.
    pub(super) async fn teams_by_name(
        &self,
        names: &[String],
    ) -> Result<(Vec<TeamId>, Vec<String>), BackendError> {
        let workspace_id = self.workspace_id;
        let (mut team_ids, mut made) = (Vec::new(), Vec::new());
        for name in names {
            let wanted = name.clone();
            let found = self
                .core
                .db()
                .read(async move |tx| team::find_by_name(tx, workspace_id, &wanted).await)
                .await?;
            team_ids.push(match found {
                Some(id) => id,
                None => {
                    made.push(name.clone());
                    seed::create_team(&self.core, workspace_id, name, &[], Actor::Console).await?.id
                }
            });
        }
        Ok((team_ids, made))
    }

    async fn require_good_password(
        &self,
        password: &str,
        new: &NewTeammate,
    ) -> Result<(), BackendError> {
        let id = self.workspace_id;
        let workspace =
            self.core.db().read(async move |tx| workspace_rows::get(tx, id).await).await?;
        let context = PasswordContext {
            workspace_name: &workspace.name,
            email: &new.email,
            teammate_name: &new.name,
            second_factor_enforced: true,
        };
        let issues: Vec<String> =
            self.passwords.check(password, &context).iter().map(sentence).collect();
        if issues.is_empty() {
            Ok(())
        } else {
            Err(BackendError::Refused(format!("choose another password: {}", issues.join("; "))))
        }
    }

    /// Which teammate an address belongs to, for tests and the demo.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if there is none.
    pub async fn teammate_id(&self, email: &str) -> Result<TeammateId, BackendError> {
        Ok(self.teammate_by_email(email).await?.id)
    }
}

fn sentence(issue: &PasswordIssue) -> String {
    match issue {
        PasswordIssue::TooShort { minimum_characters } => {
            format!("it has fewer than {minimum_characters} characters")
        }
        PasswordIssue::TooLong { maximum_bytes } => {
            format!("it has more than {maximum_bytes} bytes")
        }
        PasswordIssue::Common => "it is among the most common ones".to_owned(),
        PasswordIssue::ContainsContext { word } => format!("it says little more than `{word}`"),
        PasswordIssue::Repetitive => "it repeats itself".to_owned(),
        PasswordIssue::Sequential => "it follows the keyboard or the alphabet".to_owned(),
        PasswordIssue::Unknown => "it is not accepted".to_owned(),
    }
}
