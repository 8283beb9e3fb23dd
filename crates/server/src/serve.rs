//! A running server: the router over TLS, the console socket and the workers, on one backend.

mod address;
mod connections;
mod nodes;
mod workers;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use recado_protocol::JoinLink;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::backend::{Backend, BackendError, BackendSettings, DataLock};
use crate::console::{Desk, Listener, socket_path};
use crate::http::{self, Admission, Edge, EdgeLimits};
use crate::live::audience::Audience;
use crate::tls::{Acceptor, ServerTls};
use connections::BoundedAcceptor;

/// Of so many connections one is kept free of live streams, so that streams cannot keep everybody else out.
const CONNECTIONS_PER_FREE_ONE: usize = 6;
/// How long requests that run may go on once the server stops.
const STOPPING_TIME: Duration = Duration::from_secs(10);

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSettings {
    /// The servers' own authority.
    OwnAuthority {
        /// Further names and addresses for the certificate, beside the public address and this machine's own.
        names: Vec<String>,
    },
    /// An operator's files in PEM.
    Files {
        /// The whole chain, the server's own certificate first.
        chain: PathBuf,
        /// Its unencrypted key.
        key: PathBuf,
    },
}

/// What a server runs with.
#[derive(Clone)]
pub struct ServeSettings {
    /// What lies behind the router.
    pub backend: BackendSettings,
    /// The address under which clients reach the server; the listening address if it is absent and a loopback one.
    pub public_url: Option<Url>,
    /// The certificate.
    pub tls: TlsSettings,
    /// How much is taken on at once.
    pub limits: EdgeLimits,
}

impl ServeSettings {
    /// The settings of an ordinary server on a data directory, reached under its listening address.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            backend: BackendSettings::new(data_dir),
            public_url: None,
            tls: TlsSettings::OwnAuthority { names: Vec::new() },
            limits: EdgeLimits::default(),
        }
    }
}

/// A server that runs until it is stopped. Dropping it stops it without waiting.
pub struct RunningServer {
    address: SocketAddr,
    public_url: Url,
    join_link: JoinLink,
    admin_socket: PathBuf,
    backend: Backend,
    edge: Edge,
    handle: Handle<SocketAddr>,
    stopping: CancellationToken,
    tasks: TaskTracker,
    serving: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    _lock: DataLock,
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl RunningServer {
    /// Starts a server on a listener. When this returns, the server answers.
    ///
    /// # Errors
    /// [`BackendError::InUse`] while another server runs on the data directory, and whatever else keeps it from running.
    pub async fn start(
        settings: ServeSettings,
        listener: TcpListener,
    ) -> Result<Self, BackendError> {
        let network = |what: &str| {
            let what = what.to_owned();
            move |source| BackendError::Network { what, source }
        };
        let address = listener.local_addr().map_err(network("cannot listen"))?;
        let data_dir = settings.backend.data_dir.clone();
        let limits = settings.limits;
        let lock = DataLock::try_take(&data_dir)?
            .ok_or_else(|| BackendError::InUse { path: data_dir.clone() })?;
        let now_us = settings.backend.clock.now().as_micros();
        let public_url = address::public_url(settings.public_url, address)?;
        let backend = Backend::open(settings.backend).await?;
        let tls =
            Arc::new(open_tls(&settings.tls, &data_dir, &public_url, address, &backend, now_us)?);
        let join_link = JoinLink {
            url: public_url.clone(),
            workspace_id: backend.workspace_id(),
            ca_der: tls.ca_der().map(|der| der.to_vec()),
            invitation: None,
        };
        let stopping = CancellationToken::new();
        let edge = Edge {
            core: backend.core().clone(),
            workspace_id: backend.workspace_id(),
            sign_in: backend.sign_in().clone(),
            sso: backend.sso().clone(),
            sessions: backend.sessions().clone(),
            own_account: backend.own_account().clone(),
            enrolments: backend.enrolments().clone(),
            join_link: Arc::new(join_link.clone()),
            channel_keys: backend.channel_keys().clone(),
            origin: public_url.origin().ascii_serialization().into(),
            admission: Admission::new(&limits),
            audience: Audience::default(),
            live_places: Arc::new(Semaphore::new(
                limits.connections - limits.connections / CONNECTIONS_PER_FREE_ONE,
            )),
            stopping: stopping.clone(),
        };
        let api =
            http::api(edge.clone()).map_err(|error| BackendError::Internal(error.to_string()))?;

        let tasks = TaskTracker::new();
        let console = Listener::bind(&data_dir)?;
        let desk = Desk::new(backend.clone(), Some(join_link.clone()));
        tasks.spawn(console.run(desk, stopping.clone()));
        workers::start(&tasks, &edge, &tls, &stopping);

        let handle = Handle::new();
        let server =
            bind(&tls, listener, &limits).map_err(network("cannot listen"))?.handle(handle.clone());
        let service = api.router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(server.serve(service));
        if handle.listening().await.is_none() {
            stopping.cancel();
            return Err(BackendError::Internal("the server did not begin to listen".to_owned()));
        }
        Ok(Self {
            address,
            public_url,
            join_link,
            admin_socket: socket_path(&data_dir),
            backend,
            edge,
            handle,
            stopping,
            tasks,
            serving: Some(serving),
            _lock: lock,
        })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that clients use.
    #[must_use]
    pub fn public_url(&self) -> &Url {
        &self.public_url
    }

    /// The link by which clients join.
    #[must_use]
    pub fn join_link(&self) -> &JoinLink {
        &self.join_link
    }

    /// The socket for console commands.
    #[must_use]
    pub fn admin_socket(&self) -> &Path {
        &self.admin_socket
    }

    /// What lies behind the router.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Everything that handlers work with.
    #[must_use]
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Ends once the server has stopped by itself, which it does only after an error.
    pub async fn failed(&mut self) -> BackendError {
        let outcome = match &mut self.serving {
            Some(serving) => serving.await,
            None => return std::future::pending().await,
        };
        self.serving = None;
        BackendError::Internal(match outcome {
            Ok(Ok(())) => "the server ended by itself".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        })
    }

    /// Stops: no new connections, streams end, requests that run are finished within ten seconds.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        self.handle.graceful_shutdown(Some(STOPPING_TIME));
        if let Some(serving) = self.serving.take() {
            // How it ended does not matter any more.
            let _ = serving.await;
        }
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.handle.shutdown();
    }
}

/// Runs a server until `shutdown` ends. `started` is told once it answers.
///
/// # Errors
/// What keeps the server from starting or from going on.
pub async fn serve(
    settings: ServeSettings,
    listener: TcpListener,
    started: impl FnOnce(&RunningServer),
    shutdown: impl Future<Output = ()>,
) -> Result<(), BackendError> {
    let mut server = RunningServer::start(settings, listener).await?;
    started(&server);
    tokio::select! {
        () = shutdown => {
            server.stop().await;
            Ok(())
        }
        error = server.failed() => Err(error),
    }
}

fn open_tls(
    settings: &TlsSettings,
    data_dir: &Path,
    public_url: &Url,
    address: SocketAddr,
    backend: &Backend,
    now_us: i64,
) -> Result<ServerTls, BackendError> {
    match settings {
        TlsSettings::Files { chain, key } => Ok(ServerTls::from_pem_files(chain, key, now_us)?),
        TlsSettings::OwnAuthority { names } => {
            let authority = backend.authority().ok_or_else(|| {
                BackendError::Refused(
                    "the server's secrets hold no certificate authority; give --tls-cert and --tls-key"
                        .to_owned(),
                )
            })?;
            let names = address::certificate_names(public_url, address, names)?;
            Ok(ServerTls::load_or_create(data_dir, Arc::clone(authority), names, now_us)?)
        }
    }
}

fn bind(
    tls: &ServerTls,
    listener: TcpListener,
    limits: &EdgeLimits,
) -> std::io::Result<axum_server::Server<SocketAddr, BoundedAcceptor<Acceptor>>> {
    let mut server = tls
        .bind(listener)?
        .map(|acceptor| BoundedAcceptor::new(acceptor, limits))
        // Once the handshake is done.
        .first_request_timeout(http::HEADER_TIME)
        .accept_error_handler(|address, error| {
            tracing::debug!(?address, %error, "a connection was not accepted");
        });
    let builder = server.http_builder();
    builder.http1().header_read_timeout(http::HEADER_TIME).max_headers(64).max_buf_size(64 * 1_024);
    builder
        .http2()
        .max_concurrent_streams(64)
        .max_header_list_size(16 * 1_024)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    Ok(server)
}
