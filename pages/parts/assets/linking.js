// The form that makes a link to a comparison. It keeps its own counsel until "Create link"; Python answers once.
const STATE = new WeakMap();
const ENDS = [["", "Never"], ["1", "After 1 day"], ["7", "After 7 days"], ["30", "After 30 days"]];

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("#root");
  let f = STATE.get(root);
  if (!f || f.id !== data.id) {
    f = { id: data.id, waiting: null, shown: null, home: el("section", { class: "linking", "aria-label": "Share this comparison" }) };
    STATE.set(root, f);
    root.replaceChildren(f.home);
  }
  f.data = data;
  f.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  if (!f.home.childElementCount) {
    if (data.made?.link) { f.shown = data.made.n; done(f, data.made.link); } else ask(f);
  }
  answered(f, data.made);
  return () => clearTimeout(f.timer);
}

function ask(f, focus) {
  const tick = (name, text, on, more) => {
    f[name] = el("input", { type: "checkbox" });
    f[name].checked = on;
    return el("label", { class: "tick" }, f[name], el("span", {}, el("span", { text }), more ? el("small", { text: more }) : null));
  };
  const way = (value, text, more, on) => {
    const input = el("input", { type: "radio", name: "way-" + f.id, value, onchange: () => sync(f) });
    input.checked = on;
    f[value] = input;
    return el("label", { class: "way" }, input, el("b", { text }), el("small", { text: more }));
  };
  f.question = el("input", { type: "text", maxlength: f.data.most, placeholder: f.data.usual, dir: "auto" });
  f.question.value = f.data.question;
  f.asks = el("label", { class: "asks" }, el("span", { text: "The question" }), f.question);
  f.ends = el("select", { id: "linking-ends" }, ...ENDS.map(([value, text]) => el("option", { value, text })));
  f.send = el("button", { class: "main", type: "submit", text: "Create link" });
  f.said = el("p", { class: "bad", role: "alert", hidden: true });
  const grid = tick("grid", "Open the grid afterwards", true, "To who has voted on every pair");
  f.gridline = grid;
  const form = el("form", {},
    el("fieldset", {}, el("legend", { text: "What others can do" }),
      way("vote", "Vote", "Two pictures at a time, names hidden", !f.data.closed),
      way("look", "Look", "The grid and the result so far", f.data.closed)),
    f.asks,
    tick("prompt", "Show the prompts", true, "To voters only after each vote"),
    grid,
    tick("published", "Let search engines list it", false),
    el("div", { class: "ends" }, el("label", { for: "linking-ends", text: "The link ends" }), f.ends),
    f.said, f.send);
  form.onsubmit = (event) => { event.preventDefault(); send(f); };
  form.onkeydown = (event) => event.stopPropagation(); // the page has keys of its own
  f.home.replaceChildren(el("h2", { text: "Share this comparison" }), form);
  sync(f);
  if (focus) (f.vote.checked ? f.vote : f.look).focus();
}

function sync(f) {
  f.asks.hidden = !f.vote.checked;
  f.gridline.hidden = !f.vote.checked;
  f.prompt.parentElement.querySelector("small").hidden = !f.vote.checked;
}

function send(f) {
  if (f.waiting) return;
  f.waiting = Date.now();
  f.said.hidden = true;
  f.send.disabled = true;
  f.send.textContent = "Creating …";
  f.act("make", {
    n: f.waiting, vote: f.vote.checked, prompt: f.prompt.checked, grid: f.grid.checked, published: f.published.checked,
    question: f.vote.checked ? f.question.value : null, days: f.ends.value ? +f.ends.value : null,
  });
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
function answered(f, made) {
  if (!f.waiting || !made || made.n !== f.waiting) return;
  clearTimeout(f.timer);
  if (!made.link) { fail(f, made.problem || "The link could not be made."); return; }
  f.waiting = null;
  done(f, made.link);
  f.home.querySelector(".copyrow button").focus();
}

function done(f, link) {
  const url = whole(link.url);
  f.home.replaceChildren(el("h2", { text: "The link is ready" }), el("div", { class: "done" },
    copyRow("Link", url),
    link.note ? el("p", { class: "quiet", text: link.note }) : null,
    link.code ? el("img", { class: "code", src: link.code, width: "164", height: "164", alt: "QR code of the link" }) : null,
    el("div", { class: "row" },
      el("a", { class: "button", href: url, target: "_blank", rel: "noopener", text: link.vote ? "Open the vote" : "Open" }),
      navigator.share ? el("button", { type: "button", text: "Send", onclick: () => navigator.share({ url }).catch(() => {}) }) : null,
      el("button", { type: "button", text: "Make another", onclick: () => ask(f, true) }),
      el("button", { class: "ghost", type: "button", text: "All your shares", onclick: () => f.act("shares") })),
    el("details", {}, el("summary", { text: "Show it on a page of yours" }), copyRow("HTML for your page", wholeFrame(link.frame), true))));
}
