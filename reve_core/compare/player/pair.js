// The pair viewer: a dialog with the stage, its tools, the captions and what differs. Nothing here asks a server per gesture.

const TOOLS = [
  ["swap", "Swap the two", "x", swap], ["pin", "Pin the right picture", "p", togglePin], ["boxes", "Layout boxes", "b", chooseBoxes],
  ["minus", "Zoom out", "-", (v) => zoomAt(v, 1 / 1.4)], ["fit", "", "0", fitView], ["plus", "Zoom in", "+", (v) => zoomAt(v, 1.4)],
  ["info", "What differs", "i", toggleAbout], ["keys", "Keys", "?", toggleSheet], ["close", "Close", "Esc", closePair],
];

function makePair(root, hooks, closed) {
  const v = {
    hooks, closed, mode: "side", keys: { a: null, b: null, c: null }, cut: 0.5, fade: 0.5, gain: 1, boxed: false, held: null,
    details: new Map(), ahead: new Map(), lit: null, kept: null, model: null, shown: null,
  };
  v.cell = (side) => (v.keys[side] === null ? undefined : v.model?.key(v.keys[side]));
  v.modes = el("div", { class: "cmp-modes", role: "group", "aria-label": "How to compare" }, ...MODES.map(([mode, text], index) =>
    el("button", { type: "button", class: "cmp-b cmp-mode", "data-mode": mode, title: `${text} (${index + 1})`, onclick: () => chooseMode(v, mode) }, icon(mode), el("span", { text }))));
  v.tools = {};
  const tools = el("div", { class: "cmp-tools", role: "group", "aria-label": "Tools" }, ...TOOLS.map(([name, label, key, does]) => {
    const button = name === "fit"
      ? el("button", { type: "button", class: "cmp-b cmp-fit", title: "Show the whole picture (0)" }, "Fit")
      : iconButton(name, label, { title: `${label} (${key})` });
    button.onclick = () => does(v);
    button.classList.add("cmp-tool-" + name);
    v.tools[name] = button;
    return button;
  }));
  v.amount = el("input", { type: "range", class: "cmp-range", min: "0", max: "100", step: "1", oninput: () => setAmount(v, Number(v.amount.value)) });
  v.amountName = [el("span"), el("span", { class: "cmp-end" })];
  v.amountLine = el("label", { class: "cmp-amount" }, v.amountName[0], v.amount, v.amountName[1]);
  v.news = el("p", { class: "cmp-heard", role: "status", "aria-live": "polite" });
  v.shapeNote = el("p", { class: "cmp-shapenote", hidden: true });
  v.captions = el("div", { class: "cmp-caps" });
  v.middle = el("div", { class: "cmp-middle" });
  v.about = el("aside", { class: "cmp-about", "aria-label": "What differs", tabindex: "-1" });
  v.sheet = makeSheet(v);
  makeStage(v);
  v.dialog = el("dialog", { class: "cmp-dialog", "aria-label": "Two pictures", tabindex: "-1" },
    el("div", { class: "cmp-top" }, v.modes, tools), v.middle, el("div", { class: "cmp-rest" }, v.captions, v.about), v.sheet, v.news);
  v.pill = el("p", { class: "cmp-pill", "aria-hidden": "true", hidden: true });
  v.middle.append(v.stage, v.amountLine, v.shapeNote, v.pill);
  v.dialog.oncancel = (event) => { event.preventDefault(); if (!v.sheet.hidden) toggleSheet(v, false); else closePair(v); };
  // After a press of the pointer the stage has the keys, Space among them; who came to a button by Tab stays there.
  v.dialog.addEventListener("click", (event) => {
    if (event.detail && event.target.closest(".cmp-top button, .cmp-caps button")) v.dialog.focus({ preventScroll: true });
  }, true);
  v.dialog.onkeydown = (event) => pairKey(v, event);
  v.dialog.onkeyup = (event) => { if (v.held && /^[ tT]$/u.test(event.key)) hold(v, null); };
  v.dialog.onclose = () => finish(v);
  v.scaled = (z) => {
    const text = z > 1.001 ? (z < 10 ? z.toFixed(1) : Math.round(z)) + "×" : "Fit";
    if (v.tools.fit.textContent === text) return;
    v.tools.fit.textContent = text;
    // Once it has come to rest: a wheel turns through many.
    clearTimeout(v.zoomed);
    if (v.dialog.open) v.zoomed = setTimeout(() => say(v.news, text === "Fit" ? "Whole picture" : "Zoom " + text), 400);
  };
  v.arrived = () => preload(v);
  root.append(v.dialog);
  return v;
}

function openPair(v, model, a, b) {
  v.model = model;
  if (!viewable(model.key(a))) return false;
  v.opener = a;
  v.keys = { a, b: viewable(model.key(b)) && b !== a ? b : null, c: null };
  v.view = { z: 1, x: 0, y: 0 };
  v.tools.fit.textContent = "Fit";
  v.held = null;
  v.about.scrollTop = 0;
  if (!v.keys.b) v.mode = "side";
  if (!v.dialog.open) { v.dialog.showModal(); v.dialog.focus(); }
  syncAbout(v);
  drawPair(v);
  setMode(v, v.mode);
  return true;
}

function drawPair(v) {
  const [a, b, c] = SIDES.map((side) => v.cell(side));
  v.dialog.setAttribute("aria-label", [a, b, c].filter(Boolean).map((cell) => nameOf(v.model, cell)).join(" beside ") || "Pictures");
  showPictures(v);
  drawCaptions(v);
  drawAbout(v);
  place(v);
  paintMode(v);
  const shapes = [a, b, c].filter(Boolean).map((cell, index) => [SIDES[index], cell]).filter(([, cell]) => aspectOf(cell));
  const odd = shapes.some(([, cell]) => !sameShape(aspectOf(cell), aspectOf(shapes[0][1])));
  v.shapeNote.hidden = !odd;
  if (odd) v.shapeNote.textContent = `Different shapes, fitted into one frame: ${shapes.map(([, cell]) => `${cell.width} × ${cell.height}`).join(" and ")}.`;
  for (const name of ["swap", "pin"]) v.tools[name].disabled = !b;
  v.tools.pin.setAttribute("aria-pressed", String(Boolean(c)));
  v.tools.pin.title = v.tools.pin.ariaLabel = c ? "Unpin the third picture (P)" : "Pin the right picture, and look at another beside it (P)";
  for (const button of v.modes.children) button.disabled = !b && button.dataset.mode !== "side";
  const now = JSON.stringify([a?.key, b?.key]);
  if (b && now !== v.told) v.hooks.opened?.(a.key, b.key);
  v.told = now;
}

// The grid has news: what is shown stays, unless its picture is another one now or is gone.
function refreshPair(v, model) {
  if (!v.dialog.open) { v.model = model; return; }
  const before = Object.fromEntries(SIDES.map((side) => [side, v.cell(side)]));
  const rows = JSON.stringify([v.model.rows, v.model.columns]) !== JSON.stringify([model.rows, model.columns]);
  v.model = model;
  let changed = rows;
  for (const side of SIDES) {
    const was = before[side];
    if (!was) continue;
    const now = model.key(was.key) ?? model.data.cells.find((cell) => cell.row === was.row && cell.column === was.column);
    const next = now && model.row(now) && viewable(now) ? now.key : null;
    if (!now || ["full", "src", "width", "height", "layout"].some((name) => now[name] !== was[name])) { v.details.delete(was.key); changed = true; }
    v.keys[side] = next;
  }
  if (!v.keys.a) { v.keys.a = v.keys.b; v.keys.b = v.keys.c; v.keys.c = null; changed = true; }
  if (!v.keys.a) { closePair(v); return; }
  if (!v.keys.b && v.keys.c) { v.keys.b = v.keys.c; v.keys.c = null; changed = true; }
  if (changed) { drawPair(v); setMode(v, v.keys.b ? v.mode : "side"); } else syncSteps(v);
}

function closePair(v) {
  if (v.dialog.open) v.dialog.close();
}

function finish(v) {
  toggleSheet(v, false);
  hold(v, null);
  clearTimeout(v.zoomed);
  say(v.news, "");
  v.pill.hidden = true;
  v.last = [v.keys.a, v.keys.b];
  for (const side of SIDES) {
    const pane = v.panes[side];
    pane.src = pane.small = undefined;
    for (const img of [pane.full, pane.thumb]) { img.removeAttribute("src"); img.classList.remove("cmp-here", "cmp-broken"); }
  }
  const last = v.keys.a;
  v.told = null;
  v.keys = { a: null, b: null, c: null };
  v.closed(v.opener, last);
}

function chooseMode(v, mode) {
  if (!v.keys.b && mode !== "side") return;
  setMode(v, mode);
  say(v.news, MODES.find(([name]) => name === mode)[1]);
}

function setMode(v, mode) {
  if (!v.keys.b && mode !== "side") return;
  v.mode = mode;
  for (const button of v.modes.children) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  const amplify = mode === "difference";
  v.amountLine.hidden = mode === "side";
  v.amountName[0].textContent = amplify ? "Amplify" : "Left";
  v.amountName[1].textContent = amplify ? "" : "Right";
  v.amount.setAttribute("aria-label", { slider: "Divider", fade: "From the left picture to the right", difference: "Amplify the difference" }[mode] ?? "");
  v.amount.value = Math.round(100 * { slider: v.cut, fade: v.fade, difference: Math.log2(v.gain) / 4, side: 0 }[mode]);
  if (mode !== "slider") setAmount(v, Number(v.amount.value));
  setCut(v, v.cut);
  place(v);
  paintMode(v);
}

function setAmount(v, value) {
  if (v.mode === "slider") {
    setCut(v, value / 100);
    return;
  }
  if (v.mode === "fade") {
    v.fade = value / 100;
    v.amount.setAttribute("aria-valuetext", value + " % right picture");
  } else if (v.mode === "difference") {
    v.gain = 2 ** ((value / 100) * 4);
    const times = (v.gain < 10 ? v.gain.toFixed(1).replace(/\.0$/u, "") : Math.round(v.gain)) + "×";
    v.amountName[1].textContent = times;
    v.amount.setAttribute("aria-valuetext", times);
  } else return;
  paintMode(v);
}

function fitView(v) {
  v.view = { z: 1, x: 0, y: 0 };
  settle(v);
}

function swap(v) {
  if (!v.keys.b) return;
  [v.keys.a, v.keys.b] = [v.keys.b, v.keys.a];
  drawPair(v);
  say(v.news, `Swapped. ${sidesSay(v)}`);
}

const sidesSay = (v) => SIDES.filter((side) => v.cell(side)).map((side) => `${SIDE_NAMES[side]}: ${nameOf(v.model, v.cell(side))}.`).join(" ");

// The right picture stays beside the two, and the right place goes on to another.
function togglePin(v) {
  const unpins = Boolean(v.keys.c);
  if (unpins) v.keys.c = null;
  else if (v.keys.b) {
    const pinned = v.cell("b");
    const [r, c] = v.model.place(pinned);
    const seen = (cell) => viewable(cell) && cell.key !== v.keys.a && cell.key !== pinned.key;
    const rows = v.model.rows.map((_, index) => v.model.at((r + 1 + index) % v.model.rows.length, c));
    const columns = v.model.columns.map((_, index) => v.model.at(r, (c + 1 + index) % v.model.columns.length));
    const next = [...rows, ...columns].find(seen);
    if (!next) { tell(v, "There is no third picture to put beside these."); return; }
    v.keys.c = pinned.key;
    v.keys.b = next.key;
  } else return;
  drawPair(v);
  say(v.news, (unpins ? "Unpinned. " : "") + sidesSay(v));
}

function chooseBoxes(v) {
  toggleBoxes(v);
  say(v.news, v.boxed ? "Layout boxes shown" : "Layout boxes hidden");
}

function toggleBoxes(v, on = !v.boxed) {
  v.boxed = on;
  v.tools.boxes.setAttribute("aria-pressed", String(on));
  for (const side of SIDES) v.panes[side].boxes.hidden = !(on || v.lit);
  v.glass.classList.toggle("cmp-boxed", on);
}

function toggleAbout(v) {
  const narrow = v.dialog.clientWidth <= 800;
  if (narrow) { v.about.scrollIntoView({ block: "start" }); v.about.focus({ preventScroll: true }); return; }
  v.shown = !v.shown;
  syncAbout(v);
  say(v.news, v.shown ? "What differs: shown" : "What differs: hidden");
}

// Where no page gives details there is seldom anything to say, and the pictures take the room.
function syncAbout(v) {
  v.shown ??= Boolean(v.hooks.details || v.model.data.details);
  v.dialog.classList.toggle("cmp-alone", !v.shown);
  v.tools.info.setAttribute("aria-pressed", String(v.shown));
}

function hold(v, what) {
  if (v.held === what) return;
  v.held = what;
  if (v.model) paintMode(v);
}

// Once what is shown has come, what one step leads to is fetched; the last few dozen are held, so that a step back is at once.
function preload(v) {
  if (SIDES.some((side) => v.cell(side) && v.panes[side].node.classList.contains("cmp-loading"))) return;
  const around = ["a", "b"].flatMap((side) => Object.keys(WAYS).map((way) => neighbour(v, side, way)));
  for (const { full } of around.filter(Boolean)) {
    if (full && !full.startsWith("data:") && !v.ahead.has(full)) v.ahead.set(full, Object.assign(new Image(), { src: full }));
  }
  for (const old of [...v.ahead.keys()].slice(0, -32)) v.ahead.delete(old);
}

// For those who look as well as for those who listen: a key that leads nowhere says so.
function tell(v, text) {
  say(v.news, text);
  v.pill.textContent = text;
  v.pill.hidden = false;
  clearTimeout(v.telling);
  v.telling = setTimeout(() => { v.pill.hidden = true; }, 2600);
}
