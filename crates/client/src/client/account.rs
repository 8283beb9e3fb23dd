//! An open account: its databases, its session and its engine.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use recado_protocol::host::HostError;
use recado_protocol::{ErrorCode, Timestamp};
use recado_store::{StopCheck, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::error;

use crate::driver::Driver;
use crate::engine::{Demand, DemandAnswer, Id, Input, Notice, StoreFailure};
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
    /// For what is found out beside the engine; the engine's own end with it.
    notices: mpsc::WeakUnboundedSender<Notice>,
    driver: Mutex<Option<Driver>>,
    follower: Mutex<Option<JoinHandle<()>>>,
    /// Ends the check of the cache, where there is one.
    check: Mutex<Option<StopCheck>>,
    demands: Mutex<HashMap<Id, DemandReply>>,
    last_demand_id: AtomicU64,
    closed: Mutex<ClosedListing>,
}

impl OpenAccount {
    pub(super) fn new(
        store: Arc<Store>,
        session: Arc<Session>,
        notices: mpsc::WeakUnboundedSender<Notice>,
        driver: Driver,
    ) -> Self {
        Self {
            store,
            session,
            notices,
            driver: Mutex::new(Some(driver)),
            follower: Mutex::default(),
            check: Mutex::default(),
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

    /// Keeps who follows the engine's notices, so that closing waits for them.
    pub(super) fn followed_by(&self, follower: JoinHandle<()>) {
        *self.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
    }

    /// Keeps what ends the check of the cache, so that closing does not wait for it.
    pub(super) fn checked_by(&self, stop: StopCheck) {
        *self.check.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
    }

    /// Stops the engine, and waits until nothing that it told is under way any more. The databases
    /// close when their last user is done.
    pub(super) async fn stop(&self) {
        if let Some(check) = self.check.lock().unwrap_or_else(PoisonError::into_inner).take() {
            check.stop();
        }
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            driver.stop().await;
        }
        let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(follower) = follower
            && follower.await.is_err()
        {
            error!("what the engine told could not be followed to its end");
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
            Ok(outcome) => outcome.map_err(|error| {
                let failure = StoreFailure::from(error);
                self.found(&failure);
                failure.into()
            }),
            Err(_) => Err(failure(ErrorCode::ClientFailed, "reading the database failed")),
        }
    }

    /// Damage is put right wherever it is found first.
    pub(super) fn found(&self, failure: &StoreFailure) {
        if matches!(failure.code, ErrorCode::CacheDamaged | ErrorCode::OutboxDamaged)
            && let Some(notices) = self.notices.upgrade()
        {
            // Nobody listens any more while the account is being closed.
            let _ = notices.send(Notice::StoreFailed(failure.clone()));
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
