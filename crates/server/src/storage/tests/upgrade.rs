//! Databases of every earlier schema, with something in each table, on both engines.
//!
//! `fixtures/NNNN_name.sql` holds what a server of that schema left in the tables and columns that its migration added: a
//! new migration brings such a file with it. A database of version N is made by the first N migrations, which never
//! change, and the rows of the first N files.

mod place;

use std::collections::BTreeSet;

use recado_protocol::sync::{Bootstrap, ConversationDelta, HeadPage, HeadQuery};
use recado_protocol::{
    Command, CommandId, CommandOutcome, ConversationState, Part, TeammateId, WorkspaceId,
};

use super::*;
use crate::core::{ChannelPrincipal, Core, Principal};
use crate::identity::token::TokenHash;
use crate::storage::migrate::migrations;
use crate::storage::{account, channel, own_session, session};
use crate::testing::{core_on, reply};
use crate::{commands, inbound, sync};
use place::Place;

/// The rows of each migration, in their order.
const ROWS: &[&str] = &[
    include_str!("fixtures/0001_core.sql"),
    include_str!("fixtures/0002_identity.sql"),
    include_str!("fixtures/0003_used_refresh_secrets.sql"),
    include_str!("fixtures/0004_own_account.sql"),
    include_str!("fixtures/0005_sso.sql"),
    include_str!("fixtures/0006_unseen_sessions.sql"),
    include_str!("fixtures/0007_sso_step_up.sql"),
    include_str!("fixtures/0008_enrolment.sql"),
];

/// What refinery keeps of each migration's text. A released migration never changes: a database that has it would be
/// refused.
const CHECKSUMS: [(Engine, &[&str]); 2] = [
    (
        Engine::Sqlite,
        &[
            "7225227290780204009",
            "16090829956348039651",
            "12167611916636780544",
            "13820690117516666382",
            "17621217803527287473",
            "904216803841092561",
            "17116086280509863723",
            "3566317466334650549",
        ],
    ),
    (
        Engine::Postgres,
        &[
            "9792777265907120638",
            "14647157316227078867",
            "10798720536038280182",
            "15916766160994580900",
            "10558154561419679362",
            "9709154928679384929",
            "4536408559450284536",
            "12816115067530851743",
        ],
    ),
];

/// A database as a server of this version left it.
async fn place_of(engine: Engine, version: usize) -> Place {
    let place = Place::new(engine).await;
    drop(place.open(&migrations()[..version]).await.unwrap());
    place.insert(&ROWS[..version]).await;
    place
}

/// What the server of today makes of it.
#[derive(Debug, PartialEq)]
struct Answers {
    bootstrap: Bootstrap,
    heads: Vec<HeadPage>,
    conversations: Vec<ConversationDelta>,
    parts: Vec<(String, Vec<Part>)>,
    digest: String,
    replies: Vec<String>,
}

/// Who asks: an admin, who sees everything; and the customers' system.
async fn principals(db: &Db) -> (Principal, ChannelPrincipal) {
    let found: Result<_, DbError> = db
        .read(async |tx| {
            let sql =
                "SELECT workspace_id, id FROM teammate WHERE email_folded = 'ada@lumen.example'";
            let row = tx.query_one(sql, &[]).await?;
            let workspace_id: WorkspaceId = row.get(0)?;
            let teammate_id: TeammateId = row.get(1)?;
            let channel = channel::find_by_key_hash(tx, &[7; 32]).await?;
            Ok((Principal { workspace_id, teammate_id }, channel.unwrap()))
        })
        .await;
    found.unwrap()
}

async fn ask(db: &Db) -> Answers {
    let core = core_on(db.clone());
    let (ada, shop) = principals(db).await;
    let mut heads = Vec::new();
    for state in [ConversationState::Open, ConversationState::Snoozed, ConversationState::Closed] {
        let query = HeadQuery { state, contact_id: None, after: None, limit: None };
        heads.push(sync::heads(&core, ada, &query).await.unwrap());
    }
    let ids: Vec<_> = heads.iter().flat_map(|page| &page.heads).map(|head| head.id).collect();
    let mut parts = Vec::new();
    for words in ["parcel", "warehouse", "kim", "invo"] {
        let hits = sync::search(&core, ada, words, 20).await.unwrap().hits;
        assert!(!hits.is_empty(), "{words} is not found");
        let found: BTreeSet<_> = hits.iter().map(|hit| hit.conversation_id).collect();
        let found: Vec<_> = found.into_iter().collect();
        let page = sync::conversations(&core, ada, &found).await.unwrap();
        let all = page.conversations.into_iter().flat_map(|found| found.parts).collect();
        parts.push((words.to_owned(), all));
    }
    let replies = inbound::replies(&core, shop, 0, 100).await.unwrap().replies;
    Answers {
        bootstrap: sync::bootstrap(&core, ada).await.unwrap(),
        conversations: sync::conversations(&core, ada, &ids).await.unwrap().conversations,
        heads,
        parts,
        digest: sync::digest(&core, ada).await.unwrap().digest,
        replies: replies.into_iter().map(|reply| reply.body_text).collect(),
    }
}

/// An account and its sessions from before these were told where they are used, and what has become of them.
async fn require_people(db: &Db, version: usize) {
    if version < 2 {
        return;
    }
    let (ada, _) = principals(db).await;
    let checked: Result<(), DbError> = db
        .write(async move |tx| {
            let found = account::find_by_email(tx, ada.workspace_id, "Ada@lumen.example").await?;
            let found = found.unwrap();
            assert_eq!(
                (found.teammate_id, found.totp_last_step),
                (ada.teammate_id, Some(58_766_666))
            );
            assert_eq!((found.password_changed_at, found.totp_since), (None, None));
            assert!(account::is_known_device(tx, ada.teammate_id, &[0xDE; 32]).await?);
            let token = TokenHash::from_bytes([0xA0; 32]);
            let (of_token, _) = session::find_by_access_token(tx, token).await?.unwrap();
            let sessions = own_session::of_teammate(tx, ada.teammate_id).await?;
            let first = sessions.iter().find(|one| one.id == of_token.id).unwrap();
            assert_eq!(first.factor_at, first.created_at, "it was shown when the session began");
            assert_eq!(
                (first.address.as_deref(), first.erased_at, first.unseen),
                (None, None, false)
            );
            assert_eq!(first.family.pending, Some(TokenHash::from_bytes([0xB2; 32])));
            let used = TokenHash::from_bytes([0xB0; 32]);
            assert_eq!(session::was_used(tx, first.id, used).await?, version >= 3);
            Ok(())
        })
        .await;
    checked.unwrap();
}

/// It goes on like a database that was always of today's schema.
async fn require_work(db: &Db) {
    let core: Core = core_on(db.clone());
    let (ada, shop) = principals(db).await;
    let query =
        HeadQuery { state: ConversationState::Open, contact_id: None, after: None, limit: None };
    let before = sync::heads(&core, ada, &query).await.unwrap();
    let millis = u64::try_from(core.now().as_millis()).unwrap();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
    let command = Command {
        id: CommandId::from_uuid(id),
        conversation_id: before.heads[0].id,
        after: None,
        action: reply("It is on its way again."),
        created_at: core.now(),
    };
    for _ in 0..2 {
        let result = commands::run(&core, ada, &command).await.unwrap();
        let CommandOutcome::Applied { version, .. } = result.outcome else { panic!("{result:?}") };
        assert_eq!(version, before.cursor + 1);
    }
    let replies = inbound::replies(&core, shop, 0, 100).await.unwrap().replies;
    let ours = replies.iter().filter(|reply| reply.body_text == "It is on its way again.");
    assert_eq!(ours.count(), 1);
    assert_eq!(sync::search(&core, ada, "again", 20).await.unwrap().hits.len(), 1);
}

async fn upgrades_from_every_version(engine: Engine) {
    let fresh = place_of(engine, migrations().len()).await;
    let expected = fresh.contents().await;
    let answers = ask(&fresh.open(migrations()).await.unwrap()).await;
    assert_eq!(answers.heads.iter().map(|page| page.heads.len()).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(answers.replies, ["It left on Monday."]);
    for version in 1..migrations().len() {
        let place = place_of(engine, version).await;
        let before = place.contents().await;
        for (table, contents) in &before {
            assert!(!contents.rows.is_empty(), "{table} of version {version} is empty");
        }
        let db = place.open(migrations()).await.unwrap();
        // What a server of that version knew is as it left it.
        assert_eq!(place.contents_of(&before).await, before, "version {version}");
        assert_eq!(ask(&db).await, answers, "version {version}");
        require_people(&db, version).await;
        // What later versions keep fits to it, and there is no difference to a database that never was an earlier one.
        place.insert(&ROWS[version..]).await;
        assert_eq!(place.contents().await, expected, "version {version}");
        require_work(&db).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_earlier_schema_with_its_rows_is_brought_up_to_date_on_sqlite() {
    upgrades_from_every_version(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_earlier_schema_with_its_rows_is_brought_up_to_date_on_postgres() {
    upgrades_from_every_version(Engine::Postgres).await;
}

#[test]
fn every_migration_has_its_rows() {
    assert_eq!(ROWS.len(), migrations().len());
}

#[tokio::test]
async fn a_released_migration_does_not_change() {
    for (engine, checksums) in CHECKSUMS {
        let place = Place::new(engine).await;
        drop(place.open(migrations()).await.unwrap());
        let found = place.checksums().await;
        let told = format!("of {engine:?}; a new migration adds its own: {found:?}");
        assert_eq!(found, checksums, "{told}");
    }
}

#[tokio::test]
async fn a_newer_servers_database_is_refused_untouched() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for version in [1, migrations().len()] {
            let place = place_of(engine, version).await;
            place.pretend_newer(99).await;
            let place = place.left_behind();
            let before = (place.contents().await, place.bytes());
            let refused = place.open(migrations()).await.err();
            let known = i64::try_from(migrations().len()).unwrap();
            assert_eq!(refused, Some(DbError::NewerSchema { found: 99, known }), "{engine:?}");
            assert_eq!((place.contents().await, place.bytes()), before, "{engine:?} of {version}");
        }
    }
}
