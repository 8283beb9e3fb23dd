//! A day without a network in the real window: read, search, write, act, die twice, come back.

mod hands;
mod plan;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use recado_protocol::host::{ConnectionState, Delivery, Directory, Outbox, OutboxEntry};
use recado_protocol::{
    Action, ConversationAccess, ConversationId, ErrorCode, PartType, Role, TeamId, TeammateId,
    TeammateState,
};
use recado_server::backend::TeammateChange;
use recado_server::core::Principal;
use recado_server::storage::{conversation, read_mark};
use recado_testkit::{Channel, Engine, Passage, Person, Relay, TestClient, TestServer};
use serde_json::{Value, json};
use xtask::poll;

use crate::desk::{Desk, PATIENCE, blocking};
use hands::{Hands, action_of};
use plan::{
    CLOSED_MEANWHILE, Expected, LEAVER_ASSIGNED, MOVED_AWAY, STEPS_EACH, Step, by_conversation,
    steps,
};

/// With [`STEPS_EACH`] actions each these make the day's 200.
const CONVERSATIONS: usize = 25;
/// In so many the agent works by keys; in the others through the host interface of the same page.
const BY_KEYS: usize = 10;
/// After so many conversations by keys the app is killed.
const DEATHS: [usize; 2] = [4, 7];
const DRAFT: &str = "A draft that nobody has sent yet";
const NAMES: [&str; CONVERSATIONS] = [
    "Abigail",
    "Bastien",
    "Carmela",
    "Dietrich",
    "Eleonore",
    "Fernanda",
    "Giovanni",
    "Henrietta",
    "Ignacio",
    "Jacinta",
    "Kristoffer",
    "Leocadia",
    "Marcelino",
    "Nathalie",
    "Octavio",
    "Philippa",
    "Quirino",
    "Rosalind",
    "Sebastiana",
    "Thaddeus",
    "Ursulina",
    "Valentin",
    "Wilhelmina",
    "Xiomara",
    "Yevgenia",
];

/// The workspace, the people in it and what the server has to hold at the end.
struct Day {
    server: TestServer,
    relay: Relay,
    shop: Channel,
    ben: TestClient,
    ana: Person,
    cara: Person,
    people: BTreeMap<&'static str, TeammateId>,
    billing: TeamId,
    ids: Vec<ConversationId>,
    expected: Vec<Expected>,
}

fn first_words(number: usize) -> String {
    format!("Order {} has not arrived yet.", 4_100 + number)
}

impl Day {
    async fn dawn() -> Result<Self> {
        let server = TestServer::start(Engine::Sqlite).await?;
        let (access, teams) = (ConversationAccess::own_teams(), ["Care", "Billing"]);
        let ana = server.add("Ana Ruiz", Role::Agent, access, &["Care"]).await?;
        let ben = server.add("Ben Okafor", Role::Agent, ConversationAccess::all(), &teams).await?;
        let cara =
            server.add("Cara Lind", Role::Agent, ConversationAccess::all(), &["Care"]).await?;
        let people = BTreeMap::from([("Ben Okafor", ben.id), ("Cara Lind", cara.id)]);
        let shop = server.channel("Web shop").await?;
        let mut ids = Vec::new();
        for (number, name) in NAMES.iter().enumerate() {
            ids.push(shop.open(name, Some("Care"), &first_words(number)).await?);
        }
        let colleague = TestClient::start().await?;
        colleague.sign_in(&server.join_link(), &ben).await?;
        let directory: Directory = colleague.ask("directory", json!({})).await?;
        let team = |name: &str| {
            let found = directory.teams.iter().find(|team| team.name == name);
            found.map(|team| team.id).context("the team is missing")
        };
        let (care, billing) = (team("Care")?, team("Billing")?);
        let expected =
            (0..CONVERSATIONS).map(|number| Expected::opened(care, first_words(number))).collect();
        let relay = Relay::to(server.running().address()).await?;
        Ok(Self { server, relay, shop, ben: colleague, ana, cara, people, billing, ids, expected })
    }

    /// What a colleague, an admin and customers do while the agent is away.
    async fn meanwhile(&mut self) -> Result<()> {
        self.colleague(CLOSED_MEANWHILE, Action::ConversationClose).await?;
        let ben = self.people.get("Ben Okafor").copied();
        self.colleague(1, Action::ConversationAssign { admin_assignee_id: ben }).await?;
        self.colleague(0, Action::ConversationTagAdd { tag: "checked".to_owned() }).await?;
        self.colleague(3, Action::ConversationNote { body_text: "Seen by Ben".to_owned() }).await?;
        let away = Action::ConversationAssignTeam { team_assignee_id: Some(self.billing) };
        self.colleague(MOVED_AWAY, away).await?;
        for number in [0, 3, 15] {
            let words = format!("Are you there? Customer {number}");
            self.shop.message(self.ids[number], &words).await?;
            self.expected[number].hear(&words);
        }
        let change =
            TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
        self.server.change(&self.cara, change).await
    }

    async fn colleague(&mut self, number: usize, action: Action) -> Result<()> {
        self.expected[number].take(&action, false);
        self.ben.submit(self.ids[number], action).await?;
        self.ben.until_sent().await
    }

    /// Lays what the agent did over what the server has to hold. `waiting`: the outbox as it was before the network
    /// came back.
    fn expect_own(&mut self, waiting: Vec<OutboxEntry>) -> Result<()> {
        let mut waiting = by_conversation(waiting);
        for (number, id) in self.ids.iter().enumerate() {
            let stored = waiting.remove(id).unwrap_or_default();
            let expected = &mut self.expected[number];
            let mut prioritised = false;
            let mut snoozed = stored.iter().filter_map(|entry| match entry.action {
                Action::ConversationSnooze { snoozed_until } => Some(snoozed_until),
                _ => None,
            });
            let shown = steps(number).into_iter().filter(|step| *step != Step::Unread);
            ensure!(shown.clone().count() == stored.len(), "customer {number}: {}", stored.len());
            for (step, entry) in shown.zip(&stored) {
                // Only the time of a snooze is the page's own choice.
                let until = match step {
                    Step::Snooze => snoozed.next().context("no snooze was stored")?,
                    _ => recado_protocol::Timestamp::default(),
                };
                let me = self.ana.id;
                let action = action_of(&step, prioritised, me, &self.people, until);
                prioritised ^= step == Step::Priority;
                ensure!(
                    same_but_for_seen(&action, &entry.action),
                    "customer {number}: {step:?} is stored as {}",
                    entry.action.name()
                );
                let refused = number == LEAVER_ASSIGNED && matches!(step, Step::Assign(_));
                if !refused {
                    expected.take(&action, true);
                }
            }
        }
        ensure!(waiting.is_empty(), "the outbox holds what nobody did");
        Ok(())
    }

    /// What the server holds, each from where it is the truth: heads from the database, parts as a colleague reads them.
    async fn held(&self, number: usize) -> Result<Expected> {
        let (core, id) = (self.server.running().backend().core(), self.ids[number]);
        let workspace_id = self.server.running().backend().workspace_id();
        let stored =
            core.db().read(async move |tx| conversation::find(tx, workspace_id, id).await).await?;
        let head = stored.context("the conversation is gone")?.head;
        let view = self
            .ben
            .until("the colleague has every part", async |ben| {
                let view = ben.open(id).await?;
                Ok((view.head.version >= head.version).then_some(view))
            })
            .await?;
        let own = view.parts.iter().filter(|part| part.part.author.admin_id == Some(self.ana.id));
        let customers = view.parts.iter().filter(|part| {
            part.part.author.admin_id.is_none() && part.part.part_type == PartType::Comment
        });
        Ok(Expected {
            state: head.state,
            snoozed_until: head.snoozed_until,
            assignee: head.admin_assignee_id,
            team: head.team_assignee_id,
            priority: head.priority,
            tags: head.tags.into_iter().collect(),
            own_parts: own.map(|p| (p.part.part_type, p.part.body_text.clone())).collect(),
            customers: customers.map(|part| part.part.body_text.clone()).collect(),
        })
    }

    /// How many of the customer's messages the agent has read, by the server.
    async fn read(&self, number: usize) -> Result<Option<u32>> {
        let backend = self.server.running().backend();
        let who = Principal { workspace_id: backend.workspace_id(), teammate_id: self.ana.id };
        let id = self.ids[number];
        let marks =
            backend.core().db().read(async move |tx| read_mark::on(tx, who, &[id]).await).await?;
        Ok(marks.first().map(|mark| mark.contact_parts_read))
    }
}

/// Which part the author had seen is the page's own knowledge.
fn same_but_for_seen(one: &Action, other: &Action) -> bool {
    match (one, other) {
        (
            Action::ConversationReply { body_text: one, .. },
            Action::ConversationReply { body_text: other, .. },
        ) => one == other,
        _ => one == other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_offline_ends_with_everything_done_once_and_in_order() -> Result<()> {
    let mut day = Day::dawn().await?;
    let link = day.relay.join_link(day.server.running().join_link())?;
    let (person, ids, me) = (day.ana.clone(), day.ids.clone(), day.ana.id);
    let desk = blocking(move || {
        let desk = Desk::sit_down()?;
        desk.sign_in(&link, &person)?;
        desk.click("sidebar-view-all")?;
        desk.wait("conversation-row")?;
        let hands = Hands { desk: &desk, me };
        poll::until("everything is loaded", PATIENCE, || {
            let connection = hands.state()?.connection;
            let loaded = connection.state == ConnectionState::Online;
            Ok((loaded && connection.bootstrap.is_none()).then_some(()))
        })?;
        Ok(desk)
    })
    .await?;

    day.relay.set(Passage::Refused);
    let work = ids.clone();
    let desk = blocking(move || {
        let mut desk = desk;
        desk.wait_offline()?;
        for (number, id) in work.iter().enumerate().take(DEATHS[0]) {
            work_by_keys(&Hands { desk: &desk, me }, number, *id)?;
        }
        desk.picture("offline-conversation")?;
        // Begun and not sent, when the machine dies.
        let hands = Hands { desk: &desk, me };
        hands.read(NAMES[20], &first_words(20))?;
        hands.begin_to_write("r", DRAFT)?;
        desk.until_shown("[role=status]", "Saved")?;
        desk.kill_app()?;
        desk.open_app()?;
        desk.wait_offline()?;
        for (number, id) in work.iter().enumerate().take(DEATHS[1]).skip(DEATHS[0]) {
            work_by_keys(&Hands { desk: &desk, me }, number, *id)?;
        }
        desk.kill_app()?;
        Ok(desk)
    })
    .await?;

    day.meanwhile().await?;
    // A network that takes connections and carries nothing is no better.
    day.relay.set(Passage::Stalled);
    let work = ids.clone();
    let people = day.people.clone();
    let (desk, waiting) = blocking(move || {
        let mut desk = desk;
        desk.open_app()?;
        desk.click("sidebar-view-all")?;
        desk.wait("conversation-row")?;
        let hands = Hands { desk: &desk, me };
        for (number, id) in work.iter().enumerate().take(BY_KEYS).skip(DEATHS[1]) {
            work_by_keys(&hands, number, *id)?;
        }
        // Before the interface sends a reply in the same conversation, which takes the draft's place.
        hands.read(NAMES[20], &first_words(20))?;
        desk.until("the draft is back", DRAFT_IS, &[json!(DRAFT)])?;
        work_by_interface(&hands, &work, &people)?;
        desk.click("sidebar-outbox")?;
        desk.wait("outbox-entry")?;
        let waiting = hands.outbox()?.entries;
        let queued = |entry: &OutboxEntry| matches!(entry.delivery, Delivery::Queued { .. });
        ensure!(waiting.iter().all(queued), "something was decided without the server");
        Ok((desk, waiting))
    })
    .await?;
    let unread = |number: &usize| steps(*number).contains(&Step::Unread);
    let marks = (0..CONVERSATIONS).filter(unread).count();
    assert_eq!(waiting.len() + marks, CONVERSATIONS * STEPS_EACH, "200 actions are kept");
    assert!(day.shop.replies().await?.is_empty(), "nothing has left the machine");
    day.expect_own(waiting)?;

    day.relay.set(Passage::Refused);
    let desk = blocking(move || {
        desk.wait_offline()?;
        desk.picture("offline-outbox")?;
        Ok(desk)
    })
    .await?;
    day.relay.set(Passage::Open);
    let desk = blocking(move || {
        desk.click_if_there("connection-retry")?;
        let hands = Hands { desk: &desk, me };
        let refused = refused_after_draining(&hands)?;
        check_refusals(&refused, &ids)?;
        desk.until_shown("[data-testid=outbox-entry]", "Reply 1 to customer 5")?;
        desk.until_shown("[data-testid=outbox-entry]", "gone, or you may not see it any more")?;
        desk.picture("back-with-refused")?;
        Ok(desk)
    })
    .await?;
    // The refused ones held up nobody else: everything but theirs has arrived.
    for number in (0..CONVERSATIONS).filter(|number| *number != MOVED_AWAY) {
        assert_eq!(day.held(number).await?, day.expected[number], "customer {number}");
    }
    assert!(day.held(MOVED_AWAY).await?.own_parts.is_empty(), "what was refused had an effect");
    // The mark that was set after the reply stands, in spite of what the reply marks and what came since.
    for number in (0..CONVERSATIONS).filter(unread) {
        let what = format!("customer {number} counts as unread");
        let unread = async |_: &TestClient| -> Result<Option<()>> {
            Ok((day.read(number).await? == Some(0)).then_some(()))
        };
        day.ben.until(&what, unread).await?;
    }

    // The conversation comes back into sight, and one command does all of it again, in its order.
    let back = Action::ConversationAssignTeam { team_assignee_id: day.expected[0].team };
    let own = day.expected[MOVED_AWAY].team;
    day.ben.submit(day.ids[MOVED_AWAY], back).await?;
    day.ben.until_sent().await?;
    day.expected[MOVED_AWAY].team = day.expected[0].team;
    assert_eq!(own, Some(day.billing), "the expectation knew of the move");
    let ids = day.ids.clone();
    let desk = blocking(move || {
        let hands = Hands { desk: &desk, me };
        poll::until("the conversation is in sight again", PATIENCE, || {
            let request = json!({ "conversation_id": ids[MOVED_AWAY], "limit": 1 });
            Ok(hands.ask::<Value>("conversation_open", request).ok())
        })?;
        desk.window()?.press(&[xtask::webdriver::keys::CONTROL, "k"])?;
        let palette = desk.wait("palette-input")?;
        desk.window()?.type_text(&palette, "retry everything")?;
        desk.until_shown("[data-option]", "Retry everything refused")?;
        desk.window()?.press(&[xtask::webdriver::keys::ENTER])?;
        poll::until("only the assignment to nobody's account is left", PATIENCE, || {
            let entries = hands.outbox()?.entries;
            let left = entries.iter().all(|entry| entry.conversation_id == ids[LEAVER_ASSIGNED]);
            let decided = entries.iter().all(is_refused);
            Ok((left && decided && entries.len() == 1).then_some(()))
        })?;

        // What a colleague did meanwhile is told in words, with the one key that does it again.
        hands.read(NAMES[CLOSED_MEANWHILE], &format!("Reply 2 to customer {CLOSED_MEANWHILE}"))?;
        desk.until_shown("[data-testid=meanwhile]", "Ben Okafor closed this while you were away")?;
        desk.wait("meanwhile-redo")?;
        desk.picture("conflict")?;
        hands.reopen()?;
        desk.wait("action-close")?;
        poll::until("it is reopened", PATIENCE, || {
            Ok((hands.outbox()?.entries.len() == 1).then_some(()))
        })?;
        Ok(desk)
    })
    .await?;
    day.expected[CLOSED_MEANWHILE].take(&Action::ConversationOpen, true);
    for number in [MOVED_AWAY, CLOSED_MEANWHILE, LEAVER_ASSIGNED] {
        assert_eq!(day.held(number).await?, day.expected[number], "customer {number}");
    }
    let replies = day.shop.replies().await?;
    let sent: Vec<_> = replies.iter().map(|reply| reply.body_text.as_str()).collect();
    let wanted = (0..CONVERSATIONS).flat_map(steps).filter_map(|step| match step {
        Step::Reply(words) => Some(words),
        _ => None,
    });
    let mut sorted = (sent.clone(), wanted.collect::<Vec<_>>());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1, "each reply went to its customer once");
    drop(desk);
    Ok(())
}

/// Reads the customer's conversation and does its actions by keys.
fn work_by_keys(hands: &Hands<'_>, number: usize, id: ConversationId) -> Result<()> {
    hands.read(NAMES[number], &first_words(number))?;
    for step in steps(number) {
        hands.act(id, &step).with_context(|| format!("{step:?} for customer {number}"))?;
    }
    Ok(())
}

/// Does the actions of the other conversations through the interface that the page uses.
fn work_by_interface(
    hands: &Hands<'_>,
    ids: &[ConversationId],
    people: &BTreeMap<&'static str, TeammateId>,
) -> Result<()> {
    let tomorrow = recado_client::Clock::now(&recado_client::SystemClock).plus_seconds(86_400);
    let mut requests = Vec::new();
    for (number, id) in ids.iter().enumerate().skip(BY_KEYS) {
        let mut prioritised = false;
        for step in steps(number) {
            let action = action_of(&step, prioritised, hands.me, people, tomorrow);
            prioritised ^= step == Step::Priority;
            requests.push(json!({ "conversation_id": id, "action": action }));
        }
    }
    let stored = hands.ask_all("command_submit", &requests)?;
    ensure!(stored.len() == requests.len(), "not everything was stored");
    Ok(())
}

fn is_refused(entry: &OutboxEntry) -> bool {
    matches!(entry.delivery, Delivery::Refused { .. })
}

/// Waits until everything was decided, and gives what was refused.
fn refused_after_draining(hands: &Hands<'_>) -> Result<Vec<OutboxEntry>> {
    poll::until("everything was decided", PATIENCE, || {
        let Outbox { entries, .. } = hands.outbox()?;
        let online = hands.state()?.connection.state == ConnectionState::Online;
        Ok((online && entries.iter().all(is_refused)).then_some(entries))
    })
}

/// Each refused one has its reason, and its words are still there.
fn check_refusals(refused: &[OutboxEntry], ids: &[ConversationId]) -> Result<()> {
    let of = |number: usize| refused.iter().filter(move |e| e.conversation_id == ids[number]);
    ensure!(of(MOVED_AWAY).count() == STEPS_EACH, "all of what was out of sight is refused");
    ensure!(of(LEAVER_ASSIGNED).count() == 1, "only the assignment is refused");
    ensure!(refused.len() == STEPS_EACH + 1, "nobody else is held up: {}", refused.len());
    for entry in refused {
        let Delivery::Refused { code, message, .. } = &entry.delivery else { continue };
        let expected: &[ErrorCode] = if entry.conversation_id == ids[LEAVER_ASSIGNED] {
            &[ErrorCode::InvalidValue]
        } else {
            &[ErrorCode::NotFound, ErrorCode::PredecessorNotApplied]
        };
        ensure!(expected.contains(code), "{code:?}");
        ensure!(!message.is_empty(), "a refusal without a reason");
    }
    let mut words = of(MOVED_AWAY).filter_map(|entry| entry.action.body_text());
    ensure!(words.next() == Some("Reply 1 to customer 5 ✓"), "the words are kept");
    Ok(())
}

const DRAFT_IS: &str =
    "return document.querySelector('[data-testid=composer-editor]')?.value === arguments[0];";
