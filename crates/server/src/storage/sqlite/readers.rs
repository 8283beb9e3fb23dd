//! Reads on SQLite: a few threads, each with a connection that cannot write.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::mpsc;

use super::open_reader;
use super::writer::{Body, Connected, Job};
use crate::storage::growth::Growth;
use crate::storage::{DbError, Tx};

/// Reads that may wait for a thread; further callers wait for room.
const QUEUE: usize = 1024;

/// The reading connections of a database file.
pub(crate) struct Readers {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Readers {
    /// Opens two to four connections, by the number of processors. Their threads end when this value is dropped.
    pub(crate) fn start(path: &Path) -> Result<Self, DbError> {
        let count = thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
        let (queue, jobs) = mpsc::channel::<Box<dyn Job>>(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 1..=count {
            let mut reader = Connected::new(open_reader(path)?, Growth::default());
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("recado-db-read{number}"))
                .spawn(move || {
                    // The lock is held while waiting for a job, never while running one.
                    let next =
                        || jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
                    while let Some(job) = next() {
                        reader.read(job);
                    }
                })
                .map_err(|cause| DbError::Unavailable(cause.to_string()))?;
        }
        Ok(Self { queue })
    }

    pub(crate) async fn read<T, E, F>(&self, body: F) -> Result<T, E>
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
