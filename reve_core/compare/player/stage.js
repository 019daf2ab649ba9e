// The stage: up to three panes that share one frame, one zoom and one position, drawn in one of four modes.

const MODES = [["side", "Side by side"], ["slider", "Slider"], ["fade", "Fade"], ["difference", "Difference"]];
const SIDES = ["a", "b", "c"];
const SIDE_NAMES = { a: "Left", b: "Right", c: "Pinned" };
const MOST_ZOOM = 16;

function makeStage(v) {
  v.view = { z: 1, x: 0, y: 0 };
  v.panes = {};
  v.stack = el("div", { class: "cmp-stack" });
  v.glass = el("div", { class: "cmp-glass" });
  for (const side of SIDES) {
    const pane = { thumb: picture(v, side, "thumb"), full: picture(v, side, "full"), key: null };
    pane.frame = el("div", { class: "cmp-frame" }, pane.thumb, pane.full);
    pane.layer = el("div", { class: "cmp-layer" }, pane.frame);
    pane.node = el("div", { class: `cmp-pane cmp-pane-${side}` }, pane.layer);
    pane.boxes = el("div", { class: "cmp-boxes", hidden: true });
    pane.tag = el("span", { class: "cmp-tag" });
    pane.note = el("p", { class: "cmp-panenote", hidden: true });
    pane.over = el("div", { class: `cmp-over cmp-over-${side}` }, pane.boxes, pane.tag, pane.note);
    v.stack.append(pane.node);
    v.glass.append(pane.over);
    v.panes[side] = pane;
  }
  v.handle = el("div", { class: "cmp-handle", role: "slider", tabindex: "0", "aria-label": "Divider", "aria-valuemin": 0, "aria-valuemax": 100, hidden: true }, el("i", {}, icon("slider")));
  v.handle.onkeydown = (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    setCut(v, v.cut + step);
  };
  v.stage = el("div", { class: "cmp-stage" }, v.stack, v.glass, v.handle);
  v.watch = new ResizeObserver(() => place(v));
  v.watch.observe(v.stage);
  listenGestures(v.stage, {
    zoom: (factor, x, y) => zoomAt(v, factor, ...inPane(v, x, y)),
    pan: (dx, dy) => moveBy(v, dx, dy),
    twice: (x, y) => toggleZoom(v, ...inPane(v, x, y)),
    grabs: (x, y, target) => v.mode === "slider" && Boolean(target.closest(".cmp-handle") || v.view.z === 1 || Math.abs(x - cutAt(v)) < 22),
    slide: (x) => { const [l, r] = visible(v); setCut(v, (x - l) / Math.max(1, r - l)); },
  });
  return v.stage;
}

function picture(v, side, which) {
  const img = el("img", { class: "cmp-" + which, decoding: "async", draggable: "false", alt: "" });
  img.onload = () => {
    img.classList.add("cmp-here");
    const cell = v.cell(side);
    if (cell && !aspectOf(cell)) place(v);
    if (which === "full") { note(v, side, ""); v.panes[side].node.classList.remove("cmp-loading"); v.arrived?.(); }
    applyView(v);
  };
  img.onerror = () => {
    if (!img.getAttribute("src")) return;
    img.classList.add("cmp-broken");
    if (which !== "full") return;
    v.panes[side].node.classList.remove("cmp-loading");
    note(v, side, v.panes[side].thumb.classList.contains("cmp-here") ? "The full picture could not be loaded. This is its small copy." : "This picture could not be loaded.");
  };
  return img;
}

function note(v, side, text) {
  const { note: line } = v.panes[side];
  line.textContent = text;
  line.hidden = !text;
}

// The small copy is in the grid already, so it stands there at once; the full one comes over it.
function showPictures(v) {
  for (const side of SIDES) {
    const [pane, cell] = [v.panes[side], v.cell(side)];
    pane.node.hidden = pane.over.hidden = !cell;
    const full = cell ? cell.full || cell.src : "";
    const thumb = cell ? cell.src || "" : "";
    if (pane.src === full && pane.small === thumb) continue;
    pane.src = full;
    pane.small = thumb;
    note(v, side, "");
    for (const [img, src] of [[pane.thumb, thumb], [pane.full, full]]) {
      img.classList.remove("cmp-here", "cmp-broken");
      if (src) img.src = src;
      else img.removeAttribute("src");
    }
    pane.node.classList.toggle("cmp-loading", Boolean(full));
    if (cell && !full) note(v, side, "There is no picture here.");
  }
  for (const side of SIDES) {
    const cell = v.cell(side);
    if (!cell) continue;
    v.panes[side].full.alt = cell.alt || "Picture";
    v.panes[side].tag.textContent = nameOf(v.model, cell);
  }
}

function shapeOf(v, side) {
  const { full, thumb } = v.panes[side];
  const img = full.naturalWidth ? full : thumb;
  return aspectOf(v.cell(side)) || (img.naturalWidth ? img.naturalWidth / img.naturalHeight : 1.5);
}

// Where the panes stand and where in them the pictures do: both are fitted into the same frame.
function place(v) {
  const [W, H] = [v.stage.clientWidth, v.stage.clientHeight];
  if (!W || !H || !v.model) return;
  const sides = SIDES.filter((side) => v.cell(side));
  const shapes = new Map(sides.map((side) => [side, shapeOf(v, side)]));
  if (sides.every((side) => sameShape(shapes.get(side), shapes.get("a")))) sides.forEach((side) => shapes.set(side, shapes.get("a")));
  const gap = v.mode === "side" ? 8 : 0;
  const pad = Math.min(W, H) < 480 ? 0 : 12;
  const fitted = (a, w, h) => { const wide = Math.min(w - 2 * pad, (h - 2 * pad) * a); return [wide, wide / a]; };
  let [columns, rows] = [1, 1];
  if (v.mode === "side") {
    const size = (c, r) => [(W - gap * (c - 1)) / c, (H - gap * (r - 1)) / r];
    const sum = (c, r) => sides.reduce((total, side) => { const [w, h] = fitted(shapes.get(side), ...size(c, r)); return total + w * h; }, 0);
    const n = sides.length;
    [columns, rows] = sum(n, 1) >= sum(1, n) ? [n, 1] : [1, n];
  }
  const [w, h] = [(W - gap * (columns - 1)) / columns, (H - gap * (rows - 1)) / rows];
  v.frame = { w, h };
  v.stage.classList.toggle("cmp-tagged", v.mode !== "side" || rows > 1);
  sides.forEach((side, index) => {
    const [x, y] = v.mode === "side" ? [(index % columns) * (w + gap), Math.floor(index / columns) * (h + gap)] : [0, 0];
    const [fw, fh] = fitted(shapes.get(side), w, h);
    const pane = v.panes[side];
    pane.at = { x, y };
    pane.rect = { x: (w - fw) / 2, y: (h - fh) / 2, w: fw, h: fh };
    for (const node of [pane.node, pane.over]) setBox(node, x, y, w, h);
    setBox(pane.frame, pane.rect.x, pane.rect.y, fw, fh);
  });
  v.union = {
    x0: Math.min(...sides.map((side) => v.panes[side].rect.x)), x1: Math.max(...sides.map((side) => v.panes[side].rect.x + v.panes[side].rect.w)),
    y0: Math.min(...sides.map((side) => v.panes[side].rect.y)), y1: Math.max(...sides.map((side) => v.panes[side].rect.y + v.panes[side].rect.h)),
  };
  settle(v);
}

function setBox(node, x, y, w, h) {
  Object.assign(node.style, { left: x + "px", top: y + "px", width: w + "px", height: h + "px" });
}

// ---- one zoom and one position for all

function inPane(v, x, y) {
  if (v.mode !== "side") return [x, y];
  const inside = (side) => v.cell(side) && v.panes[side].at && x >= v.panes[side].at.x && y >= v.panes[side].at.y;
  const side = [...SIDES].reverse().find(inside) ?? "a";
  const { at } = v.panes[side];
  return [x - (at?.x ?? 0), y - (at?.y ?? 0)];
}

function zoomAt(v, factor, x = v.frame.w / 2, y = v.frame.h / 2) {
  const { view } = v;
  const z = clamp(view.z * factor, 1, MOST_ZOOM);
  view.x = x - ((x - view.x) * z) / view.z;
  view.y = y - ((y - view.y) * z) / view.z;
  view.z = z;
  settle(v);
}

function moveBy(v, dx, dy) {
  v.view.x += dx;
  v.view.y += dy;
  settle(v);
}

// Twice on a spot: its pixels one to one, or at least two and a half times as large; twice again: the whole picture.
function toggleZoom(v, x, y) {
  if (v.view.z > 1.01) { v.view = { z: 1, x: 0, y: 0 }; settle(v); return; }
  const { full, rect } = v.panes.a;
  zoomAt(v, clamp(full.naturalWidth && rect ? full.naturalWidth / rect.w / (window.devicePixelRatio || 1) : 0, 2.5, MOST_ZOOM), x, y);
}

// The picture may not be lost: whole, it stands in the middle; enlarged, it may be moved the further the more it is, so that
// what is under the pointer stays there, until its edge has come to the middle of the frame.
function settle(v) {
  const { view, frame, union } = v;
  if (!frame || !union) return;
  const hold = (at, low, high, size) => {
    const span = (high - low) * view.z;
    const [first, last] = span <= size ? [(size - span) / 2 - low * view.z, (size - span) / 2 - low * view.z] : [size - high * view.z, -low * view.z];
    const slack = ((view.z - 1) * size) / 2;
    return clamp(at, Math.max(first - slack, size / 2 - high * view.z), Math.min(last + slack, size / 2 - low * view.z));
  };
  view.x = hold(view.x, union.x0, union.x1, frame.w);
  view.y = hold(view.y, union.y0, union.y1, frame.h);
  if (!v.drawing) v.drawing = requestAnimationFrame(() => { v.drawing = 0; applyView(v); });
}

function applyView(v) {
  if (!v.frame || !v.union) return;
  const { z, x, y } = v.view;
  const same = `translate(${x}px, ${y}px) scale(${z})`;
  for (const side of SIDES) {
    const pane = v.panes[side];
    if (!v.cell(side) || !pane.rect) continue;
    pane.layer.style.transform = same;
    setBox(pane.boxes, x + pane.rect.x * z, y + pane.rect.y * z, pane.rect.w * z, pane.rect.h * z);
    // Enlarged this far, one wants to see the pixels themselves.
    pane.full.classList.toggle("cmp-pixels", pane.full.naturalWidth > 0 && (pane.rect.w * z) / pane.full.naturalWidth > 4);
  }
  v.stage.classList.toggle("cmp-zoomed", z > 1.001);
  v.stage.style.setProperty("--cut", cutAt(v) + "px");
  v.scaled?.(z);
}

// ---- the modes

function visible(v) {
  const { view, union, frame } = v;
  return [Math.max(0, view.x + union.x0 * view.z), Math.min(frame.w, view.x + union.x1 * view.z)];
}

function cutAt(v) {
  if (!v.union) return 0;
  const [l, r] = visible(v);
  return l + v.cut * (r - l);
}

function setCut(v, value) {
  v.cut = clamp(value, 0, 1);
  const percent = Math.round(v.cut * 100);
  v.handle.setAttribute("aria-valuenow", percent);
  v.handle.setAttribute("aria-valuetext", percent + " % left picture");
  if (v.mode === "slider") {
    v.amount.value = percent;
    v.amount.setAttribute("aria-valuetext", percent + " % left picture");
  }
  settle(v);
}

// In fade the right picture comes over the left. Of different shapes, the left one must also go, or its rim would stay.
function paintMode(v) {
  const sides = SIDES.filter((side) => v.cell(side));
  const alternate = v.held === "third" && v.cell("c") ? "c" : "b";
  const mixed = sides.length > 1 && !sameShape(shapeOf(v, "a"), shapeOf(v, alternate === "c" ? "c" : sides.includes("b") ? "b" : "a"));
  v.stage.dataset.mode = v.mode;
  v.stage.classList.toggle("cmp-alternate", alternate === "c");
  v.stage.classList.toggle("cmp-flipped", v.held === "flip");
  v.handle.hidden = v.mode !== "slider" || !v.cell("b");
  const at = v.held === "flip" ? (v.fade < 0.5 ? 1 : 0) : v.fade;
  const fading = v.mode === "fade";
  for (const side of SIDES) {
    const pane = v.panes[side];
    const over = v.mode !== "side";
    const shown = !over || side === "a" || side === alternate;
    for (const node of [pane.node, pane.over]) {
      node.classList.toggle("cmp-away", !shown);
      node.classList.toggle("cmp-second", over && side === alternate);
    }
    const solid = side === "a" ? (mixed ? clamp(2 - 2 * at, 0, 1) : 1) : at;
    pane.node.style.opacity = fading ? solid : "";
    pane.over.style.opacity = "";
  }
  v.stack.style.filter = v.mode === "difference" && v.gain > 1 ? `brightness(${v.gain})` : "";
}
