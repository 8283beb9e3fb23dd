//! A first load over a network that is cut at any byte: it goes on where it was, and in the end nothing is
//! missing and nothing was loaded twice.

use std::collections::{BTreeMap, BTreeSet};

use recado_protocol::host::{AppState, ConnectionState, ConversationView, SearchIn, View};
use recado_protocol::{ConversationAccess, ConversationId, Role};
use recado_testkit::{Answered, Engine, Relay, TestClient, TestServer};
use serde_json::json;

/// More than one page of heads holds, and many times what one answer with bodies does. A whole page of heads is
/// longer than what passes between two cuts.
const CONVERSATIONS: usize = 520;
const MESSAGES: usize = 2;
/// At every so many cuts the program ends, too.
const RESTART_EVERY: usize = 4;
/// The load takes more than this many cuts, or it was no test of them.
const LEAST_CUTS: usize = 5;

/// A generator whose numbers only its seed decides (splitmix64).
#[derive(Clone)]
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Every third time within the handshake or a small answer, each order of magnitude as often as another;
    /// otherwise anywhere within some pages.
    fn bytes(&mut self) -> usize {
        let most =
            if self.next().is_multiple_of(3) { 1 << (1 + self.next() % 13) } else { 192 * 1_024 };
        usize::try_from(1 + self.next() % most).unwrap_or(usize::MAX)
    }
}

/// Words that no compression makes small.
fn body_text(conversation: usize, message: usize) -> String {
    let mut letters = Seeded((conversation * MESSAGES + message) as u64);
    let words = (0..16).map(|_| format!("{:016x}", letters.next())).collect::<Vec<_>>();
    format!("c{conversation}m{message} {}", words.join(" "))
}

fn lines() -> Vec<serde_json::Value> {
    let line = |conversation| {
        let said: Vec<_> = (0..MESSAGES)
            .map(|message| json!({ "from": "customer", "text": body_text(conversation, message) }))
            .collect();
        let name = format!("Customer {conversation}");
        json!({ "id": name, "customer": { "name": name }, "messages": said })
    };
    (0..CONVERSATIONS).map(line).collect()
}

/// The conversations that were brought whole.
fn brought(answered: &[Answered]) -> BTreeSet<ConversationId> {
    answered.iter().flat_map(|answered| &answered.conversation_ids).copied().collect()
}

/// Whether everything is there: the heads, and all bodies behind them. No conversation is opened for it,
/// since that would load its body.
async fn is_loaded(client: &TestClient) -> anyhow::Result<bool> {
    let state: AppState = client.ask("app_state", json!({})).await?;
    if state.connection.state != ConnectionState::Online {
        // What a person does who sees it. It is refused while nothing is open.
        let _ = client.ask::<serde_json::Value>("connection_retry", json!({})).await;
        return Ok(false);
    }
    if state.connection.bootstrap.is_some()
        || brought(&client.network.answered()).len() < CONVERSATIONS
    {
        return Ok(false);
    }
    Ok(client.all_rows(View::All).await.is_ok_and(|rows| rows.len() == CONVERSATIONS))
}

/// How often each of the same things was brought.
fn times<T: Ord>(all: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut times = BTreeMap::new();
    for one in all {
        *times.entry(one).or_default() += 1;
    }
    times
}

/// How often a page of heads or a conversation was brought that had been brought before.
fn brought_again(answered: &[Answered]) -> (usize, usize) {
    let pages = times(answered.iter().filter(|a| a.path == "/v1/conversations").map(|a| &a.query));
    let bodies = times(answered.iter().flat_map(|answered| &answered.conversation_ids));
    (pages.values().map(|times| times - 1).sum(), bodies.values().map(|times| times - 1).sum())
}

async fn everything(client: &TestClient) -> anyhow::Result<Vec<ConversationView>> {
    let mut views = Vec::new();
    for row in client.all_rows(View::All).await? {
        views.push(client.open(row.head.id).await?);
    }
    Ok(views)
}

/// Loads everything through cuts, and gives the client with how often it was cut and how often it ended.
async fn load_through_cuts(
    server: &TestServer,
    ana: &recado_testkit::Person,
    seed: u64,
) -> anyhow::Result<(TestClient, usize, usize)> {
    let relay = Relay::to(server.running().address()).await?;
    let mut client = TestClient::start().await?;
    client.begin_session(&relay.join_link(server.running().join_link())?, ana).await?;
    let mut numbers = Seeded(seed);
    relay.cut_after(move || Some(numbers.bytes()));
    let (mut seen, mut restarts) = (0, 0);
    loop {
        let loaded = client
            .until("it is cut again, or has loaded everything", async |client| {
                if is_loaded(client).await? {
                    return Ok(Some(true));
                }
                Ok((relay.cuts() > seen).then_some(false))
            })
            .await?;
        if loaded {
            break;
        }
        seen = relay.cuts();
        if seen / RESTART_EVERY > restarts {
            restarts += 1;
            client = client.restart().await?;
        }
    }
    let cuts = relay.cuts();
    relay.end_cuts();
    client.until_online().await?;
    // The relay may go: everything that is compared lies here.
    Ok((client, cuts, restarts))
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "how much was asked again is worth knowing")]
async fn a_first_load_that_is_cut_at_any_byte_goes_on_where_it_was() -> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    server.import_lines(None, &lines()).await?;
    let whole = TestClient::start().await?;
    whole.sign_in(&server.join_link(), &ana).await?;
    whole
        .until("everything is loaded", async |client| Ok(is_loaded(client).await?.then_some(())))
        .await?;
    let expected = everything(&whole).await?;
    let asked_whole = whole.network.requests();
    assert_eq!(brought_again(&whole.network.answered()), (0, 0));

    let seeds = if std::env::var_os("RECADO_LONG").is_some() { 1..=10 } else { 1..=1 };
    for seed in seeds {
        let (client, cuts, restarts) = load_through_cuts(&server, &ana, seed).await?;
        assert!(cuts >= LEAST_CUTS, "seed {seed}: {cuts} cuts");
        assert_eq!(everything(&client).await?, expected, "seed {seed}");
        let said: BTreeSet<String> = expected
            .iter()
            .flat_map(|view| view.parts.iter().map(|part| part.part.body_text.clone()))
            .collect();
        let written = (0..CONVERSATIONS)
            .flat_map(|c| (0..MESSAGES).map(move |message| body_text(c, message)));
        assert_eq!(said, written.collect(), "seed {seed}");
        assert_eq!(client.sidebar().await?, whole.sidebar().await?, "seed {seed}");

        let answered = client.network.answered();
        let count = |path: &str| answered.iter().filter(|answered| answered.path == path).count();
        let opened = answered.iter().filter(|a| a.path.starts_with("/v1/conversations/c"));
        assert_eq!(opened.count(), 0, "seed {seed}: a body was missing");
        // Whoever ends the program may have ended it between an answer and its place in the store; a cut
        // never brings anything back.
        let (pages, bodies) = brought_again(&answered);
        assert!(count("/v1/bootstrap") <= 1 + restarts, "seed {seed}");
        assert!(pages <= restarts && bodies <= restarts * 50, "seed {seed}: {pages}, {bodies}");
        println!(
            "seed {seed}: {cuts} cuts, {restarts} restarts, {} requests (uncut: {asked_whole}), again: \
             {pages} pages of heads, {bodies} conversations",
            client.network.requests()
        );
        let found = client.search("c519m1", SearchIn::Cache).await?;
        assert_eq!(found.results.len(), 1, "seed {seed}");
    }
    Ok(())
}
