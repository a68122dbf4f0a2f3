//! The address of a log that a balancer may stand before: that of the peer, or of a header.

use std::net::IpAddr;

use anyhow::Result;

use crate::load::look::first_texts;
use crate::load::matching::Matched;
use crate::load::plan::PlannedFile;
use crate::model::column::RequestColumn;

/// Characters of an address that are looked at: more than any has.
const LONGEST_ADDRESS: usize = 64;

/// Takes the source `forwarded`, a header that the client writes, only where the addresses of the
/// peers are mostly of the network's own or there are none; says so then.
pub(crate) fn choose(
    file: &mut PlannedFile,
    forwarded: &str,
    records: usize,
    limit_bytes: u64,
) -> Result<Option<String>> {
    let index = RequestColumn::Ip.index();
    let Some(planned) = file
        .columns
        .get_mut(index)
        .filter(|planned| planned.matched == Matched::Export)
    else {
        return Ok(None);
    };
    let (header, peers): (Vec<String>, Vec<String>) = std::mem::take(&mut planned.sources)
        .into_iter()
        .partition(|source| source == forwarded);
    planned.sources.clone_from(&peers);
    let texts = if peers.is_empty() {
        Vec::new()
    } else {
        first_texts(file, index, records, LONGEST_ADDRESS, limit_bytes)?
    };
    let inside = texts.iter().filter(|text| is_inside(text)).count();
    let takes_header = !header.is_empty() && inside * 2 >= texts.len();
    if takes_header && let Some(planned) = file.columns.get_mut(index) {
        planned.sources = [header, peers].concat();
    }
    Ok(takes_header.then(|| {
        format!("`ip` is read from `{forwarded}`, which the client writes and may forge: the peers' addresses are those of the network itself")
    }))
}

/// Whether an address is of no public network.
fn is_inside(text: &str) -> bool {
    text.parse().is_ok_and(|address| match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    })
}
