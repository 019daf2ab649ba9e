// The form over a picture that makes a link to it. It keeps its own counsel until "Create link"; Python answers once.
const ENDS = [["", "Never"], ["1", "After 1 day"], ["7", "After 7 days"], ["30", "After 30 days"]];

// ``home``: where the form stands while it is open; closed, it is nowhere.
function shareForm(home, act) {
  const f = { home, act, id: null, waiting: null };
  f.dialog = el("dialog", { class: "share", "aria-labelledby": "share-title" });
  f.dialog.onkeydown = (event) => event.stopPropagation();     // Streamlit and the picture have keys of their own
  f.dialog.onclick = (event) => { if (event.target === f.dialog) f.dialog.close(); };
  f.dialog.onclose = () => { clearTimeout(f.timer); f.dialog.remove(); f.back()?.focus(); };
  return f;
}

function askToShare(f, id, back) {
  Object.assign(f, { id, back, waiting: null });
  const tick = (name, text, on, more) => {
    f[name] = el("input", { type: "checkbox" });
    f[name].checked = on;
    return el("label", { class: "tick" }, f[name], el("span", {}, el("span", { text }), more ? el("small", { text: more }) : null));
  };
  f.ends = el("select", { id: "share-ends" }, ...ENDS.map(([value, text]) => el("option", { value, text })));
  f.send = el("button", { class: "main", type: "submit", text: "Create link" });
  f.said = el("p", { class: "bad", role: "alert", hidden: true });
  const form = el("form", {},
    el("p", { class: "quiet", text: "Whoever has the link sees this picture, and nothing else of yours. You can end it at any time." }),
    tick("prompt", "Show the prompt", true, "Others can make their own from it"),
    tick("settings", "Show the settings", false, "Model, shape and seed"),
    tick("published", "Let search engines list it", false),
    el("div", { class: "ends" }, el("label", { for: "share-ends", text: "The link ends" }), f.ends),
    f.said, f.send);
  form.onsubmit = (event) => { event.preventDefault(); send(f); };
  fillShare(f, form);
  if (!f.dialog.isConnected) f.home.append(f.dialog);
  if (!f.dialog.open) f.dialog.showModal();
  f.prompt.focus();
}

function send(f) {
  if (f.waiting) return;
  f.waiting = Date.now();
  f.said.hidden = true;
  f.send.disabled = true;
  f.send.textContent = "Creating …";
  f.act("share", { id: f.id, n: f.waiting, prompt: f.prompt.checked, settings: f.settings.checked, published: f.published.checked, days: f.ends.value ? +f.ends.value : null });
  f.timer = setTimeout(() => fail(f, "The studio did not answer. Look under Shares whether the link was made before you try again."), 20000);
}

function fail(f, text) {
  f.waiting = null;
  clearTimeout(f.timer);
  f.said.textContent = text;
  f.said.hidden = false;
  f.send.disabled = false;
  f.send.textContent = "Create link";
}

// Python's answer to the form; the same one comes again with every later news of the page.
function shared(f, answer) {
  if (!f.waiting || !answer || answer.n !== f.waiting) return;
  clearTimeout(f.timer);
  if (!answer.link) { fail(f, answer.problem || "The link could not be made."); return; }
  f.waiting = null;
  const { link } = answer, url = whole(link.url);
  const row = copyRow("Link", url);
  fillShare(f, el("div", { class: "done" },
    row,
    link.note ? el("p", { class: "quiet", text: link.note }) : null,
    el("div", { class: "row" },
      el("a", { class: "button", href: url, target: "_blank", rel: "noopener", text: "Open" }),
      navigator.share ? el("button", { type: "button", text: "Send", onclick: () => navigator.share({ url }).catch(() => {}) }) : null,
      el("button", { type: "button", text: "Make another", onclick: () => askToShare(f, f.id, f.back) }),
      el("button", { class: "ghost", type: "button", text: "All your shares", onclick: () => { f.dialog.close(); f.act("shares"); } })),
    el("details", {}, el("summary", { text: "Show it on a page of yours" }), copyRow("HTML for your page", wholeFrame(link.frame), true))));
  row.querySelector("button").focus();
}

function fillShare(f, inside) {
  const made = inside.className === "done";
  f.dialog.replaceChildren(el("div", { class: "sheet" },
    el("div", { class: "head" }, el("h2", { id: "share-title", tabindex: "-1", text: made ? "The link is ready" : "Share this picture" }),
      el("button", { class: "ghost icon", type: "button", "aria-label": "Close", onclick: () => f.dialog.close() }, icon("close"))),
    inside));
}
