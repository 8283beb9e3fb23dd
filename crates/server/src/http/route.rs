//! Routes, each with what it needs. There is no way to register a handler without saying so: the declaration installs
//! the guard and stands in the API's description.

use axum::middleware::from_fn_with_state;
use recado_protocol::Permission;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{
    ContentBuilder, OpenApi, PathItem, Ref, RefOr, ResponseBuilder, SecurityRequirement,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt as _};

use super::guard::{self, Guard};
use super::state::Edge;

/// Answers smaller than this are not worth compressing, in bytes.
const COMPRESSED_ABOVE: u64 = 1_024;
/// The extension in the API's description that names what a route needs.
pub(crate) const EXTENSION: &str = "x-required-permission";

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing: what may be known before signing in.
    Public,
    /// Nothing, but it verifies a secret: the limiter stands in front.
    VerifiesSecret,
    /// A session, whatever its teammate may do: what concerns the session itself.
    OwnSession,
    /// A session that shows a secret of its owner: the limiter stands in front.
    OwnSecret,
    /// A session whose teammate has the permission.
    Session(Permission),
    /// The key of a channel.
    Channel,
}

impl Access {
    /// The name in the API's description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::VerifiesSecret => "verifies-secret",
            Self::OwnSession => "own-session",
            Self::OwnSecret => "own-session, verifies-secret",
            Self::Session(permission) => permission.name(),
            Self::Channel => "channel",
        }
    }

    const fn security_scheme(self) -> Option<&'static str> {
        match self {
            Self::Public | Self::VerifiesSecret => None,
            Self::OwnSession | Self::OwnSecret | Self::Session(_) => Some("session"),
            Self::Channel => Some("channel"),
        }
    }
}

/// A route as it was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRoute {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What it needs.
    pub access: Access,
}

/// The routes of the API.
pub(crate) struct Routes {
    edge: Edge,
    router: OpenApiRouter<Edge>,
    declared: Vec<DeclaredRoute>,
}

impl Routes {
    pub(crate) fn new(edge: Edge, description: OpenApi) -> Self {
        Self { edge, router: OpenApiRouter::with_openapi(description), declared: Vec::new() }
    }

    /// Adds routes that need `access`.
    pub(crate) fn add(mut self, access: Access, mut routes: UtoipaMethodRouter<Edge>) -> Self {
        for (path, item) in &mut routes.1.paths {
            for (method, operation) in operations(item) {
                describe(operation, access);
                self.declared.push(DeclaredRoute { method, path: path.clone(), access });
            }
        }
        let guard = Guard { edge: self.edge.clone(), access };
        let routes = match access {
            // Pages are worth it. Answers with secrets are small and stay as they are.
            Access::Session(_) => routes.layer(
                CompressionLayer::new().gzip(true).compress_when(SizeAbove::new(COMPRESSED_ABOVE)),
            ),
            _ => routes,
        };
        let routes = routes.layer(from_fn_with_state(guard, guard::check));
        Self { router: self.router.routes(routes), ..self }
    }

    /// The router, the API's description and the list of what was declared.
    pub(crate) fn finish(self) -> (axum::Router<Edge>, OpenApi, Vec<DeclaredRoute>) {
        let (router, description) = self.router.split_for_parts();
        (router, description, self.declared)
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("PUT", item.put.as_mut()),
        ("POST", item.post.as_mut()),
        ("DELETE", item.delete.as_mut()),
        ("PATCH", item.patch.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

fn describe(operation: &mut Operation, access: Access) {
    let extension = ExtensionsBuilder::new().add(EXTENSION, access.name()).build();
    operation.extensions.get_or_insert_default().merge(extension);
    // An empty list says: none is needed.
    operation.security = Some(
        access
            .security_scheme()
            .map(|scheme| SecurityRequirement::new::<_, [&str; 0], &str>(scheme, []))
            .into_iter()
            .collect(),
    );
    let error = ContentBuilder::new().schema(Some(Ref::from_schema_name("ApiError"))).build();
    let response = ResponseBuilder::new()
        .description("An error: a code for programs and a sentence for people.")
        .content("application/json", error)
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}
