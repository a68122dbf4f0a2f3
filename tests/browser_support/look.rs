//! What a page shows, and what it should show.

use serde_json::{Value, json};

use super::Browser;

/// Texts of the account table's rows as shown: one list of cells for each row.
pub fn rows(browser: &mut Browser) -> Vec<Vec<String>> {
    let cells = browser.evaluate(
        "[...document.querySelectorAll('#accounts-1 tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))",
    );
    serde_json::from_value(cells).unwrap()
}

pub fn text(browser: &mut Browser, selector: &str) -> String {
    let selector = json!(selector);
    let text = browser.evaluate(&format!("document.querySelector({selector}).textContent"));
    text.as_str().unwrap().to_owned()
}

pub fn second(microseconds: &Value) -> String {
    chrono::DateTime::from_timestamp_micros(microseconds.as_i64().unwrap())
        .unwrap()
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

pub fn grouped(number: &Value) -> String {
    stillhunt::report::format::count(number.as_u64().unwrap())
}

/// The cells of a member as `case.json` has it.
pub fn cells_of(member: &Value, families: &[String]) -> Vec<String> {
    let bits = |value: &Value| {
        value
            .as_f64()
            .map_or_else(|| "\u{2013}".to_owned(), |bits| format!("{bits:.2}"))
    };
    let mut cells = vec![
        member["account_id"].as_str().unwrap().to_owned(),
        member["role"].as_str().unwrap().to_owned(),
        bits(&member["bits"]),
    ];
    cells.extend(
        families
            .iter()
            .map(|family| bits(&member["bits_by_family"][family])),
    );
    cells.push(grouped(&member["requests"]));
    cells.push(grouped(&member["campaign_requests"]));
    cells.push(second(&member["first_us"]));
    cells.push(second(&member["last_us"]));
    cells
}

/// Families in the head of the account table.
pub fn families(browser: &mut Browser) -> Vec<String> {
    let names = browser.evaluate(
        "[...document.querySelectorAll('#accounts-1 thead th')].map((head) => head.textContent).slice(3, -4)",
    );
    serde_json::from_value(names).unwrap()
}

/// The elements that reach over the right edge of the page and are not inside a part that
/// scrolls in itself.
pub const STICKING_OUT: &str = "[...document.querySelectorAll('body *')]
    .filter((element) => !element.closest('.scroll, .wide, .skip, .quiet, script, defs'))
    .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map((element) => `${element.localName}.${element.className}: ${element.textContent.slice(0, 60)}`)";

/// Texts whose contrast to what stands behind them is below 4.5.
pub const CONTRAST: &str = r"(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = (colour) => {
    const [r, g, b] = [...colour].slice(0, 3).map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba('Canvas');
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest('svg, script, :disabled')) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${element.localName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(faint)];
})()";
