// One row's head and one cell.

const STATE_ICON = { queued: "wait", running: "wait", failed: "bad", cancelled: "close", unknown: "bad", empty: "picture", held: "hold", gone: "picture" };
const STATE_SAYS = {
  queued: "Waiting", running: "Being made", failed: "Failed", cancelled: "Cancelled", unknown: "Nobody knows yet whether it was made",
  empty: "Not made", held: "Held by the spending cap", gone: "Deleted",
};
const ACTS = [["open", "Open the picture"], ["retry", "Try again"], ["rerun", "Make it again"], ["cancel", "Cancel"], ["remove", "Remove from the grid"]];
const SHOWN = ["key", "state", "says", "src", "full", "width", "height", "alt", "label", "preview", "progress"];

function patchCell(g, node, cell) {
  const old = node.cell;
  node.cell = cell;
  const sameCan = String(old?.can ?? "") === String(cell?.can ?? "");
  if (node.drawn && sameCan && (cell ? old && SHOWN.every((name) => old[name] === cell[name]) : !old)) return;
  node.drawn = true;
  node.dataset.key = cell ? cell.key : "";
  const state = cell ? cell.state : "none";
  const shown = viewable(cell);
  node.className = `cmp-cell cmp-${/^[a-z]+$/u.test(state) ? state : "unknown"}${shown ? " cmp-seen" : ""}`;
  node.classList.toggle("cmp-picked", Boolean(cell) && cell.key === g.picked);
  if (shown) node.setAttribute("aria-haspopup", "dialog");
  else node.removeAttribute("aria-haspopup");
  drawProgress(node, cell, state === "running", shown);
  if (shown) drawPicture(node, cell);
  else if (node.img) { node.img.remove(); node.img = null; }
  const busy = state === "queued" || state === "running";
  node.toggleAttribute("aria-busy", busy);
  if (busy) node.setAttribute("aria-busy", "true");
  node.status?.remove();
  node.status = null;
  if (shown && state === "done") node.status = cell.label ? el("span", { class: "cmp-label", title: cell.label, text: cell.label.split(",")[0] }) : null;
  else if (cell) {
    const says = cell.says || STATE_SAYS[state] || state;
    const retry = g.hooks.act && (cell.can || []).includes("retry")
      ? el("button", { type: "button", class: "cmp-b cmp-retry", tabindex: node.tabIndex, "data-do": "retry", text: "Retry" }) : null;
    node.status = el("div", { class: "cmp-status", title: says }, icon(STATE_ICON[state] || "bad"), el("span", { class: "cmp-says", text: says }), retry);
  } else node.status = heard("Not part of this comparison");
  if (node.status) node.append(node.status);
}

// How far it is, and what there is of it so far: the small picture stays until the picture itself is there.
function drawProgress(node, cell, running, shown) {
  const known = running && Number.isFinite(cell.progress);
  node.classList.toggle("cmp-known", known);
  if (known) node.style.setProperty("--done", clamp(cell.progress, 0, 1));
  const src = running && /^data:image\/(png|jpeg|webp);base64,/u.test(cell.preview ?? "") ? cell.preview : "";
  node.classList.toggle("cmp-peeked", Boolean(src));
  if (src) {
    if (!node.peek) { node.peek = el("img", { class: "cmp-peek", alt: "", "aria-hidden": "true", decoding: "async" }); node.prepend(node.peek); }
    if (node.peek.src !== src) node.peek.src = src;
  } else if (node.peek && !shown) { node.peek.remove(); node.peek = null; }
}

function drawPicture(node, cell) {
  const src = cell.src || cell.full;
  if (!node.img) {
    node.img = el("img", { class: "cmp-thumb", loading: "lazy", decoding: "async", draggable: "false" });
    node.img.onload = () => { node.classList.remove("cmp-lost"); node.peek?.remove(); node.peek = null; };
    node.img.onerror = () => node.classList.add("cmp-lost");
    node.prepend(node.img);
  }
  if (node.img.alt !== (cell.alt || "Picture")) node.img.alt = cell.alt || "Picture";
  if (node.src !== src) { node.src = src; node.img.src = src; }
}

// Which row the others are set against: the one pointed at or focused, else the one chosen, else the first.
function baseRow(g) {
  const { rows } = g.model;
  return rows.find((row) => row.id === g.pointed) ?? rows.find((row) => row.id === g.base) ?? rows[0];
}

function drawRowHeads(g) {
  const base = baseRow(g);
  const standing = g.model.data.standing || {};
  for (const row of g.model.rows) {
    const slot = g.rows.get(row.id);
    const open = g.open.has(row.id);
    const mine = row.id === base.id;
    // The diff itself is left out of the comparison: it follows from the two prompts.
    const drawn = [row.name, row.prompt, row.twin_of, standing[row.id], open, base.id, base.prompt, g.base, Boolean(g.hooks.act), twinSays(g, row)].join("\u0000");
    if (slot.drawn === drawn) continue;
    slot.drawn = drawn;
    slot.line.classList.toggle("cmp-base", mine);
    slot.head.classList.toggle("cmp-opened", open);
    fillRowHead(g, slot.head, row, base, standing[row.id], open);
  }
  measureHeads(g);
}

// The words on what adds an A-vs-A row, with its price where the page tells it; empty where it cannot be had.
function twinSays(g, row) {
  if (!g.hooks.act || !row || row.twin_of) return "";
  return g.hooks.twin ? String(g.hooks.twin(row.id) || "") : "Same prompt again";
}

function fillRowHead(g, head, row, base, standing, open) {
  const held = head.contains(activeIn(head)) && activeIn(head) !== head ? activeIn(head).dataset.k : null;
  const mine = row.id === base.id;
  const several = g.model.rows.length > 1;
  const tab = g.at?.row === row.id && g.at.column === null ? "0" : "-1";
  const letter = el("span", { class: "cmp-letter", text: row.name });
  const name = several
    ? el("button", { type: "button", class: "cmp-name", tabindex: tab, "data-k": "base", "aria-pressed": String(g.base === row.id), title: "Show how the other prompts differ from this one", "aria-label": `${row.name}: show how the others differ from it` }, letter)
    : letter;
  const words = el("p", { class: "cmp-prompt", dir: "auto" });
  let cut = false;
  const twin = row.twin_of && g.model.rows.find((other) => other.name === row.twin_of);
  if (twin && twin.id !== row.id) words.append(el("span", { class: "cmp-quiet", text: `The same prompt as ${row.twin_of}, more pictures: how much chance alone changes.` }));
  else if (!row.prompt || row.hidden) words.append(el("span", { class: "cmp-quiet", text: "Prompt not shown" }));
  else {
    const whole = mine ? [["=", row.prompt]] : diffOf(g.model.data, base, row);
    const short = open ? { segments: whole, cut: false } : shorten(whole);
    cut = short.cut;
    words.append(el("span", { class: "cmp-heard", dir: "auto", text: row.prompt + (mine ? "" : diffSays(whole, base.name)) }), el("span", { "aria-hidden": "true" }, ...drawDiff(short.segments)));
  }
  const whole = el("button", { type: "button", class: "cmp-textual", tabindex: tab, "data-k": "whole", "data-cut": String(cut || open), "aria-expanded": String(open), text: open ? "Shorten" : "Whole prompt" });
  // A second one can be had from the menu.
  const again = g.model.rows.some((other) => other.twin_of === row.name) ? "" : twinSays(g, row);
  const chance = again ? el("button", { type: "button", class: "cmp-textual cmp-twin", tabindex: tab, "data-k": "twin", title: "Shows how much pictures of one prompt differ by chance alone", text: again }) : null;
  const short = `${row.name}: ${twin && twin.id !== row.id ? `the same prompt as ${row.twin_of}` : !row.prompt || row.hidden ? "prompt not shown" : opening(row.prompt)}`;
  head.setAttribute("aria-label", short);
  head.parentNode?.setAttribute("aria-label", short);
  head.replaceChildren(
    el("div", { class: "cmp-rowline" }, name, standing ? el("span", { class: "cmp-standing", text: standing }) : null,
      several && mine && g.base === row.id ? el("span", { class: "cmp-quiet", text: "the others against this" }) : null,
      g.hooks.act ? iconButton("dots", `What to do with row ${row.name}`, { class: "cmp-b cmp-only cmp-rowmore", tabindex: tab, "data-k": "more", "aria-haspopup": "menu" }) : null),
    words, el("div", { class: "cmp-foot" }, whole, chance));
  if (held) head.querySelector(`[data-k="${held}"]`)?.focus({ preventScroll: true });
}

// Once a frame at most, all reading before all writing: twelve heads cost no layout of their own.
function measureHeads(g) {
  g.measuring ||= requestAnimationFrame(() => { g.measuring = 0; readHeads(g); });
}

function readHeads(g) {
  if (!g.scroll.clientWidth) return;
  // The button takes a line itself: whether it is needed is seen without it.
  for (const { head } of g.rows.values()) {
    const whole = head.querySelector("[data-k=whole]");
    if (whole && whole.dataset.cut !== "true" && !head.classList.contains("cmp-opened")) whole.hidden = true;
  }
  const top = g.head.hidden ? 0 : g.head.offsetHeight;
  const wide = g.scroll.clientWidth > 640;
  const first = g.rows.values().next().value?.head;
  const side = wide && first ? first.offsetWidth : 0;
  const over = [...g.rows.values()].map(({ head }) => {
    const words = head.querySelector(".cmp-prompt");
    return words ? words.scrollHeight > words.clientHeight + 3 : false;
  });
  [...g.rows.values()].forEach(({ head }, index) => {
    const whole = head.querySelector("[data-k=whole]");
    head.classList.toggle("cmp-clipped", over[index]);
    if (whole) whole.hidden = !(over[index] || whole.dataset.cut === "true");
  });
  // What the keyboard comes to stands clear of the shades at the edges.
  g.port.style.setProperty("--side", side + "px");
  g.scroll.style.scrollPadding = `${top + 6}px 34px 6px ${side + 34}px`;
}
