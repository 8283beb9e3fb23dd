//! Bugs that are planted to find out what the simulator would miss: the test of a test.
//!
//! Each breaks one rule that the simulator judges, at the place where somebody might break it, who
//! asks [`is_planted`]. Without the feature `planted-bugs`, which no shipped program has, the answer
//! is a constant and nothing of a bug is compiled.

/// Lists the bugs by the rule that each breaks.
macro_rules! bugs {
    ($($rule:literal { $($(#[doc = $what:literal])+ $name:ident,)+ })+) => {
        /// A bug that can be planted. The places that ask for it are found by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Planted {
            $($($(#[doc = $what])+ $name,)+)+
        }

        impl Planted {
            /// Every bug.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// The rule that it breaks.
            pub const fn rule(self) -> &'static str {
                match self { $($(Self::$name)|+ => $rule,)+ }
            }

            /// What is wrong, in a sentence.
            pub fn what(self) -> &'static str {
                match self { $($(Self::$name => concat!($($what),+).trim_start(),)+)+ }
            }
        }
    };
}

bugs! {
    "one transaction" {
        /// Numbers are drawn before the lock is held, so a higher one can be committed first.
        LateNumber,
        /// The server wakes a conversation without an audit row.
        AuditMissing,
        /// A repeated command is audited once more.
        AuditTwice,
        /// A contact changes without an entry in the log.
        ContactUnlogged,
        /// The audit row of a wake-up names another conversation.
        AuditMisplaced,
        /// A customer is told that a message was taken which was never stored.
        ReceiptWithoutMessage,
    }
    "audience" {
        /// The facts before a change are read after it.
        FactsReadLate,
        /// The entry of a change of team says that the team was the same before.
        OldTeamForgotten,
        /// Evictions go to everybody who does not see the conversation, whoever saw it.
        EvictionToAll,
        /// A change also goes to those who could see the conversation only before it.
        StateToThoseBefore,
        /// What enters somebody's view is not sent.
        EntryNotSent,
        /// What enters somebody's view is sent without its past.
        EntryNotWhole,
        /// The server does not say that a contact left with the last conversation.
        ContactNotEvicted,
        /// The client keeps the contacts of what it evicts by itself.
        ContactsKept,
        /// Conversations that are asked for by name are not filtered.
        FetchUnfiltered,
        /// Search on the server finds what the teammate may not see.
        SearchUnfiltered,
        /// A command is run without asking the policy.
        PolicyNotAsked,
        /// A suspended teammate is still served.
        SuspendedServed,
        /// An internal note is delivered to the customer.
        NoteDelivered,
    }
    "access epoch" {
        /// A change of teams leaves the epoch.
        EpochNotRaised,
        /// The client takes pages of an older epoch.
        EpochIgnored,
        /// An older version of a conversation replaces a newer one.
        VersionIgnored,
        /// An older page brings back what has left.
        LeftForgotten,
        /// The client does not evict by a new access.
        AccessNotApplied,
        /// An older read mark replaces a newer one.
        MarkVersionIgnored,
        /// The cache is not compared with the server after a change of access.
        NotCompared,
    }
    "log id" {
        /// A restored database goes on under the old log id.
        LogIdKept,
        /// Versions of the log before the restore still win.
        OldLogWins,
        /// Messages of the log before the restore stay among the new ones.
        OldPartsKept,
        /// What the lost part of the log had confirmed is not sent again.
        NotSentAgain,
        /// Confirmed commands are kept for 48 seconds instead of 48 hours.
        KeptTooShort,
        /// A cursor from before the log's beginning is served.
        LostCursorServed,
        /// Closed conversations are not checked after a restore.
        ClosedNotChecked,
        /// A listing does not drop what it does not name.
        ListingDropsNothing,
        /// A listing also drops what is newer than it.
        ListingDropsNewer,
    }
    "live" {
        /// A gap between two pages is not noticed.
        GapIgnored,
        /// Nothing is pulled while the live stream is silent.
        NeverPolled,
        /// Deletions are acknowledged before they are out of the file.
        AcknowledgedEarly,
        /// A page's cursor lies beyond what the page covers.
        CursorBeyondPage,
        /// A change of a team is not sent.
        TeamNotSent,
    }
    "bootstrap" {
        /// What was asked before a bootstrap is taken after it.
        AnswersOfBeforeTaken,
        /// Snoozed conversations are not listed.
        SnoozedNotListed,
        /// A gap in a conversation's messages is taken for complete.
        MissingPartsUnnoticed,
        /// A count keeps what a waiting command has moved elsewhere.
        CountsMissMove,
        /// The index keeps the words of what was evicted.
        IndexKeepsEvicted,
        /// Search does not find what waits to be indexed.
        PendingNotSearched,
    }
    "outbox" {
        /// The outcomes of commands are forgotten after a month.
        OutcomesForgotten,
        /// A repeat is answered with how things stand instead of with the first outcome.
        RepeatAnsweredAnew,
        /// Other content under the same id gets the outcome of the first.
        ContentNotCompared,
        /// A command that the disk did not take is said to be kept.
        UnstoredAccepted,
        /// A command leaves the file when it is sent.
        TakenOut,
        /// A command whose answer was lost is not sent again.
        NeverRepeated,
        /// What was done last is sent first.
        OrderReversed,
        /// What follows a refused command is sent all the same.
        FollowersNotHeld,
        /// The server runs a command whose predecessor was not applied.
        PredecessorNotAsked,
        /// A command that has to wait holds up all behind it.
        WaitingBlocksAll,
        /// Commands that came with one that the server cannot read are sent with it again.
        UnreadableBlocksAll,
        /// A command's effect is no longer shown once it is answered.
        OverlayEndsEarly,
        /// A command's effect is shown beside the message that it made.
        OverlayStays,
        /// A confirmed command is not kept.
        NotKept,
        /// A command that is on its way can be given up.
        GivenUpOnTheWay,
        /// A waiting command that was given up stays in the queue.
        GivenUpIsSent,
        /// A refused command is tried again under its old id.
        RetriedUnderOldId,
        /// Sending a reply also removes the draft of a note.
        OtherDraftRemoved,
        /// The wait between attempts grows without a limit.
        BackoffUncapped,
    }
    "sessions" {
        /// Two successors of one refresh secret are both taken.
        SecondHolderServed,
        /// A refresh whose answer was lost is taken for a second holder's.
        RepeatTakenForTheft,
        /// A refresh that its own repetition overtook is taken for a second holder's.
        OvertakenTakenForTheft,
        /// A client that somebody has overtaken proposes the same for ever.
        OvertakenForEver,
        /// The server does not remember which refresh secrets were used.
        UsedSecretForgotten,
        /// A client proposes another secret than the one that it has stored.
        ProposedUnstored,
        /// A client keeps a token that the server no longer takes.
        RejectedTokenKept,
        /// An access token that has run out is served.
        ExpiredTokenServed,
        /// The access tokens of a session that has ended are served.
        EndedSessionServed,
        /// The streams of a session that ends are not told.
        EndUnannounced,
        /// A suspended teammate's session is refreshed.
        SuspendedRefreshed,
        /// A session that ends because of a second holder leaves no row in the audit.
        TheftUnaudited,
    }
    "lease" {
        /// A cache is shown although its lease has ended.
        LeaseIgnored,
        /// A start begins the lease anew.
        LeaseRenewedByStart,
    }
    "server order" {
        /// An assignment does not replace an earlier one.
        FirstAssignmentStays,
        /// A conversation that wakes keeps the time until which it was put aside.
        SnoozeTimeKept,
        /// A customer's message does not reopen what was closed.
        ClosedStaysClosed,
        /// A page of replies says that it covers more than it holds.
        RepliesSkipped,
    }
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Planted;

    thread_local! {
        // The house knows no global state. This is the exception: a bug has to reach places that get
        // nothing from whoever plants it, and a simulated world never leaves its thread.
        static PRESENT: Cell<Option<Planted>> = const { Cell::new(None) };
    }

    /// Plants a bug on this thread, instead of the one before.
    pub fn plant(bug: Option<Planted>) {
        PRESENT.set(bug);
    }

    /// Whether this bug is planted on this thread.
    pub fn is_planted(bug: Planted) -> bool {
        PRESENT.get() == Some(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub use switch::{is_planted, plant};

/// Whether this bug is planted: never, in a program that is shipped.
#[cfg(not(feature = "planted-bugs"))]
pub const fn is_planted(_: Planted) -> bool {
    false
}
