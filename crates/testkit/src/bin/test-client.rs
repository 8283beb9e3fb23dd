//! The headless client as a process of its own, to be killed. `test-client FOLDER`; it reads one
//! JSON object a line, `{"command": …, "request": …}`, and answers each with one line. An answer
//! to `command_submit` means that the command is stored.

#![expect(clippy::print_stdout, reason = "whoever started it reads the answers")]

use std::alloc::System;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use recado_client::links::NoOpener;
use recado_client::notification::NoNotifier;
use recado_client::{Client, ClientOptions};
use recado_testkit::file_keychain::FileKeychain;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use zeroizing_alloc::ZeroAlloc;

/// As in the program.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Answered once the client tells something, or after a while.
const NEXT_EVENT: &str = "next_event";
const LONGEST_WAIT: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::from_env("RECADO_LOG");
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = lines.with_filter(filter_fn(recado_client::log::may_be_logged));
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    let folder = PathBuf::from(std::env::args().nth(1).context("the folder is missing")?);
    let profile = folder.join("profile");
    let mut options = ClientOptions::for_system(
        profile,
        env!("CARGO_PKG_VERSION"),
        Arc::new(NoNotifier),
        Arc::new(NoOpener),
    );
    options.keychain = Arc::new(FileKeychain::new(folder.join("keychain.json")));
    let client = Client::start(options).await?;
    let mut events = client.events();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let line: Value = serde_json::from_str(&line)?;
        let command = line["command"].as_str().context("the command is missing")?;
        if command == NEXT_EVENT {
            // Some things change without an event.
            let _ = tokio::time::timeout(LONGEST_WAIT, events.recv()).await;
            println!("{}", json!({ "ok": null }));
            continue;
        }
        let answer = match client.invoke(command, line["request"].clone()).await {
            Ok(response) => json!({ "ok": response }),
            Err(error) => json!({ "error": error }),
        };
        println!("{answer}");
    }
    client.shutdown().await;
    Ok(())
}
