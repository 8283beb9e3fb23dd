//! A small workspace with something in every view, and the levers that a browser test pulls: what
//! customers, colleagues and the network do meanwhile.

mod links;

use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use recado_client::{Clock as _, KeychainError, SystemClock};
use recado_protocol::account::SessionList;
use recado_protocol::channel::ChannelMessage;
use recado_protocol::host::Directory;
use recado_protocol::{Action, ConversationAccess, ConversationId, Priority, Role};
use recado_server::backend::TeammateChange;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::TestClient;
use crate::identity_provider::{IdentityProvider, Subject};
use crate::recording::Weather;
use crate::server::{Channel, Engine, Person, TestServer};

/// The workspace, the people and the customer's system.
pub struct Scenario {
    /// The server.
    pub server: TestServer,
    /// Who signs in to the UI under test: an agent of the teams Bank and Reservations.
    pub agent: Person,
    /// A colleague who sees everything, signed in headless.
    pub colleague: TestClient,
    /// The customer's system.
    pub shop: Channel,
    /// Each customer's conversation.
    pub conversations: Vec<Opened>,
}

/// A conversation that the scenario opened.
#[derive(Debug, Clone, Serialize)]
pub struct Opened {
    /// Whose it is.
    pub customer: &'static str,
    /// The conversation.
    pub conversation_id: ConversationId,
}

/// For how long the snoozed conversation is snoozed: no test sees it wake.
const SNOOZED_S: i64 = 2 * 24 * 3600;

const CUSTOMERS: &[(&str, Option<&str>, &[&str])] = &[
    (
        "Marta Téllez",
        Some("Reservations"),
        &["Hola, quiero reservar mesa para mañana a las 14:00.", "Seremos seis, tres parejas."],
    ),
    ("John Smith", Some("Bank"), &["My card was declined twice today.", "Anything yet?"]),
    ("王小雨", Some("Reservations"), &["你好，这个酒店是什么价位呀？"]),
    ("نور الهدى", Some("Bank"), &["مرحبا، هل يمكنني تغيير الرقم السري 4411؟"]),
    ("Priya Desai", Some("Bank"), &["Thanks, that worked!"]),
    ("Kai Lindqvist", None, &["Can I move my ride to 7:40?"]),
    ("Lena Novak", None, &["Is the viewing on Thursday still on?"]),
    ("Tom Okafor", Some("Reservations"), &["Please send the form again."]),
];

impl Scenario {
    /// Builds the workspace on a fresh server.
    pub async fn build(engine: Engine) -> anyhow::Result<Self> {
        let server = TestServer::start(engine).await?;
        let teams = ["Bank", "Reservations"];
        let agent =
            server.add("Ana Ruiz", Role::Agent, ConversationAccess::own_teams(), &teams).await?;
        let ben =
            server.add("Ben Okafor", Role::Admin, ConversationAccess::all(), &["Rides"]).await?;
        let shop = server.channel("Web shop").await?;
        let mut conversations = Vec::new();
        for &(customer, team, messages) in CUSTOMERS {
            let mut messages = messages.iter();
            let first = messages.next().copied().unwrap_or_default();
            let conversation_id = shop.open(customer, team, first).await?;
            for message in messages {
                shop.message(conversation_id, message).await?;
            }
            conversations.push(Opened { customer, conversation_id });
        }
        let colleague = TestClient::start().await?;
        colleague.sign_in(&server.join_link(), &ben).await?;
        let scenario = Self { server, agent, colleague, shop, conversations };
        scenario.furnish().await?;
        Ok(scenario)
    }

    /// Assigns, snoozes, closes and tags, so that every view holds something.
    async fn furnish(&self) -> anyhow::Result<()> {
        let of = |customer: &str| {
            let found = self.conversations.iter().find(|opened| opened.customer == customer);
            found.map(|opened| opened.conversation_id)
        };
        let admin_assignee_id = Some(self.agent.id);
        for customer in ["Marta Téllez", "John Smith", "Priya Desai"] {
            let Some(id) = of(customer) else { continue };
            self.colleague.submit(id, Action::ConversationAssign { admin_assignee_id }).await?;
        }
        if let Some(id) = of("John Smith") {
            let priority = Priority::Priority;
            self.colleague.submit(id, Action::ConversationPrioritize { priority }).await?;
            let tag = "card".to_owned();
            self.colleague.submit(id, Action::ConversationTagAdd { tag }).await?;
        }
        if let Some(id) = of("Tom Okafor") {
            let snoozed_until = SystemClock.now().plus_seconds(SNOOZED_S);
            self.colleague.submit(id, Action::ConversationSnooze { snoozed_until }).await?;
        }
        if let Some(id) = of("Priya Desai") {
            self.colleague.reply(id, "Glad to hear it. Have a nice day.").await?;
            self.colleague.submit(id, Action::ConversationClose).await?;
        }
        self.colleague.until_sent().await
    }
}

struct Levers {
    scenario: Scenario,
    ui: Arc<TestClient>,
    /// The agent's other machine.
    elsewhere: tokio::sync::Mutex<Option<TestClient>>,
    provider: tokio::sync::Mutex<Option<IdentityProvider>>,
}

/// What a lever was not pulled for.
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

/// The router of the levers, `POST /control/{lever}`, for the client behind the UI.
pub fn levers(scenario: Scenario, ui: Arc<TestClient>) -> Router {
    Router::new().route("/control/{lever}", post(pull)).with_state(Arc::new(Levers {
        scenario,
        ui,
        elsewhere: tokio::sync::Mutex::default(),
        provider: tokio::sync::Mutex::default(),
    }))
}

/// One lever with what it needs.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lever {
    /// The agent's next six-digit code.
    Code {},
    /// The agent's next six-digit code, of another authenticator with this secret.
    CodeOf { secret: String },
    /// The agent signs in on another machine.
    SignInElsewhere {},
    /// How it stands on that machine.
    Elsewhere {},
    /// From that machine the session of the UI's client is ended.
    EndHere { wipe: bool },
    /// Time passes for the server.
    ServerTime { seconds: i64 },
    /// A new conversation.
    Open { customer: String, team: Option<String>, text: String },
    /// A customer's message, as text or as HTML.
    Message { conversation_id: ConversationId, text: Option<String>, html: Option<String> },
    /// The colleague does something.
    Colleague { conversation_id: ConversationId, action: Action },
    /// A conversation as the colleague sees it.
    SeenByColleague { conversation_id: ConversationId },
    /// The colleague moves the conversation to a team, by its name.
    MoveTo { conversation_id: ConversationId, team: Option<String> },
    /// What the network of the UI's client does.
    Network { weather: String },
    /// What the keychain of the UI's client answers: `missing`, `locked`, or nothing wrong.
    Keychain { fault: Option<String> },
    /// Time passes for the UI's client alone, or goes back.
    Time { seconds: i64 },
    /// A conversation of many messages is imported.
    Import { customer: String, team: String, messages: u32 },
    /// A join link that names this server and another's authority.
    ForeignLink {},
    /// What the agent may do and see.
    Access { role: Option<Role>, access: Option<ConversationAccess> },
    /// Everything that the customer's system has received.
    Replies {},
    /// What was notified.
    Notifications {},
    /// The workspace trusts an identity provider from now on, at which the agent is signed in. With `refusal`, it sends
    /// people back with that error.
    Provider { refusal: bool },
    /// The page that the browser was sent to last.
    Page {},
    /// The colleague invites somebody.
    Invite { email: String, name: String },
    /// The colleague lets the agent set password, or both, anew.
    Reset { authenticator: bool },
    /// Agents are asked for an authenticator of their own, after so many days of grace; without days, they are not.
    RequireOwn { days: Option<u32> },
    /// Every open link is withdrawn.
    RevokeLinks {},
}

async fn pull(
    State(levers): State<Arc<Levers>>,
    Path(lever): Path<String>,
    Json(arguments): Json<Value>,
) -> Result<Json<Value>, Failed> {
    let Levers { scenario, ui, .. } = &*levers;
    let lever: Lever = serde_json::from_value(json!({ lever: arguments }))?;
    Ok(Json(match lever {
        Lever::Code {} => json!({ "code": scenario.agent.code()? }),
        Lever::CodeOf { secret } => {
            let mut agent = scenario.agent.clone();
            agent.totp_secret = secret;
            json!({ "code": agent.code()? })
        }
        Lever::SignInElsewhere {} => {
            let other = TestClient::start().await?;
            other.sign_in(&scenario.server.join_link(), &scenario.agent).await?;
            *levers.elsewhere.lock().await = Some(other);
            json!({})
        }
        Lever::Elsewhere {} => {
            let other = levers.elsewhere.lock().await;
            let other = other.as_ref().context("nobody has signed in elsewhere")?;
            serde_json::to_value(other.client().state())?
        }
        Lever::EndHere { wipe } => {
            let other = levers.elsewhere.lock().await;
            let other = other.as_ref().context("nobody has signed in elsewhere")?;
            let whose = json!({ "teammate_id": null });
            let listed: SessionList = other.ask("sessions", whose).await?;
            let here = listed.sessions.iter().filter(|session| !session.current);
            let ids: Vec<_> = here.map(|session| session.session_id).collect();
            let request = json!({ "teammate_id": null, "session_ids": ids, "wipe": wipe });
            other.ask("sessions_end", request).await?
        }
        Lever::ServerTime { seconds } => {
            scenario.server.clock().advance_seconds(seconds);
            json!({})
        }
        Lever::Open { customer, team, text } => {
            let id = scenario.shop.open(&customer, team.as_deref(), &text).await?;
            json!({ "conversation_id": id })
        }
        Lever::Message { conversation_id, text, html } => {
            let message =
                ChannelMessage { body_text: text, body_html: html, ..ChannelMessage::default() };
            serde_json::to_value(scenario.shop.add(conversation_id, message).await?)?
        }
        Lever::Colleague { conversation_id, action } => {
            scenario.colleague.submit(conversation_id, action).await?;
            scenario.colleague.until_sent().await?;
            json!({})
        }
        Lever::SeenByColleague { conversation_id } => {
            serde_json::to_value(scenario.colleague.open(conversation_id).await?)?
        }
        Lever::MoveTo { conversation_id, team } => {
            let directory: Directory = scenario.colleague.ask("directory", json!({})).await?;
            let found = directory.teams.iter().find(|known| Some(&known.name) == team.as_ref());
            let team_assignee_id = found.map(|team| team.id);
            let action = Action::ConversationAssignTeam { team_assignee_id };
            scenario.colleague.submit(conversation_id, action).await?;
            scenario.colleague.until_sent().await?;
            json!({})
        }
        Lever::Network { weather } => {
            ui.network.set_weather(match weather.as_str() {
                "fair" => Weather::Fair,
                "cut" => Weather::Cut,
                "answers_lost" => Weather::AnswersLost,
                "lost_from_next_command" => Weather::LostFromNextCommand,
                other => return Err(anyhow::anyhow!("there is no weather {other}").into()),
            });
            json!({})
        }
        Lever::Keychain { fault } => {
            ui.keychain.fail_always(match fault.as_deref() {
                None => None,
                Some("missing") => Some(KeychainError::NoService),
                Some("locked") => Some(KeychainError::Locked),
                Some(other) => return Err(anyhow::anyhow!("there is no fault {other}").into()),
            });
            json!({})
        }
        Lever::Time { seconds } => {
            ui.clock.advance_seconds(seconds);
            ui.client().network_changed();
            json!({})
        }
        Lever::Import { customer, team, messages } => {
            scenario.server.import(&customer, &team, messages).await?;
            json!({})
        }
        Lever::ForeignLink {} => {
            let other = TestServer::start(Engine::Sqlite).await?;
            let mut link = scenario.server.running().join_link().clone();
            link.ca_der.clone_from(&other.running().join_link().ca_der);
            json!({ "link": link.to_string() })
        }
        Lever::Access { role, access } => {
            let change = TeammateChange { role, access, ..TeammateChange::default() };
            scenario.server.change(&scenario.agent, change).await?;
            json!({})
        }
        Lever::Replies {} => serde_json::to_value(scenario.shop.replies().await?)?,
        Lever::Notifications {} => serde_json::to_value(ui.notifications.shown())?,
        Lever::Provider { refusal } => {
            let mut kept = levers.provider.lock().await;
            if kept.is_none() {
                let subject = Subject::new("ana", &scenario.agent.email);
                let provider = IdentityProvider::start(subject).await?;
                provider.conduct().asks = true;
                scenario.server.trust("Cactus ID", &provider).await?;
                *kept = Some(provider);
            }
            if let Some(provider) = &*kept {
                provider.conduct().refusal = refusal.then_some("access_denied");
            }
            json!({})
        }
        Lever::Invite { email, name } => {
            json!({ "link": scenario.invite(&email, &name).await? })
        }
        Lever::Reset { authenticator } => {
            json!({ "link": scenario.reset(authenticator).await? })
        }
        Lever::RequireOwn { days } => {
            let backend = scenario.server.running().backend();
            backend.require_own_factor(vec![Role::Agent], days).await?;
            json!({})
        }
        Lever::RevokeLinks {} => {
            scenario.revoke_links().await?;
            json!({})
        }
        Lever::Page {} => json!({ "url": ui.pages.newest() }),
    }))
}
