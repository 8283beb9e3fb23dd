//! The host interface over loopback HTTP: the same UI and the same headless client as in the
//! window, with a browser in place of the webview. It is for development and tests and is never
//! part of a release.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::{self, Stream};
use recado_client::Client;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// The header that carries the token.
const TOKEN_HEADER: &str = "x-recado-host-token";

/// The policy of the window, so that what the browser refuses the window refuses too. The browser
/// host's own address takes the place of the window's bridge.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A running browser host; dropping it ends it.
pub struct BrowserHost {
    /// Where it listens.
    pub address: SocketAddr,
    /// What a page must know to use it.
    pub token: String,
    stop: CancellationToken,
}

struct Shared {
    client: Client,
    token: String,
    ui_dir: PathBuf,
    stop: CancellationToken,
}

impl BrowserHost {
    /// Serves the built UI in `ui_dir`, the client's host interface and, for tests, a router of
    /// their own on a free loopback port.
    pub async fn start(client: Client, ui_dir: PathBuf, tests: Router) -> anyhow::Result<Self> {
        let token = uuid::Uuid::new_v4().simple().to_string();
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared { client, token: token.clone(), ui_dir, stop: stop.clone() });
        let host = Router::new()
            .route("/host/events", get(events))
            .route("/host/{command}", post(command))
            .layer(middleware::from_fn_with_state(shared.clone(), check_token));
        let tests = tests.layer(middleware::from_fn_with_state(shared.clone(), check_token));
        let router = host.fallback(file).with_state(shared).merge(tests);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let until = stop.clone();
        tokio::spawn(async move {
            let serving = axum::serve(listener, router);
            if let Err(error) = serving.with_graceful_shutdown(until.cancelled_owned()).await {
                tracing::error!(%error, "the browser host stopped");
            }
        });
        Ok(Self { address, token, stop })
    }

    /// The address to open in a browser.
    pub fn url(&self) -> String {
        format!("http://{}/#token={}", self.address, self.token)
    }
}

impl Drop for BrowserHost {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn check_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let by_header = request.headers().get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
    // An event source cannot send headers, so it says the token in its query.
    let by_query = request.uri().query().and_then(|query| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == "token")
            .map(|(_, value)| value.into_owned())
    });
    if by_header == Some(&shared.token) || by_query.as_deref() == Some(&*shared.token) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

async fn command(
    State(shared): State<Arc<Shared>>,
    axum::extract::Path(name): axum::extract::Path<String>,
    Json(request): Json<serde_json::Value>,
) -> Response {
    match shared.client.invoke(&name, request).await {
        Ok(response) => Json(response).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response(),
    }
}

async fn events(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = shared.client.events();
    let stop = shared.stop.clone();
    let stream = stream::unfold((receiver, stop), |(mut receiver, stop)| async move {
        let event = tokio::select! {
            event = receiver.recv() => event,
            () = stop.cancelled() => return None,
        };
        let data = match event {
            Ok(event) => serde_json::to_string(&event).unwrap_or_default(),
            // A page that was too slow reads everything again.
            Err(RecvError::Lagged(_)) => {
                r#"{"type":"conversations_changed","conversation_ids":[]}"#.to_owned()
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(Event::default().data(data)), (receiver, stop)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn file(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(bytes) = tokio::fs::read(shared.ui_dir.join(path)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let content_type = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}
