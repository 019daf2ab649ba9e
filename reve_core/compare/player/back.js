// Back closes the viewer: while it is open, one entry of the history stands for it, at the same address.

// ``close()`` and ``open()`` do so with the viewer, ``isOpen()`` tells. Returns enter(), leave() and stop().
function makeBack(close, open, isOpen) {
  const mark = "pair-" + Math.random().toString(36).slice(2);
  let here = false;                                          // The entry we stand on is the viewer's.
  let leaving = false;                                       // We have asked to go back; that comes as an event, later.
  let url = "";
  const ours = () => history.state?.compared === mark;

  // Some places (a sandboxed frame) have no history of their own: there the viewer does without.
  const enter = () => {
    if (here) return;
    try {
      history.pushState({ ...history.state, compared: mark }, "");
      here = true;
      url = location.href;
    } catch { /* Back leaves the page, as before. */ }
  };

  // If the page around has meanwhile put an entry of its own on top, going back would undo that one.
  const leave = () => {
    if (!here || leaving) return;
    leaving = ours();
    here = leaving;
    if (leaving) history.back();
  };

  const popped = (event) => {
    const mine = ours();
    if (!mine && !here) return;
    const asked = leaving;
    here = mine;
    leaving = false;
    // Nothing around us has changed, so a router that runs the page again for each step is not told.
    if (location.href === url) event.stopImmediatePropagation();
    if (mine) { if (!isOpen()) open(); }
    else if (!asked) close();
    else if (isOpen()) enter();
  };

  addEventListener("popstate", popped, true);
  return { enter, leave, stop() { removeEventListener("popstate", popped, true); } };
}
