const STATE = new WeakMap();
const BUSY_MS = 900, IDLE_MS = 15000;

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector("#root"))));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  s.data = data;
  s.told = null;
  s.stopListening?.();
  const wake = () => document.hidden || poll(s);
  document.addEventListener("visibilitychange", wake);
  s.stopListening = () => document.removeEventListener("visibilitychange", wake);
  render(s);
  plan(s, data.pending);
  return () => { clearTimeout(s.timer); s.stopListening(); s.snack.stop(); };
}

function build(root) {
  const s = { root, rows: new Map(), open: new Set() };
  s.providers = el("ul", { class: "providers", "aria-label": "Providers" });
  s.tabs = el("div", { class: "tabs", role: "group", "aria-label": "Which jobs" });
  s.again = el("button", { type: "button", class: "again", hidden: true });
  s.head = el("div", { class: "row head", role: "row" }, ...["Job", "State", "Made by", "Time", "Cost", "Actions"].map((text, i) => el("div", { role: "columnheader", class: "c" + i, text })));
  s.body = el("div", { role: "rowgroup" });
  s.table = el("div", { class: "table", role: "table", "aria-label": "Jobs" }, el("div", { role: "rowgroup", class: "headgroup" }, s.head), s.body);
  s.nothing = el("div", { class: "nothing", hidden: true });
  s.more = el("button", { type: "button", text: "Show more", onclick: () => s.act("more") });
  s.older = el("button", { type: "button", text: "Older jobs", onclick: () => s.act("older") });
  s.newer = el("button", { type: "button", text: "Newer jobs", onclick: () => s.act("newer") });
  s.snack = snackbar();
  s.alert = el("p", { class: "unclear", role: "status", hidden: true });
  root.append(s.providers, el("div", { class: "top" }, s.tabs, s.again), s.alert, s.table, s.nothing, el("div", { class: "end" }, s.newer, s.more, s.older), s.snack.node);
  return s;
}

function render(s) {
  const { data } = s;
  renderProviders(s);
  renderTabs(s);
  const want = new Set(data.rows.map((row) => row.id));
  for (const [id, row] of s.rows) if (!want.has(id)) { row.remove(); s.rows.delete(id); }
  data.rows.forEach((job, index) => {
    const was = s.rows.get(job.id);
    const now = JSON.stringify(job);
    let row = was;
    if (!was || was.dataset.now !== now) {
      const key = was && s.root.getRootNode().activeElement?.closest(".row") === was ? s.root.getRootNode().activeElement.dataset.k : null;
      row = makeRow(s, job);
      row.dataset.now = now;
      if (was) was.replaceWith(row);
      s.rows.set(job.id, row);
      if (key) (row.querySelector(`[data-k="${key}"]`) || row.querySelector("button"))?.focus();
    }
    if (s.body.children[index] !== row) s.body.insertBefore(row, s.body.children[index] || null);
  });
  s.table.hidden = !data.rows.length;
  s.nothing.hidden = Boolean(data.rows.length);
  if (!data.rows.length) {
    const { title, text, button, act } = data.empty;
    s.nothing.replaceChildren(el("h2", { text: title }), el("p", { text }), ...(button ? [el("button", { class: "main", type: "button", text: button, onclick: () => s.act(act) })] : []));
  }
  s.more.hidden = !data.more; s.older.hidden = !data.older; s.newer.hidden = !data.newer;
  const { message } = data;
  const before = s.said;
  s.said = message ? message.n : 0;
  if (before !== undefined && message && s.said !== before) {
    s.snack.show(message.text, message.undo ? el("button", { type: "button", text: "Undo", onclick: () => { s.snack.hide(); s.act("undo"); } }) : null);
  }
}

function renderProviders(s) {
  const now = JSON.stringify(s.data.providers);
  if (s.providersNow === now) return;
  s.providersNow = now;
  const held = s.root.getRootNode().activeElement?.dataset?.k;
  s.providers.replaceChildren(...s.data.providers.map((one) => {
    const lines = [el("strong", { text: one.title })];
    if (one.paused) {
      lines.push(el("span", { class: "paused", text: "Paused" }), el("span", { class: "why", text: [one.reason, one.until ? "Goes on by itself at " + when(one.until) + "." : ""].filter(Boolean).join(" ") }));
    } else lines.push(el("span", { class: "why", text: one.says }));
    return el("li", { class: one.paused ? "provider off" : "provider" }, el("span", { class: "dot", "aria-hidden": "true" }), el("div", { class: "lines" }, ...lines),
      !one.operated ? null : el("button", { type: "button", class: one.paused ? "" : "ghost", "data-k": "provider-" + one.name, "aria-label": (one.paused ? "Resume " : "Pause ") + one.title, text: one.paused ? "Resume" : "Pause", onclick: () => s.act(one.paused ? "resume" : "pause", { provider: one.name }) }));
  }));
  if (held?.startsWith("provider-")) s.providers.querySelector(`[data-k="${CSS.escape(held)}"]`)?.focus();
}

function renderTabs(s) {
  const held = s.root.getRootNode().activeElement?.dataset?.k;
  s.tabs.replaceChildren(...s.data.tabs.map((tab) => el("button", {
    type: "button", "data-k": "tab-" + tab.key, class: "tab" + (tab.count ? "" : " none") + (tab.key === "unknown" && tab.count ? " alarm" : ""),
    "aria-pressed": String(tab.key === s.data.tab), onclick: () => s.act("tab", { tab: tab.key }),
  }, el("span", { text: tab.title }), el("span", { class: "n", text: tab.count.toLocaleString() }))));
  if (held?.startsWith("tab-")) s.tabs.querySelector(`[data-k="${held}"]`)?.focus();
  s.again.hidden = !s.data.failed;
  if (!s.again.classList.contains("sure")) {
    s.again.textContent = s.data.failed === 1 ? "Try the failed one again" : "Try all failed again";
    confirming(s.again, s.data.failed === 1 ? "Run it again?" : `Run up to ${s.data.failed.toLocaleString()} again?`, () => s.act("retry_failed"));
  }
}

function makeRow(s, job) {
  const shown = job.status === "done" && job.thumb;
  const thumb = el(shown ? "button" : "div", { class: "thumb", type: shown ? "button" : null, tabindex: shown ? "-1" : null, "aria-label": shown ? "Open the picture" : null, onclick: shown ? () => s.act("open", { id: job.id }) : null },
    job.thumb ? picture(job.thumb, "", { loading: "lazy" }) : null, el("span", { class: "ghostmark", "aria-hidden": "true" }, icon("picture")));
  const prompt = el("p", { class: "prompt", dir: "auto", title: job.prompt.length > 120 ? "" : null, text: job.prompt });
  const main = el("div", { class: "words" }, prompt);
  if (job.error) main.append(foldable(s, job));
  const state = el("div", { role: "cell", class: "c1" }, el("span", { class: "state " + job.status }, el("i", { "aria-hidden": "true" }), el("span", { class: "says", text: job.says })), el("span", { class: "track", hidden: job.progress === null }, el("b")));
  setProgress(state, job);
  const row = el("div", { class: "row " + job.status, role: "row" },
    el("div", { role: "cell", class: "c0" }, thumb, main), state,
    el("div", { role: "cell", class: "c2" }, el("span", { text: job.provider }), el("small", { text: job.about })),
    el("div", { role: "cell", class: "c3" }, el("time", { datetime: job.created, text: when(job.created) }), el("small", { class: "took", text: took(job) })),
    el("div", { role: "cell", class: "c4", text: job.cost || "–" }),
    el("div", { role: "cell", class: "c5" }, ...actions(s, job)));
  if (shown) {
    // The whole of it opens for a pointer; by keyboard there is the button.
    const first = row.querySelector(".c0");
    first.classList.add("opens");
    main.onclick = () => s.root.getRootNode().getSelection?.()?.toString() || s.act("open", { id: job.id });
  }
  if (!job.cost) row.querySelector(".c4").classList.add("no");
  if (job.status === "unknown") row.append(el("div", { role: "cell", class: "c6" }, el("p", { text: job.asks
    ? `${job.provider} was sent the request, and no answer has come. Asking for it costs nothing; running it again may be charged again.`
    : "The request was sent and nobody can know what became of it. It may have been charged." }), job.request_id ? el("p", { class: "quiet" }, "Request ", el("code", { text: job.request_id })) : null, el("div", { class: "choices" }, ...unclear(s, job))));
  return row;
}

// A long error is folded to three lines; one press shows all of it.
function foldable(s, job) {
  const text = el("p", { class: "error" + (job.status === "queued" ? " soft" : ""), dir: "auto", text: job.error });
  if (job.error.length < 220) return text;
  const open = s.open.has(job.id);
  text.classList.toggle("folded", !open);
  const button = el("button", { type: "button", class: "fold", "data-k": "fold", "aria-expanded": String(open), text: open ? "Show less" : "Show all" });
  button.onclick = () => {
    const now = text.classList.toggle("folded");
    if (now) s.open.delete(job.id); else s.open.add(job.id);
    button.textContent = now ? "Show all" : "Show less";
    button.setAttribute("aria-expanded", String(!now));
  };
  return el("div", {}, text, button);
}

function took(job) {
  const parts = [];
  if (job.made !== null) parts.push("took " + seconds(job.made));
  else if (job.status === "running") parts.push(seconds(Math.floor(job.elapsed)) + (job.wait ? ", usually " + job.wait : ""));
  else if (job.status === "queued" && job.wait) parts.push(job.wait.startsWith("under") ? "any moment" : "in " + job.wait);
  if (job.attempt > 1) parts.push("attempt " + job.attempt);
  return parts.join(" · ");
}

function setProgress(cell, job) {
  const track = cell.querySelector(".track");
  track.hidden = job.status !== "running" || job.progress === null || job.progress === undefined;
  track.firstChild.style.width = 100 * (job.progress || 0) + "%";
}

function actions(s, job) {
  const button = (k, text, extra) => el("button", { type: "button", class: "ghost", "data-k": k, text, onclick: () => s.act(k, { id: job.id }), ...extra });
  const all = {
    cancel: () => button("cancel", "Cancel"),
    retry: () => button("retry", job.status === "failed" && job.refused ? "Try anyway" : "Try again"),
    reuse: () => (job.status === "done" ? null : button("reuse", "Reuse", { title: "Put it back into the form" })),
    trash: () => (job.status === "done" ? null : button("trash", "Remove")),
    download: () => button("open", "Open"),
  };
  return job.can.map((name) => all[name]?.()).filter(Boolean);
}

function unclear(s, job) {
  const again = el("button", { type: "button", "data-k": "rerun", text: "Run again" });
  confirming(again, "Run again – may be charged again", () => s.act("resolve", { id: job.id, how: "rerun" }));
  return [
    el("button", { type: "button", "data-k": "check", text: job.asks ? `Ask ${job.provider}` : "Check again", onclick: () => s.act("resolve", { id: job.id, how: "check" }) }),
    again,
    el("button", { type: "button", class: "ghost", "data-k": "give_up", text: "Give up", onclick: () => s.act("resolve", { id: job.id, how: "give_up" }) }),
  ];
}

// A first press asks, a second one within six seconds does it.
function confirming(button, question, doIt) {
  let timer = 0;
  const calm = button.textContent;
  const rest = () => { clearTimeout(timer); button.classList.remove("sure"); button.textContent = calm; };
  button.onclick = () => {
    if (button.classList.contains("sure")) { rest(); doIt(); return; }
    button.classList.add("sure");
    button.textContent = question;
    timer = setTimeout(rest, 6000);
  };
  button.onblur = rest;
}

// ---- staying true

function plan(s, busy) {
  clearTimeout(s.timer);
  if (s.data.live) s.timer = setTimeout(() => poll(s), busy ? BUSY_MS : IDLE_MS);
}

async function poll(s) {
  clearTimeout(s.timer);
  if (document.hidden || !s.root.isConnected || !s.data.live) return;
  let busy = s.data.pending > 0;
  try {
    const live = await askLive(s.data.live);
    busy = live.pending > 0;
    for (const card of live.cards) update(s, card);
    // The rows themselves are Python's; it is asked once per change. Somebody reading a question is not interrupted.
    if (live.rev !== s.data.rev && live.rev !== s.told && !s.root.querySelector(".sure")) { s.told = live.rev; s.act("changed"); }
  } catch { /* The next round asks again. */ }
  plan(s, busy);
}

function update(s, card) {
  const row = s.rows.get(card.id);
  const job = s.data.rows.find((one) => one.id === card.id);
  if (!row || !job || card.status !== job.status || !(card.status === "queued" || card.status === "running")) return;
  const now = { ...job, elapsed: card.elapsed_s, progress: card.progress, wait: card.wait };
  row.querySelector(".says").textContent = card.says;
  row.querySelector(".took").textContent = took(now);
  setProgress(row.querySelector(".c1"), now);
  if (card.preview) {
    const thumb = row.querySelector(".thumb");
    const img = thumb.querySelector("img") || thumb.insertBefore(el("img", { alt: "" }), thumb.firstChild);
    if (img.src !== card.preview) img.src = card.preview;
  }
}
