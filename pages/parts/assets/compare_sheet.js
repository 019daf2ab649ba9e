// One comparison: its head, its tabs, and the player. The grid comes from /api/live/comparison, about once a second while
// something is under way, and is drawn here; the page's script runs only for what a person does.
const STATE = new WeakMap();
const BUSY_MS = 1000, IDLE_MS = 8000, SOON_MS = 350;
// Places that may be given a picture. Python knows which of them are: not what was refused.
const MISSING = new Set(["failed", "cancelled", "held", "gone"]);

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (s && s.id !== data.id) { s.player?.destroy(); s.root.replaceChildren(); s = null; }
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector(".sheet"), data.id)));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  const before = s.told;
  s.told = data;
  if (!before && data.made) forget(data.made);
  draw(s, before);
  s.stop?.();
  const wake = () => document.hidden || look(s);
  document.addEventListener("visibilitychange", wake);
  s.stop = () => { document.removeEventListener("visibilitychange", wake); clearTimeout(s.timer); };
  if (data.live) look(s);
  else handed(s);
  return () => { s.stop(); s.snack.stop(); };
}

function build(root, id) {
  const s = { root, id, rev: null, data: null, pending: 0, said: 0, wait: "", known: new Map(), waiting: new Map(), wanted: new Set() };
  const button = (text, act, kind = "") => el("button", { type: "button", class: "button " + kind, text, onclick: act });
  s.title = el("textarea", { class: "title", rows: "1", maxlength: "160", "aria-label": "Title", title: "Rename", spellcheck: "false" });
  s.title.onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); s.title.blur(); } else if (event.key === "Escape") { s.title.value = s.told.title; s.title.blur(); } };
  s.title.onblur = () => { const title = s.title.value.trim(); if (title !== s.told.title) s.act("title", { title }); };
  s.back = el("a", { class: "button plain only", "aria-label": "All comparisons", title: "All comparisons" }, icon("left"));
  s.back.onclick = (event) => { if (event.metaKey || event.ctrlKey || event.shiftKey) return; event.preventDefault(); s.act("list"); };
  s.dots = el("button", { type: "button", class: "button only", "aria-label": "More", title: "More", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => menu(s, s.menu.hidden) });
  s.dots.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5.5 12h.01M12 12h.01M18.5 12h.01" stroke-width="3"/></svg>';
  s.add = button("Add prompts", () => adding(s));
  s.menu = el("div", { class: "menu", role: "menu", hidden: true });
  s.menu.onkeydown = (event) => menuKey(s, event);
  s.menu.onfocusout = (event) => { if (!s.menu.contains(event.relatedTarget) && event.relatedTarget !== s.dots) menu(s, false); };
  s.question = el("p", { class: "question", dir: "auto", hidden: true });
  s.bar = el("b");
  s.counts = el("span", { role: "status" });
  s.rest = el("small");
  s.stopAll = button("Cancel the rest", () => s.act("cancel"));
  s.fill = button("Make them", () => s.act("again"), "main");
  s.limit = button("Change the limit", () => settings(s));
  s.track = el("div", { class: "track", "aria-hidden": "true" }, s.bar);
  s.state = el("div", { class: "state", hidden: true }, s.track, s.counts, s.rest, el("span", { class: "room" }), s.limit, s.stopAll, s.fill);
  s.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "View" });
  s.tabs.onkeydown = (event) => tabKey(s, event);
  s.home = el("div", { class: "waiting", role: "tabpanel", "aria-label": "Grid" });
  s.trouble = el("p", { class: "trouble", role: "alert", hidden: true });
  s.dialog = el("dialog");
  s.dialog.onclick = (event) => { if (event.target === s.dialog) s.dialog.close(); };
  s.dialog.onclose = () => { clearTimeout(s.soon); s.planned = null; s.dialog.replaceChildren(); };
  s.snack = snackbar();
  root.append(el("div", { class: "top" }, s.back, s.title, el("div", { class: "tools" }, s.add, s.dots, s.menu), s.question),
    s.state, s.tabs, s.trouble, s.home, s.dialog, s.snack.node);
  // Streamlit has one-letter shortcuts of its own; nothing that is pressed here is meant for them.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return s;
}

// The draft of the form that this was made from; see compare_form.js.
function forget(made) {
  try {
    const { sending, models, ratios } = JSON.parse(sessionStorage.getItem("reve.compare") || "{}");
    if (sending === made) sessionStorage.setItem("reve.compare", JSON.stringify({ models, ratios }));
  } catch { /* the draft stays */ }
}

// ---- what Python said

function draw(s, before) {
  const { told } = s;
  s.back.href = told.home;
  const held = s.root.getRootNode().activeElement;
  if (held !== s.title || !before) s.title.value = told.title;
  s.title.placeholder = told.named;
  s.question.textContent = told.question;
  s.question.hidden = !told.question;
  s.add.hidden = told.prompts >= told.most.prompts || told.rows >= told.most.all;
  const seal = told.tabs.map((tab) => tab.key).join();
  if (s.tabs.dataset.seal !== seal) {
    s.tabs.dataset.seal = seal;
    s.tabs.replaceChildren(...told.tabs.map((tab) => el("button", { type: "button", role: "tab", "data-k": tab.key, text: tab.title, onclick: () => go(s, tab.key) })));
  }
  mark(s, told.tab);
  if (told.said && told.said.n > s.said) {
    if (before || Date.now() - told.said.n < 5000) s.snack.show(told.said.text, null, 9000);
    s.said = told.said.n;
  }
  if (s.player && before && (before.theme !== told.theme || before.twin !== told.twin)) s.player.update(dressed(s));
  if (told.answer && s.planned && told.answer.n === s.planned.n) answered(s, told.answer);
  drawState(s);
}

function mark(s, key) {
  for (const tab of s.tabs.children) {
    const on = tab.dataset.k === key;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  s.tabs.hidden = s.tabs.children.length < 2;
  s.home.hidden = key !== "grid";
  s.state.classList.toggle("aside", key !== "grid");
}

function go(s, key) {
  s.snack.hide();
  mark(s, key);
  s.act("tab", { tab: key });
}

function tabKey(s, event) {
  const tabs = [...s.tabs.children], at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  tab.focus();
  go(s, tab.dataset.k);
}

// ---- what the browser asks for itself

async function look(s) {
  clearTimeout(s.timer);
  if (document.hidden || !s.root.isConnected || !s.told.live) return;
  const { live } = s.told, mine = (s.asked = (s.asked || 0) + 1);
  try {
    const news = await askLive({ ...live, url: live.url + (s.rev === null ? "" : `?rev=${s.rev}`) });
    if (mine !== s.asked || !s.root.isConnected) return;
    s.rev = news.rev;
    s.trouble.hidden = true;
    if (news.data) take(s, news);
    else if (s.data?.cells.some((cell) => cell.job)) await follow(s, mine);
    s.failed = 0;
  } catch (error) {
    if (mine !== s.asked) return;
    // Once may be a hiccup; a page with no grid at all says why at once.
    s.failed = (s.failed || 0) + 1;
    if (!s.data || s.failed > 2) {
      s.trouble.textContent = error instanceof TypeError ? "The studio does not answer. This page goes on by itself as soon as it does." : error.message;
      s.trouble.hidden = false;
    }
  }
  clearTimeout(s.timer);
  s.timer = setTimeout(() => look(s), s.pending || s.failed ? BUSY_MS : IDLE_MS);
}

// How far the pictures are that are being made: the cards know it, and the grid's own number does not move with each step.
async function follow(s, mine) {
  if (!s.told.cards) return;
  const { cards } = await askLive(s.told.cards);
  if (mine !== s.asked || !s.root.isConnected) return;
  const known = new Map(cards.filter((card) => card.status === "running").map((card) => [card.id, card]));
  if (!known.size) return;
  // New ones, not changed ones: the player tells by comparing what there is to draw.
  const cells = s.data.cells.map((cell) => {
    const card = known.get(cell.job);
    return card ? { ...cell, says: card.says, progress: card.progress, preview: card.preview } : cell;
  });
  s.data = { ...s.data, cells };
  s.player?.update(dressed(s));
}

// Where nothing can be asked: what came along with the page.
function handed(s) {
  const { news, details } = s.told;
  if (details && details.n !== s.detailed) {
    s.detailed = details.n;
    for (const [key, found] of Object.entries(details.cells)) { s.known.set(key, found); s.waiting.get(key)?.(found); s.waiting.delete(key); }
  }
  const seal = JSON.stringify(news);
  if (seal === s.seal) return;
  s.seal = seal;
  s.rev = news.rev;
  take(s, news);
}

// Two pictures beside each other are asked for in one go: Streamlit keeps the newest of several messages only.
function wants(s, keys) {
  for (const key of keys) if (!s.known.has(key)) s.wanted.add(key);
  if (!s.wanted.size) return;
  clearTimeout(s.asking);
  s.asking = setTimeout(() => { s.act("look", { keys: [...s.wanted] }); s.wanted.clear(); }, 60);
}

function detailsOfCell(s, key) {
  if (s.told.live) return askLive({ ...s.told.live, url: `${s.told.live.url}/cell/${encodeURIComponent(key)}` });
  if (s.known.has(key)) return s.known.get(key);
  wants(s, [key]);
  return new Promise((found) => s.waiting.set(key, found));
}

function take(s, news) {
  const prompts = new Map(news.data.rows.map((row) => [row.id, row.prompt]));
  for (const cell of news.data.cells) cell.alt ??= prompts.get(cell.row) ?? "";
  s.data = news.data;
  s.wait = news.wait;
  const count = { total: news.data.cells.length, done: 0, pending: 0, missing: 0 };
  for (const cell of news.data.cells) {
    if (cell.state === "done") count.done += 1;
    else if (cell.state === "queued" || cell.state === "running") count.pending += 1;
    else if (MISSING.has(cell.state)) count.missing += 1;
  }
  s.count = count;
  s.pending = count.pending;
  if (!s.player) {
    s.home.classList.remove("waiting");
    s.player = compareMount(s.home, dressed(s), hooks(s));
  } else s.player.update(dressed(s));
  drawState(s);
}

// With what only this page knows.
const dressed = (s) => {
  let zoom = null;
  try { zoom = JSON.parse(sessionStorage.getItem("reve.compare.zoom")); } catch { /* its own choice, then */ }
  return { ...s.data, theme: s.told.theme, ...(zoom ? { zoom } : {}) };
};

function hooks(s) {
  return {
    details: (key) => detailsOfCell(s, key),
    opened: (a, b) => s.told.live || wants(s, [a, b]),
    zoomChanged: (zoom) => { try { sessionStorage.setItem("reve.compare.zoom", JSON.stringify(zoom)); } catch { /* for this page only */ } },
    act: (what, { keys, row }) => {
      if (what === "remove_row") removing(s, row);
      else s.act(what, { keys: keys ?? [], row: row ?? "" });
    },
    twin: () => (s.told.twin && s.told.rows < s.told.most.all ? `Same prompt again: ${s.told.twin}` : ""),
  };
}

function drawState(s) {
  const { count, told } = s;
  if (!count) return;
  const busy = count.pending > 0;
  const lacks = !busy && count.missing > 0;
  // What was there stays: the grid below does not move when its last picture comes.
  if (busy) s.was = true;
  s.state.hidden = !busy && !lacks && !s.was;
  s.track.hidden = s.stopAll.hidden = !busy;
  s.bar.style.width = `${count.total ? (100 * count.done) / count.total : 0}%`;
  s.fill.hidden = s.limit.hidden = true;
  s.counts.textContent = `${count.done.toLocaleString()} of ${count.total.toLocaleString()}` + (!busy ? " are there" : s.wait ? `, ${s.wait}` : "");
  s.rest.textContent = "";
  if (lacks) {
    // Python knows what they would cost; it is asked once for each state of the grid.
    const known = told.missing && told.missing.pulse === s.rev ? told.missing : null;
    if (!known && s.priced !== s.rev) { s.priced = s.rev; s.act("missing"); }
    const number = known ? known.new + known.held : 0;
    s.state.hidden = !number && !s.was;
    if (number) s.counts.textContent = number === 1 ? "1 picture is missing" : `${number.toLocaleString()} pictures are missing`;
    s.rest.textContent = known ? known.says : "";
    s.limit.hidden = !(known && known.held);
    s.fill.hidden = !(known && known.new);
    if (known) s.fill.textContent = known.button;
  }
}

// ---- the menu

function menu(s, open) {
  s.menu.hidden = !open;
  s.dots.setAttribute("aria-expanded", String(open));
  if (!open) return;
  const entry = (text, act, kind) => el("button", { type: "button", role: "menuitem", tabindex: "-1", class: kind, text, onclick: () => { menu(s, false); act(); } });
  s.menu.replaceChildren(
    ...(s.told.samples < s.told.most.samples ? [entry("More pictures of each", () => sampling(s))] : []),
    entry("Question and spending limit", () => settings(s)),
    entry("Use as a template", () => s.act("again_like")),
    entry("Delete", () => confirming(s, { title: "Delete this comparison?", text: "Its grid, votes and links go. The pictures stay in your gallery.", yes: "Delete", act: () => s.act("delete") }), "bad"));
  s.menu.firstElementChild.focus();
}

function menuKey(s, event) {
  const items = [...s.menu.children], at = items.indexOf(s.root.getRootNode().activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) { event.preventDefault(); items[(to + items.length) % items.length].focus(); }
  else if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); menu(s, false); s.dots.focus(); }
}

// ---- the forms that stand above the page

function show(s, label, ...parts) {
  s.planned = null;
  const form = el("form", { method: "dialog" }, el("h3", { id: "sheet-dialog", text: label }), ...parts);
  form.noValidate = true;
  s.dialog.setAttribute("aria-labelledby", "sheet-dialog");
  s.dialog.replaceChildren(form);
  if (!s.dialog.open) s.dialog.showModal();
  return form;
}

const leave = (s, text = "Cancel") => el("button", { type: "button", class: "button plain", text, onclick: () => s.dialog.close() });

function confirming(s, { title, text, yes, act }) {
  const sure = el("button", { type: "submit", class: "button bad", text: yes });
  show(s, title, el("p", { class: "quiet", text }), el("div", { class: "row" }, leave(s, "Keep it"), sure)).onsubmit = act;
}

function removing(s, row) {
  const found = s.data?.rows.find((each) => each.id === row);
  const twins = s.data?.rows.filter((each) => each.twin_of === found?.name).length;
  confirming(s, {
    title: `Remove row ${found?.name ?? ""}?`,
    text: `${twins ? "Its A-vs-A rows go with it. " : ""}Its pictures stay in your gallery, and adding the prompt again later pays for none of them twice.`,
    yes: "Remove row", act: () => s.act("remove_row", { row }),
  });
}

// A form whose price is asked for while it is filled in.
function priced(s, what, label, parts, read, first) {
  const cost = el("b"), more = el("small"), said = el("p", { class: "problem", role: "alert", hidden: true });
  const sure = el("button", { type: "submit", class: "button main", text: first, disabled: true });
  const form = show(s, label, ...parts, said, el("div", { class: "row" }, el("p", { class: "cost", "aria-live": "polite" }, cost, more), leave(s), sure));
  const plan = { n: 0, cost, more, said, sure, first };
  s.planned = plan;
  const send = (name) => { plan.n = Math.max(Date.now(), plan.n + 1); s.act(name, { n: plan.n, ...read() }); };
  plan.ask = (ms = SOON_MS) => { clearTimeout(s.soon); s.soon = setTimeout(() => send(`plan_${what}`), ms); };
  form.onsubmit = (event) => { event.preventDefault(); if (sure.disabled) return; clearTimeout(s.soon); sure.disabled = true; send(what); };
  form.oninput = () => plan.ask();
  plan.ask(0);
  return form;
}

function answered(s, answer) {
  const { cost, more, said, sure, first } = s.planned;
  if (answer.made) { s.dialog.close(); return; }
  said.hidden = !answer.problem || answer.early;
  said.textContent = answer.problem || "";
  cost.textContent = answer.problem ? "" : answer.says ?? "";
  more.textContent = answer.held ?? "";
  sure.textContent = answer.problem ? first : answer.button;
  sure.disabled = Boolean(answer.problem);
}

function adding(s) {
  const box = el("textarea", { id: "add-prompts", rows: "3", dir: "auto", spellcheck: "true", placeholder: s.data?.rows[0]?.prompt ?? "" });
  priced(s, "add", "Add prompts", [el("div", {}, el("label", { for: "add-prompts", text: "One on each line" }), box)], () => ({ prompts: box.value }), "Add");
  box.focus();
}

function sampling(s) {
  const { samples, most } = s.told;
  const choices = Array.from({ length: most.samples - samples }, (_, n) => samples + n + 1);
  const numbers = el("div", { class: "numbers" }, ...choices.map((n) => el("label", {}, el("input", { type: "radio", name: "samples", value: n, checked: n === choices[0], "aria-label": `${n} pictures of each` }), el("span", { text: n }))));
  const form = priced(s, "samples", "More pictures of each", [
    el("p", { class: "quiet", text: `There ${samples === 1 ? "is 1" : `are ${samples}`} of each now. More of them show whether the difference is real.` }), numbers,
  ], () => ({ samples: Number(form.elements.samples.value) }), "Make pictures");
  form.querySelector("input").focus();
}

function settings(s) {
  const question = el("input", { id: "set-question", class: "field", maxlength: "300", autocomplete: "off", placeholder: "Which picture is better?" });
  const cap = el("input", { id: "set-cap", class: "field", maxlength: "20", inputmode: "decimal", autocomplete: "off", placeholder: "No limit" });
  question.value = s.told.question;
  cap.value = s.told.cap;
  const said = el("p", { class: "problem", role: "alert", hidden: true });
  const form = show(s, "Question and spending limit",
    el("div", {}, el("label", { for: "set-question", text: "Question for voters" }), question),
    el("div", {}, el("label", { for: "set-cap", text: "Spending limit for this comparison, US dollars" }), cap),
    el("p", { class: "quiet", text: s.told.spent }), said,
    el("div", { class: "row" }, leave(s), el("button", { type: "submit", class: "button main", text: "Save" })));
  const plan = (s.planned = { n: 0, cost: el("b"), more: el("small"), said, sure: el("button"), first: "" });
  form.onsubmit = (event) => {
    event.preventDefault();
    plan.n = Math.max(Date.now(), plan.n + 1);
    s.act("describe", { n: plan.n, question: question.value, cap: cap.value });
  };
  question.focus();
}
