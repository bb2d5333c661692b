//! Loopback ports: finding a free one, and waiting until somebody listens.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A port of the loopback address on which nobody listens now. Somebody else may take it before
/// its user does, so whoever starts a server on it must be ready to try another.
///
/// # Errors
/// The system's, when no port can be had.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Waits until somebody listens at `address`.
///
/// # Errors
/// `TimedOut`, naming the address and the last refusal, when nobody does within `limit`.
pub fn wait_for_port(address: SocketAddr, limit: Duration) -> io::Result<()> {
    let end = Instant::now() + limit;
    loop {
        let error = match TcpStream::connect_timeout(&address, Duration::from_millis(250)) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if Instant::now() >= end {
            let seconds = limit.as_secs_f32();
            let text = format!("nobody listens at {address} after {seconds} s: {error}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_when_somebody_listens() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        wait_for_port(listener.local_addr().unwrap(), Duration::from_secs(5)).unwrap();
    }

    #[test]
    fn waiting_for_nobody_ends_with_the_address() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
        let error = wait_for_port(address, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}
