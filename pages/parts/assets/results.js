// What the votes come to. It asks for news by itself and draws the whole answer anew when there is one; what was unfolded,
// focused or scrolled to stays so. Every sentence comes from Python.
const STATE = new WeakMap();
const LOOK_MS = 2500, REST_MS = 8000, LIVELY_MS = 120000;
const WHOSE = [["all", "Everybody"], ["visitors", "Visitors"], ["owner", "Only me"]];
const STANDS = { decided: "Decided", open: "Not decided yet", close: "Too close to call", "one voter": "One person’s taste", empty: "No votes yet" };

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (s && s.id !== data.id) { s.stop(); s.root.replaceChildren(); s = null; }
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector(".results"), data)));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  s.told = data;
  if (data.said && data.said.n > s.said) { s.said = data.said.n; s.snack.show(data.said.text, null, 8000); }
  frozen(s);
  s.stop?.();
  const wake = () => document.hidden || look(s);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("reve:voted", wake);
  s.stop = () => { document.removeEventListener("visibilitychange", wake); window.removeEventListener("reve:voted", wake); clearTimeout(s.timer); };
  s.rev = null;
  if (data.live) look(s);
  else if (data.news.by === s.by) draw(s, data.news.result);
  return () => { s.stop(); s.snack.stop(); };
}

function build(root, data) {
  const s = { root, id: data.id, by: "all", rev: null, seal: "", said: data.said?.n || 0, open: new Set(), changed: Date.now(), misses: 0 };
  s.count = el("p", { class: "count", role: "status" });
  s.whose = el("div", { class: "whose", role: "group", "aria-label": "Whose votes" });
  for (const [key, text] of WHOSE) s.whose.append(el("button", { type: "button", "data-by": key, "aria-pressed": String(key === s.by), onclick: () => choose(s, key) }, el("span", { text }), el("small")));
  s.freeze = el("button", { type: "button", class: "button", onclick: () => { s.freeze.disabled = true; s.act("freeze", { on: !s.told.frozen }); } });
  s.download = el("a", { class: "link", download: "", text: "Download the votes", hidden: true });
  s.trouble = el("p", { class: "trouble", role: "alert", hidden: true });
  // Its height before the first answer, so that nothing below jumps.
  s.body = el("div", { class: "body" });
  s.body.style.minHeight = data.candidates.reduce((sum, n) => sum + (n > 2 ? 150 + 46 * n : 290), 150) + "px";
  s.snack = snackbar();
  root.append(el("div", { class: "head" }, s.count, s.whose), s.trouble, s.body,
    el("div", { class: "foot" }, s.freeze, s.frozenSays = el("span", { class: "quiet" }), el("span", { class: "room" }), s.download), s.snack.node);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return s;
}

function frozen(s) {
  s.freeze.disabled = false;
  s.freeze.textContent = s.told.frozen ? "Open the vote again" : "Close the vote";
  s.frozenSays.textContent = s.told.frozen ? "Closed: nobody can vote, and the result stays as it is." : "Closing keeps the result as it is.";
  s.download.hidden = !s.told.votes;
  if (s.told.votes) s.download.href = s.told.votes;
}

function choose(s, by) {
  if (s.by === by) return;
  s.by = by;
  s.rev = null;
  for (const button of s.whose.children) button.setAttribute("aria-pressed", String(button.dataset.by === by));
  if (s.told.live) look(s);
  else s.act("by", { by });
}

async function look(s) {
  clearTimeout(s.timer);
  if (document.hidden || !s.told.live) return;
  const turn = (s.turn = (s.turn || 0) + 1), by = s.by;
  try {
    const known = s.rev === null ? "" : `&rev=${s.rev}`;
    const news = await askLive({ ...s.told.live, url: `${s.told.live.url}?by=${by}${known}` });
    if (turn !== s.turn) return;
    s.misses = 0;
    s.trouble.hidden = true;
    s.rev = news.rev;
    if (news.result) draw(s, news.result);
  } catch (error) {
    if (turn !== s.turn) return;
    s.misses += 1;
    if (s.misses > 1) { s.trouble.textContent = "The studio does not answer. Looking again…"; s.trouble.hidden = false; }
  }
  const pace = s.told.frozen || Date.now() - s.changed > LIVELY_MS ? REST_MS : LOOK_MS;
  s.timer = setTimeout(() => look(s), pace * Math.min(4, 1 + s.misses));
}

function draw(s, r) {
  const seal = JSON.stringify(r);
  if (seal === s.seal) return;
  s.seal = seal;
  s.changed = Date.now();
  const people = r.voters === 1 ? "1 person" : `${r.voters.toLocaleString()} people`;
  const rest = [r.ties && `${r.ties.toLocaleString()} ${r.ties === 1 ? "tie" : "ties"}`, r.both_bad && `${r.both_bad.toLocaleString()} × both bad`].filter(Boolean);
  const count = r.votes ? [`${r.votes === 1 ? "1 vote" : r.votes.toLocaleString() + " votes"} by ${people}`, ...rest].join(" · ") : "No votes yet";
  if (s.count.textContent !== count) s.count.textContent = count;
  const counts = { all: r.by_visitors + r.by_owner, visitors: r.by_visitors, owner: r.by_owner };
  for (const button of s.whose.children) button.lastChild.textContent = counts[button.dataset.by].toLocaleString();
  const held = s.root.getRootNode().activeElement, key = s.body.contains(held) ? held.closest("[data-k]")?.dataset.k : null;
  s.body.replaceChildren(...r.questions.map((q) => question(s, r, q)), ...(r.questions.length ? [] : [el("p", { class: "quiet", text: "There is nothing to decide: a comparison needs two prompts or two models." })]), aside(r), meaning(s));
  if (key) s.body.querySelector(`[data-k="${key}"]`)?.focus();
}

// ---- one question: what is said, then what it is said from

function question(s, r, q) {
  const names = Object.fromEntries(q.candidates.map((each) => [each.id, each]));
  const two = q.candidates.length === 2;
  return el("section", { class: `question ${q.state.replace(" ", "-")}`, "aria-label": title(q) },
    el("h2", { text: title(q) }),
    el("p", { class: "verdict" }, mark(q.state), el("span", { text: q.sentence })),
    q.caveat ? el("p", { class: "caveat", text: q.caveat }) : null,
    two ? duel(q.duels[0], names, true) : ladder(q),
    two || !q.decisive ? null : el("p", { class: "quiet expected", text: "Expected: the share of clear votes against an average opponent. Who met strong ones can expect more than they won." }),
    two ? null : fold(s, `${q.kind}-pairs`, `Pair by pair (${q.duels.length})`, () => [el("p", { class: "quiet", text: "Under each bar the usual 95 % interval, dotted, and the one that is honest while you watch." }), el("div", { class: "pairs" }, ...sorted(q).map((d) => duel(d, names, false)))]),
    q.kind === "prompts" && r.crossed.length ? fold(s, "crossed", "By prompt and model", () => [crossed(r)]) : null);
}

// What stands between the leader and a decision first.
const sorted = (q) => [...q.duels].sort((one, other) => (other.a === q.leader || other.b === q.leader) - (one.a === q.leader || one.b === q.leader));

const title = (q) => (q.kind === "prompts" ? "Which prompt is better" : "Which model is better");

// A shape of its own for each state: colour says it a second time.
function mark(state) {
  const svg = icon(state === "decided" ? "check" : "picture");
  svg.firstChild.setAttribute("d", state === "decided" ? ICONS.check : state === "close" ? "M6 9.5h12M6 14.5h12" : state === "empty" ? "M12 12h.01" : "M6.5 12h.01M12 12h.01M17.5 12h.01");
  return el("span", { class: "mark", title: STANDS[state] || "" }, svg);
}

const percent = (share) => `${Math.round(100 * share)} %`;

function named(candidate) {
  return el("span", { class: "who" }, el("b", { dir: "auto", text: candidate.name }), candidate.text ? el("span", { class: "what", dir: "auto", title: candidate.text, text: candidate.text }) : null);
}

// Two against each other: a bar cut in two, and under it how sure that is, on the same scale.
function duel(d, names, large) {
  const a = names[d.a], b = names[d.b], share = d.share;
  const bar = el("div", { class: "split" + (share === null ? " none" : ""), role: "img", "aria-label": d.says }, el("i", { class: "one" }), el("i", { class: "half" }));
  bar.firstChild.style.width = share === null ? "50%" : 100 * share + "%";
  const score = (n, part, better) => el("span", { class: "score" + (better ? " better" : "") }, share === null ? null : el("b", { text: percent(part) }), el("small", { text: `${n.toLocaleString()} ${n === 1 ? "vote" : "votes"}` }));
  const besides = [d.ties && `${d.ties} ${d.ties === 1 ? "tie" : "ties"}`, d.both_bad && `${d.both_bad} × both bad`].filter(Boolean).join(" · ");
  if (!large) {
    // One of many: the same in three lines, both intervals on one track.
    const both = el("span", { class: "track", "aria-hidden": "true" }, el("i", { class: "half" }), ...(share === null ? [] : [stretch("line usual", d.wilson), stretch("line honest", d.always)]));
    return el("div", { class: "duel" },
      el("div", { class: "ends" }, el("div", {}, short(a), score(d.wins_a, share, d.better === d.a)), el("div", {}, score(d.wins_b, 1 - share, d.better === d.b), short(b))),
      bar, both, el("p", { class: "quiet besides", text: [share === null ? "No clear vote" : `${ends(d.wilson)}, honest ${ends(d.always)}`, besides].filter(Boolean).join(" · ") }));
  }
  return el("div", { class: "duel large" },
    el("div", { class: "ends" },
      el("div", {}, named(a), score(d.wins_a, share, d.better === d.a)),
      el("div", {}, named(b), score(d.wins_b, 1 - share, d.better === d.b))),
    bar,
    range("Usual 95 % interval", d.wilson, "usual", share !== null),
    range("Honest while you watch", d.always, "honest", share !== null),
    el("div", { class: "scale", "aria-hidden": "true" }, el("span", { text: `all ${b.name}` }), el("span", { text: "even" }), el("span", { text: `all ${a.name}` })),
    besides ? el("p", { class: "quiet besides", text: besides }) : null);
}

const short = (candidate) => el("b", { class: "letter", dir: "auto", title: candidate.text || null, text: candidate.name });
const ends = ([low, high]) => `${percent(low)} – ${percent(high)}`;

function stretch(kind, [low, high]) {
  const line = el("i", { class: kind });
  line.style.left = 100 * low + "%";
  line.style.width = 100 * (high - low) + "%";
  return line;
}

function range(text, interval, kind, known) {
  return el("div", { class: "range", "aria-hidden": "true" }, el("span", { class: "track" }, el("i", { class: "half" }), known ? stretch("line " + kind, interval) : null), el("span", { class: "label" }, el("span", { text }), el("b", { text: known ? ends(interval) : "–" })));
}

// More than two: how each can expect to fare against the others.
function ladder(q) {
  return el("ul", { class: "ladder" }, ...q.candidates.map((each) => {
    const known = each.strength !== null, track = el("span", { class: "track", role: "img", "aria-label": each.says }, el("i", { class: "half" }));
    if (known) {
      const dot = el("i", { class: "dot" });
      dot.style.left = 100 * each.strength + "%";
      track.append(stretch("line", each.interval), dot);
    }
    const tag = each.id === q.winner ? "Best" : each.ruled_out ? "Not the best" : each.id === q.leader ? "Leads so far" : "";
    return el("li", { class: each.ruled_out ? "out" : each.id === q.winner ? "best" : null }, named(each), track,
      el("span", { class: "number" }, el("b", { text: known ? `${percent(each.strength)} expected` : "–" }), el("small", { text: `won ${each.wins} of ${each.wins + each.losses}` })),
      el("span", { class: "tag", text: tag }));
  }));
}

function crossed(r) {
  const prompts = r.questions.find((q) => q.kind === "prompts").candidates, models = r.questions.find((q) => q.kind === "models").candidates;
  const at = new Map(r.crossed.map((each) => [each.row + " " + each.maker, each]));
  const cell = (each) => {
    const td = el("td", {}, el("b", { text: each.share === null ? "–" : percent(each.share) }), el("small", { text: each.wins + each.losses ? `${each.wins} of ${each.wins + each.losses}` : "" }));
    if (each.share !== null) td.style.setProperty("--share", each.share);
    return td;
  };
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "By prompt and model" }, el("table", {},
    el("caption", { text: "How often the pictures of one prompt by one model were preferred, whatever stood beside them." }),
    el("thead", {}, el("tr", {}, el("td"), ...models.map((each) => el("th", { scope: "col", text: each.name })))),
    el("tbody", {}, ...prompts.map((p) => el("tr", {}, el("th", { scope: "row", title: p.text, text: p.name }), ...models.map((m) => cell(at.get(p.id + " " + m.id))))))));
}

// ---- what keeps one honest

function aside(r) {
  const lines = r.noise.map((n) => [`${n.name} against ${n.twin}`, n.sentence]);
  if (r.votes) lines.push(["Sides", r.sides.sentence]);
  for (const q of r.questions) if (q.votes) {
    const counts = q.candidates.map((each) => each.pictures), low = Math.min(...counts), high = Math.max(...counts);
    lines.push([r.questions.length > 1 ? (q.kind === "prompts" ? "Pictures, prompts" : "Pictures, models") : "Pictures", low === high ? `${low.toLocaleString()} ${low === 1 ? "picture" : "different pictures"} of each ${low === 1 ? "was" : "were"} voted on.` : `${low.toLocaleString()} to ${high.toLocaleString()} different pictures of each were voted on.`]);
  }
  return el("dl", { class: "aside" }, ...lines.map(([name, text]) => el("div", {}, el("dt", { text: name }), el("dd", { text }))));
}

function meaning(s) {
  return fold(s, "meaning", "What the two intervals say", () => [
    el("p", { text: "The usual 95 % interval (Wilson) is right if you look once, at the end: in 19 of 20 polls the true share lies in it." }),
    el("p", { text: "The interval that is honest while you watch counts each person once and stays right however often you look, so only it may say “decided”. It is wider: that is the price of watching." }),
    el("p", { text: "With more than two candidates, the strength is the share of clear votes that one can expect against the others on average, with the range that chance leaves for it (Bradley–Terry, bootstrap)." }),
  ]);
}

function fold(s, key, text, inside) {
  const body = el("div", { class: "inside" });
  const node = el("details", { open: s.open.has(key) }, el("summary", { "data-k": key, text }), body);
  const fill = () => { if (node.open && !body.childElementCount) body.append(...inside()); };
  node.ontoggle = () => { if (node.open) s.open.add(key); else s.open.delete(key); fill(); };
  fill();
  return node;
}
