//! Ranges of addresses that the user declares to be public: clouds, VPN providers, carriers.
//!
//! Whoever rents an exit there meets strangers, so an address or block inside a declared range
//! ties nobody together. Two forms are read: text with a range at the start of each line and,
//! after it, a name; and JSON in which ranges stand as strings, wherever they are, as cloud
//! providers publish their own.

use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;
use serde_json::Value;

use crate::detect::network::address;

/// Ranges of addresses, each with a name.
#[derive(Debug, Clone, Default)]
pub struct PublicRanges {
    ranges: JointPrefixMap<IpNet, String>,
}

impl PublicRanges {
    /// Whether nothing is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Number of ranges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The name of the narrowest declared range that holds an address or a whole block.
    #[must_use]
    pub fn holding(&self, text: &str) -> Option<&str> {
        let net = match text.parse::<IpNet>() {
            Ok(net) => net,
            Err(_) => IpNet::from(address::parse(text)?),
        };
        let (_, name) = self.ranges.get_lpm(&net)?;
        Some(name)
    }

    /// Adds the ranges of one file; those without a name of their own are called `file_name`.
    ///
    /// # Errors
    /// What is wrong with the file, with its line where it has lines.
    pub fn add(&mut self, text: &str, file_name: &str) -> Result<(), String> {
        let text = text.trim_start_matches('\u{feff}');
        let before = self.ranges.len();
        if text.trim_start().starts_with(['{', '[']) {
            let root: Value =
                serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
            self.add_strings(&root, file_name)?;
        } else {
            for (number, line) in (1_usize..).zip(text.lines()) {
                self.add_line(line, file_name)
                    .map_err(|problem| format!("line {number}: {problem}"))?;
            }
        }
        if self.ranges.len() == before {
            return Err("no new range of addresses in it".to_owned());
        }
        Ok(())
    }

    fn add_line(&mut self, line: &str, file_name: &str) -> Result<(), String> {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            return Ok(());
        }
        let (range, name) = line
            .split_once([',', ';', '\t', ' '])
            .unwrap_or((line, file_name));
        let name = name.trim_matches(|character: char| {
            character.is_whitespace() || ",;\"".contains(character)
        });
        let name = if name.is_empty() { file_name } else { name };
        match read(range.trim().trim_matches('"')) {
            Some(net) => self.insert(net, name),
            None => Err(format!(
                "`{}` is no range such as 203.0.113.0/24",
                range.chars().take(60).collect::<String>()
            )),
        }
    }

    /// Every string of a JSON value that is a range.
    fn add_strings(&mut self, value: &Value, file_name: &str) -> Result<(), String> {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) => {
                    if text.contains('/')
                        && let Some(net) = read(text)
                    {
                        self.insert(net, file_name)?;
                    }
                }
                Value::Array(values) => open.extend(values),
                Value::Object(fields) => open.extend(fields.values()),
                _ => {}
            }
        }
        Ok(())
    }

    fn insert(&mut self, net: IpNet, name: &str) -> Result<(), String> {
        if net.prefix_len() == 0 {
            return Err(format!("`{net}` holds every address"));
        }
        self.ranges.insert(net, name.to_owned());
        Ok(())
    }
}

/// A range, or a single address as one.
fn read(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(net) => Some(net.trunc()),
        Err(_) => text
            .parse::<IpAddr>()
            .ok()
            .map(|address| IpNet::from(address.to_canonical())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> PublicRanges {
        let mut ranges = PublicRanges::default();
        ranges.add(text, "list").unwrap();
        ranges
    }

    #[test]
    fn the_narrowest_range_names_the_address() {
        let ranges = ranges(
            "# clouds\n198.51.0.0/16, cloud one\n198.51.100.0/24 VPN exits\n2001:db8::/32\n\n192.0.2.7\n",
        );
        assert_eq!(ranges.holding("198.51.9.1"), Some("cloud one"));
        assert_eq!(ranges.holding("198.51.100.9:443"), Some("VPN exits"));
        assert_eq!(ranges.holding("198.51.100.0/24"), Some("VPN exits"));
        assert_eq!(ranges.holding("::ffff:198.51.9.1"), Some("cloud one"));
        assert_eq!(ranges.holding("2001:db8:7::/48"), Some("list"));
        assert_eq!(ranges.holding("192.0.2.7"), Some("list"));
        // A block of which only a part is declared is not public as a whole.
        assert_eq!(ranges.holding("192.0.2.0/24"), None);
        assert_eq!(ranges.holding("198.50.0.1"), None);
        assert_eq!(ranges.holding("a3f5c1"), None);
    }

    #[test]
    fn published_json_is_read_as_it_is() {
        let ranges = ranges(
            r#"{"prefixes":[{"ip_prefix":"198.51.100.0/24","region":"x/y"}],"values":[{"addressPrefixes":["2001:db8::/40"]}]}"#,
        );
        assert_eq!(ranges.len(), 2);
        assert_eq!(ranges.holding("198.51.100.1"), Some("list"));
    }

    #[test]
    fn what_cannot_be_used_says_so() {
        for (text, part) in [
            ("", "no new range"),
            ("{", "not valid JSON"),
            ("{\"a\": 1}", "no new range"),
            ("198.51.100.0/24\n10.0.0.0/99\n", "line 2: `10.0.0.0/99`"),
            ("0.0.0.0/0", "holds every address"),
        ] {
            let mut ranges = PublicRanges::default();
            let problem = ranges.add(text, "list").unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
