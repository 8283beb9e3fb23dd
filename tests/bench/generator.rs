//! Conversations for measuring: the same in every run, shaped like the example conversations of the
//! demo in length, authors, languages and word frequencies.

mod changes;
mod random;
mod shape;
mod words;

use recado_protocol::sync::{Bootstrap, ConversationDelta, ConversationPage, HeadPage};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::{
    Author, AuthorType, Contact, ContactId, ConversationAccess, ConversationHead, ConversationId,
    ConversationState, LogId, Part, PartId, PartType, Priority, ReadMark, Role, Team, TeamId,
    Teammate, TeammateId, TeammateState, Timestamp, Workspace, WorkspaceId, text,
};
use uuid::Uuid;

pub(crate) use changes::Changes;
use random::Random;
use shape::{GAP_S, MESSAGES, Week};
use words::{Language, Words};

const SEED: u64 = 0x5245_4341_444F;
/// 2025-01-01T00:00:00 UTC, when the oldest conversation begins.
const BEGIN_S: i64 = 1_735_689_600;
/// How long the conversations take to begin.
const SPAN_S: i64 = 400 * 86_400;
const AGENTS: usize = 40;
const TEAMS: usize = 6;
const EPOCH: u64 = 1;

/// How many messages the example conversations have in the mean.
pub(crate) const MEAN_MESSAGES: f64 = 12.9;
/// How many parts the long conversations have: one conversation in 200 is long.
pub(crate) const LONG_PARTS: u32 = 200;
/// In 15 % of the messages.
pub(crate) const COMMON_WORD: &str = "refund";
/// In 1 % of the messages.
pub(crate) const MEDIUM_WORD: &str = "voucher";
/// In [`RARE_MESSAGES`] messages, whatever the scale.
pub(crate) const RARE_WORD: &str = "kestrel";
pub(crate) const RARE_MESSAGES: usize = 50;

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) conversations: usize,
    /// Comments and notes; assignments and closings come on top.
    pub(crate) messages: usize,
}

impl Scale {
    pub(crate) const QUICK: Self = Self { conversations: 2_000, messages: 20_000 };
    pub(crate) const TENTH: Self = Self { conversations: 10_000, messages: 100_000 };
    pub(crate) const FULL: Self = Self { conversations: 100_000, messages: 1_000_000 };
}

/// What is decided about a conversation before its words are drawn.
#[derive(Debug, Clone, Copy)]
struct Plan {
    language: Language,
    state: ConversationState,
    admin: Option<u8>,
    team: Option<u8>,
    messages: u32,
    /// How many messages the conversations before it have.
    messages_before: usize,
}

impl Plan {
    /// `mean` is how many messages the conversations have in the mean.
    fn draw(index: usize, mean: f64) -> Self {
        let random = &mut Random::at(SEED, (1 << 40) | index as u64);
        let language = Language::draw(random);
        let state = match random.below(100) {
            0..=34 => ConversationState::Open,
            35..=39 => ConversationState::Snoozed,
            _ => ConversationState::Closed,
        };
        let admin = random.chance(0.78).then(|| random.index(AGENTS) as u8);
        let team = random.chance(0.6).then(|| random.index(TEAMS) as u8);
        let messages = (MESSAGES.draw(random) * mean / MEAN_MESSAGES).round().max(1.0) as u32;
        let mut plan = Self { language, state, admin, team, messages, messages_before: 0 };
        if is_long(index) {
            plan.messages = LONG_PARTS - plan.events();
        }
        plan
    }

    /// An assignment and a closing, where there was one.
    fn events(&self) -> u32 {
        u32::from(self.admin.is_some()) + u32::from(self.state == ConversationState::Closed)
    }
}

const fn is_long(index: usize) -> bool {
    index % 200 == 100
}

/// A conversation with what comes beside it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) delta: ConversationDelta,
    pub(crate) contact: Contact,
    pub(crate) read_mark: Option<ReadMark>,
}

/// Everything that there is, drawn when it is asked for.
#[derive(Debug)]
pub(crate) struct Fixture {
    scale: Scale,
    words: Words,
    plans: Vec<Plan>,
    agent_names: Vec<String>,
    week: Week,
}

impl Fixture {
    pub(crate) fn new(scale: Scale) -> Self {
        let mean = scale.messages as f64 / scale.conversations as f64;
        let mut plans: Vec<Plan> =
            (0..scale.conversations).map(|index| Plan::draw(index, mean)).collect();
        let drawn: usize = plans.iter().map(|plan| plan.messages as usize).sum();
        settle(&mut plans, scale.messages as i64 - drawn as i64);
        let mut before = 0;
        for plan in &mut plans {
            plan.messages_before = before;
            before += plan.messages as usize;
        }
        let words = Words::new(SEED);
        let agent_name =
            |agent| words.name(Language::English, &mut Random::at(SEED, (2 << 40) | agent));
        let agent_names = (0..AGENTS as u64).map(agent_name).collect();
        Self { scale, words, plans, agent_names, week: Week::new() }
    }

    pub(crate) const fn scale(&self) -> Scale {
        self.scale
    }

    pub(crate) fn log_id() -> LogId {
        LogId::from_uuid(id(BEGIN_S * 1_000, 1, 0))
    }

    /// The change log's number that everything here lies below.
    pub(crate) fn cursor(&self) -> u64 {
        version(self.scale.conversations)
    }

    pub(crate) fn me() -> TeammateId {
        teammate_id(0)
    }

    /// The conversations, the one with the newest message first.
    pub(crate) fn newest_first(&self) -> Vec<usize> {
        let mut order: Vec<(i64, usize)> = (0..self.plans.len())
            .map(|index| (self.times(index).last().copied().unwrap_or(0), index))
            .collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        order.into_iter().map(|(_, index)| index).collect()
    }

    /// Whether the conversation is open or snoozed.
    pub(crate) fn is_active(&self, index: usize) -> bool {
        self.plans[index].state != ConversationState::Closed
    }

    pub(crate) fn is_open(&self, index: usize) -> bool {
        self.plans[index].state == ConversationState::Open
    }

    /// The conversations of [`LONG_PARTS`] parts.
    pub(crate) fn long(&self) -> Vec<usize> {
        (0..self.plans.len()).filter(|index| is_long(*index)).collect()
    }

    pub(crate) fn conversation_id(&self, index: usize) -> ConversationId {
        let began_ms = self.times(index).first().copied().unwrap_or(0) / 1_000;
        ConversationId::from_uuid(id(began_ms, 2, index as u64))
    }

    /// What the server answers first.
    pub(crate) fn bootstrap(&self) -> Bootstrap {
        let teammates: Vec<_> = (0..AGENTS).map(|agent| self.teammate(agent)).collect();
        let teams = (0..TEAMS).map(|team| Team {
            id: team_id(team),
            name: format!("Team {}", team + 1),
            admin_ids: (0..AGENTS).filter(|a| a % TEAMS == team).map(teammate_id).collect(),
            version: 1,
        });
        Bootstrap {
            log_id: Self::log_id(),
            cursor: self.cursor(),
            server_time: Timestamp::from_seconds(BEGIN_S + SPAN_S),
            workspace: Workspace {
                id: WorkspaceId::from_uuid(id(BEGIN_S * 1_000, 3, 0)),
                name: "Measured".to_owned(),
                offline_lease_s: 86_400,
                version: 1,
            },
            me: self.teammate(0),
            access: OwnAccess {
                epoch: EPOCH,
                role: Role::Agent,
                state: TeammateState::Active,
                team_ids: vec![team_id(0)],
                conversation_access: ConversationAccess::all(),
            },
            teammates,
            teams: teams.collect(),
        }
    }

    fn teammate(&self, agent: usize) -> Teammate {
        Teammate {
            id: teammate_id(agent),
            name: self.agent_names[agent].clone(),
            email: format!("agent{agent}@example.com"),
            role: Role::Agent,
            state: TeammateState::Active,
            created_at: Timestamp::from_seconds(BEGIN_S),
            version: 1,
        }
    }

    /// A page of heads, as the listing of open and snoozed conversations brings them.
    pub(crate) fn head_page(&self, indices: &[usize]) -> HeadPage {
        let entries: Vec<_> = indices.iter().map(|index| self.entry(*index)).collect();
        HeadPage {
            log_id: Self::log_id(),
            epoch: EPOCH,
            cursor: self.cursor(),
            contacts: contacts(&entries),
            read_marks: entries.iter().filter_map(|entry| entry.read_mark).collect(),
            heads: entries.into_iter().map(|entry| entry.delta.head).collect(),
            next: None,
        }
    }

    /// Whole conversations, as the background load brings them.
    pub(crate) fn conversation_page(&self, indices: &[usize]) -> ConversationPage {
        let entries: Vec<_> = indices.iter().map(|index| self.entry(*index)).collect();
        ConversationPage {
            log_id: Self::log_id(),
            epoch: EPOCH,
            cursor: self.cursor(),
            contacts: contacts(&entries),
            read_marks: entries.iter().filter_map(|entry| entry.read_mark).collect(),
            conversations: entries.into_iter().map(|entry| entry.delta).collect(),
        }
    }

    /// When the messages were written, in microseconds. No two messages share a time.
    fn times(&self, index: usize) -> Vec<i64> {
        let random = &mut Random::at(SEED, (3 << 40) | index as u64);
        let plan = &self.plans[index];
        let count = self.plans.len() as i64;
        let mut at_s = self.week.warp(BEGIN_S + SPAN_S * index as i64 / count);
        (0..plan.messages)
            .map(|n| {
                at_s += GAP_S.draw(random) as i64;
                at_s * 1_000_000 + (plan.messages_before as i64 + i64::from(n)) % 1_000_000
            })
            .collect()
    }

    pub(crate) fn entry(&self, index: usize) -> Entry {
        let plan = &self.plans[index];
        let random = &mut Random::at(SEED, (4 << 40) | index as u64);
        let contact = self.contact(index, plan.language);
        let parts = self.parts(index, &contact, random);
        let newest = parts.iter().rev().find(|part| part.part_type.is_message());
        let newest_time = newest.map_or(Timestamp::default(), |part| part.created_at);
        let by_contact = |part: &&Part| part.author.author_type == AuthorType::Contact;
        let contact_part_count = parts.iter().filter(by_contact).count() as u32;
        let waits =
            plan.state == ConversationState::Open && newest.is_some_and(|part| by_contact(&part));
        let mut tags: Vec<String> =
            (0..random.below(3)).map(|_| format!("topic-{}", random.below(30))).collect();
        tags.sort();
        tags.dedup();
        let head = ConversationHead {
            id: self.conversation_id(index),
            contact_id: contact.id,
            title: None,
            state: plan.state,
            snoozed_until: (plan.state == ConversationState::Snoozed)
                .then(|| newest_time.plus_seconds(3 * 86_400)),
            priority: if random.chance(0.05) { Priority::Priority } else { Priority::NotPriority },
            admin_assignee_id: plan.admin.map(|agent| teammate_id(agent.into())),
            team_assignee_id: plan.team.map(|team| team_id(team.into())),
            tags,
            waiting_since: waits.then_some(newest_time),
            created_at: parts.first().map_or(newest_time, |part| part.created_at),
            last_part_at: newest_time,
            preview: newest.map(|part| text::preview(&part.body_text)).unwrap_or_default(),
            preview_author: newest.map_or(AuthorType::Contact, |part| part.author.author_type),
            preview_is_note: newest.is_some_and(|part| part.part_type == PartType::Note),
            part_count: parts.len() as u32,
            contact_part_count,
            version: version(index),
        };
        let read_mark =
            (head.admin_assignee_id == Some(Self::me()) || random.chance(0.1)).then(|| ReadMark {
                conversation_id: head.id,
                contact_parts_read: contact_part_count
                    - u32::from(random.chance(0.3)).min(contact_part_count),
                version: head.version,
            });
        Entry { delta: ConversationDelta { head, parts, complete_from_seq: 1 }, contact, read_mark }
    }

    /// Four customers write five conversations.
    fn contact(&self, index: usize, language: Language) -> Contact {
        let customer = index as u64 * 4 / 5;
        let random = &mut Random::at(SEED, (5 << 40) | customer);
        let created_s = self.week.warp(BEGIN_S + SPAN_S * index as i64 / self.plans.len() as i64);
        let with_email = random.chance(0.6);
        Contact {
            id: ContactId::from_uuid(id(BEGIN_S * 1_000, 4, customer)),
            external_id: random.chance(0.5).then(|| format!("c-{customer}")),
            name: random.chance(0.9).then(|| self.words.name(language, random)),
            email: with_email.then(|| format!("customer{customer}@example.com")),
            phone: None,
            language: Some(language.tag().to_owned()),
            created_at: Timestamp::from_seconds(created_s),
            version: 1,
        }
    }

    fn parts(&self, index: usize, contact: &Contact, random: &mut Random) -> Vec<Part> {
        let plan = &self.plans[index];
        let conversation_id = self.conversation_id(index);
        // Somebody answers, also where nobody was assigned.
        let assignee = plan.admin.map_or_else(|| random.index(AGENTS), usize::from);
        let times = self.times(index);
        let mut parts: Vec<Part> = Vec::with_capacity(times.len() + 2);
        let mut push = |part_type, author, body_text: String, micros: i64| {
            let seq = parts.len() as u32 + 1;
            let assigned = part_type == PartType::Assignment;
            // A line break or an ampersand makes the HTML differ from the text.
            let differs = seq % 16 == 7 && !body_text.is_empty();
            parts.push(Part {
                id: PartId::from_uuid(id(micros / 1_000, 6, (index as u64) << 10 | u64::from(seq))),
                conversation_id,
                seq,
                part_type,
                author,
                body: if differs { format!("<p>{body_text}</p>") } else { body_text.clone() },
                body_text,
                rich: false,
                assigned_to_admin_id: assigned.then(|| teammate_id(assignee)),
                assigned_to_team_id: plan.team.filter(|_| assigned).map(|t| team_id(t.into())),
                snoozed_until: None,
                priority: None,
                tag: None,
                command_id: None,
                created_at: Timestamp::from_micros(micros),
                version: version(index),
            });
        };
        let mut agents = false;
        for (n, micros) in times.iter().enumerate() {
            // One message in six goes on where its author was.
            agents = n > 0 && random.chance(if agents { 0.16 } else { 0.84 });
            let note = agents && random.chance(0.06);
            // Now and then a colleague steps in.
            let agent = if random.chance(0.1) { random.index(AGENTS) } else { assignee };
            let body_text = self.message(plan, plan.messages_before + n, random);
            let author = if agents { self.agent(agent) } else { customer(contact) };
            let part_type = if note { PartType::Note } else { PartType::Comment };
            push(part_type, author, body_text, *micros);
            if n == 0 && plan.admin.is_some() {
                push(PartType::Assignment, self.agent(assignee), String::new(), micros + 1);
            }
        }
        if plan.state == ConversationState::Closed {
            let closed_at = times.last().copied().unwrap_or(0) + 1;
            push(PartType::Close, self.agent(assignee), String::new(), closed_at);
        }
        parts
    }

    fn message(&self, plan: &Plan, number: usize, random: &mut Random) -> String {
        // Median and mean of the example messages: 40 and 53 characters, 22 and 26 in Chinese.
        let (median, sigma) =
            if plan.language == Language::Chinese { (22.0, 0.6) } else { (40.0, 0.75) };
        let characters = random.log_normal(median, sigma).clamp(2.0, 508.0) as usize;
        let mut planted = Vec::new();
        if random.chance(0.15) {
            planted.push(COMMON_WORD);
        }
        if random.chance(0.01) {
            planted.push(MEDIUM_WORD);
        }
        if number.is_multiple_of(self.scale.messages / RARE_MESSAGES) {
            planted.push(RARE_WORD);
        }
        self.words.text(plan.language, characters, &planted, random)
    }

    fn agent(&self, agent: usize) -> Author {
        Author {
            author_type: AuthorType::Admin,
            admin_id: Some(teammate_id(agent)),
            name: Some(self.agent_names[agent].clone()),
        }
    }
}

/// Lengthens or shortens conversations until there are `missing` messages more.
fn settle(plans: &mut [Plan], mut missing: i64) {
    while missing != 0 {
        for (index, plan) in plans.iter_mut().enumerate().filter(|(index, _)| !is_long(*index)) {
            if missing > 0 && index % 3 == 0 {
                plan.messages += 1;
                missing -= 1;
            } else if missing < 0 && plan.messages > 1 {
                plan.messages -= 1;
                missing += 1;
            }
        }
    }
}

fn contacts(entries: &[Entry]) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::with_capacity(entries.len());
    for entry in entries {
        if contacts.iter().rev().all(|contact| contact.id != entry.contact.id) {
            contacts.push(entry.contact.clone());
        }
    }
    contacts
}

fn customer(contact: &Contact) -> Author {
    Author { author_type: AuthorType::Contact, admin_id: None, name: contact.name.clone() }
}

const fn version(index: usize) -> u64 {
    index as u64 + 2
}

/// A UUIDv7 of that time, the same in every run.
fn id(unix_ms: i64, kind: u64, number: u64) -> Uuid {
    let bytes = Random::at(SEED, (kind << 56) | number).bytes();
    uuid::Builder::from_unix_timestamp_millis(unix_ms.unsigned_abs(), &bytes).into_uuid()
}

fn teammate_id(agent: usize) -> TeammateId {
    TeammateId::from_uuid(id(BEGIN_S * 1_000, 7, agent as u64))
}

fn team_id(team: usize) -> TeamId {
    TeamId::from_uuid(id(BEGIN_S * 1_000, 8, team as u64))
}
