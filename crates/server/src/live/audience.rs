//! Everybody who follows the change log by a live stream, and whom an entry concerns.
//!
//! One task reads each new entry once and wakes the streams in whose view it may lie: a change costs what its audience
//! costs, not what the crowd does. A stream that is woken reads its own page under its own access, so nothing here
//! decides what anybody is sent; a stream that should have been woken and was not would be late, and no more.

mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recado_protocol::Visibility;
use tokio::sync::watch;

use crate::storage::change_log::{Entry, EntryKind};
pub(crate) use reader::Reader;

/// Into how many shares the streams are divided that only have to hear how far the log is.
const SHARES: u32 = 10;

/// The streams of this node.
#[derive(Debug, Clone, Default)]
pub struct Audience(Arc<Mutex<Seats>>);

#[derive(Debug, Default)]
struct Seats {
    next_id: u64,
    by_id: BTreeMap<u64, State>,
}

#[derive(Debug)]
struct State {
    /// What its stream sees; `None` until it has read once, and so everything.
    view: Option<Visibility>,
    /// Whether the log has grown by something that did not concern its stream, which has yet to hear how far.
    behind: bool,
    wakes: watch::Sender<Wakes>,
}

/// How often a stream was woken.
#[derive(Debug, Clone, Copy, Default)]
struct Wakes {
    /// For something that concerns it.
    concerned: u64,
    /// Only to say how far the log is.
    passed_over: u64,
}

impl State {
    fn wake(&self) {
        self.wakes.send_modify(|wakes| wakes.concerned += 1);
    }
}

impl Audience {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        // Nothing that holds it leaves it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more stream, which everything concerns until it has told its view.
    pub(crate) fn enter(&self) -> Seat {
        let (wakes, woken) = watch::channel(Wakes::default());
        let mut seats = self.seats();
        let id = seats.next_id;
        seats.next_id += 1;
        seats.by_id.insert(id, State { view: None, behind: false, wakes });
        Seat { audience: self.clone(), id, woken, passed_over: 0 }
    }

    /// Wakes those whom these entries concern.
    fn announce(&self, entries: &[Entry]) {
        for state in self.seats().by_id.values_mut() {
            let view = state.view.as_ref();
            if view.is_none_or(|view| entries.iter().any(|entry| concerns(entry, view))) {
                state.wake();
            } else {
                state.behind = true;
            }
        }
    }

    fn wake_everybody(&self) {
        for state in self.seats().by_id.values() {
            state.wake();
        }
    }

    /// Wakes those of one share who were passed over: their cursors move on as well.
    fn wake_passed_over(&self, share: u32) {
        let (share, shares) = (u64::from(share % SHARES), u64::from(SHARES));
        let mut seats = self.seats();
        let of_share = seats.by_id.iter_mut().filter(|(id, _)| **id % shares == share);
        for (_, state) in of_share.filter(|(_, state)| state.behind) {
            state.behind = false;
            state.wakes.send_modify(|wakes| wakes.passed_over += 1);
        }
    }
}

/// Whether an entry may change what is in this view.
fn concerns(entry: &Entry, view: &Visibility) -> bool {
    if let Some(only) = entry.audience {
        return only == view.teammate_id;
    }
    match entry.kind {
        EntryKind::Conversation => {
            entry.before.is_some_and(|facts| view.matches(&facts)) || view.matches(&entry.after)
        }
        // Whether a contact's conversations are in view only the database knows.
        _ => true,
    }
}

/// One stream's place. Dropping it gives it up.
#[derive(Debug)]
pub(crate) struct Seat {
    audience: Audience,
    id: u64,
    woken: watch::Receiver<Wakes>,
    /// How often it had been woken only to say how far the log is, when it began to read last.
    passed_over: u64,
}

impl Seat {
    /// Ends once the stream has something to read that was not there when it began to read last.
    pub(crate) async fn woken(&mut self) {
        // Its sender lies in the audience until this is dropped.
        let _ = self.woken.changed().await;
    }

    /// Begins to read: what comes from here on wakes again. Says whether how far the log is has waited long enough.
    pub(crate) fn begin(&mut self) -> bool {
        let wakes = *self.woken.borrow_and_update();
        std::mem::replace(&mut self.passed_over, wakes.passed_over) != wakes.passed_over
    }

    /// Takes what was in view when the stream read. Says whether that is another view than before: then what came
    /// meanwhile was judged by the older one, and has to be looked for once more.
    pub(crate) fn sees(&self, view: &Visibility) -> bool {
        let mut seats = self.audience.seats();
        let Some(state) = seats.by_id.get_mut(&self.id) else { return false };
        if state.view.as_ref() == Some(view) {
            return false;
        }
        state.view.replace(view.clone()).is_some()
    }

    #[cfg(test)]
    pub(crate) fn is_woken(&self) -> bool {
        self.woken.has_changed().unwrap_or(true)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.seats().by_id.remove(&self.id);
    }
}
