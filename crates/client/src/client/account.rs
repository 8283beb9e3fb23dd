//! An open account: its databases, its session and its engine.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use recado_protocol::host::HostError;
use recado_protocol::{ErrorCode, Timestamp};
use recado_store::Store;
use tokio::sync::oneshot;

use crate::driver::Driver;
use crate::engine::{Demand, DemandAnswer, Id, Input, StoreFailure};
use crate::error::failure;
use crate::session::Session;
use crate::transport::TransportError;

type DemandReply = oneshot::Sender<Result<DemandAnswer, TransportError>>;

/// How far the closed conversations have been listed in this run.
#[derive(Debug, Clone, Default)]
pub(super) struct ClosedListing {
    /// Where the server's listing goes on.
    pub(super) next: Option<String>,
    /// The list is here without a gap down to this time.
    pub(super) until: Option<Timestamp>,
    /// Whether all of it is here.
    pub(super) complete: bool,
    /// Whether a page is on its way.
    pub(super) loading: bool,
}

/// An open account.
pub(super) struct OpenAccount {
    pub(super) store: Arc<Store>,
    pub(super) session: Arc<Session>,
    driver: Mutex<Option<Driver>>,
    demands: Mutex<HashMap<Id, DemandReply>>,
    last_demand_id: AtomicU64,
    closed: Mutex<ClosedListing>,
}

impl OpenAccount {
    pub(super) fn new(store: Arc<Store>, session: Arc<Session>, driver: Driver) -> Self {
        Self {
            store,
            session,
            driver: Mutex::new(Some(driver)),
            demands: Mutex::default(),
            last_demand_id: AtomicU64::new(0),
            closed: Mutex::default(),
        }
    }

    /// Tells the engine something.
    pub(super) fn tell(&self, input: Input) {
        if let Some(driver) = &*self.driver.lock().unwrap_or_else(PoisonError::into_inner) {
            driver.tell(input);
        }
    }

    /// Stops the engine. The databases close when their last user is done.
    pub(super) async fn stop(&self) {
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            driver.stop().await;
        }
        self.demands.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs `work` on the store, off the asynchronous threads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, recado_store::Error> + Send + 'static,
    ) -> Result<T, HostError> {
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(outcome) => outcome.map_err(|error| StoreFailure::from(error).into()),
            Err(_) => Err(failure(ErrorCode::ClientFailed, "reading the database failed")),
        }
    }

    /// Asks the server for something and waits until it is in the cache, at most for `limit`.
    pub(super) async fn demand(
        &self,
        demand: Demand,
        limit: Duration,
    ) -> Result<DemandAnswer, TransportError> {
        let demand_id = self.last_demand_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (reply, answer) = oneshot::channel();
        self.demands.lock().unwrap_or_else(PoisonError::into_inner).insert(demand_id, reply);
        self.tell(Input::Demanded { demand_id, demand });
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(result)) => result,
            // Stopped, or late: the answer is stored all the same if it still comes.
            Ok(Err(_)) | Err(_) => Err(TransportError::Unreachable),
        }
    }

    /// Hands a demand's outcome to who waits for it.
    pub(super) fn demanded(&self, demand_id: Id, result: Result<DemandAnswer, TransportError>) {
        let reply = self.demands.lock().unwrap_or_else(PoisonError::into_inner).remove(&demand_id);
        if let Some(reply) = reply {
            // Who waited may have given up in the meantime.
            let _ = reply.send(result);
        }
    }

    pub(super) fn closed(&self) -> std::sync::MutexGuard<'_, ClosedListing> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
