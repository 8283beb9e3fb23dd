//! `teammate invite`, `reset`, `links` and `revoke`: personal links.

use clap::{Args, ValueEnum};
use recado_protocol::enrolment::{
    EnrolmentKind, EnrolmentLink, EnrolmentLinks, LetterLanguage, LinkStanding, MadeLink,
};
use recado_protocol::{ConversationAccess, Role, Timestamp};
use recado_server::backend::{BackendError, LinkSettings, NewLink};
use recado_server::console::Request;

use super::super::data::Data;
use super::super::text::say;
use super::{access, role};

/// Invite somebody by a link
///
/// Prints a text ready to be mailed, with a link that is good once. Who opens it in the app chooses a password, sets up an
/// authenticator and is signed in. An older link for the same address is good for nothing from then on. The server must
/// be running.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server teammate invite ana@example.com --name 'Ana Ruiz' --role admin
  recado-server teammate invite ben@example.com --name Ben --team Billing --language es --hours 24")]
pub(in crate::cli) struct Invite {
    /// The e-mail address to sign in with
    email: String,
    /// The name that colleagues and customers see; the person may write it differently
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
    #[command(flatten)]
    letter: LetterArgs,
    #[command(flatten)]
    data: Data,
}

/// Let a teammate choose another password, by a link
///
/// Prints a text ready to be mailed, with a link that is good once. The teammate shows a code of the authenticator, or a
/// recovery code; with --authenticator it is set up anew as well. Once it is done, every other session of the account
/// ends. The server must be running.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  recado-server teammate reset ana@example.com
  recado-server teammate reset ana@example.com --authenticator --hours 4")]
pub(in crate::cli) struct Reset {
    /// The teammate's e-mail address
    email: String,
    /// The authenticator is lost as well. Make sure that it is really the teammate who asks
    #[arg(long)]
    authenticator: bool,
    #[command(flatten)]
    letter: LetterArgs,
    #[command(flatten)]
    data: Data,
}

/// List invitations and resets of the past 90 days
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server teammate links")]
pub(in crate::cli) struct Links {
    #[command(flatten)]
    data: Data,
}

/// Withdraw the open invitation or reset of an address
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  recado-server teammate revoke ana@example.com")]
pub(in crate::cli) struct Revoke {
    /// The e-mail address
    email: String,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Args)]
struct LetterArgs {
    /// For how many hours the link is good; 72 at most
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=72))]
    hours: u32,
    /// The language of the text
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// English
    En,
    /// Spanish
    Es,
}

impl LetterArgs {
    fn settings(&self) -> LinkSettings {
        LinkSettings {
            expires_in_s: Some(self.hours * 3_600),
            language: match self.language {
                Language::En => LetterLanguage::En,
                Language::Es => LetterLanguage::Es,
            },
        }
    }
}

impl Invite {
    pub(in crate::cli) async fn run(self) -> Result<(), BackendError> {
        let Self { email, name, role, access, teams, letter, data } = self;
        let access = access.unwrap_or_else(|| ConversationAccess::usual(role));
        let new = NewLink::Invitation { name, role, access, teams };
        make(&data, email, new, &letter).await
    }
}

impl Reset {
    pub(in crate::cli) async fn run(self) -> Result<(), BackendError> {
        let Self { email, authenticator, letter, data } = self;
        make(&data, email, NewLink::Reset { authenticator }, &letter).await
    }
}

async fn make(
    data: &Data,
    email: String,
    new: NewLink,
    letter: &LetterArgs,
) -> Result<(), BackendError> {
    let request = Request::LinkMake { email, new, settings: letter.settings() };
    let made: MadeLink = data.console().await?.ask(request).await?;
    say(&format!("The text for {}; it is shown this once:\n", made.enrolment.email));
    say(&made.letter);
    Ok(())
}

impl Links {
    pub(in crate::cli) async fn run(self) -> Result<(), BackendError> {
        let list: EnrolmentLinks = self.data.console().await?.ask(Request::LinkList).await?;
        if list.links.is_empty() {
            say("There is no link.");
        }
        list.links.iter().for_each(|link| say(&line(link)));
        Ok(())
    }
}

impl Revoke {
    pub(in crate::cli) async fn run(self) -> Result<(), BackendError> {
        let request = Request::LinkRevoke { email: self.email.clone() };
        let kind: EnrolmentKind = self.data.console().await?.ask(request).await?;
        say(&format!("Withdrew the {} for {}.", kind_name(kind), self.email));
        Ok(())
    }
}

fn kind_name(kind: EnrolmentKind) -> &'static str {
    match kind {
        EnrolmentKind::Invitation => "invitation",
        EnrolmentKind::PasswordReset => "password reset",
        EnrolmentKind::AccountReset => "account reset",
        EnrolmentKind::OwnAuthenticator | EnrolmentKind::Unknown => "link",
    }
}

fn line(link: &EnrolmentLink) -> String {
    let standing = match link.standing {
        LinkStanding::Open => "open",
        LinkStanding::Used => "used",
        LinkStanding::Revoked => "withdrawn",
        LinkStanding::Replaced => "replaced",
        LinkStanding::Expired => "expired",
        LinkStanding::Unknown => "unknown",
    };
    let role = link.role.name().replace('_', "-");
    let made_by = link.made_by.map_or_else(|| "console".to_owned(), |id| id.to_string());
    format!(
        "{standing}  {}  {} <{}>  {role}  made {} by {made_by}  good until {}",
        kind_name(link.kind),
        link.name,
        link.email,
        time(link.created_at),
        time(link.expires_at),
    )
}

fn time(time: Timestamp) -> String {
    jiff::Timestamp::from_second(time.as_seconds())
        .map_or_else(|_| "unknown".to_owned(), |time| time.to_string())
}
