const STATE = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let s = STATE.get(parentElement);
  if (!s) STATE.set(parentElement, (s = build(parentElement.querySelector("#root"))));
  s.act = (what, more) => setTriggerValue("act", { do: what, ...more });
  render(s, data);
  return () => s.snack.stop();
}

function build(root) {
  const s = { root, rows: new Map(), said: 0 };
  s.about = el("p", { class: "quiet about" });
  s.list = el("ul", { class: "shares", "aria-label": "Your share links" });
  s.more = el("button", { type: "button", text: "Show more", onclick: () => s.act("more") });
  s.nothing = el("div", { class: "nothing", hidden: true });
  s.snack = snackbar();
  root.append(s.about, s.nothing, s.list, el("div", { class: "end" }, s.more), s.snack.node);
  return s;
}

function render(s, data) {
  const none = !data.items.length;
  s.nothing.hidden = !none;
  s.list.hidden = none;
  s.about.hidden = none;
  s.about.textContent = ["Whoever has a link sees what it shows, until you end it. Your own visits are not counted.", data.note].filter(Boolean).join(" ");
  if (none && !s.nothing.childElementCount) s.nothing.append(...empty(s, data));
  s.more.hidden = !data.more;
  const held = s.root.getRootNode().activeElement;
  const at = held?.closest?.("li.share")?.dataset.id;
  const fresh = new Map();
  for (const item of data.items) {
    const seal = JSON.stringify(item), old = s.rows.get(item.id);
    fresh.set(item.id, old?.seal === seal ? old : { seal, node: row(s, item) });
  }
  s.rows = fresh;
  s.list.replaceChildren(...[...fresh.values()].map((each) => each.node));
  // The button that was pressed may be gone: stay with its row.
  if (at && held && !held.isConnected) s.list.querySelector(`[data-id="${at}"] .thumb, [data-id="${at}"] button`)?.focus();
  else if (held?.isConnected) held.focus();
  if (data.said && data.said.n > s.said) { s.said = data.said.n; s.snack.show(data.said.text, null, 8000); }
}

function empty(s, data) {
  return [
    el("div", { class: "sample", "aria-hidden": "true" }, ...data.drawing.map((src) => picture(src, "", {})), el("span", { text: "…/s/your-link" }), el("small", { text: "Drawn by code" })),
    el("h2", { text: "Nothing is shared yet" }),
    el("p", { text: "Open a picture in the gallery and press Share. Its link shows that one picture to whoever has it, and stands here until you end it." }),
    el("button", { class: "main", type: "button", text: "Go to the gallery", onclick: () => s.act("gallery") }),
  ];
}

function row(s, item) {
  const name = item.prompt || "A deleted " + item.was;
  const img = item.src && (item.job || item.compare) ? picture(item.src, "", { loading: "lazy" }) : null;
  const face = [img, el("span", { class: "ghostmark", "aria-hidden": "true" }, icon("picture"))];
  const there = item.job ? () => s.act("open", { job: item.job }) : item.compare ? () => s.act("compare", { compare: item.compare }) : null;
  const thumb = there
    ? el("button", { class: "thumb", type: "button", "aria-label": `Open the ${item.was}: ${name.slice(0, 80)}`, onclick: there }, ...face)
    : el("span", { class: "thumb lost" }, ...face);
  const tools = el("div", { class: "tools" });
  if (item.link) {
    const url = whole(item.link.url);
    const copy = el("button", { type: "button", "aria-label": "Copy link: " + name.slice(0, 80) }, icon("copy"), el("span", { text: "Copy link" }));
    const field = el("input", { class: "aside", readonly: true, tabindex: "-1", "aria-hidden": "true" });
    field.value = url;
    copy.onclick = async () => says(copy, await copyText(url, field), "Copy link");
    tools.append(copy, el("a", { class: "button", href: url, target: "_blank", rel: "noopener", "aria-label": "Open the link: " + name.slice(0, 80), text: "Open" }), field);
  }
  if (item.alive) tools.append(ending(s, item, name));
  return el("li", { class: `share ${item.state}`, "data-id": item.id },
    thumb,
    el("div", { class: "words" },
      el("p", { class: "prompt", dir: "auto", text: name }),
      el("p", { class: "facts" }, ...facts(item)),
      item.lost ? el("p", { class: "facts", text: "This link still works, but cannot be shown again: the app’s secret has changed since." }) : null),
    el("p", { class: "views" }, el("b", { text: item.views.toLocaleString() }), el("span", { text: item.views === 1 ? " view" : " views" })),
    tools);
}

function facts(item) {
  const parts = [el("span", { class: "state" }, el("i"), el("span", { text: item.says })), el("span", { text: item.shows }), item.label ? el("span", { class: "mark", text: item.label }) : null, el("span", {}, "Created ", el("time", { datetime: item.created, text: when(item.created) }))];
  if (item.ends) parts.push(el("span", {}, "Ends ", el("time", { datetime: item.ends, text: when(item.ends) })));
  if (item.ended) parts.push(el("span", {}, "Ended ", el("time", { datetime: item.ended, text: when(item.ended) })));
  return parts.filter(Boolean);
}

// A first press asks, a second one within six seconds does it.
function ending(s, item, name) {
  const button = el("button", { class: "ghost", type: "button", "aria-label": "End the link: " + name.slice(0, 80) }, el("span", { text: "End link" }));
  let timer = 0;
  const rest = () => { clearTimeout(timer); button.classList.remove("sure"); button.lastChild.textContent = "End link"; button.setAttribute("aria-label", "End the link: " + name.slice(0, 80)); };
  button.onclick = () => {
    if (button.classList.contains("sure")) { rest(); s.act("revoke", { id: item.id }); return; }
    button.classList.add("sure");
    button.lastChild.textContent = "Really end it?";
    button.setAttribute("aria-label", "Really end it? " + name.slice(0, 80));
    timer = setTimeout(rest, 6000);
  };
  button.onblur = rest;
  return button;
}
