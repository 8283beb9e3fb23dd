//! What a server does without being asked.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::nodes;
use crate::http::Edge;
use crate::live::audience::Reader;
use crate::retention;
use crate::session::SessionWatch;
use crate::snooze;
use crate::tls::{Renewal, ServerTls};

/// How often it is looked at what sessions have begun and ended, so that the streams of a session that ended on another
/// node close within a second.
const SESSION_TICK: Duration = Duration::from_millis(500);
/// How often due snoozes are looked for.
const SNOOZE_TICK: Duration = Duration::from_secs(1);
/// How often what ran out is deleted.
const CLEANING_TICK: Duration = Duration::from_secs(10 * 60);
/// How often it is looked for sessions that their providers are to be asked about.
const SSO_TICK: Duration = Duration::from_secs(30);
/// How often the certificate is looked at.
const CERTIFICATE_TICK: Duration = Duration::from_secs(12 * 3_600);

/// Starts every worker.
pub(super) fn start(
    tasks: &TaskTracker,
    edge: &Edge,
    tls: &Arc<ServerTls>,
    stopping: &CancellationToken,
) {
    let mut watch = SessionWatch::new(edge.sessions.clone());
    tasks.spawn(repeat(SESSION_TICK, stopping.clone(), async move || {
        if let Err(error) = watch.look().await {
            tracing::warn!(%error, "it could not be looked at what sessions have begun and ended");
        }
    }));
    tasks.spawn(nodes::keep_in_step(edge.core.clone(), edge.workspace_id, stopping.clone()));
    let reader = Reader::new(edge.core.clone(), edge.workspace_id, edge.audience.clone());
    tasks.spawn(reader.run(stopping.clone()));
    let core = edge.core.clone();
    tasks.spawn(repeat(SNOOZE_TICK, stopping.clone(), async move || {
        if let Err(error) = snooze::wake_due(&core).await {
            tracing::warn!(%error, "due snoozes could not be woken");
        }
    }));
    let sessions = edge.sessions.clone();
    tasks.spawn(repeat(CLEANING_TICK, stopping.clone(), async move || {
        if let Err(error) = sessions.end_stale().await {
            tracing::warn!(%error, "stale sessions could not be ended");
        }
        if let Err(error) = sessions.delete_expired().await {
            tracing::warn!(%error, "what ran out could not be deleted");
        }
    }));
    let sso = edge.sso.clone();
    tasks.spawn(repeat(SSO_TICK, stopping.clone(), async move || {
        if let Err(error) = sso.check_sessions().await {
            tracing::warn!(%error, "it could not be looked for sessions of providers");
        }
    }));
    let core = edge.core.clone();
    tasks.spawn(repeat(CLEANING_TICK, stopping.clone(), async move || {
        if let Err(error) = retention::run(&core).await {
            tracing::warn!(%error, "what is kept for a time only could not be forgotten");
        }
    }));
    let (core, tls) = (edge.core.clone(), Arc::clone(tls));
    tasks.spawn(repeat(CERTIFICATE_TICK, stopping.clone(), async move || {
        match tls.renew(core.now().as_micros()) {
            Ok(Renewal::Renewed) => tracing::info!("another certificate is served from now on"),
            Ok(Renewal::NotDue) => {}
            Err(error) => tracing::error!(%error, "the certificate could not be renewed"),
        }
    }));
}

/// Does `work` again and again, with a pause after each time, until the server stops.
async fn repeat(pause: Duration, stopping: CancellationToken, mut work: impl AsyncFnMut()) {
    while stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        work().await;
    }
}
