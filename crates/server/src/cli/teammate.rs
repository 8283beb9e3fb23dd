//! `teammate`.

mod link;

use std::io::{BufRead as _, IsTerminal as _};

use clap::{Args, Subcommand};
use recado_protocol::access::AccessScope;
use recado_protocol::{ConversationAccess, Role, Teammate as StoredTeammate, TeammateState};
use recado_server::backend::{AddedTeammate, BackendError, NewTeammate, TeammateChange};
use recado_server::console::Request;

use super::data::Data;
use super::text::say;

/// Invite, add and change teammates
#[derive(Debug, Subcommand)]
pub(super) enum Teammate {
    Invite(link::Invite),
    Reset(link::Reset),
    Links(link::Links),
    Revoke(link::Revoke),
    Add(Add),
    Set(Set),
}

/// Add a teammate, with a password and a second factor
///
/// `teammate invite` is better where the person can choose them. This one prints a password that was made up, and the secret for an authenticator app. Both are shown this once. Hand them over
/// on a way that nobody else reads.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server teammate add ana@example.com --name 'Ana Ruiz' --role admin
  recado-server teammate add ben@example.com --name Ben --team Billing --access own-teams
  pass show recado/cy | recado-server teammate add cy@example.com --name Cy --password-stdin")]
pub(super) struct Add {
    /// The e-mail address to sign in with
    email: String,
    /// The name that colleagues and customers see
    #[arg(long)]
    name: String,
    /// What the teammate may do: admin, agent or light-agent (reads, and writes notes)
    #[arg(long, default_value = "agent", value_parser = role)]
    role: Role,
    /// Which conversations the teammate sees: all, own-teams or assigned; append +unassigned for those that nobody has
    ///
    /// Without it: all for an admin, own-teams+unassigned for everybody else.
    #[arg(long, value_parser = access)]
    access: Option<ConversationAccess>,
    /// A team to belong to; made if it does not exist. May be given more than once
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// Read the password from standard input instead of making one up
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    data: Data,
}

/// Change what a teammate may do and see
///
/// The change takes effect at once: what the teammate may not see any more leaves the teammate's machine, and sessions of
/// an account that is suspended or removed end.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server teammate set ben@example.com --role light-agent
  recado-server teammate set ben@example.com --team Billing --team Returns
  recado-server teammate set ben@example.com --state suspended")]
pub(super) struct Set {
    /// The teammate's e-mail address
    email: String,
    /// What the teammate may do: admin, agent or light-agent
    #[arg(long, value_parser = role)]
    role: Option<Role>,
    /// Which conversations the teammate sees: all, own-teams or assigned; append +unassigned for those that nobody has
    #[arg(long, value_parser = access)]
    access: Option<ConversationAccess>,
    /// All the teams to belong to, in place of the present ones. May be given more than once
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// Belong to no team
    #[arg(long, conflicts_with = "teams")]
    no_team: bool,
    /// Whether the account is in use: active, suspended or removed
    #[arg(long, value_parser = state)]
    state: Option<TeammateState>,
    #[command(flatten)]
    data: Data,
}

impl Teammate {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        match self {
            Self::Invite(invite) => invite.run().await,
            Self::Reset(reset) => reset.run().await,
            Self::Links(links) => links.run().await,
            Self::Revoke(revoke) => revoke.run().await,
            Self::Add(add) => add.run().await,
            Self::Set(set) => set.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), BackendError> {
        let password = self.password_stdin.then(read_password).transpose()?;
        let new = NewTeammate {
            email: self.email,
            name: self.name,
            role: self.role,
            access: self.access.unwrap_or_else(|| ConversationAccess::usual(self.role)),
            teams: self.teams,
            password,
        };
        let added: AddedTeammate =
            self.data.console().await?.ask(Request::TeammateAdd { new }).await?;
        say(&format!("Added {} <{}>.", added.teammate.name, added.teammate.email));
        for team in &added.new_teams {
            say(&format!("Made the team {team}."));
        }
        if let Some(password) = &added.credentials.password {
            say(&format!("Password:      {password}"));
        }
        say(&format!("Authenticator: {}", added.credentials.totp_url));
        say(&format!("               or type in {}", added.credentials.totp_secret));
        say(
            "They are shown this once. With the app and the link of `recado-server join-link`, that is all it takes.",
        );
        Ok(())
    }
}

impl Set {
    async fn run(self) -> Result<(), BackendError> {
        let teams = (self.no_team || !self.teams.is_empty()).then_some(self.teams);
        let change =
            TeammateChange { role: self.role, state: self.state, access: self.access, teams };
        if change == TeammateChange::default() {
            return Err(BackendError::Refused(
                "say what is to change: --role, --access, --team, --no-team or --state".to_owned(),
            ));
        }
        let request = Request::TeammateSet { email: self.email, change };
        let changed: StoredTeammate = self.data.console().await?.ask(request).await?;
        say(&format!(
            "{} <{}> is now {}, {}.",
            changed.name,
            changed.email,
            changed.role.name().replace('_', "-"),
            changed.state.name()
        ));
        Ok(())
    }
}

fn read_password() -> Result<String, BackendError> {
    let input = std::io::stdin();
    if input.is_terminal() {
        return Err(BackendError::Refused(
            "the terminal would show the password; pipe it in, as in `pass show … | recado-server …`".to_owned(),
        ));
    }
    let mut line = String::new();
    input.lock().read_line(&mut line).map_err(|source| BackendError::Network {
        what: "the password cannot be read from standard input".to_owned(),
        source,
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    Role::from_name(&text.replace('-', "_"))
        .ok_or_else(|| "a role is admin, agent or light-agent".to_owned())
}

fn state(text: &str) -> Result<TeammateState, String> {
    TeammateState::from_name(text)
        .filter(|state| *state != TeammateState::Invited)
        .ok_or_else(|| "a state is active, suspended or removed".to_owned())
}

fn access(text: &str) -> Result<ConversationAccess, String> {
    let (scope, unassigned) = match text.split_once('+') {
        None => (text, false),
        Some((scope, "unassigned")) => (scope, true),
        Some(_) => return Err("only +unassigned can be appended".to_owned()),
    };
    let scope = match scope {
        "all" => AccessScope::All,
        "own-teams" => AccessScope::OwnTeams,
        "assigned" => AccessScope::Assigned,
        _ => {
            return Err(
                "access is all, own-teams or assigned, each with or without +unassigned".to_owned()
            );
        }
    };
    Ok(ConversationAccess { scope, unassigned })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_a_scope_with_or_without_the_unassigned() {
        assert_eq!(access("own-teams+unassigned"), Ok(ConversationAccess::own_teams()));
        assert_eq!(access("assigned"), Ok(ConversationAccess::assigned()));
        assert_eq!(access("all+unassigned"), Ok(ConversationAccess::all()));
        for wrong in ["", "own", "all+", "all+assigned", "all+unassigned+unassigned"] {
            assert!(access(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn roles_are_written_as_people_write_them() {
        assert_eq!(role("light-agent"), Ok(Role::LightAgent));
        assert_eq!(role("light_agent"), Ok(Role::LightAgent));
        assert!(role("owner").is_err());
        assert!(state("invited").is_err(), "an account cannot be made invited again");
    }
}
