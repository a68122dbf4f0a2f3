//! User agents and TLS fingerprints: invented versions of well-known kinds of clients, with
//! a popularity skew. All populations draw from this one table.

use crate::simulate::page::push_code;
use crate::simulate::random::{Random, cumulative, mix, name_hash};

/// What a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientKind {
    Sdk,
    Http,
    Browser,
    App,
}

/// One client version on one system.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) user_agent: String,
    pub(crate) tls_fingerprint: String,
    pub(crate) is_browser: bool,
    family: u16,
}

/// The table of clients.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    all: Vec<Client>,
    by_kind: [(Vec<u16>, Vec<f64>); 4],
}

struct Family {
    name: &'static str,
    kind: ClientKind,
    /// `{v}` is the version, `{o}` the system.
    pattern: &'static str,
    versions: &'static [&'static str],
    systems: &'static [&'static str],
    weight: f64,
}

const PYTHONS: &[&str] = &["3.11.9", "3.12.4", "3.10.14", "3.9.19", "3.13.0"];
const SERVERS: &[&str] = &[
    "Linux x86_64",
    "Linux aarch64",
    "Darwin arm64",
    "Windows AMD64",
];
const NODES: &[&str] = &["v20.15.1", "v22.4.0", "v18.20.3"];
const DESKTOPS: &[&str] = &[
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 14; K",
    "iPhone; CPU iPhone OS 18_1 like Mac OS X",
];
const NONE: &[&str] = &[""];

const FAMILIES: &[Family] = &[
    Family {
        name: "python-sdk",
        kind: ClientKind::Sdk,
        pattern: "llm-python/{v} ({o})",
        versions: &[
            "1.51.2", "1.50.0", "1.47.1", "1.45.0", "1.42.3", "1.40.0", "1.38.1", "1.35.9",
            "1.30.5", "1.27.0", "1.21.2", "1.14.0",
        ],
        systems: SERVERS,
        weight: 30.0,
    },
    Family {
        name: "node-sdk",
        kind: ClientKind::Sdk,
        pattern: "llm-node/{v} ({o})",
        versions: &[
            "4.68.1", "4.67.0", "4.61.2", "4.58.0", "4.52.7", "4.47.1", "4.40.0", "4.33.1",
        ],
        systems: NODES,
        weight: 18.0,
    },
    Family {
        name: "langchain",
        kind: ClientKind::Sdk,
        pattern: "langchain/{v} python/{o}",
        versions: &["0.3.7", "0.3.4", "0.2.16", "0.2.11", "0.2.5", "0.1.20"],
        systems: PYTHONS,
        weight: 9.0,
    },
    Family {
        name: "llamaindex",
        kind: ClientKind::Sdk,
        pattern: "llama-index/{v} python/{o}",
        versions: &["0.11.20", "0.11.9", "0.10.62"],
        systems: PYTHONS,
        weight: 3.0,
    },
    Family {
        name: "litellm",
        kind: ClientKind::Sdk,
        pattern: "litellm/{v}",
        versions: &["1.52.1", "1.51.0", "1.48.7", "1.44.2"],
        systems: NONE,
        weight: 5.0,
    },
    Family {
        name: "vercel",
        kind: ClientKind::Sdk,
        pattern: "ai-sdk/{v} node/{o}",
        versions: &["3.4.29", "3.4.9", "3.3.44"],
        systems: NODES,
        weight: 5.0,
    },
    Family {
        name: "spring",
        kind: ClientKind::Sdk,
        pattern: "spring-ai/{v} java/{o}",
        versions: &["1.0.0", "0.8.1"],
        systems: &["21.0.4", "17.0.12"],
        weight: 2.0,
    },
    Family {
        name: "requests",
        kind: ClientKind::Http,
        pattern: "python-requests/{v}",
        versions: &["2.32.3", "2.31.0", "2.28.2"],
        systems: NONE,
        weight: 8.0,
    },
    Family {
        name: "httpx",
        kind: ClientKind::Http,
        pattern: "python-httpx/{v}",
        versions: &["0.27.2", "0.27.0", "0.26.0", "0.25.2"],
        systems: NONE,
        weight: 6.0,
    },
    Family {
        name: "aiohttp",
        kind: ClientKind::Http,
        pattern: "Python/{o} aiohttp/{v}",
        versions: &["3.10.5", "3.9.5", "3.8.6"],
        systems: &["3.11", "3.12", "3.10"],
        weight: 5.0,
    },
    Family {
        name: "axios",
        kind: ClientKind::Http,
        pattern: "axios/{v}",
        versions: &["1.7.7", "1.7.2", "1.6.8", "0.27.2"],
        systems: NONE,
        weight: 4.0,
    },
    Family {
        name: "undici",
        kind: ClientKind::Http,
        pattern: "node",
        versions: &["20", "22"],
        systems: NONE,
        weight: 2.0,
    },
    Family {
        name: "go",
        kind: ClientKind::Http,
        pattern: "Go-http-client/{v}",
        versions: &["2.0", "1.1"],
        systems: NONE,
        weight: 5.0,
    },
    Family {
        name: "okhttp",
        kind: ClientKind::Http,
        pattern: "okhttp/{v}",
        versions: &["4.12.0", "4.11.0", "4.9.3"],
        systems: NONE,
        weight: 2.0,
    },
    Family {
        name: "java",
        kind: ClientKind::Http,
        pattern: "Java-http-client/{v}",
        versions: &["21.0.4", "17.0.12", "11.0.24"],
        systems: NONE,
        weight: 2.0,
    },
    Family {
        name: "reqwest",
        kind: ClientKind::Http,
        pattern: "reqwest/{v}",
        versions: &["0.12.8", "0.11.27"],
        systems: NONE,
        weight: 1.0,
    },
    Family {
        name: "curl",
        kind: ClientKind::Http,
        pattern: "curl/{v}",
        versions: &["8.10.1", "8.5.0", "7.88.1", "7.81.0"],
        systems: NONE,
        weight: 2.0,
    },
    Family {
        name: "chrome",
        kind: ClientKind::Browser,
        pattern: "Mozilla/5.0 ({o}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36",
        versions: &[
            "131", "130", "129", "128", "126", "124", "120", "116", "109",
        ],
        systems: DESKTOPS,
        weight: 20.0,
    },
    Family {
        name: "edge",
        kind: ClientKind::Browser,
        pattern: "Mozilla/5.0 ({o}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36 Edg/{v}.0.0.0",
        versions: &["131", "130", "129"],
        systems: DESKTOPS,
        weight: 5.0,
    },
    Family {
        name: "firefox",
        kind: ClientKind::Browser,
        pattern: "Mozilla/5.0 ({o}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
        versions: &["132", "131", "128", "115"],
        systems: DESKTOPS,
        weight: 4.0,
    },
    Family {
        name: "safari",
        kind: ClientKind::Browser,
        pattern: "Mozilla/5.0 ({o}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Safari/605.1.15",
        versions: &["18.1", "17.6", "16.6"],
        systems: DESKTOPS,
        weight: 7.0,
    },
    Family {
        name: "heron",
        kind: ClientKind::App,
        pattern: "heron-cli/{v} ({o})",
        versions: &["2.4.1", "2.4.0", "2.3.7", "2.2.0", "2.1.3"],
        systems: SERVERS,
        weight: 8.0,
    },
    Family {
        name: "parrot",
        kind: ClientKind::App,
        pattern: "ParrotDesktop/{v} ({o})",
        versions: &["5.2.0", "5.1.4", "5.0.9", "4.8.2"],
        systems: &["win32 x64", "darwin arm64", "linux x64"],
        weight: 6.0,
    },
    Family {
        name: "editor",
        kind: ClientKind::App,
        pattern: "quill-editor/{v}",
        versions: &["0.44.0", "0.43.2", "0.42.1", "0.40.5"],
        systems: NONE,
        weight: 5.0,
    },
];

impl Clients {
    pub(crate) fn new(seed: u64) -> Self {
        let mut all = Vec::new();
        let mut lists: [(Vec<u16>, Vec<f64>); 4] = Default::default();
        for (number, family) in FAMILIES.iter().enumerate() {
            for (rank, version) in family.versions.iter().enumerate() {
                for (place, system) in family.systems.iter().enumerate() {
                    let weight = family.weight
                        / ((rank + 1) as f64).powf(1.1)
                        / ((place + 1) as f64).powf(1.3);
                    if let Some((ids, weights)) = lists.get_mut(family.kind as usize) {
                        ids.push(all.len() as u16);
                        weights.push(weight);
                    }
                    all.push(Client {
                        user_agent: family
                            .pattern
                            .replace("{v}", version)
                            .replace("{o}", system),
                        tls_fingerprint: fingerprint(seed, family.name, rank / 3, system),
                        is_browser: family.kind == ClientKind::Browser,
                        family: number as u16,
                    });
                }
            }
        }
        let by_kind = lists.map(|(ids, weights)| (ids, cumulative(weights)));
        Self { all, by_kind }
    }

    pub(crate) fn get(&self, client: u16) -> Option<&Client> {
        self.all.get(usize::from(client))
    }

    /// A client of this kind, drawn by popularity.
    pub(crate) fn draw(&self, kind: ClientKind, random: &mut Random) -> u16 {
        let Some((ids, weights)) = self.by_kind.get(kind as usize) else {
            return 0;
        };
        ids.get(random.weighted(weights)).copied().unwrap_or(0)
    }

    /// A version of the client that `name` names.
    pub(crate) fn of_family(&self, name: &str, random: &mut Random) -> u16 {
        let family = FAMILIES
            .iter()
            .position(|family| family.name == name)
            .unwrap_or(0) as u16;
        let members: Vec<u16> = (0..self.all.len())
            .filter(|&at| self.all[at].family == family)
            .map(|at| at as u16)
            .collect();
        // Newer versions come first in the table; most people run one of the first few.
        let at = (random.exponential(2.5) as usize).min(members.len().saturating_sub(1));
        members.get(at).copied().unwrap_or(0)
    }
}

/// A fingerprint in the shape of JA4: it follows the TLS library, not the client's own version.
fn fingerprint(seed: u64, family: &str, generation: usize, system: &str) -> String {
    let library = match family {
        "python-sdk" | "httpx" | "langchain" | "llamaindex" | "litellm" => "openssl-python",
        "requests" | "aiohttp" => "openssl-python-old",
        "node-sdk" | "vercel" | "axios" | "undici" | "heron" => "node",
        "spring" | "java" => "jsse",
        "chrome" | "edge" | "parrot" | "editor" => "boring",
        other => other,
    };
    let word = mix(
        mix(name_hash(library), generation as u64),
        mix(name_hash(system), seed & 0xff),
    );
    let mut text = String::from("t13d");
    for part in [15 + word % 4, 8 + (word >> 8) % 9] {
        text.push_str(&format!("{part:02}"));
    }
    text.push_str(if (word >> 16).is_multiple_of(3) {
        "h1_"
    } else {
        "h2_"
    });
    push_code(&mut text, mix(word, 1), 12, b"0123456789abcdef");
    text.push('_');
    push_code(&mut text, mix(word, 2), 12, b"0123456789abcdef");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn popularity_is_skewed_and_kinds_hold() {
        let clients = Clients::new(1);
        let mut random = Random::new(4);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..10_000 {
            *counts
                .entry(clients.draw(ClientKind::Browser, &mut random))
                .or_insert(0) += 1;
        }
        assert!(
            counts
                .keys()
                .all(|&client| clients.get(client).unwrap().is_browser)
        );
        let most = counts.values().max().unwrap();
        assert!(
            counts.len() > 30 && *most > 800,
            "{} kinds, most {most}",
            counts.len()
        );
    }

    #[test]
    fn families_are_found() {
        let clients = Clients::new(1);
        let heron = clients.of_family("heron", &mut Random::new(1));
        assert!(
            clients
                .get(heron)
                .unwrap()
                .user_agent
                .starts_with("heron-cli/")
        );
    }
}
