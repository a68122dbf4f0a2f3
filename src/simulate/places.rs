//! Countries, their clocks and languages, and an invented address plan.
//!
//! Network numbers come from the range for private use (RFC 6996), so that no real operator
//! is named; addresses are spread over public space at random and stand for nobody.

use crate::simulate::random::{Random, cumulative, mix};

/// A language with a grammar of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Language {
    English,
    German,
    Spanish,
    French,
    Portuguese,
    Chinese,
    Japanese,
}

/// Suffixes of grammar rules, by [`Language`].
pub(crate) const LANGUAGE_SUFFIX: [&str; 7] = ["en", "de", "es", "fr", "pt", "zh", "ja"];

/// One country.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Country {
    pub(crate) code: &'static str,
    /// Winter offset from UTC; summer time is left out.
    pub(crate) offset_minutes: i16,
    pub(crate) language: Language,
    pub(crate) accept_language: &'static str,
    /// Share among customers, an invented but plausible skew.
    weight: f64,
}

macro_rules! countries {
    ($($code:literal $offset:literal $language:ident $accept:literal $weight:literal;)*) => {
        /// All countries that occur.
        pub(crate) const COUNTRIES: &[Country] = &[$(Country { code: $code, offset_minutes: $offset,
            language: Language::$language, accept_language: $accept, weight: $weight },)*];
    };
}

countries! {
    "US" -300 English "en-US,en;q=0.9" 18.0; "US" -480 English "en-US,en;q=0.9" 10.0;
    "GB" 0 English "en-GB,en;q=0.9" 6.0; "CA" -300 English "en-CA,en;q=0.9" 3.0;
    "AU" 600 English "en-AU,en;q=0.9" 2.5; "IN" 330 English "en-IN,en;q=0.9,hi;q=0.8" 9.0;
    "DE" 60 German "de-DE,de;q=0.9,en;q=0.7" 5.0; "AT" 60 German "de-AT,de;q=0.9,en;q=0.7" 1.0;
    "CH" 60 German "de-CH,de;q=0.9,en;q=0.7" 1.2; "FR" 60 French "fr-FR,fr;q=0.9,en;q=0.7" 4.0;
    "BE" 60 French "fr-BE,fr;q=0.9,nl;q=0.7" 1.0; "ES" 60 Spanish "es-ES,es;q=0.9,en;q=0.6" 3.0;
    "MX" -360 Spanish "es-MX,es;q=0.9" 2.5; "AR" -180 Spanish "es-AR,es;q=0.9" 1.5;
    "CO" -300 Spanish "es-CO,es;q=0.9" 1.2; "BR" -180 Portuguese "pt-BR,pt;q=0.9,en;q=0.6" 4.5;
    "PT" 0 Portuguese "pt-PT,pt;q=0.9,en;q=0.7" 0.8; "JP" 540 Japanese "ja,en-US;q=0.8,en;q=0.6" 5.5;
    "TW" 480 Chinese "zh-TW,zh;q=0.9,en;q=0.7" 1.8; "HK" 480 Chinese "zh-HK,zh;q=0.9,en;q=0.8" 2.2;
    "SG" 480 Chinese "en-SG,en;q=0.9,zh;q=0.8" 2.2; "MY" 480 Chinese "zh-CN,zh;q=0.9,en;q=0.8" 1.2;
    "NL" 60 English "nl-NL,nl;q=0.9,en;q=0.8" 2.2; "SE" 60 English "sv-SE,sv;q=0.9,en;q=0.8" 1.3;
    "PL" 60 English "pl-PL,pl;q=0.9,en;q=0.7" 1.8; "IT" 60 English "it-IT,it;q=0.9,en;q=0.7" 2.4;
    "KR" 540 English "ko-KR,ko;q=0.9,en;q=0.7" 2.6; "VN" 420 English "vi-VN,vi;q=0.9,en;q=0.6" 1.5;
    "ID" 420 English "id-ID,id;q=0.9,en;q=0.7" 2.0; "PH" 480 English "en-PH,en;q=0.9" 1.6;
    "NG" 60 English "en-NG,en;q=0.9" 1.2; "ZA" 120 English "en-ZA,en;q=0.9" 0.9;
    "TR" 180 English "tr-TR,tr;q=0.9,en;q=0.7" 1.6; "IL" 120 English "he-IL,he;q=0.9,en;q=0.8" 1.0;
    "UA" 120 English "uk-UA,uk;q=0.9,en;q=0.7" 1.0; "RO" 120 English "ro-RO,ro;q=0.9,en;q=0.7" 0.8;
    "IE" 0 English "en-IE,en;q=0.9" 0.9; "FI" 120 English "fi-FI,fi;q=0.9,en;q=0.8" 0.6;
}

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetworkKind {
    Residential,
    Mobile,
    Business,
    University,
    Hosting,
    Vpn,
}

/// One autonomous system of the invented plan.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) asn: i64,
    pub(crate) country: u8,
    kind: NetworkKind,
    /// First two octets of each block.
    blocks: Vec<(u8, u8)>,
}

/// All networks, and tables to draw from them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    networks: Vec<Network>,
    country_weights: Vec<f64>,
    /// By kind; then by country, with everything of the kind last.
    by_kind: Vec<Vec<Vec<u16>>>,
}

/// First octets that hold ordinary public addresses throughout.
const FIRST_OCTETS: [u8; 40] = [
    23, 24, 31, 37, 45, 46, 62, 66, 71, 73, 76, 77, 78, 80, 81, 82, 84, 85, 86, 87, 89, 91, 93, 94,
    96, 98, 103, 105, 109, 111, 114, 118, 121, 126, 151, 176, 178, 187, 189, 201,
];
/// First number of the 32-bit private-use range, RFC 6996.
const FIRST_ASN: i64 = 4_200_000_000;

impl Places {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(mix(seed, 0xa5));
        let mut networks: Vec<Network> = Vec::new();
        let mut next_block = 0_usize;
        let mut add = |country: usize, kind: NetworkKind, blocks: usize| {
            let blocks = (0..blocks)
                .map(|_| {
                    let first = FIRST_OCTETS[next_block % FIRST_OCTETS.len()];
                    let second = (next_block / FIRST_OCTETS.len()) * 37 % 256;
                    next_block += 1;
                    (first, second as u8)
                })
                .collect();
            let asn = FIRST_ASN + 1_000 + 13 * networks.len() as i64 + (random.below(11) as i64);
            networks.push(Network {
                asn,
                country: country as u8,
                kind,
                blocks,
            });
        };
        for country in 0..COUNTRIES.len() {
            for _ in 0..3 {
                add(country, NetworkKind::Residential, 4);
            }
            add(country, NetworkKind::Mobile, 1);
            add(country, NetworkKind::Business, 1);
            add(country, NetworkKind::University, 1);
            // Rented servers and exits exist in every country, most of them in a few.
            for _ in 0..[4, 4, 2, 1, 1, 1, 3][country.min(6)] {
                add(country, NetworkKind::Hosting, 2);
            }
            add(country, NetworkKind::Vpn, 1);
        }
        let by_kind = [
            NetworkKind::Residential,
            NetworkKind::Mobile,
            NetworkKind::Business,
            NetworkKind::University,
            NetworkKind::Hosting,
            NetworkKind::Vpn,
        ]
        .iter()
        .map(|kind| {
            let members = |wanted: Option<usize>| -> Vec<u16> {
                let fits = |network: &Network| {
                    network.kind == *kind
                        && wanted.is_none_or(|country| usize::from(network.country) == country)
                };
                networks
                    .iter()
                    .enumerate()
                    .filter(|(_, network)| fits(network))
                    .map(|(at, _)| at as u16)
                    .collect()
            };
            (0..COUNTRIES.len())
                .map(Some)
                .chain([None])
                .map(members)
                .collect()
        })
        .collect();
        Self {
            networks,
            country_weights: cumulative(COUNTRIES.iter().map(|country| country.weight)),
            by_kind,
        }
    }

    /// A country drawn by its share among customers.
    pub(crate) fn country(&self, random: &mut Random) -> u8 {
        random.weighted(&self.country_weights) as u8
    }

    /// A network of one kind in one country, or anywhere.
    pub(crate) fn network(&self, kind: NetworkKind, country: Option<u8>, word: u64) -> u16 {
        let lists = self
            .by_kind
            .get(kind as usize)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let place = country.map_or(COUNTRIES.len(), usize::from);
        let from = lists.get(place).map(Vec::as_slice).unwrap_or_default();
        from.get((word % from.len().max(1) as u64) as usize)
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn get(&self, network: u16) -> Option<&Network> {
        self.networks.get(usize::from(network))
    }

    /// Appends the address of a host; the same host always has the same address.
    pub(crate) fn push_address(&self, network: u16, host: u64, out: &mut String) {
        use crate::simulate::page::{push_code, push_number};
        let Some(place) = self.get(network) else {
            return;
        };
        let word = host & 0xffff;
        let is_home = matches!(place.kind, NetworkKind::Residential | NetworkKind::Mobile);
        // About one home line in eight is seen by its IPv6 address.
        if is_home && mix(host, 6).is_multiple_of(8) {
            let prefix = mix(u64::from(network), 0x66);
            out.push_str("2a0");
            for (position, (value, digits)) in
                [(prefix, 1), (prefix >> 8, 4), (word, 4), (mix(host, 1), 2)]
                    .into_iter()
                    .enumerate()
            {
                if position > 1 {
                    out.push(':');
                }
                push_code(out, value, digits, b"123456789abcdef");
                if position == 0 {
                    out.push(':');
                }
            }
            out.push_str("00::");
            push_code(out, mix(host, 2), 4, b"123456789abcdef");
            return;
        }
        let at = ((host >> 16) as usize) % place.blocks.len().max(1);
        let (first, second) = place.blocks.get(at).copied().unwrap_or((45, 0));
        for (position, part) in [
            u64::from(first),
            u64::from(second),
            word >> 8,
            1 + (word & 0xff) % 254,
        ]
        .into_iter()
        .enumerate()
        {
            if position > 0 {
                out.push('.');
            }
            push_number(out, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn addresses_parse_and_networks_do_not_overlap() {
        let places = Places::new(1);
        let mut owners = std::collections::BTreeMap::new();
        for network in 0..places.networks.len() as u16 {
            for host in 0..400_u64 {
                let mut text = String::new();
                places.push_address(network, mix(host, 9), &mut text);
                let address: IpAddr = text.parse().unwrap_or_else(|_| panic!("{text}"));
                if let IpAddr::V4(address) = address {
                    assert!(
                        !address.is_private()
                            && !address.is_documentation()
                            && !address.is_loopback()
                    );
                    let [first, second, ..] = address.octets();
                    assert_eq!(*owners.entry((first, second)).or_insert(network), network);
                }
            }
        }
    }

    #[test]
    fn every_kind_is_found_near() {
        let places = Places::new(1);
        for country in 0..COUNTRIES.len() as u8 {
            let network = places.network(NetworkKind::Hosting, Some(country), 3);
            assert_eq!(places.get(network).unwrap().country, country);
        }
    }
}
