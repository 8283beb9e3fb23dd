//! How a PostgreSQL server is reached, and when without TLS.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::storage::DbError;

/// What a `postgres://…` URL says.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// Whether connections are encrypted.
#[derive(Clone)]
pub(super) enum Tls {
    Off,
    On(MakeRustlsConnect),
}

impl Settings {
    /// Reads the URL. Beyond what tokio-postgres knows, `sslmode` may be `verify-ca` or `verify-full`, and
    /// `sslrootcert` names a PEM file of the only CAs to trust. Wherever TLS is on, the server's certificate and name
    /// are checked. A server that is not on this machine is never reached without TLS.
    pub(super) fn parse(url: &str) -> Result<Self, DbError> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let mut kept = Vec::new();
        let mut mode = None;
        let mut root_certificates = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => root_certificates = Some(value),
                _ => kept.push(pair),
            }
        }
        let separator = if kept.is_empty() { "" } else { "?" };
        let mut config: Config = format!("{address}{separator}{}", kept.join("&"))
            .parse()
            .map_err(|cause: tokio_postgres::Error| configuration(super::describe(&cause)))?;
        if config.get_application_name().is_none() {
            config.application_name("recado-server");
        }
        let encrypted = match mode {
            Some("require" | "verify-ca" | "verify-full") => true,
            None | Some("disable" | "allow" | "prefer") => {
                if !is_on_this_machine(&config) {
                    if mode == Some("disable") {
                        return Err(configuration(
                            "sslmode=disable is allowed for a Unix socket or a loopback address only; \
                             remove it, or run PostgreSQL on this machine",
                        ));
                    }
                    true
                } else {
                    false
                }
            }
            Some(_) => {
                return Err(configuration(
                    "sslmode must be disable, prefer, require, verify-ca or verify-full",
                ));
            }
        };
        let tls = if encrypted {
            config.ssl_mode(SslMode::Require);
            Tls::On(connector(root_certificates)?)
        } else {
            config.ssl_mode(SslMode::Disable);
            Tls::Off
        };
        Ok(Self { config, tls })
    }
}

fn is_on_this_machine(config: &Config) -> bool {
    let local_host = |host: &Host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    };
    // An address given as well is the one that is dialled, whatever the name says.
    config.get_hosts().iter().all(local_host)
        && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn connector(root_certificates: Option<&str>) -> Result<MakeRustlsConnect, DbError> {
    let mut roots = RootCertStore::empty();
    match root_certificates {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path).map_err(|cause| {
                configuration(format!("sslrootcert {path} cannot be read: {cause}"))
            })?;
            for certificate in certificates {
                certificate
                    .map_err(|cause| cause.to_string())
                    .and_then(|certificate| {
                        roots.add(certificate).map_err(|cause| cause.to_string())
                    })
                    .map_err(|cause| {
                        configuration(format!("sslrootcert {path} cannot be used: {cause}"))
                    })?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(configuration(
            "no CA certificate was found to check PostgreSQL's certificate with; name a file with sslrootcert=…",
        ));
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|cause| configuration(cause.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn configuration(message: impl Into<String>) -> DbError {
    DbError::Configuration(message.into())
}

#[cfg(test)]
mod tests {
    use super::{DbError, Settings, SslMode};

    fn mode(url: &str) -> Result<SslMode, DbError> {
        Settings::parse(url).map(|settings| settings.config.get_ssl_mode())
    }

    #[test]
    fn a_server_on_this_machine_may_be_reached_without_tls() {
        for url in [
            "postgres://recado@127.0.0.1/recado",
            "postgres://recado@[::1]:5433/recado",
            "postgres://recado@localhost/recado?sslmode=disable",
            "postgres:///recado?host=/run/postgresql",
        ] {
            assert_eq!(mode(url), Ok(SslMode::Disable), "{url}");
        }
    }

    #[test]
    fn a_server_elsewhere_is_never_reached_without_tls() {
        let certificate =
            rcgen::generate_simple_self_signed(["db.example".to_owned()]).expect("a certificate");
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, certificate.cert.pem()).expect("a certificate file");
        let root = path.display();
        for url in [
            format!("postgres://recado@db.example/recado?sslrootcert={root}"),
            format!("postgres://recado@db.example/recado?sslmode=prefer&sslrootcert={root}"),
            format!("postgres://recado@db.example/recado?sslmode=verify-full&sslrootcert={root}"),
            format!("postgres://recado@localhost/recado?sslmode=require&sslrootcert={root}"),
            format!("postgres://recado@localhost/recado?hostaddr=192.0.2.1&sslrootcert={root}"),
        ] {
            assert_eq!(mode(&url), Ok(SslMode::Require), "{url}");
        }
        assert!(matches!(
            mode("postgres://recado@db.example/recado?sslmode=disable"),
            Err(DbError::Configuration(_))
        ));
    }

    #[test]
    fn an_unknown_tls_mode_is_refused() {
        assert!(matches!(
            mode("postgres://localhost/recado?sslmode=maybe"),
            Err(DbError::Configuration(_))
        ));
    }
}
