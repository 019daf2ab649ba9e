const STATE = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector("#root"))));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  s.stopListening?.();
  const opened = (event) => preview(s, event.detail);
  window.addEventListener("reve:open", opened);
  s.stopListening = () => window.removeEventListener("reve:open", opened);
  take(s, data.view);
  shared(s.sharing, data.shared);
  return () => s.stopListening();
}

function build(root) {
  const s = { root, id: null, waiting: null, closing: null, layout: false };
  s.small = el("img", { class: "small", alt: "", "aria-hidden": "true" });
  s.big = el("img", { class: "big", decoding: "async" });
  s.boxes = el("div", { class: "boxes", hidden: true });
  s.frame = el("div", { class: "frame" }, s.small, s.big, s.boxes);
  s.trouble = el("div", { class: "trouble", hidden: true });
  s.prev = el("button", { class: "step prev", type: "button", "aria-label": "Newer picture", title: "Newer (←)", onclick: () => step(s, "newer") }, icon("left"));
  s.next = el("button", { class: "step next", type: "button", "aria-label": "Older picture", title: "Older (→)", onclick: () => step(s, "older") }, icon("right"));
  s.stage = el("div", { class: "stage" }, s.frame, s.trouble, s.prev, s.next);
  s.side = el("aside", { class: "side", "aria-label": "About this picture" });
  s.shut = el("button", { class: "ghost icon shut", type: "button", "aria-label": "Close", title: "Close (Esc)", onclick: () => close(s) }, icon("close"));
  s.dialog = el("dialog", { "aria-label": "Picture", tabindex: "-1" }, s.shut, s.stage, s.side);
  s.dialog.oncancel = (event) => { event.preventDefault(); close(s); };
  s.dialog.onkeydown = (event) => key(s, event);
  s.stage.onclick = (event) => { if (event.target === s.stage) close(s); };
  s.big.onload = () => { s.big.classList.add("here"); preload(s); };
  s.big.onerror = () => { if (s.view && !s.view.trouble) trouble(s, "The picture’s file is missing or cannot be shown."); };
  s.sharing = shareForm(root, (what, more) => s.act(what, more));
  root.append(s.dialog);
  return s;
}

function show(s) {
  if (!s.dialog.open) { s.dialog.showModal(); s.dialog.focus(); }
}

// The tile that was pressed is shown at once, large, while the rest is fetched.
function preview(s, item) {
  s.waiting = item.id;
  s.closing = null;
  draw(s, { id: item.id, thumb: item.src, width: item.aspect, height: 1, prompt: item.alt, label: item.label, preview: true });
  show(s);
}

function take(s, view) {
  if (s.waiting && (!view || view.id !== s.waiting)) return;   // Python has not caught up with the last press
  if (!view) { s.closing = null; if (s.dialog.open) finish(s); return; }
  if (view.id === s.closing) return;
  s.waiting = null;
  draw(s, view);
  show(s);
}

function close(s) {
  s.closing = s.id;
  s.waiting = null;
  const pushed = s.fromGrid && new URLSearchParams(location.search).get("image");
  finish(s);
  // The entry that opening made is taken back, so that Back does not open the picture again.
  if (pushed) history.back();
  else s.act("close");
}

function finish(s) {
  s.dialog.close();
  window.dispatchEvent(new CustomEvent("reve:closed", { detail: s.id }));
  s.big.removeAttribute("src");
  s.shownSrc = null;
  s.fromGrid = false;
  s.view = null;
}

function step(s, way) {
  const to = s.view && s.view[way];
  if (!to) return;
  const url = new URL(location.href);
  url.searchParams.set("image", to.id);
  history.replaceState(history.state, "", url);
  s.waiting = to.id;
  draw(s, { id: to.id, thumb: to.src, width: to.aspect, height: 1, prompt: to.alt, label: to.label, preview: true });
  s.act("go", { id: to.id });
}

function key(s, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation();                                   // Streamlit has shortcuts of its own
  const can = s.view && !s.view.preview && !s.view.missing;
  if (event.key === "ArrowLeft") step(s, "newer");
  else if (event.key === "ArrowRight") step(s, "older");
  else if ((event.key === "s" || event.key === "S") && can && !s.view.trashed) star(s);
  else if (event.key === "Delete" && can && !s.view.trashed) leave(s, "trash");
  else if ((event.key === "l" || event.key === "L") && can && s.view.regions.length) layout(s, !s.layout);
  else return;
  event.preventDefault();
}

function star(s) {
  s.view.starred = !s.view.starred;
  s.side.querySelector(".starbutton")?.setAttribute("aria-pressed", String(s.view.starred));
  s.act("star", { ids: [s.id], on: s.view.starred });
}

// Deleting or restoring leaves the picture: the list behind says so and offers to take it back.
function leave(s, what) {
  const id = s.id;
  s.closing = id;
  s.waiting = null;
  finish(s);
  s.act(what, { ids: [id] });
}

function draw(s, view) {
  const same = s.id === view.id;
  if (view.preview) s.fromGrid = s.fromGrid || !s.dialog.open;
  s.id = view.id;
  s.view = view;
  s.dialog.setAttribute("aria-label", view.missing ? "No such picture" : "Picture: " + view.prompt.slice(0, 120));
  s.prev.hidden = !view.newer;
  s.next.hidden = !view.older;
  s.frame.hidden = Boolean(view.missing || view.trouble);
  s.trouble.hidden = !(view.missing || view.trouble);
  if (view.missing || view.trouble) { s.stage.style.setProperty("--a", 1.6); trouble(s, view.trouble || ""); }
  else {
    s.stage.style.setProperty("--a", view.width / view.height);
    // Tiny pictures stay crisp at their own size; large ones fill the stage.
    s.frame.style.setProperty("--most", view.preview ? "9999px" : Math.max(view.width * 2, 320) + "px");
    if (!same || !s.small.src) { s.small.src = view.thumb; s.small.style.visibility = ""; s.small.onerror = () => { s.small.style.visibility = "hidden"; }; }
    s.big.alt = view.prompt.slice(0, 400);
    if (view.src !== s.shownSrc) {
      s.big.classList.remove("here");
      if (view.src) s.big.src = view.src; else s.big.removeAttribute("src");
      s.shownSrc = view.src;
    }
  }
  s.boxes.hidden = true;
  const held = s.root.getRootNode().activeElement;
  const key = s.side.contains(held) ? held.dataset.k : null;
  s.side.replaceChildren(...(view.missing ? lost(s, view) : about(s, view)));
  if (!same) s.side.scrollTop = 0;
  if (!view.preview && !view.missing) regions(s, view);
  // Whoever works by keyboard stays inside: on the same control where it exists again, on the view itself otherwise.
  if (s.dialog.open && held && !held.isConnected) ((key && s.side.querySelector(`[data-k="${key}"]`)) || s.dialog).focus();
}

function trouble(s, text) {
  s.frame.hidden = true;
  s.trouble.hidden = false;
  s.trouble.replaceChildren(icon("picture"), ...(text ? [el("p", { text })] : []));
}

function preload(s) {
  for (const way of ["older", "newer"]) if (s.view?.[way]?.full) new Image().src = s.view[way].full;
}

function lost(s, view) {
  return [el("h2", { text: view.title }), el("p", { class: "quiet", text: view.missing }), el("div", { class: "row" }, el("button", { class: "main", type: "button", text: "Back to the gallery", onclick: () => close(s) }))];
}

function about(s, view) {
  const prompt = el("p", { class: "prompt", dir: "auto", tabindex: "0", text: view.prompt });
  prompt.onscroll = () => prompt.classList.toggle("cut", prompt.scrollHeight - prompt.clientHeight - prompt.scrollTop > 8);
  requestAnimationFrame(prompt.onscroll);
  const label = el("div", { class: "label" }, view.label ? el("span", { text: view.label }) : null, view.signed ? el("span", { text: "Files " + view.signed }) : null, view.trashed ? el("span", { class: "bad", text: "In the trash" }) : null);
  if (view.preview) return [label, el("h2", { class: "sr", text: "Prompt" }), prompt];
  const copy = el("button", { class: "ghost", type: "button" }, icon("copy"), el("span", { text: "Copy prompt" }));
  copy.onclick = async () => { copy.lastChild.textContent = (await copied(view.prompt)) ? "Copied" : "Select it and copy by hand"; setTimeout(() => { copy.lastChild.textContent = "Copy prompt"; }, 2000); };
  const tools = view.trashed
    ? [el("button", { type: "button", onclick: () => leave(s, "restore") }, icon("back"), el("span", { text: "Restore" }))]
    : [
        view.trouble ? null : download(s, view),
        view.trouble || !view.shares ? null : el("button", { class: "icon", type: "button", "data-k": "share", "aria-label": "Share", title: "Share", onclick: () => askToShare(s.sharing, view.id, () => s.side.querySelector("[data-k=share]")) }, icon("share")),
        el("button", { class: "icon starbutton", type: "button", "data-k": "star", "aria-label": "Favourite", title: "Favourite (S)", "aria-pressed": String(view.starred), onclick: () => star(s) }, icon("star")),
        el("button", { class: "icon", type: "button", "aria-label": "Move to the trash", title: "Move to the trash (Delete)", onclick: () => leave(s, "trash") }, icon("bin")),
      ];
  const facts = el("dl", {}, ...view.facts.flatMap(([name, value, kind]) => [
    el("dt", { text: name }),
    kind === "time" ? el("dd", {}, el("time", { datetime: value, text: when(value) })) : kind === "s" ? el("dd", { text: seconds(value) }) : el("dd", { text: value, class: kind === "code" ? "code" : null }),
  ]));
  return [
    el("div", { class: "row tools" }, ...tools),
    view.trouble || view.trashed ? null : promptChoice(s, view),
    label,
    el("h2", { class: "sr", text: "Prompt" }), prompt,
    el("div", { class: "row" },
      el("button", { type: "button", text: "Use these settings", title: "Fill the form with all of this picture’s settings", onclick: () => s.act("reuse", { id: view.id, what: "all" }) }),
      el("button", { type: "button", text: "Prompt only", title: "Fill the form with the prompt alone", onclick: () => s.act("reuse", { id: view.id, what: "prompt" }) }),
      copy,
      view.trouble || view.trashed ? null : el("button", { class: "ghost", type: "button", title: "Write another prompt and see both side by side", onclick: () => s.act("compare_with", { id: view.id }) }, icon("compare"), el("span", { text: "Compare with…" }))),
    s.regionHome = el("section", { class: "regions", hidden: true }),
    view.notes.length ? el("ul", { class: "notes", "aria-label": "Notes" }, ...view.notes.map((text) => el("li", { text }))) : null,
    el("h2", { class: "sr", text: "Details" }), facts,
  ].filter(Boolean);
}

// Without an address Python is asked for the file, and the list behind fetches it.
function download(s, view) {
  const inside = () => [icon("download"), el("span", { text: "Download" })];
  if (view.download) return el("a", { class: "button main getit", href: fileOf(view), download: "" }, ...inside());
  return el("button", { class: "main", type: "button", "data-k": "download", onclick: () => s.act("download", { id: view.id, prompt: promptInFiles() }) }, ...inside());
}

const fileOf = (view) => (promptInFiles() ? view.download : view.download + (view.download.includes("?") ? "&" : "?") + "prompt=no");

// Holds for every file that is saved from here on. The mark is in it either way.
function promptChoice(s, view) {
  const box = el("input", { type: "checkbox", "data-k": "keep", checked: promptInFiles() });
  box.onchange = () => { promptInFiles(box.checked); const link = s.side.querySelector(".getit"); if (link) link.href = fileOf(view); };
  return el("label", { class: "keep", title: "Prompt and settings, for other tools and for starting from it again" }, box, "Write the prompt into the file");
}

// ---- the layout: boxes over the picture and the same in a list, each lighting up the other

function regions(s, view) {
  s.boxes.replaceChildren();
  if (!view.regions.length || view.trouble) return;
  const rows = [];
  view.regions.forEach((region, index) => {
    const box = el("div", { class: "box", "data-i": index }, el("span", { class: "tag", dir: "auto", text: region.label }));
    box.style.cssText = `left:${100 * region.x0}%;top:${100 * region.y0}%;width:${100 * (region.x1 - region.x0)}%;height:${100 * (region.y1 - region.y0)}%`;
    if (region.y0 < 0.06) box.classList.add("inside");
    const row = el("button", { class: "ghost region", type: "button" }, el("span", { class: "name", dir: "auto", text: region.label }), region.prompt && region.prompt !== region.label ? el("span", { class: "what", dir: "auto", text: region.prompt }) : null);
    const light = (on) => { box.classList.toggle("lit", on); row.classList.toggle("lit", on); s.boxes.classList.toggle("onelit", on); };
    box.onpointerenter = () => light(true);
    row.onpointerenter = row.onfocus = () => { light(true); };
    box.onpointerleave = row.onpointerleave = row.onblur = () => light(false);
    row.onclick = () => { layout(s, true); light(true); };
    s.boxes.append(box);
    rows.push(el("li", {}, row));
  });
  s.toggle = el("button", { class: "switch", type: "button", role: "switch", "data-k": "layout", title: "Layout (L)", onclick: () => layout(s, !s.layout) }, el("span", { text: "Show layout" }), el("i"));
  s.regionHome.replaceChildren(s.toggle, el("ul", {}, ...rows));
  s.regionHome.hidden = false;
  layout(s, s.layout);
}

function layout(s, on) {
  s.layout = on;
  s.boxes.hidden = !on;
  s.toggle.setAttribute("aria-checked", String(on));
}

async function copied(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { return false; }
}
