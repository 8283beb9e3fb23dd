//! Console commands, with a server and without one.

use std::os::unix::fs::PermissionsExt as _;

use recado_protocol::account::{SessionList, SessionStanding};
use recado_protocol::error::ErrorCode;
use recado_protocol::sync::{Bootstrap, Change, SyncPage};
use recado_protocol::{ConversationAccess, Role, Teammate, TeammateState, Workspace};
use recado_server::announcement::{AnnouncedAccount, Announcement};
use recado_server::backend::{
    AddedTeammate, BackendError, BackendSettings, DataLock, NewTeammate, TeammateChange,
};
use recado_server::console::{AddedChannel, Console, JoinLinkReply, Request};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::harness::{TestServer, body, code, databases};

fn new(email: &str) -> NewTeammate {
    NewTeammate {
        email: email.to_owned(),
        name: "Ana Ruiz".to_owned(),
        role: Role::Agent,
        access: ConversationAccess::own_teams(),
        teams: vec!["Billing".to_owned()],
        password: None,
    }
}

pub(crate) fn settings(server: &TestServer) -> BackendSettings {
    let mut settings = BackendSettings::new(server.data.path().join("data"));
    settings.password_cost = 4;
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_a_running_server() {
    let server = TestServer::start().await;
    let mut console = Console::open(settings(&server)).await.expect("a console");
    assert!(matches!(console, Console::Remote { .. }));
    let link: JoinLinkReply = console.ask(Request::JoinLink).await.expect("a link");
    assert_eq!(link.join_link, server.running.join_link().to_string());

    let request = Request::TeammateAdd { new: new("ana@inbox.example") };
    let added: AddedTeammate = console.ask(request).await.expect("added");
    assert_eq!(added.new_teams, ["Billing"]);
    assert!(added.credentials.password.is_some());
    assert!(added.credentials.totp_url.starts_with("otpauth://totp/"));

    let again = Request::TeammateAdd { new: new("ANA@inbox.example") };
    let refused = console.ask::<AddedTeammate>(again).await.expect_err("she is there already");
    assert!(
        matches!(&refused, BackendError::Refused(text) if text.contains("already")),
        "{refused}"
    );

    let weak = NewTeammate { password: Some("password".to_owned()), ..new("ben@inbox.example") };
    let refused = console.ask::<AddedTeammate>(Request::TeammateAdd { new: weak }).await;
    assert!(matches!(refused, Err(BackendError::Refused(_))));

    let change =
        TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
    let request = Request::TeammateSet { email: "ana@inbox.example".to_owned(), change };
    let changed: Teammate = console.ask(request).await.expect("changed");
    assert_eq!(changed.state, TeammateState::Suspended);

    let request = Request::ChannelAdd { name: "website".to_owned() };
    let channel: AddedChannel = console.ask(request).await.expect("a channel");
    let replies = server.get("/v1/channel/replies", &channel.channel_key).await;
    assert!(replies.status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_commands_work_on_the_data_itself_one_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = BackendSettings::new(directory.path().join("data"));
    settings.password_cost = 4;
    let mut console = Console::open(settings.clone()).await.expect("a console");
    assert!(matches!(console, Console::Local { .. }));
    let busy = Console::open(settings.clone()).await.err().expect("in use");
    assert!(matches!(busy, BackendError::InUse { .. }), "{busy}");
    let request = Request::TeammateAdd { new: new("ana@inbox.example") };
    console.ask::<AddedTeammate>(request).await.expect("added");
    let refused = console.ask::<JoinLinkReply>(Request::JoinLink).await.expect_err("no address");
    assert!(refused.to_string().contains("recado-server serve"), "{refused}");
    drop(console);
    assert!(DataLock::try_take(&settings.data_dir).expect("usable").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_owner_may_open_the_socket_and_it_goes_with_the_server() {
    let server = TestServer::start().await;
    let socket = server.running.admin_socket().to_owned();
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let directory = socket.parent().expect("the data directory");
    let mode = std::fs::metadata(directory).expect("a directory").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    server.running.stop().await;
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_socket_is_answered_with_a_sentence() {
    let server = TestServer::start().await;
    let stream =
        tokio::net::UnixStream::connect(server.running.admin_socket()).await.expect("a socket");
    let (reader, mut writer) = stream.into_split();
    let mut replies = BufReader::new(reader).lines();
    for nonsense in ["", "{", r#"{"command":"format_disk"}"#, r#"{"command":"channel_add"}"#] {
        writer.write_all(format!("{nonsense}\n").as_bytes()).await.expect("sent");
        let reply = replies.next_line().await.expect("readable").expect("a reply");
        assert!(reply.starts_with(r#"{"error":"#), "{reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_is_refused() {
    let server = TestServer::start().await;
    let second = recado_server::serve::ServeSettings {
        backend: settings(&server),
        ..recado_server::serve::ServeSettings::new("unused")
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = recado_server::serve::RunningServer::start(second, listener).await;
    assert!(matches!(refused, Err(BackendError::InUse { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_says_all_and_is_for_its_owner_only() {
    let server = TestServer::start().await;
    let added =
        server.running.backend().add_teammate(new("ana@inbox.example")).await.expect("added");
    let account = AnnouncedAccount::new(&added).expect("a made-up password");
    let announcement = Announcement::new(&server.running, vec![account], None);
    let path = server.data.path().join("announcement.json");
    announcement.write(&path).expect("written");
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).expect("readable");
    let read: Announcement = serde_json::from_str(&text).expect("JSON");
    assert!(read == announcement);
    assert!(read.join_link.starts_with("recado://join?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_from_the_console() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let signed_in = server.sign_in(&ana).await;
    let mut console = Console::open(settings(&server)).await.expect("a console");
    let request = Request::SessionList { email: ana.email.clone() };
    let listed: SessionList = console.ask(request).await.expect("listed");
    let ids: Vec<_> = listed.sessions.iter().map(|session| session.session_id).collect();
    assert_eq!(ids, [signed_in.session.session_id]);

    let end = |session_id, wipe| Request::SessionEnd { email: ana.email.clone(), session_id, wipe };
    let nobodys = "ses_01970000000070008000000000000000".parse().expect("an id");
    let refused = console.ask::<SessionList>(end(Some(nobodys), false)).await;
    assert!(matches!(refused, Err(BackendError::Refused(_))));
    let ended: SessionList = console.ask(end(None, false)).await.expect("ended");
    assert_eq!(ended.sessions[0].standing, SessionStanding::Ended);
    let answer = server.get("/v1/bootstrap", signed_in.token()).await;
    assert_eq!(code(answer).await, ErrorCode::SessionEnded);

    let wiped: SessionList = console.ask(end(Some(ids[0]), true)).await.expect("wiped");
    assert_eq!(wiped.sessions[0].standing, SessionStanding::WipePending);
    let answer = server.get("/v1/bootstrap", signed_in.token()).await;
    assert_eq!(code(answer).await, ErrorCode::SessionWiped);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_offline_lease_is_set_within_its_limits_and_told_to_every_machine() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let ana = server.sign_in(&ana).await;
        let begun: Bootstrap = body(server.get("/v1/bootstrap", ana.token()).await).await;
        assert_eq!(begun.workspace.offline_lease_s, 24 * 3_600);

        let mut console = Console::open(settings(&server)).await.expect("a console");
        for hours in [0, 169, u32::MAX] {
            let refused = console.ask::<Workspace>(Request::OfflineLeaseSet { hours }).await;
            assert!(matches!(refused, Err(BackendError::Refused(_))), "{hours} hours are taken");
        }
        for _ in 0..2 {
            let set: Workspace =
                console.ask(Request::OfflineLeaseSet { hours: 8 }).await.expect("set");
            assert_eq!(set.offline_lease_s, 8 * 3_600);
        }
        let shown: Workspace = console.ask(Request::OfflineLeaseShow).await.expect("shown");

        let path = format!("/v1/sync?log_id={}&cursor={}", begun.log_id, begun.cursor);
        let page: SyncPage = body(server.get(&path, ana.token()).await).await;
        assert_eq!(page.changes, [Change::Workspace { workspace: shown }], "told once");
        server.running.stop().await;
    }
}
