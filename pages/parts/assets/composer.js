// The form. It keeps what is typed to itself until the button is pressed, so no update of the page can disturb it, and in
// the tab's own storage, so that neither a reload nor another page loses it. Python hears of one event: "submit".
const STORE = 'reve.create';
const ANSWER_MS = 15000;
const made = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let form = made.get(parentElement);
  if (!form) {
    form = new Form(parentElement);
    made.set(parentElement, form);
  }
  form.send = (value) => setTriggerValue('submit', value);
  form.key = (value) => setTriggerValue('own_key', value);
  form.look = () => setTriggerValue('look', Date.now());
  form.receive(data);
  return () => { form.close(); made.delete(parentElement); };
}

const make = (tag, props = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...inside);
  return node;
};
const length = (text) => [...text].length; // code points, as the service counts

class Form {
  constructor(root) {
    this.root = root;
    this.el = root.querySelector('form');
    this.at = (css) => this.el.querySelector(css);
    this.box = this.at('textarea');
    this.seed = this.at('#seed');
    this.select = this.at('#model');
    this.all = false; // every shape, not only the common ones
    this.sent = null; // the submission under way; the next ones wait for its answer, so none is lost and none sent twice
    this.waiting = [];
    this.state = { prompt: '', ratio: '', count: 1, model: '', seed: '' };
    try { Object.assign(this.state, JSON.parse(sessionStorage.getItem(STORE) || '{}')); } catch { /* begin empty */ }
    this.box.value = this.state.prompt;
    this.seed.value = this.state.seed;
    this.allowed = new Standing(this.el, {
      sketch: (key) => this.sketch(key),
      key: (value) => this.key(value),
      look: () => this.look(),
      ended: () => { this.told = null; this.price(); this.say('You can go on.', 6000); },
      said: (text) => this.say(text, 10000),
    });
    this.picker = new Picker(this.at('.pick'), { name: 'offer', picked: (key) => this.choose(key), opened: () => this.draw() });
    this.listen();
  }

  listen() {
    // Streamlit's one-letter shortcuts would fire: outside a shadow tree a key pressed in a text box looks like any other.
    for (const kind of ['keydown', 'keyup', 'keypress']) this.el.addEventListener(kind, (e) => e.stopPropagation());
    this.el.addEventListener('submit', (e) => { e.preventDefault(); this.submit(); });
    this.el.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !e.isComposing) { e.preventDefault(); if (!e.repeat) this.submit(); }
    });
    this.box.addEventListener('input', () => { this.undo = null; this.state.prompt = this.box.value; this.clear(); this.typed(); this.save(); });
    this.seed.addEventListener('input', () => {
      this.state.seed = this.seed.value; this.clear(); this.save();
    });
    this.select.addEventListener('change', () => this.choose(this.select.value));
    this.el.addEventListener('change', (e) => {
      if (e.target.name === 'ratio') this.state.ratio = e.target.value;
      else if (e.target.name === 'count') this.state.count = +e.target.value;
      else return;
      this.clear(); this.price(); this.save();
    });
    this.el.addEventListener('click', (e) => {
      const what = e.target.closest?.('[data-do]')?.dataset.do;
      if (what === 'surprise') this.surprise();
      if (what === 'undo' && this.undo) { const back = this.undo; this.undo = null; this.say(''); this.take(back); this.box.focus(); }
      if (what === 'shapes') { this.all = !this.all; this.shapes(); this.at('[data-do="shapes"]').focus(); }
    });
    this.onFill = (e) => this.fill(e.detail);
    window.addEventListener('reve:fill', this.onFill);
    this.at('kbd').textContent = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘ ↵' : 'Ctrl ↵';
  }

  close() { this.allowed.close(); clearTimeout(this.timer); window.removeEventListener('reve:fill', this.onFill); }
  save() { try { sessionStorage.setItem(STORE, JSON.stringify(this.state)); } catch { /* a full or closed store loses the draft only */ } }
  get model() { return this.data.models.find((m) => m.key === this.state.model) || this.data.models[0]; }

  receive(data) {
    const first = !this.data;
    this.data = data;
    this.allowed.receive(data);
    if (first) { this.chips(); this.numbers(); this.shown = data.fill?.n; }
    this.adapt();
    this.ideas();
    // A fill is a message, not a state: drawn once, also where the page was left and entered again in between.
    if (data.fill && data.fill.n > (+sessionStorage.getItem(`${STORE}.fill`) || 0)) {
      sessionStorage.setItem(`${STORE}.fill`, data.fill.n);
      this.fill(data.fill);
    }
    this.draw();
    if (this.sent !== null && data.answer && data.answer.n === this.sent) {
      clearTimeout(this.timer);
      this.sent = null;
      const { problem, kind, refused } = data.answer;
      if (refused) this.refuse(refused);
      else if (problem) { this.waiting = []; this.problem(problem, kind); } else this.say(data.answer.said, 10000); // the card tells the rest
      window.dispatchEvent(new CustomEvent('reve:changed'));
      if (this.waiting.length) this.dispatch(this.waiting.shift());
    }
  }

  // -- what goes out

  submit() {
    this.clear();
    this.picker.open(false);
    if (this.allowed.stops()) return;
    if (!this.box.value.trim()) { this.problem('The prompt is empty. Describe the picture you would like.'); this.box.focus(); return; }
    const { ratio, count, model, seed } = this.state;
    const form = { prompt: this.box.value, ratio, count, model: model || this.model.key, seed: this.model.seed ? seed : '' };
    if (this.sent !== null) this.waiting.push(form); else this.dispatch(form);
  }

  dispatch(form) {
    this.sent = Math.max(Date.now(), (this.last || 0) + 1);
    this.last = this.sent;
    this.send({ ...form, n: this.sent });
    this.timer = setTimeout(() => {
      this.sent = null; this.waiting = [];
      this.problem('The studio did not answer. Your text is still here. Look below whether the picture is on its way before you press Create again.');
    }, ANSWER_MS);
  }

  // What the server has just said no to. It counts until there is newer word of how things stand.
  refuse(refused) {
    this.waiting = [];
    this.told = { ...refused, told: true, n: this.data.standing?.n, model: this.model.key, count: this.state.count };
    this.price();
  }

  refused() {
    const { told, data, model } = this, known = model.quotes[this.state.count - 1].refused;
    if (known || !told) return known;
    if (told.code === 'credits_exhausted') return told.model === model.key ? told : null;
    return told.n === data.standing?.n && (!told.others || (told.model === model.key && told.count <= this.state.count)) ? told : null;
  }

  // The visitor has chosen the built-in sketch for what the other model may not make now.
  sketch(key) {
    this.told = null;
    this.state.model = key;
    this.adapt(); this.draw(); this.save();
    this.submit();
  }

  // -- what comes in

  fill(form) {
    const before = { ...this.state, prompt: this.box.value };
    this.take(form);
    this.clear();
    const lost = before.prompt.trim() && before.prompt !== this.box.value && before.prompt !== this.filled;
    this.undo = lost ? before : null;
    this.filled = this.box.value;
    this.say([form.note, this.notes, lost ? 'Your earlier text was replaced.' : ''].filter(Boolean).join(' '));
    if (form.show !== false) this.el.scrollIntoView({ block: 'nearest' });
  }

  take(form) {
    for (const key of ['prompt', 'ratio', 'count', 'model', 'seed']) if (form[key] !== undefined) this.state[key] = form[key];
    this.box.value = this.state.prompt;
    this.seed.value = this.state.seed ?? '';
    this.adapt(); this.draw(); this.save();
  }

  surprise() {
    const list = this.data.surprises.filter((text) => text !== this.box.value);
    if (list.length) this.fill({ prompt: list[Math.floor(Math.random() * list.length)] });
  }

  // The chosen model decides what there is to choose from. What it cannot do is changed, and said.
  adapt() {
    const model = this.model;
    this.notes = '';
    if (this.state.model && model.key !== this.state.model) this.notes += `That model is not offered here; this is ${model.title}. `;
    this.state.model = model.key;
    if (!model.ratios.some(([name]) => name === this.state.ratio)) {
      const asked = this.state.ratio;
      this.state.ratio = asked ? nearest(model, asked) : model.default;
      if (asked) this.notes += `${model.title} has no ${asked}, so the shape is ${this.state.ratio} now.`;
    }
    if (![1, 2, 3, 4].includes(this.state.count)) this.state.count = 1;
    if (this.notes) this.say(this.notes);
  }

  // A person's choice. What does not go with it is said at once: nothing is left out silently.
  choose(key) {
    const before = this.model;
    this.state.model = key;
    this.say('');
    this.adapt();
    const { model } = this, said = [this.notes];
    if (before.seed && !model.seed && this.state.seed) said.push(`${model.name} takes no seed, so yours is left out.`);
    if (length(this.box.value) > model.max) said.push(`${model.name} takes up to ${model.max.toLocaleString('en')} characters, and the prompt is longer.`);
    this.say(said.filter(Boolean).join(' '));
    this.draw(); this.save();
  }

  // -- drawing

  draw() { this.models(); this.shapes(); this.price(); this.typed(); this.at('.seed').hidden = !this.model.seed; for (const radio of this.el.querySelectorAll('[name=count]')) radio.checked = +radio.value === this.state.count; }

  typed() {
    const now = length(this.box.value), most = this.model.max, counter = this.at('#counter');
    counter.textContent = now ? `${now.toLocaleString('en')} / ${most.toLocaleString('en')}` : '';
    counter.classList.toggle('over', now > most);
    for (const chip of this.el.querySelectorAll('.chip')) chip.setAttribute('aria-pressed', String(pattern(chip.textContent).test(this.box.value)));
  }

  chips() {
    this.at('.chips').replaceChildren(...this.data.styles.map((style) => {
      const chip = make('button', { type: 'button', className: 'chip', textContent: style });
      chip.onclick = () => {
        const text = this.box.value, found = pattern(style);
        this.box.value = found.test(text) ? text.replace(found, '').replace(/^\s*,\s*/, '') : text.trim() ? `${text.replace(/[\s,]+$/, '')}, ${style}` : style;
        this.undo = null; this.state.prompt = this.box.value; this.clear(); this.typed(); this.save();
      };
      return chip;
    }));
  }

  numbers() {
    this.at('.numbers').replaceChildren(...[1, 2, 3, 4].map((n) => make('label', {},
      make('input', { type: 'radio', name: 'count', value: n, ariaLabel: n === 1 ? '1 picture' : `${n} pictures` }), make('span', { textContent: n }))));
  }

  models() {
    const { models } = this.data, same = models.map((m) => m.key + m.title).join('\n');
    if (same !== this.listed) {
      this.listed = same;
      this.select.replaceChildren(...models.map((m) => make('option', { value: m.key, textContent: m.title })));
    }
    this.select.value = this.model.key;
    // A choice of one is no choice: its name stands beside the price. Of two a word each will do.
    this.at('.model').hidden = models.length !== 2;
    this.at('.pick').hidden = models.length < 3;
    if (models.length > 2) this.picker.draw(models, [this.model.key]);
    const facts = this.at('.facts');
    facts.textContent = this.model.notes.join(' ');
    facts.hidden = !facts.textContent || this.picker.isOpen; // the open list says it itself
  }

  shapes() {
    const { ratios } = this.model, common = ratios.filter(([name]) => this.data.common.includes(name));
    common.sort((a, b) => this.data.common.indexOf(a[0]) - this.data.common.indexOf(b[0]));
    const rest = ratios.filter((r) => !common.includes(r)).sort((a, b) => b[1] - a[1]);
    const open = this.all || rest.some(([name]) => name === this.state.ratio) || !common.length;
    const key = JSON.stringify([ratios, open]);
    if (key !== this.drawn) {
      this.drawn = key;
      const more = make('button', { type: 'button', className: 'more', ariaLabel: open ? 'Fewer shapes' : 'More shapes', ariaExpanded: String(open) }, make('span', { className: 'room', textContent: open ? '−' : '+' }), open ? 'Fewer' : 'More');
      more.dataset.do = 'shapes';
      this.at('.shapes').replaceChildren(...common.map(shape), ...(rest.length && common.length ? [more] : []), ...(open ? rest.map(shape) : []));
    }
    for (const radio of this.el.querySelectorAll('[name=ratio]')) radio.checked = radio.value === this.state.ratio;
  }

  price() {
    const quote = this.model.quotes[this.state.count - 1];
    this.at('.cost b').textContent = quote.price;
    this.at('.cost small').textContent = this.data.models.length < 2 ? `${quote.wait} · ${this.model.title}` : quote.wait;
    const paused = this.at('.paused');
    paused.hidden = !this.model.paused || this.picker.isOpen;
    paused.textContent = this.model.paused || '';
    const refused = this.refused();
    this.allowed.show({ refused, spends: quote.spends, own: this.model.own, key: this.model.key, paused: Boolean(this.model.paused), n: refused?.n });
  }

  ideas() {
    const part = this.at('.ideas'), list = this.data.ideas;
    part.hidden = !list.length;
    const seal = list.map((idea) => idea.src).join(), row = this.at('.row');
    if (row.dataset.seal === seal) return;
    row.dataset.seal = seal;
    row.replaceChildren(...list.map((idea) => {
      const button = make('button', { type: 'button', className: 'idea', title: idea.prompt }, make('img', { src: idea.src, alt: idea.prompt, loading: 'lazy' }));
      button.onclick = () => this.fill({ prompt: idea.prompt, ratio: idea.ratio });
      return button;
    }));
  }

  clear() { this.at('#problem').hidden = true; this.box.removeAttribute('aria-invalid'); this.say(''); }
  // Whoever may be in need is not shown a mistake.
  problem(text, kind) {
    const p = this.at('#problem'), kindly = kind === 'self_harm';
    p.replaceChildren(...linked(text)); p.hidden = false;
    p.classList.toggle('kind', kindly);
    if (!kindly) this.box.setAttribute('aria-invalid', 'true');
  }
  // For so many milliseconds, or until something else is said.
  say(text, ms) {
    clearTimeout(this.quiet);
    if (ms) this.quiet = setTimeout(() => this.say(''), ms);
    const line = this.at('.said');
    line.firstElementChild.textContent = text || '';
    this.at('[data-do="undo"]').hidden = !this.undo;
  }
}

// Text in which web addresses written without https:// can be followed: who needs help is one tap away from it.
const ADDRESS = /\b((?:[a-z0-9-]+\.)+(?:com|org|net|info|int|eu|uk|de|fr|es|it|nl|at|ch)(?:\/[\w./-]*\w)?)\b/;
const linked = (text) => text.split(ADDRESS).map((part, n) => (n % 2
  ? make('a', { href: `https://${part}`, target: '_blank', rel: 'noreferrer', textContent: part }) : document.createTextNode(part)));

// A style counts as chosen wherever its words stand in the prompt, whoever typed them.
const pattern = (style) => new RegExp(`(?:\\s*,\\s*|\\s+|^)${style.replace(/[^\w ]/g, '\\$&')}(?![\\w-])`, 'i');

function shape([name, ratio]) {
  // Equal areas look equally large; the longest ones are cut down to the room there is.
  const fit = Math.min(1, 34 / (20 * Math.sqrt(ratio)), 32 / (20 / Math.sqrt(ratio)));
  const box = make('i');
  box.style.width = `${(20 * Math.sqrt(ratio) * fit).toFixed(1)}px`;
  box.style.height = `${(20 / Math.sqrt(ratio) * fit).toFixed(1)}px`;
  return make('label', { className: 'shape' }, make('input', { type: 'radio', name: 'ratio', value: name, ariaLabel: `${name}${ratio > 1 ? ', wide' : ratio < 1 ? ', tall' : ', square'}` }),
    make('span', { className: 'face' }, make('span', { className: 'room' }, box), name));
}

function nearest(model, asked) {
  const [w, h] = asked.split(':').map(Number), want = Math.log(w / h);
  if (!Number.isFinite(want)) return model.default;
  return model.ratios.reduce((best, r) => Math.abs(Math.log(r[1]) - want) < Math.abs(Math.log(best[1]) - want) ? r : best)[0];
}
