//! A Secret Service that does wrong what a test wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use tokio::sync::watch;
use zbus::fdo::RequestNameFlags;
use zbus::{Connection, Message, MessageStream, OwnedObjectPath, OwnedVariant, Variant};

use super::exchange::{ALGORITHM, Exchange, IV, PUBLIC};
use super::script::{Act, Answer, Call, DefaultCollection, Handing, State, Stored};

const NAME: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";
const NO_OBJECT: &str = "org.freedesktop.Secret.Error.NoSuchObject";
const OTHER: &str = "org.freedesktop.DBus.Error.UnknownMethod";

/// A secret on its way: session, parameters, the bytes and their type.
type Exchanged = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// What the service goes on with after a call.
enum Then {
    Serve,
    Die,
    Restart,
}

struct Shared {
    address: String,
    state: Mutex<State>,
    /// How often held calls were let go.
    released: watch::Sender<u32>,
    /// Whether it should be on the bus.
    wanted: watch::Sender<bool>,
    presence: watch::Sender<Presence>,
}

/// Whether it is on the bus. Who called sees that it leaves only after this says so: whoever heard that
/// it died can wait until it is back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Off,
    On,
    Leaving,
}

/// The service. Dropping it takes it off the bus.
pub(super) struct Service {
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Service {
    /// A service on the bus at `address`, with nothing in it.
    pub(super) async fn start(address: String) -> Self {
        let shared = Arc::new(Shared {
            address,
            state: Mutex::default(),
            released: watch::Sender::new(0),
            wanted: watch::Sender::new(true),
            presence: watch::Sender::new(Presence::Off),
        });
        let task = tokio::spawn(run(Arc::clone(&shared)));
        let service = Self { shared, task };
        service.come_back().await;
        service
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.shared)
    }

    /// Lets the calls go that are held.
    pub(super) fn release(&self) {
        self.shared.released.send_modify(|times| *times += 1);
    }

    /// Takes it off the bus.
    pub(super) async fn die(&self) {
        self.shared.wanted.send_replace(false);
        self.until(Presence::Off).await;
    }

    /// Puts it on the bus, if it is not there.
    pub(super) async fn come_back(&self) {
        self.shared.wanted.send_replace(true);
        self.until(Presence::On).await;
    }

    /// Waits for one that comes back by itself.
    pub(super) async fn until_back(&self) {
        self.until(Presence::On).await;
    }

    /// It notices by itself that its bus is gone.
    pub(super) async fn until_off(&self) {
        self.shared.wanted.send_replace(false);
        self.until(Presence::Off).await;
    }

    async fn until(&self, wanted: Presence) {
        let mut presence = self.shared.presence.subscribe();
        // Its sender lives as long as this service.
        let _ = presence.wait_for(|now| *now == wanted).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked(shared: &Shared) -> MutexGuard<'_, State> {
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn run(shared: Arc<Shared>) {
    let mut wanted = shared.wanted.subscribe();
    loop {
        if wanted.wait_for(|wanted| *wanted).await.is_err() {
            return;
        }
        let Ok(bus) = connect(&shared.address).await else {
            // The bus is gone; whoever brings it back asks again.
            shared.wanted.send_replace(false);
            continue;
        };
        locked(&shared).sessions.clear();
        let calls = MessageStream::from(&bus);
        // The bus may not have seen yet that the connection before this one is gone; to wait in its queue
        // would not be to be there.
        let alone = RequestNameFlags::DO_NOT_QUEUE;
        if bus.request_name_with_flags(NAME, alone).await.is_err() {
            continue;
        }
        shared.presence.send_replace(Presence::On);
        let then = tokio::select! {
            then = serve(&shared, &bus, calls) => then,
            _ = wanted.wait_for(|wanted| !wanted) => Then::Die,
        };
        if !matches!(then, Then::Restart) {
            shared.wanted.send_replace(false);
        }
        shared.presence.send_replace(Presence::Leaving);
        let _ = bus.close().await;
        shared.presence.send_replace(Presence::Off);
    }
}

async fn connect(address: &str) -> zbus::Result<Connection> {
    zbus::connection::Builder::address(address).build().await
}

async fn serve(shared: &Arc<Shared>, bus: &Connection, mut calls: MessageStream) -> Then {
    while let Some(Ok(call)) = calls.next().await {
        if call.message_type() != zbus::message::Type::MethodCall {
            continue;
        }
        match take(shared, bus, call).await {
            Ok(Then::Serve) => {}
            Ok(then) => return then,
            // Whoever asked is gone.
            Err(_) => {}
        }
    }
    Then::Die
}

fn kind(call: &Message) -> Option<Call> {
    let header = call.header();
    Some(match header.member()?.as_str() {
        "OpenSession" => Call::OpenSession,
        "SearchItems" => Call::SearchItems,
        "Unlock" => Call::Unlock,
        "Prompt" => Call::Prompt,
        "ReadAlias" => Call::ReadAlias,
        "GetSecret" => Call::GetSecret,
        "SetSecret" => Call::SetSecret,
        "CreateItem" => Call::CreateItem,
        "Delete" => Call::Delete,
        "Get" => {
            let body = call.body();
            let (_, property): (String, String) = body.deserialize().ok()?;
            match property.as_str() {
                "Attributes" => Call::Attributes,
                "Locked" => Call::IsLocked,
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// Takes a call: does what the script says, and otherwise what it should.
async fn take(shared: &Arc<Shared>, bus: &Connection, call: Message) -> anyhow::Result<Then> {
    let Some(kind) = kind(&call) else {
        bus.reply_error(&call.header(), OTHER, &"not here").await?;
        return Ok(Then::Serve);
    };
    let act = {
        let mut state = locked(shared);
        state.log.push(kind);
        let at = state.rules.iter().position(|(on, _)| *on == kind);
        match at.map(|at| state.rules[at].1) {
            // It comes back sound.
            Some(Act::Restarts) => at.map(|at| state.rules.remove(at).1),
            act => act,
        }
    };
    match act {
        Some(Act::Error(name)) => bus.reply_error(&call.header(), name, &"as scripted").await?,
        Some(Act::Silent) => {}
        Some(Act::Held) => {
            let (shared, bus) = (Arc::clone(shared), bus.clone());
            let mut released = shared.released.subscribe();
            tokio::spawn(async move {
                // Its sender is in what this task holds.
                let _ = released.changed().await;
                // Whoever asked may be gone.
                let _ = answer(&shared, &bus, &call, kind, None).await;
            });
        }
        Some(Act::Dies) => return Ok(Then::Die),
        Some(Act::Restarts) => return Ok(Then::Restart),
        act => answer(shared, bus, &call, kind, act).await?,
    }
    Ok(Then::Serve)
}

fn path(path: impl Into<String>) -> anyhow::Result<OwnedObjectPath> {
    Ok(OwnedObjectPath::try_from(path.into().as_str())?)
}

fn nothing() -> anyhow::Result<OwnedObjectPath> {
    path("/")
}

fn item_path(number: u32) -> anyhow::Result<OwnedObjectPath> {
    path(format!("{ROOT}/collection/login/{number}"))
}

/// The number at the end of the path of a session or an item.
fn number(path: &str) -> u32 {
    path.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

async fn answer(
    shared: &Arc<Shared>,
    bus: &Connection,
    call: &Message,
    kind: Call,
    act: Option<Act>,
) -> anyhow::Result<()> {
    let header = call.header();
    if act == Some(Act::AnotherShape) {
        return Ok(bus.reply(&header, &(17_u32, "something else")).await?);
    }
    let body = call.body();
    match kind {
        Call::OpenSession => {
            let (algorithm, theirs): (String, OwnedVariant) = body.deserialize()?;
            if algorithm != ALGORITHM {
                let name = "org.freedesktop.DBus.Error.NotSupported";
                return Ok(bus.reply_error(&header, name, &"another algorithm").await?);
            }
            let exchange = Exchange::with(&Vec::<u8>::try_from(theirs)?)?;
            let session = {
                let mut state = locked(shared);
                let number = state.number();
                state.sessions.insert(number, exchange);
                path(format!("{ROOT}/session/{number}"))?
            };
            bus.reply(&header, &(Variant::from(PUBLIC.to_vec()), session)).await?;
        }
        Call::SearchItems => {
            let wanted: HashMap<String, String> = body.deserialize()?;
            let (found, locked) = {
                let state = locked(shared);
                let fits = |item: &Stored| {
                    let same = |(name, value)| item.attributes.get(name) == Some(value);
                    state.finds_others || wanted.iter().all(same)
                };
                let found = state.items.iter().filter(|(_, item)| fits(item));
                let found: anyhow::Result<Vec<_>> =
                    found.map(|(number, _)| item_path(*number)).collect();
                (found?, state.locked)
            };
            let none: Vec<OwnedObjectPath> = Vec::new();
            let found = if locked { (none, found) } else { (found, none) };
            bus.reply(&header, &found).await?;
        }
        Call::Unlock => {
            let objects: Vec<OwnedObjectPath> = body.deserialize()?;
            let locked = locked(shared).locked;
            let answer = if locked { (Vec::new(), path(PROMPT)?) } else { (objects, nothing()?) };
            bus.reply(&header, &answer).await?;
        }
        Call::Prompt => {
            bus.reply(&header, &()).await?;
            let asker = header.sender().context("who asks?")?.to_owned();
            let (shared, bus) = (Arc::clone(shared), bus.clone());
            tokio::spawn(async move { complete(&shared, &bus, asker.as_str()).await });
        }
        Call::ReadAlias => {
            let alias: String = body.deserialize()?;
            let default = locked(shared).default;
            let collection = match (alias.as_str(), default) {
                ("default", DefaultCollection::Login) => path(format!("{ROOT}/collection/login"))?,
                ("default", DefaultCollection::Session) | ("session", _) => {
                    path(format!("{ROOT}/collection/session"))?
                }
                _ => nothing()?,
            };
            bus.reply(&header, &collection).await?;
        }
        Call::IsLocked => {
            let locked = locked(shared).locked;
            bus.reply(&header, &Variant::from(locked)).await?;
        }
        _ => return on_item(shared, bus, call, kind, act).await,
    }
    Ok(())
}

async fn complete(shared: &Shared, bus: &Connection, asker: &str) -> anyhow::Result<()> {
    let answer = locked(shared).answer;
    let dismissed = match answer {
        Answer::Open => return Ok(()),
        Answer::Dismissed => true,
        Answer::Agreed | Answer::InVain => false,
        Answer::Late => {
            let _ = shared.released.subscribe().changed().await;
            false
        }
    };
    if !dismissed && answer != Answer::InVain {
        locked(shared).locked = false;
    }
    let interface = "org.freedesktop.Secret.Prompt";
    let result = (dismissed, Variant::from(""));
    Ok(bus.emit_signal(Some(asker), PROMPT, interface, "Completed", &result).await?)
}

/// A call to one item, or to the collection to make one.
async fn on_item(
    shared: &Shared,
    bus: &Connection,
    call: &Message,
    kind: Call,
    act: Option<Act>,
) -> anyhow::Result<()> {
    let header = call.header();
    let body = call.body();
    let item = number(header.path().context("which item?")?.as_str());
    let only_says_so = act == Some(Act::OnlySaysSo);
    if kind != Call::CreateItem && !locked(shared).items.contains_key(&item) {
        return Ok(bus.reply_error(&header, NO_OBJECT, &"no such item").await?);
    }
    if kind != Call::Attributes && locked(shared).locked {
        return Ok(bus.reply_error(&header, IS_LOCKED, &"it is locked").await?);
    }
    match kind {
        Call::Attributes => {
            let attributes = locked(shared).items.get(&item).map(|item| item.attributes.clone());
            bus.reply(&header, &Variant::from(attributes.unwrap_or_default())).await?;
        }
        Call::GetSecret => {
            let session: OwnedObjectPath = body.deserialize()?;
            let Some(handed) = hand_over(&locked(shared), item, session, act) else {
                let name = "org.freedesktop.Secret.Error.NoSession";
                return Ok(bus.reply_error(&header, name, &"no such session").await?);
            };
            bus.reply(&header, &(handed,)).await?;
        }
        Call::SetSecret => {
            let (secret,): (Exchanged,) = body.deserialize()?;
            if !only_says_so {
                let mut state = locked(shared);
                let bytes = opened(&state, &secret)?;
                if let Some(item) = state.items.get_mut(&item) {
                    item.secret = bytes;
                    item.content_type = secret.3;
                }
            }
            bus.reply(&header, &()).await?;
        }
        Call::CreateItem => {
            if act == Some(Act::Asks) {
                locked(shared).locked = true;
                return Ok(bus.reply(&header, &(nothing()?, path(PROMPT)?)).await?);
            }
            type Made = (HashMap<String, OwnedVariant>, Exchanged, bool);
            let (mut properties, secret, _): Made = body.deserialize()?;
            let attributes = properties.remove("org.freedesktop.Secret.Item.Attributes");
            let attributes: HashMap<String, String> =
                attributes.context("an item without attributes")?.try_into()?;
            let made = {
                let mut state = locked(shared);
                let secret_bytes = opened(&state, &secret)?;
                let stored = Stored {
                    attributes: attributes.into_iter().collect(),
                    secret: secret_bytes,
                    content_type: secret.3,
                };
                if only_says_so { state.number() } else { state.put(stored) }
            };
            bus.reply(&header, &(item_path(made)?, nothing()?)).await?;
        }
        Call::Delete => {
            if !only_says_so {
                locked(shared).items.remove(&item);
            }
            bus.reply(&header, &nothing()?).await?;
        }
        _ => bus.reply_error(&header, OTHER, &"not here").await?,
    }
    Ok(())
}

/// An item's secret on its way, if the session is one.
fn hand_over(
    state: &State,
    item: u32,
    session: OwnedObjectPath,
    act: Option<Act>,
) -> Option<Exchanged> {
    let exchange = state.sessions.get(&number(session.as_str()))?;
    let item = state.items.get(&item)?;
    let (mut parameters, mut bytes) = (IV.to_vec(), exchange.seal(&item.secret));
    match act {
        Some(Act::Hands(Handing::Scrambled)) => bytes.iter_mut().for_each(|byte| *byte ^= 0x5A),
        Some(Act::Hands(Handing::ShortIv)) => parameters.truncate(8),
        Some(Act::Hands(Handing::Plain)) => {
            (parameters, bytes) = (Vec::new(), item.secret.clone());
        }
        _ => {}
    }
    Some((session, parameters, bytes, item.content_type.clone()))
}

fn opened(state: &State, secret: &Exchanged) -> anyhow::Result<Vec<u8>> {
    let exchange = state.sessions.get(&number(secret.0.as_str())).context("no such session")?;
    exchange.open(&secret.1, &secret.2)
}
