// Fingers, mouse and wheel on the stage, as three plain wishes: zoom round a point, move, or drag the divider.

// ``on``: zoom(factor, x, y), pan(dx, dy), twice(x, y), grabs(x, y, target) -> is this a drag of the divider?, slide(x).
// All in CSS pixels from the node's top left corner.
function listenGestures(node, on) {
  const fingers = new Map();
  let sliding = false;
  let tap = null;
  let moved = 0;
  const at = (event) => {
    const box = node.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [p, q] = [...fingers.values()];
    return { away: Math.hypot(p.x - q.x, p.y - q.y), x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 };
  };
  const own = (event) => !event.target.closest("button, input, a");

  node.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 240 : 1;
    // A pinch on a touchpad comes as a wheel with Ctrl, in smaller steps.
    const speed = event.ctrlKey ? 0.01 : 0.0018;
    const { x, y } = at(event);
    on.zoom(Math.exp(-clamp(event.deltaY * lines, -400, 400) * speed), x, y);
  }, { passive: false });

  node.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || !own(event) || fingers.size > 1) return;
    const point = at(event);
    try { node.setPointerCapture(event.pointerId); } catch { /* It has been lifted already. */ }
    fingers.set(event.pointerId, point);
    sliding = fingers.size === 1 && on.grabs(point.x, point.y, event.target);
    moved = fingers.size === 1 ? 0 : 99;
    if (sliding) on.slide(point.x);
    node.classList.add("cmp-holding");
  });

  node.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (fingers.size === 1) {
      fingers.set(event.pointerId, now);
      if (sliding) on.slide(now.x);
      else on.pan(now.x - before.x, now.y - before.y);
      return;
    }
    const was = spread();
    fingers.set(event.pointerId, now);
    const is = spread();
    if (was.away > 0 && is.away > 0) on.zoom(is.away / was.away, was.x, was.y);
    on.pan(is.x - was.x, is.y - was.y);
  });

  const lifted = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (!fingers.size) node.classList.remove("cmp-holding");
    sliding = false;
    if (event.type !== "pointerup" || event.pointerType === "mouse" || moved > 12) { tap = null; return; }
    const here = { ...at(event), when: event.timeStamp };
    if (tap && here.when - tap.when < 320 && Math.hypot(here.x - tap.x, here.y - tap.y) < 28) { tap = null; on.twice(here.x, here.y); }
    else tap = here;
  };
  node.addEventListener("pointerup", lifted);
  node.addEventListener("pointercancel", lifted);
  node.addEventListener("lostpointercapture", lifted);
  node.addEventListener("dblclick", (event) => {
    if (!own(event) || event.sourceCapabilities?.firesTouchEvents) return;
    const { x, y } = at(event);
    on.twice(x, y);
  });
}
