//! Everything that uses the two files at once, for as long as it takes to meet: whoever writes, whoever
//! empties the log into the file, whoever reads, whoever checks.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use recado_protocol::host::View;
use recado_protocol::sync::Change;
use recado_protocol::*;
use recado_store::Store;

use crate::world::*;

const CONVERSATIONS: u128 = 30;
/// A conversation that has become as long leaves, and comes back with one message.
const LONGEST: u32 = 25;
/// How many pages of the change log a quick run stores.
const QUICK_ROUNDS: u64 = 200;
/// How long a long run goes on.
const LONG: Duration = Duration::from_secs(3_600);
/// In a quick run everybody does at least this often what they do.
const LEAST_TURNS: u64 = 3;

/// How many commands stay in the outbox at most.
const MOST_KEPT: usize = 200;

/// How often each has done what they do.
#[derive(Default)]
struct Turns {
    emptied: AtomicU64,
    indexed: AtomicU64,
    read: AtomicU64,
    answered: AtomicU64,
    checked: AtomicU64,
}

impl Turns {
    fn all(&self) -> [u64; 5] {
        [&self.emptied, &self.indexed, &self.read, &self.answered, &self.checked]
            .map(|turns| turns.load(Ordering::SeqCst))
    }
}

fn words(n: u128, seq: u32) -> String {
    format!("conversation {n} says {seq}, {}", "and more of the same ".repeat(seq as usize % 7))
}

/// The next change of a conversation: a message more, or its end.
fn next_change(n: u128, length: &mut u32, version: u64) -> Change {
    if *length == LONGEST {
        *length = 0;
        return Change::ConversationEvicted { conversation_id: conversation(n), version };
    }
    *length += 1;
    let bodies: Vec<String> = (1..=*length).map(|seq| words(n, seq)).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    Change::Conversation { conversation: whole(n, &bodies, version) }
}

/// Stores page after page, and empties the log whenever something has left. Gives how long each
/// conversation is in the end.
fn follow_the_log(store: &Store, turns: &Turns, go_on: impl Fn(u64) -> bool) -> Vec<u32> {
    let mut lengths = vec![0; CONVERSATIONS as usize];
    let mut cursor = START;
    for round in 0.. {
        if !go_on(round) {
            break;
        }
        let changes: Vec<Change> = (0..3)
            .map(|other| {
                let place = ((round * 3 + other) % CONVERSATIONS as u64) as usize;
                next_change(place as u128 + 1, &mut lengths[place], cursor + 1 + other)
            })
            .collect();
        let next = cursor + changes.len() as u64;
        let applied = sync(store, page(cursor, next, changes));
        assert_eq!((applied.dropped, applied.cursor), (None, next));
        if applied.evicted {
            store.finish_eviction().expect("the log is emptied");
            turns.emptied.fetch_add(1, Ordering::SeqCst);
        }
        cursor = next;
    }
    lengths
}

/// Whatever is shown fits together.
fn look(store: &Store) {
    for row in page_of(store, View::All).rows {
        let n = u128::from(row.head.id.uuid().as_bytes()[15]);
        let Some(view) = try_view(store, n) else { continue };
        let seqs: Vec<u32> = view.parts.iter().map(|part| part.part.seq).collect();
        assert_eq!(seqs, (1..=view.head.part_count).collect::<Vec<_>>());
        let newest = view.parts.last().map(|part| text::preview(&part.part.body_text));
        assert_eq!(newest.as_ref(), Some(&view.head.preview));
    }
    for result in store.search("conversation says", 20).expect("a search").results {
        assert!((1..=CONVERSATIONS).any(|n| conversation(n) == result.conversation_id));
    }
}

/// Queues, sends and confirms. Every third command stays, as long as they are not too many.
fn answer(store: &Store, turns: &Turns, done: &AtomicBool) -> BTreeSet<CommandId> {
    let _end = EndIfFailed(done);
    let mut kept = BTreeSet::new();
    for n in 1_u128.. {
        if done.load(Ordering::SeqCst) {
            break;
        }
        // A conversation of its own, since one on its way holds back what follows.
        let command = command(n, 1_000 + n, reply("an answer"));
        store.enqueue(&command).expect("it is stored");
        if n % 3 == 0 && kept.len() < MOST_KEPT {
            kept.insert(command.id);
        } else {
            store.mark_attempt(&[command.id], second(0)).expect("it is on its way");
            let confirmed = store.acknowledge(&applied(command.id, 1), log_id(), second(0));
            assert!(confirmed.expect("it is stored").is_some());
        }
        if n % 50 == 0 {
            store.prune(second(1_000_000)).expect("what was confirmed is forgotten");
        }
        turns.answered.fetch_add(1, Ordering::SeqCst);
    }
    kept
}

/// Runs `work` until the log has been followed, and counts how often.
fn until(done: &AtomicBool, turns: &AtomicU64, mut work: impl FnMut()) {
    let _end = EndIfFailed(done);
    while !done.load(Ordering::SeqCst) {
        work();
        turns.fetch_add(1, Ordering::SeqCst);
    }
}

fn check(store: &Store, dir: &Path) {
    Store::cache_check(dir, [0x11; 32]).and_then(|check| check.run()).expect("nothing is wrong");
    // Empties both logs, beside whoever writes.
    store.verify().expect("both are sound");
}

#[test]
fn writing_emptying_the_log_reading_and_checking_at_once_leave_everything_whole() {
    let long = std::env::var_os("RECADO_LONG").is_some();
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    start(&store);
    let (turns, done, begun) = (Turns::default(), AtomicBool::new(false), Instant::now());
    let go_on = |round: u64| {
        if done.load(Ordering::SeqCst) {
            return false;
        }
        if long {
            return begun.elapsed() < LONG;
        }
        // Whoever is slower is waited for, so that they have met.
        round < QUICK_ROUNDS || turns.all().iter().any(|turns| *turns < LEAST_TURNS)
    };
    let (lengths, kept) = thread::scope(|scope| {
        let (store, turns, done) = (&store, &turns, &done);
        let log = scope.spawn(move || {
            let _end = EndIfFailed(done);
            let lengths = follow_the_log(store, turns, go_on);
            done.store(true, Ordering::SeqCst);
            lengths
        });
        scope.spawn(|| {
            until(done, &turns.indexed, || {
                store.index_pending(40).expect("it is indexed");
            });
        });
        scope.spawn(|| until(done, &turns.read, || look(store)));
        scope.spawn(|| until(done, &turns.checked, || check(store, dir.path())));
        let kept = answer(store, turns, done);
        (log.join().expect("the log was followed"), kept)
    });
    require_all(&store, &lengths, &kept);
    drop(store);
    let store = open(dir.path());
    assert!(store.ended_well());
    require_all(&store, &lengths, &kept);
}

/// Ends everybody's work where one of them fails.
struct EndIfFailed<'a>(&'a AtomicBool);

impl Drop for EndIfFailed<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

/// What was written is there, all of it and nothing else.
fn require_all(store: &Store, lengths: &[u32], kept: &BTreeSet<CommandId>) {
    while store.index_pending(1_000).expect("it is indexed").more {}
    look(store);
    let here = list(store, View::All).len();
    assert_eq!(here, lengths.iter().filter(|length| **length > 0).count());
    for (n, length) in (1..).zip(lengths) {
        let parts = try_view(store, n).map_or(0, |view| view.head.part_count);
        assert_eq!(parts, *length, "conversation {n}");
    }
    let entries = store.outbox_entries().expect("the outbox");
    assert_eq!(entries.iter().map(|entry| entry.command_id).collect::<BTreeSet<_>>(), *kept);
    store.verify().expect("the files are whole");
}
