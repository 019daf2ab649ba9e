// Stepping through the grid from within the pair, and the keys for all of it.

const WAYS = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] };
const WAY_SAYS = { left: "previous column", right: "next column", up: "row above", down: "row below" };
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const KEYS = [
  [["1", "2", "3", "4"], "Side by side, slider, fade, difference"],
  [["←", "→", "↑", "↓"], "Another picture on the right, through the grid"],
  [["Shift ←", "→", "↑", "↓"], "Another picture on the left"],
  [[",", "."], "Both pictures one column on"],
  [["X"], "Swap the two"],
  [["P"], "Pin the right picture as a third, and again to unpin"],
  [["Hold space"], "Flip to the other picture, in slider, fade and difference"],
  [["Hold T"], "The pinned picture in place of the right one"],
  [["[", "]"], "Move the divider, the fade or the amplifier"],
  [["+", "−", "0"], "Zoom in, out, whole picture; or the wheel, a pinch, a double click"],
  [["W", "A", "S", "D"], "Move about while zoomed; or drag"],
  [["B"], "Layout boxes"],
  [["I"], "What differs"],
  [["?"], "These keys"],
  [["Esc"], "Close"],
];

// The next picture that way, past those that are not there and past those shown on the other places.
function neighbour(v, side, way) {
  const from = v.cell(side);
  if (!from) return null;
  const others = SIDES.filter((other) => other !== side).map((other) => v.keys[other]);
  let [r, c] = v.model.place(from);
  const [dr, dc] = WAYS[way];
  for (;;) {
    [r, c] = [r + dr, c + dc];
    if (r < 0 || c < 0 || r >= v.model.rows.length || c >= v.model.columns.length) return null;
    const cell = v.model.at(r, c);
    if (viewable(cell) && !others.includes(cell.key)) return cell;
  }
}

function step(v, side, way) {
  const next = neighbour(v, side, way);
  if (!next) { tell(v, `${SIDE_NAMES[side]}: there is no other picture in the ${WAY_SAYS[way]}.`); return; }
  v.keys[side] = next.key;
  drawPair(v);
  say(v.news, `${SIDE_NAMES[side]}: ${nameOf(v.model, next)}`);
}

// Both at once, so that the two prompts can be followed through seeds and samples.
function stepBoth(v, way) {
  const columns = v.model.columns.length;
  const dc = WAYS[way][1];
  for (let n = 1; n < columns; n += 1) {
    const next = ["a", "b"].map((side) => {
      const cell = v.cell(side);
      if (!cell) return null;
      const [r, c] = v.model.place(cell);
      return v.model.at(r, c + n * dc);
    });
    if (next.some((cell) => cell === undefined)) break;
    if (!next.every((cell) => cell === null || viewable(cell))) continue;
    next.forEach((cell, index) => { if (cell) v.keys[SIDES[index]] = cell.key; });
    drawPair(v);
    say(v.news, next.filter(Boolean).map((cell) => nameOf(v.model, cell)).join(" beside "));
    return;
  }
  tell(v, way === "left" ? "This is the first column." : "This is the last column.");
}

function nudge(v, by) {
  if (v.amountLine.hidden) return;
  v.amount.value = clamp(Number(v.amount.value) + by, 0, 100);
  setAmount(v, Number(v.amount.value));
}

function pairKey(v, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation();                                   // The page around may have shortcuts of its own.
  const { key } = event;
  const lower = key.toLowerCase();
  const range = event.target.matches("input[type=range]");
  const button = event.target.closest("button");
  if (key === "Escape" || key === "Tab") return;
  if (range && (ARROWS[key] || /^(Home|End|Page)/u.test(key)) && !event.shiftKey) return;
  if (button && key === "Enter") return;
  if (key === " " && button) return;
  // In the list of what differs the arrows scroll it.
  if (ARROWS[key] && event.target === v.about && !event.shiftKey) return;
  const far = { w: [0, 1], s: [0, -1], a: [1, 0], d: [-1, 0] }[lower];
  if (/^[1-4]$/u.test(key)) chooseMode(v, MODES[Number(key) - 1][0]);
  else if (ARROWS[key]) step(v, event.shiftKey ? "a" : v.keys.b ? "b" : "a", ARROWS[key]);
  else if (key === "," || key === "<") stepBoth(v, "left");
  else if (key === "." || key === ">") stepBoth(v, "right");
  else if (key === "[") nudge(v, -5);
  else if (key === "]") nudge(v, 5);
  else if (key === "+" || key === "=") zoomAt(v, 1.4);
  else if (key === "-" || key === "_") zoomAt(v, 1 / 1.4);
  else if (key === "0") fitView(v);
  else if (far) moveBy(v, far[0] * v.frame.w * 0.12, far[1] * v.frame.h * 0.12);
  else if (lower === "x") swap(v);
  else if (lower === "p") togglePin(v);
  else if (lower === "b") { if (!v.tools.boxes.hidden) chooseBoxes(v); }
  else if (lower === "i") toggleAbout(v);
  else if (key === "?") toggleSheet(v);
  else if (key === " ") { if (v.mode !== "side") hold(v, "flip"); }
  else if (lower === "t") { if (v.keys.c && v.mode !== "side") hold(v, "third"); }
  else return;
  event.preventDefault();
}

function makeSheet(v) {
  const list = el("dl", { class: "cmp-keylist" }, ...KEYS.flatMap(([keys, says]) => [
    el("dt", {}, ...keys.flatMap((key, index) => [index ? " " : null, el("kbd", { text: key })])), el("dd", { text: says }),
  ]));
  return el("section", { class: "cmp-sheet", "aria-label": "Keys", hidden: true, tabindex: "-1" },
    el("div", { class: "cmp-sheethead" }, el("h2", { text: "Keys" }), iconButton("close", "Close the keys", { onclick: () => toggleSheet(v, false) })), list);
}

function toggleSheet(v, on = v.sheet.hidden) {
  if (v.sheet.hidden === !on) return;
  v.sheet.hidden = !on;
  v.tools.keys.setAttribute("aria-expanded", String(on));
  if (on) { v.before = activeIn(v.dialog); v.sheet.focus(); }
  else if (v.dialog.open) (v.before?.isConnected ? v.before : v.dialog).focus({ preventScroll: true });
}

function stepper(v, side, way) {
  return iconButton(way, `${SIDE_NAMES[side]} picture: ${WAY_SAYS[way]}`, { "data-step": `${side} ${way}`, class: "cmp-b cmp-only cmp-step", onclick: () => step(v, side, way) });
}

// At the grid's edge a step leads nowhere, and its button says so; it keeps the focus, so that one can turn back.
function syncSteps(v) {
  for (const button of v.captions.querySelectorAll("[data-step]")) {
    button.setAttribute("aria-disabled", String(!neighbour(v, ...button.dataset.step.split(" "))));
  }
}
