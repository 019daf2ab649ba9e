// Scoring alone. Everything that a tap does happens here at once; Python is sent the votes that it has not confirmed yet and
// answers with more pairs. The newest vote waits a moment, so that Backspace can take it back; it lies in the browser with the
// others, so a reload loses none.
const STATE = new WeakMap();
const STORE = 6, HOLD_MS = 4000, AGAIN_MS = 4000, SLOW_MS = 6000, COMING_MS = 5000;
// As on the page for visitors.
const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "tie", ArrowDown: "bad", x: "bad", X: "bad" };
const OTHER = { left: "right", right: "left" };

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (s && s.id !== data.id) { leave(s); s.root.replaceChildren(); s = null; }
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector(".scoring"), data)));
  s.trigger = (value) => setTriggerValue("act", value);
  s.told = data;
  s.stop?.();
  // Who leaves or looks elsewhere takes nothing back any more.
  const away = (event) => { if (event.type === "pagehide" || document.hidden) settle(s); };
  window.addEventListener("pagehide", away);
  document.addEventListener("visibilitychange", away);
  s.stop = () => { window.removeEventListener("pagehide", away); document.removeEventListener("visibilitychange", away); };
  launcher(s);
  if (data.answer && data.answer.n !== s.heard && data.answer.run === s.run) { s.heard = data.answer.n; hear(s, data.answer); }
  // Votes of a page that was closed before they were confirmed.
  if (!s.greeted && s.unsent.length) send(s, "votes");
  s.greeted = true;
  coming(s);
  return () => { s.stop(); for (const timer of [s.again, s.hold, s.slow, s.coming]) clearTimeout(timer); };
}

function build(root, data) {
  const s = { root, id: data.id, run: Math.random().toString(36).slice(2), n: 0, heard: null, unsent: [], held: null, mode: null, asked: 0 };
  s.shelf = `reve:votes:${data.id}:${s.run}`;
  adopt(s, `reve:votes:${data.id}:`);
  s.buttons = el("div", { class: "open" });
  s.dialog = el("dialog", { "aria-label": "Score alone", tabindex: "-1" });
  s.count = el("p", { class: "count" });
  s.ask = el("p", { class: "ask", dir: "auto" });
  s.back = el("button", { type: "button", class: "button", title: "Step back (Backspace)", text: "Back", onclick: () => undo(s) });
  s.shut = el("button", { type: "button", class: "button only", "aria-label": "Close", title: "Close (Esc)", onclick: () => leave(s) }, icon("close"));
  s.left = side(s, "left", "Left picture", "←");
  s.right = side(s, "right", "Right picture", "→");
  s.stage = el("div", { class: "stage" }, s.left.node, s.right.node);
  s.tie = el("button", { type: "button", class: "button", onclick: () => say(s, "tie") }, el("span", { text: "A tie" }), el("kbd", { text: "↑" }));
  s.bad = el("button", { type: "button", class: "button", onclick: () => say(s, "bad") }, el("span", { text: "Both bad" }), el("kbd", { text: "↓" }), el("kbd", { text: "X" }));
  s.keys = el("div", { class: "keys" }, s.tie, s.bad);
  // Both have the same mark, whoever made them.
  s.marks = el("p", { class: "marks" });
  s.keys.append(s.marks);
  s.end = el("div", { class: "end", hidden: true });
  s.heardBy = el("p", { class: "heard", role: "status" });
  s.dialog.append(el("div", { class: "bar" }, s.count, s.ask, el("div", { class: "tools" }, s.back, s.shut)), s.stage, s.keys, s.end, s.heardBy);
  s.dialog.addEventListener("keydown", (event) => key(s, event));
  s.dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(s); });
  root.append(s.buttons, s.dialog);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return s;
}

// The label says which side it is and nothing else: what is scored here is scored blind.
function side(s, choice, label, sign) {
  const small = el("img", { alt: "", class: "small", draggable: "false" }), big = el("img", { alt: label, class: "big", draggable: "false" });
  const node = el("button", { type: "button", class: "side", "aria-label": `${label} is better`, onclick: () => say(s, choice) }, el("span", { class: "frame" }, small, big, el("span", { class: "lost" }, icon("picture"))), el("kbd", { text: sign }));
  return { node, small, big };
}

function launcher(s) {
  const seal = JSON.stringify([s.told.frozen, s.told.brackets]);
  if (seal === s.sealed || s.dialog.open) return;
  s.sealed = seal;
  const focused = starts(s).indexOf(s.root.getRootNode().activeElement);
  const way = (title, text, button, begin, main, some, off) => el("div", { class: "way" }, el("h2", { text: title }), el("p", { text }), some ? el("p", { class: "some", text: some }) : null, el("button", { type: "button", class: "button" + (main ? " main" : ""), text: button, disabled: s.told.frozen || Boolean(off), onclick: begin }));
  s.buttons.replaceChildren(
    el("div", { class: "ways" },
      way("Pair by pair", "Two pictures at a time, names hidden and sides shuffled, for as long as you like.", "Score alone", (event) => open(s, "pairs", null, event), true),
      ...s.told.brackets.map((each) => {
        const { kind, count, ready: part } = each, taps = part > 1 ? part : count;
        const text = `One picture of each of the ${part < count ? "" : count + " "}${kind}, drawn by chance: ${taps - 1} ${taps === 2 ? "tap" : "taps"} to a favourite.`;
        return way(kind === "models" ? "Bracket of models" : "Bracket", text, `Bracket of ${taps}`, (event) => open(s, "bracket", kind, event), false, some(s, each), part < 2);
      })),
    el("p", { class: "hint" }, ...(s.told.frozen ? ["The vote is closed. Open it again under Results to score."] : [["←", "left"], ["→", "right"], ["↑", "a tie"], ["↓ X", "both bad"], ["Backspace", "takes the last one back"]].map(([signs, text]) => el("span", {}, ...signs.split(" ").map((sign) => el("kbd", { text: sign })), text)))));
  if (focused >= 0) starts(s)[focused].focus();
}

const starts = (s) => [...s.buttons.querySelectorAll("button")];

// Who takes part while some have no picture.
function some(s, { kind, count, ready: part, coming: more }) {
  if (part >= count || s.told.frozen) return "";
  const now = `${part} of ${count} are ready. `;
  if (part < 2) return now + (more ? "Wait until more pictures are made." : "The other pictures are missing: see the grid.");
  return now + (more ? `Start now and only these ${part} take part.` : `The others have no picture, so only these ${part} take part.`);
}

// While pictures are being made the page is asked for how many take part.
function coming(s) {
  clearTimeout(s.coming);
  if (s.told.frozen || !s.told.brackets.some((each) => each.coming)) return;
  s.coming = setTimeout(() => { if (document.hidden || s.dialog.open || s.asked) coming(s); else send(s, "votes"); }, COMING_MS);
}

// ---- opening and closing

function open(s, mode, kind, event) {
  Object.assign(s, { mode, kind, queue: [], at: 0, cast: null, total: null, taps: [], entrants: null, done: false, shown: null, dry: false });
  if (event) s.opener = starts(s).indexOf(event.currentTarget);
  s.end.hidden = true;
  s.stage.hidden = s.keys.hidden = false;
  s.ask.textContent = s.told.question || "Which is better?";
  s.marks.textContent = s.told.marks;
  s.dialog.showModal();
  s.dialog.focus();
  show(s);
  send(s, mode === "bracket" ? "bracket" : "pairs");
}

function leave(s, to = "votes") {
  if (!s.dialog.open) return;
  clearTimeout(s.slow);
  release(s);
  s.dialog.close();
  s.mode = null;
  if (s.unsent.length || to !== "votes") send(s, to);
  launcher(s);
  starts(s)[s.opener]?.focus();
}

// ---- to Python and back

const numbered = (s, { pair, choice }) => [s.number + 1, pair.left.key, pair.right.key, choice];

// Outlives the tab, until Python has confirmed the votes. Each window has a shelf of its own, so that none clears another's.
function keep(s) {
  try {
    if (s.unsent.length || s.held) localStorage.setItem(s.shelf, JSON.stringify({ votes: s.unsent, held: s.held && numbered(s, s.held) }));
    else localStorage.removeItem(s.shelf);
  } catch { /* kept in memory then */ }
}

// Votes of pages that were closed before they were confirmed. From a window that is still open they are sent by both, and count once.
function adopt(s, start) {
  s.number = 0;
  try {
    for (const shelf of Object.keys(localStorage).filter((each) => each.startsWith(start))) {
      try {
        const { votes, held } = JSON.parse(localStorage.getItem(shelf));
        for (const vote of [...votes, held]) if (vote?.length === 4) s.unsent.push([++s.number, ...vote.slice(1)]);
      } catch { /* not ours */ }
      localStorage.removeItem(shelf);
    }
  } catch { /* a browser that keeps nothing */ }
  keep(s);
}

function send(s, what) {
  clearTimeout(s.again);
  const value = { do: what, n: `${s.run}.${++s.n}`, run: s.run, votes: s.unsent.slice(0, 200) };
  if (what === "pairs") value.waiting = [...s.queue.slice(s.at), ...(s.held ? [s.held.pair] : [])].map((pair) => [pair.left.key, pair.right.key]);
  if (what === "bracket") value.kind = s.kind;
  s.asked = value.n;
  s.trigger(value);
  // Streamlit keeps the newest of two triggers at once and may lose one while the page runs: ask until there is an answer.
  s.again = setTimeout(() => { if (s.asked) send(s, what); }, AGAIN_MS);
}

function hear(s, answer) {
  const what = s.asked === answer.n;
  if (what) { s.asked = 0; clearTimeout(s.again); }
  if (answer.upto) {
    s.unsent = s.unsent.filter((vote) => vote[0] > answer.upto);
    keep(s);
    window.dispatchEvent(new Event("reve:voted"));
  }
  if (answer.refused) { s.unsent = []; keep(s); }
  if (!s.dialog.open) {
    if (s.unsent.length && !s.asked && (answer.upto || answer.problem)) s.again = setTimeout(() => send(s, "votes"), answer.problem ? AGAIN_MS : 0);
    return;
  }
  if (answer.refused) { finish(s, answer.problem); return; }
  if (answer.problem) { s.heardBy.textContent = answer.problem; s.again = setTimeout(() => send(s, s.mode === "bracket" && !s.entrants ? "bracket" : "pairs"), AGAIN_MS); return; }
  s.cast = answer.cast;
  s.total = answer.cast + answer.left;
  if (s.mode === "bracket" && answer.entrants && !s.entrants) { s.entrants = answer.entrants; ready(s.entrants); }
  if (s.mode === "pairs" && answer.pairs) {
    const have = new Set([...s.queue.slice(s.at), ...(s.held ? [s.held.pair] : [])].map(twoOf));
    for (const vote of s.unsent) have.add([vote[1], vote[2]].sort().join());
    const fresh = answer.pairs.filter((pair) => !have.has(twoOf(pair)));
    s.queue.push(...fresh);
    s.dry = what && !fresh.length && !s.unsent.length;
    ready(fresh.flatMap((pair) => [pair.left, pair.right]));
  }
  show(s);
  more(s);
}

const twoOf = (pair) => [pair.left.key, pair.right.key].sort().join();

function ready(pictures) { for (const each of pictures) new Image().src = each.src; }

// ---- voting

function say(s, choice) {
  const pair = s.shown;
  if (!pair || !s.ready || s.done) return;
  release(s);
  s.held = { pair, choice };
  keep(s);
  s.heardBy.textContent = { left: "Left", right: "Right", tie: "A tie", bad: "Both bad" }[choice];
  if (s.mode === "bracket") {
    // Somebody has to go on: after a tie, or where both are bad, chance says who.
    const drawn = choice === "tie" || choice === "bad";
    const winner = drawn ? (Math.random() < 0.5 ? "left" : "right") : choice;
    s.taps.push({ pair, choice, winner: pair[winner], loser: pair[OTHER[winner]], drawn });
  } else s.at += 1;
  s.hold = setTimeout(() => { release(s); more(s); }, HOLD_MS);
  show(s);
  more(s);
}

// The held vote becomes one to be sent.
function release(s) {
  clearTimeout(s.hold);
  if (!s.held) return;
  s.unsent.push(numbered(s, s.held));
  s.number += 1;
  s.held = null;
  keep(s);
}

function settle(s) {
  if (!s.held) return;
  release(s);
  s.back.disabled = true;
  more(s);
}

function more(s) {
  if (s.asked) return;
  if (s.mode === "pairs" && !s.dry && s.queue.length - s.at < STORE - 2) send(s, "pairs");
  else if (s.unsent.length >= 3 || s.done || (s.unsent.length && !s.held)) send(s, "votes");
}

function undo(s) {
  if (!s.held) return;
  clearTimeout(s.hold);
  s.held = null;
  keep(s);
  if (s.mode === "bracket") s.taps.pop(); else s.at -= 1;
  s.done = false;
  s.end.hidden = true;
  s.stage.hidden = s.keys.hidden = false;
  s.heardBy.textContent = "Taken back";
  show(s);
}

function key(s, event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Backspace") undo(s);
  else if (KEYS[event.key] && !s.done) { if (!event.repeat) say(s, KEYS[event.key]); }
  else return;
  event.preventDefault();
}

// ---- a bracket: who meets whom follows from the entrants and the taps so far

function bracket(entrants, taps) {
  let size = 1;
  while (size < entrants.length) size *= 2;
  // Where they are no power of two the first ones have nobody to meet in the first round.
  const byes = size - entrants.length;
  const rounds = [];
  let round = [], at = 0, field = [...entrants];
  const first = field.slice(byes);
  let next = field.slice(0, byes);
  for (let i = 0; i < first.length; i += 2) round.push([first[i], first[i + 1]]);
  for (;;) {
    const played = [];
    for (const [one, other] of round) {
      if (at >= taps.length) return { rounds, meet: [one, other], number: at + 1 };
      played.push(taps[at]);
      next.push(taps[at].winner);
      at += 1;
    }
    rounds.push(played);
    if (next.length < 2) return { rounds, champion: next[0] };
    field = next; next = []; round = [];
    for (let i = 0; i < field.length; i += 2) round.push([field[i], field[i + 1]]);
  }
}

// ---- drawing

function show(s) {
  s.back.disabled = !s.held;
  if (s.done) return;
  let pair = null;
  if (s.mode === "bracket") {
    if (s.entrants && s.entrants.length < 2) return finish(s, "There are not two pictures yet that could meet. Wait until more are made.");
    const now = s.entrants && bracket(s.entrants, s.taps);
    s.count.textContent = !now ? "" : now.champion ? `${s.taps.length} of ${s.entrants.length - 1}` : `${now.number} of ${s.entrants.length - 1}`;
    if (now?.champion) return champion(s, now);
    if (now) {
      // The same two keep their sides while they are on the screen.
      const key = now.meet.map((each) => each.key).sort().join();
      if (s.sides?.key !== key) { const turned = Math.random() < 0.5; s.sides = { key, pair: { left: now.meet[turned ? 1 : 0], right: now.meet[turned ? 0 : 1] } }; }
      pair = s.sides.pair;
    }
  } else if (s.mode === "pairs") {
    pair = s.queue[s.at] || null;
    const done = s.cast === null ? s.at : s.cast + s.unsent.length + (s.held ? 1 : 0);
    s.count.textContent = s.total === null ? "" : `${Math.min(done, s.total).toLocaleString()} of ${s.total.toLocaleString()} scored`;
    if (!pair && s.dry) return finish(s, s.total ? "You have scored every pair there is." : "There are no two pictures yet that could be compared. Wait until more are made.");
    if (!pair && !s.asked && s.cast !== null && !s.held) send(s, "pairs");
    if (!pair && s.held) { release(s); if (!s.asked) send(s, "pairs"); s.back.disabled = true; }
  }
  if (pair === s.shown && pair) return;
  s.shown = pair;
  s.ready = false;
  s.stage.classList.add("waiting");
  clearTimeout(s.slow);
  if (!pair) { for (const each of [s.left, s.right]) { each.small.removeAttribute("src"); each.big.removeAttribute("src"); each.node.classList.remove("lost"); } return; }
  Promise.all([put(s.left, pair.left), put(s.right, pair.right)]).then(() => { if (s.shown === pair) go(s); });
  s.slow = setTimeout(() => { if (s.shown === pair) go(s); }, SLOW_MS);
}

// Both or neither: who sees one picture a second before the other has half decided.
function go(s) { s.ready = true; s.stage.classList.remove("waiting"); }

function put(at, picture) {
  const { node, small, big } = at;
  node.classList.remove("lost");
  node.style.setProperty("--a", picture.width / picture.height);
  small.src = picture.thumb;
  return new Promise((done) => {
    big.onload = () => done();
    big.onerror = () => { node.classList.add("lost"); done(); };
    big.src = picture.src;
    if (big.complete && big.naturalWidth) done();
  });
}

function finish(s, text) {
  s.done = true;
  s.shown = null;
  s.stage.hidden = s.keys.hidden = true;
  s.end.replaceChildren(el("p", { class: "says", text }), closing(s));
  s.end.hidden = false;
  s.end.querySelector("button").focus();
}

const closing = (s) => el("button", { type: "button", class: "button main", text: "See the result", onclick: () => leave(s, "result") });

function champion(s, now) {
  const won = now.champion, over = s.taps.filter((tap) => tap.winner === won && !tap.drawn).length;
  const what = (each) => (s.kind === "models" ? each.model : each.name);
  s.done = true;
  s.shown = null;
  s.stage.hidden = s.keys.hidden = true;
  const frame = el("span", { class: "frame" }, picture(won.src, "", { class: "big" }));
  frame.style.setProperty("--a", won.width / won.height);
  const tap = (each) => el("li", {}, el("b", { text: what(each.winner) }), el("span", { text: each.drawn ? ` drew with ${what(each.loser)} and was drawn to go on` : ` over ${what(each.loser)}` }));
  const rounds = now.rounds.map((round, index) => el("li", {}, el("span", { class: "quiet", text: index === now.rounds.length - 1 ? "Final" : `Round ${index + 1}` }), el("ul", {}, ...round.map(tap))));
  s.end.replaceChildren(
    el("div", { class: "champion" }, frame, el("div", { class: "words" },
      el("p", { class: "quiet", text: "Your favourite" }),
      el("h2", { text: what(won) || won.name }),
      el("p", { class: "marks", text: won.label }),
      s.kind === "models" || !won.prompt ? null : el("p", { class: "prompt", dir: "auto", text: won.prompt }),
      el("p", { class: "quiet", text: `${over === 1 ? "One win" : over + " wins"} in ${s.taps.length} taps. One bracket with one picture of each is a taste, not an answer: the votes count in the result.` }),
      el("div", { class: "row" }, closing(s), el("button", { type: "button", class: "button", text: "Another bracket", onclick: () => { release(s); s.dialog.close(); open(s, "bracket", s.kind); } })),
      el("details", {}, el("summary", { text: "How it went" }), el("ol", { class: "rounds" }, ...rounds)))));
  s.end.hidden = false;
  s.end.querySelector("button").focus();
  s.heardBy.textContent = `Your favourite is ${what(won) || won.name}`;
}
