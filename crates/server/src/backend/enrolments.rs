//! Personal links, as a console command makes them.

use recado_protocol::enrolment::{
    EnrolmentKind, EnrolmentLinks, LetterLanguage, LinkStanding, MadeLink,
};
use recado_protocol::{ConversationAccess, JoinLink, Role};
use serde::{Deserialize, Serialize};

use super::{Backend, BackendError};
use crate::enrolment::{NewInvitation, ResetOf};
use crate::session::AuthError;
use crate::storage::audit::Actor;
use crate::storage::workspace;

/// A personal link to be made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewLink {
    /// Somebody new is invited.
    Invitation {
        /// The name.
        name: String,
        /// What the person may do.
        role: Role,
        /// Which conversations the person will see.
        access: ConversationAccess,
        /// Names of the teams to belong to. Those that do not exist are made.
        teams: Vec<String>,
    },
    /// A teammate sets anew what they sign in with.
    Reset {
        /// Whether the authenticator is lost as well.
        authenticator: bool,
    },
}

impl std::fmt::Debug for NewLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Invitation { .. } => "Invitation",
            Self::Reset { .. } => "Reset",
        })
    }
}

/// How long a link is good, and in which language its letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSettings {
    /// For how long, in seconds; the longest time where it is absent.
    pub expires_in_s: Option<u32>,
    /// The letter's language.
    pub language: LetterLanguage,
}

impl Backend {
    /// Makes a personal link for an address, with the letter that goes with it.
    ///
    /// # Errors
    /// [`BackendError::Refused`] with what is wrong about it.
    pub async fn make_link(
        &self,
        email: &str,
        new: NewLink,
        settings: LinkSettings,
        join_link: &JoinLink,
    ) -> Result<MadeLink, BackendError> {
        let LinkSettings { expires_in_s, language } = settings;
        let made = match new {
            NewLink::Invitation { name, role, access, teams } => {
                let (team_ids, _) = self.teams_by_name(&teams).await?;
                let email = email.to_owned();
                let new = NewInvitation { email, name, role, access, team_ids };
                self.enrolments.invite_as(None, new, expires_in_s).await
            }
            NewLink::Reset { authenticator } => {
                let teammate_id = self.teammate_id(email).await?;
                let reset = ResetOf { teammate_id, authenticator };
                self.enrolments.reset_as(None, reset, expires_in_s).await
            }
        };
        let id = self.workspace_id;
        let workspace = self.core.db().read(async move |tx| workspace::get(tx, id).await).await?;
        Ok(made.map_err(refused)?.written(join_link, &workspace.name, language)?)
    }

    /// Every personal link of the past 90 days.
    ///
    /// # Errors
    /// [`BackendError::Db`].
    pub async fn links(&self) -> Result<EnrolmentLinks, BackendError> {
        Ok(self.enrolments.list().await?)
    }

    /// Withdraws the open link of an address.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if it has none.
    pub async fn revoke_link(&self, email: &str) -> Result<EnrolmentKind, BackendError> {
        let folded = crate::storage::account::fold_email(email);
        let links = self.enrolments.list().await?.links;
        let open = links.into_iter().find(|link| {
            link.standing == LinkStanding::Open
                && crate::storage::account::fold_email(&link.email) == folded
        });
        let link =
            open.ok_or_else(|| BackendError::Refused(format!("{email} has no link that is open")))?;
        self.enrolments.revoke(Actor::Console, link.id).await.map_err(refused)?;
        Ok(link.kind)
    }
}

fn refused(error: AuthError) -> BackendError {
    match error.answer() {
        Some(answer) => BackendError::Refused(answer.message),
        None => error.into(),
    }
}
