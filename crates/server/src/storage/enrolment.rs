//! Rows of personal links: invitations and resets.

use recado_protocol::enrolment::{EnrolmentKind, EnrolmentLink, LinkStanding};
use recado_protocol::{
    ConversationAccess, EnrolmentId, Role, SessionId, TeamId, TeammateId, Timestamp, WorkspaceId,
};

use super::account::fold_email;
use super::audit::Actor;
use super::{DbError, Row, Tx, params};
use crate::identity::token::TokenHash;
use crate::identity::totp::SealedSeed;

/// How many links one list holds.
const MAX_LISTED: u32 = 200;

/// Why a link is good for nothing any more, beside its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEnd {
    /// It was used.
    Used,
    /// Somebody withdrew it.
    Revoked,
    /// A newer one for the same address took its place.
    Replaced,
}

impl LinkEnd {
    const ALL: &[Self] = &[Self::Used, Self::Revoked, Self::Replaced];

    const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
        }
    }
}

/// What was chosen by a link that is not complete yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Progress {
    /// On which machine.
    pub device_hash: [u8; 32],
    /// The password.
    pub password_hash: String,
    /// The authenticator, sealed for the link; absent where the present one stays.
    pub authenticator: Option<SealedSeed>,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

/// A personal link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEnrolment {
    /// Which.
    pub id: EnrolmentId,
    /// What it is for.
    pub kind: EnrolmentKind,
    /// Whose account a reset is for; who an invitation has become.
    pub teammate_id: Option<TeammateId>,
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Which conversations an invited person will see.
    pub access: ConversationAccess,
    /// Who made it; absent for the console.
    pub made_by: Option<TeammateId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Why it is good for nothing any more.
    pub end: Option<LinkEnd>,
    /// What was chosen so far.
    pub progress: Option<Progress>,
    /// The session that completed it.
    pub session_id: Option<SessionId>,
}

impl StoredEnrolment {
    /// Whether it can be used.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.end.is_none() && now < self.expires_at
    }

    /// Who made it, for the audit.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.made_by.map_or(Actor::Console, Actor::Teammate)
    }

    /// The link as an admin sees it.
    #[must_use]
    pub fn listed(&self, team_ids: Vec<TeamId>, now: Timestamp) -> EnrolmentLink {
        EnrolmentLink {
            id: self.id,
            kind: self.kind,
            email: self.email.clone(),
            name: self.name.clone(),
            role: self.role,
            team_ids,
            teammate_id: self.teammate_id,
            made_by: self.made_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
            standing: match self.end {
                Some(LinkEnd::Used) => LinkStanding::Used,
                Some(LinkEnd::Revoked) => LinkStanding::Revoked,
                Some(LinkEnd::Replaced) => LinkStanding::Replaced,
                None if now < self.expires_at => LinkStanding::Open,
                None => LinkStanding::Expired,
            },
        }
    }
}

const COLUMNS: &str = "id, kind, teammate_id, email, name, role, conversation_access, made_by, created_at, expires_at, \
     end_reason, device_hash, password_hash, totp_key_id, totp_sealed, session_id";

/// Stores a new link. The address must have no open one.
///
/// # Errors
/// [`DbError`].
pub async fn insert(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    new: &StoredEnrolment,
    team_ids: &[TeamId],
    secret_hash: TokenHash,
) -> Result<(), DbError> {
    let access = serde_json::to_string(&new.access).map_err(|_| access_unreadable())?;
    tx.execute(
        "INSERT INTO enrolment (id, workspace_id, kind, secret_hash, teammate_id, email, email_folded, name, role, \
         conversation_access, made_by, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &params![
            new.id,
            workspace_id,
            new.kind.name(),
            secret_hash.as_bytes(),
            new.teammate_id,
            &new.email,
            fold_email(&new.email),
            &new.name,
            new.role.name(),
            access,
            new.made_by,
            new.created_at,
            new.expires_at,
        ],
    )
    .await?;
    for team_id in team_ids {
        tx.execute(
            "INSERT INTO enrolment_team (enrolment_id, workspace_id, team_id) VALUES (?1, ?2, ?3) \
             ON CONFLICT (enrolment_id, team_id) DO NOTHING",
            &params![new.id, workspace_id, *team_id],
        )
        .await?;
    }
    Ok(())
}

/// The link of that secret, however it stands.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_secret(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    secret_hash: TokenHash,
) -> Result<Option<StoredEnrolment>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM enrolment WHERE workspace_id = ?1 AND secret_hash = ?2");
    let row = tx.query_opt(&sql, &params![workspace_id, secret_hash.as_bytes()]).await?;
    row.as_ref().map(read).transpose()
}

/// A link, held until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub async fn lock(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: EnrolmentId,
) -> Result<Option<StoredEnrolment>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM enrolment WHERE workspace_id = ?1 AND id = ?2{}",
        tx.engine().for_update()
    );
    tx.query_opt(&sql, &params![workspace_id, id]).await?.as_ref().map(read).transpose()
}

/// The link of an address that has not ended, also one that has run out, held until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub async fn lock_open_of(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    email: &str,
) -> Result<Option<StoredEnrolment>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM enrolment WHERE workspace_id = ?1 AND email_folded = ?2 AND ended_at IS NULL{}",
        tx.engine().for_update()
    );
    tx.query_opt(&sql, &params![workspace_id, fold_email(email)])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Every link that is kept, the newest first.
///
/// # Errors
/// [`DbError`].
pub async fn all(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<StoredEnrolment>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM enrolment WHERE workspace_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2"
    );
    tx.query(&sql, &params![workspace_id, MAX_LISTED]).await?.iter().map(read).collect()
}

/// The teams that an invited person will belong to.
///
/// # Errors
/// [`DbError`].
pub async fn teams(tx: &mut Tx, id: EnrolmentId) -> Result<Vec<TeamId>, DbError> {
    let sql = "SELECT team_id FROM enrolment_team WHERE enrolment_id = ?1 ORDER BY team_id";
    tx.query(sql, &params![id]).await?.iter().map(|row| row.get("team_id")).collect()
}

/// Keeps what was chosen so far, in place of what was before.
///
/// # Errors
/// [`DbError`].
pub async fn put_progress(
    tx: &mut Tx,
    id: EnrolmentId,
    name: &str,
    progress: &Progress,
) -> Result<(), DbError> {
    let seed = progress.authenticator.as_ref();
    tx.execute(
        "UPDATE enrolment SET name = ?2, device_hash = ?3, password_hash = ?4, totp_key_id = ?5, totp_sealed = ?6 \
         WHERE id = ?1",
        &params![
            id,
            name,
            &progress.device_hash,
            &progress.password_hash,
            seed.map(|seed| seed.key_id.as_str()),
            seed.map(|seed| seed.ciphertext.as_slice()),
        ],
    )
    .await?;
    Ok(())
}

/// Ends a link, with what was chosen by it. `true` if it had not ended before.
///
/// # Errors
/// [`DbError`].
pub async fn end(
    tx: &mut Tx,
    id: EnrolmentId,
    reason: LinkEnd,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE enrolment SET ended_at = ?2, end_reason = ?3, password_hash = NULL, totp_key_id = NULL, \
             totp_sealed = NULL WHERE id = ?1 AND ended_at IS NULL",
            &params![id, now, reason.name()],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes who a link that was used has become, and in which session.
///
/// # Errors
/// [`DbError`].
pub async fn note_used(
    tx: &mut Tx,
    id: EnrolmentId,
    teammate_id: TeammateId,
    session_id: SessionId,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE enrolment SET teammate_id = ?2, session_id = ?3 WHERE id = ?1",
        &params![id, teammate_id, session_id],
    )
    .await?;
    Ok(())
}

/// Deletes the links that were made before `before`, and what was chosen by those that ran out.
///
/// # Errors
/// [`DbError`].
pub async fn delete_old(tx: &mut Tx, before: Timestamp, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE enrolment SET password_hash = NULL, totp_key_id = NULL, totp_sealed = NULL \
         WHERE expires_at <= ?1 AND password_hash IS NOT NULL",
        &params![now],
    )
    .await?;
    tx.execute(
        "DELETE FROM enrolment_team WHERE enrolment_id IN (SELECT id FROM enrolment WHERE created_at < ?1)",
        &params![before],
    )
    .await?;
    tx.execute("DELETE FROM enrolment WHERE created_at < ?1", &params![before]).await?;
    Ok(())
}

fn access_unreadable() -> DbError {
    DbError::Decode { column: "conversation_access".to_owned(), expected: "access in JSON" }
}

fn read(row: &Row) -> Result<StoredEnrolment, DbError> {
    let wrong = |column: &str, expected| DbError::Decode { column: column.to_owned(), expected };
    let kind: String = row.get("kind")?;
    let role: String = row.get("role")?;
    let end: Option<String> = row.get("end_reason")?;
    let seed = row.get::<Option<String>>("totp_key_id")?.zip(row.get("totp_sealed")?);
    let chosen = row.get::<Option<[u8; 32]>>("device_hash")?.zip(row.get("password_hash")?);
    Ok(StoredEnrolment {
        id: row.get("id")?,
        kind: EnrolmentKind::from_name(&kind).ok_or_else(|| wrong("kind", "kind of a link"))?,
        teammate_id: row.get("teammate_id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: Role::from_name(&role).ok_or_else(|| wrong("role", "role"))?,
        access: serde_json::from_str(&row.get::<String>("conversation_access")?)
            .map_err(|_| access_unreadable())?,
        made_by: row.get("made_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        // What a newer server has written ends a link all the same.
        end: end.map(|name| {
            let known = LinkEnd::ALL.iter().copied().find(|end| end.name() == name);
            known.unwrap_or(LinkEnd::Revoked)
        }),
        progress: chosen.map(|(device_hash, password_hash)| Progress {
            device_hash,
            password_hash,
            authenticator: seed.map(|(key_id, ciphertext)| SealedSeed { key_id, ciphertext }),
        }),
        session_id: row.get("session_id")?,
    })
}
