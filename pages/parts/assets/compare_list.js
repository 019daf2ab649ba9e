const STATE = new WeakMap();
const BUSY_MS = 3000;

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector(".comparisons"))));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  s.data = data;
  render(s);
  s.stop?.();
  const wake = () => document.hidden || look(s);
  document.addEventListener("visibilitychange", wake);
  s.stop = () => { document.removeEventListener("visibilitychange", wake); clearTimeout(s.timer); };
  s.timer = setTimeout(() => look(s), BUSY_MS);
  return () => { s.stop(); s.snack.stop(); };
}

function build(root) {
  const s = { root, rows: new Map(), said: 0 };
  s.list = el("ul", { class: "list", "aria-label": "Your comparisons" });
  s.nothing = el("div", { class: "nothing", hidden: true });
  s.more = el("button", { class: "button", type: "button", text: "Show more", onclick: () => s.act("more") });
  s.snack = snackbar();
  root.append(s.nothing, s.list, el("div", { class: "end" }, s.more), s.snack.node);
  return s;
}

function render(s) {
  const { items, more, example, said } = s.data;
  s.nothing.hidden = items.length > 0;
  s.list.hidden = !items.length;
  s.more.hidden = !more;
  const seal = example.map((one) => one.src).join();
  if (!items.length && s.nothing.dataset.seal !== seal) { s.nothing.dataset.seal = seal; s.nothing.replaceChildren(...empty(s, example)); }
  const rows = new Map();
  for (const item of items) {
    const seal = JSON.stringify(item), old = s.rows.get(item.id);
    rows.set(item.id, old?.seal === seal ? old : { seal, node: row(s, item) });
  }
  const held = s.root.getRootNode().activeElement?.closest?.(".item")?.dataset.id;
  s.rows = rows;
  const nodes = [...rows.values()].map((each) => each.node);
  if (nodes.length !== s.list.children.length || nodes.some((node, n) => s.list.children[n] !== node)) s.list.replaceChildren(...nodes);
  if (held && rows.has(held)) rows.get(held).node.querySelector("a").focus({ preventScroll: true });
  if (said && said.n > s.said) { s.said = said.n; if (Date.now() - said.n < 5000) s.snack.show(said.text, null, 8000); }
}

function row(s, item) {
  const link = el("a", { href: `${s.data.home}?c=${encodeURIComponent(item.id)}`, dir: "auto", text: item.title });
  link.onclick = (event) => { if (event.metaKey || event.ctrlKey || event.shiftKey) return; event.preventDefault(); s.act("open", { id: item.id }); };
  const faces = Array.from({ length: 4 }, (_, n) => el("span", { class: "face" }, item.thumbs[n] ? picture(item.thumbs[n].src, "", { loading: "lazy" }) : null));
  return el("li", { class: "item", "data-id": item.id },
    el("div", { class: "faces", "aria-hidden": "true" }, ...faces),
    el("div", { class: "words" }, link,
      el("p", { class: "facts" },
        el("span", { class: item.pending ? "busy" : null, text: item.says }), el("span", { text: item.about }),
        item.label ? el("span", { class: "mark", text: item.label }) : null,
        item.votes ? el("span", { text: item.votes }) : null,
        el("time", { datetime: item.created, text: when(item.created) }))));
}

function empty(s, example) {
  const shots = example.map((one, n) => el("figure", {},
    el("div", { class: "shot" }, picture(one.src, one.alt), el("b", { "aria-hidden": "true", text: "AB"[n] })),
    el("figcaption", { dir: "auto" }, ...one.words.map(([sign, text]) => (sign === "+" ? el("ins", { text }) : document.createTextNode(text))))));
  return [
    el("div", { class: "sample" }, ...shots),
    el("div", { class: "scale", "aria-hidden": "true" }, el("i"), el("i"), el("u"), el("span", { text: "B is chosen more often. Not decided yet." })),
    el("p", { class: "mark", text: "Drawn by code, as an example" }),
    el("h2", { text: "Which prompt is better?" }),
    el("p", { text: "Write two or more prompts, or one for several models, see the price, and look at their pictures side by side. A blind vote says which one wins, and whether that is more than chance." }),
    el("button", { class: "button main", type: "button", text: "Try an example", onclick: () => s.act("example") }),
  ];
}

// While something is under way the list is read again, every few seconds at most.
async function look(s) {
  clearTimeout(s.timer);
  if (document.hidden || !s.root.isConnected || !s.data.live || !s.data.items.some((item) => item.pending)) return;
  try {
    const news = await askLive(s.data.live);
    if (news.rev !== s.data.rev) { s.act("fresh"); return; }
  } catch { /* The next round asks again. */ }
  s.timer = setTimeout(() => look(s), BUSY_MS);
}
