// Moving through the grid: one place takes the focus, arrows move it; clicks, picks and the menu of a cell.

function nodeAt(g, place) {
  if (!place) return null;
  return place.column === null ? g.rows.get(place.row)?.head : g.cells.get(place.row + "\n" + place.column);
}

function rove(g, place) {
  const reach = (node, index) => node && [node, ...node.querySelectorAll("button:not(.cmp-more)")].forEach((one) => { one.tabIndex = index; });
  reach(nodeAt(g, g.at), -1);
  g.at = place;
  reach(nodeAt(g, place), 0);
}

function goTo(g, r, c) {
  const { rows, columns } = g.model;
  if (!rows[r] || c < -1 || c >= columns.length) return;
  const place = { row: rows[r].id, column: c < 0 ? null : columns[c].id };
  const node = nodeAt(g, place);
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest", inline: c < 0 ? "start" : "nearest" });
}

function placeOf(g, node) {
  const head = node.closest(".cmp-rowhead");
  if (head) return { row: head.dataset.row, column: null };
  const cell = node.closest(".cmp-cell");
  if (!cell) return null;
  return { row: cell.dataset.row, column: cell.dataset.column };
}

function listenGrid(g) {
  g.grid.addEventListener("focusin", (event) => {
    const place = placeOf(g, event.target);
    if (!place) return;
    if (place.row !== g.at?.row || place.column !== g.at?.column) rove(g, place);
    // By keyboard the head of a row makes it the measure of the others, as pointing at it does.
    if (event.target.classList.contains("cmp-rowhead") && event.target.matches(":focus-visible")) point(g, place.row);
    if (place.column !== null) showMore(g, event.target.closest(".cmp-cell"));
  });
  g.grid.addEventListener("focusout", (event) => {
    if (event.target.classList.contains("cmp-rowhead")) point(g, null);
  });
  g.grid.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const cell = event.target.closest(".cmp-cell");
    if (cell) showMore(g, cell);
    const head = event.target.closest(".cmp-rowhead");
    clearTimeout(g.pointing);
    // A moment's rest first: crossing the heads should not make the words dance.
    const row = head ? head.dataset.row : null;
    if (row !== g.pointed) g.pointing = setTimeout(() => point(g, row), head ? 180 : 60);
  });
  g.grid.addEventListener("pointerdown", () => clearTimeout(g.pointing));
  g.grid.addEventListener("pointerleave", () => { clearTimeout(g.pointing); point(g, null); });
  g.grid.addEventListener("click", (event) => clicked(g, event));
  g.grid.addEventListener("keydown", (event) => gridKey(g, event));
  g.grid.addEventListener("contextmenu", (event) => {
    const cell = event.target.closest(".cmp-cell");
    if (cell && acts(g, cell.cell).length) { event.preventDefault(); openCellMenu(g, cell); }
  });
  g.menu.addEventListener("keydown", (event) => menuKey(g, event));
  g.menu.addEventListener("toggle", (event) => g.more.setAttribute("aria-expanded", String(event.newState === "open")));
}

function point(g, row) {
  if (g.pointed === row || !g.model || (row && !g.rows.has(row))) return;
  g.pointed = row;
  drawRowHeads(g);
}

function clicked(g, event) {
  const head = event.target.closest(".cmp-rowhead");
  if (head) {
    const { k } = event.target.closest("[data-k]")?.dataset ?? {};
    const row = head.dataset.row;
    if (k === "base") g.base = g.base === row ? null : row;
    else if (k === "whole") g.open.has(row) ? g.open.delete(row) : g.open.add(row);
    else if (k === "twin") { g.hooks.act?.("twin", { row }); return; }
    else if (k === "more") {
      const again = twinSays(g, g.model.rows.find((one) => one.id === row));
      openMenu(g, head, [...(again ? [["twin", again]] : []), ["remove_row", "Remove this row"]], { row }, event.target.closest("button"));
      return;
    } else return;
    drawRowHeads(g);
    return;
  }
  const node = event.target.closest(".cmp-cell");
  if (!node?.cell) return;
  node.focus({ preventScroll: true });
  if (event.target.closest(".cmp-more")) { openCellMenu(g, node); return; }
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what) { g.hooks.act?.(what, { keys: [node.cell.key] }); return; }
  if (!viewable(node.cell)) return;
  if (g.picking || g.picked || event.shiftKey) pick(g, node.cell.key);
  else look(g, node.cell);
}

function look(g, cell, other = companion(g.model, cell)) {
  g.openPair(cell.key, other ? other.key : null);
}

function setPicking(g, on) {
  g.picking = on;
  if (!on) g.picked = null;
  hintPick(g);
}

// The first pick waits for a second; the same one again takes it back.
function pick(g, key) {
  const first = g.picked && g.model.key(g.picked);
  g.picked = key === g.picked ? null : key;
  if (first && key && key !== first.key) {
    g.picked = null;
    g.picking = false;
    hintPick(g);
    g.openPair(first.key, key);
    return;
  }
  hintPick(g);
}

function hintPick(g) {
  const cell = g.picked && g.model.key(g.picked);
  for (const node of g.cells.values()) node.classList.toggle("cmp-picked", Boolean(node.cell) && node.cell.key === g.picked);
  g.pick.setAttribute("aria-pressed", String(g.picking || Boolean(cell)));
  g.grid.classList.toggle("cmp-choosing", g.picking || Boolean(cell));
  g.hint.hidden = !g.picking && !cell;
  g.hint.textContent = cell ? `${nameOf(g.model, cell)} is the left picture. Choose the right one, or press Esc.` : g.picking ? "Choose the left picture." : "";
  say(g.says, g.hint.hidden ? "" : g.hint.textContent);
}

function gridKey(g, event) {
  if (event.altKey || event.ctrlKey && !/^(Home|End)$/u.test(event.key) || event.metaKey) return;
  const inside = event.target.matches("button");
  const place = placeOf(g, event.target);
  if (!place) return;
  const r = g.model.rows.findIndex((row) => row.id === place.row);
  const c = place.column === null ? -1 : g.model.columns.findIndex((column) => column.id === place.column);
  const last = g.model.columns.length - 1;
  const cell = c < 0 ? null : g.model.at(r, c);
  const { key } = event;
  if (inside && (key === "Enter" || key === " ")) return;
  if (key === "ArrowRight") goTo(g, r, c + 1);
  else if (key === "ArrowLeft") goTo(g, r, c - 1);
  else if (key === "ArrowDown") goTo(g, r + 1, c);
  else if (key === "ArrowUp") goTo(g, r - 1, c);
  else if (key === "Home") goTo(g, event.ctrlKey ? 0 : r, 0);
  else if (key === "End") goTo(g, event.ctrlKey ? g.model.rows.length - 1 : r, last);
  else if (key === "+" || key === "=") setZoom(g, g.zoom + ZOOM.step, true);
  else if (key === "-" || key === "_") setZoom(g, g.zoom - ZOOM.step, true);
  else if (key === "Escape" && (g.picked || g.picking)) setPicking(g, false);
  else if (key === "Enter" && c < 0) event.target.querySelector("button")?.click();
  else if (!cell) return;
  else if (key === "Enter") viewable(cell) ? (g.picked ? pick(g, cell.key) : look(g, cell)) : openCellMenu(g, nodeAt(g, place));
  else if ((key === " " || key === "c" || key === "C") && viewable(cell)) pick(g, cell.key);
  else if (key === "m" || key === "M" || key === "ContextMenu" || (key === "F10" && event.shiftKey)) openCellMenu(g, nodeAt(g, place));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// ---- what can be done with one cell

function acts(g, cell) {
  return g.hooks.act && cell ? ACTS.filter(([what]) => (cell.can || []).includes(what)) : [];
}

// One button for all cells, in the one that has the pointer or the focus: four hundred of them would cost their weight.
function showMore(g, node) {
  if (!node || g.more.parentNode === node) return;
  if (acts(g, node.cell).length) node.append(g.more);
  else g.more.remove();
}

function openCellMenu(g, node) {
  openMenu(g, node, acts(g, node?.cell), { keys: [node?.cell?.key] }, node);
}

// ``back`` has the focus again when the menu goes; the menu opens under the top of ``node``.
function openMenu(g, node, list, about, back) {
  if (!list.length) return;
  g.menu.replaceChildren(...list.map(([what, text]) => el("button", {
    type: "button", role: "menuitem", class: "cmp-item", tabindex: "-1", text,
    onclick: () => { g.menu.hidePopover(); back.focus({ preventScroll: true }); g.hooks.act(what, about); },
  })));
  g.menu.showPopover();
  const box = node.getBoundingClientRect();
  const own = g.menu.getBoundingClientRect();
  g.menu.style.left = clamp(box.right - own.width, 8, innerWidth - own.width - 8) + "px";
  g.menu.style.top = clamp(box.top + 40, 8, innerHeight - own.height - 8) + "px";
  g.menu.firstElementChild.focus();
  g.menuOf = back;
}

function menuKey(g, event) {
  const items = [...g.menu.children];
  const at = items.indexOf(activeIn(g.menu));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  event.stopPropagation();
  if (to !== undefined) { event.preventDefault(); items[(to + items.length) % items.length].focus(); }
  else if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); g.menu.hidePopover(); g.menuOf?.focus({ preventScroll: true }); }
}
