//! Rows of identity providers, of what their groups stand for, and of whether they are the only way in.

pub mod flow;
pub mod link;

use recado_protocol::{ProviderId, Role, TeamId, TeammateId, Timestamp, WorkspaceId};

use super::{DbError, Row, Tx, params};
use crate::identity::sealer::Sealed;

/// An identity provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// The provider.
    pub id: ProviderId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// Its issuer identifier, exactly as it stands in its tokens.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// The secret that it gave to this server.
    pub client_secret: Sealed,
    /// Certificates in PEM that are trusted for this provider beside the system's.
    pub ca_pem: Option<String>,
    /// The claim that lists somebody's groups.
    pub groups_claim: Option<String>,
    /// Whether somebody who has no account yet gets one.
    pub makes_accounts: bool,
    /// Whether an account that exists may be taken over by its verified address.
    pub link_by_verified_email: bool,
    /// The domains of addresses that it vouches for, in lower case, sorted.
    pub domains: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What one of a provider's groups stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// The group as the provider spells it.
    pub group: String,
    /// The role that it gives.
    pub role: Option<Role>,
    /// The team that it puts its members into.
    pub team_id: Option<TeamId>,
}

/// A name as it is compared.
#[must_use]
pub fn fold_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Stores a new provider.
///
/// # Errors
/// [`DbError::UniqueViolation`] if the name is taken.
pub async fn insert(tx: &mut Tx, provider: &Provider) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO sso_provider (id, workspace_id, name, name_folded, issuer, client_id, secret_key_id, \
         secret_sealed, ca_pem, groups_claim, makes_accounts, link_by_verified_email, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &params![
            provider.id,
            provider.workspace_id,
            &provider.name,
            fold_name(&provider.name),
            &provider.issuer,
            &provider.client_id,
            &provider.client_secret.key_id,
            &provider.client_secret.ciphertext,
            provider.ca_pem.clone(),
            provider.groups_claim.clone(),
            provider.makes_accounts,
            provider.link_by_verified_email,
            provider.created_at,
        ],
    )
    .await?;
    for domain in &provider.domains {
        tx.execute(
            "INSERT INTO sso_domain (provider_id, domain) VALUES (?1, ?2) \
             ON CONFLICT (provider_id, domain) DO NOTHING",
            &params![provider.id, domain],
        )
        .await?;
    }
    Ok(())
}

const COLUMNS: &str = "id, workspace_id, name, issuer, client_id, secret_key_id, secret_sealed, ca_pem, \
     groups_claim, makes_accounts, link_by_verified_email, created_at";

/// Every provider of a workspace, oldest first.
///
/// # Errors
/// [`DbError`].
pub async fn all(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<Provider>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sso_provider WHERE workspace_id = ?1 ORDER BY created_at, id"
    );
    let rows = tx.query(&sql, &params![workspace_id]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(read(tx, row).await?);
    }
    Ok(found)
}

/// A provider.
///
/// # Errors
/// [`DbError`].
pub async fn find(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: ProviderId,
) -> Result<Option<Provider>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM sso_provider WHERE workspace_id = ?1 AND id = ?2");
    match tx.query_opt(&sql, &params![workspace_id, id]).await? {
        Some(row) => read(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn read(tx: &mut Tx, row: &Row) -> Result<Provider, DbError> {
    let id: ProviderId = row.get("id")?;
    let domains = tx
        .query("SELECT domain FROM sso_domain WHERE provider_id = ?1 ORDER BY domain", &params![id])
        .await?;
    Ok(Provider {
        id,
        workspace_id: row.get("workspace_id")?,
        name: row.get("name")?,
        issuer: row.get("issuer")?,
        client_id: row.get("client_id")?,
        client_secret: Sealed {
            key_id: row.get("secret_key_id")?,
            ciphertext: row.get("secret_sealed")?,
        },
        ca_pem: row.get("ca_pem")?,
        groups_claim: row.get("groups_claim")?,
        makes_accounts: row.get("makes_accounts")?,
        link_by_verified_email: row.get("link_by_verified_email")?,
        domains: domains.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?,
        created_at: row.get("created_at")?,
    })
}

/// Deletes a provider with everything that refers to it. Whoever asks for it has ended its sessions.
///
/// # Errors
/// [`DbError`].
pub async fn delete(tx: &mut Tx, id: ProviderId) -> Result<(), DbError> {
    for table in ["sso_flow", "sso_code", "sso_session", "sso_identity", "sso_group", "sso_domain"]
    {
        let sql = format!("DELETE FROM {table} WHERE provider_id = ?1");
        tx.execute(&sql, &params![id]).await?;
    }
    tx.execute("DELETE FROM sso_provider WHERE id = ?1", &params![id]).await?;
    Ok(())
}

/// Says what a group stands for, in place of what it stood for before. Neither role nor team: nothing any more.
///
/// # Errors
/// [`DbError::ForeignKeyViolation`] for an unknown provider or team.
pub async fn put_group(tx: &mut Tx, provider: &Provider, rule: &GroupRule) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM sso_group WHERE provider_id = ?1 AND group_name = ?2",
        &params![provider.id, &rule.group],
    )
    .await?;
    if rule.role.is_none() && rule.team_id.is_none() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO sso_group (provider_id, group_name, role, workspace_id, team_id) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &params![
            provider.id,
            &rule.group,
            rule.role.map(Role::name),
            provider.workspace_id,
            rule.team_id,
        ],
    )
    .await?;
    Ok(())
}

/// What a provider's groups stand for, sorted by their names.
///
/// # Errors
/// [`DbError`].
pub async fn groups(tx: &mut Tx, id: ProviderId) -> Result<Vec<GroupRule>, DbError> {
    let rows = tx
        .query(
            "SELECT group_name, role, team_id FROM sso_group WHERE provider_id = ?1 ORDER BY group_name",
            &params![id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let role: Option<String> = row.get("role")?;
            let role = role.map(|name| {
                let wrong = DbError::Decode { column: "role".to_owned(), expected: "role" };
                Role::from_name(&name).ok_or(wrong)
            });
            Ok(GroupRule {
                group: row.get("group_name")?,
                role: role.transpose()?,
                team_id: row.get("team_id")?,
            })
        })
        .collect()
}

/// Whose password still counts, where single sign-on is the only way in for everybody else.
///
/// # Errors
/// [`DbError`].
pub async fn only_with_owner(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
) -> Result<Option<TeammateId>, DbError> {
    let row = tx
        .query_opt(
            "SELECT owner_id FROM sso_setting WHERE workspace_id = ?1",
            &params![workspace_id],
        )
        .await?;
    row.map(|row| row.get("owner_id")).transpose()
}

/// Makes single sign-on the only way in but for `owner`, or one way among others for `None`.
///
/// # Errors
/// [`DbError::ForeignKeyViolation`] for an unknown teammate.
pub async fn set_only(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    owner: Option<TeammateId>,
) -> Result<(), DbError> {
    tx.execute("DELETE FROM sso_setting WHERE workspace_id = ?1", &params![workspace_id]).await?;
    if let Some(owner) = owner {
        tx.execute(
            "INSERT INTO sso_setting (workspace_id, owner_id) VALUES (?1, ?2)",
            &params![workspace_id, owner],
        )
        .await?;
    }
    Ok(())
}
