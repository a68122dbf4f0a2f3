"use strict";
// Sorts, filters and pages the account tables. Without it the first rows stay as they are.
// Everything from the case goes through textContent; nothing is ever parsed as markup.
(() => {
  const thousands = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  const bits = (value) => (value === null ? "\u2013" : value.toFixed(2));
  const EARLIEST = -62167219200; // 0000-01-01
  const LATEST = 253402300799; // 9999-12-31
  const second = (value) =>
    value < EARLIEST || value > LATEST
      ? `${value}s`
      : new Date(value * 1000).toISOString().slice(0, 19).replace("T", " ");

  function columnsOf(data) {
    const { account, role, bits: total, families, requests, inside, first, last } = data.columns;
    const column = (values, show, style) => ({ values, show, style, text: values === account });
    const named = (value) => data.roles[value] ?? "";
    const time = (value) => second(value + data.base);
    return [
      column(account, String, "id"),
      column(role, named, "role"),
      column(total, bits, "n total"),
      ...families.map((values) => column(values, bits, "n")),
      column(requests, thousands, "n"),
      column(inside, thousands, "n"),
      column(first, time, "when"),
      column(last, time, "when"),
    ];
  }

  function comparison(column, descending) {
    const { values } = column;
    const sign = descending ? -1 : 1;
    return (a, b) => {
      let left = values[a];
      let right = values[b];
      // accounts without a value come last in both directions
      if (left === null || right === null) {
        return (left === null) - (right === null) || a - b;
      }
      if (!column.text) {
        left = Number(left);
        right = Number(right);
      }
      if (left === right) return a - b;
      return left < right ? -sign : sign;
    };
  }

  function enhance(block) {
    const data = JSON.parse(block.querySelector("script").textContent);
    const columns = columnsOf(data);
    const size = columns[0].values.length;
    if (size === 0) return;
    const folded = columns[0].values.map((id) => id.toLowerCase());
    const body = block.querySelector("tbody");
    const heads = [...block.querySelectorAll("thead th")];
    const tools = block.querySelector(".tools");
    const find = tools.querySelector("input");
    const [family, role] = tools.querySelectorAll("select");
    const status = tools.querySelector("[role=status]");
    const [back, forth] = tools.querySelectorAll("button");
    const everyone = Array.from({ length: size }, (_, index) => index);
    let order = everyone;
    let shown = everyone;
    let page = 0;
    let sorted = { head: heads[2], descending: true };

    function draw() {
      const pages = Math.max(1, Math.ceil(shown.length / data.page));
      page = Math.min(page, pages - 1);
      const from = page * data.page;
      const rows = shown.slice(from, from + data.page).map((index) => {
        const row = document.createElement("tr");
        for (const column of columns) {
          const cell = document.createElement("td");
          cell.className = column.style;
          cell.textContent = column.show(column.values[index]);
          row.append(cell);
        }
        return row;
      });
      body.replaceChildren(...rows);
      const of = shown.length === size ? "" : ` that match, of ${thousands(size)}`;
      status.textContent =
        shown.length === 0
          ? `No account matches, of ${thousands(size)}.`
          : `${thousands(from + 1)} to ${thousands(from + rows.length)} of ${thousands(shown.length)} accounts${of}.`;
      back.disabled = page === 0;
      forth.disabled = page === pages - 1;
    }

    function filter() {
      const wanted = find.value.trim().toLowerCase();
      const carried = family.value === "" ? null : columns[3 + Number(family.value)].values;
      const played = role.value === "" ? null : Number(role.value);
      shown = order.filter(
        (index) =>
          (wanted === "" || folded[index].includes(wanted)) &&
          (carried === null || carried[index] !== null) &&
          (played === null || columns[1].values[index] === played),
      );
      page = 0;
      draw();
    }

    function sort(head) {
      const column = columns[heads.indexOf(head)];
      // the first look: names and times upwards, numbers downwards
      const first = column.style.startsWith("n");
      const descending = sorted.head === head ? !sorted.descending : first;
      sorted = { head, descending };
      order = everyone.slice().sort(comparison(column, descending));
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      filter();
    }

    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(head));
      head.append(button);
    }
    find.addEventListener("input", filter);
    family.addEventListener("change", filter);
    role.addEventListener("change", filter);
    const turn = (step) => {
      page += step;
      draw();
    };
    back.addEventListener("click", () => turn(-1));
    forth.addEventListener("click", () => turn(1));
    tools.hidden = false;
    const cut = block.querySelector(".cut");
    // on paper the note stays: a printed page holds the rows shown, no more
    if (cut && size === Number(cut.dataset.total)) cut.hidden = true;
    draw();
  }

  for (const block of document.querySelectorAll("div.accounts")) enhance(block);
})();
