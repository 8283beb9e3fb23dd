//! What the engine has the store do, one job after the other.

use std::collections::HashSet;
use std::fmt;

use recado_protocol::host::ListKey;
use recado_protocol::sync::{Bootstrap, ConversationPage, HeadPage, SyncPage};
use recado_protocol::{
    Command, CommandId, CommandResult, ConversationId, ConversationState, ErrorCode, LogId,
    Timestamp,
};
use recado_store::{
    Applied, CacheBatch, CacheBudget, ClockSeen, ClosedCheck, FillProgress, HeadsProgress,
    IndexProgress, LocalDigest, Meta, Store,
};

/// The most words that one request of commands carries, in bytes. One command may be larger.
const MAX_REQUEST_BYTES: usize = 1_048_576;

/// A job on the store. Each is one transaction, or reads only.
pub enum Job {
    /// Reads where the cache stands, and takes commands back whose sending was cut off.
    Load,
    /// Reads where the cache stands.
    Meta,
    /// Stores how far the clock was seen.
    ClockSeen(ClockSeen),
    /// Stores the beginning of a cache or of a reconciliation.
    Bootstrap(Box<Bootstrap>, Timestamp),
    /// Stores a page of the change log.
    Page(SyncPage, Timestamp),
    /// Stores a page of heads, and how far their listing is.
    Heads(HeadPage, Option<HeadsProgress>, Timestamp),
    /// Stores conversations.
    Conversations(ConversationPage, Timestamp),
    /// Stores older parts of a conversation.
    OlderParts(ConversationPage, Timestamp),
    /// Drops the open and snoozed conversations that a listing did not name.
    Reconcile {
        /// What was listed.
        listed: HashSet<ConversationId>,
        /// The change log's number at which the listing began.
        as_of: u64,
    },
    /// Drops conversations, as far as nothing newer of them is here than this change log's number.
    Forget(Vec<ConversationId>, u64),
    /// Empties the write-ahead log.
    FinishEviction,
    /// Computes the digest.
    Digest,
    /// Names conversations whose bodies are missing, as long as there is room for them.
    WantedBodies(u32, CacheBudget),
    /// Drops what there is no room for.
    KeepToBudget(CacheBudget, Timestamp),
    /// Names closed conversations in the cache.
    ClosedIds(Option<ListKey>, u32),
    /// Stores how far the check of the closed conversations is.
    ClosedCheck(Option<ClosedCheck>),
    /// Takes commands out to be sent.
    NextCommands(u32, Timestamp),
    /// Puts commands back that brought no answer.
    Unsent(Vec<CommandId>),
    /// Stores what became of commands.
    Acknowledge(Vec<CommandResult>, LogId, Timestamp),
    /// Refuses a command that the server cannot even read.
    Refuse(CommandId, ErrorCode, String),
    /// Queues again what another change log had confirmed.
    Resend(LogId, Timestamp),
    /// Tells how far a first load is.
    Stats,
    /// Indexes messages for search.
    Index(u32),
    /// Forgets old confirmations.
    Prune(Timestamp),
}

/// What a job brought.
#[derive(Debug)]
pub enum JobAnswer {
    /// Nothing to tell.
    Nothing,
    /// Where the cache stands.
    Meta(Box<Meta>),
    /// What changed.
    Applied(Box<Applied>),
    /// Whether the write-ahead log is empty.
    Finished(bool),
    /// The digest.
    Digest(LocalDigest),
    /// Conversations.
    Ids(Vec<ConversationId>),
    /// Closed conversations, and where they go on.
    Closed(Vec<ConversationId>, Option<ListKey>),
    /// Commands to be sent.
    Commands(Vec<Command>),
    /// How many.
    Count(u32),
    /// How far a first load is.
    Stats(FillProgress),
    /// How far search is.
    Index(IndexProgress),
}

/// The store failed; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct StoreFailure {
    /// For programs.
    pub code: ErrorCode,
    /// For people who read English.
    pub detail: String,
}

impl From<recado_store::Error> for StoreFailure {
    fn from(error: recado_store::Error) -> Self {
        Self { code: error.code(), detail: error.to_string() }
    }
}

// Jobs carry messages, which never reach a log.
impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "Load",
            Self::Meta => "Meta",
            Self::ClockSeen(_) => "ClockSeen",
            Self::Bootstrap(..) => "Bootstrap",
            Self::Page(..) => "Page",
            Self::Heads(..) => "Heads",
            Self::Conversations(..) => "Conversations",
            Self::OlderParts(..) => "OlderParts",
            Self::Reconcile { .. } => "Reconcile",
            Self::Forget(..) => "Forget",
            Self::FinishEviction => "FinishEviction",
            Self::Digest => "Digest",
            Self::WantedBodies(..) => "WantedBodies",
            Self::KeepToBudget(..) => "KeepToBudget",
            Self::ClosedIds(..) => "ClosedIds",
            Self::ClosedCheck(_) => "ClosedCheck",
            Self::NextCommands(..) => "NextCommands",
            Self::Unsent(_) => "Unsent",
            Self::Acknowledge(..) => "Acknowledge",
            Self::Refuse(..) => "Refuse",
            Self::Resend(..) => "Resend",
            Self::Stats => "Stats",
            Self::Index(_) => "Index",
            Self::Prune(_) => "Prune",
        })
    }
}

/// Does a job. It blocks.
///
/// # Errors
///
/// [`StoreFailure`]; nothing was changed then.
pub fn run(store: &Store, job: Job) -> Result<JobAnswer, StoreFailure> {
    let applied = |applied: Applied| JobAnswer::Applied(Box::new(applied));
    Ok(match job {
        Job::Load => {
            store.mark_all_unsent()?;
            JobAnswer::Meta(Box::new(store.meta()?))
        }
        Job::Meta => JobAnswer::Meta(Box::new(store.meta()?)),
        Job::ClockSeen(seen) => match store.set_clock_seen(seen) {
            Err(error @ recado_store::Error::Damaged { .. }) => return Err(error.into()),
            // What cannot be stored is counted while this run lasts; reading goes on without it.
            Err(error) => {
                tracing::warn!(%error, "how far the clock was seen could not be stored");
                JobAnswer::Nothing
            }
            Ok(()) => JobAnswer::Nothing,
        },
        Job::Bootstrap(bootstrap, now) => {
            applied(store.apply(CacheBatch::bootstrap(*bootstrap).contacted_at(now))?)
        }
        Job::Page(page, now) => applied(store.apply(CacheBatch::sync(page).contacted_at(now))?),
        Job::Heads(page, progress, now) => {
            let mut batch = CacheBatch::heads(page).contacted_at(now);
            if let Some(progress) = progress {
                batch = batch.with_heads_progress(progress);
            }
            applied(store.apply(batch)?)
        }
        Job::OlderParts(page, now) => {
            applied(store.apply(CacheBatch::older_parts(page).contacted_at(now))?)
        }
        Job::Conversations(page, now) => {
            applied(store.apply(CacheBatch::conversations(page).contacted_at(now))?)
        }
        Job::Reconcile { listed, as_of } => applied(store.reconcile_heads(
            &listed,
            // Nothing lists or checks those whose state is not known here.
            &[ConversationState::Open, ConversationState::Snoozed, ConversationState::Unknown],
            as_of,
        )?),
        Job::Forget(ids, as_of) => applied(store.forget_conversations(&ids, as_of)?),
        Job::FinishEviction => match store.finish_eviction() {
            Ok(()) => JobAnswer::Finished(true),
            Err(error @ recado_store::Error::Damaged { .. }) => return Err(error.into()),
            // It is tried until it works; the acknowledgement waits for it.
            Err(error) => {
                tracing::warn!(%error, "what was deleted is not yet out of the file");
                JobAnswer::Finished(false)
            }
        },
        Job::Digest => JobAnswer::Digest(store.digest()?),
        Job::WantedBodies(_, budget) if store.is_full(&budget)? => JobAnswer::Ids(Vec::new()),
        Job::WantedBodies(limit, _) => JobAnswer::Ids(store.wanted_bodies(limit)?),
        Job::KeepToBudget(budget, now) => JobAnswer::Ids(store.keep_to_budget(&budget, now)?),
        Job::ClosedIds(after, limit) => {
            let (ids, next) = store.closed_ids(after, limit)?;
            JobAnswer::Closed(ids, next)
        }
        Job::ClosedCheck(check) => {
            store.set_closed_check(check.as_ref())?;
            JobAnswer::Nothing
        }
        Job::NextCommands(limit, now) => {
            JobAnswer::Commands(store.take_to_send(limit, MAX_REQUEST_BYTES, now)?)
        }
        Job::Unsent(ids) => {
            store.mark_unsent(&ids)?;
            JobAnswer::Nothing
        }
        Job::Acknowledge(results, log_id, now) => {
            let mut touched = Vec::new();
            for result in &results {
                touched.extend(store.acknowledge(result, log_id, now)?);
            }
            JobAnswer::Ids(touched)
        }
        Job::Refuse(id, code, message) => {
            JobAnswer::Ids(store.refuse(id, code, &message)?.into_iter().collect())
        }
        Job::Resend(log_id, now) => JobAnswer::Count(store.unacknowledge_for_new_log(log_id, now)?),
        Job::Stats => JobAnswer::Stats(store.fill_progress()?),
        Job::Index(limit) => JobAnswer::Index(store.index_pending(limit)?),
        Job::Prune(now) => JobAnswer::Count(store.prune(now)?),
    })
}
