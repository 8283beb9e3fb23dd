//! One line of an import file: a conversation with its messages.

use recado_protocol::Timestamp;
use recado_protocol::command::{MAX_BODY_BYTES, MAX_TAG_CHARS};
use recado_protocol::text::without_nul;
use serde::{Deserialize, Serialize};

/// How many messages one conversation may have.
const MAX_MESSAGES: usize = 100_000;
/// How many tags one conversation may have.
const MAX_TAGS: usize = 200;
/// How long an id, a name or an address may be, in bytes.
const MAX_NAME_BYTES: usize = 1_000;
/// How far apart the messages of a source without times are dated, in seconds.
const SPACING_S: i64 = 60;
/// How far ahead of this machine's clock a time may be, in seconds: another machine's clock may be off, or its zone.
const MAX_AHEAD_S: i64 = 86_400;

/// Why a line was not imported, for the person who runs the import.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The line is longer than is read.
    #[error("the line is longer than 32 MiB")]
    LineTooLong,
    /// The bytes are not text.
    #[error("the line is not valid UTF-8 (first bad byte at column {0})")]
    NotUtf8(usize),
    /// The text is not what is expected.
    #[error("{0}")]
    NotJson(String),
    /// A field that must be there is empty.
    #[error("\"{0}\" is empty")]
    Empty(&'static str),
    /// A field is longer than is taken.
    #[error("\"{0}\" is too long")]
    TooLong(&'static str),
    /// A message's author is none of those that are known.
    #[error("message {0}: \"from\" is \"{1}\"; expected customer, agent or system")]
    UnknownAuthor(usize, String),
    /// A time cannot be read.
    #[error("\"{0}\" is not a time like 2020-05-21T19:52:40Z: {1}")]
    BadTime(&'static str, String),
    /// A time is yet to come.
    #[error("\"{0}\" lies in the future")]
    FutureTime(&'static str),
    /// The server could not store it.
    #[error("it could not be stored: {0}")]
    NotStored(String),
}

/// Who wrote an imported message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The customer.
    Customer,
    /// Somebody on the workspace's side.
    Agent,
    /// A bot, or a recorded action.
    System,
}

/// How well the source knows when a conversation's messages were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// Every message has its time.
    Known,
    /// Some have none and were dated by their neighbours.
    Gaps,
    /// None has one; all were made up.
    MadeUp,
}

/// A message as the file has it, checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub from: From,
    /// The author's name or nick, where the source has one.
    pub author: Option<String>,
    /// Plain text.
    pub text: String,
    /// When it was written; made up where the source has no times.
    pub at: Timestamp,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("from", &self.from).finish_non_exhaustive()
    }
}

/// A conversation as the file has it, checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Where it comes from.
    pub source: String,
    /// Its id there.
    pub source_id: String,
    /// What it is about.
    pub subject: Option<String>,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// The customer's e-mail address.
    pub customer_email: Option<String>,
    /// Tags, sorted, each once.
    pub tags: Vec<String>,
    /// At least one, each with words.
    pub messages: Vec<Message>,
    /// Whether times were missing and had to be made up.
    pub times: Times,
    /// How many messages had no words and were left out.
    pub blank_messages: u32,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("source", &self.source)
            .field("source_id", &self.source_id)
            .field("messages", &self.messages.len())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct RawRecord {
    id: String,
    source: Option<String>,
    subject: Option<String>,
    customer: Option<RawCustomer>,
    created_at: Option<String>,
    tags: Option<Vec<String>>,
    messages: Vec<RawMessage>,
}

#[derive(Deserialize)]
struct RawCustomer {
    name: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
struct RawMessage {
    from: String,
    text: String,
    at: Option<String>,
    author: Option<String>,
}

impl Record {
    /// Reads and checks one line at the time `now`. A line that does not name its source belongs to `default_source`.
    ///
    /// Messages without times are dated a minute apart after the last known time before them. Where nothing is known,
    /// the last one is dated `now`.
    ///
    /// # Errors
    /// The reason for which the line cannot be imported.
    pub fn parse(line: &[u8], default_source: &str, now: Timestamp) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(line)
            .map_err(|error| Rejection::NotUtf8(error.valid_up_to() + 1))?;
        let raw: RawRecord =
            serde_json::from_str(text).map_err(|error| Rejection::NotJson(reason(&error)))?;
        let source_id = short("id", Some(raw.id))?.ok_or(Rejection::Empty("id"))?;
        let source = short("source", raw.source)?.unwrap_or_else(|| default_source.to_owned());
        if raw.messages.is_empty() {
            return Err(Rejection::Empty("messages"));
        }
        if raw.messages.len() > MAX_MESSAGES {
            return Err(Rejection::TooLong("messages"));
        }
        let opened_at = time("created_at", raw.created_at.as_deref(), now)?;
        let mut known = Vec::with_capacity(raw.messages.len());
        for message in &raw.messages {
            known.push(time("at", message.at.as_deref(), now)?);
        }
        let (dates, times) = dates(known, opened_at, now);
        let mut messages = Vec::with_capacity(raw.messages.len());
        let mut blank_messages = 0;
        for (index, (message, at)) in raw.messages.into_iter().zip(dates).enumerate() {
            let from = match message.from.as_str() {
                "customer" => From::Customer,
                "agent" => From::Agent,
                "system" => From::System,
                other => {
                    let shown = other.chars().take(40).collect();
                    return Err(Rejection::UnknownAuthor(index + 1, shown));
                }
            };
            if message.text.len() > MAX_BODY_BYTES {
                return Err(Rejection::TooLong("text"));
            }
            if message.text.trim().is_empty() {
                blank_messages += 1;
                continue;
            }
            let author = short("author", message.author)?;
            messages.push(Message { from, author, text: without_nul(message.text), at });
        }
        if messages.is_empty() {
            return Err(Rejection::Empty("messages"));
        }
        let (name, email) = raw.customer.map_or((None, None), |c| (c.name, c.email));
        Ok(Self {
            source,
            source_id,
            subject: short("subject", raw.subject)?,
            customer_name: short("customer.name", name)?,
            customer_email: short("customer.email", email)?,
            tags: tags(raw.tags.unwrap_or_default())?,
            messages,
            times,
            blank_messages,
        })
    }
}

/// What is wrong with the JSON. Values of the line are not repeated beyond a few words.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said,
    }
}

/// Reads a time as RFC 3339 has it.
fn time(
    field: &'static str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Rejection> {
    let Some(text) = text else {
        return Ok(None);
    };
    let at = text
        .parse::<jiff::Timestamp>()
        .map(|at| Timestamp::from_micros(at.as_microsecond()))
        .map_err(|error| Rejection::BadTime(field, error.to_string()))?;
    if at > now.plus_seconds(MAX_AHEAD_S) {
        return Err(Rejection::FutureTime(field));
    }
    Ok(Some(at))
}

/// A time for each message, from those that are known.
fn dates(
    mut known: Vec<Option<Timestamp>>,
    opened_at: Option<Timestamp>,
    now: Timestamp,
) -> (Vec<Timestamp>, Times) {
    let times = if known.iter().all(Option::is_some) {
        Times::Known
    } else if known.iter().any(Option::is_some) || opened_at.is_some() {
        Times::Gaps
    } else {
        Times::MadeUp
    };
    if let Some(first) = known.first_mut() {
        *first = first.or(opened_at);
    }
    let gap = |count: usize| SPACING_S.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX));
    let (anchor, anchored_at) = match known.iter().position(Option::is_some) {
        Some(anchor) => (anchor, known[anchor].unwrap_or(now)),
        None => (known.len().saturating_sub(1), now),
    };
    let mut dates: Vec<Timestamp> =
        (0..=anchor).map(|index| anchored_at.plus_seconds(-gap(anchor - index))).collect();
    let mut last = anchored_at;
    for index in anchor + 1..known.len() {
        last = known[index].unwrap_or_else(|| {
            let next = known[index..].iter().flatten().next().copied();
            let after = last.plus_seconds(SPACING_S);
            // Never past what is known to come later, unless the source itself goes back in time.
            next.map_or(after, |next| after.min(next.max(last))).min(now.max(last))
        });
        dates.push(last);
    }
    (dates, times)
}

fn short(field: &'static str, text: Option<String>) -> Result<Option<String>, Rejection> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.len() > MAX_NAME_BYTES => Err(Rejection::TooLong(field)),
        other => Ok(other.map(without_nul)),
    }
}

fn tags(raw: Vec<String>) -> Result<Vec<String>, Rejection> {
    let mut tags: Vec<String> = raw
        .into_iter()
        .map(|tag| {
            tag.trim().chars().filter(|c| !c.is_control()).take(MAX_TAG_CHARS).collect::<String>()
        })
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.sort();
    tags.dedup();
    if tags.len() > MAX_TAGS {
        return Err(Rejection::TooLong("tags"));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn parse(line: &str) -> Result<Record, Rejection> {
        Record::parse(line.as_bytes(), "import", NOW)
    }

    fn seconds(record: &Record) -> Vec<i64> {
        record.messages.iter().map(|message| message.at.as_seconds()).collect()
    }

    #[test]
    fn a_source_without_times_is_dated_a_minute_apart_and_not_in_the_future() {
        let record = parse(
            r#"{"id":"a","messages":[{"from":"customer","text":"hi"},{"from":"agent","text":"yes"}]}"#,
        )
        .expect("valid");
        assert_eq!(record.times, Times::MadeUp);
        assert_eq!(seconds(&record), [1_699_999_940, 1_700_000_000]);
        assert_eq!(record.source, "import");
        assert_eq!(record.customer_name, None);
    }

    #[test]
    fn a_missing_time_follows_the_one_before_and_never_passes_the_next() {
        let record = parse(
            r#"{"id":"a","created_at":"2020-05-21T19:52:40Z","messages":[
                {"from":"customer","text":"1"},
                {"from":"customer","text":"2"},
                {"from":"agent","text":"3","at":"2020-05-21T19:53:00Z","author":"bo"},
                {"from":"system","text":"4"}]}"#,
        )
        .expect("valid");
        assert_eq!(seconds(&record), [1_590_090_760, 1_590_090_780, 1_590_090_780, 1_590_090_840]);
        assert_eq!(record.times, Times::Gaps);
        assert_eq!(record.messages[2].author.as_deref(), Some("bo"));
    }

    #[test]
    fn messages_before_the_first_known_time_are_dated_before_it() {
        let record = parse(
            r#"{"id":"a","messages":[{"from":"customer","text":"1"},{"from":"customer","text":"2"},
                {"from":"agent","text":"3","at":"2020-05-21T20:00:00Z"}]}"#,
        )
        .expect("valid");
        assert_eq!(seconds(&record), [1_590_091_080, 1_590_091_140, 1_590_091_200]);
    }

    #[test]
    fn each_bad_line_says_what_is_wrong() {
        let says = |line: &str| parse(line).expect_err("must be refused").to_string();
        assert!(says("{").contains("EOF"));
        assert!(says(r#"{"id":"","messages":[]}"#).contains("\"id\" is empty"));
        assert!(says(r#"{"id":"a","messages":[]}"#).contains("\"messages\" is empty"));
        assert!(says(r#"{"id":"a"}"#).contains("messages"));
        assert!(says(r#"{"id":"a","messages":[{"from":"boss","text":"x"}]}"#).contains("\"boss\""));
        assert!(
            says(r#"{"id":"a","created_at":"yesterday","messages":[{"from":"agent","text":"x"}]}"#)
                .contains("created_at")
        );
        assert!(
            says(
                r#"{"id":"a","messages":[{"from":"agent","text":"x","at":"2999-01-01T00:00:00Z"}]}"#
            )
            .contains("future")
        );
        let broken = Record::parse(b"{\"id\":\"\xFF\"}", "import", NOW);
        assert_eq!(broken, Err(Rejection::NotUtf8(8)));
    }

    #[test]
    fn messages_without_words_are_left_out_and_counted() {
        let record = parse(
            r#"{"id":"a","messages":[{"from":"customer","text":" \n"},{"from":"agent","text":"yes"}]}"#,
        )
        .expect("valid");
        assert_eq!((record.messages.len(), record.blank_messages), (1, 1));
        assert_eq!(
            parse(r#"{"id":"a","messages":[{"from":"customer","text":""}]}"#),
            Err(Rejection::Empty("messages"))
        );
    }

    #[test]
    fn what_no_database_can_hold_is_replaced_and_what_nobody_can_use_refused() {
        let record = parse(
            r#"{"id":"a\u0000b","messages":[{"from":"customer","text":"x\u0000y","author":" "}]}"#,
        )
        .expect("valid");
        assert_eq!(record.source_id, "a\u{FFFD}b");
        assert_eq!(record.messages[0].text, "x\u{FFFD}y");
        assert_eq!(record.messages[0].author, None);
        let long = "x".repeat(MAX_BODY_BYTES + 1);
        let line = format!(r#"{{"id":"a","messages":[{{"from":"agent","text":"{long}"}}]}}"#);
        assert_eq!(parse(&line), Err(Rejection::TooLong("text")));
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Record::parse(&line, "import", Timestamp::default());
        }

        #[test]
        fn dates_never_go_back_unless_the_source_does(
            known in prop::collection::vec(prop::option::of(0_i64..1_000), 1..20),
            opened_at in prop::option::of(0_i64..1_000),
        ) {
            let mut sorted: Vec<i64> = known.iter().flatten().copied().collect();
            sorted.sort_unstable();
            let mut sorted = sorted.into_iter();
            // The same places are known, with times that do not go back.
            let known: Vec<_> = known
                .iter()
                .map(|at| at.and_then(|_| sorted.next()).map(|s| Timestamp::from_seconds(s * 10 + 10_000)))
                .collect();
            let opened_at = opened_at.map(Timestamp::from_seconds);
            let (dates, _) = dates(known.clone(), opened_at, Timestamp::from_seconds(30_000));
            prop_assert_eq!(dates.len(), known.len());
            prop_assert!(dates.is_sorted(), "{:?} from {:?}", dates, known);
            for (date, known) in dates.iter().zip(&known) {
                prop_assert!(known.is_none_or(|known| known == *date));
            }
        }
    }
}
