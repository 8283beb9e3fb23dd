//! `sso`.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use recado_protocol::Role;
use recado_server::backend::{
    BackendError, GroupMapping, NewProvider, ProviderReport, ProviderTest,
};
use recado_server::console::{Done, MappedGroup, Request};

use super::data::Data;
use super::text::say;

/// The longest file that is read for a secret or for certificates, in bytes.
const LONGEST_FILE: u64 = 262_144;

/// Let people in by your company's own sign-in (OpenID Connect)
#[derive(Debug, Subcommand)]
pub(super) enum Sso {
    Add(Add),
    List(List),
    Test(Test),
    Remove(Remove),
    MapGroup(MapGroup),
    Only(Only),
}

/// Add an identity provider
///
/// Prints the two addresses that have to be entered at the provider. Look with `recado-server sso test` whether it can be
/// used. The browser has to trust the server's certificate, so the server needs one that it does (--tls-cert).
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server sso add Keycloak --issuer https://id.example.com/realms/main --client-id recado \\
      --secret-file client-secret.txt --domain example.com --make-accounts --groups-claim groups
  pass show recado/oidc | recado-server sso add Okta --issuer https://example.okta.com --client-id 0oa1 --secret-stdin")]
pub(super) struct Add {
    /// What people call it; stands on the button
    name: String,
    /// The issuer, exactly as the provider's own tokens name it
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// What the provider calls this server
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// A file with the secret that the provider gave to this server
    #[arg(long, value_name = "FILE", required_unless_present = "secret_stdin")]
    secret_file: Option<PathBuf>,
    /// Read that secret from standard input instead
    #[arg(long, conflicts_with = "secret_file")]
    secret_stdin: bool,
    /// A PEM file with the authorities that sign the provider's certificate, where the system does not know them
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A domain of addresses that the provider vouches for. May be given more than once
    ///
    /// Without one it is offered to every address, and neither makes nor links accounts.
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// The claim that lists somebody's groups, for `sso map-group`
    #[arg(long, value_name = "CLAIM")]
    groups_claim: Option<String>,
    /// Make an account for whoever comes with a verified address of one of the domains
    #[arg(long)]
    make_accounts: bool,
    /// Let a verified address of one of the domains take over the account that has it
    ///
    /// Whoever can set addresses at the provider can then sign in as anybody with such an address.
    #[arg(long)]
    link_by_verified_email: bool,
    #[command(flatten)]
    data: Data,
}

/// List the identity providers
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    data: Data,
}

/// Look whether an identity provider can be used
#[derive(Debug, Args)]
pub(super) struct Test {
    /// The provider's name
    name: String,
    #[command(flatten)]
    data: Data,
}

/// Remove an identity provider
///
/// The sessions that began with it end. The teammates stay, without a way in until they have another one.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The provider's name
    name: String,
    #[command(flatten)]
    data: Data,
}

/// Say which role and team a group of the provider gives
///
/// Holds from each member's next sign-in on. Whoever is in several groups gets the highest of their roles. Without --role
/// and --team the group gives nothing any more.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server sso map-group Keycloak support-leads --role admin
  recado-server sso map-group Keycloak billing --role agent --team Billing")]
pub(super) struct MapGroup {
    /// The provider's name
    name: String,
    /// The group as the provider spells it
    group: String,
    /// The role that it gives: admin, agent or light-agent
    #[arg(long, value_parser = super::teammate::role)]
    role: Option<Role>,
    /// The team that it puts its members into; made if it does not exist
    #[arg(long)]
    team: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Make single sign-on the only way in, or one among others
///
/// One admin keeps the right to use a password, for the day on which the provider is broken. Sessions of everybody else
/// that began with a password end.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server sso only on --owner ana@example.com
  recado-server sso only off")]
pub(super) struct Only {
    /// Whether it is the only way in
    switch: Switch,
    /// The address of the admin whose password counts all the same
    #[arg(long, value_name = "EMAIL", required_if_eq("switch", "on"))]
    owner: Option<String>,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// It is
    On,
    /// It is not
    Off,
}

impl Sso {
    pub(super) async fn run(self) -> Result<(), BackendError> {
        match self {
            Self::Add(add) => add.run().await,
            Self::List(list) => list.run().await,
            Self::Test(test) => test.run().await,
            Self::Remove(remove) => remove.run().await,
            Self::MapGroup(map) => map.run().await,
            Self::Only(only) => only.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), BackendError> {
        let client_secret = match &self.secret_file {
            Some(path) => read_file(path)?,
            None => read_secret()?,
        };
        let ca_pem = self.ca_file.as_deref().map(read_file).transpose()?;
        let new = Box::new(NewProvider {
            name: self.name,
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret,
            ca_pem,
            domains: self.domains,
            groups_claim: self.groups_claim,
            makes_accounts: self.make_accounts,
            link_by_verified_email: self.link_by_verified_email,
        });
        let added: ProviderReport = self.data.console().await?.ask(Request::SsoAdd { new }).await?;
        say(&format!("Added {}. Enter these addresses there:", added.name));
        say(&format!("Redirect URI:            {}", added.callback_url));
        say(&format!("Back-channel logout URI: {}", added.logout_url));
        say(&format!("Then look whether it can be used: recado-server sso test '{}'", added.name));
        Ok(())
    }
}

impl List {
    async fn run(self) -> Result<(), BackendError> {
        let all: Vec<ProviderReport> = self.data.console().await?.ask(Request::SsoList).await?;
        if all.is_empty() {
            say("There is no identity provider. Add one with `recado-server sso add`.");
        }
        for provider in all {
            say(&format!("{}: {} as {}", provider.name, provider.issuer, provider.client_id));
            let domains = provider.domains.join(", ");
            say(&format!("  domains:  {}", if domains.is_empty() { "any" } else { &domains }));
            say(&format!("  accounts: {}", accounts(&provider)));
            say(&format!("  redirect: {}", provider.callback_url));
            say(&format!("  logout:   {}", provider.logout_url));
            for rule in &provider.groups {
                say(&format!("  group {}: {}", rule.group, meaning(rule)));
            }
        }
        Ok(())
    }
}

impl Test {
    async fn run(self) -> Result<(), BackendError> {
        let request = Request::SsoTest { name: self.name };
        let test: ProviderTest = self.data.console().await?.ask(request).await?;
        test.findings.iter().for_each(|finding| say(finding));
        Ok(())
    }
}

impl Remove {
    async fn run(self) -> Result<(), BackendError> {
        let request = Request::SsoRemove { name: self.name };
        let _: Done = self.data.console().await?.ask(request).await?;
        say("Removed. The sessions that it vouched for have ended.");
        Ok(())
    }
}

impl MapGroup {
    async fn run(self) -> Result<(), BackendError> {
        let mapping = GroupMapping { group: self.group, role: self.role, team: self.team };
        let sentence = format!("The group {} stands for: {}.", mapping.group, meaning(&mapping));
        let request = Request::SsoMapGroup { name: self.name, mapping };
        let mapped: MappedGroup = self.data.console().await?.ask(request).await?;
        for team in &mapped.new_teams {
            say(&format!("Made the team {team}."));
        }
        say(&sentence);
        Ok(())
    }
}

impl Only {
    async fn run(self) -> Result<(), BackendError> {
        let owner = self.owner.filter(|_| self.switch == Switch::On);
        let sentence = match &owner {
            Some(owner) => {
                format!("Single sign-on is the only way in. Only {owner} may use a password.")
            }
            None => "Passwords are a way in for everybody who has one.".to_owned(),
        };
        let _: Done = self.data.console().await?.ask(Request::SsoOnly { owner }).await?;
        say(&sentence);
        Ok(())
    }
}

fn accounts(provider: &ProviderReport) -> &'static str {
    match (provider.makes_accounts, provider.link_by_verified_email) {
        (true, true) => "made, and linked by verified address",
        (true, false) => "made",
        (false, true) => "linked by verified address",
        (false, false) => "neither made nor linked",
    }
}

fn meaning(rule: &GroupMapping) -> String {
    let role = rule.role.map(|role| format!("role {}", role.name().replace('_', "-")));
    let team = rule.team.as_ref().map(|team| format!("team {team}"));
    match [role, team].into_iter().flatten().collect::<Vec<_>>() {
        parts if parts.is_empty() => "nothing".to_owned(),
        parts => parts.join(", "),
    }
}

fn read_file(path: &Path) -> Result<String, BackendError> {
    let failed = |source| BackendError::Network {
        what: format!("{} cannot be read", path.display()),
        source,
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed)?;
    Ok(text.trim().to_owned())
}

fn read_secret() -> Result<String, BackendError> {
    let input = std::io::stdin();
    if input.is_terminal() {
        return Err(BackendError::Refused(
            "the terminal would show the secret; pipe it in, as in `pass show … | recado-server …`"
                .to_owned(),
        ));
    }
    let mut text = String::new();
    input.lock().take(LONGEST_FILE).read_to_string(&mut text).map_err(|source| {
        BackendError::Network {
            what: "the secret cannot be read from standard input".to_owned(),
            source,
        }
    })?;
    Ok(text.trim().to_owned())
}
