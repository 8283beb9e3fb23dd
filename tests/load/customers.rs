//! Customers who write at a set rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use recado_protocol::ConversationId;
use recado_protocol::channel::{
    AddMessage, ChannelContact, ChannelMessage, ChannelReceipt, OpenConversation, ReplyPage,
};
use tokio::task::JoinSet;

use crate::figures::Figures;
use crate::house::House;

/// What stands before the time in a message of theirs.
const STAMP: &str = "sent at ";
/// As many messages may be on their way at once; a server that is slower than the rate is told by that.
const UNDER_WAY: usize = 256;

/// Customers with open conversations.
#[derive(Clone)]
pub(crate) struct Customers {
    http: reqwest::Client,
    base: String,
    key: String,
    pub(crate) conversations: Arc<Vec<ConversationId>>,
}

/// What became of their messages.
pub(crate) struct Written {
    pub(crate) answers: Figures,
    /// How many were not taken.
    pub(crate) errors: u64,
    pub(crate) seconds: f64,
}

impl Written {
    pub(crate) fn rate(&self) -> f64 {
        self.answers.count() as f64 / self.seconds
    }
}

impl Customers {
    /// Opens so many conversations.
    pub(crate) async fn arrive(house: &House, conversations: u32) -> Result<Self> {
        let mut arrived = Self::of(house)?;
        let mut ids = Vec::new();
        for number in 0..conversations {
            ids.push(arrived.open(&format!("load-{number}"), None, stamped()).await?);
        }
        arrived.conversations = Arc::new(ids);
        Ok(arrived)
    }

    /// Customers without a conversation.
    pub(crate) fn of(house: &House) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        let ca = house.link.ca_der.clone().context("the server has no authority of its own")?;
        roots.add(ca.into())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).build()?;
        let base = house.link.url.as_str().trim_end_matches('/').to_owned();
        let key = house.channel_key.clone();
        Ok(Self { http, base, key, conversations: Arc::default() })
    }

    /// A customer opens a conversation, which goes to the team of this name.
    pub(crate) async fn open(
        &self,
        customer: &str,
        team: Option<String>,
        message: ChannelMessage,
    ) -> Result<ConversationId> {
        let contact = ChannelContact {
            external_id: customer.to_owned(),
            name: Some(format!("Customer {customer}")),
            ..ChannelContact::default()
        };
        let open = OpenConversation { contact, title: None, message, team };
        Ok(self.post("/v1/channel/conversations", &open).await?.conversation_id)
    }

    /// A customer writes again.
    pub(crate) async fn say(&self, id: ConversationId, message: ChannelMessage) -> Result<()> {
        let path = format!("/v1/channel/conversations/{id}/messages");
        self.post(&path, &AddMessage { message }).await.map(drop)
    }

    /// The texts of every reply that has come to the customers, in their order.
    pub(crate) async fn replies(&self) -> Result<Vec<String>> {
        let (mut texts, mut after) = (Vec::new(), 0);
        loop {
            let url = format!("{}/v1/channel/replies?after={after}&limit=100", self.base);
            let response = self.http.get(url).bearer_auth(&self.key).send().await?;
            let page: ReplyPage = response.error_for_status()?.json().await?;
            texts.extend(page.replies.into_iter().map(|reply| reply.body_text));
            after = page.cursor;
            if !page.more {
                return Ok(texts);
            }
        }
    }

    async fn post(&self, path: &str, body: &impl serde::Serialize) -> Result<ChannelReceipt> {
        let response = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.key)
            .header("Idempotency-Key", uuid::Uuid::new_v4().to_string())
            .json(body)
            .send()
            .await?;
        let status = response.status();
        ensure!(status.is_success(), "the channel API answered {status}");
        Ok(response.json().await?)
    }

    /// Writes so many messages a second until told to stop, each to the next conversation.
    pub(crate) async fn write(&self, rate: u32, stop: Arc<AtomicBool>) -> Written {
        let begun = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let (mut answers, errors) = (Figures::default(), Arc::new(AtomicU64::new(0)));
        let mut under_way: JoinSet<Option<Duration>> = JoinSet::new();
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            while let Some(done) = under_way.try_join_next() {
                done.ok().flatten().into_iter().for_each(|took| answers.add(took));
            }
            if under_way.len() >= UNDER_WAY
                && let Some(done) = under_way.join_next().await
            {
                done.ok().flatten().into_iter().for_each(|took| answers.add(took));
            }
            let id = self.conversations[number % self.conversations.len()];
            number += 1;
            let (customers, errors) = (self.clone(), Arc::clone(&errors));
            under_way.spawn(async move {
                let begun = Instant::now();
                let sent = customers.say(id, stamped()).await;
                if sent.is_err() {
                    errors.fetch_add(1, Ordering::Relaxed);
                }
                sent.ok().map(|_| begun.elapsed())
            });
        }
        while let Some(done) = under_way.join_next().await {
            done.ok().flatten().into_iter().for_each(|took| answers.add(took));
        }
        let errors = errors.load(Ordering::Relaxed);
        Written { answers, errors, seconds: begun.elapsed().as_secs_f64() }
    }
}

fn micros_now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros()
}

fn stamped() -> ChannelMessage {
    let body_text = Some(format!("{STAMP}{} and something more to say", micros_now()));
    ChannelMessage { body_text, ..ChannelMessage::default() }
}

/// How long ago a message of theirs was sent.
pub(crate) fn age(body_text: &str) -> Option<Duration> {
    let stamp: u128 = body_text.strip_prefix(STAMP)?.split(' ').next()?.parse().ok()?;
    Some(Duration::from_micros(u64::try_from(micros_now().saturating_sub(stamp)).ok()?))
}
