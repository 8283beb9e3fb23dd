//! Serves the UI to a browser, on the real headless client against the real server.
//!
//! Without an argument it makes a small workspace of its own and offers levers to tests. With
//! `--join LINK` its client belongs to whoever uses it, for development against a running server.
//! One line of JSON on standard output says where it listens; it ends when standard input does.

#![expect(clippy::print_stdout, reason = "whoever started it reads the address from there")]

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use recado_testkit::scenario::{Scenario, levers};
use recado_testkit::server::ui_dir;
use recado_testkit::{BrowserHost, Engine, TestClient};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

/// For how long a note can be taken back, in seconds: what the program itself does.
const NOTE_HELD_S: i64 = 5;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("RECADO_LOG"))
        .with_writer(std::io::stderr)
        .init();
    let mut arguments = std::env::args().skip(1);
    let client = Arc::new(TestClient::start_holding_notes(NOTE_HELD_S).await?);
    let (tests, facts) = match arguments.next().as_deref() {
        None => {
            let scenario = Scenario::build(Engine::Sqlite).await?;
            let facts = json!({
                "join_link": scenario.server.join_link(),
                "email": scenario.agent.email,
                "password": scenario.agent.password,
                "conversations": scenario.conversations,
            });
            (levers(scenario, client.clone()), facts)
        }
        Some("--join") => {
            let link = arguments.next().context("--join needs a link")?;
            let _: Value = client.ask("workspace_join", json!({ "link": link })).await?;
            (Router::new(), json!({ "join_link": link }))
        }
        Some(other) => anyhow::bail!("unknown argument: {other}"),
    };
    let host = BrowserHost::start(client.client().clone(), ui_dir(), tests).await?;
    let origin = format!("http://{}", host.address);
    println!(
        "{}",
        json!({ "url": host.url(), "origin": origin, "token": host.token, "facts": facts })
    );

    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    Ok(())
}
