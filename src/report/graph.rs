//! `graph.graphml`: accounts, keys, templates and campaigns as a graph that Gephi and
//! networkx load.
//!
//! Only accounts of campaigns are nodes. An account stands beside the keys and templates
//! that findings link it by, and every account, key and template beside its campaigns.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::model::case::Case;
use crate::report::escape;
use crate::report::indicators::{Indicator, TEMPLATE_KIND, indicators};
use crate::report::present::Presented;
use crate::report::tables::Sink;

/// File name in the case folder.
pub(crate) const GRAPH_FILE: &str = "graph.graphml";

/// Attributes of nodes and edges: id in the file, whose, name, type.
const ATTRIBUTES: &[(&str, &str, &str, &str)] = &[
    ("n0", "node", "label", "string"),
    ("n1", "node", "type", "string"),
    ("n2", "node", "kind", "string"),
    ("n3", "node", "verdict", "string"),
    ("n4", "node", "bits", "double"),
    ("n5", "node", "requests", "long"),
    ("e0", "edge", "relation", "string"),
    ("e1", "edge", "weight", "double"),
];

/// Smallest weight of an edge; layouts ignore or refuse edges of weight nought.
const LEAST_WEIGHT: f64 = 0.01;

/// Writes `graph.graphml`.
pub(crate) fn write_graph(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut file = GraphFile::begin(sink)?;
    let case = &presented.case;
    let nodes = Nodes::of(case);
    nodes.write(case, &mut file)?;
    edges(case, &nodes, &mut file)?;
    file.end()
}

/// The nodes by what they stand for; their numbers are their places in the file.
struct Nodes<'a> {
    accounts: BTreeMap<&'a str, usize>,
    keys: Vec<Indicator<'a>>,
}

impl<'a> Nodes<'a> {
    fn of(case: &'a Case) -> Self {
        let ids: BTreeSet<&str> = case
            .campaigns
            .iter()
            .flat_map(|campaign| &campaign.members)
            .map(|member| member.account_id.as_str())
            .collect();
        Nodes {
            accounts: ids.into_iter().zip(0..).collect(),
            keys: indicators(case),
        }
    }

    fn write(&self, case: &Case, file: &mut GraphFile<'_>) -> Result<()> {
        for (number, campaign) in case.campaigns.iter().enumerate() {
            file.node(
                &format!("campaign{number}"),
                &[
                    ("n0", campaign.id.as_str()),
                    ("n1", "campaign"),
                    ("n3", campaign.verdict.name()),
                    ("n4", &campaign.bits.to_string()),
                    ("n5", &campaign.requests.to_string()),
                ],
            )?;
        }
        // an account of several campaigns shows its strongest membership
        let mut strongest = BTreeMap::new();
        for campaign in &case.campaigns {
            for member in &campaign.members {
                let entry = strongest.entry(member.account_id.as_str()).or_insert((
                    campaign.verdict,
                    member.bits,
                    member.requests,
                ));
                if (campaign.verdict, member.bits) > (entry.0, entry.1) {
                    *entry = (campaign.verdict, member.bits, member.requests);
                }
            }
        }
        for (id, (verdict, bits, requests)) in strongest {
            let number = self.accounts.get(id).copied().unwrap_or_default();
            file.node(
                &format!("account{number}"),
                &[
                    ("n0", id),
                    ("n1", "account"),
                    ("n3", verdict.name()),
                    ("n4", &bits.to_string()),
                    ("n5", &requests.to_string()),
                ],
            )?;
        }
        for (number, key) in self.keys.iter().enumerate() {
            let node_type = if key.kind == TEMPLATE_KIND {
                "template"
            } else {
                "key"
            };
            let bits = key.bits.map(|bits| bits.to_string());
            let mut values = vec![
                ("n0", key.value),
                ("n1", node_type),
                ("n2", key.kind),
                ("n3", key.verdict.name()),
            ];
            values.extend(bits.as_deref().map(|bits| ("n4", bits)));
            file.node(&format!("key{number}"), &values)?;
        }
        Ok(())
    }
}

fn edges(case: &Case, nodes: &Nodes<'_>, file: &mut GraphFile<'_>) -> Result<()> {
    for (number, campaign) in case.campaigns.iter().enumerate() {
        for member in &campaign.members {
            if let Some(account) = nodes.accounts.get(member.account_id.as_str()) {
                file.edge(
                    &format!("account{account}"),
                    &format!("campaign{number}"),
                    "member of",
                    member.bits,
                )?;
            }
        }
    }
    let campaign_numbers: BTreeMap<&str, usize> = case
        .campaigns
        .iter()
        .enumerate()
        .map(|(number, campaign)| (campaign.id.as_str(), number))
        .collect();
    for (number, key) in nodes.keys.iter().enumerate() {
        let own = format!("key{number}");
        for campaign in &key.campaigns {
            if let Some(campaign) = campaign_numbers.get(campaign.id.as_str()) {
                file.edge(
                    &own,
                    &format!("campaign{campaign}"),
                    "evidence for",
                    key.bits.unwrap_or_default(),
                )?;
            }
        }
        // the strongest finding that links an account by this key
        let mut linked: BTreeMap<usize, f64> = BTreeMap::new();
        for finding in &key.findings {
            for account in &finding.accounts {
                if let Some(account) = nodes.accounts.get(account.as_str()) {
                    let bits = linked.entry(*account).or_insert(finding.bits);
                    *bits = bits.max(finding.bits);
                }
            }
        }
        for (account, bits) in linked {
            file.edge(&format!("account{account}"), &own, "linked by", bits)?;
        }
    }
    Ok(())
}

/// The XML around nodes and edges.
struct GraphFile<'a> {
    writer: Writer<Sink<'a>>,
    edges: u64,
}

impl<'a> GraphFile<'a> {
    fn begin(sink: Sink<'a>) -> Result<Self> {
        let mut writer = Writer::new_with_indent(sink, b' ', 1);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut root = BytesStart::new("graphml");
        root.push_attribute(("xmlns", "http://graphml.graphdrawing.org/xmlns"));
        writer.write_event(Event::Start(root))?;
        for (id, whose, name, value_type) in ATTRIBUTES {
            writer
                .create_element("key")
                .with_attribute(("id", *id))
                .with_attribute(("for", *whose))
                .with_attribute(("attr.name", *name))
                .with_attribute(("attr.type", *value_type))
                .write_empty()?;
        }
        let mut graph = BytesStart::new("graph");
        graph.push_attribute(("id", "case"));
        graph.push_attribute(("edgedefault", "undirected"));
        writer.write_event(Event::Start(graph))?;
        Ok(GraphFile { writer, edges: 0 })
    }

    fn node(&mut self, id: &str, values: &[(&str, &str)]) -> Result<()> {
        let mut node = BytesStart::new("node");
        node.push_attribute(("id", id));
        self.element(node, values)
    }

    fn edge(&mut self, from: &str, to: &str, relation: &str, weight: f64) -> Result<()> {
        let mut edge = BytesStart::new("edge");
        let id = format!("edge{}", self.edges);
        edge.push_attribute(("id", id.as_str()));
        edge.push_attribute(("source", from));
        edge.push_attribute(("target", to));
        self.edges += 1;
        let weight = weight.max(LEAST_WEIGHT).to_string();
        self.element(edge, &[("e0", relation), ("e1", &weight)])
    }

    fn element(&mut self, start: BytesStart<'_>, values: &[(&str, &str)]) -> Result<()> {
        let end = start.to_end().into_owned();
        self.writer.write_event(Event::Start(start))?;
        for (key, value) in values {
            self.writer
                .create_element("data")
                .with_attribute(("key", *key))
                .write_text_content(BytesText::new(&escape::xml(value)))?;
        }
        self.writer.write_event(Event::End(end))?;
        Ok(())
    }

    fn end(mut self) -> Result<()> {
        self.writer
            .write_event(Event::End(BytesEnd::new("graph")))?;
        self.writer
            .write_event(Event::End(BytesEnd::new("graphml")))?;
        let sink = self.writer.into_inner();
        sink.write_all(b"\n")?;
        Ok(())
    }
}
