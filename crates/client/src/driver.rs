//! Runs the engine on a real clock, a real network and a real store.

use std::collections::HashMap;
use std::sync::{Arc, mpsc as blocking};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use recado_protocol::ErrorCode;
use recado_protocol::live::LiveRequest;
use recado_store::Store;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tracing::{debug, error};

use crate::clock::{Clock, ClockWatch};
use crate::engine::{
    self, Answer, Ask, Effect, Engine, Id, Input, Job, JobAnswer, Notice, StoreFailure,
};
use crate::random::Random;
use crate::session::Session;
use crate::transport::TransportError;

/// The longest sleep. Timers stand still while a machine sleeps, the clock does not.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// The shortest sleep, so that a clock that stands still does not keep a processor busy.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);
/// A gap like this between two wake-ups means that the machine slept: the network is new.
const SLEPT_MICROS: i64 = 60_000_000;

type Jobs = blocking::Sender<(Id, Job)>;

/// A running engine. Dropping it stops the engine; [`Driver::stop`] also waits for it.
pub(crate) struct Driver {
    inputs: mpsc::UnboundedSender<Input>,
    task: Option<JoinHandle<()>>,
    store_thread: Option<std::thread::JoinHandle<()>>,
}

impl Driver {
    /// Starts an engine on the current runtime.
    pub(crate) fn start(
        store: Arc<Store>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        notices: mpsc::UnboundedSender<Notice>,
    ) -> std::io::Result<Self> {
        let (inputs, queue) = mpsc::unbounded_channel();
        let run_job = move |work| engine::run(&store, work);
        let (jobs, store_thread) = start_store_thread(run_job, inputs.clone())?;
        let run = Running {
            engine: Engine::new(random, clock.now()),
            session,
            clock,
            inputs: inputs.clone(),
            jobs,
            notices,
            requests: JoinSet::new(),
            streams: HashMap::new(),
        };
        let task = tokio::spawn(run.run(queue));
        // The receiver lives in the task that was just made.
        let _ = inputs.send(Input::Start);
        Ok(Self { inputs, task: Some(task), store_thread: Some(store_thread) })
    }

    /// Tells the engine something.
    pub(crate) fn tell(&self, input: Input) {
        // A stopped engine needs to know nothing.
        let _ = self.inputs.send(input);
    }

    /// Stops the engine and waits until nothing of it runs any more: a job that the store has
    /// begun comes to its end.
    pub(crate) async fn stop(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // Aborted is what it should be.
            let _ = task.await;
        }
        if let Some(thread) = self.store_thread.take()
            && tokio::task::spawn_blocking(move || thread.join()).await.is_err()
        {
            error!("the store's thread could not be awaited");
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The store blocks, and takes one job after the other, so it has a thread of its own. A job that
/// panics was rolled back, and counts as failed.
fn start_store_thread(
    run_job: impl Fn(Job) -> Result<JobAnswer, StoreFailure> + Send + 'static,
    inputs: mpsc::UnboundedSender<Input>,
) -> std::io::Result<(Jobs, std::thread::JoinHandle<()>)> {
    let (jobs, queue) = blocking::channel::<(Id, Job)>();
    let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
        for (job, work) in queue {
            let name = format!("{work:?}");
            // The store recovers its locks by itself; nothing else is shared with a job.
            let run = std::panic::AssertUnwindSafe(|| run_job(work));
            let result = std::panic::catch_unwind(run).unwrap_or_else(|_| {
                error!(job = name, "a job on the store panicked");
                Err(StoreFailure {
                    code: ErrorCode::ClientFailed,
                    detail: format!("the database's job {name} failed inside; try again"),
                })
            });
            if inputs.send(Input::JobDone { job, result }).is_err() {
                break;
            }
        }
    })?;
    Ok((jobs, thread))
}

struct Stream {
    requests: mpsc::UnboundedSender<LiveRequest>,
    task: AbortHandle,
}

struct Running {
    engine: Engine,
    session: Arc<Session>,
    clock: Arc<dyn Clock>,
    inputs: mpsc::UnboundedSender<Input>,
    jobs: Jobs,
    notices: mpsc::UnboundedSender<Notice>,
    /// Dropped, and with it every request, when the engine stops.
    requests: JoinSet<()>,
    streams: HashMap<Id, Stream>,
}

impl Running {
    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Input>) {
        let mut last = self.clock.now();
        let begun = Instant::now();
        let mut watch = ClockWatch::new(last, begun.elapsed());
        loop {
            let sleep = self.sleep();
            let input = tokio::select! {
                input = queue.recv() => match input {
                    Some(input) => input,
                    None => return,
                },
                Some(_) = self.requests.join_next() => continue,
                () = tokio::time::sleep(sleep) => Input::Tick,
            };
            let now = self.clock.now();
            if now.as_micros() - last.as_micros() > SLEPT_MICROS {
                self.handle(Input::NetworkHint);
            }
            last = now;
            if let Some(micros) = watch.look(now, begun.elapsed()) {
                self.handle(Input::ClockLost { micros });
            }
            self.handle(input);
        }
    }

    fn sleep(&self) -> Duration {
        let Some(wake) = self.engine.next_wake() else { return LONGEST_SLEEP };
        let micros = wake.as_micros().saturating_sub(self.clock.now().as_micros());
        let micros = u64::try_from(micros).unwrap_or_default();
        Duration::from_micros(micros).clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }

    fn handle(&mut self, input: Input) {
        for effect in self.engine.handle(self.clock.now(), input) {
            match effect {
                Effect::Send { request, ask } => self.send(request, ask),
                Effect::OpenLive { live, ticket } => self.open_live(live, ticket),
                Effect::SayLive { live, request } => {
                    if let Some(stream) = self.streams.get(&live) {
                        // A stream that has just ended says so by itself.
                        let _ = stream.requests.send(request);
                    }
                }
                Effect::CloseLive { live } => {
                    if let Some(stream) = self.streams.remove(&live) {
                        stream.task.abort();
                    }
                }
                Effect::Run { job, work } => {
                    if self.jobs.send((job, work)).is_err() {
                        error!("the store's thread has ended");
                        self.lose_job(job);
                    }
                }
                Effect::Tell(notice) => {
                    // Nobody listens any more while the client shuts down.
                    let _ = self.notices.send(notice);
                }
            }
        }
    }

    fn lose_job(&self, job: Id) {
        let failure = StoreFailure {
            code: ErrorCode::ClientFailed,
            detail: "the database's thread has ended; start Recado again".to_owned(),
        };
        let _ = self.inputs.send(Input::JobDone { job, result: Err(failure) });
    }

    fn send(&mut self, request: Id, ask: Ask) {
        let (session, inputs) = (Arc::clone(&self.session), self.inputs.clone());
        self.requests.spawn(async move {
            let result = exchange(&session, &ask).await;
            if let Err(error) = &result {
                debug!(%error, code = ?error.code(), "a request brought no answer");
            }
            let _ = inputs.send(Input::Answered { request, result });
        });
    }

    fn open_live(&mut self, live: Id, ticket: String) {
        let (requests, mut outgoing) = mpsc::unbounded_channel();
        let (session, inputs) = (Arc::clone(&self.session), self.inputs.clone());
        let task = self.requests.spawn(async move {
            let error = follow(&session, live, ticket, &mut outgoing, &inputs).await;
            let _ = inputs.send(Input::LiveClosed { live, error });
        });
        self.streams.retain(|_, stream| !stream.task.is_finished());
        self.streams.insert(live, Stream { requests, task });
    }
}

async fn exchange(session: &Session, ask: &Ask) -> Result<Answer, TransportError> {
    let response = session.send(ask.to_request()?).await?;
    ask.read(&response)
}

/// Follows a live stream to its end and tells why it ended.
async fn follow(
    session: &Session,
    live: Id,
    ticket: String,
    outgoing: &mut mpsc::UnboundedReceiver<LiveRequest>,
    inputs: &mpsc::UnboundedSender<Input>,
) -> TransportError {
    let mut stream = match session.open_live(ticket).await {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    let _ = inputs.send(Input::LiveOpened { live });
    loop {
        tokio::select! {
            frame = stream.frames.next() => match frame {
                Some(Ok(frame)) => {
                    let _ = inputs.send(Input::LiveFrame { live, frame });
                }
                Some(Err(error)) => return error,
                None => return TransportError::Unreachable,
            },
            request = outgoing.recv() => match request {
                Some(request) => {
                    if let Err(error) = stream.requests.send(request).await {
                        return error;
                    }
                }
                None => return TransportError::Unreachable,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_is_reported_as_failed_and_the_next_one_runs() {
        let (inputs, mut queue) = mpsc::unbounded_channel();
        let run_job = |work: Job| match work {
            Job::Stats => panic!("on purpose"),
            _ => Ok(JobAnswer::Nothing),
        };
        let (jobs, thread) = start_store_thread(run_job, inputs).expect("a thread");
        jobs.send((1, Job::Stats)).expect("the thread runs");
        jobs.send((2, Job::Digest)).expect("the thread runs");
        let Some(Input::JobDone { job: 1, result: Err(failure) }) = queue.recv().await else {
            panic!("the first job is reported as failed");
        };
        assert_eq!(failure.code, ErrorCode::ClientFailed);
        let second = queue.recv().await;
        assert!(matches!(second, Some(Input::JobDone { job: 2, result: Ok(_) })), "{second:?}");
        drop(jobs);
        thread.join().expect("the thread ends by itself");
    }
}
