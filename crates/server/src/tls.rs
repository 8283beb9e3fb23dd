//! The server's certificates and the TLS it speaks.

mod authority;
mod certificate;
mod names;
mod server;

pub use authority::CertificateAuthority;
pub use certificate::TlsError;
pub use names::ServerNames;
pub use server::{Acceptor, Renewal, ServerTls, server_config};
