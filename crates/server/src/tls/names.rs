//! The names and addresses under which a server is reached.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls_pki_types::DnsName;

use super::TlsError;

/// Host names and addresses for a certificate: valid, in lower case, each once, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerNames {
    dns: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl ServerNames {
    /// Takes host names and IP addresses as an operator writes them.
    pub fn new<I, S>(names: I) -> Result<Self, TlsError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let mut dns = BTreeSet::new();
        let mut addresses = BTreeSet::new();
        for name in names {
            let name = name.as_ref().trim().to_ascii_lowercase();
            let bare =
                name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
            if let Ok(address) = bare.parse::<IpAddr>() {
                addresses.insert(address);
            } else if DnsName::try_from(name.as_str()).is_ok() {
                dns.insert(name);
            } else {
                return Err(TlsError::InvalidName(name));
            }
        }
        if dns.is_empty() && addresses.is_empty() {
            return Err(TlsError::NoName);
        }
        Ok(Self { dns, addresses })
    }

    /// Only this machine.
    pub fn loopback() -> Self {
        Self {
            dns: BTreeSet::from(["localhost".to_owned()]),
            addresses: BTreeSet::from([
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ]),
        }
    }

    /// Adds the names of this machine itself, for health checks and console commands.
    #[must_use]
    pub fn and_loopback(mut self) -> Self {
        let loopback = Self::loopback();
        self.dns.extend(loopback.dns);
        self.addresses.extend(loopback.addresses);
        self
    }

    /// The host names.
    pub fn dns(&self) -> impl Iterator<Item = &str> {
        self.dns.iter().map(String::as_str)
    }

    /// The addresses.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart_and_unified() {
        let names = ServerNames::new([
            "Inbox.Example.COM",
            "inbox.example.com",
            "192.0.2.7",
            "[::1]",
            "::1",
        ])
        .expect("valid");
        assert_eq!(names.dns().collect::<Vec<_>>(), ["inbox.example.com"]);
        assert_eq!(names.addresses().count(), 2);
        assert!(names.and_loopback().dns().any(|name| name == "localhost"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in ["", "https://a.example", "a b", "a..b", "a:443", "-a", "ü.example"] {
            assert!(ServerNames::new([wrong]).is_err(), "{wrong:?}");
        }
        assert!(ServerNames::new(Vec::<String>::new()).is_err());
    }
}
