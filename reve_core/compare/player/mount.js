// The one way in. ``data`` and ``hooks`` are described in the package's docstring.

function compareMount(root, data, hooks = {}) {
  const box = el("div", { class: "cmp" });
  root.append(box);
  let model = readModel(data);
  let gone = false;
  const open = (a, b) => { const opened = openPair(viewer, model, a, b); if (opened) back.enter(); return opened; };
  const grid = makeGrid(box, hooks, open);
  const viewer = makePair(box, hooks, (opener, last) => {
    if (gone) return;
    back.leave();
    const cell = model.key(opener) ?? model.key(last);
    if (!cell || !model.row(cell)) return;
    const node = nodeAt(grid, { row: cell.row, column: cell.column });
    node?.focus({ preventScroll: true });
    node?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  const back = makeBack(() => closePair(viewer), () => { if (viewer.last) openPair(viewer, model, ...viewer.last); }, () => viewer.dialog.open);
  if (Number.isFinite(data.zoom)) { grid.zoom = clamp(data.zoom, ZOOM.low, ZOOM.high); grid.chosen = true; }

  const draw = () => {
    box.classList.toggle("cmp-light", model.data.theme === "light");
    box.classList.toggle("cmp-dark", model.data.theme === "dark");
    drawGrid(grid, model);
    refreshPair(viewer, model);
  };
  draw();
  return {
    update(next) { if (gone) return; model = readModel(next); draw(); },
    open(a, b) { const cell = model.key(a); return cell ? open(a, b ?? companion(model, cell)?.key ?? null) : false; },
    close() { closePair(viewer); },
    destroy() {
      gone = true;
      back.stop();
      grid.watch.disconnect();
      viewer.watch.disconnect();
      clearTimeout(grid.settled);
      clearTimeout(grid.pointing);
      clearTimeout(grid.says.fading);
      clearTimeout(viewer.telling);
      clearTimeout(viewer.zoomed);
      clearTimeout(viewer.news.fading);
      cancelAnimationFrame(grid.measuring);
      cancelAnimationFrame(viewer.drawing);
      box.remove();
    },
  };
}
