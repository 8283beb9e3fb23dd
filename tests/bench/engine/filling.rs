//! A new client's first load over TLS from the real server, whole and with the client ended again and again.

use std::time::Instant;

use anyhow::{Result, ensure};
use recado_protocol::host::{AppState, View};
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::{Engine, Person, TestClient, TestServer};
use serde_json::json;
use tokio::runtime::Builder;

use crate::generator::Scale;
use crate::measure::process_cpu_micros;
use crate::report::{Beside, Goal};
use crate::server::filled;

/// After how many received bytes the client is ended.
const ENDED_AFTER: [usize; 4] = [400_000, 900_000, 2_000_000, 3_500_000];

/// What a client's first load took.
struct Load {
    seconds: f64,
    cpu_micros: f64,
    until_usable: f64,
    bytes: usize,
    rows: usize,
}

pub(super) fn measure() -> Result<(Vec<Beside>, Vec<Goal>)> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let scale = Scale::QUICK;
        let server = filled(Engine::Sqlite).await?;
        let person = server.add("Whole", Role::Admin, ConversationAccess::all(), &[]).await?;
        let whole = load(&server, &person, &[]).await?;
        let person = server.add("Cut", Role::Admin, ConversationAccess::all(), &[]).await?;
        let cut = load(&server, &person, &ENDED_AFTER).await?;
        ensure!(whole.rows == scale.conversations, "the whole load has {} rows", whole.rows);
        let lost = scale.conversations.abs_diff(cut.rows);
        let again = cut.bytes as f64 / whole.bytes as f64 - 1.0;
        let messages = scale.messages as f64;
        let line = Beside {
            name: "sync/bootstrap_engine",
            what: format!(
                "one message, client, TLS and server; {} messages in {:.1} s",
                scale.messages, whole.seconds
            ),
            recado: whole.cpu_micros / messages,
            bare: None,
            ratio: None,
        };
        let share = 100.0 * whole.until_usable / whole.seconds;
        let ends = ENDED_AFTER.len() as f64;
        // An answer brings a hundred of the two thousand conversations.
        let pages = again * messages / 1_000.0 / ends;
        Ok((
            vec![line],
            vec![
                Goal::new(
                    "sync/bootstrap_engine",
                    "% of the whole until heads are there",
                    share,
                    25.0,
                ),
                Goal::new(
                    "sync/interrupt_resume",
                    "conversations lost or double",
                    lost as f64,
                    0.0,
                ),
                Goal::new(
                    "sync/interrupt_resume",
                    "answers repeated for one end",
                    pages.max(0.0),
                    1.0,
                ),
            ],
        ))
    })
}

/// Fills a new client, ended once so many bytes have come, each time, and begun anew.
async fn load(server: &TestServer, person: &Person, ended_after: &[usize]) -> Result<Load> {
    let mut client = TestClient::start().await?;
    let (began, cpu) = (Instant::now(), process_cpu_micros());
    client.sign_in(&server.join_link(), person).await?;
    let until_usable = began.elapsed().as_secs_f64();
    for bytes in ended_after {
        client
            .until("so much has come", async |client| {
                let enough = client.network.received().len() >= *bytes;
                Ok((enough || is_whole(client).await?).then_some(()))
            })
            .await?;
        client = client.restart().await?;
        client.until_online().await?;
    }
    client
        .until("every conversation is here", async |client| {
            Ok(is_whole(client).await?.then_some(()))
        })
        .await?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu_micros = process_cpu_micros() - cpu;
    let bytes = client.network.received().len();
    let rows = client.all_rows(View::All).await?;
    let mut ids: Vec<_> = rows.iter().map(|row| row.head.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == rows.len(), "a conversation is shown twice");
    Ok(Load { seconds, cpu_micros, until_usable, bytes, rows: rows.len() })
}

async fn is_whole(client: &TestClient) -> Result<bool> {
    let state: AppState = client.ask("app_state", json!({})).await?;
    Ok(state.connection.bootstrap.is_none())
}
