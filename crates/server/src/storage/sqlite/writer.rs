//! Writes on SQLite: many commands, one COMMIT.
//!
//! A commit costs a disk flush, whatever it holds. So the writer takes the commands that are waiting, runs each in a
//! savepoint of its own inside one transaction, commits once, and answers them only then. A command that fails takes
//! back its own savepoint only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error;
use crate::storage::growth::Growth;
use crate::storage::{DbError, Tx};

/// Most commands in one commit.
const GROUP_SIZE: usize = 64;
/// After this time no further command joins, so that the first one does not wait for long.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Commands that may wait for the writer; further callers wait for room.
const QUEUE: usize = 1024;

/// A command on its way through the writer.
pub(super) trait Job: Send {
    /// Runs the command's body and says whether its changes shall stay.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Answers the caller. `outcome` is the commit's; a body that failed answers with its own error.
    fn answer(self: Box<Self>, outcome: Result<(), DbError>);
}

/// One typed transaction body, with the channel for its answer.
pub(super) struct Body<F, T, E> {
    body: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Body<F, T, E> {
    pub(super) fn new(body: F) -> (Box<Self>, oneshot::Receiver<Result<T, E>>) {
        let (answer, receiver) = oneshot::channel();
        let job = Self { body, result: None, answer };
        (Box::new(job), receiver)
    }
}

impl<F, T, E> Job for Body<F, T, E>
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let result = poll_once(&self.body, tx);
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, outcome: Result<(), DbError>) {
        let result = match (self.result, outcome) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(own)), _) => Err(own),
            (None, Ok(())) => Err(DbError::Closed.into()),
            (_, Err(commit)) => Err(commit.into()),
        };
        // Nobody waits when the caller has gone; the work stays done.
        let _ = self.answer.send(result);
    }
}

/// Runs a body to its end. SQLite answers at once, so a body that awaits nothing but its `Tx` never has to wait.
fn poll_once<F, T, E>(body: &F, tx: &mut Tx) -> Result<T, E>
where
    F: AsyncFn(&mut Tx) -> Result<T, E>,
    E: From<DbError>,
{
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let future = pin!(body(tx));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Err(DbError::Suspended.into()),
        }
    }))
    .unwrap_or_else(|_| Err(DbError::Panicked.into()));
    match tx.take_failure() {
        Some(failure) if outcome.is_ok() => Err(failure.into()),
        _ => outcome,
    }
}

/// A connection that runs jobs.
pub(super) struct Connected {
    pub(super) tx: Tx,
    growth: Growth,
}

impl Connected {
    pub(super) fn new(connection: Connection, growth: Growth) -> Self {
        Self { tx: Tx::sqlite(connection), growth }
    }

    /// Runs a statement about transactions. They are kept prepared: each transaction takes several.
    fn control(&self, sql: &str) -> Result<(), DbError> {
        let connection = self.tx.connection().ok_or(DbError::Closed)?;
        let run = || connection.prepare_cached(sql)?.execute([]).map(drop);
        run().map_err(error)
    }

    fn in_transaction(&self) -> bool {
        self.tx.connection().is_some_and(|connection| !connection.is_autocommit())
    }

    /// Runs `first` and whatever `next` yields in one transaction, and answers them all.
    pub(super) fn write_group(
        &mut self,
        first: Box<dyn Job>,
        mut next: impl FnMut() -> Option<Box<dyn Job>>,
    ) {
        if let Err(refused) = self.control("BEGIN IMMEDIATE") {
            first.answer(Err(refused));
            return;
        }
        let begun = Instant::now();
        let mut done = Vec::new();
        let mut waiting = Some(first);
        let mut outcome = Ok(());
        let mut grew = false;
        while let Some(mut job) = waiting.take() {
            outcome = self.run_in_savepoint(&mut *job, &mut grew);
            done.push(job);
            if outcome.is_ok() && done.len() < GROUP_SIZE && begun.elapsed() < GROUP_TIME {
                waiting = next();
            }
        }
        #[cfg(feature = "fail-points")]
        crate::fail_point::reached(crate::fail_point::Place::BeforeCommit);
        let outcome = outcome.and_then(|()| self.control("COMMIT"));
        #[cfg(feature = "fail-points")]
        crate::fail_point::reached(crate::fail_point::Place::AfterCommit);
        if outcome.is_err() && self.in_transaction() {
            // If even this fails, the next BEGIN does too, and says so to its callers.
            let _ = self.control("ROLLBACK");
        }
        if outcome.is_ok() && grew {
            self.growth.announce();
        }
        for job in done {
            job.answer(outcome.clone());
        }
    }

    /// An error means that the whole group is lost, not that the job failed.
    fn run_in_savepoint(&mut self, job: &mut dyn Job, grew: &mut bool) -> Result<(), DbError> {
        self.control("SAVEPOINT command")?;
        let keep = job.run(&mut self.tx);
        *grew |= self.tx.take_growth() && keep;
        // On a full disk and the like SQLite takes back the outer transaction by itself.
        if !self.in_transaction() {
            return Err(DbError::TransactionLost);
        }
        if !keep {
            self.control("ROLLBACK TO command")?;
        }
        self.control("RELEASE command")
    }

    /// Runs `job` on one snapshot, in which it cannot write.
    pub(super) fn read(&mut self, mut job: Box<dyn Job>) {
        let outcome = self.control("BEGIN DEFERRED").map(|()| {
            job.run(&mut self.tx);
        });
        if self.in_transaction() {
            let _ = self.control("ROLLBACK");
        }
        job.answer(outcome);
    }
}

/// The writer of a database file, on a thread of its own.
pub(crate) struct WriterThread {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl WriterThread {
    /// Starts the thread; it ends when this value is dropped and its queue is empty.
    pub(crate) fn start(connection: Connection, growth: Growth) -> Result<Self, DbError> {
        let (queue, mut jobs) = mpsc::channel::<Box<dyn Job>>(QUEUE);
        thread::Builder::new()
            .name("recado-db-write".to_owned())
            .spawn(move || {
                let mut writer = Connected::new(connection, growth);
                while let Some(first) = jobs.blocking_recv() {
                    writer.write_group(first, || jobs.try_recv().ok());
                }
            })
            .map_err(|cause| DbError::Unavailable(cause.to_string()))?;
        Ok(Self { queue })
    }

    pub(crate) async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (job, answer) = Body::new(body);
        if self.queue.send(job).await.is_err() {
            return Err(DbError::Closed.into());
        }
        answer.await.unwrap_or_else(|_| Err(DbError::Closed.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Body, Connected, Growth, Job};
    use crate::storage::{DbError, Tx, params};

    #[test]
    fn waiting_commands_share_one_commit_and_a_failed_one_takes_back_only_itself() {
        let mut connection = rusqlite::Connection::open_in_memory().expect("a database in memory");
        connection
            .execute_batch("CREATE TABLE note (id INTEGER PRIMARY KEY) STRICT")
            .expect("a table");
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&commits);
        connection
            .commit_hook(Some(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                false
            }))
            .expect("a commit hook");
        let mut writer = Connected::new(connection, Growth::default());
        let mut answers = Vec::new();
        let mut jobs: Vec<Box<dyn Job>> = Vec::new();
        for id in 0..10_i64 {
            let (job, answer) = Body::new(async move |tx: &mut Tx| {
                tx.execute("INSERT INTO note (id) VALUES (?1)", &params![id]).await?;
                if id == 4 { Err(DbError::RowNotFound) } else { Ok(id) }
            });
            jobs.push(job);
            answers.push(answer);
        }
        jobs.reverse();
        let first = jobs.pop().expect("a first command");
        // The limit of time must not cut the group short on a slow machine, so commands are offered until all ran.
        let mut groups = 1;
        writer.write_group(first, || jobs.pop());
        while let Some(first) = jobs.pop() {
            groups += 1;
            writer.write_group(first, || jobs.pop());
        }
        assert_eq!(commits.load(Ordering::SeqCst), groups);
        assert!(groups < 10, "no command ever joined another one's commit");
        for (id, mut answer) in answers.into_iter().enumerate() {
            let expected = if id == 4 { Err(DbError::RowNotFound) } else { Ok(id as i64) };
            assert_eq!(answer.try_recv().expect("an answer"), expected);
        }
        let kept: i64 = writer
            .tx
            .connection()
            .expect("SQLite")
            .query_row("SELECT count(*) FROM note", [], |row| row.get(0))
            .expect("a count");
        assert_eq!(kept, 9);
    }

    #[test]
    fn a_failed_commit_is_told_to_every_command_of_its_group() {
        let mut connection = rusqlite::Connection::open_in_memory().expect("a database in memory");
        connection
            .execute_batch("CREATE TABLE note (id INTEGER PRIMARY KEY) STRICT")
            .expect("a table");
        connection.commit_hook(Some(|| true)).expect("a commit hook");
        let mut writer = Connected::new(connection, Growth::default());
        let insert = |id: i64| {
            Body::new(async move |tx: &mut Tx| {
                tx.execute("INSERT INTO note (id) VALUES (?1)", &params![id]).await
            })
        };
        let (first, mut first_answer) = insert(1);
        let (second, mut second_answer) = insert(2);
        let mut second: Option<Box<dyn Job>> = Some(second);
        writer.write_group(first, || second.take());
        if let Some(second) = second.take() {
            writer.write_group(second, || None);
        }
        assert!(first_answer.try_recv().expect("an answer").is_err());
        assert!(second_answer.try_recv().expect("an answer").is_err());
        assert!(!writer.in_transaction());
    }
}
