//! Which hosts and addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a list of hosts or networks cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct PolicyError {
    /// The key of the configuration.
    pub key: &'static str,
    /// What is wrong.
    pub reason: String,
}

/// A range of addresses in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base
            .parse()
            .map_err(|_| format!("{text:?} is no address or network"))?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|b| *b <= most)
                .ok_or_else(|| format!("{text:?}: a network has at most {most} bits"))?,
        };
        Ok(Self { base, bits })
    }
    fn holds(self, address: IpAddr) -> bool {
        let (a, b, width) = match (self.base, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (u128::from(u32::from(a)), u128::from(u32::from(b)), 32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a), u128::from(b), 128),
            _ => return false,
        };
        let shift = width - u32::from(self.bits);
        shift >= 128 || (a >> shift) == (b >> shift)
    }
}

/// Which hosts and addresses may be called. The default calls nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    hosts: Vec<String>,
    networks: Vec<Network>,
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\n'])
        .map(str::trim)
        .filter(|p| !p.is_empty())
}

impl Policy {
    /// From the lists of the configuration, each separated by commas: names or addresses of hosts; networks that are not
    /// public and may be called all the same, such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// The entry that does not read.
    pub fn parse(hosts: &str, networks: &str) -> Result<Self, PolicyError> {
        let hosts = parts(hosts)
            .map(|host| {
                let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
                let is_name = host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
                if host.parse::<IpAddr>().is_ok() || (is_name && host.len() <= 253) {
                    Ok(host)
                } else {
                    let reason = format!("{host:?} is no name of a host: no scheme, port or path");
                    Err(PolicyError {
                        key: "webhook_hosts",
                        reason,
                    })
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        let networks = parts(networks)
            .map(Network::parse)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|reason| PolicyError {
                key: "webhook_networks",
                reason,
            })?;
        Ok(Self { hosts, networks })
    }
    /// Whether the operator named this host.
    pub fn names(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        self.hosts.contains(&host)
    }
    /// The same policy with one more host, which stands in the configuration at another place.
    #[must_use]
    pub fn and(mut self, host: &str) -> Self {
        self.hosts
            .push(host.trim_matches(['[', ']']).to_ascii_lowercase());
        self
    }
    /// Whether an address may be called: it is public, or lies in a network the operator named.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.networks.iter().any(|n| n.holds(address))
    }
    /// Whether the mail server may have this address: it is named in the configuration, and such servers stand inside as a
    /// rule; but never link-local, where machines of clouds keep their secrets, nor one that is nobody's.
    pub fn allows_mail(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_odd = address.is_unspecified()
            || address.is_multicast()
            || match address {
                IpAddr::V4(a) => a.is_link_local() || a.is_broadcast(),
                IpAddr::V6(a) => a.is_unicast_link_local(),
            };
        !is_odd || self.networks.iter().any(|n| n.holds(address))
    }
}

/// Whether an address is one of the public network (IANA special-purpose registries, RFC 6890 and its updates).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => is_public_v4(a),
        IpAddr::V6(a) => is_public_v6(a),
    }
}

fn is_public_v4(a: Ipv4Addr) -> bool {
    let [one, two, three, _] = a.octets();
    let is_special = one == 0
        || a.is_loopback()
        || a.is_private()
        || a.is_link_local()
        || a.is_documentation()
        || a.is_multicast()
        || one >= 240
        || (one == 100 && two & 0b1100_0000 == 64)
        || (one == 192 && two == 0 && three == 0)
        || (one == 198 && two & 0b1111_1110 == 18);
    !is_special
}

fn is_public_v6(a: Ipv6Addr) -> bool {
    let s = a.segments();
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    // Addresses that carry one of the old kind are judged by it.
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(inner(s[6], s[7]));
    }
    if s[0] == 0x2002 {
        return is_public_v4(inner(s[1], s[2]));
    }
    let is_global = s[0] & 0xe000 == 0x2000;
    let is_special = s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_public_is_refused_unless_the_operator_named_it() {
        let none = Policy::default();
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "fec0::1",
        ] {
            assert!(!none.allows(ip(inside)), "{inside}");
        }
        for outside in [
            "8.8.8.8",
            "114.114.114.114",
            "2400:3200::1",
            "64:ff9b::808:808",
        ] {
            assert!(none.allows(ip(outside)), "{outside}");
        }
        let city = Policy::parse("gateway.city", "10.0.0.0/8, 127.0.0.1,fd00::/8").unwrap();
        assert!(
            city.allows(ip("10.200.0.1"))
                && city.allows(ip("127.0.0.1"))
                && city.allows(ip("fd12::1"))
        );
        assert!(city.allows(ip("::ffff:10.0.0.1")));
        assert!(!city.allows(ip("11.0.0.1")) || is_public(ip("11.0.0.1")));
        assert!(!city.allows(ip("127.0.0.2")) && !city.allows(ip("169.254.169.254")));
        assert!(
            city.names("Gateway.City")
                && !city.names("gateway.city.evil")
                && !none.names("gateway.city")
        );
        assert!(none.allows_mail(ip("127.0.0.1")) && !none.allows_mail(ip("169.254.169.254")));
    }

    #[test]
    fn garbage_in_the_lists_is_named() {
        for (hosts, networks, key) in [
            ("https://a.b", "", "webhook_hosts"),
            ("a.b:80", "", "webhook_hosts"),
            ("井盖", "", "webhook_hosts"),
            ("", "10.0.0.0/33", "webhook_networks"),
            ("", "ten", "webhook_networks"),
            ("", "fd00::/129", "webhook_networks"),
            ("", "1.2.3.4/x", "webhook_networks"),
        ] {
            assert_eq!(
                Policy::parse(hosts, networks).unwrap_err().key,
                key,
                "{hosts} {networks}"
            );
        }
        assert!(
            Policy::parse("", "0.0.0.0/0")
                .unwrap()
                .allows(ip("127.0.0.1"))
        );
    }
}
