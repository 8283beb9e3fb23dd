//! A server in memory: one account, a few conversations.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _, sink, stream};
use recado_protocol::command::{CommandsRequest, CommandsResponse};
use recado_protocol::host::{AppState, ManagedPolicy, Phase};
use recado_protocol::identity::{ServerInfo, Session, SignInStep};
use recado_protocol::live::LiveTicket;
use recado_protocol::sync::{Bootstrap, HeadPage, ScopeDigest, SyncPage, digest};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::{
    ApiError, AuthorType, CommandOutcome, CommandResult, Contact, ContactId, ConversationAccess,
    ConversationHead, ConversationId, ConversationState, ErrorCode, LogId, Priority, Role,
    SessionId, Teammate, TeammateId, TeammateState, Timestamp, Workspace, WorkspaceId,
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, ClientOptions};
use crate::clock::{Clock as _, SystemClock};
use crate::keychain::{MemoryKeychain, SLOW_AFTER};
use crate::links::Opener;
use crate::notification::NoNotifier;
use crate::policy::PolicySource;
use crate::random::SystemRandom;
use crate::transport::{
    LiveStream, Request, Response, ServerAddress, Transport, TransportError, Transports,
};

pub(super) const PASSWORD: &str = "correct horse battery staple";
pub(super) const CODE: &str = "123456";
/// The secret of a personal link.
pub(super) const SECRET: &str = "rct_i_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(super) const PROVIDER: &str = "idp_00000000000000000000000000000001";

/// Remembers which pages the browser was sent to.
#[derive(Default)]
pub(super) struct Pages(Mutex<Vec<String>>);

impl Pages {
    pub(super) fn opened(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Opener for Pages {
    fn open(&self, url: &url::Url) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(url.to_string());
        Ok(())
    }
}

pub(super) fn workspace_id() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(1))
}

pub(super) fn teammate_id() -> TeammateId {
    TeammateId::from_uuid(Uuid::from_u128(1))
}

pub(super) fn conversation_id() -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(7))
}

#[derive(Default)]
pub(super) struct State {
    pub(super) unreachable: bool,
    pub(super) ended: bool,
    pub(super) wiped: bool,
    /// Another teammate signs in from now on.
    pub(super) other: bool,
    pub(super) behind_s: i64,
    pub(super) commands: Vec<recado_protocol::Command>,
    pub(super) ended_by_client: bool,
    pub(super) next_answers: VecDeque<ErrorCode>,
    /// The single sign-on that was begun last, as it was asked for.
    pub(super) sso: Value,
    /// For how long its browser is awaited, in seconds.
    pub(super) sso_for_s: Option<u32>,
    /// Where its browser is sent.
    pub(super) sso_page: Option<&'static str>,
    /// How often somebody came for its session.
    pub(super) sso_completed: usize,
    /// The personal link as the server has it: what was asked last, by path.
    pub(super) enrolment: std::collections::BTreeMap<String, Value>,
    /// Whether the personal link lets a present authenticator stay.
    pub(super) keeps_authenticator: bool,
    /// The next answer to this path is lost, after it took effect.
    pub(super) lost: Option<&'static str>,
    /// Whoever signs in has to set up an authenticator first.
    pub(super) must_set_up: bool,
    /// Answered in place of what this path would.
    pub(super) instead: std::collections::HashMap<&'static str, Value>,
}

/// A server in memory. Clones are the same server.
#[derive(Clone, Default)]
pub(super) struct Server(Arc<Mutex<State>>);

impl Server {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(-self.state().behind_s)
    }

    fn answer(&self, request: &Request) -> Response {
        if let Some(code) = self.state().next_answers.pop_front() {
            return refuse(code);
        }
        let body = request
            .body
            .as_ref()
            .map_or(Value::Null, |body| serde_json::from_slice(body).expect("a body is JSON"));
        match request.path.as_str() {
            "/v1/server" => ok(&ServerInfo {
                workspace_id: workspace_id(),
                workspace_name: "Example".to_owned(),
                version: "1".to_owned(),
                server_time: self.now(),
            }),
            "/v1/sign-in" if body["password"] == PASSWORD => ok(&SignInStep {
                flow: "flow".to_owned(),
                expires_in_s: 300,
                server_time: self.now(),
            }),
            "/v1/sign-in" => refuse(ErrorCode::InvalidCredentials),
            "/v1/sign-in/totp" if body["code"] == CODE => {
                self.state().ended = false;
                ok(&self.session())
            }
            "/v1/sign-in/totp" => refuse(ErrorCode::InvalidCode),
            path if path.starts_with("/v1/enrolment") => self.enrolment(path, body),
            _ if self.state().wiped => refuse(ErrorCode::SessionWiped),
            path if path.starts_with("/v1/sign-in/") => self.sso(path, body),
            _ if self.state().ended => refuse(ErrorCode::SessionEnded),
            "/v1/session/refresh" => ok(&self.session()),
            _ if request.access_token.is_none() => refuse(ErrorCode::SessionEnded),
            "/v1/session" => {
                self.state().ended_by_client = true;
                ok(&json!({}))
            }
            path => self.inbox(path, body),
        }
    }

    fn sso(&self, path: &str, body: Value) -> Response {
        match path {
            "/v1/sign-in/ways" => ok(&json!({
                "password": true,
                "providers": [{ "id": PROVIDER, "name": "Cactus ID" }],
                "has_providers": true,
            })),
            "/v1/sign-in/sso" => {
                let mut state = self.state();
                state.sso = body;
                ok(&json!({
                    "flow": "flow",
                    "authorization_url": state.sso_page.unwrap_or("https://id.example/authorize?a=1"),
                    "expires_in_s": state.sso_for_s.unwrap_or(180),
                }))
            }
            "/v1/sign-in/sso/complete" => {
                self.state().sso_completed += 1;
                let verifier = body["code_verifier"].as_str().expect("a verifier");
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
                let fits = self.state().sso["code_challenge"] == challenge
                    && body["flow"] == "flow"
                    && body["code"] == "the-code";
                if fits { ok(&self.session()) } else { refuse(ErrorCode::SsoFailed) }
            }
            _ => refuse(ErrorCode::NotFound),
        }
    }

    fn enrolment(&self, path: &str, body: Value) -> Response {
        assert_eq!(body["secret"], SECRET);
        let mut state = self.state();
        let before = state.enrolment.insert(path.to_owned(), body.clone());
        let chosen = state.enrolment.contains_key("/v1/enrolment/password");
        let completed = match path {
            "/v1/enrolment/complete" => before.is_some_and(|before| before["used"] == true),
            _ => state.enrolment.get("/v1/enrolment/complete").is_some_and(|it| it["used"] == true),
        };
        let keeps = state.keeps_authenticator;
        drop(state);
        match path {
            "/v1/enrolment/complete" => {
                let right = body["factor"]["code"] == CODE;
                if !right && !completed {
                    return refuse(ErrorCode::InvalidCode);
                }
                self.state().enrolment.insert(path.to_owned(), json!({ "used": true }));
                ok(&self.session())
            }
            _ if completed => refuse(ErrorCode::PersonalLinkInvalid),
            "/v1/enrolment/password/check" => {
                ok(&json!({ "issues": [{ "issue": "common" }], "score": 0, "hint": null }))
            }
            _ => ok(&json!({
                "kind": if keeps { "password_reset" } else { "invitation" },
                "workspace_name": "Example",
                "invited_by": "Mia",
                "email": "ana@example.com",
                "name": "Ana",
                "expires_at": self.now().plus_seconds(3_600),
                "password_chosen": chosen,
                "authenticator": (chosen && !keeps).then(|| json!({
                    "secret": "GEZDGNBVGY3TQOJQ",
                    "otpauth_url": "otpauth://totp/Recado:ana?secret=GEZDGNBVGY3TQOJQ&issuer=Recado",
                    "expires_in_s": 3_600,
                })),
                "server_time": self.now(),
            })),
        }
    }

    fn session(&self) -> Session {
        let must_set_up_authenticator = self.state().must_set_up;
        Session {
            session_id: SessionId::from_uuid(Uuid::from_u128(1)),
            teammate_id: TeammateId::from_uuid(Uuid::from_u128(if self.state().other {
                2
            } else {
                1
            })),
            access_token: "access-token".to_owned(),
            expires_in_s: 300,
            must_set_up_authenticator,
            server_time: self.now(),
        }
    }

    fn inbox(&self, path: &str, body: Value) -> Response {
        let log_id = LogId::from_uuid(Uuid::from_u128(1));
        if let Some(answer) = self.state().instead.get(path) {
            return ok(answer);
        }
        match path {
            "/v1/bootstrap" => ok(&self.bootstrap(log_id)),
            "/v1/sync" => ok(&SyncPage {
                log_id,
                epoch: 1,
                after: 10,
                cursor: 10,
                more: false,
                server_time: self.now(),
                changes: Vec::new(),
            }),
            "/v1/conversations" => ok(&HeadPage {
                log_id,
                epoch: 1,
                cursor: 10,
                heads: vec![head()],
                contacts: vec![contact()],
                read_marks: Vec::new(),
                next: None,
            }),
            "/v1/digest" => ok(&ScopeDigest {
                log_id,
                epoch: 1,
                cursor: 10,
                count: 1,
                digest: digest([(head().id, head().version)]),
            }),
            "/v1/account/authenticator" => ok(&json!({
                "secret": "GEZDGNBVGY3TQOJQ",
                "otpauth_url": "otpauth://totp/Recado:ana?secret=GEZDGNBVGY3TQOJQ&issuer=Recado",
                "expires_in_s": 600,
            })),
            "/v1/account/authenticator/confirm" if body["code"] == CODE => {
                self.state().must_set_up = false;
                ok(&json!({}))
            }
            "/v1/account/authenticator/confirm" => refuse(ErrorCode::InvalidCode),
            _ if self.state().must_set_up => refuse(ErrorCode::AuthenticatorRequired),
            "/v1/account/recovery-codes" => ok(&json!({ "codes": ["abcd-2345"] })),
            "/v1/live/ticket" => ok(&LiveTicket { ticket: "t".to_owned(), expires_in_s: 30 }),
            "/v1/commands" => {
                let request: CommandsRequest = serde_json::from_value(body).expect("commands");
                let results = request.commands.iter().map(|command| CommandResult {
                    id: command.id,
                    outcome: CommandOutcome::Applied { version: 11, part_id: None },
                });
                let answer = CommandsResponse { log_id, results: results.collect() };
                self.state().commands.extend(request.commands);
                ok(&answer)
            }
            _ => refuse(ErrorCode::NotFound),
        }
    }

    fn bootstrap(&self, log_id: LogId) -> Bootstrap {
        let access = OwnAccess {
            epoch: 1,
            role: Role::Agent,
            state: TeammateState::Active,
            team_ids: Vec::new(),
            conversation_access: ConversationAccess::all(),
        };
        Bootstrap {
            log_id,
            cursor: 10,
            server_time: self.now(),
            workspace: Workspace {
                id: workspace_id(),
                name: "Example".to_owned(),
                offline_lease_s: 86_400,
                version: 1,
            },
            me: Teammate {
                id: TeammateId::from_uuid(Uuid::from_u128(1)),
                name: "Ana".to_owned(),
                email: "ana@example.com".to_owned(),
                role: Role::Agent,
                state: TeammateState::Active,
                created_at: Timestamp::from_seconds(1),
                version: 1,
            },
            access,
            teammates: Vec::new(),
            teams: Vec::new(),
        }
    }
}

fn head() -> ConversationHead {
    ConversationHead {
        id: conversation_id(),
        contact_id: contact().id,
        title: None,
        state: ConversationState::Open,
        snoozed_until: None,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: Vec::new(),
        waiting_since: None,
        created_at: Timestamp::from_seconds(1),
        last_part_at: Timestamp::from_seconds(2),
        preview: "Hello".to_owned(),
        preview_author: AuthorType::Contact,
        preview_is_note: false,
        part_count: 1,
        contact_part_count: 1,
        version: 5,
    }
}

fn contact() -> Contact {
    Contact {
        id: ContactId::from_uuid(Uuid::from_u128(7)),
        external_id: None,
        name: Some("Ben".to_owned()),
        email: None,
        phone: None,
        language: None,
        created_at: Timestamp::from_seconds(1),
        version: 1,
    }
}

fn ok(body: &impl Serialize) -> Response {
    Response { status: 200, body: serde_json::to_vec(body).expect("JSON"), retry_after_s: None }
}

fn refuse(code: ErrorCode) -> Response {
    let body = serde_json::to_vec(&ApiError::new(code, "no")).expect("JSON");
    Response { status: 401, body, retry_after_s: None }
}

impl Transports for Server {
    fn connect(&self, _: &ServerAddress) -> Result<Arc<dyn Transport>, TransportError> {
        Ok(Arc::new(self.clone()))
    }
}

impl Transport for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            if self.state().unreachable {
                return Err(TransportError::Unreachable);
            }
            let answer = self.answer(&request);
            if self.state().lost.take_if(|lost| *lost == request.path).is_some() {
                return Err(TransportError::Unreachable);
            }
            Ok(answer)
        })
    }

    fn open_live(&self, _: String) -> BoxFuture<'_, Result<LiveStream, TransportError>> {
        Box::pin(async move {
            if self.state().unreachable {
                return Err(TransportError::Unreachable);
            }
            let requests = sink::drain().sink_map_err(|_| TransportError::Unreachable);
            Ok(LiveStream { frames: stream::pending().boxed(), requests: Box::pin(requests) })
        })
    }
}

/// A client on a folder, a keychain and a server that the test keeps.
pub(super) struct Desk {
    pub(super) server: Server,
    pub(super) keychain: MemoryKeychain,
    pub(super) folder: tempfile::TempDir,
    pub(super) pages: Arc<Pages>,
    /// What the organisation has fixed.
    pub(super) policy: ManagedPolicy,
    /// Where it stands, if it is to be read from files.
    pub(super) policy_folder: Option<std::path::PathBuf>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            server: Server::default(),
            keychain: MemoryKeychain::new(),
            folder: tempfile::tempdir().expect("a folder"),
            pages: Arc::default(),
            policy: ManagedPolicy::default(),
            policy_folder: None,
        }
    }

    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    fn policy_source(&self) -> Arc<dyn PolicySource> {
        #[cfg(unix)]
        if let Some(folder) = &self.policy_folder {
            use std::os::unix::fs::MetadataExt as _;
            let owner = std::fs::metadata(folder).expect("the folder").uid();
            return Arc::new(crate::policy::PolicyFolder::at(folder, owner));
        }
        Arc::new(self.policy.clone())
    }

    pub(super) async fn start(&self) -> Client {
        let options = ClientOptions {
            data_dir: self.dir().to_owned(),
            downloads_dir: self.dir().to_owned(),
            policy: self.policy_source(),
            keychain: Arc::new(self.keychain.clone()),
            keychain_slow_after: SLOW_AFTER,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            transports: Arc::new(self.server.clone()),
            notifier: Arc::new(NoNotifier),
            opener: self.pages.clone(),
            pages_without_tls: false,
            note_held_s: 0,
            device_name: "Desk".to_owned(),
            app_version: "0.0.0".to_owned(),
        };
        Client::start(options).await.expect("the client starts")
    }

    /// A client that joined and signed in, with its inbox.
    pub(super) async fn signed_in(&self) -> Client {
        let client = self.start().await;
        until(&client, |state| state.phase == Phase::Join).await;
        join(&client).await;
        sign_in(&client).await;
        client
    }
}

pub(super) async fn join(client: &Client) {
    let link = format!("recado://join?url=https://desk.example&workspace={}", workspace_id());
    let state = client.invoke("workspace_join", json!({ "link": link })).await.expect("joined");
    assert_eq!(state["phase"], "sign_in");
}

pub(super) async fn password(client: &Client) {
    let request = json!({ "email": " Ana@Example.com ", "password": PASSWORD });
    let state = client.invoke("sign_in", request).await.expect("the password is right");
    assert_eq!(state["phase"], "code");
}

pub(super) async fn sign_in(client: &Client) {
    password(client).await;
    client.invoke("sign_in_code", json!({ "code": "123 456" })).await.expect("the code is right");
    until(client, |state| state.phase == Phase::Ready).await;
}

/// Waits until the state is as wanted.
pub(super) async fn until(client: &Client, wanted: impl Fn(&AppState) -> bool) -> AppState {
    let mut events = client.events();
    let waiting = async {
        loop {
            let state = client.state();
            if wanted(&state) {
                return state;
            }
            // Whatever happened, the state is looked at again.
            let _ = events.recv().await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(30), waiting).await {
        Ok(state) => state,
        Err(_) => panic!("the state never came; it is {:?}", client.state()),
    }
}
