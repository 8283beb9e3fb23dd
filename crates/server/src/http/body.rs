//! Bodies are read to their end before anybody works on their request, so that whoever sends slowly holds up nobody.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use futures_util::StreamExt as _;
use recado_protocol::command::MAX_BODY_BYTES as MAX_MESSAGE_BYTES;
use recado_protocol::error::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::Failure;

/// The largest body that is taken from somebody who has not been recognised, in bytes: secrets and names.
pub(crate) const MAX_STRANGERS_BODY_BYTES: usize = 65_536;
/// The largest body that is taken from somebody who has been, in bytes: a message of the greatest length in JSON's longest
/// spelling, six bytes for one, with what surrounds it.
pub(crate) const MAX_KNOWN_BODY_BYTES: usize = 6 * MAX_MESSAGE_BYTES + 262_144;
/// How long a small body may take.
pub(super) const BODY_TIME: Duration = Duration::from_secs(10);
/// What a larger one has to come with, in bytes per second.
const LEAST_RATE: u64 = 65_536;
/// How long a body may come that nobody wants.
const DISCARD_TIME: Duration = Duration::from_secs(30);
/// In which steps memory is set aside, in bytes.
const STEP: usize = 65_536;

/// The memory for the bodies of all requests together.
#[derive(Debug, Clone)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

impl BodyMemory {
    /// So much memory, in bytes, rounded down to whole steps.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / STEP)))
    }

    /// Adds to what is held until it covers `bytes`.
    fn cover(&self, held: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> Result<(), Failure> {
        let steps = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.div_ceil(STEP).saturating_sub(steps);
        let Ok(missing) = u32::try_from(missing) else { return Err(Failure::busy()) };
        if missing == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.0).try_acquire_many_owned(missing);
        let more = more.map_err(|_| Failure::busy())?;
        match held {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        Ok(())
    }
}

/// The same request with its whole body, and the memory that it takes, to be held until the request is done.
///
/// A small body has `time` to arrive, a larger one as much longer as [`LEAST_RATE`] gives it. Memory is set aside as bytes arrive and not as
/// they are announced, which costs nothing.
pub(crate) async fn read_to_end(
    request: Request,
    limit: usize,
    time: Duration,
    memory: &BodyMemory,
) -> Result<(Request, Option<OwnedSemaphorePermit>), Failure> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<u64>().ok());
    let too_long = announced.is_some_and(|length| length > limit as u64);
    if too_long {
        discard(request).await;
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Ok((Request::from_parts(parts, Body::empty()), None));
    }
    let mut chunks = body.into_data_stream();
    let (mut whole, mut held) = (Vec::new(), None);
    let begun = Instant::now();
    loop {
        let due = begun + time + Duration::from_secs(whole.len() as u64 / LEAST_RATE);
        match timeout_at(due, chunks.next()).await {
            Ok(Some(Ok(chunk))) => {
                if whole.len() + chunk.len() > limit {
                    whole.clear();
                    discard_rest(chunks).await;
                    return Err(too_large());
                }
                memory.cover(&mut held, whole.len() + chunk.len())?;
                whole.extend_from_slice(&chunk);
            }
            Ok(None) => return Ok((Request::from_parts(parts, Body::from(whole)), held)),
            Ok(Some(Err(_))) => {
                let message = "The body could not be read to its end.";
                return Err(Failure::new(ErrorCode::InvalidRequest, message));
            }
            Err(_) => return Err(too_slow()),
        }
    }
}

/// Lets a body that nobody wants come and go: a client that is still sending does not hear the answer otherwise. Not where
/// the client waits to be told to send it.
pub(crate) async fn discard(request: Request) {
    if !request.headers().contains_key(EXPECT) {
        discard_rest(request.into_body().into_data_stream()).await;
    }
}

async fn discard_rest(mut chunks: BodyDataStream) {
    let end = async { while let Some(Ok(_)) = chunks.next().await {} };
    // Whoever is not done by then need not hear the answer.
    let _ = timeout(DISCARD_TIME, end).await;
}

fn too_large() -> Failure {
    Failure::new(ErrorCode::TooLarge, "The body is larger than is taken.")
}

fn too_slow() -> Failure {
    // Sending it again may work, so this is no refusal of what it says.
    Failure::new(ErrorCode::Overloaded, "The body came too slowly. Try again.")
        .with_status(StatusCode::REQUEST_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Bytes;
    use futures_util::{Stream, stream};

    use super::*;

    const LIMIT: usize = 4 * STEP;

    fn request(body: impl Stream<Item = Bytes> + Send + 'static) -> Request {
        Request::new(Body::from_stream(body.map(Ok::<_, Infallible>)))
    }

    fn bytes(count: usize) -> Bytes {
        Bytes::from(vec![b' '; count])
    }

    async fn status(request: Request, memory: &BodyMemory) -> Result<usize, StatusCode> {
        status_within(BODY_TIME, request, memory).await
    }

    async fn status_within(
        time: Duration,
        request: Request,
        memory: &BodyMemory,
    ) -> Result<usize, StatusCode> {
        match read_to_end(request, LIMIT, time, memory).await {
            Ok((request, _held)) => {
                let body = axum::body::to_bytes(request.into_body(), LIMIT).await;
                Ok(body.expect("whole").len())
            }
            Err(failure) => Err(failure.status()),
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let memory = BodyMemory::new(LIMIT);
        let never = request(stream::once(async { bytes(1) }).chain(stream::pending()));
        let answered = status_within(Duration::from_millis(1), never, &memory).await;
        assert_eq!(answered, Err(StatusCode::REQUEST_TIMEOUT));
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_not_waited_for() {
        let memory = BodyMemory::new(LIMIT);
        let trickle = stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            bytes(1)
        });
        let answered = status_within(Duration::from_millis(20), request(trickle), &memory).await;
        assert_eq!(answered, Err(StatusCode::REQUEST_TIMEOUT));
    }

    #[tokio::test]
    async fn a_large_body_earns_the_time_that_it_takes() {
        let memory = BodyMemory::new(LIMIT);
        // Without any time to begin with: what has come pays for what comes next.
        let chunks = stream::iter(0..4).then(|number| async move {
            if number > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            bytes(LIMIT / 4)
        });
        assert_eq!(status_within(Duration::ZERO, request(chunks), &memory).await, Ok(LIMIT));
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_its_limit_and_no_larger() {
        let memory = BodyMemory::new(LIMIT);
        let of = |count| request(stream::iter([bytes(count - 7), bytes(7)]));
        assert_eq!(status(of(LIMIT), &memory).await, Ok(LIMIT));
        assert_eq!(status(of(LIMIT + 1), &memory).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let mut announced = request(stream::iter([bytes(LIMIT + 1)]));
        announced.headers_mut().insert(CONTENT_LENGTH, (LIMIT as u64 + 1).into());
        assert_eq!(status(announced, &memory).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
    }

    #[tokio::test]
    async fn all_bodies_together_take_no_more_than_the_memory_for_them() {
        let memory = BodyMemory::new(LIMIT);
        let body = || request(stream::iter([bytes(LIMIT / 2)]));
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(read_to_end(body(), LIMIT, BODY_TIME, &memory).await.expect("room for it"));
        }
        assert_eq!(status(body(), &memory).await, Err(StatusCode::SERVICE_UNAVAILABLE));
        held.pop();
        assert_eq!(status(body(), &memory).await, Ok(LIMIT / 2));
    }
}
