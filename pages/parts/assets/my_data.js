// What is stored, in words; the file to take along; and the button that deletes all of it, which asks for a typed word.
const STATE = new WeakMap();
const WORD = "delete";

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector("#root"))));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  render(s, data);
  return () => s.snack.stop();
}

function build(root) {
  const s = { root, said: 0, snack: snackbar() };
  s.left = el("p", { class: "left", role: "status", hidden: true });
  s.about = el("p", { class: "about quiet" });
  s.stored = el("ul", { class: "stored" });
  s.fetch = el("button", { type: "button", onclick: () => s.act("export") }, icon("download"), el("span", { text: "Download my data" }));
  s.kept = el("dl");
  s.sent = el("div");
  s.never = el("ul");
  s.end = ending(s);
  root.append(el("div", { class: "data" },
    s.left, s.about,
    el("div", { class: "side" },
      section("What is stored", s.stored),
      section("Take it along", el("p", { text: "One zip file: the pictures as they came, every prompt and setting, your comparisons to import elsewhere, your links and your votes." }), el("div", { class: "row" }, s.fetch)),
      s.end.section),
    el("div", { class: "side" },
      section("How long", s.kept),
      section("Who else is sent your prompts", s.sent),
      section("What is not stored", s.never))), s.snack.node);
  return s;
}

function section(title, ...inside) { return el("section", {}, el("h2", { text: title }), ...inside); }

function render(s, data) {
  s.data = data;
  if (data.left) { s.end.close(); s.left.textContent = "Everything was deleted. From here on you are somebody new."; }
  s.left.hidden = !s.left.textContent;
  s.about.textContent = data.about;
  s.stored.replaceChildren(...data.stored.map((row) => el("li", {}, el("b", { text: row.n }), el("span", {}, row.what, row.more ? el("small", { text: row.more }) : null))));
  s.fetch.disabled = !data.some;
  s.kept.replaceChildren(...data.kept.flatMap((row) => [el("dt", { text: row.what }), el("dd", { text: row.long })]));
  s.sent.replaceChildren(data.sent.length
    ? el("ul", {}, ...data.sent.map((text) => el("li", { text })))
    : el("p", { text: "Nobody. The pictures are drawn on this server." }));
  s.never.replaceChildren(...data.never.map((text) => el("li", { text })));
  s.end.render(data);
  if (data.said && data.said.n > s.said) {
    s.said = data.said.n;
    s.snack.show(data.said.text, null, 8000);
    if (data.said.url) el("a", { href: data.said.url, download: "" }).click();
  }
}

function ending(s) {
  const open = el("button", { type: "button", class: "danger", "aria-expanded": "false", text: "Delete everything…" });
  const field = el("input", { id: "word", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const kill = el("button", { type: "button", class: "kill", disabled: true, text: "Delete everything" });
  const keep = el("button", { type: "button", class: "ghost", text: "Keep it" });
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const means = el("ul");
  const sure = el("div", { class: "sure", hidden: true }, means,
    el("label", { for: "word", text: `To be sure, type “${WORD}”:` }), el("div", { class: "row" }, field, kill, keep), problem);
  const about = el("p");
  const box = section("Delete everything", about, el("div", { class: "row" }, open), sure);
  let busy = false;
  const ready = () => field.value.trim().toLowerCase() === WORD;
  const shut = () => { sure.hidden = true; field.value = ""; kill.disabled = true; problem.hidden = true; open.setAttribute("aria-expanded", "false"); };
  open.onclick = () => { if (!sure.hidden) { shut(); return; } sure.hidden = false; open.setAttribute("aria-expanded", "true"); field.focus({ preventScroll: true }); sure.scrollIntoView({ block: "nearest" }); };
  keep.onclick = () => { shut(); open.focus(); };
  field.oninput = () => { kill.disabled = busy || !ready(); };
  sure.onkeydown = (event) => { if (event.key === "Escape") keep.onclick(); };
  field.onkeydown = (event) => { if (event.key === "Enter" && ready()) kill.click(); };
  kill.onclick = async () => {
    if (busy || !ready()) return;
    busy = true; kill.disabled = true; kill.textContent = "Deleting…"; problem.hidden = true;
    try { await remove(s); } catch (error) {
      problem.textContent = error.message || "This did not work. Try again in a moment.";
      problem.hidden = false;
    }
    busy = false; kill.textContent = "Delete everything"; kill.disabled = !ready();
  };
  return {
    section: box,
    close: shut,
    render(data) {
      box.hidden = !data.public;
      about.textContent = "In one step, at once, for good. Nobody can bring it back, and no copy is kept here.";
      means.replaceChildren(...[
        "Your pictures, prompts and comparisons are gone, in the emergency copies too.",
        "Your share links lead nowhere from then on.",
        data.pending ? "What is on its way is cancelled or thrown away; what it has cost stays spent." : null,
        "Your votes on others’ comparisons still count, and say no longer whose they were.",
        "Your cookie goes, and you are somebody new.",
      ].filter(Boolean).map((text) => el("li", { text })));
    },
  };
}

// The browser asks by itself, since only an answer to it can take its cookie back. Where no such request gets through the
// page does it, and there is no cookie.
async function remove(s) {
  const { data } = s;
  if (data.plain) { forget(); s.act("delete", { sure: true }); return; }
  const reply = await fetch("/api/v1/me", { method: "DELETE", headers: data.pass ? { "X-Reve-Visitor": data.pass } : {} });
  if (!reply.ok) throw new Error((await reply.json().catch(() => ({}))).detail || "");
  forget();
  if (data.alone) s.act("gone");
  else location.replace("/my-data?gone=1");
}

// Drafts, and what this tab knows of who it was.
function forget() {
  for (const shelf of [() => localStorage, () => sessionStorage]) {
    try { for (const name of Object.keys(shelf())) if (name.startsWith("reve")) shelf().removeItem(name); } catch { /* there is none */ }
  }
}
