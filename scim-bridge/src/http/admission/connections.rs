//! Open connections, in all and of one address. Beyond a limit a new one is closed at once: that costs the caller a
//! connection, not us a place.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::address::Network;

/// Counts connections.
pub(in crate::http) struct Connections {
    max: usize,
    max_per_address: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<Network, usize>,
}

/// A counted connection; dropping it makes room.
pub(in crate::http) struct Connection {
    counted_in: Arc<Connections>,
    network: Network,
}

impl Connections {
    pub(super) fn new(max: usize, max_per_address: usize) -> Self {
        Self { max, max_per_address, open: Mutex::default() }
    }

    /// Counts a new connection; nothing if there is no room for it.
    pub(in crate::http) fn open(self: &Arc<Self>, address: IpAddr) -> Option<Connection> {
        let network = Network::of(address);
        let mut open = self.lock();
        let of_address = open.by_address.get(&network).copied().unwrap_or_default();
        if open.all >= self.max || of_address >= self.max_per_address {
            return None;
        }
        open.all += 1;
        open.by_address.insert(network, of_address + 1);
        Some(Connection { counted_in: Arc::clone(self), network })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.counted_in.lock();
        open.all -= 1;
        if let Some(of_address) = open.by_address.get_mut(&self.network) {
            *of_address -= 1;
            if *of_address == 0 {
                open.by_address.remove(&self.network);
            }
        }
    }
}

/// Closes a connection that somebody else owns: its owner sees the end of it and lets go.
pub(in crate::http) fn refuse(stream: &impl AsFd) {
    if let Ok(fd) = stream.as_fd().try_clone_to_owned()
        && let Err(error) = TcpStream::from(fd).shutdown(Shutdown::Both)
    {
        tracing::debug!(%error, "a connection past the limit was gone already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_share_and_all_have_the_whole() {
        let connections = Arc::new(Connections::new(3, 2));
        let open = |address: &str| connections.open(address.parse().unwrap());
        let (first, second) = (open("192.0.2.1"), open("192.0.2.1"));
        assert!(open("192.0.2.1").is_none(), "the third of one address");
        let third = open("192.0.2.2").unwrap();
        assert!(open("192.0.2.3").is_none(), "the fourth of all");
        drop(first);
        assert!(open("192.0.2.1").is_some());
        assert_eq!(connections.lock().all, 2);
        drop((second, third));
        assert!(connections.lock().by_address.is_empty());
    }
}
