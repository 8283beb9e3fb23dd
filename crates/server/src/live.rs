//! Live streams: each carries the pages of `GET /v1/sync` to one session, as they come about.

pub mod audience;
pub mod follower;

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use recado_protocol::error::{ApiError, ErrorCode};
use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::{SessionId, Timestamp};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::core::Principal;
use crate::http::Edge;
use crate::session::{Caller, Sessions};
use follower::{Follower, Step};

/// How long a client may take to say where it stands.
const HELLO_TIME: Duration = Duration::from_secs(10);
/// How often the server asks whether the client is there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one frame may take to leave: a consumer slower than that pulls.
const SEND_TIME: Duration = Duration::from_secs(10);
/// How long the word of a stream's end may take to leave.
const FAREWELL_TIME: Duration = Duration::from_millis(250);
/// How long a stream rests after it has read, so that a burst of changes comes in few pages.
const PACE: Duration = Duration::from_millis(20);
/// How often a stream makes sure that its session still runs, beside being told that it ended.
const SESSION_CHECK: Duration = Duration::from_secs(60);

/// Serves one stream until it ends.
pub(crate) async fn run(edge: Edge, caller: Caller, mut socket: WebSocket) {
    // Heard from here on, so that an end between this and the first page is not missed.
    let ends = edge.sessions.ends();
    let session_ended = session_ended(&edge.sessions, caller.session_id, ends);
    let end = tokio::select! {
        biased;
        () = edge.stopping.cancelled() => End::Stopping,
        end = session_ended => end,
        end = follow(&edge, caller, &mut socket) => end,
    };
    tracing::debug!(session_id = %caller.session_id, ?end, "live stream ended");
    let farewell = farewell(&mut socket, end);
    // A client that does not listen is not waited for.
    let _ = timeout(FAREWELL_TIME, farewell).await;
}

/// Why a stream ends.
#[derive(Debug)]
enum End {
    /// The client went away, or does not listen.
    Gone,
    /// The server stops.
    Stopping,
    /// There is a word to say about it.
    Because(ApiError),
}

impl End {
    fn because(code: ErrorCode, message: &str) -> Self {
        Self::Because(ApiError::new(code, message))
    }

    fn session_ended() -> Self {
        Self::because(ErrorCode::SessionEnded, "The session has ended. Sign in.")
    }
}

async fn farewell(socket: &mut WebSocket, end: End) {
    let code = match end {
        End::Gone => return,
        End::Stopping => close_code::AWAY,
        End::Because(error) => {
            if let Ok(text) = serde_json::to_string(&LiveFrame::End { error }) {
                let _ = socket.send(Message::text(text)).await;
            }
            close_code::POLICY
        }
    };
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
}

/// Ends once the session has ended.
async fn session_ended(
    sessions: &Sessions,
    id: SessionId,
    mut ends: broadcast::Receiver<SessionId>,
) -> End {
    loop {
        let must_look = match timeout(SESSION_CHECK, ends.recv()).await {
            Ok(Ok(ended)) => ended == id,
            // Some ends went by unheard, or none came for a while.
            Ok(Err(RecvError::Lagged(_))) | Err(_) => true,
            Ok(Err(RecvError::Closed)) => return End::Stopping,
        };
        if must_look {
            match sessions.keep_in_use(id).await {
                Ok(true) => {}
                Ok(false) => return End::session_ended(),
                Err(error) => {
                    tracing::warn!(%error, session_id = %id, "a stream's session could not be looked at");
                    return End::because(
                        ErrorCode::Overloaded,
                        "The server is busy. Connect again.",
                    );
                }
            }
        }
    }
}

/// Sends what happens until the client goes or there is a reason to end.
async fn follow(edge: &Edge, caller: Caller, socket: &mut WebSocket) -> End {
    let mut seat = edge.audience.enter();
    let mut session_news = edge.sessions.news();
    let (log_id, cursor) = match timeout(HELLO_TIME, hello(socket)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(end)) => return end,
        Err(_) => return End::because(ErrorCode::InvalidRequest, "Say hello first."),
    };
    let who = Principal { workspace_id: edge.workspace_id, teammate_id: caller.teammate_id };
    let mut follower = Follower::new(edge.core.clone(), who, log_id, cursor);
    let mut last_heard = Instant::now();
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tells_how_far = false;
    loop {
        tells_how_far |= seat.begin();
        loop {
            match follower.step().await {
                Step::Send(frame) => {
                    if let Err(end) = send(socket, &frame).await {
                        return end;
                    }
                }
                Step::UpToDate => break,
                Step::End(error) => return End::Because(error),
            }
        }
        if follower.view().is_some_and(|view| seat.sees(view)) {
            continue;
        }
        if std::mem::take(&mut tells_how_far)
            && let Some(frame) = follower.take_empty_page()
            && let Err(end) = send(socket, &frame).await
        {
            return end;
        }
        tokio::time::sleep(PACE).await;
        loop {
            tokio::select! {
                whose = session_news.recv() => {
                    // Whoever missed some may have missed this one.
                    let is_ours = whose.as_ref().map_or(true, |whose| *whose == caller.teammate_id);
                    if is_ours && let Err(end) = send(socket, &LiveFrame::SessionsChanged).await {
                        return end;
                    }
                }
                () = seat.woken() => break,
                () = until(edge.core.now(), follower.empty_page_due()) => break,
                _ = ping.tick() => {
                    if last_heard.elapsed() > SILENCE {
                        return End::Gone;
                    }
                    if timeout(SEND_TIME, socket.send(Message::Ping(Default::default()))).await.is_err() {
                        return End::Gone;
                    }
                }
                message = socket.recv() => match read(message) {
                    Ok(Heard::Ack | Heard::Nothing) => last_heard = Instant::now(),
                    Ok(Heard::Hello(..)) => {
                        return End::because(ErrorCode::InvalidRequest, "Hello is said once.");
                    }
                    Err(end) => return end,
                }
            }
        }
    }
}

/// Ends at `due`; never without one.
async fn until(now: Timestamp, due: Option<Timestamp>) {
    match due {
        Some(due) => {
            let micros = u64::try_from(due.as_micros() - now.as_micros()).unwrap_or_default();
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
        None => std::future::pending().await,
    }
}

async fn send(socket: &mut WebSocket, frame: &LiveFrame) -> Result<(), End> {
    let Ok(text) = serde_json::to_string(frame) else {
        return Err(End::because(ErrorCode::Internal, "The server failed. Connect again."));
    };
    match timeout(SEND_TIME, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

/// What a client said.
enum Heard {
    Hello(recado_protocol::LogId, u64),
    Ack,
    Nothing,
}

async fn hello(socket: &mut WebSocket) -> Result<(recado_protocol::LogId, u64), End> {
    loop {
        match read(socket.recv().await)? {
            Heard::Hello(log_id, cursor) => return Ok((log_id, cursor)),
            Heard::Nothing => {}
            Heard::Ack => return Err(End::because(ErrorCode::InvalidRequest, "Say hello first.")),
        }
    }
}

fn read(message: Option<Result<Message, axum::Error>>) -> Result<Heard, End> {
    let malformed = || End::because(ErrorCode::InvalidRequest, "The message cannot be read.");
    match message {
        None | Some(Ok(Message::Close(_))) => Err(End::Gone),
        // Too long, or against the protocol of WebSocket itself.
        Some(Err(_)) => Err(malformed()),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Heard::Nothing),
        Some(Ok(Message::Binary(_))) => Err(malformed()),
        Some(Ok(Message::Text(text))) => match serde_json::from_str(text.as_str()) {
            Ok(LiveRequest::Hello { log_id, cursor }) => Ok(Heard::Hello(log_id, cursor)),
            Ok(LiveRequest::Ack { .. }) => Ok(Heard::Ack),
            Err(_) => Err(malformed()),
        },
    }
}
