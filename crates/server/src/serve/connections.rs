//! How many connections there may be, in all and from one address.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::http::EdgeLimits;
use crate::places::{Place, Places, Share};

/// Accepts as many connections as there are places; the others are closed at once, before any handshake.
#[derive(Clone)]
pub(super) struct BoundedAcceptor<A> {
    inner: A,
    places: Places,
}

impl<A> BoundedAcceptor<A> {
    pub(super) fn new(inner: A, limits: &EdgeLimits) -> Self {
        let each = limits.connections_per_address;
        Self { inner, places: Places::new(limits.connections, each, limits.proxies.clone()) }
    }

    fn take(&self, address: SocketAddr) -> io::Result<(Share, Place)> {
        let full = |what: &str| io::Error::other(format!("{what} has as many as are allowed"));
        let share = self.places.share(address.ip()).ok_or_else(|| full("its address"))?;
        let place = self.places.place().ok_or_else(|| full("the server"))?;
        Ok((share, place))
    }
}

impl<A, S> Accept<TcpStream, S> for BoundedAcceptor<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
{
    type Stream = Counted<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, A::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let places = match stream.peer_addr().and_then(|address| self.take(address)) {
            Ok(places) => places,
            Err(refused) => return Box::pin(async { Err(refused) }),
        };
        let accepting = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            Ok((Counted { stream, _places: places }, service))
        })
    }
}

/// A connection that has its place as long as it is open.
pub(super) struct Counted<T> {
    stream: T,
    _places: (Share, Place),
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
