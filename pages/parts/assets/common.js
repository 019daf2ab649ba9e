// Shared by the pieces. Every text a person typed or a provider sent goes through textContent, never through HTML.
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node[name] = value;
    else if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const ICONS = {
  star: "M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8L12 16.9l-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  left: "M14.5 5l-7 7 7 7",
  right: "M9.5 5l7 7-7 7",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
  bin: "M5 7h14M10 7V4.5h4V7m-7 0l.8 12.5h8.4L17 7M10.3 10.5v6M13.7 10.5v6",
  back: "M9 7L5 11l4 4M5 11h9a5 5 0 0 1 0 10h-3",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  up: "M12 19V5m-6 6l6-6 6 6",
  share: "M12 15V4m-4 4l4-4 4 4M6.5 11.5H5V20h14v-8.5h-1.5",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// A picture that cannot be shown leaves its box standing, quietly, instead of the browser's broken-image mark.
function picture(src, alt, props) {
  const img = el("img", { alt, decoding: "async", draggable: "false", ...props });
  img.onload = () => img.parentElement && img.parentElement.classList.remove("lost");
  img.onerror = () => img.parentElement && img.parentElement.classList.add("lost");
  if (src) img.src = src;
  else queueMicrotask(() => img.onerror());
  return img;
}

function when(iso) {
  const at = new Date(iso);
  const sameYear = at.getFullYear() === new Date().getFullYear();
  const day = { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) };
  return at.toLocaleDateString(undefined, day) + ", " + at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

function seconds(s) {
  if (s < 0.05) return "under 0.1 s";
  if (s < 10) return (Math.round(s * 10) / 10).toLocaleString() + " s";
  if (s < 90) return Math.round(s) + " s";
  if (s < 5400) return Math.floor(s / 60) + " min " + String(Math.round(s % 60)).padStart(2, "0") + " s";
  return Math.floor(s / 3600) + " h " + Math.round((s % 3600) / 60) + " min";
}

// Whether files that are saved carry their prompt. Until somebody says otherwise they do.
const PROMPT_IN_FILES = "reve:prompt-in-files";
function promptInFiles(on) {
  try {
    if (on !== undefined) localStorage.setItem(PROMPT_IN_FILES, on ? "yes" : "no");
    return localStorage.getItem(PROMPT_IN_FILES) !== "no";
  } catch { return on ?? true; }
}

// The bar at the foot of the page that says what has just been done and offers to take it back.
function snackbar() {
  const words = el("span");
  const slot = el("span", { class: "offer" });
  const shut = el("button", { class: "ghost icon", type: "button", "aria-label": "Dismiss" }, icon("close"));
  const box = el("div", { class: "snack", hidden: true }, words, slot, shut);
  const live = el("div", { role: "status", "aria-live": "polite" }, box);
  let timer = 0;
  const hide = () => { clearTimeout(timer); box.hidden = true; slot.replaceChildren(); };
  const wait = (ms) => { clearTimeout(timer); timer = setTimeout(hide, ms); };
  shut.onclick = hide;
  // Nobody should lose the offer while reaching for it.
  box.onpointerenter = box.onfocusin = () => clearTimeout(timer);
  box.onpointerleave = box.onfocusout = () => wait(6000);
  const show = (text, offer, ms = 14000) => {
    words.textContent = text;
    slot.replaceChildren(...(offer ? [offer] : []));
    box.hidden = false;
    wait(ms);
  };
  return { node: live, show, hide, offer: () => (box.hidden ? null : slot.firstElementChild), stop: () => clearTimeout(timer) };
}
