//! Damaged files on the agent's machine: whatever is read is right or an error that heals, and nothing that the agent
//! wrote is lost in silence.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use recado_protocol::host::{Draft, DraftKind};
use recado_protocol::{Action, Command, CommandId, ConversationId, Timestamp};
use recado_store::{Error, Store, StoreKeys, Which};
use uuid::Uuid;

use super::lane::{Chance, Trace};

const PAGE: usize = 4_096;
/// The commands of the outbox that is damaged, and its drafts.
const COMMANDS: u128 = 60;
const DRAFTS: u128 = 12;

fn keys() -> StoreKeys {
    StoreKeys { cache: [0x11; 32], outbox: [0x22; 32] }
}

fn conversation(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

fn command(number: u128) -> Command {
    Command {
        id: CommandId::from_uuid(Uuid::from_u128(1_000 + number)),
        conversation_id: conversation(number % DRAFTS),
        after: None,
        action: Action::ConversationNote {
            body_text: format!("{number} {}", "a long answer ".repeat(20)),
        },
        created_at: Timestamp::from_micros(1_700_000_000_000_000),
    }
}

fn draft(number: u128) -> Draft {
    let body_text = format!("half an answer {number} {}", "and more ".repeat(60));
    Draft { conversation_id: conversation(number), kind: DraftKind::Reply, body_text }
}

/// A store as a killed client leaves it: part of the outbox is in its file, part in the log.
fn original() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    let store = Store::open(folder.path(), keys())?;
    for number in 0..COMMANDS / 2 {
        store.enqueue(&command(number))?;
    }
    for number in 0..DRAFTS {
        store.save_draft(&draft(number), now)?;
    }
    store.verify()?;
    for number in COMMANDS / 2..COMMANDS {
        store.enqueue(&command(number))?;
    }
    let copy = tempfile::tempdir()?;
    copy_all(folder.path(), copy.path())?;
    Ok(copy)
}

fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("a file has a name")?;
        if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// Damages a file, and says how.
fn damage(path: &Path, chance: &mut Chance) -> anyhow::Result<String> {
    let mut bytes = fs::read(path)?;
    ensure!(!bytes.is_empty(), "{} is empty", path.display());
    let pages = bytes.len().div_ceil(PAGE);
    let what = match chance.below(5) {
        0 => {
            let len = chance.index(bytes.len());
            bytes.truncate(len);
            format!("cut to {len}")
        }
        1 => {
            let (a, b) = (chance.index(pages) * PAGE, chance.index(pages) * PAGE);
            let len = PAGE.min(bytes.len() - a).min(bytes.len() - b);
            for at in 0..len {
                bytes.swap(a + at, b + at);
            }
            format!("pages {} and {} swapped", a / PAGE, b / PAGE)
        }
        2 => {
            let at = chance.index(pages) * PAGE;
            let end = bytes.len().min(at + PAGE);
            bytes[at..end].fill(0);
            format!("page {} of zeros", at / PAGE)
        }
        3 => {
            let len = 1 + chance.index(3 * PAGE);
            bytes.extend((0..len).map(|_| chance.word().to_le_bytes()[0]));
            format!("{len} bytes more")
        }
        _ => {
            let flips = 1 + chance.below(8);
            for _ in 0..flips {
                let at = chance.index(bytes.len());
                bytes[at] ^= 1 << chance.below(8);
            }
            format!("{flips} bits")
        }
    };
    fs::write(path, bytes)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{name}: {what}"))
}

/// What of the agent's work is there, and whether somebody was told that some of it may not be.
struct Found {
    commands: Vec<Command>,
    drafts: Vec<String>,
    told: bool,
}

/// What a client does with its files at a start: it opens them, checks them after an unclean end, and puts right what is
/// damaged.
fn open_and_heal(dir: &Path) -> anyhow::Result<Found> {
    let mut told = false;
    for _ in 0..4 {
        let outcome = Store::open(dir, keys()).and_then(|store| {
            store.verify()?;
            Ok(store)
        });
        match outcome {
            Ok(store) => {
                let commands = store.pending_to_send(1_000)?;
                let entries = store.outbox_entries()?.entries;
                let all: Vec<Command> = entries
                    .iter()
                    .map(|entry| Command {
                        id: entry.command_id,
                        conversation_id: entry.conversation_id,
                        after: None,
                        action: entry.action.clone(),
                        created_at: entry.created_at,
                    })
                    .collect();
                ensure!(commands.len() <= all.len(), "more to send than there is");
                let mut drafts = Vec::new();
                for number in 0..DRAFTS {
                    drafts.extend(store.draft(conversation(number), DraftKind::Reply)?);
                }
                return Ok(Found { commands: all, drafts, told });
            }
            Err(
                Error::Damaged { which: Which::Cache, .. }
                | Error::WrongKey { which: Which::Cache },
            ) => {
                Store::quarantine_cache(dir)?;
            }
            Err(
                Error::Damaged { which: Which::Outbox, .. }
                | Error::WrongKey { which: Which::Outbox },
            ) => {
                let report = Store::salvage_outbox(dir, [0x22; 32])?;
                told |= report.unreadable > 0 || report.incomplete;
                Store::quarantine_outbox(dir)?;
                Store::open(dir, keys())
                    .or_else(|_| {
                        Store::quarantine_cache(dir)?;
                        Store::open(dir, keys())
                    })?
                    .restore_salvaged(&report)?;
            }
            Err(other) => bail!("not an error that heals: {other:?}"),
        }
    }
    bail!("it does not heal")
}

fn round(original: &Path, chance: &mut Chance, trace: &mut Trace) -> anyhow::Result<()> {
    let copy = tempfile::tempdir()?;
    copy_all(original, copy.path())?;
    // Not the outbox's log: SQLite takes its first bad checksum for its end (docs/adr/0001-known-limits.md).
    let names = ["cache.db", "outbox.db", "outbox.db"];
    let name = chance.pick(&names);
    let what = damage(&copy.path().join(name), chance)?;
    trace.fault(what);
    let found = catch_unwind(AssertUnwindSafe(|| open_and_heal(copy.path())))
        .map_err(|_| anyhow::anyhow!("it panicked"))??;
    for command in &found.commands {
        let right = (0..COMMANDS).map(self::command).any(|written| written == *command);
        ensure!(right, "a command was read that nobody wrote");
    }
    for text in &found.drafts {
        ensure!((0..DRAFTS).any(|number| draft(number).body_text == *text), "a draft nobody wrote");
    }
    let whole = found.commands.len() as u128 == COMMANDS && found.drafts.len() as u128 == DRAFTS;
    let (commands, drafts) = (found.commands.len(), found.drafts.len());
    ensure!(
        whole || found.told,
        "{commands} commands and {drafts} drafts are left, and nobody was told"
    );
    Ok(())
}

pub(super) fn chapter(seed: u64, rounds: usize, trace: &mut Trace) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed);
    let original = original()?;
    for number in 0..rounds {
        round(original.path(), &mut chance, trace).with_context(|| format!("round {number}"))?;
    }
    Ok(())
}
