#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::io::{self, BufReader, Cursor, Read, Write as _};

use recado_protocol::{
    AuthorType, ConversationId, ConversationState, Part, Timestamp, WorkspaceId,
};

use super::lines::{self, MAX_LINE_BYTES};
use super::record::Record;
use super::*;
use crate::core::Core;
use crate::storage::DbError;
use crate::storage::conversation::{self, SourceRef};
use crate::testing::{World, on_every_engine};

on_every_engine!(
    good_lines_are_imported_and_bad_ones_told_with_number_and_reason,
    a_second_run_imports_nothing_and_says_how_much_was_there,
    what_came_before_a_broken_end_stays_and_the_whole_file_adds_the_rest,
    an_import_that_failed_half_way_goes_on_where_it_stopped,
    the_state_follows_who_had_the_last_word_unless_it_is_given,
    authors_become_teammates_only_where_that_is_asked_for,
    conversations_go_to_the_named_team_and_an_unknown_one_is_refused,
    customers_with_one_address_are_one_contact,
);

/// Stores straight into a core, and fails where a test says so.
struct Direct<'a> {
    core: &'a Core,
    workspace_id: WorkspaceId,
    options: ImportOptions,
    batches_until_failure: Option<u32>,
}

impl<'a> Direct<'a> {
    fn new(world: &'a World, options: ImportOptions) -> Self {
        let (core, workspace_id) = (&world.core, world.workspace_id);
        Self { core, workspace_id, options, batches_until_failure: None }
    }
}

impl Target for Direct<'_> {
    async fn store(&mut self, batch: Vec<NumberedRecord>) -> Result<Vec<Fate>, ImportError> {
        match &mut self.batches_until_failure {
            Some(0) => return Err(ImportError::Console("the server went away".to_owned())),
            Some(left) => *left -= 1,
            None => {}
        }
        Importer::open(self.core, self.workspace_id, &self.options).await?.store(batch).await
    }
}

async fn import(
    target: &mut Direct<'_>,
    input: impl Read + Send + 'static,
) -> (Summary, Rejections, Result<(), ImportError>) {
    let mut rejections = Rejections::new(None).unwrap();
    let mut summary = Summary::default();
    let now = target.core.now();
    let lines = lines::open(input).unwrap();
    let mut progress = Progress::hidden();
    let source = "import".to_owned();
    let outcome =
        run(lines, source, now, target, &mut rejections, &mut progress, &mut summary).await;
    (summary, rejections, outcome)
}

async fn import_text(world: &World, options: ImportOptions, text: &str) -> Summary {
    let mut target = Direct::new(world, options);
    let (summary, rejections, outcome) =
        import(&mut target, Cursor::new(text.as_bytes().to_vec())).await;
    outcome.unwrap();
    assert_eq!(rejections.listed(), []);
    summary
}

/// A file of `count` conversations.
fn file(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "{{\"id\":\"c{n}\",\"source\":\"old\",\"messages\":[{{\"from\":\"customer\",\"text\":\"Question {n}\"}},\
                 {{\"from\":\"agent\",\"text\":\"Answer {n}\",\"author\":\"Bo\"}}]}}\n"
            )
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn find(world: &World, source: &'static str, id: &'static str) -> Option<ConversationId> {
    let workspace_id = world.workspace_id;
    world
        .core
        .db()
        .read(async move |tx| {
            conversation::find_by_source(tx, workspace_id, SourceRef { source, id }).await
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap()
}

async fn parts(world: &World, source: &'static str, id: &'static str) -> Vec<Part> {
    let id = find(world, source, id).await.unwrap();
    world.read(world.ada, id).await.unwrap().parts
}

async fn good_lines_are_imported_and_bad_ones_told_with_number_and_reason(world: &World) {
    let mut file = Vec::new();
    file.extend_from_slice(br#"{"id":"a","customer":{"name":"Marta"},"tags":["x","x"],"created_at":"2020-05-21T19:52:40Z","messages":[{"from":"customer","text":"<b>Hi</b> & bye","at":"2020-05-21T19:52:40Z"},{"from":"system","text":"A bot was here","at":"2020-05-21T19:52:50Z"},{"from":"agent","text":"Hello","at":"2020-05-21T19:53:00Z"}],"from_a_newer_version":1}"#);
    file.extend_from_slice(b"\n{\"id\":\"b\",\n\n");
    file.extend_from_slice(b"{\"id\":\"\xFF\xFE\"}\n");
    file.extend_from_slice(b"[1,2]\n");
    file.extend_from_slice(
        r#"{"id":"z","messages":[{"from":"customer","text":"你好\u0000"}]}"#.as_bytes(),
    );
    let (summary, rejections, outcome) =
        import(&mut Direct::new(world, ImportOptions::default()), Cursor::new(file)).await;
    outcome.unwrap();
    assert_eq!((summary.imported, summary.messages), (2, 4));
    assert_eq!((summary.without_times, summary.without_customer_name), (1, 1));
    let numbers: Vec<u64> = rejections.listed().iter().map(|(line, _)| *line).collect();
    assert_eq!(numbers, [2, 4, 5]);
    assert!(rejections.listed()[0].1.contains("EOF"), "{:?}", rejections.listed());
    assert!(rejections.listed()[1].1.contains("UTF-8"), "{:?}", rejections.listed());

    let parts = parts(world, "import", "a").await;
    let authors: Vec<_> = parts.iter().map(|part| part.author.author_type).collect();
    assert_eq!(authors, [AuthorType::Contact, AuthorType::Bot, AuthorType::Imported]);
    assert_eq!(parts[0].author.name.as_deref(), Some("Marta"));
    assert_eq!(parts[0].body, "<p>&lt;b&gt;Hi&lt;/b&gt; &amp; bye</p>");
    assert_eq!(parts[2].created_at, Timestamp::from_seconds(1_590_090_780));
    let head = world.head(find(world, "import", "a").await.unwrap()).await;
    assert_eq!((head.tags.as_slice(), head.contact_part_count), (&["x".to_owned()][..], 1));
    let unnamed = self::parts(world, "import", "z").await;
    assert_eq!(unnamed[0].body_text, "你好\u{FFFD}");
    assert_eq!(unnamed[0].created_at, world.core.now());
}

async fn a_second_run_imports_nothing_and_says_how_much_was_there(world: &World) {
    let first = import_text(world, ImportOptions::default(), &file(5)).await;
    assert_eq!((first.imported, first.already_there), (5, 0));
    let head = world.bootstrap(world.ada).await.cursor;
    let second = import_text(world, ImportOptions::default(), &file(7)).await;
    assert_eq!((second.imported, second.already_there), (2, 5));
    assert_eq!(second.messages, 4);
    assert_eq!(world.bootstrap(world.ada).await.cursor, head + 2);
    // The same conversation twice in one file, and so in one batch.
    let doubled = file(9).replace("c8", "c7");
    let third = import_text(world, ImportOptions::default(), &doubled).await;
    assert_eq!((third.imported, third.already_there), (1, 8));
}

async fn what_came_before_a_broken_end_stays_and_the_whole_file_adds_the_rest(world: &World) {
    let whole = gzip(file(900).as_bytes());
    let cut = whole[..whole.len() / 2].to_vec();
    let mut target = Direct::new(world, ImportOptions::default());
    let (summary, _, outcome) = import(&mut target, Cursor::new(cut)).await;
    outcome.unwrap();
    assert!(summary.broken_off.is_some());
    assert!((1..900).contains(&summary.imported), "{}", summary.imported);
    let (rest, rejections, outcome) = import(&mut target, Cursor::new(whole)).await;
    outcome.unwrap();
    assert_eq!(rest.broken_off, None);
    assert_eq!(rejections.count(), 0);
    assert_eq!(rest.imported + summary.imported, 900);
    assert_eq!(rest.already_there, summary.imported);
}

async fn an_import_that_failed_half_way_goes_on_where_it_stopped(world: &World) {
    let mut target = Direct::new(world, ImportOptions::default());
    target.batches_until_failure = Some(2);
    let (summary, _, outcome) = import(&mut target, Cursor::new(file(700).into_bytes())).await;
    assert!(matches!(outcome, Err(ImportError::Console(_))), "{outcome:?}");
    assert_eq!(summary.imported, 400);
    let again = import_text(world, ImportOptions::default(), &file(700)).await;
    assert_eq!((again.imported, again.already_there), (300, 400));
}

async fn the_state_follows_who_had_the_last_word_unless_it_is_given(world: &World) {
    let line = |id: &str, from: [&str; 4]| {
        let messages: Vec<String> = from
            .iter()
            .enumerate()
            .map(|(n, from)| {
                format!(r#"{{"from":"{from}","text":"{n}","at":"2020-05-21T19:0{n}:00Z"}}"#)
            })
            .collect();
        format!("{{\"id\":\"{id}\",\"messages\":[{}]}}\n", messages.join(","))
    };
    let text = line("waits", ["customer", "agent", "customer", "customer"])
        + &line("done", ["customer", "customer", "customer", "agent"])
        + &line("bot", ["agent", "customer", "customer", "system"]);
    import_text(world, ImportOptions::default(), &text).await;
    let at = |minute: i64| Some(Timestamp::from_seconds(1_590_087_600 + minute * 60));
    for (id, state, waiting_since) in [
        ("waits", ConversationState::Open, at(2)),
        ("done", ConversationState::Closed, None),
        ("bot", ConversationState::Open, at(1)),
    ] {
        let head = world.head(find(world, "import", id).await.unwrap()).await;
        assert_eq!((head.state, head.waiting_since), (state, waiting_since), "{id}");
        assert_eq!(Some(head.last_part_at), at(3), "{id}");
    }
    let options = ImportOptions { state: Some(ImportState::Closed), ..ImportOptions::default() };
    import_text(world, options, &text.replace("\"waits\"", "\"shut\"")).await;
    let head = world.head(find(world, "import", "shut").await.unwrap()).await;
    assert_eq!((head.state, head.waiting_since), (ConversationState::Closed, None));
}

async fn authors_become_teammates_only_where_that_is_asked_for(world: &World) {
    let line = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"messages\":[{{\"from\":\"agent\",\"text\":\"1\",\"author\":\" SAM \"}},\
             {{\"from\":\"agent\",\"text\":\"2\",\"author\":\"Sofia@Lumen.Example\"}},\
             {{\"from\":\"agent\",\"text\":\"3\",\"author\":\"Bo\"}},\
             {{\"from\":\"customer\",\"text\":\"4\",\"author\":\"sam\"}}]}}\n"
        )
    };
    import_text(world, ImportOptions::default(), &line("apart")).await;
    let apart = parts(world, "import", "apart").await;
    assert!(apart.iter().all(|part| part.author.admin_id.is_none()));
    assert_eq!(apart[0].author.name.as_deref(), Some("SAM"));

    let options = ImportOptions { link_authors: true, ..ImportOptions::default() };
    import_text(world, options, &line("linked")).await;
    let linked = parts(world, "import", "linked").await;
    let ids: Vec<_> = linked.iter().map(|part| part.author.admin_id).collect();
    let (sam, sofia) = (Some(world.sam.teammate_id), Some(world.sofia.teammate_id));
    assert_eq!(ids, [sam, sofia, None, None]);
    assert_eq!(linked[1].author.name.as_deref(), Some("sofia"));
    assert_eq!(linked[3].author.author_type, AuthorType::Contact);
}

async fn conversations_go_to_the_named_team_and_an_unknown_one_is_refused(world: &World) {
    let options = |team: &str| ImportOptions { team: Some(team.to_owned()), ..Default::default() };
    import_text(world, options("support"), &file(1)).await;
    let head = world.head(find(world, "old", "c0").await.unwrap()).await;
    assert_eq!(head.team_assignee_id, Some(world.support));
    let unknown =
        Importer::open(&world.core, world.workspace_id, &options("Kitchen")).await.err().unwrap();
    assert_eq!(unknown.to_string(), "there is no team \"Kitchen\"; there are: Support, Sales");
}

async fn customers_with_one_address_are_one_contact(world: &World) {
    let line = |id: &str, email: &str| {
        format!(
            "{{\"id\":\"{id}\",\"customer\":{{\"name\":\"Jo\",\"email\":{email}}},\
             \"messages\":[{{\"from\":\"customer\",\"text\":\"1\"}}]}}\n"
        )
    };
    let text = line("1", r#""jo@a.example""#)
        + &line("2", r#""JO@a.example""#)
        + &line("3", "null")
        + &line("4", "null");
    import_text(world, ImportOptions::default(), &text).await;
    let mut contacts = Vec::new();
    for id in ["1", "2", "3", "4"] {
        contacts.push(world.head(find(world, "import", id).await.unwrap()).await.contact_id);
    }
    assert_eq!(contacts[0], contacts[1]);
    contacts.sort_unstable();
    contacts.dedup();
    assert_eq!(contacts.len(), 3);
}

/// Bytes that nobody has to hold.
fn endless(line_bytes: u64, then: &'static str) -> impl Read + Send + 'static {
    io::repeat(b'x').take(line_bytes).chain(Cursor::new(then.as_bytes()))
}

#[tokio::test]
async fn a_line_of_100_megabytes_is_skipped_and_the_next_one_imported() {
    let world = World::new(crate::testing::On::SqliteMemory).await;
    let next = "\n{\"id\":\"after\",\"messages\":[{\"from\":\"customer\",\"text\":\"1\"}]}\n";
    let mut target = Direct::new(&world, ImportOptions::default());
    let (summary, rejections, outcome) =
        import(&mut target, endless(100 * 1024 * 1024, next)).await;
    outcome.unwrap();
    assert_eq!(summary.imported, 1);
    assert_eq!(rejections.listed(), [(1, "the line is longer than 32 MiB".to_owned())]);
}

#[test]
fn a_line_that_just_fits_is_read() {
    let line_bytes = MAX_LINE_BYTES as u64;
    let mut lines = lines::open(endless(line_bytes, "\n")).unwrap();
    let read = lines.next_line().unwrap();
    assert!(matches!(read, Some(lines::Line::Bytes(1, bytes)) if bytes.len() == MAX_LINE_BYTES));
    let mut lines = lines::open(BufReader::new(endless(line_bytes + 1, "\n"))).unwrap();
    assert_eq!(lines.next_line().unwrap(), Some(lines::Line::TooLong(1)));
}

#[test]
fn what_goes_over_the_socket_comes_out_as_it_went_in() {
    let line = br#"{"id":"a","messages":[{"from":"customer","text":"\u0001\u2028 \"x\""}]}"#;
    let record = Record::parse(line, "import", Timestamp::from_seconds(1)).unwrap();
    let sent = serde_json::to_string(&NumberedRecord { line: 3, record: record.clone() }).unwrap();
    assert!(!sent.contains('\n'));
    let received: NumberedRecord = serde_json::from_str(&sent).unwrap();
    assert_eq!(received, NumberedRecord { line: 3, record });
    let fates = vec![Fate::Imported, Fate::AlreadyThere, Fate::Rejected("no".to_owned())];
    let sent = serde_json::to_value(&fates).unwrap();
    assert_eq!(serde_json::from_value::<Vec<Fate>>(sent).unwrap(), fates);
}
