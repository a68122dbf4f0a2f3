//! The account table of a campaign: its first rows as markup, which any reader can show and
//! print, and all rows as data for the script that sorts, filters and pages them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::campaign::{Campaign, Member, Role};
use crate::model::finding::Family;
use crate::report::escape::{script_data, visible};
use crate::report::view::Cut;

/// Rows shown at a time, with and without the script.
pub(crate) const ROWS_AT_A_TIME: usize = 200;
/// Rows in the markup of a whole page, and of a campaign once the page is full.
const MARKUP_ROWS_PER_PAGE: usize = 3000;
const MARKUP_ROWS_AT_LEAST: usize = 10;
/// Rows in the data of a whole page: about 80 bytes each, so that a page stays a few MB.
const DATA_ROWS_PER_PAGE: usize = 50_000;
/// Largest whole number that a script reads exactly (2^53 - 1, ECMA-262).
const LARGEST_EXACT: u64 = 9_007_199_254_740_991;

/// One account.
#[derive(Debug, Serialize)]
struct MemberRow<'a> {
    account_id: &'a str,
    role: &'static str,
    bits: f64,
    by_family: Vec<Option<f64>>,
    requests: u64,
    campaign_requests: u64,
    first_us: i64,
    last_us: i64,
}

/// The table.
#[derive(Debug, Serialize)]
pub(crate) struct AccountTable<'a> {
    families: Vec<&'static str>,
    /// Roles that occur, in canonical order.
    roles: Vec<&'static str>,
    members: Cut<MemberRow<'a>>,
    /// Accounts in the data.
    data_rows: u64,
    /// JSON that is safe inside a script element.
    data: String,
}

/// How much room the page has left.
#[derive(Debug)]
pub(crate) struct Room {
    markup: usize,
    data: usize,
}

impl Room {
    /// An empty page.
    pub(crate) fn new() -> Room {
        Room {
            markup: MARKUP_ROWS_PER_PAGE,
            data: DATA_ROWS_PER_PAGE,
        }
    }
}

/// The table of a campaign, within the room that is left.
pub(crate) fn account_table<'a>(campaign: &'a Campaign, room: &mut Room) -> AccountTable<'a> {
    let families = families(campaign);
    let roles = roles(campaign);
    let markup = ROWS_AT_A_TIME.min(room.markup).max(MARKUP_ROWS_AT_LEAST);
    room.markup = room
        .markup
        .saturating_sub(campaign.members.len().min(markup));
    let data = campaign
        .members
        .get(..room.data)
        .unwrap_or(&campaign.members);
    room.data -= data.len();
    AccountTable {
        members: Cut::first(
            markup,
            campaign
                .members
                .iter()
                .map(|member| member_row(member, &families)),
        ),
        data_rows: data.len() as u64,
        data: table_data(data, &families, &roles),
        roles: roles.iter().map(|role| role.name()).collect(),
        families: families.iter().map(|family| family.name()).collect(),
    }
}

/// Families that at least one account has evidence of, in canonical order.
fn families(campaign: &Campaign) -> Vec<Family> {
    let carried = |family: &Family| {
        campaign
            .members
            .iter()
            .any(|member| member.bits_by_family.contains_key(family))
    };
    Family::ALL.into_iter().filter(carried).collect()
}

/// Roles that at least one account has, in canonical order.
fn roles(campaign: &Campaign) -> Vec<Role> {
    let mut roles: Vec<Role> = campaign.members.iter().map(|member| member.role).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn member_row<'a>(member: &'a Member, families: &[Family]) -> MemberRow<'a> {
    MemberRow {
        account_id: &member.account_id,
        role: member.role.name(),
        bits: member.bits,
        by_family: families
            .iter()
            .map(|family| member.bits_by_family.get(family).copied())
            .collect(),
        requests: member.requests,
        campaign_requests: member.campaign_requests,
        first_us: member.first_us,
        last_us: member.last_us,
    }
}

/// Column by column, since equal names in every row would double the size. Times are whole
/// seconds after `base`, roles positions in `roles`; account ids have their hidden characters
/// written out.
fn table_data(members: &[Member], families: &[Family], roles: &[Role]) -> String {
    let seconds = |timestamp_us: i64| timestamp_us.div_euclid(1_000_000);
    let base = members
        .iter()
        .map(|member| seconds(member.first_us))
        .min()
        .unwrap_or(0);
    let column =
        |value: &dyn Fn(&Member) -> Value| -> Value { members.iter().map(value).collect() };
    let mut columns = BTreeMap::new();
    columns.insert(
        "account",
        column(&|member| visible(&member.account_id).into()),
    );
    columns.insert(
        "role",
        column(&|member| roles.iter().position(|role| *role == member.role).into()),
    );
    columns.insert("bits", column(&|member| exact(member.bits)));
    columns.insert("requests", column(&|member| whole(member.requests)));
    columns.insert("inside", column(&|member| whole(member.campaign_requests)));
    columns.insert(
        "first",
        column(&|member| seconds(member.first_us).saturating_sub(base).into()),
    );
    columns.insert(
        "last",
        column(&|member| seconds(member.last_us).saturating_sub(base).into()),
    );
    let by_family: Value = families
        .iter()
        .map(|family| {
            column(&|member| {
                member
                    .bits_by_family
                    .get(family)
                    .map_or(Value::Null, |bits| exact(*bits))
            })
        })
        .collect();
    columns.insert("families", by_family);
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    let data = json!({ "base": base, "page": ROWS_AT_A_TIME, "roles": names, "columns": columns });
    script_data(&data.to_string())
}

/// Bits without a needless `.0`.
fn exact(bits: f64) -> Value {
    let rounded = bits.round();
    if (bits - rounded).abs() < f64::EPSILON && rounded.abs() < 1e9 {
        return Value::from(rounded as i64);
    }
    Value::from(bits)
}

/// A count; as text where a script would round it.
fn whole(number: u64) -> Value {
    if number > LARGEST_EXACT {
        Value::from(number.to_string())
    } else {
        Value::from(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::options::Quote;
    use crate::report::present::present;
    use crate::report::sample;

    #[test]
    fn the_data_hold_every_member_exactly() {
        let tables = sample::three_campaigns();
        let case = present(&tables, Quote::Masked).case;
        let campaign = &case.campaigns[0];
        let table = account_table(campaign, &mut Room::new());
        let data: Value = serde_json::from_str(&table.data).unwrap();
        let base = data["base"].as_i64().unwrap();
        let columns = &data["columns"];
        for (row, member) in campaign.members.iter().enumerate() {
            assert_eq!(columns["account"][row], member.account_id);
            assert_eq!(columns["bits"][row].as_f64(), Some(member.bits));
            let role = columns["role"][row].as_u64().unwrap() as usize;
            assert_eq!(data["roles"][role], member.role.name());
            assert_eq!(columns["requests"][row], member.requests);
            assert_eq!(columns["inside"][row], member.campaign_requests);
            for (name, time) in [("first", member.first_us), ("last", member.last_us)] {
                let seconds = columns[name][row].as_i64().unwrap() + base;
                assert_eq!(seconds, time.div_euclid(1_000_000));
            }
            for (position, family) in families(campaign).iter().enumerate() {
                assert_eq!(
                    columns["families"][position][row].as_f64(),
                    member.bits_by_family.get(family).copied()
                );
            }
        }
    }

    #[test]
    fn the_page_has_an_end() {
        let tables = sample::three_campaigns();
        let campaign = &tables.case.campaigns[0];
        let mut room = Room {
            markup: 0,
            data: 30,
        };
        let table = account_table(campaign, &mut room);
        assert_eq!(table.data_rows, 30);
        assert_eq!(table.members.rows.len(), MARKUP_ROWS_AT_LEAST);
        let table = account_table(campaign, &mut room);
        assert_eq!(table.data_rows, 0);
    }

    #[test]
    fn hostile_ids_and_odd_numbers_stay_inside_the_data() {
        let tables = sample::hostile();
        let mut campaign = tables.case.campaigns[0].clone();
        campaign.members[0].requests = u64::MAX;
        campaign.members[0].first_us = i64::MIN;
        campaign.members[0].last_us = i64::MAX;
        let table = account_table(&campaign, &mut Room::new());
        assert!(!table.data.contains(['<', '>', '&']));
        let data: Value = serde_json::from_str(&table.data).unwrap();
        assert_eq!(
            data["columns"]["account"][0].as_str().unwrap(),
            visible(&campaign.members[0].account_id)
        );
        assert_eq!(data["columns"]["requests"][0], "18446744073709551615");
    }
}
