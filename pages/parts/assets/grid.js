const STATE = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector("#root"))));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  s.data = data;
  listen(s);
  render(s);
  return () => { clearTimeout(s.timer); s.stopListening(); s.snack.stop(); };
}

function build(root) {
  const s = { root, tiles: new Map(), picked: new Set(), picking: false, gone: new Set(), stars: new Map(), at: null, asked: -1 };
  s.count = el("span", { class: "count" });
  s.select = el("button", { class: "ghost", type: "button", text: "Select", onclick: () => pickMode(s, !s.picking) });
  s.empty = el("button", { class: "ghost danger", type: "button", text: "Empty trash", hidden: true });
  s.sheet = el("ul", { class: "sheet", "aria-label": "Pictures" });
  s.fresh = el("button", { class: "fresh", type: "button", hidden: true, onclick: () => s.act("fresh") });
  s.more = el("button", { type: "button", text: "Show more", onclick: () => more(s) });
  s.newer = el("button", { type: "button", text: "Newer pictures", onclick: () => turnOver(s, "newer") });
  s.older = el("button", { type: "button", text: "Older pictures", onclick: () => turnOver(s, "older") });
  s.nothing = el("div", { class: "nothing", hidden: true });
  s.bar = el("div", { class: "bar", role: "toolbar", "aria-label": "Selected pictures", hidden: true });
  s.snack = snackbar();
  confirming(s.empty, "Empty trash", "Delete all for good?", () => s.act("empty_trash"));
  root.append(
    el("div", { class: "top" }, s.count, el("span", { class: "room" }), s.newer, s.empty, s.select),
    el("div", { class: "freshline", "aria-live": "polite" }, s.fresh), s.nothing, s.sheet,
    el("div", { class: "end" }, s.more, s.older), s.bar, s.snack.node,
  );
  // Streamlit scrolls an inner element, which a root margin does not reach; scrollMargin does where it is known.
  s.sight = new IntersectionObserver((seen) => seen.some((e) => e.isIntersecting) && more(s), { rootMargin: "900px", scrollMargin: "900px" });
  s.sight.observe(s.more);
  s.sheet.onkeydown = (event) => key(s, event);
  s.sheet.onfocusin = (event) => { const tile = event.target.closest(".tile"); if (tile) rove(s, tile.dataset.id); };
  return s;
}

function listen(s) {
  s.stopListening?.();
  const wake = () => document.hidden || poll(s);
  const closed = (event) => s.tiles.get(event.detail)?.querySelector(".open").focus({ preventScroll: false });
  const escape = (event) => { if (event.key === "Escape" && s.picking && !document.querySelector("[role=dialog]")) pickMode(s, false); };
  document.addEventListener("visibilitychange", wake);
  document.addEventListener("keydown", escape);
  window.addEventListener("reve:closed", closed);
  s.stopListening = () => {
    document.removeEventListener("visibilitychange", wake);
    document.removeEventListener("keydown", escape);
    window.removeEventListener("reve:closed", closed);
  };
}

const shown = (s) => s.data.items.filter((item) => !s.gone.has(item.id));

function render(s) {
  const { data } = s;
  const present = new Set(data.items.map((item) => item.id));
  for (const id of s.gone) if (!present.has(id)) s.gone.delete(id);
  // What was undone comes back under the same id; a new answer of Python's is the truth again.
  if (data.turn !== s.turn) {
    s.turn = data.turn;
    s.gone.clear();
    s.stars.clear();
    if (s.turning) { s.turning = false; s.root.scrollIntoView({ block: "start" }); }
  }
  const items = shown(s);
  const want = new Set(items.map((item) => item.id));
  for (const [id, tile] of s.tiles) if (!want.has(id)) { tile.remove(); s.tiles.delete(id); s.picked.delete(id); }
  items.forEach((item, index) => {
    let tile = s.tiles.get(item.id);
    // Another address only where the host turned out to be another one than it seemed.
    if (tile && tile.dataset.src !== item.src) { tile.remove(); tile = null; }
    if (!tile) s.tiles.set(item.id, (tile = makeTile(s, item)));
    const on = s.stars.get(item.id) ?? item.star;
    const star = tile.querySelector(".star");
    star.setAttribute("aria-pressed", String(on));
    tile.classList.toggle("starred", on);
    if (s.sheet.children[index] !== tile) s.sheet.insertBefore(tile, s.sheet.children[index] || null);
  });
  if (!s.tiles.has(s.at)) rove(s, items[0]?.id ?? null);
  s.count.textContent = data.says;
  s.select.hidden = !items.length;
  s.empty.hidden = data.mode !== "trash" || !items.length;
  s.more.hidden = !data.more; s.older.hidden = !data.older; s.newer.hidden = !data.newer;
  s.sheet.classList.toggle("trash", data.mode === "trash");
  s.sheet.hidden = !items.length;
  renderEmpty(s, items.length ? null : data.empty);
  if (!items.length && s.picking) s.picking = false;
  renderPicked(s);
  say(s);
  offerNews(s, data.fresh);
  clearTimeout(s.timer);
  if (data.poll) s.timer = setTimeout(() => poll(s), data.poll_ms);
}

function makeTile(s, item) {
  const wide = Math.min(2.4, Math.max(0.6, item.aspect));
  const [w, h] = [Math.round(384 * Math.min(1, item.aspect)), Math.round(384 / Math.max(1, item.aspect))];
  const img = picture(item.src, item.alt, { loading: "lazy", width: w, height: h });
  const open = el("button", { class: "open", type: "button", tabindex: "-1", "aria-keyshortcuts": "S X Delete" }, img,
    el("span", { class: "lostmark", "aria-hidden": "true" }, icon("picture")),
    el("span", { class: "words", "aria-hidden": "true" }, el("span", { dir: "auto", text: item.alt })));
  open.onclick = (event) => (s.picking ? pick(s, item.id, event.shiftKey) : look(s, item));
  const star = el("button", { class: "mark star", type: "button", tabindex: "-1", "aria-label": "Favourite", title: "Favourite (S)" }, icon("star"));
  star.onclick = () => toggleStar(s, item.id);
  const check = el("button", { class: "mark check", type: "button", tabindex: "-1", role: "checkbox", "aria-checked": "false", "aria-label": "Select", title: "Select (X)" }, icon("check"));
  check.onclick = (event) => pick(s, item.id, event.shiftKey);
  const tile = el("li", { class: "tile" }, open, check, star, item.label ? el("span", { class: "label", title: item.label, text: item.label.split(",")[0] }) : null, item.note ? el("span", { class: "note", text: item.note }) : null);
  tile.style.setProperty("--a", wide);
  tile.dataset.id = item.id;
  tile.dataset.src = item.src;
  return tile;
}

function look(s, item) {
  rove(s, item.id);
  window.dispatchEvent(new CustomEvent("reve:open", { detail: item }));
  s.act("open", { ids: [item.id] });
}

function toggleStar(s, id) {
  const item = s.data.items.find((one) => one.id === id);
  if (!item || s.data.mode === "trash") return;
  const on = !(s.stars.get(id) ?? item.star);
  s.stars.set(id, on);
  const tile = s.tiles.get(id);
  tile.querySelector(".star").setAttribute("aria-pressed", String(on));
  tile.classList.toggle("starred", on);
  s.act("star", { ids: [id], on });
}

function drop(s, ids, what) {
  const order = shown(s).map((item) => item.id);
  const focused = s.root.getRootNode().activeElement?.closest(".tile")?.dataset.id;
  const next = order.slice(order.indexOf(focused) + 1).find((id) => !ids.includes(id)) ?? order.find((id) => !ids.includes(id));
  ids.forEach((id) => s.gone.add(id));
  s.picked.clear();
  s.picking = false;
  render(s);
  if (focused && next) focus(s, next);
  s.act(what, { ids });
}

// ---- choosing many

function pickMode(s, on) {
  s.picking = on;
  if (!on) { s.picked.clear(); s.anchor = null; }
  renderPicked(s);
}

function pick(s, id, range) {
  s.picking = true;
  const order = shown(s).map((item) => item.id);
  const [a, b] = [order.indexOf(s.anchor), order.indexOf(id)];
  if (range && a >= 0) order.slice(Math.min(a, b), Math.max(a, b) + 1).forEach((one) => s.picked.add(one));
  else if (s.picked.has(id)) s.picked.delete(id);
  else s.picked.add(id);
  s.anchor = id;
  rove(s, id);
  renderPicked(s);
}

function renderPicked(s) {
  s.sheet.classList.toggle("picking", s.picking);
  s.select.textContent = s.picking ? "Done" : "Select";
  for (const [id, tile] of s.tiles) {
    const on = s.picked.has(id);
    if (tile.classList.contains("picked") !== on) {
      tile.classList.toggle("picked", on);
      tile.querySelector(".check").setAttribute("aria-checked", String(on));
    }
  }
  s.bar.hidden = !s.picking;
  s.root.classList.toggle("hasbar", s.picking);
  if (!s.picking) return s.bar.replaceChildren();
  const ids = [...s.picked], none = !ids.length, all = s.tiles.size;
  const held = s.root.getRootNode().activeElement?.dataset?.k;
  const button = (k, text, mark, act, kind = "") => el("button", { class: "ghost " + kind, type: "button", disabled: none && k !== "all" && k !== "end", "data-k": k, onclick: act }, mark ? icon(mark) : null, el("span", { text }));
  const everything = ids.length === all;
  const parts = [
    el("span", { class: "picked-count", text: none ? "None selected" : `${ids.length} selected` }),
    button("all", everything ? "Select none" : `Select all ${all}`, null, () => { s.picked = new Set(everything ? [] : s.tiles.keys()); renderPicked(s); }),
  ];
  // The oldest one is A.
  const compare = button("compare", "Compare", "compare", () => s.act("compare", { ids: shown(s).map((item) => item.id).filter((id) => s.picked.has(id)).reverse() }));
  compare.disabled = ids.length < 2;
  compare.title = "Look at two or more side by side";
  if (s.data.mode === "trash") {
    const forGood = button("purge", "Delete for good", "bin", null, "danger");
    confirming(forGood.lastChild, null, ids.length === 1 ? "Really delete it?" : `Really delete ${ids.length}?`, () => drop(s, ids, "purge"), forGood);
    parts.push(button("restore", "Restore", "back", () => drop(s, ids, "restore")), forGood);
  } else {
    parts.push(
      button("star", "Favourite", "star", () => { ids.forEach((id) => s.stars.set(id, true)); s.act("star", { ids, on: true }); pickMode(s, false); render(s); }),
      compare,
      button("zip", "Download", "download", () => s.act("zip", { ids, prompt: promptInFiles() })),
      button("trash", "Delete", "bin", () => drop(s, ids, "trash")),
    );
  }
  parts.push(el("button", { class: "ghost icon", type: "button", "aria-label": "Leave selection", "data-k": "end", onclick: () => pickMode(s, false) }, icon("close")));
  s.bar.replaceChildren(...parts);
  if (held) s.bar.querySelector(`[data-k="${held}"]`)?.focus();
}

// A first press asks, a second one within six seconds does it.
function confirming(label, before, question, doIt, button = label) {
  let timer = 0;
  const calm = before ?? label.textContent;
  const rest = () => { clearTimeout(timer); button.classList.remove("sure"); label.textContent = calm; };
  button.onclick = () => {
    if (button.classList.contains("sure")) { rest(); doIt(); return; }
    button.classList.add("sure");
    label.textContent = question;
    timer = setTimeout(rest, 6000);
  };
  button.onblur = rest;
}

// ---- keys

function rove(s, id) {
  s.tiles.get(s.at)?.querySelector(".open").setAttribute("tabindex", "-1");
  s.at = id;
  s.tiles.get(id)?.querySelector(".open").setAttribute("tabindex", "0");
}

function focus(s, id) {
  rove(s, id);
  const open = s.tiles.get(id)?.querySelector(".open");
  open?.focus();
  open?.scrollIntoView({ block: "nearest" });
}

function key(s, event) {
  const tile = event.target.closest(".tile");
  if (!tile || event.altKey) return;
  const id = tile.dataset.id;
  const order = shown(s).map((item) => item.id);
  const at = order.indexOf(id);
  const command = event.ctrlKey || event.metaKey;
  const go = (to) => { if (to !== undefined && to !== null) focus(s, to); };
  let used = true;
  if (command && event.key === "a") { s.picking = true; s.picked = new Set(order); renderPicked(s); }
  else if (command && event.key === "z") s.snack.offer()?.click();
  else if (command) return;
  else if (event.key === "ArrowRight") go(order[at + 1]);
  else if (event.key === "ArrowLeft") go(order[at - 1]);
  else if (event.key === "ArrowDown") go(vertical(s, tile, 1));
  else if (event.key === "ArrowUp") go(vertical(s, tile, -1));
  else if (event.key === "Home") go(order[0]);
  else if (event.key === "End") go(order[order.length - 1]);
  else if (event.key === "Enter" && event.target.classList.contains("open")) look(s, s.data.items.find((item) => item.id === id));
  else if (event.key === "s" || event.key === "S") toggleStar(s, id);
  else if (event.key === "x" || event.key === "X") pick(s, id, event.shiftKey);
  else if (event.key === "Delete" && s.data.mode !== "trash") drop(s, s.picked.size ? [...s.picked] : [id], "trash");
  else used = false;
  if (used) { event.preventDefault(); event.stopPropagation(); }
}

// The tile in the next row whose middle is nearest.
function vertical(s, tile, way) {
  const from = tile.getBoundingClientRect();
  const middle = from.left + from.width / 2;
  let best = null, row = null, least = Infinity;
  let other = way > 0 ? tile.nextElementSibling : tile.previousElementSibling;
  for (; other; other = way > 0 ? other.nextElementSibling : other.previousElementSibling) {
    const box = other.getBoundingClientRect();
    if (way > 0 ? box.top < from.bottom - 1 : box.bottom > from.top + 1) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) > 2) break;
    const away = Math.abs(box.left + box.width / 2 - middle);
    if (away < least) { least = away; best = other.dataset.id; }
  }
  return best;
}

// ---- paging, news and messages

function more(s) {
  if (!s.data?.more || s.asked === s.data.items.length + s.data.turn * 1e5) return;
  s.asked = s.data.items.length + s.data.turn * 1e5;
  s.act("more");
}

function turnOver(s, way) {
  s.turning = true;
  s.act(way);
}

function offerNews(s, count) {
  s.fresh.replaceChildren(icon("up"), el("span", { text: count === 1 ? "1 new picture – show" : `${count} new pictures – show` }));
  s.fresh.hidden = !count;
}

async function poll(s) {
  clearTimeout(s.timer);
  if (document.hidden || !s.data.poll || !s.root.isConnected) return;
  try {
    const live = await askLive(s.data.poll);
    if (live.rev !== s.data.rev) {
      const known = new Set(s.data.items.map((item) => item.id));
      offerNews(s, live.cards.filter((card) => card.status === "done" && !known.has(card.id)).length);
    }
  } catch { /* The next round asks again. */ }
  s.timer = setTimeout(() => poll(s), s.data.poll_ms);
}

function say(s) {
  const { message } = s.data;
  const n = message ? message.n : 0;
  const before = s.said;
  s.said = n;
  // What was said before this sheet was drawn first is old news.
  if (before === undefined || n === before || !message) return;
  let offer = null;
  if (message.undo) offer = el("button", { type: "button", text: "Undo", onclick: () => { s.snack.hide(); s.act("undo"); } });
  if (message.url) {
    offer = el("a", { class: "button", href: message.url, download: "", text: "Download" });
    offer.click();
  }
  s.snack.show(message.text, offer);
}

function renderEmpty(s, empty) {
  s.nothing.hidden = !empty;
  if (!empty) return;
  const drawing = el("div", { class: "drawing", "aria-hidden": "true" }, ...(empty.pictures || []).map((one) => {
    const box = el("i", {}, picture(one.src, ""));
    box.style.setProperty("--a", one.aspect);
    return box;
  }));
  drawing.hidden = !empty.pictures;
  const drawn = empty.pictures ? el("p", { class: "drawn", text: "Examples, drawn by code" }) : el("i", { hidden: true });
  s.nothing.replaceChildren(
    drawing, drawn, el("h2", { text: empty.title }), el("p", { text: empty.text }),
    ...(empty.button ? [el("button", { class: "main", type: "button", text: empty.button, onclick: () => s.act(empty.act) })] : []),
  );
}
