// Back closes the viewer: while it is open, one entry of the history stands for it, at the same address.

// ``close()`` and ``open()`` do so with the viewer, ``isOpen()`` tells. Returns enter(), leave() and stop().
function makeBack(close, open, isOpen) {
  const mark = "pair-" + Math.random().toString(36).slice(2);
  let here = false;                                          // The entry we stand on is the viewer's.
  let leaving = false;                                       // We have asked to go back; that comes as an event, later.
  const ours = () => history.state?.compared === mark;

  // Streamlit runs the page again at every step through the history but those to an address with a "#". So the entry below
  // has a bare one while the viewer is open. Some places (a sandboxed frame) have no history: there the viewer does without.
  const enter = () => {
    if (here) return;
    try {
      const address = location.href.includes("#") ? location.href : location.href + "#";
      history.replaceState(history.state, "", address);
      history.pushState({ ...history.state, compared: mark }, "", address);
      here = true;
    } catch { /* Back leaves the page, as without us. */ }
  };

  // If the page around has meanwhile put an entry of its own on top, going back would undo that one.
  const leave = () => {
    if (!here || leaving) return;
    leaving = here = ours();
    if (leaving) history.back();
  };

  const popped = () => {
    const mine = ours();
    if (!mine && !here) return;
    const asked = leaving;
    here = mine;
    leaving = false;
    if (mine) { if (!isOpen()) open(); return; }
    if (location.href.endsWith("#")) history.replaceState(history.state, "", location.href.slice(0, -1));
    if (!asked) close();
    else if (isOpen()) enter();
  };

  // Who loads the page anew with the viewer open, or just closing, stands on an entry of a viewer that is no more.
  if (history.state?.compared) {
    try { history.replaceState({ ...history.state, compared: null }, "", location.href.replace(/#$/, "")); } catch { /* no history here */ }
  }
  addEventListener("popstate", popped);
  return { enter, leave, stop() { removeEventListener("popstate", popped); } };
}
