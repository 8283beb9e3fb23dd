//! The first load of a large workspace while customers write: is the list quick meanwhile?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use recado_client::links::NoOpener;
use recado_client::notification::NoNotifier;
use recado_client::{Client, ClientOptions, MemoryKeychain};
use recado_protocol::host::{AppState, ConnectionState, InboxPage, Phase, Sidebar, Sort, View};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::customers::Customers;
use crate::figures::{Figures, memory_mib};
use crate::house::{House, Sight};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many conversations the workspace has
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    conversations: u32,

    /// How many messages the customers write a second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    messages: u32,

    /// The longest that the load may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1_800, value_parser = clap::value_parser!(u64).range(1..=7_200))]
    longest: u64,
}

/// In how many conversations the customers write.
const WRITTEN_IN: u32 = 200;
/// How often the list is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

struct Desk {
    client: Client,
}

impl Desk {
    async fn ask<T: DeserializeOwned>(&self, command: &str, request: Value) -> Result<T> {
        let answer = self.client.invoke(command, request).await;
        let answer = answer.map_err(|error| anyhow::anyhow!("{command}: {}", error.message))?;
        Ok(serde_json::from_value(answer)?)
    }

    async fn sign_in(&self, house: &House) -> Result<()> {
        let (email, credentials) = &house.first;
        let password = credentials.password.as_ref().context("there is no password")?;
        let link = json!({ "link": house.link.to_string() });
        let _: AppState = self.ask("workspace_join", link).await?;
        let asked = json!({ "email": email, "password": password });
        let _: AppState = self.ask("sign_in", asked).await?;
        let secret = Secret::try_from_base32(&credentials.totp_secret)
            .map_err(|error| anyhow::anyhow!("the second factor is broken: {error}"))?;
        let totp = Builder::new()
            .with_secret(secret)
            .build()
            .map_err(|error| anyhow::anyhow!("the second factor is broken: {error}"))?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let code = totp.generate(now.as_secs()).to_string();
        let _: AppState = self.ask("sign_in_code", json!({ "code": code })).await?;
        Ok(())
    }
}

/// When what was there, since the sign-in.
#[derive(Default)]
struct Milestones {
    first_page: Option<Duration>,
    heads: Option<Duration>,
    everything: Option<Duration>,
}

impl Options {
    pub(crate) async fn run(self) -> Result<()> {
        let house = House::open(1, Sight::All, self.conversations).await?;
        let customers = Customers::arrive(&house, WRITTEN_IN).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let writing = {
            let (customers, stop) = (customers.clone(), Arc::clone(&stop));
            tokio::spawn(async move { customers.write(self.messages, stop).await })
        };
        let folder = tempfile::tempdir()?;
        let mut options = ClientOptions::for_system(
            folder.path().join("profile"),
            env!("CARGO_PKG_VERSION"),
            Arc::new(NoNotifier),
            Arc::new(NoOpener),
        );
        options.keychain = Arc::new(MemoryKeychain::new());
        let desk = Desk { client: Client::start(options).await? };
        let (before_mib, _) = memory_mib(std::process::id());
        desk.sign_in(&house).await?;
        let begun = Instant::now();
        let (mut lists, mut sidebars) = (Figures::default(), Figures::default());
        let mut reached = Milestones::default();
        let longest = Duration::from_secs(self.longest);
        while reached.everything.is_none() {
            if begun.elapsed() > longest {
                bail!("not loaded after {longest:?}");
            }
            desk.look(begun, &mut reached, &mut lists, &mut sidebars).await?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (after_mib, most_mib) = memory_mib(std::process::id());
        let (_, server_mib) = memory_mib(house.process());
        stop.store(true, Ordering::Relaxed);
        let written = writing.await?;
        let page: InboxPage = desk.ask("inbox_page", first_page()).await?;
        ensure!(!page.rows.is_empty(), "the list is empty");
        let seconds = |at: Option<Duration>| at.unwrap_or_default().as_secs_f64();
        println!(
            "{} conversations, {:.0} messages a second of {} beside the load ({} not taken)",
            self.conversations,
            written.rate(),
            self.messages,
            written.errors
        );
        println!("the first page is there after       {:>8.2} s", seconds(reached.first_page));
        println!("every open conversation is listed   {:>8.2} s", seconds(reached.heads));
        println!("every message is there and found    {:>8.2} s", seconds(reached.everything));
        println!("{}", lists.line("a page of the list meanwhile"));
        println!("{}", sidebars.line("the counts meanwhile"));
        println!("{}", written.answers.line("a customer's message is taken"));
        println!(
            "memory of the client and the customers: {before_mib} MiB before, {after_mib} MiB after, {most_mib} MiB at \
             the most; of the server {server_mib} MiB at the most"
        );
        desk.client.shutdown().await;
        Ok(())
    }
}

fn first_page() -> Value {
    json!({ "view": View::All, "sort": Sort::Newest, "after": null, "limit": 50 })
}

impl Desk {
    async fn look(
        &self,
        begun: Instant,
        reached: &mut Milestones,
        lists: &mut Figures,
        sidebars: &mut Figures,
    ) -> Result<()> {
        let state: AppState = self.ask("app_state", json!({})).await?;
        if state.phase != Phase::Ready {
            return Ok(());
        }
        let asked = Instant::now();
        let page: InboxPage = self.ask("inbox_page", first_page()).await?;
        if page.rows.is_empty() {
            return Ok(());
        }
        lists.add(asked.elapsed());
        let asked = Instant::now();
        let _: Sidebar = self.ask("sidebar", json!({})).await?;
        sidebars.add(asked.elapsed());
        reached.first_page.get_or_insert(begun.elapsed());
        let connection = state.connection;
        if connection.bootstrap.is_none_or(|progress| progress.heads_complete) {
            reached.heads.get_or_insert(begun.elapsed());
        }
        if connection.state == ConnectionState::Online && connection.bootstrap.is_none() {
            reached.everything.get_or_insert(begun.elapsed());
        }
        Ok(())
    }
}
