//! An agent without a cache: the real protocol on connections of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _};
use recado_client::engine::{Answer, Ask, Backoff};
use recado_client::transport::{LiveStream, Request, Response, ServerAddress};
use recado_client::{
    Clock as _, HttpTransports, SystemClock, SystemRandom, Transport, TransportError,
    Transports as _,
};
use recado_protocol::command::CommandsRequest;
use recado_protocol::identity::{RefreshRequest, Session};
use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::sync::{Change, MAX_ENTRIES, SyncPage};
use recado_protocol::{
    AuthorType, Command, CommandId, CommandOutcome, ErrorCode, LogId, Part, PartId,
};
use recado_server::identity::token::{Secret, TokenKind};
use zeroize::Zeroizing;

use crate::figures::Figures;
use crate::house::Returning;

/// An agent with its session and its live stream.
pub(crate) struct Agent {
    transport: Arc<dyn Transport>,
    token: Zeroizing<String>,
    stream: LiveStream,
    log_id: LogId,
    cursor: u64,
}

/// What a return took.
#[derive(Debug)]
pub(crate) struct Return {
    /// After so long without success an agent has reason to complain.
    pub(crate) patience: Duration,
    /// From the first packet to the open stream, waits included.
    pub(crate) whole: Figures,
    /// Each request that was answered well.
    pub(crate) requests: Figures,
    /// How often the server was busy or not reached, and the agent waited as the client does.
    pub(crate) waits: u64,
    /// What customers had written meanwhile. As in a cache, a part that comes again takes its own place.
    pub(crate) missed: BTreeMap<PartId, String>,
}

impl Default for Return {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(60),
            whole: Figures::default(),
            requests: Figures::default(),
            waits: 0,
            missed: BTreeMap::new(),
        }
    }
}

impl Return {
    /// Notes what customers wrote.
    fn note(&mut self, page: &SyncPage) {
        for change in &page.changes {
            let Change::Conversation { conversation } = change else { continue };
            let theirs = |part: &&Part| part.author.author_type == AuthorType::Contact;
            let parts = conversation.parts.iter().filter(theirs);
            self.missed.extend(parts.map(|part| (part.id, part.body_text.clone())));
        }
    }
}

impl Agent {
    /// Comes back: connects, renews the session, pulls what was missed, opens the live stream.
    ///
    /// # Errors
    /// What the agent would be told: anything but a server that is busy for a while.
    pub(crate) async fn come_back(
        address: &ServerAddress,
        returning: &Returning,
        took: &mut Return,
    ) -> Result<Self> {
        let begun = Instant::now();
        let transport = HttpTransports::new(env!("CARGO_PKG_VERSION")).connect(address)?;
        let next = Secret::generate(TokenKind::Refresh)?;
        let proposal = RefreshRequest {
            session_id: returning.session_id,
            refresh: returning.refresh.clone(),
            next_hash: next.hash().to_base64(),
        };
        let request = Request::post("/v1/session/refresh", &proposal)?;
        let refresh = || -> BoxFuture<'_, _> {
            Box::pin(async { transport.send(request.clone()).await?.read::<Session>() })
        };
        let session =
            patiently(took, begun, refresh).await.context("the session was not renewed")?;
        let token = Zeroizing::new(session.access_token);
        let agent = Self::catch_up(transport, token, returning, begun, took).await?;
        took.whole.add(begun.elapsed());
        Ok(agent)
    }

    /// Pulls what was missed and opens the live stream.
    async fn catch_up(
        transport: Arc<dyn Transport>,
        token: Zeroizing<String>,
        returning: &Returning,
        begun: Instant,
        took: &mut Return,
    ) -> Result<Self> {
        let mut cursor = returning.cursor;
        loop {
            let ask = Ask::Sync { log_id: returning.log_id, cursor, limit: MAX_ENTRIES };
            let pull = || -> BoxFuture<'_, _> { Box::pin(exchange(&*transport, &token, &ask)) };
            let answer = patiently(took, begun, pull).await.context("nothing was pulled")?;
            let Answer::Sync(page) = answer else { bail!("another answer than was asked for") };
            cursor = page.cursor;
            took.note(&page);
            if !page.more {
                break;
            }
        }
        // A ticket is good for one opening, so a refused opening needs another one.
        let open = || -> BoxFuture<'_, _> {
            Box::pin(async {
                match exchange(&*transport, &token, &Ask::LiveTicket).await? {
                    Answer::LiveTicket(ticket) => transport.open_live(ticket.ticket).await,
                    _ => Err(TransportError::Malformed),
                }
            })
        };
        let stream =
            patiently(took, begun, open).await.context("the live stream was not opened")?;
        let log_id = returning.log_id;
        let mut agent = Self { transport, token, stream, log_id, cursor };
        agent.stream.requests.send(LiveRequest::Hello { log_id, cursor }).await?;
        Ok(agent)
    }

    /// Empties an outbox as the client does, and follows the log until it holds what that did. Nothing is
    /// shown as waiting any more then.
    ///
    /// # Errors
    /// As [`Agent::come_back`]; a command that is refused.
    pub(crate) async fn drain(
        &mut self,
        mut queued: VecDeque<Command>,
        took: &mut Return,
    ) -> Result<()> {
        let begun = Instant::now();
        let mut done = self.cursor;
        while !queued.is_empty() {
            let commands = first_of_each(&mut queued);
            let log_id = Some(self.log_id);
            let ids: BTreeSet<CommandId> = commands.iter().map(|command| command.id).collect();
            let ask = Ask::Commands(CommandsRequest { log_id, commands });
            let (transport, token) = (&*self.transport, &self.token);
            let run = || -> BoxFuture<'_, _> { Box::pin(exchange(transport, token, &ask)) };
            let answer = patiently(took, begun, run).await.context("commands were not taken")?;
            let Answer::Commands(answer) = answer else { bail!("another answer than asked") };
            let named: BTreeSet<CommandId> =
                answer.results.iter().map(|result| result.id).collect();
            ensure!(named == ids, "an answer leaves commands out");
            for result in answer.results {
                match result.outcome {
                    CommandOutcome::Applied { version, .. } => done = done.max(version),
                    other => bail!("a command was not applied: {other:?}"),
                }
            }
        }
        while self.cursor < done {
            let left = took.patience.saturating_sub(begun.elapsed());
            let next = tokio::time::timeout(left, self.next_page()).await;
            let page = match next.context("what was done does not come back")? {
                Ok(page) => page,
                // A busy server may have given the stream up. As the client does: what was missed is pulled.
                Err(_) => self.pull(begun, took).await?,
            };
            took.note(&page);
        }
        Ok(())
    }

    /// What was missed since the stream's last page.
    async fn pull(&mut self, begun: Instant, took: &mut Return) -> Result<SyncPage> {
        let ask = Ask::Sync { log_id: self.log_id, cursor: self.cursor, limit: MAX_ENTRIES };
        let (transport, token) = (&*self.transport, &self.token);
        let pull = || -> BoxFuture<'_, _> { Box::pin(exchange(transport, token, &ask)) };
        let answer = patiently(took, begun, pull).await.context("nothing was pulled")?;
        let Answer::Sync(page) = answer else { bail!("another answer than was asked for") };
        self.cursor = page.cursor;
        Ok(page)
    }

    /// The next page of the live stream.
    pub(crate) async fn next_page(&mut self) -> Result<SyncPage> {
        loop {
            match self.stream.frames.next().await.context("the live stream ended")?? {
                // Pages that were on their way while more than they hold was pulled bring nothing.
                LiveFrame::Page { page } if page.cursor <= self.cursor => {}
                LiveFrame::Page { page } => {
                    self.cursor = page.cursor;
                    let cursor = page.cursor;
                    self.stream.requests.send(LiveRequest::Ack { cursor }).await?;
                    return Ok(page);
                }
                // As the client does: what was missed is pulled.
                LiveFrame::Pull => {
                    let ask =
                        Ask::Sync { log_id: self.log_id, cursor: self.cursor, limit: MAX_ENTRIES };
                    let answer = exchange(&*self.transport, &self.token, &ask).await?;
                    let Answer::Sync(page) = answer else { bail!("another answer than asked") };
                    self.cursor = page.cursor;
                    let (log_id, cursor) = (self.log_id, self.cursor);
                    self.stream.requests.send(LiveRequest::Hello { log_id, cursor }).await?;
                    return Ok(page);
                }
                LiveFrame::End { error } => bail!("the server ended the stream: {}", error.message),
                LiveFrame::SessionsChanged | LiveFrame::Unknown => {}
            }
        }
    }

    /// What sends commands of this agent.
    pub(crate) fn sender(&self) -> Sender {
        Sender {
            transport: Arc::clone(&self.transport),
            token: self.token.clone(),
            log_id: self.log_id,
        }
    }
}

/// Sends commands of an agent.
pub(crate) struct Sender {
    transport: Arc<dyn Transport>,
    token: Zeroizing<String>,
    log_id: LogId,
}

impl Sender {
    /// Sends a command; gives how long its answer took.
    pub(crate) async fn send(&self, command: Command) -> Result<Duration> {
        let begun = Instant::now();
        let request = CommandsRequest { log_id: Some(self.log_id), commands: vec![command] };
        let answer = exchange(&*self.transport, &self.token, &Ask::Commands(request)).await?;
        let Answer::Commands(answer) = answer else { bail!("another answer than was asked for") };
        for result in answer.results {
            if let CommandOutcome::Refused { message, .. } = result.outcome {
                bail!("a command was refused: {message}");
            }
        }
        Ok(begun.elapsed())
    }
}

/// Takes the first command of each conversation out, since a request carries no more.
fn first_of_each(queued: &mut VecDeque<Command>) -> Vec<Command> {
    let mut busy = BTreeSet::new();
    let (first, later): (Vec<_>, Vec<_>) =
        queued.drain(..).partition(|command| busy.insert(command.conversation_id));
    queued.extend(later);
    first
}

async fn exchange(
    transport: &dyn Transport,
    token: &Zeroizing<String>,
    ask: &Ask,
) -> Result<Answer, TransportError> {
    let mut request = ask.to_request()?;
    request.access_token = Some(token.clone());
    let response: Response = transport.send(request).await?;
    ask.read(&response)
}

/// Asks until it is answered, with the client's own waits.
async fn patiently<'a, T>(
    took: &mut Return,
    begun: Instant,
    attempt: impl Fn() -> BoxFuture<'a, Result<T, TransportError>>,
) -> Result<T> {
    let mut backoff = Backoff::default();
    loop {
        let asked = Instant::now();
        let error = match attempt().await {
            Ok(answer) => {
                took.requests.add(asked.elapsed());
                return Ok(answer);
            }
            Err(error) => error,
        };
        let passing = matches!(error.code(), ErrorCode::Overloaded | ErrorCode::Unreachable);
        if !passing || begun.elapsed() > took.patience {
            return Err(error.into());
        }
        took.waits += 1;
        let now = SystemClock.now();
        backoff.failed(now, error.code(), error.retry_after_s(), &SystemRandom);
        let until = backoff.until().unwrap_or(now);
        let micros = until.as_micros().saturating_sub(now.as_micros());
        tokio::time::sleep(Duration::from_micros(u64::try_from(micros)?)).await;
    }
}
