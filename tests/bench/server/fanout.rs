//! One reply that many streams are told of, beside a loop that writes the same bytes to as many sockets; and what it
//! costs to come back.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use futures_util::future::{join_all, try_join_all};
use futures_util::{SinkExt as _, StreamExt as _};
use recado_client::transport::{LiveStream, Request, ServerAddress};
use recado_client::{HttpTransports, Transport, Transports as _};
use recado_protocol::live::{LiveFrame, LiveRequest, LiveTicket};
use rustix::process::{Resource, getrlimit};
use tokio::sync::broadcast;

use super::http::reply;
use super::world::{World, ask_as};
use crate::measure::median;
use crate::report::{Beside, Goal};

/// As many streams as are measured where the system lets a process open so many files.
const STREAMS: usize = 2_000;
/// Files that a process needs besides.
const OTHER_FILES: usize = 400;
/// How many handshakes go on at once while the streams are opened.
const AT_ONCE: usize = 50;
/// How many come back in one round.
const RETURNING: usize = 20;
/// How many changes they have missed.
const MISSED: u64 = 5;

pub(super) fn measure(world: &World, rounds: usize) -> Result<(Vec<Beside>, Vec<Goal>)> {
    let count = streams();
    let bare = Arc::new(Bare::start(world)?);
    let mut recado_streams = world.run(open_all(world, &world.token, count))?;
    let mut bare_streams = world.run(bare.open_all(count))?;
    let (mut recado, mut beside, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let mut text = String::new();
        let began = Instant::now();
        let cost = world.server_cpu(|| {
            world.run(async {
                let conversation = world.conversations[round % world.conversations.len()];
                let request = Request::post("/v1/commands", &reply(conversation))?;
                let answer = world.recado.send(world.signed(request)).await?;
                ensure!(answer.status == 200, "the answer is {answer:?}");
                for told in join_all(recado_streams.iter_mut().map(next_page)).await {
                    text = told?;
                }
                Ok(())
            })
        })?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        let bare_cost = world.server_cpu(|| {
            world.run(async {
                bare.tell(&text)?;
                for told in join_all(bare_streams.iter_mut().map(next_page)).await {
                    told?;
                }
                Ok(())
            })
        })?;
        // The first round fills caches.
        if round > 0 {
            recado.push(cost / count as f64);
            beside.push(bare_cost / count as f64);
            last.push(took);
        }
    }
    drop((recado_streams, bare_streams));
    let ratio = median(recado.iter().zip(&beside).map(|(recado, bare)| recado / bare));
    let what = format!("one reply to {count} streams, last after {:.0} ms", median(last));
    let mut lines = vec![Beside {
        name: "server/fanout",
        what,
        recado: median(recado),
        bare: Some(median(beside)),
        ratio: Some(ratio),
    }];
    let mut goals =
        vec![Goal::new("server/fanout", "x of a bare loop, processor, for one stream", ratio, 1.6)];
    let (line, goal) = reconnect(world, &bare, rounds)?;
    lines.push(line);
    goals.push(goal);
    Ok((lines, goals))
}

/// Coming back with a cursor: connection, ticket, stream and the first page, beside a connection, an answer and a stream
/// of the bare server.
fn reconnect(world: &World, bare: &Bare, rounds: usize) -> Result<(Beside, Goal)> {
    let (mut recado, mut beside) = (Vec::new(), Vec::new());
    let cursor = world.run(world.cursor())? - MISSED;
    for _ in 0..rounds {
        recado.push(world.server_cpu(|| {
            world.run(async {
                for _ in 0..RETURNING {
                    let transport = world.connect_again()?;
                    next_page(&mut open(world, &world.token, transport.as_ref(), cursor).await?)
                        .await?;
                }
                Ok(())
            })
        })?);
        beside.push(world.server_cpu(|| {
            world.run(async {
                for _ in 0..RETURNING {
                    let transport = HttpTransports::new("bench").connect(&bare.address)?;
                    let answer = transport.send(Request::get("/v1/bare")).await?;
                    ensure!(answer.status == 200, "the answer is {answer:?}");
                    drop(transport.open_live("none".to_owned()).await?);
                }
                Ok(())
            })
        })?);
    }
    let ratio = median(recado.iter().zip(&beside).map(|(recado, bare)| recado / bare));
    let each = |costs: Vec<f64>| median(costs) / RETURNING as f64;
    let line = Beside {
        name: "server/reconnect",
        what: format!("two connections, ticket, stream, {MISSED} changes"),
        recado: each(recado),
        bare: Some(each(beside)),
        ratio: Some(ratio),
    };
    Ok((line, Goal::new("server/reconnect", "x of bare connections, processor", ratio, 2.0)))
}

pub(super) fn streams() -> usize {
    let files = getrlimit(Resource::Nofile).current.map_or(STREAMS * 4, |files| files as usize);
    // Both ends of both kinds of stream lie in this process.
    STREAMS.min(files.saturating_sub(OTHER_FILES) / 4)
}

/// So many streams of whoever has the token.
pub(super) async fn open_all(world: &World, token: &str, count: usize) -> Result<Vec<LiveStream>> {
    let cursor = world.cursor().await?;
    let mut streams = Vec::with_capacity(count);
    while streams.len() < count {
        let more = AT_ONCE.min(count - streams.len());
        let opening = (0..more).map(|_| open(world, token, world.recado.as_ref(), cursor));
        streams.extend(try_join_all(opening).await?);
    }
    Ok(streams)
}

/// Opens a stream that has reached `cursor`.
async fn open(
    world: &World,
    token: &str,
    transport: &dyn Transport,
    cursor: u64,
) -> Result<LiveStream> {
    let ticket: LiveTicket =
        ask_as(token, transport, Request::post("/v1/live/ticket", &serde_json::json!({}))?).await?;
    let mut stream = transport.open_live(ticket.ticket).await?;
    let hello = LiveRequest::Hello { log_id: world.bootstrap.log_id, cursor };
    stream.requests.send(hello).await?;
    Ok(stream)
}

/// The next page with changes, as it came.
pub(super) async fn next_page(stream: &mut LiveStream) -> Result<String> {
    loop {
        let frame = stream.frames.next().await.context("the stream ended")??;
        match &frame {
            LiveFrame::Page { page } if page.changes.is_empty() => {}
            LiveFrame::Page { .. } => return Ok(serde_json::to_string(&frame)?),
            other => bail!("not a page: {other:?}"),
        }
    }
}

/// A loop that writes what it is given to every socket: WebSocket over the same TLS, with nothing behind it.
struct Bare {
    address: ServerAddress,
    texts: broadcast::Sender<Message>,
}

impl Bare {
    fn start(world: &World) -> Result<Self> {
        let (texts, _) = broadcast::channel(16);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let router = Router::new()
            .route("/v1/bare", get(|| async { "ok" }))
            .route("/v1/live", get(stream))
            .with_state(texts.clone());
        let _inside = world.servers.enter();
        let server = world.bare_tls.bind(listener)?;
        world.servers.spawn(async move { server.serve(router.into_make_service()).await });
        let url = format!("https://127.0.0.1:{port}/").parse()?;
        let ca_der = world.bare_tls.ca_der().map(|der| der.to_vec());
        Ok(Self { address: ServerAddress { url, ca_der }, texts })
    }

    async fn open_all(&self, count: usize) -> Result<Vec<LiveStream>> {
        let transport = HttpTransports::new("bench").connect(&self.address)?;
        let mut streams = Vec::with_capacity(count);
        while streams.len() < count {
            let more = AT_ONCE.min(count - streams.len());
            let opening = (0..more).map(|_| transport.open_live("none".to_owned()));
            streams.extend(try_join_all(opening).await?);
        }
        // Each says that it listens.
        for listens in &mut streams {
            listens.frames.next().await.context("the stream ended")??;
        }
        Ok(streams)
    }

    fn tell(&self, text: &str) -> Result<()> {
        self.texts.send(Message::text(text.to_owned())).context("nobody listens")?;
        Ok(())
    }
}

async fn stream(
    State(texts): State<broadcast::Sender<Message>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.read_buffer_size(4_096).write_buffer_size(4_096).on_upgrade(async move |mut socket| {
        let mut texts = texts.subscribe();
        if socket.send(Message::text(r#"{"type":"pull"}"#)).await.is_err() {
            return;
        }
        while let Ok(text) = texts.recv().await {
            if socket.send(text).await.is_err() {
                return;
            }
        }
    })
}
