//! A transport that keeps every byte that the server sent, and whose network can be cut, so that a
//! test can say what a client was told and what became of it when the answer was lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use recado_client::transport::{
    HttpTransports, LiveStream, Request, Response, ServerAddress, Transport, TransportError,
    Transports,
};
use recado_protocol::ConversationId;
use recado_protocol::sync::FetchRequest;
use tokio::sync::watch;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// Everything passes.
    #[default]
    Fair,
    /// Nothing passes; an open live stream breaks.
    Cut,
    /// Requests reach the server, answers are lost; an open live stream breaks.
    AnswersLost,
    /// Everything passes until a command is sent. That one reaches the server; its answer and all
    /// later ones are lost.
    LostFromNextCommand,
}

impl Weather {
    const fn is_fair(self) -> bool {
        matches!(self, Self::Fair | Self::LostFromNextCommand)
    }
}

/// A request whose answer arrived whole, whatever it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The path, which begins with `/v1/`.
    pub path: String,
    /// The query's keys and values.
    pub query: Vec<(&'static str, String)>,
    /// The conversations that it names in its body, where it asks for whole ones.
    pub conversation_ids: Vec<ConversationId>,
}

impl Answered {
    fn of(request: &Request) -> Self {
        let body = request.body.as_ref().filter(|_| request.path == "/v1/conversations/fetch");
        let fetch = body.and_then(|body| serde_json::from_slice::<FetchRequest>(body).ok());
        Self {
            path: request.path.clone(),
            query: request.query.clone(),
            conversation_ids: fetch.map(|fetch| fetch.conversation_ids).unwrap_or_default(),
        }
    }
}

/// Makes transports that record and obey the weather. Clones share both.
#[derive(Clone)]
pub struct RecordingTransports {
    inner: Arc<dyn Transports>,
    received: Arc<Mutex<Vec<u8>>>,
    answered: Arc<Mutex<Vec<Answered>>>,
    requests: Arc<AtomicUsize>,
    weather: watch::Sender<Weather>,
}

impl Default for RecordingTransports {
    fn default() -> Self {
        Self {
            inner: Arc::new(HttpTransports::new(env!("CARGO_PKG_VERSION"))),
            received: Arc::default(),
            answered: Arc::default(),
            requests: Arc::default(),
            weather: watch::Sender::new(Weather::Fair),
        }
    }
}

impl RecordingTransports {
    /// Changes what the network does.
    pub fn set_weather(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// How many requests were sent to the server.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// The requests whose answers arrived whole, in the order in which those came.
    pub fn answered(&self) -> Vec<Answered> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every byte of every answer and frame so far.
    pub fn received(&self) -> Vec<u8> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a text is among what was received.
    pub fn has_received(&self, text: &str) -> bool {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

impl Transports for RecordingTransports {
    fn connect(&self, server: &ServerAddress) -> Result<Arc<dyn Transport>, TransportError> {
        let inner = self.inner.connect(server)?;
        Ok(Arc::new(RecordingTransport {
            inner,
            received: self.received.clone(),
            answered: self.answered.clone(),
            requests: self.requests.clone(),
            weather: self.weather.clone(),
        }))
    }
}

struct RecordingTransport {
    inner: Arc<dyn Transport>,
    received: Arc<Mutex<Vec<u8>>>,
    answered: Arc<Mutex<Vec<Answered>>>,
    requests: Arc<AtomicUsize>,
    weather: watch::Sender<Weather>,
}

fn keep(received: &Mutex<Vec<u8>>, bytes: &[u8]) {
    received.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
}

impl Transport for RecordingTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            if *self.weather.borrow() == Weather::Cut {
                return Err(TransportError::Unreachable);
            }
            self.weather.send_if_modified(|weather| {
                let hit =
                    *weather == Weather::LostFromNextCommand && request.path == "/v1/commands";
                if hit {
                    *weather = Weather::AnswersLost;
                }
                hit
            });
            self.requests.fetch_add(1, Ordering::SeqCst);
            let answered = Answered::of(&request);
            let response = self.inner.send(request).await?;
            if !self.weather.borrow().is_fair() {
                return Err(TransportError::Unreachable);
            }
            keep(&self.received, &response.body);
            self.answered.lock().unwrap_or_else(PoisonError::into_inner).push(answered);
            Ok(response)
        })
    }

    fn open_live(&self, ticket: String) -> BoxFuture<'_, Result<LiveStream, TransportError>> {
        Box::pin(async move {
            if !self.weather.borrow().is_fair() {
                return Err(TransportError::Unreachable);
            }
            let live = self.inner.open_live(ticket).await?;
            let received = self.received.clone();
            let recorded = live.frames.inspect(move |frame| {
                if let Ok(frame) = frame {
                    keep(&received, &serde_json::to_vec(frame).unwrap_or_default());
                }
            });
            let mut weather = self.weather.subscribe();
            let broken = stream::once(async move {
                // The sender lives as long as the transport; without it the stream simply goes on.
                if weather.wait_for(|weather| !weather.is_fair()).await.is_err() {
                    std::future::pending::<()>().await;
                }
                Err(TransportError::Unreachable)
            });
            let frames = stream::select(recorded, broken).scan(false, |broken, frame| {
                let after = *broken;
                *broken = frame.is_err();
                std::future::ready((!after).then_some(frame))
            });
            Ok(LiveStream { frames: Box::pin(frames), requests: live.requests })
        })
    }
}
