// What kind of host this is: asked once, of one of our own pictures. Where the app lies below a path, the addresses of ours
// that begin at the host's root cannot lead here, and nothing needs to be asked.
const LOOK_MS = 4000, SHELF = "reve:me";
const asked = new WeakSet();

export default function ({ data, parentElement, setTriggerValue }) {
  if (data.settled) {
    keep(data.keep);
    return;
  }
  if (asked.has(parentElement)) return;
  asked.add(parentElement);
  const root = ground();
  isPlain(root, data.ours).then((plain) => { if (plain || data.waits) setTriggerValue("found", { plain, root, kept: kept() }); });
}

// The path the app lies at: Streamlit's own scripts are found below it.
function ground() {
  for (const { src } of document.scripts) {
    const url = src ? new URL(src) : null, at = url && url.origin === location.origin ? url.pathname.indexOf("/static/js/") : -1;
    if (at >= 0) return url.pathname.slice(0, at + 1);
  }
  return "/";
}

async function isPlain(root, ours) {
  if (root !== "/") return true;
  try {
    const reply = await fetch(root + ours, { method: "HEAD", signal: AbortSignal.timeout(LOOK_MS) });
    return !reply.ok || !(reply.headers.get("content-type") || "").startsWith("image/");
  } catch { return true; }
}

// For a reload of this tab, and for nobody else: no other tab sees it, and it goes with this one.
function kept() { try { return sessionStorage.getItem(SHELF) || ""; } catch { return ""; } }

function keep(text) {
  // What stands in an address of this page is nobody else's business.
  if (!document.querySelector('meta[name="referrer"]')) document.head.append(Object.assign(document.createElement("meta"), { name: "referrer", content: "same-origin" }));
  try { if (text) sessionStorage.setItem(SHELF, text); } catch { /* the link remains */ }
}
