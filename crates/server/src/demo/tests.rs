use std::collections::BTreeMap;
use std::time::Duration;

use recado_protocol::sync::HeadQuery;
use recado_protocol::{ConversationState, Part, PartType, Priority, TeammateId};

use super::plan::{Scene, Stand};
use super::*;
use crate::core::Principal;
use crate::sync;

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a free port")
}

fn settings() -> DemoSettings {
    DemoSettings { password_cost: 4, ..DemoSettings::default() }
}

fn planned() -> Plan {
    // The mix does not depend on the time.
    let now = recado_protocol::Timestamp::from_seconds(1_800_000_000);
    plan::plan(conversations::shipped(now).expect("the shipped conversations"), now)
}

async fn principal(demo: &Demo, person: Person) -> Principal {
    let backend = demo.server().backend();
    let teammate_id: TeammateId = backend.teammate_id(person.email()).await.expect("a teammate");
    Principal { workspace_id: backend.workspace_id(), teammate_id }
}

/// A conversation as somebody's list has it.
struct Listed {
    head: recado_protocol::ConversationHead,
    unread: bool,
}

/// Every conversation that `person` sees, by its state.
async fn heads(demo: &Demo, person: Person, state: ConversationState) -> Vec<Listed> {
    let who = principal(demo, person).await;
    let core = demo.server().backend().core();
    let mut query = HeadQuery { state, contact_id: None, after: None, limit: None };
    let mut heads = Vec::new();
    loop {
        let page = sync::heads(core, who, &query).await.expect("a page");
        let read: BTreeMap<_, _> = page
            .read_marks
            .iter()
            .map(|mark| (mark.conversation_id, mark.contact_parts_read))
            .collect();
        heads.extend(page.heads.into_iter().map(|head| {
            let unread = head.contact_part_count > read.get(&head.id).copied().unwrap_or(0);
            Listed { head, unread }
        }));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return heads,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_is_a_busy_workspace_in_which_everybody_sees_their_own() {
    let demo =
        Demo::start(DemoSettings { pace: None, ..settings() }, listener()).await.expect("a demo");
    let now = demo.server().backend().core().now();
    let open = heads(&demo, Person::Ana, ConversationState::Open).await;
    let snoozed = heads(&demo, Person::Ana, ConversationState::Snoozed).await;
    let closed = heads(&demo, Person::Ana, ConversationState::Closed).await;
    assert!((210..=240).contains(&open.len()), "{}", open.len());
    assert!((25..=30).contains(&snoozed.len()), "{}", snoozed.len());
    assert!((700..=800).contains(&closed.len()), "{}", closed.len());
    assert!(open.iter().any(|it| it.head.priority == Priority::Priority));
    assert!(open.iter().any(|it| it.head.preview_is_note));
    assert!(open.iter().any(|it| it.head.waiting_since.is_none()));
    assert!(closed.iter().all(|it| !it.unread));
    assert!(closed.iter().all(|it| it.head.waiting_since.is_none()));
    let newest = open.iter().map(|it| it.head.last_part_at).max().expect("conversations");
    assert!(newest <= now && newest > now.plus_seconds(-600));

    let mut seen = BTreeMap::new();
    for person in Person::ALL.iter().copied() {
        seen.insert(person, heads(&demo, person, ConversationState::Open).await.len());
    }
    for person in [Person::Ben, Person::Mei, Person::Jonas, Person::Priya] {
        assert!(seen[&person] > 0 && seen[&person] < seen[&Person::Ana], "{seen:?}");
    }

    let unread = open.iter().filter(|listed| listed.unread).count();
    assert!((40..=150).contains(&unread), "{unread}");
    demo.run(std::future::ready(())).await.expect("a clean end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_customers_have_yet_to_say_arrives_once_however_often_they_start_over() {
    let mut demo =
        Demo::start(DemoSettings { pace: None, ..settings() }, listener()).await.expect("a demo");
    let Plan { scenes, newcomers } = planned();
    let waiting: Vec<Scene> =
        scenes.into_iter().filter(|scene| !scene.held_back.is_empty()).take(6).collect();
    let newcomers: Vec<_> = newcomers.into_iter().take(2).collect();
    let key = Zeroizing::new(demo.announcement.channel_key.clone().expect("a key"));
    let address = demo.server().address();

    // The first try is broken off at some point, the second and third go to the end.
    for patience in [Duration::from_millis(60), Duration::from_secs(60), Duration::from_secs(60)] {
        let client = client(demo.server(), address, key.clone()).expect("a client");
        let mut writers = Vec::new();
        for scene in &waiting {
            let id = conversation_of(&demo, &scene.record.source_id).await;
            writers.push(Writer::new(id, &scene.record.source_id, scene.held_back.clone()));
        }
        let customers = Customers::new(client, 10_000.0, writers, newcomers.clone());
        let ended = tokio::time::timeout(patience, customers.run()).await;
        assert!(ended.is_ok() || patience < Duration::from_secs(1), "the customers are stuck");
    }

    for scene in &waiting {
        let said = customer_said(&demo, &scene.record.source_id).await;
        assert!(said.ends_with(&scene.held_back), "{}", scene.record.source_id);
        assert!(said.len() > scene.held_back.len());
        let before = said.len() - scene.held_back.len();
        let visible = scene.record.messages.iter();
        let planned = visible.filter(|m| m.from == crate::import::record::From::Customer).count();
        assert_eq!(before, planned, "{}", scene.record.source_id);
    }
    let open = heads(&demo, Person::Ana, ConversationState::Open).await;
    for newcomer in &newcomers {
        let mut found = 0;
        for listed in &open {
            let said = comments(&demo, listed.head.id).await;
            found += usize::from(said == newcomer.messages);
        }
        assert_eq!(found, 1, "{}", newcomer.source_id);
    }
    demo.customers = None;
    demo.run(std::future::ready(())).await.expect("a clean end");
}

async fn conversation_of(demo: &Demo, source_id: &str) -> recado_protocol::ConversationId {
    let backend = demo.server().backend();
    let workspace_id = backend.workspace_id();
    let source_id = source_id.to_owned();
    let found: Result<_, DbError> = backend
        .core()
        .db()
        .read(async move |tx| {
            for source in ["star", "irc-disentanglement", "crosswoz", "abcd", plan::SPANISH_SOURCE]
            {
                let origin = crate::storage::conversation::SourceRef { source, id: &source_id };
                let found =
                    crate::storage::conversation::find_by_source(tx, workspace_id, origin).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        })
        .await;
    found.expect("an answer").expect("a conversation")
}

async fn parts(demo: &Demo, id: recado_protocol::ConversationId) -> Vec<Part> {
    let who = principal(demo, Person::Ana).await;
    let core = demo.server().backend().core();
    let page = sync::conversations(core, who, &[id]).await.expect("an answer");
    page.conversations.into_iter().flat_map(|delta| delta.parts).collect()
}

/// What the customer has said.
async fn comments(demo: &Demo, id: recado_protocol::ConversationId) -> Vec<String> {
    let by_customer = |part: &Part| {
        part.part_type == PartType::Comment
            && part.author.author_type == recado_protocol::AuthorType::Contact
    };
    parts(demo, id).await.into_iter().filter(by_customer).map(|part| part.body_text).collect()
}

async fn customer_said(demo: &Demo, source_id: &str) -> Vec<String> {
    comments(demo, conversation_of(demo, source_id).await).await
}

#[tokio::test]
async fn the_demo_is_for_this_machine_alone_and_keeps_out_of_others_data() {
    let everywhere = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let refused = Demo::start(settings(), everywhere).await.expect_err("it must be refused");
    assert!(refused.to_string().contains("for this machine alone"), "{refused}");

    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("recado.db"), b"x").expect("written");
    let settings = DemoSettings { data_dir: Some(directory.path().to_owned()), ..settings() };
    let refused = Demo::start(settings, listener()).await.expect_err("it must be refused");
    assert!(refused.to_string().contains("directory of its own"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_temporary_is_gone_at_the_end_and_the_announcement_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;

    let demo =
        Demo::start(DemoSettings { pace: None, ..settings() }, listener()).await.expect("a demo");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("demo.json");
    demo.announcement().write(&path).expect("written");
    let mode = std::fs::metadata(&path).expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let written = std::fs::read(&path).expect("readable");
    let json: serde_json::Value = serde_json::from_slice(&written).expect("JSON");
    assert_eq!(json["accounts"].as_array().map(Vec::len), Some(Person::ALL.len()));
    assert!(json["join_link"].as_str().is_some_and(|link| link.starts_with("recado://join?")));
    let welcome = demo.welcome();
    for account in json["accounts"].as_array().into_iter().flatten() {
        assert!(welcome.contains(account["password"].as_str().expect("a password")));
    }
    let socket = PathBuf::from(json["admin_socket"].as_str().expect("a socket"));
    let data_dir = socket.parent().expect("a directory").to_owned();
    assert!(data_dir.join("recado.db").exists());
    demo.run(std::future::ready(())).await.expect("a clean end");
    assert!(!data_dir.exists());
}

#[test]
fn the_plan_wakes_two_snoozed_conversations_while_somebody_watches() {
    let scenes = planned().scenes;
    let now = recado_protocol::Timestamp::from_seconds(1_800_000_000);
    let soon = scenes.iter().filter(
        |scene| matches!(scene.stand, Stand::Snoozed(until) if until <= now.plus_seconds(1_000)),
    );
    assert_eq!(soon.count(), 2);
}
