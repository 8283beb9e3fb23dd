//! What an agent has on the machine that is damaged: commands, drafts, and a cache that tells how old it is.

use anyhow::{Context as _, ensure};
use recado_protocol::host::{Draft, DraftKind, OpenRequest};
use recado_protocol::sync::{Bootstrap, Change, ConversationDelta, SyncPage};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::*;
use recado_store::{CacheBatch, HeadsProgress, Store};
use uuid::Uuid;

/// The commands of the outbox, and its drafts.
pub(super) const COMMANDS: u128 = 60;
pub(super) const DRAFTS: u128 = 12;
/// The conversations of the cache, and how many changes of them were stored one after the other.
const CONVERSATIONS: u64 = 8;
const CHANGES: u64 = 120;

pub(super) fn conversation(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

fn at() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000)
}

pub(super) fn command(number: u128) -> Command {
    Command {
        id: CommandId::from_uuid(Uuid::from_u128(1_000 + number)),
        conversation_id: conversation(number % DRAFTS),
        after: None,
        action: Action::ConversationNote {
            body_text: format!("{number} {}", "a long answer ".repeat(20)),
        },
        created_at: at(),
    }
}

pub(super) fn draft(number: u128) -> Draft {
    let body_text = format!("half an answer {number} {}", "and more ".repeat(60));
    Draft { conversation_id: conversation(number), kind: DraftKind::Reply, body_text }
}

fn log_id() -> LogId {
    LogId::from_uuid(Uuid::from_u128(1))
}

fn bootstrap() -> Bootstrap {
    let me = Teammate {
        id: TeammateId::from_uuid(Uuid::from_u128(1)),
        name: "Ana".to_owned(),
        email: "ana@example.com".to_owned(),
        role: Role::Agent,
        state: TeammateState::Active,
        created_at: at(),
        version: 1,
    };
    let access = OwnAccess {
        epoch: 1,
        role: me.role,
        state: me.state,
        team_ids: Vec::new(),
        conversation_access: ConversationAccess::all(),
    };
    let workspace = Workspace {
        id: WorkspaceId::from_uuid(Uuid::from_u128(1)),
        name: "Example".to_owned(),
        offline_lease_s: 86_400,
        version: 1,
    };
    let (teammates, teams) = (Vec::new(), Vec::new());
    Bootstrap {
        log_id: log_id(),
        cursor: 0,
        server_time: at(),
        workspace,
        me,
        access,
        teammates,
        teams,
    }
}

fn words(version: u64) -> String {
    format!("{version} {}", "what a customer says ".repeat(10))
}

/// A conversation after its change number `version`.
fn changed(version: u64) -> ConversationDelta {
    let id = conversation(u128::from(version % CONVERSATIONS));
    let seq = u32::try_from(version / CONVERSATIONS + 1).unwrap_or(u32::MAX);
    let head = ConversationHead {
        id,
        contact_id: ContactId::from_uuid(id.uuid()),
        title: None,
        state: ConversationState::Open,
        snoozed_until: None,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: Vec::new(),
        waiting_since: None,
        created_at: at(),
        last_part_at: at().plus_seconds(i64::from(seq)),
        preview: words(version),
        preview_author: AuthorType::Contact,
        preview_is_note: false,
        part_count: seq,
        contact_part_count: seq,
        version,
    };
    let part = Part {
        id: PartId::from_uuid(Uuid::from_u128(u128::from(version))),
        conversation_id: id,
        seq,
        part_type: PartType::Comment,
        author: Author { author_type: AuthorType::Contact, admin_id: None, name: None },
        body: words(version),
        body_text: words(version),
        rich: false,
        assigned_to_admin_id: None,
        assigned_to_team_id: None,
        snoozed_until: None,
        priority: None,
        tag: None,
        command_id: None,
        created_at: at().plus_seconds(i64::from(seq)),
        version,
    };
    ConversationDelta { head, parts: vec![part], complete_from_seq: seq }
}

/// Stores the changes of the cache numbered `versions`, each by itself.
fn change(store: &Store, versions: std::ops::RangeInclusive<u64>) -> anyhow::Result<()> {
    for version in versions {
        store.apply(CacheBatch::sync(SyncPage {
            log_id: log_id(),
            epoch: 1,
            after: version - 1,
            cursor: version,
            more: false,
            server_time: at(),
            changes: vec![Change::Conversation { conversation: changed(version) }],
        }))?;
    }
    Ok(())
}

/// Fills a store in two halves; between them `meanwhile` is done.
pub(super) fn fill(
    store: &Store,
    meanwhile: impl FnOnce(&Store) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let started = CacheBatch::bootstrap(bootstrap());
    store.apply(started.with_heads_progress(HeadsProgress::Complete))?;
    change(store, 1..=CHANGES / 2)?;
    for number in 0..COMMANDS / 2 {
        store.enqueue(&command(number))?;
    }
    for number in 0..DRAFTS {
        store.save_draft(&draft(number), at())?;
    }
    meanwhile(store)?;
    change(store, CHANGES / 2 + 1..=CHANGES)?;
    for number in COMMANDS / 2..COMMANDS {
        store.enqueue(&command(number))?;
    }
    Ok(())
}

/// What of the agent's work is there.
pub(super) struct Found {
    pub(super) commands: usize,
    pub(super) drafts: usize,
}

/// Reads all of the store as a start, a list, every conversation, the outbox and the drafts do.
///
/// # Errors
/// What the store tells, and what was read that nobody wrote.
pub(super) fn read(store: &Store) -> Result<Found, Read> {
    check_cache(store)?;
    let entries = store.outbox_entries()?;
    for entry in &entries {
        let same = |written: &Command| {
            written.id == entry.command_id
                && written.conversation_id == entry.conversation_id
                && written.action == entry.action
        };
        if !(0..COMMANDS).map(command).any(|written| same(&written)) {
            return Err(Read::Wrong("a command was read that nobody wrote".to_owned()));
        }
    }
    let sendable = store.pending_to_send(1_000)?.len();
    if sendable > entries.len() {
        return Err(Read::Wrong("more is to be sent than there is".to_owned()));
    }
    let mut drafts = 0;
    for number in 0..DRAFTS {
        match store.draft(conversation(number), DraftKind::Reply)? {
            Some(text) if text == draft(number).body_text => drafts += 1,
            Some(_) => return Err(Read::Wrong("a draft was read that nobody wrote".to_owned())),
            None => {}
        }
    }
    Ok(Found { commands: entries.len(), drafts })
}

/// What reading came to where it brought nothing.
pub(super) enum Read {
    Told(recado_store::Error),
    Wrong(String),
}

impl From<recado_store::Error> for Read {
    fn from(error: recado_store::Error) -> Self {
        Self::Told(error)
    }
}

/// The cache is as it was after one of its changes, and not partly older or newer.
fn check_cache(store: &Store) -> Result<(), Read> {
    let meta = store.meta()?;
    let mut wrong = None;
    for number in 0..CONVERSATIONS {
        let request = OpenRequest { conversation_id: conversation(u128::from(number)), limit: 200 };
        let newest = (1..=meta.cursor).rev().find(|version| version % CONVERSATIONS == number);
        let view = store.conversation_view(&request)?;
        let is_right = match (&view, newest) {
            (None, None) => true,
            (Some(view), Some(newest)) => {
                let of_it = (1..=newest).filter(|version| version % CONVERSATIONS == number);
                let written: Vec<String> = of_it.map(words).collect();
                let read = view.parts.iter().map(|view| view.part.body_text.clone());
                // Work that waits is laid over what the cache holds.
                let read: Vec<String> =
                    read.filter(|text| !text.contains("a long answer")).collect();
                view.head.version == newest && read == written
            }
            _ => false,
        };
        if !is_right {
            wrong = Some(format!("conversation {number} is not as it was at {}", meta.cursor));
        }
    }
    wrong.map_or(Ok(()), |wrong| Err(Read::Wrong(wrong)))
}

/// # Errors
/// When what was stored is not what is read from an undamaged store: then nothing here proves anything.
pub(super) fn require_whole(store: &Store) -> anyhow::Result<()> {
    let found = match read(store) {
        Ok(found) => found,
        Err(Read::Told(error)) => return Err(error).context("an undamaged store"),
        Err(Read::Wrong(what)) => anyhow::bail!("an undamaged store: {what}"),
    };
    ensure!(is_whole(&found), "an undamaged store has not got it all");
    ensure!(store.meta()?.cursor == CHANGES, "an undamaged cache is not at its end");
    Ok(())
}

pub(super) fn is_whole(found: &Found) -> bool {
    found.commands as u128 == COMMANDS && found.drafts as u128 == DRAFTS
}
