//! What the demo's workspace holds: which conversation is open, whose it is, when it happened, and what its customer has
//! yet to say. The same at each run, apart from the time.

use std::collections::BTreeMap;

use recado_protocol::Timestamp;
use sha2::{Digest as _, Sha256};

use super::chance::Chance;
use super::names::{self, Language};
use super::notes;
use super::people::{Person, Team};
use crate::import::record::{From, Message, Record, Times};

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;
/// How many conversations are open and have a customer who writes on.
const LIVE: usize = 64;
/// How many are open in all.
const OPEN: usize = 220;
/// How many are snoozed.
const SNOOZED: usize = 30;
/// How many are kept back, to be opened by their customers while the demo runs.
const NEW: usize = 24;
/// The invented conversations in Spanish.
pub(super) const SPANISH_SOURCE: &str = "cactus-desk";

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Somebody has to do something.
    Open,
    /// Put aside until then.
    Snoozed(Timestamp),
    /// Done.
    Closed,
}

/// An internal note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// Who wrote it.
    pub(super) author: Person,
    /// The text.
    pub(super) text: &'static str,
    /// The number of messages that stand before it.
    pub(super) after: usize,
}

/// One conversation of the demo.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    /// What has been said, dated.
    pub(super) record: Record,
    /// The customer's language.
    pub(super) language: Language,
    /// Where it stands.
    pub(super) stand: Stand,
    /// Whether it goes first.
    pub(super) priority: bool,
    /// The team.
    pub(super) team: Option<Team>,
    /// The assignee.
    pub(super) assignee: Option<Person>,
    /// Who wrote the answers that have no author in the source.
    pub(super) answered_by: Person,
    /// A note in it.
    pub(super) note: Option<Note>,
    /// Whether somebody has yet to read the customer's last words.
    pub(super) unread: bool,
    /// What the customer has yet to say, in order.
    pub(super) held_back: Vec<String>,
}

/// A conversation that its customer has yet to open.
#[derive(Debug, Clone)]
pub(super) struct Newcomer {
    /// The conversation's id at its source.
    pub(super) source_id: String,
    /// The customer.
    pub(super) name: String,
    /// The customer's e-mail address.
    pub(super) email: Option<String>,
    /// The customer's language.
    pub(super) language: Language,
    /// The team that it goes to.
    pub(super) team: Option<Team>,
    /// What the customer says, in order; at least one message.
    pub(super) messages: Vec<String>,
}

/// Everything.
#[derive(Debug)]
pub(super) struct Plan {
    /// The conversations that are there from the start.
    pub(super) scenes: Vec<Scene>,
    /// Those that come later.
    pub(super) newcomers: Vec<Newcomer>,
}

/// Plans the demo as it looks at the time `now`.
pub(super) fn plan(mut records: Vec<Record>, now: Timestamp) -> Plan {
    // Shuffled once and for all by their ids.
    records.sort_by_cached_key(|record| <[u8; 32]>::from(Sha256::digest(&record.source_id)));
    let mut chances: BTreeMap<String, Chance> = BTreeMap::new();
    let mut live = Vec::new();
    let mut open = Vec::new();
    let mut rest = Vec::new();
    let mut newcomers = Vec::new();
    for record in records {
        let chance = chances
            .entry(record.source_id.clone())
            .or_insert_with(|| Chance::of(&record.source_id));
        let spanish = record.source == SPANISH_SOURCE;
        match cut(&record, chance) {
            Some(at) if spanish || live.len() < LIVE => live.push((record, at)),
            Some(at) if open.len() + live.len() < OPEN => open.push((record, at)),
            Some(_) if newcomers.len() < NEW => newcomers.extend(newcomer(&record)),
            _ => rest.push(record),
        }
    }
    // The conversations in Spanish are among the newest.
    live.sort_by_key(|(record, _)| record.source != SPANISH_SOURCE);
    let mut scenes = Vec::new();
    let open_count = live.len() + open.len();
    let writing = live.len();
    // Those whose customers write on are spread over the newer half.
    let mut order: Vec<usize> = (0..open_count).collect();
    order.sort_by_key(|index| if *index < writing { index * 2 } else { (index - writing) * 2 + 1 });
    let mut age_rank = vec![0; open_count];
    for (rank, index) in order.into_iter().enumerate() {
        age_rank[index] = rank;
    }
    for (index, (record, at)) in live.into_iter().chain(open).enumerate() {
        let mut chance = Chance::of(&format!("open {}", record.source_id));
        let age_s = open_age_s(age_rank[index], open_count, &mut chance);
        scenes.push(open_scene(record, at, index < writing, now.plus_seconds(-age_s), &mut chance));
    }
    for (index, record) in rest.into_iter().enumerate() {
        let mut chance = Chance::of(&format!("rest {}", record.source_id));
        scenes.push(if index < SNOOZED {
            let last_at = now.plus_seconds(-chance.between(2 * HOUR_S, 5 * DAY_S));
            // The first ones wake while somebody watches.
            let ahead_s = match index {
                0 => 240,
                1 => 900,
                _ => chance.between(2 * HOUR_S, 6 * DAY_S),
            };
            scene(record, Stand::Snoozed(now.plus_seconds(ahead_s)), last_at, &mut chance)
        } else {
            let last_at = now.plus_seconds(-closed_age_s(&mut chance));
            scene(record, Stand::Closed, last_at, &mut chance)
        });
    }
    Plan { scenes, newcomers }
}

/// Where to break a conversation off so that its customer has the last word and more to say later: the number of
/// messages that stay.
fn cut(record: &Record, chance: &mut Chance) -> Option<usize> {
    let messages = &record.messages;
    let last_customer = messages.iter().rposition(|message| message.from == From::Customer)?;
    let answered = messages.iter().position(|message| message.from == From::Agent)?;
    let places: Vec<usize> = (answered + 1..last_customer)
        .filter(|index| {
            messages[*index].from == From::Customer && !messages[*index].text.trim().is_empty()
        })
        .collect();
    if places.is_empty() {
        return None;
    }
    Some(*chance.pick(&places) + 1)
}

/// How old an open conversation's newest message is: from a minute to three days, more of them new than old.
fn open_age_s(rank: usize, count: usize, chance: &mut Chance) -> i64 {
    let rank = i64::try_from(rank).unwrap_or(0);
    let count = i64::try_from(count.max(1)).unwrap_or(1);
    let cubed = 3 * DAY_S * rank / count * rank / count * rank / count;
    50 + 40 * rank + cubed + chance.between(0, 30)
}

/// How old a closed conversation's newest message is: from an hour to a month, more of them new than old.
fn closed_age_s(chance: &mut Chance) -> i64 {
    let drawn = chance.between(0, 1_000);
    HOUR_S + 30 * DAY_S * drawn / 1_000 * (400 + 6 * drawn / 10) / 1_000
}

fn newcomer(record: &Record) -> Option<Newcomer> {
    let messages: Vec<String> = customer_texts(&record.messages);
    if messages.is_empty() {
        return None;
    }
    let language = Language::of(&messages.concat());
    Some(Newcomer {
        source_id: record.source_id.clone(),
        name: customer_name(record, language),
        email: record.customer_email.clone(),
        language,
        team: Team::of_tags(&record.tags),
        messages,
    })
}

fn customer_texts(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .filter(|message| message.from == From::Customer && !message.text.trim().is_empty())
        .map(|message| message.text.clone())
        .collect()
}

fn open_scene(
    mut record: Record,
    cut: usize,
    writes_on: bool,
    last_at: Timestamp,
    chance: &mut Chance,
) -> Scene {
    let later = record.messages.split_off(cut);
    let held_back = if writes_on { customer_texts(&later) } else { Vec::new() };
    // Some have been answered and wait for the customer.
    let answered = !writes_on && chance.percent(25);
    if answered {
        record.messages.extend(later.into_iter().take_while(|message| message.from == From::Agent));
    }
    let mut scene = scene(record, Stand::Open, last_at, chance);
    scene.held_back = held_back;
    scene.priority = chance.percent(9);
    scene.unread = !answered && chance.percent(45);
    scene.assignee = match scene.team {
        Some(team) if chance.percent(58) => Some(*chance.pick(&team.agents())),
        Some(_) => None,
        None if chance.percent(30) => Some(Person::Ana),
        None => None,
    };
    scene
}

fn scene(mut record: Record, stand: Stand, last_at: Timestamp, chance: &mut Chance) -> Scene {
    let written: String = record.messages.iter().map(|message| message.text.as_str()).collect();
    let language = Language::of(&written);
    record.customer_name = Some(customer_name(&record, language));
    redate(&mut record, last_at, chance);
    let team = Team::of_tags(&record.tags);
    let answered_by = team.map_or(Person::Ana, |team| *chance.pick(&team.agents()));
    let note = note(&record, team, language, answered_by, chance);
    Scene {
        record,
        language,
        stand,
        priority: false,
        team,
        assignee: Some(answered_by),
        answered_by,
        note,
        unread: false,
        held_back: Vec::new(),
    }
}

fn customer_name(record: &Record, language: Language) -> String {
    match &record.customer_name {
        None => names::invent(&record.source_id, language),
        // A first name alone is what somebody said in passing; a nick is how they are known.
        Some(name) if record.source == "star" && !name.contains(' ') => {
            format!("{name} {}", names::surname(&record.source_id))
        }
        Some(name) if record.source == "abcd" => capitalised(name),
        Some(name) => name.clone(),
    }
}

fn capitalised(name: &str) -> String {
    let mut capitalised = String::with_capacity(name.len());
    let mut starts = true;
    for c in name.chars() {
        if starts {
            capitalised.extend(c.to_uppercase());
        } else {
            capitalised.push(c);
        }
        starts = c.is_whitespace();
    }
    capitalised
}

/// Moves a conversation in time so that its last message was written at `last_at`. Pauses stay as they are in the
/// source, within what a chat has.
fn redate(record: &mut Record, last_at: Timestamp, chance: &mut Chance) {
    let known = record.times == Times::Known;
    let mut at = last_at;
    let mut later: Option<Timestamp> = None;
    for message in record.messages.iter_mut().rev() {
        let source_at = message.at;
        if let Some(later) = later {
            let pause_s = later.as_seconds() - source_at.as_seconds();
            // Some sources tell only the minute, so that neighbours share a time.
            let pause_s = if known && (5..=1_800).contains(&pause_s) {
                pause_s
            } else {
                chance.between(8, 75)
            };
            at = at.plus_seconds(-pause_s);
        }
        later = Some(source_at);
        message.at = at;
    }
}

fn note(
    record: &Record,
    team: Option<Team>,
    language: Language,
    answered_by: Person,
    chance: &mut Chance,
) -> Option<Note> {
    if !chance.percent(9) {
        return None;
    }
    let answered = record.messages.iter().rposition(|message| message.from == From::Agent)?;
    let colleagues: Vec<Person> = Person::ALL
        .iter()
        .copied()
        .filter(|person| *person != answered_by)
        .filter(|person| team.is_none_or(|team| person.teams().contains(&team)))
        .collect();
    let author = if colleagues.is_empty() { answered_by } else { *chance.pick(&colleagues) };
    let text: &&str = chance.pick(notes::of(team, language));
    Some(Note { author, text, after: answered + 1 })
}

#[cfg(test)]
#[path = "plan/tests.rs"]
mod tests;
