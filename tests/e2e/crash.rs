//! Processes that die, disks that fail, databases that go away: what was promised is there, and is there once.
//!
//! A few rounds here; `cargo xtask crash` runs as many as wanted, and one that failed again.

mod client;
mod corruption;
mod disk;
mod lane;
mod ledger;
mod rows;
mod server;

use anyhow::Context as _;
use disk::{Disk, FaultKind};
use lane::{Count, Lane, NAMED_FAULTS};
use server::Failing;

#[tokio::test(flavor = "multi_thread")]
async fn client() -> anyhow::Result<()> {
    Lane::new("client", Count { quick: 40, long: 600 }, 50)
        .with_named_faults(NAMED_FAULTS)
        .run(async |seed, rounds, trace| {
            client::chapter(seed, rounds, &[FaultKind::Kill], trace).await
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_nothing_is_lost() -> anyhow::Result<()> {
    client::on_a_full_disk().await
}

#[tokio::test(flavor = "multi_thread")]
async fn disk() -> anyhow::Result<()> {
    Lane::new("disk", Count { quick: 80, long: 400 }, 40)
        .run(async |seed, rounds, trace| {
            if seed.is_multiple_of(2) {
                server::chapter(seed, rounds, Failing::Disk, trace).await
            } else {
                client::chapter(seed, rounds, &FaultKind::ALL, trace).await
            }
        })
        .await
}

/// What the lanes above find is worth something only if they find a loss where there is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_only_says_that_it_synced_is_found_out() -> anyhow::Result<()> {
    let mut trace = lane::Trace::default();
    let of_client = client::lying_chapter(1, 60, &mut trace).await;
    let of_server = server::chapter(1, 60, Failing::LyingDisk, &mut trace).await;
    for outcome in [of_client, of_server] {
        let found = format!("{:#}", outcome.err().context("no loss was seen")?);
        let is_a_loss = ["is lost", "is not there once", "a draft holds"];
        anyhow::ensure!(is_a_loss.iter().any(|words| found.contains(words)), "no loss: {found}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sqlite() -> anyhow::Result<()> {
    Lane::new("server-sqlite", Count { quick: 40, long: 600 }, 30)
        .with_named_faults(NAMED_FAULTS)
        .run(async |seed, rounds, trace| {
            server::chapter(seed, rounds, Failing::Process(None), trace).await
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn server_postgres() -> anyhow::Result<()> {
    let postgres = xtask::postgres::start_lasting()?;
    Lane::new("server-postgres", Count { quick: 34, long: 600 }, 30)
        .with_named_faults(NAMED_FAULTS)
        .run(async |seed, rounds, trace| {
            server::chapter(seed, rounds, Failing::Process(Some(&postgres)), trace).await
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_restart() -> anyhow::Result<()> {
    let postgres = tokio::sync::Mutex::new(xtask::postgres::start_lasting()?);
    Lane::new("postgres-restart", Count { quick: 6, long: 200 }, 20)
        .run(async |seed, rounds, trace| {
            let mut postgres = postgres.lock().await;
            server::chapter(seed, rounds, Failing::Postgres(&mut postgres), trace).await
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_disk() -> anyhow::Result<()> {
    let under = tokio::sync::Mutex::new(Disk::under_postgres()?);
    Lane::new("postgres-disk", Count { quick: 8, long: 100 }, 20)
        .run(async |seed, rounds, trace| {
            let (disk, postgres) = &mut *under.lock().await;
            server::chapter(seed, rounds, Failing::PostgresDisk(postgres, disk), trace).await
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn corruption() -> anyhow::Result<()> {
    Lane::new("corruption", Count { quick: 200, long: 10_000 }, 200)
        .run(async |seed, rounds, trace| corruption::chapter(seed, rounds, trace).await)
        .await
}
