// Under and beside the pictures: the two prompts with the words that differ, the facts that do, and the layouts' list.

function drawCaptions(v) {
  const held = v.captions.contains(activeIn(v.captions)) ? activeIn(v.captions).dataset.step : null;
  const caps = SIDES.filter((side) => v.cell(side)).map((side) => caption(v, side));
  v.captions.replaceChildren(...caps);
  v.captions.dataset.n = caps.length;
  syncSteps(v);
  if (held) (v.captions.querySelector(`[data-step="${held}"]`) ?? v.dialog).focus();
}

function caption(v, side) {
  const cell = v.cell(side);
  const row = v.model.row(cell);
  const heads = v.model.heads(cell);
  const words = el("p", { class: "cmp-prompt", dir: "auto" });
  const other = v.cell(side === "a" ? "b" : "a");
  if (!row.prompt || row.hidden) words.append(el("span", { class: "cmp-quiet", text: "Prompt not shown" }));
  else words.append(...ownWords(v, side, row, other ? v.model.row(other) : row));
  const only = [...words.querySelectorAll(".cmp-word")].length ? onlySays(v, row, other ? v.model.row(other) : row) : "";
  if (only) words.append(heard(only));
  const several = [v.model.columns.length > 1, v.model.rows.length > 1];
  const steps = [several[0] && "left", several[0] && "right", several[1] && "up", several[1] && "down"].filter(Boolean);
  return el("section", { class: "cmp-cap cmp-cap-" + side, "aria-label": SIDE_NAMES[side] + " picture" },
    el("div", { class: "cmp-capline" },
      el("span", { class: "cmp-letter", text: row.name }),
      el("span", { class: "cmp-capheads" }, el("span", { class: "cmp-sidename", text: SIDE_NAMES[side] }), heads.length ? " " + heads.join(" · ") : null),
      cell.label ? el("span", { class: "cmp-badge", text: cell.label }) : null,
      side === "c" ? iconButton("close", "Unpin the third picture", { onclick: () => togglePin(v) })
        : el("span", { class: "cmp-steps" }, ...steps.map((way) => stepper(v, side, way)))),
    words);
}

const onlySays = (v, mine, theirs) => {
  const own = diffOf(v.model.data, mine, theirs).filter(([mark, text]) => mark === "-" && text.trim()).map(([, text]) => `“${text.trim()}”`);
  return own.length ? ` Only here: ${own.join(", ")}.` : "";
};

// This side's prompt; the words the other side has not are marked, one element each, so that each can point at its region.
function ownWords(v, side, mine, theirs) {
  const segments = diffOf(v.model.data, mine, theirs).filter(([mark, text]) => mark !== "+" && text);
  return segments.flatMap(([mark, text]) => {
    if (mark === "=") return [document.createTextNode(text)];
    const words = text.split(/(\s+)/u).filter(Boolean).map((word) => {
      if (!word.trim()) return document.createTextNode(word);
      const node = el("mark", { class: `cmp-word cmp-word-${side}`, "data-word": word, text: word });
      node.onpointerenter = () => light(v, regionsOf(v, side, word));
      node.onpointerleave = () => light(v, null);
      return node;
    });
    return words;
  });
}

// ---- details come once per picture

function detailsOf(v, key) {
  const cell = v.model.key(key);
  if (!cell) return null;
  const known = v.details.get(key);
  if (known) return known;
  const slot = { regions: [], facts: [], ready: true, failed: false };
  const given = v.model.data.details?.[key];
  if (given) Object.assign(slot, cleanDetails(given));
  else if (v.hooks.details) {
    slot.ready = false;
    Promise.resolve().then(() => v.hooks.details(key)).then(
      (found) => Object.assign(slot, cleanDetails(found)),
      () => { slot.failed = true; v.details.delete(key); },
    ).then(() => {
      slot.ready = true;
      if (v.dialog.open && SIDES.some((side) => v.keys[side] === key)) drawAbout(v);
    });
  }
  v.details.set(key, slot);
  return slot;
}

function cleanDetails(found) {
  const list = (value) => (Array.isArray(value) ? value : []);
  return {
    regions: list(found?.regions).map(cleanRegion),
    facts: list(found?.facts).map((fact) => [String(fact?.[0] ?? ""), String(fact?.[1] ?? "")]),
  };
}

function factsOf(v, side, found) {
  const cell = v.cell(side);
  const facts = new Map(found.facts);
  if (cell.width > 0 && cell.height > 0 && !facts.has("Size")) facts.set("Size", `${cell.width} × ${cell.height}`);
  return facts;
}

function drawAbout(v) {
  const sides = SIDES.filter((side) => v.cell(side));
  const found = new Map(sides.map((side) => [side, detailsOf(v, v.keys[side])]));
  const parts = [el("h2", { text: "What differs" })];
  if ([...found.values()].some((one) => !one.ready)) parts.push(el("p", { class: "cmp-quiet", text: "Fetching the details…" }));
  if ([...found.values()].some((one) => one.failed)) parts.push(el("p", { class: "cmp-quiet", text: "The details could not be fetched. Step away and back to try again." }));
  parts.push(...drawFacts(v, sides, found));
  v.changes = [];
  v.regions = Object.fromEntries(sides.map((side) => [side, found.get(side).regions]));
  const layouts = sides.some((side) => v.regions[side].length);
  if (layouts) parts.push(...drawLayouts(v));
  v.tools.boxes.hidden = !layouts;
  drawBoxes(v, sides);
  wakeWords(v);
  const held = v.about.contains(activeIn(v.about)) ? activeIn(v.about).dataset.entry : null;
  v.about.replaceChildren(...parts);
  if (held) (v.about.querySelector(`[data-entry="${held}"]`) ?? v.about).focus();
}

function drawFacts(v, sides, found) {
  const tables = new Map(sides.map((side) => [side, factsOf(v, side, found.get(side))]));
  const names = [...new Set([...tables.values()].flatMap((facts) => [...facts.keys()]))];
  const differs = names.filter((name) => new Set(sides.map((side) => tables.get(side).get(name))).size > 1);
  if (!names.length || sides.length < 2) return [];
  const rest = names.length - differs.length;
  const same = rest ? el("p", { class: "cmp-quiet", text: differs.length ? (rest === 1 ? "One other fact is the same." : `${rest} other facts are the same.`) : "The facts are all the same." }) : null;
  if (!differs.length) return [same].filter(Boolean);
  const table = el("table", { class: "cmp-facts" },
    el("thead", {}, el("tr", {}, el("td"), ...sides.map((side) => el("th", { scope: "col", text: SIDE_NAMES[side] })))),
    el("tbody", {}, ...differs.map((name) => el("tr", {}, el("th", { scope: "row", text: name }),
      ...sides.map((side) => el("td", { dir: "auto", text: tables.get(side).get(name) ?? "–" }))))));
  return [table, same].filter(Boolean);
}

// ---- layouts

function drawLayouts(v) {
  const parts = [el("h2", { text: "Layout" })];
  if (!v.keys.b) return [];
  const [a, b] = [v.regions.a, v.regions.b];
  if (!a.length || !b.length) {
    parts.push(el("p", { class: "cmp-quiet", text: !a.length && !b.length ? "Only the pinned picture has a layout." : `Only the ${a.length ? "left" : "right"} picture has a layout.` }));
    return parts;
  }
  const all = compareLayouts(a, b);
  v.changes = all.filter((entry) => entry.kinds.length);
  v.pairs = all;
  const still = all.length - v.changes.length;
  parts.push(el("ul", { class: "cmp-changes" }, ...v.changes.map((entry, index) => el("li", {}, changeButton(v, entry, index)))));
  if (still) parts.push(el("p", { class: "cmp-quiet", text: !v.changes.length ? "Every region is where it was." : still === 1 ? "One region is where it was." : `${still} regions are where they were.` }));
  parts.push(el("p", { class: "cmp-fine", text: "Counted from a move of 3 % of the picture, or 15 % of a side." }));
  return parts;
}

function changeButton(v, entry, index) {
  const mark = { dropped: "minus", added: "plus" }[entry.kinds[0]] ?? entry.kinds[0];
  const kind = entry.kinds[0];
  const words = entry.kinds.includes("reworded") && entry.was !== entry.now && entry.was && entry.now
    ? [el("span", { class: "cmp-was", dir: "auto", text: entry.was }), el("span", { class: "cmp-now", dir: "auto", text: entry.now })] : [];
  const button = el("button", { type: "button", class: `cmp-change cmp-kind-${kind}`, "data-entry": index, "aria-pressed": "false" }, icon(mark),
    el("span", { class: "cmp-changetext" },
      el("span", { class: "cmp-changename", dir: "auto", text: entry.label || "Unnamed region" }),
      el("span", { class: "cmp-changesays", text: entry.says }), ...words));
  const which = { a: entry.a === null ? [] : [entry.a], b: entry.b === null ? [] : [entry.b] };
  button.onpointerenter = button.onfocus = () => light(v, which);
  button.onpointerleave = button.onblur = () => light(v, null);
  button.onclick = () => keep(v, button, which);
  return button;
}

function drawBoxes(v, sides) {
  v.lit = null;
  v.kept = null;
  for (const side of SIDES) {
    const home = v.panes[side].boxes;
    home.replaceChildren(...(sides.includes(side) ? v.regions[side] : []).map((region, index) => {
      const box = el("div", { class: `cmp-box cmp-box-${side}` }, el("span", { dir: "auto", text: region.label }));
      Object.assign(box.style, {
        left: 100 * region.x0 + "%", top: 100 * region.y0 + "%", width: 100 * (region.x1 - region.x0) + "%", height: 100 * (region.y1 - region.y0) + "%",
      });
      box.onpointerenter = () => light(v, side === "c" ? { c: [index] } : partners(v, side, [index]));
      box.onpointerleave = () => light(v, null);
      return box;
    }));
  }
  toggleBoxes(v, v.boxed);
}

// The regions on this side and what became of each on the other.
function partners(v, side, indexes) {
  const other = side === "a" ? "b" : "a";
  const there = (v.pairs ?? []).filter((entry) => indexes.includes(entry[side]) && entry[other] !== null).map((entry) => entry[other]);
  return { [side]: indexes, [other]: there };
}

function regionsOf(v, side, word) {
  const indexes = regionsWith(v.regions?.[side] ?? [], word);
  if (!indexes.length) return null;
  return side === "c" ? { c: indexes } : partners(v, side, indexes);
}

// A press keeps the light on, for fingers, which cannot point without pressing; a second one lets it go.
function keep(v, node, which) {
  v.kept = v.kept?.node === node ? null : { node, which };
  for (const one of v.dialog.querySelectorAll(".cmp-change, .cmp-live")) one.setAttribute("aria-pressed", String(v.kept?.node === one));
  light(v, which);
}

function light(v, which) {
  if (v.kept && !v.kept.node.isConnected) v.kept = null;
  which ??= v.kept?.which ?? null;
  v.lit = which;
  v.glass.classList.toggle("cmp-onelit", Boolean(which));
  for (const side of SIDES) {
    [...v.panes[side].boxes.children].forEach((box, index) => box.classList.toggle("cmp-lit", Boolean(which?.[side]?.includes(index))));
    v.panes[side].boxes.hidden = !(v.boxed || which);
  }
  const of = (entry) => ["a", "b"].some((side) => entry[side] !== null && which?.[side]?.includes(entry[side]));
  for (const button of v.about.querySelectorAll("[data-entry]")) {
    const entry = v.changes[Number(button.dataset.entry)];
    button.classList.toggle("cmp-lit", Boolean(which && entry && of(entry)));
  }
}

// Only a word that has a region can be reached by keyboard: Tab should not stop at every adjective.
function wakeWords(v) {
  for (const node of v.captions.querySelectorAll(".cmp-word")) {
    const side = ["a", "b", "c"].find((one) => node.classList.contains("cmp-word-" + one));
    const live = regionsWith(v.regions[side] ?? [], node.dataset.word).length > 0;
    node.classList.toggle("cmp-live", live);
    if (live) {
      node.tabIndex = 0;
      node.setAttribute("role", "button");
      node.onfocus = node.onpointerenter;
      node.onblur = node.onpointerleave;
      node.setAttribute("aria-pressed", "false");
      node.onclick = () => keep(v, node, regionsOf(v, side, node.dataset.word));
      node.onkeydown = (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        node.onclick();
      };
    } else {
      node.removeAttribute("tabindex");
      node.removeAttribute("role");
      node.removeAttribute("aria-pressed");
    }
  }
}
