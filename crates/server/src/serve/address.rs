//! Under which address a server is reached, and for which names its certificate is.

use std::net::SocketAddr;

use url::Url;

use crate::backend::BackendError;
use crate::tls::ServerNames;

/// The address for clients: what the operator says, or the listening address where only this machine reaches it anyway.
pub(super) fn public_url(given: Option<Url>, address: SocketAddr) -> Result<Url, BackendError> {
    let refused = |text: String| Err(BackendError::Refused(text));
    let Some(url) = given else {
        if !address.ip().is_loopback() {
            return refused(format!(
                "the server listens on {address}; say under which address people reach it: \
                 --public-url https://recado.example.com"
            ));
        }
        return Url::parse(&format!("https://{address}"))
            .map_err(|error| BackendError::Internal(error.to_string()));
    };
    let bare = url.scheme() == "https"
        && url.host_str().is_some_and(|host| !host.is_empty())
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare {
        Ok(url)
    } else {
        refused(format!("--public-url must be https:// and a host, without a path; it is {url}"))
    }
}

/// The names for a certificate of the own authority.
pub(super) fn certificate_names(
    public_url: &Url,
    address: SocketAddr,
    further: &[String],
) -> Result<ServerNames, BackendError> {
    let host = public_url.host_str().map(str::to_owned);
    let listening = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
    let names = host.into_iter().chain(listening).chain(further.iter().cloned());
    Ok(ServerNames::new(names)?.and_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    #[test]
    fn a_server_for_this_machine_alone_needs_no_public_address() {
        let loopback = "127.0.0.1:8443".parse().expect("an address");
        assert_eq!(public_url(None, loopback).expect("usable"), url("https://127.0.0.1:8443"));
        let everywhere = "0.0.0.0:8443".parse().expect("an address");
        let refused = public_url(None, everywhere).expect_err("it cannot be guessed");
        assert!(refused.to_string().contains("--public-url"), "{refused}");
    }

    #[test]
    fn a_public_address_is_https_and_a_host() {
        let address = "0.0.0.0:8443".parse().expect("an address");
        assert!(public_url(Some(url("https://inbox.example:8443")), address).is_ok());
        for wrong in ["http://inbox.example", "https://inbox.example/a", "https://a@inbox.example"]
        {
            assert!(public_url(Some(url(wrong)), address).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_certificate_is_for_every_way_to_the_server() {
        let address = "192.0.2.7:8443".parse().expect("an address");
        let further = ["alias.example".to_owned()];
        let names = certificate_names(&url("https://inbox.example:8443"), address, &further)
            .expect("valid names");
        let dns: Vec<_> = names.dns().collect();
        assert_eq!(dns, ["alias.example", "inbox.example", "localhost"]);
        assert!(names.addresses().any(|it| it == address.ip()));
    }
}
