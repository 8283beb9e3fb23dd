//! Places of which one client address gets its share only, so that nobody alone can take them all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::identity::limiter::network;

/// Addresses that speak for many clients, such as a proxy's: they have no share of their own to keep to. This machine's
/// own are always among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies(Vec<IpAddr>);

impl Proxies {
    /// This machine and `further` addresses.
    #[must_use]
    pub fn and_loopback(further: impl IntoIterator<Item = IpAddr>) -> Self {
        let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        Self(own.into_iter().chain(further).map(|address| address.to_canonical()).collect())
    }

    fn includes(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// A number of places, and how many of them one address may have.
#[derive(Debug, Clone)]
pub struct Places {
    free: Arc<Semaphore>,
    shares: Arc<Shares>,
}

#[derive(Debug)]
struct Shares {
    each: usize,
    proxies: Proxies,
    /// Those that have something; an IPv6 network of 64 bits counts as one.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// Part of an address's share, held until it is dropped.
#[derive(Debug)]
pub struct Share {
    /// `None` for a proxy's, which is not counted.
    of: Option<(Arc<Shares>, IpAddr)>,
}

/// A place, held until it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// So many places, of which one address may have `each`.
    #[must_use]
    pub fn new(count: usize, each: usize, proxies: Proxies) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            shares: Arc::new(Shares { each, proxies, taken: Mutex::default() }),
        }
    }

    /// Part of an address's share; `None` if it has used up all of it.
    #[must_use]
    pub fn share(&self, address: IpAddr) -> Option<Share> {
        if self.shares.proxies.includes(address) {
            return Some(Share { of: None });
        }
        let network = network(address);
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        if *count >= self.shares.each {
            return None;
        }
        *count += 1;
        Some(Share { of: Some((Arc::clone(&self.shares), network)) })
    }

    /// A place, if one is free at once.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Place { _permit: permit })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((shares, network)) = &self.of else { return };
        let mut taken = shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn places(count: usize, each: usize) -> Places {
        Places::new(count, each, Proxies::and_loopback([address("192.0.2.9")]))
    }

    #[test]
    fn an_address_gets_its_share_and_leaves_the_others_theirs() {
        let places = places(100, 2);
        let held: Vec<_> = (0..2).map(|_| places.share(address("198.51.100.1"))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(places.share(address("198.51.100.1")).is_none());
        assert!(places.share(address("::ffff:198.51.100.1")).is_none(), "the same in other words");
        assert!(places.share(address("198.51.100.2")).is_some());
        drop(held);
        assert!(places.share(address("198.51.100.1")).is_some());
    }

    #[test]
    fn a_network_of_64_bits_is_one_client() {
        let places = places(100, 1);
        let held = places.share(address("2001:db8::1"));
        assert!(held.is_some());
        assert!(places.share(address("2001:db8::ffff:2")).is_none());
        assert!(places.share(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn a_proxy_and_this_machine_speak_for_many() {
        let places = places(100, 1);
        for proxy in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.9"] {
            let held: Vec<_> = (0..3).map(|_| places.share(address(proxy))).collect();
            assert!(held.iter().all(Option::is_some), "{proxy}");
        }
    }

    #[test]
    fn nobody_is_remembered_who_holds_nothing() {
        let places = places(100, 3);
        for last in 0..200 {
            drop(places.share(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last))));
        }
        assert!(places.shares.taken.lock().expect("whole").is_empty());
    }

    #[test]
    fn there_are_so_many_places_and_no_more() {
        let places = places(2, 100);
        let held = (places.place(), places.place());
        assert!(held.0.is_some() && held.1.is_some());
        assert!(places.place().is_none());
        drop(held);
        assert!(places.place().is_some());
    }
}
