// The grid: rows are prompts, columns what else differs. This file lays it out and patches it; grid_cells.js draws one
// place of it, grid_keys.js moves through it.

const ZOOM = { low: 56, high: 440, step: 24 };

function makeGrid(root, hooks, openPair) {
  const g = {
    hooks, openPair, cells: new Map(), rows: new Map(), shape: null, at: null, base: null, pointed: null, picked: null,
    picking: false, zoom: null, open: new Set(), settled: null,
  };
  g.count = el("p", { class: "cmp-count" });
  g.pick = el("button", { type: "button", class: "cmp-b", "aria-pressed": "false", text: "Pick two", title: "Pick two pictures to compare (C on the keyboard)", onclick: () => setPicking(g, !g.picking) });
  g.range = el("input", { type: "range", class: "cmp-range", min: ZOOM.low, max: ZOOM.high, step: "1", "aria-label": "Picture size", title: "Picture size (− and +)", oninput: () => setZoom(g, Number(g.range.value), true) });
  g.bar = el("div", { class: "cmp-bar" }, g.count, g.pick, el("div", { class: "cmp-zoom" },
    iconButton("minus", "Smaller pictures", { onclick: () => setZoom(g, g.zoom - ZOOM.step, true) }), g.range,
    iconButton("plus", "Larger pictures", { onclick: () => setZoom(g, g.zoom + ZOOM.step, true) })));
  g.says = el("p", { class: "cmp-heard", role: "status", "aria-live": "polite" });
  g.hint = el("p", { class: "cmp-hint", hidden: true });
  g.head = el("div", { role: "rowgroup", class: "cmp-heads" });
  g.body = el("div", { role: "rowgroup", class: "cmp-rows" });
  g.grid = el("div", { role: "grid", class: "cmp-grid", "aria-label": "Pictures by prompt" }, g.head, g.body);
  g.scroll = el("div", { class: "cmp-scroll" }, g.grid);
  g.port = el("div", { class: "cmp-port" }, g.scroll);
  g.scroll.addEventListener("scroll", () => shade(g), { passive: true });
  g.none = el("p", { class: "cmp-none", hidden: true, text: "There is nothing to compare here yet." });
  g.more = iconButton("dots", "What to do with this picture", { tabindex: "-1", class: "cmp-b cmp-only cmp-more", "aria-haspopup": "menu" });
  g.menu = el("div", { class: "cmp-menu", role: "menu", popover: "auto" });
  root.append(g.bar, g.hint, g.port, g.none, g.menu, g.says);
  listenGrid(g);
  g.watch = new ResizeObserver(() => { fit(g); shade(g); });
  g.watch.observe(g.scroll);
  g.watch.observe(g.grid);
  return g;
}

function drawGrid(g, model) {
  const before = g.model;
  g.model = model;
  const shape = JSON.stringify([model.rows.map((row) => row.id), model.columns.map((column) => [column.id, column.heads])]);
  const empty = !model.rows.length || !model.columns.length;
  g.none.hidden = !empty;
  g.port.hidden = g.bar.hidden = empty;
  if (!model.rows.some((row) => row.id === g.base)) g.base = null;
  // Sizes first, while the grid is still empty: measuring it afterwards would lay it out twice.
  const measure = JSON.stringify(columnAspects(model));
  if (measure !== g.measure) { g.measure = measure; fit(g, true); }
  if (shape !== g.shape) rebuild(g, shape);
  else {
    model.rows.forEach((row, r) => model.columns.forEach((_, c) => patchCell(g, g.cells.get(placeKey(g, r, c)), model.at(r, c))));
    if (moneyOf(model) !== g.money) drawHeads(g);
  }
  drawRowHeads(g);
  g.pick.hidden = !g.picking && model.data.cells.filter(viewable).length < 2;
  summarise(g, before);
  if (g.picked && !viewable(model.key(g.picked))) pick(g, null);
}

const placeKey = (g, r, c) => g.model.rows[r].id + "\n" + g.model.columns[c].id;

// Rows and columns came or went: the frame is drawn anew, the cells that stay keep their node and so their picture.
function rebuild(g, shape) {
  const held = g.grid.contains(activeIn(g.grid)) ? g.at : null;
  const { model } = g;
  g.shape = shape;
  const levels = drawHeads(g);
  const cells = new Map();
  const rows = new Map();
  const shell = model.rows.map((row, r) => {
    const old = g.rows.get(row.id);
    const head = old?.head ?? el("div", { role: "rowheader", class: "cmp-rowhead", tabindex: "-1", "aria-colindex": 1 });
    head.dataset.row = row.id;
    const line = old?.line ?? el("div", { role: "row", class: "cmp-row" });
    line.setAttribute("aria-rowindex", levels + r + 1);
    const places = model.columns.map((column, c) => {
      const key = placeKey(g, r, c);
      const node = g.cells.get(key) ?? el("div", { role: "gridcell", class: "cmp-cell", tabindex: "-1" });
      node.dataset.row = row.id;
      node.dataset.column = column.id;
      node.setAttribute("aria-colindex", c + 2);
      cells.set(key, node);
      patchCell(g, node, model.at(r, c));
      return node;
    });
    rows.set(row.id, { line, head, drawn: old?.drawn });
    if (!old || [...line.children].length !== places.length + 1 || places.some((node, c) => line.children[c + 1] !== node)) line.replaceChildren(head, ...places);
    return line;
  });
  g.cells = cells;
  g.rows = rows;
  if (shell.length !== g.body.children.length || shell.some((line, r) => g.body.children[r] !== line)) g.body.replaceChildren(...shell);
  g.grid.setAttribute("aria-rowcount", levels + model.rows.length);
  g.grid.setAttribute("aria-colcount", model.columns.length + 1);
  if (!g.at || !nodeAt(g, g.at)) g.at = model.rows.length && model.columns.length ? { row: model.rows[0].id, column: model.columns[0].id } : null;
  rove(g, g.at);
  if (held) nodeAt(g, g.at)?.focus({ preventScroll: true });
}

// What each column's model asks for a picture, and what it has cost.
const moneyOf = (model) => JSON.stringify(model.columns.map((column) => [column.price, column.cost]));

// Only what differs has a name; neighbours with the same name share one.
function drawHeads(g) {
  const { columns } = g.model;
  g.money = moneyOf(g.model);
  const levels = Math.max(0, ...columns.map((column) => column.heads.length));
  const rows = [];
  for (let level = 0; level < levels; level += 1) {
    const line = el("div", { role: "row", class: "cmp-row cmp-headrow", "aria-rowindex": level + 1 });
    if (level === 0) line.append(el("div", { role: "columnheader", class: "cmp-corner", "aria-colindex": 1, "aria-rowspan": levels > 1 ? levels : null }, heard("Prompt")));
    else line.append(el("div", { class: "cmp-corner", "aria-hidden": "true" }));
    for (let c = 0; c < columns.length;) {
      const path = JSON.stringify(columns[c].heads.slice(0, level + 1));
      let span = 1;
      while (c + span < columns.length && JSON.stringify(columns[c + span].heads.slice(0, level + 1)) === path) span += 1;
      const head = el("div", { role: "columnheader", class: "cmp-colhead", "aria-colindex": c + 2, "aria-colspan": span > 1 ? span : null },
        el("span", {}, columns[c].heads[level] ?? "", level || !(columns[c].price || columns[c].cost) ? null : el("small", { text: [columns[c].price, columns[c].cost].filter(Boolean).join(" · ") })));
      head.style.setProperty("--at", c + 1);
      head.style.setProperty("--span", span);
      if (c > 0) head.classList.add("cmp-edge");
      line.append(head);
      c += span;
    }
    rows.push(line);
  }
  g.head.replaceChildren(...rows);
  g.head.hidden = !levels;
  return levels;
}

function columnAspects(model) {
  return model.columns.map((_, c) => {
    const known = model.rows.map((__, r) => aspectOf(model.at(r, c))).filter(Boolean);
    return Math.round(1000 * (known.length ? clamp(Math.max(...known), 0.5, 2.4) : 1)) / 1000;
  });
}

// The size that lets all columns stand side by side where that leaves them large enough; on a phone two and a bit.
function fit(g, force = false) {
  const width = g.scroll.clientWidth;
  if (!width || !g.model || (width === g.fitted && !force)) return;
  g.fitted = width;
  const aspects = columnAspects(g.model);
  g.tall = 1 / Math.sqrt([...aspects].sort((x, y) => x - y)[Math.floor(aspects.length / 2)] || 1);
  if (g.zoom === null || !g.chosen) {
    const narrow = width <= 640;
    const room = narrow ? width - 8 : width - clamp(width * 0.24, 190, 330);
    const mean = aspects.reduce((total, a) => total + a, 0) / (aspects.length || 1) || 1;
    const size = (columns) => (room / columns - 8) / mean / g.tall;
    g.zoom = narrow ? clamp(size(Math.min(2.25, aspects.length)), 96, 380) : clamp(size(aspects.length), 116, 300);
  }
  setZoom(g, g.zoom, false);
}

function setZoom(g, value, chosen) {
  if (value === undefined || !Number.isFinite(value)) return;
  g.zoom = clamp(Math.round(value), ZOOM.low, ZOOM.high);
  g.chosen = g.chosen || chosen;
  g.range.value = g.zoom;
  g.range.setAttribute("aria-valuetext", g.zoom + " pixels");
  g.grid.style.setProperty("--h", Math.round(g.zoom * (g.tall || 1)) + "px");
  if (g.columns !== g.measure) {
    g.columns = g.measure;
    g.grid.style.setProperty("--cols", columnAspects(g.model).map((a) => `calc(var(--h) * ${a})`).join(" "));
  }
  g.grid.classList.toggle("cmp-small", g.zoom < 120);
  g.grid.classList.toggle("cmp-tiny", g.zoom < 84);
  if (!chosen) { measureHeads(g); return; }
  // While the slider is being dragged each frame has enough to do.
  clearTimeout(g.settled);
  g.settled = setTimeout(() => { measureHeads(g); g.hooks.zoomChanged?.(g.zoom); }, 250);
}

// A shade stands at the edge beyond which there are more columns.
function shade(g) {
  const { scrollLeft, scrollWidth, clientWidth, offsetWidth, clientHeight } = g.scroll;
  const left = scrollLeft > 1;
  const right = scrollLeft + clientWidth < scrollWidth - 1;
  const seal = [left, right, offsetWidth - clientWidth, clientHeight].join();
  if (seal === g.shaded) return;
  g.shaded = seal;
  g.port.classList.toggle("cmp-leftward", left);
  g.port.classList.toggle("cmp-rightward", right);
  g.port.style.setProperty("--rim", offsetWidth - clientWidth + "px");
  g.port.style.setProperty("--high", clientHeight + "px");
}

function summarise(g, before) {
  const { cells } = g.model.data;
  const of = (model) => model.data.cells.reduce((sum, cell) => ({ ...sum, [cell.state]: (sum[cell.state] || 0) + 1 }), {});
  const now = of(g.model);
  const coming = (now.queued || 0) + (now.running || 0);
  const parts = [];
  const pictures = cells.filter(viewable).length;
  parts.push(pictures === 1 ? "1 picture" : pictures + " pictures");
  if (coming) parts.push(coming + " on " + (coming === 1 ? "its" : "their") + " way");
  if (now.failed) parts.push(now.failed + " failed");
  if (now.held) parts.push(now.held + " held by the spending cap");
  // Each picture carries its own where there is room; this line says it for the smallest.
  const labels = new Map();
  for (const cell of cells.filter(viewable)) labels.set(cell.label || "", (labels.get(cell.label || "") || 0) + 1);
  for (const [label, many] of labels) if (label) parts.push(labels.size > 1 ? `${label}: ${many}` : label);
  const text = parts.join(" · ");
  if (g.count.textContent !== text) g.count.textContent = text;
  if (!before) return;
  const was = of(before);
  const fresh = (now.done || 0) - (was.done || 0);
  const lost = (now.failed || 0) - (was.failed || 0);
  const news = [fresh > 0 ? (fresh === 1 ? "1 picture is done." : fresh + " pictures are done.") : "", lost > 0 ? (lost === 1 ? "1 picture failed." : lost + " pictures failed.") : ""].filter(Boolean);
  if (news.length) say(g.says, news.join(" "));
}

function activeIn(node) {
  return node.getRootNode().activeElement;
}
