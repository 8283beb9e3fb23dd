//! What the engine is told, what it wants done, and what it tells the host.

use recado_protocol::host::{BootstrapProgress, ConnectionState};
use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::{CommandId, ConversationId, ErrorCode, SessionEndReason, Timestamp};
use recado_store::{Meta, NewMessage};

use super::{Answer, Ask, Demand, DemandAnswer, Id, Job, JobAnswer, StoreFailure};
use crate::transport::TransportError;

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// Begins, or begins again after the engine had stopped.
    Start,
    /// Time has passed.
    Tick,
    /// Time has passed that the clock does not show, beyond what its steps back tell: somebody holds
    /// it back.
    ClockLost {
        /// How much, in microseconds.
        micros: i64,
    },
    /// A request was answered, or was not.
    Answered {
        /// Which.
        request: Id,
        /// How.
        result: Result<Answer, TransportError>,
    },
    /// The live stream is open.
    LiveOpened {
        /// Which.
        live: Id,
    },
    /// The live stream says something.
    LiveFrame {
        /// Which.
        live: Id,
        /// What.
        frame: LiveFrame,
    },
    /// The live stream could not be opened, or has ended.
    LiveClosed {
        /// Which.
        live: Id,
        /// Why.
        error: TransportError,
    },
    /// A job on the store was done, or failed without an effect.
    JobDone {
        /// Which.
        job: Id,
        /// How.
        result: Result<JobAnswer, StoreFailure>,
    },
    /// Something was put into the outbox.
    Submitted,
    /// A command is in the outbox that its author may take back until this time. It goes before that only if something
    /// else is submitted.
    Held {
        /// Until when. A time that has passed leaves what is held as it is.
        until: Timestamp,
    },
    /// Something says that the network may be back: attempts are made at once.
    NetworkHint,
    /// The person waits for something from the server.
    Demanded {
        /// Named by the caller, unique among its demands.
        demand_id: Id,
        /// What.
        demand: Demand,
    },
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Send a request.
    Send {
        /// Names it in [`Input::Answered`].
        request: Id,
        /// What to ask.
        ask: Ask,
    },
    /// Open a live stream.
    OpenLive {
        /// Names it.
        live: Id,
        /// The ticket.
        ticket: String,
    },
    /// Say something on the live stream.
    SayLive {
        /// Which.
        live: Id,
        /// What.
        request: LiveRequest,
    },
    /// Close the live stream.
    CloseLive {
        /// Which.
        live: Id,
    },
    /// Run a job on the store. The next one is given only after this one was reported.
    Run {
        /// Names it in [`Input::JobDone`].
        job: Id,
        /// What to do.
        work: Job,
    },
    /// Tell the host.
    Tell(Notice),
}

/// What the host is told.
#[derive(Debug)]
pub enum Notice {
    /// The way to the server changed.
    Link(Link),
    /// These conversations changed; empty means that any may have.
    ConversationsChanged(Vec<ConversationId>),
    /// A conversation left the teammate's view.
    ConversationLeft {
        /// Which.
        conversation_id: ConversationId,
        /// The customer's name, where it was known.
        contact_name: Option<String>,
    },
    /// Teammates, teams, the workspace or the signed-in teammate changed.
    DirectoryChanged(Box<Meta>),
    /// Entries of the outbox changed their state.
    OutboxChanged(Vec<CommandId>),
    /// Customers wrote.
    NewMessages(Vec<NewMessage>),
    /// The server was asked what this teammate may see, and the cache agrees with its answer.
    AccessChecked,
    /// The account was signed in to where it was not known, or its owner has said elsewhere that this was right.
    SessionsChanged,
    /// The offline lease ended, or holds again.
    Lease {
        /// Whether cached content may be shown.
        holds: bool,
    },
    /// The server ended the session. The engine has stopped.
    SessionEnded {
        /// Whether this machine's copy is to be erased.
        wiped: bool,
        /// Why, where the server has said it.
        reason: Option<SessionEndReason>,
    },
    /// The store failed. The engine has stopped until [`Input::Start`].
    StoreFailed(StoreFailure),
    /// A demand was met, or could not be.
    Demanded {
        /// Which.
        demand_id: Id,
        /// How.
        result: Result<DemandAnswer, TransportError>,
    },
}

/// The way to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How it stands.
    pub state: ConnectionState,
    /// Since when.
    pub since: Timestamp,
    /// Why there is none.
    pub reason: Option<ErrorCode>,
    /// When the next attempt is made.
    pub next_attempt_at: Option<Timestamp>,
    /// The first load, while it runs.
    pub bootstrap: Option<BootstrapProgress>,
    /// How far this machine's clock is ahead of the server's, in seconds.
    pub clock_ahead_s: i64,
}

impl Link {
    /// Before anything was tried, or after it was given up.
    pub(crate) const fn idle(since: Timestamp, clock_ahead_s: i64) -> Self {
        Self {
            state: ConnectionState::Idle,
            since,
            reason: None,
            next_attempt_at: None,
            bootstrap: None,
            clock_ahead_s,
        }
    }
}
