//! Personal links: one person sets by one what they sign in with. An invitation makes the teammate, a
//! reset is for one who is there. The link's secret is known to the server by its hash only.

use serde::{Deserialize, Serialize};

use crate::account::AuthenticatorSetup;
use crate::id::{EnrolmentId, TeamId, TeammateId};
use crate::identity::Device;
use crate::permission::Role;
use crate::time::Timestamp;

/// The longest time for which a personal link is good, in seconds.
pub const LONGEST_LINK_S: u32 = 72 * 3_600;
/// The shortest time for which a personal link is good, in seconds.
pub const SHORTEST_LINK_S: u32 = 600;

/// What a personal link is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentKind {
    /// Somebody new joins: name, password, authenticator.
    Invitation,
    /// A teammate has lost the password, and shows the authenticator that there is.
    PasswordReset,
    /// A teammate has lost the authenticator, and sets up both anew.
    AccountReset,
    /// No link at all: the workspace asks for an authenticator of one's own.
    OwnAuthenticator,
    /// A kind of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

impl EnrolmentKind {
    /// Those that a link can be for.
    const ALL: &'static [Self] = &[Self::Invitation, Self::PasswordReset, Self::AccountReset];

    /// The kind's name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::AccountReset => "account_reset",
            Self::OwnAuthenticator => "own_authenticator",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether an authenticator is set up by it.
    pub const fn sets_up_authenticator(self) -> bool {
        matches!(self, Self::Invitation | Self::AccountReset)
    }
}

/// How a personal link stands, for an admin. Whoever opens one is told only whether it can be used.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkStanding {
    /// It waits to be used.
    Open,
    /// It was used.
    Used,
    /// It was withdrawn.
    Revoked,
    /// A newer one for the same address took its place.
    Replaced,
    /// It ran out.
    Expired,
    /// A standing of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

/// The language of what is mailed with a link.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LetterLanguage {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

/// `POST /v1/invitations`. Needs a second factor that was shown in the last five minutes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct InviteRequest {
    /// The address. An open link for the same one is good for nothing from then on.
    pub email: String,
    /// The name, which the person may write differently.
    pub name: String,
    /// What the person may do: no more than who invites.
    pub role: Role,
    /// The teams to belong to.
    pub team_ids: Vec<TeamId>,
    /// For how long the link is good, in seconds: from [`SHORTEST_LINK_S`] to [`LONGEST_LINK_S`], the
    /// longest where it is absent.
    #[serde(default)]
    pub expires_in_s: Option<u32>,
    /// The language of the letter.
    #[serde(default)]
    pub language: LetterLanguage,
}

impl std::fmt::Debug for InviteRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InviteRequest").field("role", &self.role).finish_non_exhaustive()
    }
}

/// `POST /v1/teammates/{id}/reset`. Needs a second factor that was shown in the last five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ResetRequest {
    /// Whether the authenticator is lost as well. Otherwise the person shows it.
    pub authenticator: bool,
    /// As in [`InviteRequest`].
    #[serde(default)]
    pub expires_in_s: Option<u32>,
    /// The language of the letter.
    #[serde(default)]
    pub language: LetterLanguage,
}

/// A personal link as an admin sees it. The link itself was shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct EnrolmentLink {
    /// Which.
    pub id: EnrolmentId,
    /// What it is for.
    pub kind: EnrolmentKind,
    /// For whom: the address.
    pub email: String,
    /// For whom: the name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The teams that an invited person will belong to.
    pub team_ids: Vec<TeamId>,
    /// The teammate that it resets, or that it has made.
    pub teammate_id: Option<TeammateId>,
    /// Who made it; absent for the server's console.
    pub made_by: Option<TeammateId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// How it stands.
    pub standing: LinkStanding,
}

/// `GET /v1/invitations`: invitations and resets of the past 90 days, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct EnrolmentLinks {
    /// The links.
    pub links: Vec<EnrolmentLink>,
}

/// A link that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct MadeLink {
    /// What is kept of it.
    pub enrolment: EnrolmentLink,
    /// The link, shown this once.
    pub link: String,
    /// A text with the link in it, ready to be mailed.
    pub letter: String,
}

impl std::fmt::Debug for MadeLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeLink").field("enrolment", &self.enrolment.id).finish_non_exhaustive()
    }
}

/// `POST /v1/enrolment`: opens a personal link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct OpenEnrolmentRequest {
    /// The link's secret.
    pub secret: String,
    /// The machine. What was begun on one goes on there only; on another it begins anew.
    pub device: Device,
}

impl std::fmt::Debug for OpenEnrolmentRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenEnrolmentRequest")
    }
}

/// Where somebody stands who has opened a personal link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Enrolment {
    /// What the link is for.
    pub kind: EnrolmentKind,
    /// The workspace's name.
    pub workspace_name: String,
    /// Who made the link; absent for the server's console.
    pub invited_by: Option<String>,
    /// The address to sign in with.
    pub email: String,
    /// The name.
    pub name: String,
    /// Until when the link is good.
    pub expires_at: Timestamp,
    /// Whether a password was chosen on this machine, so that a code is what is missing.
    pub password_chosen: bool,
    /// The authenticator to be set up, once the password is chosen; absent where the present one stays.
    pub authenticator: Option<AuthenticatorSetup>,
    /// The server's clock, by which codes are checked.
    pub server_time: Timestamp,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// `POST /v1/enrolment/password/check`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CheckEnrolmentPasswordRequest {
    /// The link's secret.
    pub secret: String,
    /// What somebody thinks of.
    pub password: String,
}

impl std::fmt::Debug for CheckEnrolmentPasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckEnrolmentPasswordRequest")
    }
}

/// `POST /v1/enrolment/password`: chooses name and password. They count once the link is complete.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChooseEnrolmentPasswordRequest {
    /// The link's secret.
    pub secret: String,
    /// The machine.
    pub device: Device,
    /// The name that colleagues and customers will see. A reset leaves it.
    pub name: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for ChooseEnrolmentPasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChooseEnrolmentPasswordRequest")
    }
}

/// The second factor that completes a personal link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ShownFactor {
    /// A code of the authenticator: of the new one, or of the present one where that stays.
    Totp {
        /// Six digits.
        code: String,
    },
    /// A recovery code, where the present authenticator stays.
    RecoveryCode {
        /// Case, spaces and hyphens do not matter.
        code: String,
    },
}

impl std::fmt::Debug for ShownFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShownFactor")
    }
}

/// `POST /v1/enrolment/complete`: the last step. From then on the link is used, and every other session
/// of the account has ended. The same request may be repeated if its answer was lost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CompleteEnrolmentRequest {
    /// The link's secret.
    pub secret: String,
    /// The machine.
    pub device: Device,
    /// The second factor.
    pub factor: ShownFactor,
    /// SHA-256 of the refresh secret that the client has made and stored, base64url without
    /// padding.
    pub refresh_hash: String,
}

impl std::fmt::Debug for CompleteEnrolmentRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CompleteEnrolmentRequest")
    }
}
