//! Who somebody is here whom a provider vouches for, and what the provider's groups give them.

use std::collections::BTreeSet;

use recado_protocol::{ConversationAccess, Role, TeamId, TeammateId, TeammateState, Timestamp};

use super::claims::Vouched;
use super::error::SsoError;
use crate::access_change::{self, AccessChange};
use crate::core::{CoreError, Principal};
use crate::ids::Ids;
use crate::seed;
use crate::session::Trail;
use crate::storage::audit::Actor;
use crate::storage::change_log::LogWriter;
use crate::storage::sso::{GroupRule, Provider, link};
use crate::storage::{Tx, sso, teammate};

/// The longest name that a teammate may have, in characters.
const LONGEST_NAME: usize = 200;

/// What one transaction works with.
pub(super) struct Admission<'a> {
    pub(super) provider: &'a Provider,
    pub(super) vouched: &'a Vouched,
    pub(super) log: &'a mut LogWriter,
    pub(super) ids: &'a mut Ids,
    pub(super) trail: &'a mut Trail,
    pub(super) now: Timestamp,
}

impl Admission<'_> {
    /// The teammate, found by issuer and subject, linked or made where the provider's settings allow it, with the role and
    /// the teams that the groups give.
    pub(super) async fn admit(&mut self, tx: &mut Tx) -> Result<TeammateId, SsoError> {
        let rules = sso::groups(tx, self.provider.id).await?;
        let known = link::teammate_of(tx, self.provider.id, &self.vouched.subject).await?;
        let id = match known {
            Some(id) => id,
            None => self.link_or_make(tx, &rules).await?,
        };
        self.require_active(tx, id).await?;
        self.apply_groups(tx, id, &rules).await?;
        Ok(id)
    }

    async fn require_active(&self, tx: &mut Tx, id: TeammateId) -> Result<(), SsoError> {
        match teammate::find(tx, self.provider.workspace_id, id).await? {
            Some(found) if found.state == TeammateState::Active => Ok(()),
            _ => Err(SsoError::Denied("the account is not in use")),
        }
    }

    async fn link_or_make(
        &mut self,
        tx: &mut Tx,
        rules: &[GroupRule],
    ) -> Result<TeammateId, SsoError> {
        let provider = self.provider;
        let email = self
            .vouched
            .verified_email
            .as_deref()
            .ok_or(SsoError::Denied("the provider has not verified an address"))?
            .trim();
        let domain = domain_of(email).ok_or(SsoError::Denied("the address has no domain"))?;
        if !provider.domains.contains(&domain) {
            return Err(SsoError::Denied("the provider does not vouch for this domain"));
        }
        let found = teammate::find_by_email(tx, provider.workspace_id, email).await?;
        let id = match found {
            Some(found) => {
                if !provider.link_by_verified_email {
                    return Err(SsoError::Denied("the account was not linked to the provider"));
                }
                if link::is_linked(tx, provider.id, found.id).await? {
                    return Err(SsoError::Denied("the account is somebody else's at the provider"));
                }
                self.require_active(tx, found.id).await?;
                found.id
            }
            None if !provider.makes_accounts => {
                return Err(SsoError::Denied("there is no account, and none is made"));
            }
            None => self.make(tx, email.to_owned(), rules).await?,
        };
        link::insert(tx, provider.id, &self.vouched.subject, id, self.now).await?;
        self.trail.sso_linked(tx, provider.id, id).await?;
        Ok(id)
    }

    async fn make(
        &mut self,
        tx: &mut Tx,
        email: String,
        rules: &[GroupRule],
    ) -> Result<TeammateId, SsoError> {
        let role = self.role_by_groups(rules).unwrap_or(Role::Agent);
        let given: String = self.vouched.name.clone().unwrap_or_default();
        let given: String = given.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        let name = match given.trim() {
            "" => email.split('@').next().unwrap_or(&email).to_owned(),
            name => name.to_owned(),
        };
        let new = seed::NewTeammate {
            name,
            email,
            role,
            state: TeammateState::Active,
            access: ConversationAccess::usual(role),
            team_ids: Vec::new(),
        };
        let made =
            seed::insert_teammate(tx, self.log, self.ids, self.now, &new, Actor::Server).await;
        match made {
            Ok(made) => Ok(made.id),
            Err(CoreError::Invalid { .. }) => {
                Err(SsoError::Denied("no account can be made of the address or the name"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The highest role that the groups give; `None` where no group stands for a role at all.
    fn role_by_groups(&self, rules: &[GroupRule]) -> Option<Role> {
        let decided = rules.iter().any(|rule| rule.role.is_some());
        let roles: BTreeSet<u8> =
            self.matching(rules).filter_map(|rule| rule.role).map(rank).collect();
        match roles.last() {
            Some(2) => Some(Role::Admin),
            Some(1) => Some(Role::Agent),
            Some(_) => Some(Role::LightAgent),
            None => decided.then_some(Role::Agent),
        }
    }

    fn matching<'r>(&'r self, rules: &'r [GroupRule]) -> impl Iterator<Item = &'r GroupRule> {
        // Silence about groups is no membership: a right that nobody confirms does not stay.
        let groups = self.vouched.groups.as_deref().unwrap_or_default();
        rules.iter().filter(|rule| groups.contains(&rule.group))
    }

    /// Gives what the groups stand for, and takes what they no longer do. Teams that no group stands for stay.
    async fn apply_groups(
        &mut self,
        tx: &mut Tx,
        id: TeammateId,
        rules: &[GroupRule],
    ) -> Result<(), SsoError> {
        if self.provider.groups_claim.is_none() || rules.is_empty() {
            return Ok(());
        }
        let who = Principal { workspace_id: self.provider.workspace_id, teammate_id: id };
        let viewer = teammate::viewer(tx, who)
            .await?
            .ok_or(SsoError::Denied("the account is not in use"))?;
        let managed: BTreeSet<TeamId> = rules.iter().filter_map(|rule| rule.team_id).collect();
        let given: BTreeSet<TeamId> =
            self.matching(rules).filter_map(|rule| rule.team_id).collect();
        let teams = (!managed.is_empty()).then(|| {
            let own = viewer.own_access().team_ids;
            let kept = own.into_iter().filter(|team| !managed.contains(team));
            kept.chain(given).collect::<Vec<_>>()
        });
        // The owner's role is for the day on which the provider is broken, so the provider does not decide it.
        let owner = sso::only_with_owner(tx, self.provider.workspace_id).await?;
        let role = self.role_by_groups(rules).filter(|_| owner != Some(id));
        let mut change = AccessChange { role, team_ids: teams, ..AccessChange::default() };
        match self.change(tx, who, &change).await {
            // Somebody has to be left who can administer the workspace.
            Err(CoreError::Invalid { .. }) if change.role.is_some() => {
                tracing::warn!(teammate_id = %id, "groups would leave no admin; the role stays");
                change.role = None;
                self.change(tx, who, &change).await?;
            }
            outcome => outcome?,
        }
        Ok(())
    }

    async fn change(
        &mut self,
        tx: &mut Tx,
        who: Principal,
        change: &AccessChange,
    ) -> Result<(), CoreError> {
        let (log, ids, now) = (&mut *self.log, &mut *self.ids, self.now);
        access_change::apply_in(tx, log, ids, now, who, change, Actor::Server).await.map(drop)
    }
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Admin => 2,
        Role::Agent => 1,
        Role::LightAgent | Role::Unknown => 0,
    }
}

/// An address's domain as it is compared.
pub(super) fn domain_of(email: &str) -> Option<String> {
    let (name, domain) = email.trim().rsplit_once('@')?;
    let plausible = !name.is_empty() && !name.contains('@') && !domain.is_empty();
    plausible.then(|| domain.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::domain_of;

    #[test]
    fn a_domain_is_what_follows_the_only_at_sign() {
        assert_eq!(domain_of(" ana@Inbox.Example "), Some("inbox.example".to_owned()));
        for wrong in ["", "ana", "@inbox.example", "ana@", "ana@evil.example@inbox.example"] {
            assert_eq!(domain_of(wrong), None, "{wrong}");
        }
    }
}
