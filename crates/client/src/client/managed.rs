//! What the organisation's policy for this machine allows.

use recado_protocol::host::{HostError, LoginMethod, Phase};
use recado_protocol::sso::SignInWays;
use recado_protocol::{ErrorCode, JoinLink};

use super::shared::Shared;
use crate::error::failure;
use crate::policy::may_join;
use crate::profile::Account;

impl Shared {
    /// Refuses a server that is not on a list that is locked.
    pub(super) fn require_server(&self, link: &JoinLink) -> Result<(), HostError> {
        if may_join(&self.facts().managed, link) {
            return Ok(());
        }
        let message = "your organisation lets this machine use the servers on its own list only";
        Err(failure(ErrorCode::PolicyForbids, message))
    }

    /// The same of a server that was joined before the list was locked. What lies here of it stays.
    pub(super) fn require_joined(&self, joined: &Account) -> Result<(), HostError> {
        let server = joined.server();
        let link = JoinLink {
            url: server.url,
            workspace_id: joined.workspace_id,
            ca_der: server.ca_der,
            invitation: None,
        };
        self.require_server(&link).map_err(|error| {
            let message = format!(
                "{}; {} ({}) is not on it with this address, workspace and certificate. What lies here of it \
                 is kept",
                error.message, joined.workspace_name, joined.url
            );
            failure(error.code, message)
        })
    }

    /// Goes back to the choice of a server, where the one that was joined may not be used and nothing of it lies
    /// here.
    ///
    /// # Errors
    ///
    /// `policy_forbids` where something of it lies here; those of the disk.
    pub(super) fn leave_forbidden(&self) -> Result<(), HostError> {
        let Some(joined) = self.facts().joined.clone() else { return Ok(()) };
        let Err(error) = self.require_joined(&joined) else { return Ok(()) };
        if joined.teammate_id.is_some() {
            return Err(error);
        }
        self.profile.remove_account()?;
        self.update(|facts| {
            facts.joined = None;
            facts.phase = Phase::Join;
        });
        Ok(())
    }

    /// Reads the policy anew, for who waits for IT to put it right.
    pub(super) fn read_policy_again(&self) -> Result<(), HostError> {
        let policy = self.options.policy.read();
        let managed = policy.map_err(|error| failure(error.code(), error.to_string()))?;
        self.update(|facts| facts.managed = managed);
        Ok(())
    }

    /// Refuses a way to sign in that is not left open.
    pub(super) fn require_method(&self, method: LoginMethod) -> Result<(), HostError> {
        if self.facts().managed.allows(method) {
            return Ok(());
        }
        let message = match method {
            LoginMethod::Password => {
                "your organisation lets people sign in through its own sign-in only on this machine"
            }
            LoginMethod::Oidc => {
                "your organisation lets people sign in with their password only on this machine"
            }
        };
        Err(failure(ErrorCode::PolicyForbids, message))
    }

    /// What is left of a server's ways to sign in.
    pub(super) fn ways_left(&self, mut ways: SignInWays) -> SignInWays {
        let facts = self.facts();
        ways.password &= facts.managed.allows(LoginMethod::Password);
        if !facts.managed.allows(LoginMethod::Oidc) {
            ways.providers.clear();
            ways.has_providers = false;
        }
        ways
    }

    /// Whether secrets may lie nowhere but in the system's keychain.
    pub(super) fn requires_system_keychain(&self) -> bool {
        self.facts().managed.require_system_keychain
    }
}
