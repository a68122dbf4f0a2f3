//! STIX identifiers that are the same for the same case.

use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

/// Namespace of the objects that stillhunt makes: a version 5 UUID must not be made in the
/// namespace of STIX for them (STIX 2.1, section 2.9). It is the version 5 UUID of
/// `stillhunt` in the namespace of nothing (all zeros), as the test below says.
const OURS: Uuid = Uuid::from_u128(0x62cc_0b6c_d6d8_5cb3_ac65_981c_b00b_982d);

/// Namespace of STIX cyber-observable objects (STIX 2.1, section 2.9).
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// Version 5 UUID (RFC 9562, section 5.5).
fn version_5(namespace: Uuid, name: &str) -> Uuid {
    let hash = Sha1::new()
        .chain_update(namespace.as_bytes())
        .chain_update(name.as_bytes())
        .finalize();
    let mut bytes = [0_u8; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash) {
        *byte = hashed;
    }
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// Identifier of an object of ours. The parts are joined so that no two lists of parts agree.
pub(crate) fn ours(object_type: &str, parts: &[&str]) -> String {
    let mut name = object_type.to_owned();
    for part in parts {
        name.push_str(&format!("\u{1f}{}:{part}", part.len()));
    }
    format!("{object_type}--{}", version_5(OURS, &name))
}

/// Identifier of an observable whose only identifying property is its value: the name is the
/// canonical JSON of that property.
pub(crate) fn observable(object_type: &str, value: &str) -> String {
    let name = serde_json::json!({ "value": value }).to_string();
    format!("{object_type}--{}", version_5(OBSERVABLES, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_agree_with_published_ones() {
        // RFC 9562, appendix A.4
        let dns = Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8);
        assert_eq!(
            version_5(dns, "www.example.com").to_string(),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2"
        );
        assert_eq!(version_5(Uuid::nil(), "stillhunt"), OURS);
        // as OASIS' own library (python `stix2` 3.0) makes them
        assert_eq!(
            observable("ipv4-addr", "198.51.100.3"),
            "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
        );
        assert_eq!(
            observable("email-addr", "john@example.com"),
            "email-addr--7165e2a9-671f-585d-b1e1-ca59c671d934"
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            ours("campaign", &["a", "bc"]),
            ours("campaign", &["ab", "c"])
        );
        assert_ne!(ours("campaign", &["a"]), ours("indicator", &["a"]));
    }
}
