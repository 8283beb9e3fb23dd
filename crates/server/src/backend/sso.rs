//! Identity providers, as console commands set them.

use recado_protocol::{ErrorCode, ProviderId, Role, TeammateState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{Backend, BackendError};
use crate::session::Trail;
use crate::sso::{callback_url, logout_url};
use crate::storage::change_log::LogWriter;
use crate::storage::session::EndReason;
use crate::storage::sso::{GroupRule, Provider, fold_name, link};
use crate::storage::{DbError, account, session, sso, team};

const LONGEST_NAME: usize = 200;
const LONGEST_FIELD: usize = 2_048;

/// An identity provider to be added.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewProvider {
    /// What people call it.
    pub name: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// The secret that it gave to this server.
    pub client_secret: String,
    /// Certificates in PEM that are trusted for it beside the system's.
    pub ca_pem: Option<String>,
    /// The domains of addresses that it vouches for.
    pub domains: Vec<String>,
    /// The claim that lists somebody's groups.
    pub groups_claim: Option<String>,
    /// Whether somebody without an account gets one.
    pub makes_accounts: bool,
    /// Whether an account that exists may be taken over by its verified address.
    pub link_by_verified_email: bool,
}

impl std::fmt::Debug for NewProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewProvider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What one of a provider's groups stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMapping {
    /// The group as the provider spells it.
    pub group: String,
    /// The role that it gives.
    pub role: Option<Role>,
    /// The name of the team that it puts its members into.
    pub team: Option<String>,
}

/// An identity provider, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReport {
    /// The provider.
    pub id: ProviderId,
    /// What people call it.
    pub name: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// The domains of addresses that it vouches for.
    pub domains: Vec<String>,
    /// The claim that lists somebody's groups.
    pub groups_claim: Option<String>,
    /// Whether somebody without an account gets one.
    pub makes_accounts: bool,
    /// Whether an account that exists may be taken over by its verified address.
    pub link_by_verified_email: bool,
    /// What its groups stand for.
    pub groups: Vec<GroupMapping>,
    /// The redirect URI to enter at the provider.
    pub callback_url: String,
    /// The back-channel logout URI to enter at the provider.
    pub logout_url: String,
}

/// What a look at a provider has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTest {
    /// What is as it should be, a sentence each.
    pub findings: Vec<String>,
}

impl Backend {
    /// Adds an identity provider. `origin` is the address of this server, where it is known.
    ///
    /// # Errors
    /// [`BackendError::Refused`] with what cannot be taken.
    pub async fn add_provider(
        &self,
        new: NewProvider,
        origin: &str,
    ) -> Result<ProviderReport, BackendError> {
        let (now, workspace_id) = (self.core.now(), self.workspace_id);
        let id = ProviderId::from_uuid(self.core.ids(now).next_id());
        let provider = Provider {
            id,
            workspace_id,
            name: valid_name(&new.name)?,
            issuer: self.valid_issuer(&new.issuer)?,
            client_id: valid_field("the client id", &new.client_id)?,
            client_secret: self
                .sso
                .seal_secret(&valid_field("the client secret", &new.client_secret)?, id)?,
            ca_pem: new.ca_pem.clone(),
            groups_claim: match &new.groups_claim {
                Some(claim) => Some(valid_field("the claim of groups", claim)?),
                None => None,
            },
            makes_accounts: new.makes_accounts,
            link_by_verified_email: new.link_by_verified_email,
            domains: valid_domains(&new.domains)?,
            created_at: now,
        };
        crate::sso::require_authorities(new.ca_pem.as_deref())?;
        if provider.domains.is_empty() && (new.makes_accounts || new.link_by_verified_email) {
            return Err(refused(
                "accounts are made and linked for named domains only; give --domain as well",
            ));
        }
        let stored = provider.clone();
        let trail = Trail::new(&self.core, workspace_id, now);
        let written = self.core.db().write(async move |tx| {
            let _log = LogWriter::lock(tx, workspace_id).await?;
            sso::insert(tx, &stored).await?;
            let detail = json!({
                "makes_accounts": stored.makes_accounts,
                "link_by_verified_email": stored.link_by_verified_email,
            });
            trail.clone().sso_set(tx, "sso_provider_add", Some(stored.id), detail).await
        });
        match written.await {
            Err(DbError::UniqueViolation { .. }) => {
                Err(refused("there is a provider with this name already"))
            }
            outcome => {
                outcome?;
                Ok(report(provider, Vec::new(), origin))
            }
        }
    }

    /// Every identity provider.
    ///
    /// # Errors
    /// [`BackendError::Db`].
    pub async fn providers(&self, origin: &str) -> Result<Vec<ProviderReport>, BackendError> {
        let id = self.workspace_id;
        let found = self
            .core
            .db()
            .read(async move |tx| {
                let mut found = Vec::new();
                for provider in sso::all(tx, id).await? {
                    let mut groups = Vec::new();
                    for rule in sso::groups(tx, provider.id).await? {
                        let team = match rule.team_id {
                            Some(team_id) => team::name_of(tx, id, team_id).await?,
                            None => None,
                        };
                        groups.push(GroupMapping { group: rule.group, role: rule.role, team });
                    }
                    found.push((provider, groups));
                }
                Ok::<_, DbError>(found)
            })
            .await?;
        Ok(found.into_iter().map(|(provider, groups)| report(provider, groups, origin)).collect())
    }

    /// Looks whether a provider can be used.
    ///
    /// # Errors
    /// [`BackendError::Refused`] with what is wrong.
    pub async fn test_provider(&self, name: &str) -> Result<ProviderTest, BackendError> {
        let provider = self.provider_by_name(name).await?;
        Ok(ProviderTest { findings: self.sso.look_at(&provider).await? })
    }

    /// Removes a provider. The sessions that it vouches for end; the teammates stay.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if there is none of this name, or nobody could sign in any more.
    pub async fn remove_provider(&self, name: &str) -> Result<(), BackendError> {
        let provider = self.provider_by_name(name).await?;
        let (id, now, workspace_id) = (provider.id, self.core.now(), self.workspace_id);
        let trail = Trail::new(&self.core, workspace_id, now);
        let ended = self
            .core
            .db()
            .write(async move |tx| {
                let _log = LogWriter::lock(tx, workspace_id).await?;
                let is_last = sso::all(tx, workspace_id).await?.len() < 2;
                if is_last && sso::only_with_owner(tx, workspace_id).await?.is_some() {
                    return Err(refused(
                        "it is the only way in; run `recado-server sso only off` first",
                    ));
                }
                let mut trail = trail.clone();
                let mut ended = Vec::new();
                for session_id in link::sessions_of(tx, id, None, None).await? {
                    let Some(found) = session::lock(tx, session_id).await? else { continue };
                    let reason = EndReason::ProviderEnded;
                    if session::end(tx, session_id, reason, now).await? {
                        trail.ended(tx, found.teammate_id, session_id, reason).await?;
                        ended.push(session_id);
                    }
                }
                sso::delete(tx, id).await?;
                trail.sso_set(tx, "sso_provider_remove", Some(id), json!(null)).await?;
                Ok::<_, BackendError>(ended)
            })
            .await?;
        self.sso.forget(id);
        ended.into_iter().for_each(|session| self.sessions.announce_end(session));
        Ok(())
    }

    /// Says what a provider's group stands for, from each member's next sign-in on. Neither role nor team: nothing.
    ///
    /// # Errors
    /// [`BackendError::Refused`] for an unknown provider, or one without a claim of groups.
    pub async fn map_group(
        &self,
        name: &str,
        mapping: GroupMapping,
    ) -> Result<Vec<String>, BackendError> {
        let provider = self.provider_by_name(name).await?;
        if provider.groups_claim.is_none() {
            return Err(refused(
                "the provider was added without --groups-claim, so nobody has groups; add it anew with one",
            ));
        }
        let group = valid_field("the group", &mapping.group)?;
        let names: Vec<String> = mapping.team.into_iter().collect();
        let (team_ids, made) = self.teams_by_name(&names).await?;
        let rule = GroupRule { group, role: mapping.role, team_id: team_ids.first().copied() };
        let trail = Trail::new(&self.core, self.workspace_id, self.core.now());
        self.core
            .db()
            .write(async move |tx| {
                let _log = LogWriter::lock(tx, provider.workspace_id).await?;
                sso::put_group(tx, &provider, &rule).await?;
                let detail = json!({
                    "role": rule.role.map(Role::name),
                    "team_id": rule.team_id,
                });
                trail.clone().sso_set(tx, "sso_group_map", Some(provider.id), detail).await
            })
            .await?;
        Ok(made)
    }

    /// Makes single sign-on the only way in but for the admin with this address, who may go on to use a password; or lets
    /// passwords in again. Sessions of others that began with a password end.
    ///
    /// # Errors
    /// [`BackendError::Refused`] without a provider, or for somebody who is no active admin with a password.
    pub async fn set_sso_only(&self, owner: Option<&str>) -> Result<(), BackendError> {
        let (now, workspace_id) = (self.core.now(), self.workspace_id);
        let owner = owner.map(str::to_owned);
        let trail = Trail::new(&self.core, workspace_id, now);
        let ended = self
            .core
            .db()
            .write(async move |tx| {
                let _log = LogWriter::lock(tx, workspace_id).await?;
                let mut trail = trail.clone();
                let mut ended = Vec::new();
                let owner_id = match &owner {
                    None => None,
                    Some(email) => {
                        if sso::all(tx, workspace_id).await?.is_empty() {
                            return Err(refused("add a provider first: `recado-server sso add`"));
                        }
                        let id = usable_owner(tx, workspace_id, email).await?;
                        for session_id in link::sessions_without_provider(tx, id).await? {
                            let found = session::lock(tx, session_id).await?;
                            let Some(found) = found else { continue };
                            let reason = EndReason::SsoRequired;
                            if session::end(tx, session_id, reason, now).await? {
                                trail.ended(tx, found.teammate_id, session_id, reason).await?;
                                ended.push(session_id);
                            }
                        }
                        Some(id)
                    }
                };
                sso::set_only(tx, workspace_id, owner_id).await?;
                let detail = json!({ "owner_id": owner_id });
                trail.sso_set(tx, "sso_only", None, detail).await?;
                Ok::<_, BackendError>(ended)
            })
            .await?;
        ended.into_iter().for_each(|session| self.sessions.announce_end(session));
        Ok(())
    }

    async fn provider_by_name(&self, name: &str) -> Result<Provider, BackendError> {
        let (id, wanted) = (self.workspace_id, fold_name(name));
        let all = self.core.db().read(async move |tx| sso::all(tx, id).await).await?;
        all.into_iter()
            .find(|provider| fold_name(&provider.name) == wanted)
            .ok_or_else(|| refused(&format!("there is no provider with the name {name}")))
    }

    fn valid_issuer(&self, issuer: &str) -> Result<String, BackendError> {
        let issuer = issuer.trim();
        let usable = issuer.len() <= LONGEST_FIELD
            && Url::parse(issuer).is_ok_and(|url| {
                self.sso.may_ask(&url) && url.query().is_none() && url.fragment().is_none()
            });
        if usable {
            return Ok(issuer.to_owned());
        }
        Err(refused(
            "an issuer is an https:// address without query, as the provider's own tokens name it",
        ))
    }
}

/// The teammate of an address, if it may be whose password always counts.
async fn usable_owner(
    tx: &mut crate::storage::Tx,
    workspace_id: recado_protocol::WorkspaceId,
    email: &str,
) -> Result<recado_protocol::TeammateId, BackendError> {
    let found = account::find_by_email(tx, workspace_id, email).await?;
    let found = found.filter(|found| found.state == TeammateState::Active);
    let found = found.ok_or_else(|| {
        refused(&format!("there is no active teammate with a password and the address {email}"))
    })?;
    let teammate = crate::storage::teammate::find(tx, workspace_id, found.teammate_id).await?;
    if teammate.is_some_and(|it| it.role == Role::Admin) {
        return Ok(found.teammate_id);
    }
    Err(refused("whose password always counts has to be an admin, to put things right on that day"))
}

fn report(provider: Provider, groups: Vec<GroupMapping>, origin: &str) -> ProviderReport {
    ProviderReport {
        id: provider.id,
        name: provider.name,
        issuer: provider.issuer,
        client_id: provider.client_id,
        domains: provider.domains,
        groups_claim: provider.groups_claim,
        makes_accounts: provider.makes_accounts,
        link_by_verified_email: provider.link_by_verified_email,
        groups,
        callback_url: callback_url(origin, provider.id),
        logout_url: logout_url(origin, provider.id),
    }
}

fn valid_name(name: &str) -> Result<String, BackendError> {
    let name = name.trim();
    let usable = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && !name.chars().any(char::is_control);
    if usable {
        Ok(name.to_owned())
    } else {
        Err(refused("a name has 1 to 200 characters on one line"))
    }
}

fn valid_field(what: &str, value: &str) -> Result<String, BackendError> {
    let value = value.trim();
    let usable =
        !value.is_empty() && value.len() <= LONGEST_FIELD && !value.chars().any(char::is_control);
    if usable {
        Ok(value.to_owned())
    } else {
        Err(refused(&format!("{what} is empty, too long or broken")))
    }
}

fn valid_domains(domains: &[String]) -> Result<Vec<String>, BackendError> {
    let mut folded = Vec::with_capacity(domains.len());
    for domain in domains {
        let domain = domain.trim().trim_start_matches('@').to_lowercase();
        let usable = domain.len() <= 253
            && domain.split('.').all(|label| !label.is_empty())
            && domain.contains('.')
            && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'));
        if !usable {
            return Err(refused(&format!("{domain} is no domain; write it like example.com")));
        }
        folded.push(domain);
    }
    folded.sort_unstable();
    folded.dedup();
    Ok(folded)
}

fn refused(text: &str) -> BackendError {
    BackendError::Refused(text.to_owned())
}

impl From<crate::sso::SsoError> for BackendError {
    fn from(error: crate::sso::SsoError) -> Self {
        use crate::sso::SsoError as E;
        match error {
            E::Db(error) => Self::Db(error),
            error if error.code() == ErrorCode::Internal => Self::Internal(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}
