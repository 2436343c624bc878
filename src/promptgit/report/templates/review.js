"use strict";
// Draws the cases.  What models, cases and files say is set as text, never as HTML.
(() => {
  const PAGE = 40; // cases that are drawn at a time
  const PRINTED = 400; // and at most for a printer
  const LONG = 60000; // characters of two outputs beyond which words are not aligned
  const FLIPS = ["broke", "fixed", "unscored", "same", "not run"];
  const TITLES = { broke: "Broke", fixed: "Fixed", unscored: "Unscored", same: "Same", "not run": "Not run" };
  const SHAPES = { broke: "▼", fixed: "▲", unscored: "◆", same: "=", "not run": "○" };

  const byId = (id) => document.getElementById(id);
  const { gates, rows } = JSON.parse(byId("data").textContent);
  const hay = new Array(rows.length); // what is searched in, made when first needed
  const state = { flips: new Set(), text: "", gate: "", metric: "", tag: "" };
  const bottom = new IntersectionObserver((seen) => {
    if (seen.some((entry) => entry.isIntersecting) && drawn < matched.length) draw(PAGE);
  }, { rootMargin: "600px" });
  let matched = [];
  let drawn = 0;

  // --- text -------------------------------------------------------------------------------------

  function make(tag, name, ...children) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  // A text is a string, or [its beginning, how many characters were cut off].
  const start = (text) => (Array.isArray(text) ? text[0] : text || "");
  const plain = (text) => start(text).replaceAll(/\ue000([^\ue001]*)\ue001/g, "<$1>");

  // Nodes for a text; what is invisible comes as its name between two marks.
  function nodes(text) {
    const found = [];
    for (const [place, part] of start(text).split("\ue000").entries()) {
      const end = place ? part.indexOf("\ue001") : -1;
      if (end >= 0) found.push(make("span", "sign", part.slice(0, end)));
      if (part.length > end + 1) found.push(document.createTextNode(part.slice(end + 1)));
    }
    return found;
  }

  const short = (text) => [...nodes(text), Array.isArray(text) ? "…" : ""]; // where no note fits

  function note(text) {
    if (!Array.isArray(text)) return null;
    return make("span", "cut", `… cut: ${text[1].toLocaleString("en")} more characters`);
  }

  function brief(text) {
    return plain(start(text).slice(0, 400)).replaceAll(/\s+/g, " ").trim().slice(0, 200);
  }

  // --- words that differ ------------------------------------------------------------------------

  const tokens = (text) => text.match(/\ue000[^\ue001]*\ue001|\s+|[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]/gu) || [];

  // For two texts, runs of [kept in the other?, words], each; null where aligning takes too long.
  function aligned(before, after) {
    if (before.length + after.length > LONG) return null;
    const a = tokens(before), b = tokens(after);
    let head = 0, tail = 0;
    while (head < a.length && head < b.length && a[head] === b[head]) head++;
    while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
    const n = a.length - head - tail, m = b.length - head - tail;
    if (n * m > 4e6) return null;
    const kept = common(a.slice(head, head + n), b.slice(head, head + m));
    const keep = (count, inner) => (i) => i < head || i >= count - tail || inner[i - head];
    return [runs(a, keep(a.length, kept[0])), runs(b, keep(b.length, kept[1]))];
  }

  // Which words of each belong to the longest sequence that both have.
  function common(a, b) {
    const width = b.length + 1;
    const lengths = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        const at = i * width + j;
        lengths[at] = a[i] === b[j] ? lengths[at + width + 1] + 1 : Math.max(lengths[at + width], lengths[at + 1]);
      }
    }
    const inA = new Array(a.length).fill(false), inB = new Array(b.length).fill(false);
    for (let i = 0, j = 0; i < a.length && j < b.length; ) {
      if (a[i] === b[j]) inA[i++] = inB[j++] = true;
      else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) i++;
      else j++;
    }
    return [inA, inB];
  }

  function runs(words, kept) {
    const found = words.map((word, i) => [Boolean(kept(i)), word]).reduce(joined, []);
    // A blank between two changed words reads better as changed itself.
    const joins = ([same, word], i) => same && /^ +$/.test(word) && i > 0 && i < found.length - 1;
    return found.map((run, i) => (joins(run, i) ? [false, run[1]] : run)).reduce(joined, []);
  }

  function joined(kept, [same, words]) {
    if (kept.length && kept.at(-1)[0] === same) kept.at(-1)[1] += words;
    else kept.push([same, words]);
    return kept;
  }

  function marked(found, tag) {
    return found.flatMap(([same, words]) => (same ? nodes(words) : [make(tag, "", ...nodes(words))]));
  }

  // --- one case ---------------------------------------------------------------------------------

  const number = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits));

  // Two scores to three digits, or to as many as show that they differ; the rest is rounding.
  function toldApart(before, after) {
    for (let digits = 3; digits <= 9; digits++) {
      const shown = [number(before, digits), number(after, digits)];
      if (shown[0] !== shown[1]) return shown;
    }
    return [number(before), number(after)];
  }

  function scoreOf(side, metric) {
    if (!side) return null;
    if (!metric) return side.score ?? null;
    const found = (side.scores || []).find(([name]) => start(name) === metric);
    return found && side.score !== undefined ? found[1] : null;
  }

  // What became of a case: as the gate judged it, or by one metric.
  function flipOf(row, metric) {
    if (!metric || row.flip === "not run") return row.flip;
    const before = scoreOf(row.before, metric), after = scoreOf(row.after, metric);
    if (before === null || after === null) return "unscored";
    return after < before ? "broke" : after > before ? "fixed" : "same";
  }

  const outputOf = (row, side) => (row.alike ? row.before.output : side.output) || "";

  function why(side) {
    if (!side) return "";
    if (side.failure) return plain(side.failure);
    const lost = (side.scores || []).filter(([, value, said]) => value < 1 && start(said));
    return lost.map(([name, , said]) => `${plain(name)}: ${plain(said)}`).join("; ");
  }

  function caseItem(index) {
    const row = rows[index];
    const flip = flipOf(row, state.metric);
    const summary = make("summary", "");
    const [before, after] = toldApart(scoreOf(row.before, state.metric), scoreOf(row.after, state.metric));
    const said = why(flip === "fixed" ? row.before : row.after);
    const asked = (row.inputs || []).map(([, value]) => brief(value)).join(" · ");
    summary.append(
      make("span", "flip", `${SHAPES[flip]} ${flip}`),
      make("span", "id", ...short(row.id)),
      make("span", "move", row.flip === "not run" ? "" : `${before} → ${after}`),
      make(
        "span", "rest",
        make("span", "brief", said ? `${asked} — ${brief(said)}` : asked),
        make("span", "notes", ...notes(row)),
      ),
    );
    const details = make("details", "", summary);
    details.addEventListener("toggle", () => fill(details, row));
    const item = make("li", `case ${flip.replace(" ", "-")}`, details);
    item.dataset.index = index;
    if (flip === "broke") {
      fill(details, row, true);
      details.open = true;
    }
    return item;
  }

  function notes(row) {
    const marks = (row.marks || []).map((text) => make("span", "mark", ...short(text)));
    const flags = [...new Set([...(row.before?.flags || []), ...(row.after?.flags || [])].map(start))];
    const odd = flags.map((flag) => make("span", "mark", ...nodes(`${flag} answer`)));
    const tags = (row.tags || []).map((text) => make("span", "tag", ...short(text)));
    const where = gates.length > 1 ? [make("span", "tag", ...nodes(gateName(gates[row.gate])))] : [];
    return [...marks, ...odd, ...where, ...tags];
  }

  function fill(details, row, now = false) {
    if ((!details.open && !now) || details.children.length > 1) return;
    const body = make("div", "body"), fields = make("dl", "fields");
    for (const [name, value] of row.inputs || []) fields.append(...field(nodes(name), value));
    if (row.expected !== undefined) fields.append(...field(["expected"], row.expected));
    body.append(fields);
    if (row.before || row.after) body.append(sides(row));
    else body.append(make("p", "none", "Not run: the answer was known before this case's turn came."));
    details.append(body);
  }

  function field(name, value) {
    return [make("dt", "", ...name), make("dd", "", ...nodes(value), note(value))];
  }

  function sides(row) {
    const texts = [row.before, row.after].map((side) => (side ? outputOf(row, side) : ""));
    const both = row.before && row.after && !row.alike ? aligned(start(texts[0]), start(texts[1])) : null;
    const shown = texts.map((text, i) => (both ? marked(both[i], i ? "ins" : "del") : nodes(text)));
    return make(
      "div", "sides",
      side(row, 0, texts[0], shown[0], ""),
      side(row, 1, texts[1], shown[1], row.alike ? "the same output" : ""),
    );
  }

  function side(row, place, text, shown, remark) {
    const name = ["base", "head"][place], found = [row.before, row.after][place];
    const valueOf = (side, metric) => (side?.scores || []).find(([name]) => start(name) === metric)?.[1];
    const told = (of) => toldApart(of(row.before), of(row.after))[place];
    const label = make("p", "label", make("strong", "", name));
    const section = make("section", "", label);
    section.setAttribute("aria-label", `Output of ${name}`);
    if (!found) {
      section.append(make("p", "none", "not run"));
      return section;
    }
    label.append(make("span", "", `score ${told((side) => side?.score)}`));
    if (found.repeats) label.append(make("span", "", `mean of ${found.repeats}, ± ${number(found.wobble ?? 0)}`));
    if (remark) label.append(make("span", "", remark));
    const empty = start(text) ? null : make("span", "none", found.failure ? "no output" : "the empty output");
    const output = make("div", "output", ...shown, note(text), empty);
    output.tabIndex = 0;
    section.append(output);
    if (found.failure) section.append(make("p", "why failure", ...nodes(found.failure), note(found.failure)));
    for (const [metric, , said] of found.scores || []) {
      const name = make("b", "", ...nodes(metric));
      const value = make("span", "value-of", ` ${told((side) => valueOf(side, start(metric)))} `);
      const line = make("p", "why", name, value, ...nodes(said), note(said));
      section.append(line);
    }
    return section;
  }

  // --- which cases ------------------------------------------------------------------------------

  function searched(index) {
    if (hay[index] === undefined) {
      const row = rows[index];
      const parts = [row.id, row.expected, ...(row.inputs || []).flat(), ...(row.tags || []), ...(row.marks || [])];
      for (const side of [row.before, row.after]) {
        if (side) parts.push(side.output, side.failure, ...(side.scores || []).flatMap(([name, , said]) => [name, said]));
      }
      hay[index] = parts.map(plain).join("\n").toLowerCase();
    }
    return hay[index];
  }

  function fits(index, words) {
    const row = rows[index];
    if (state.gate && String(row.gate) !== state.gate) return false;
    if (state.metric && !gates[row.gate].metrics.includes(state.metric)) return false;
    if (state.tag && !(row.tags || []).some((tag) => start(tag) === state.tag)) return false;
    return words.every((word) => searched(index).includes(word));
  }

  function select() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const counts = Object.fromEntries(FLIPS.map((flip) => [flip, 0]));
    const piles = Object.fromEntries(FLIPS.map((flip) => [flip, []]));
    for (let index = 0; index < rows.length; index++) {
      if (!fits(index, words)) continue;
      const flip = flipOf(rows[index], state.metric);
      counts[flip]++;
      if (!state.flips.size || state.flips.has(flip)) piles[flip].push(index);
    }
    matched = FLIPS.flatMap((flip) => piles[flip]);
    for (const button of document.querySelectorAll(".flips button")) {
      button.setAttribute("aria-pressed", state.flips.has(button.dataset.flip));
      button.lastChild.textContent = counts[button.dataset.flip].toLocaleString("en");
    }
    const total = `${rows.length.toLocaleString("en")} case${rows.length === 1 ? "" : "s"}`;
    const all = matched.length === rows.length;
    byId("count").textContent = all ? total : `${matched.length.toLocaleString("en")} of ${total}`;
    byId("list").replaceChildren();
    drawn = 0;
    draw(PAGE);
  }

  function draw(count) {
    for (const index of matched.slice(drawn, drawn + count)) pile(flipOf(rows[index], state.metric)).append(caseItem(index));
    drawn = Math.min(matched.length, drawn + count);
    const left = matched.length - drawn;
    const button = byId("more").firstChild;
    button.hidden = left === 0;
    button.textContent = `Show more, ${left.toLocaleString("en")} left`;
    bottom.disconnect(); // observed anew, it tells again where the end is still in sight
    if (left) bottom.observe(byId("more"));
    if (!matched.length) byId("list").replaceChildren(make("p", "none", rows.length ? "No case is like that." : "There is no case."));
  }

  function pile(flip) {
    const last = byId("list").lastElementChild;
    if (last?.dataset.flip === flip) return last.lastChild;
    const section = make("section", "", make("h3", "", TITLES[flip]), make("ol", ""));
    section.dataset.flip = flip;
    byId("list").append(section);
    return section.lastChild;
  }

  // --- the filter, and the address that keeps it -------------------------------------------------

  const gateName = (gate) => (gate.rules ? `${plain(gate.path)}, ${gate.rules.toLowerCase()}` : plain(gate.path));

  function options(select, first, pairs) {
    select.append(new Option(first, ""), ...pairs.map(([value, text]) => new Option(text, value)));
    select.parentElement.hidden = pairs.length < (select.id === "gate" ? 2 : 1);
  }

  function readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    state.flips = new Set((asked.get("flip") || "").split(",").filter((flip) => FLIPS.includes(flip)));
    state.text = asked.get("text") || "";
    for (const name of ["gate", "metric", "tag"]) {
      const wanted = asked.get(name) || "";
      state[name] = [...byId(name).options].some((option) => option.value === wanted) ? wanted : "";
    }
  }

  function writeAddress() {
    const kept = new URLSearchParams();
    if (state.flips.size) kept.set("flip", [...state.flips].join(","));
    for (const name of ["text", "gate", "metric", "tag"]) if (state[name]) kept.set(name, state[name]);
    history.replaceState(null, "", kept.size ? `#${kept}` : `${location.pathname}${location.search}`);
  }

  function showState() {
    byId("text").value = state.text;
    for (const name of ["gate", "metric", "tag"]) byId(name).value = state[name];
  }

  function changed() {
    writeAddress();
    select();
  }

  function setUp() {
    for (const flip of FLIPS) {
      const button = make("button", "", `${SHAPES[flip]} ${flip}`, make("b", "", "0"));
      button.type = "button";
      button.dataset.flip = flip;
      button.addEventListener("click", () => {
        if (!state.flips.delete(flip)) state.flips.add(flip);
        changed();
      });
      document.querySelector(".flips").append(button);
    }
    const tags = [...new Set(rows.flatMap((row) => (row.tags || []).map(start)))].sort();
    const metrics = [...new Set(gates.flatMap((gate) => gate.metrics))];
    options(byId("gate"), "all", gates.map((gate, i) => [String(i), gateName(gate)]));
    options(byId("metric"), "score", metrics.map((name) => [name, plain(name)]));
    options(byId("tag"), "any", tags.map((tag) => [tag, plain(tag)]));
    let waiting = 0;
    byId("text").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        state.text = byId("text").value;
        changed();
      }, 120);
    });
    for (const name of ["gate", "metric", "tag"]) {
      byId(name).addEventListener("change", () => {
        state[name] = byId(name).value;
        changed();
      });
    }
    byId("clear").addEventListener("click", () => {
      Object.assign(state, { flips: new Set(), text: "", gate: "", metric: "", tag: "" });
      showState();
      changed();
    });
    byId("open-all").addEventListener("click", () => openAll(true));
    byId("close-all").addEventListener("click", () => openAll(false));
    byId("more").firstChild.addEventListener("click", () => draw(PAGE));
    byId("filter").addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", () => {
      if (!location.hash.includes("=")) return; // a place on the page, not a filter
      readAddress();
      showState();
      select();
    });
    addEventListener("beforeprint", () => draw(Math.max(0, PRINTED - drawn)));
    addEventListener("keydown", pressed);
    byId("filter").hidden = false;
  }

  function openAll(open) {
    for (const details of document.querySelectorAll(".case > details")) details.open = open;
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      byId("text").focus();
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      step(event.key === "j" ? 1 : -1);
    }
  }

  // Move the focus to the next or the previous case, drawing more where the list ends.
  function step(by) {
    const here = document.activeElement?.closest(".case");
    if (here && by > 0 && here === [...document.querySelectorAll(".case")].at(-1)) draw(PAGE);
    const items = [...document.querySelectorAll(".case")];
    const at = here ? items.indexOf(here) + by : by > 0 ? 0 : -1;
    items[at]?.querySelector("summary").focus();
    items[at]?.scrollIntoView({ block: "nearest" });
  }

  setUp();
  readAddress();
  showState();
  select();
})();
