// The form of a new comparison. What is typed stays here and in the tab's own storage; Python hears of it half a second
// later and says what it would cost. Nothing is made before the button is pressed, and nothing twice: a filled form has a
// key of its own, which goes along with it and changes with its content.
const STORE = 'reve.compare';
const SOON_MS = 350, ANSWER_MS = 20000;
const made = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let form = made.get(parentElement);
  if (!form) made.set(parentElement, (form = new Form(parentElement)));
  form.send = (value) => setTriggerValue('act', value);
  form.key = (value) => setTriggerValue('own_key', value);
  form.receive(data);
  return () => { form.close(); made.delete(parentElement); };
}

const make = (tag, props = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...inside);
  return node;
};
const EMPTY = { prompts: '', models: [], ratios: [], seeds: '', samples: 1, title: '', question: '', cap: '', reuse: true };
const TEXTS = ['prompts', 'seeds', 'title', 'question', 'cap'];

// Also where there is no https, and so no crypto.randomUUID.
const freshKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const letter = (n) => String.fromCharCode(65 + n);

class Form {
  constructor(root) {
    this.el = root.querySelector('form');
    this.at = (css) => this.el.querySelector(css);
    this.field = Object.fromEntries(TEXTS.map((name) => [name, this.at(`#${name}`)]));
    this.state = { ...EMPTY };
    this.sent = null;
    this.last = 0;
    try { Object.assign(this.state, JSON.parse(sessionStorage.getItem(STORE) || '{}')); } catch { /* begin empty */ }
    for (const name of TEXTS) this.field[name].value = this.state[name] ?? '';
    this.at('#reuse').checked = this.state.reuse !== false;
    if (this.state.title || this.state.question || this.state.cap || this.state.reuse === false) this.at('details').open = true;
    this.allowed = new Standing(this.el, {
      sketch: (key) => this.sketch(key),
      key: (value) => this.key(value),
      look: () => this.ask(),
      ended: () => { this.refused = null; this.draw(); },
      said: () => this.ask(),
    });
    this.sums = {}; // what each model would take of the order, by its key
    this.list = new Choosing({ many: true, name: 'maker', picked: (key) => this.toggle('models', key) });
    this.at('.models .list').append(this.list.el);
    this.listen();
  }

  listen() {
    // Streamlit's one-letter shortcuts would fire: outside a shadow tree a key pressed in a text box looks like any other.
    for (const kind of ['keydown', 'keyup', 'keypress']) this.el.addEventListener(kind, (e) => e.stopPropagation());
    this.el.addEventListener('submit', (e) => { e.preventDefault(); this.submit(); });
    this.el.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !e.isComposing) { e.preventDefault(); if (!e.repeat) this.submit(); }
      else if (e.key === 'Enter' && e.target.matches('input.field')) { e.preventDefault(); this.ask(); }
    });
    this.el.addEventListener('input', (e) => {
      if (!TEXTS.includes(e.target.id)) return;
      this.undo = null;
      this.state[e.target.id] = e.target.value;
      this.changed();
    });
    this.el.addEventListener('change', (e) => {
      if (e.target.id === 'reuse') this.state.reuse = e.target.checked;
      else if (e.target.name === 'samples') this.state.samples = +e.target.value;
      else return;
      this.changed();
    });
    this.el.addEventListener('click', (e) => {
      const at = e.target.closest?.('[data-do]'), what = at?.dataset.do;
      if (what === 'shape') this.toggle('ratios', at.value);
      if (what === 'shapes') { this.all = !this.all; this.shapes(); this.at('[data-do="shapes"]').focus(); }
      if (what === 'undo' && this.undo) { const back = this.undo; this.undo = null; this.take(back); this.field.prompts.focus(); }
    });
    this.onFill = (e) => this.fill(e.detail);
    window.addEventListener('reve:compare-fill', this.onFill);
  }

  close() { this.allowed.close(); clearTimeout(this.timer); clearTimeout(this.soon); window.removeEventListener('reve:compare-fill', this.onFill); }
  save() { try { sessionStorage.setItem(STORE, JSON.stringify(this.state)); } catch { /* a full or closed store loses the draft only */ } }

  // One stays chosen: none at all would mean the default one, which is then better shown as chosen.
  toggle(name, value) {
    const list = this.state[name], on = list.includes(value);
    if (on && list.length === 1) { this.draw(); return; }
    this.state[name] = on ? list.filter((each) => each !== value) : [...list, value];
    this.adapt(); this.draw(); this.changed();
  }

  changed() {
    this.save();
    this.at('.foot .link').hidden = !this.undo;
    this.at('.cost').classList.add('old');
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.ask(), SOON_MS);
  }

  content() {
    const { key, keyed, sending, ...form } = this.state;
    if (!this.chosen().some((model) => model.seed)) form.seeds = '';
    return form;
  }

  ask() {
    clearTimeout(this.soon);
    if (this.making) return;
    this.last = Math.max(Date.now(), this.last + 1);
    this.sent = this.last;
    this.send({ do: 'plan', n: this.sent, form: this.content() });
  }

  submit() {
    if (this.making || this.allowed.stops()) return;
    clearTimeout(this.soon);
    const form = this.content(), keyed = JSON.stringify(form);
    if (this.state.keyed !== keyed) Object.assign(this.state, { keyed, key: freshKey() });
    this.last = Math.max(Date.now(), this.last + 1);
    this.sent = this.state.sending = this.last;
    this.making = true;
    this.save();
    this.at('.go .button').disabled = true;
    this.send({ do: 'make', n: this.sent, form, key: this.state.key });
    this.timer = setTimeout(() => {
      this.making = false;
      this.draw();
      this.wrong({ field: '', problem: 'The studio did not answer. Nothing you typed is lost, and pressing the button again pays nothing twice.' });
    }, ANSWER_MS);
  }

  // -- what comes in

  receive(data) {
    const first = !this.data;
    this.data = data;
    this.allowed.receive(data);
    const { answer } = data;
    if (first) this.numbers();
    this.adapt();
    this.draw();
    const known = +sessionStorage.getItem(`${STORE}.fill`) || 0;
    if (data.fill && data.fill.n > known) {
      sessionStorage.setItem(`${STORE}.fill`, data.fill.n);
      this.fill(data.fill);
    } else if (first) this.ask();
    if (!first && answer && answer.n === this.sent) this.show(answer);
  }

  reset(state) {
    this.state = state;
    for (const name of TEXTS) this.field[name].value = state[name] ?? '';
    this.at('#reuse').checked = state.reuse !== false;
    this.save();
  }

  fill(form) {
    const { n, ...filled } = form;
    const before = { ...this.state };
    this.take({ ...EMPTY, ...filled });
    this.undo = before.prompts.trim() && before.prompts !== this.state.prompts ? before : null;
    this.at('.foot .link').hidden = !this.undo;
    // B is written where A ends.
    const box = this.field.prompts;
    box.focus({ preventScroll: true });
    box.setSelectionRange(box.value.length, box.value.length);
    box.scrollTop = box.scrollHeight;
    this.el.scrollIntoView({ block: 'nearest' });
  }

  take(state) {
    this.reset({ ...state, key: undefined, keyed: undefined, sending: undefined });
    if (state.title || state.question || state.cap) this.at('details').open = true;
    this.adapt(); this.draw(); this.save();
    this.ask();
  }

  chosen() { return this.data.models.filter((model) => this.state.models.includes(model.key)); }

  adapt() {
    const { models } = this.data, keys = models.map((model) => model.key);
    this.state.models = this.state.models.filter((key) => keys.includes(key));
    if (!this.state.models.length) this.state.models = keys.slice(0, 1);
    const names = this.ratios().map(([name]) => name);
    this.state.ratios = this.state.ratios.filter((name) => names.includes(name));
    if (!this.state.ratios.length) this.state.ratios = [this.chosen()[0]?.default].filter((name) => names.includes(name));
    if (!this.state.ratios.length) this.state.ratios = names.slice(0, 1);
    if (!(this.state.samples >= 1 && this.state.samples <= this.data.most.samples)) this.state.samples = 1;
  }

  // What all of the chosen models can make.
  ratios() {
    const [first, ...others] = this.chosen();
    return (first?.ratios ?? []).filter(([name]) => others.every((model) => model.ratios.some(([other]) => other === name)));
  }

  // -- drawing

  show(answer) {
    clearTimeout(this.timer);
    this.making = false;
    this.preview(answer);
    this.sums = answer.by_maker ?? {};
    this.refused = answer.refused ? { ...answer.refused, n: answer.n } : null;
    this.draw();
    const [says, more] = [this.at('.cost b'), this.at('.cost small')];
    this.at('.cost').classList.remove('old');
    for (const line of this.el.querySelectorAll('.problem')) line.hidden = true;
    for (const input of this.el.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
    const button = this.at('.go .button');
    if (!answer.problem && answer.says === undefined) return; // an order that was refused: what it would cost still stands there
    if (answer.problem) {
      says.textContent = '';
      more.textContent = !answer.early ? '' : this.data.models.length > 1 ? 'Write two prompts, or one and choose two models, and the price stands here.' : 'Write two prompts or more, and the price stands here.';
      button.textContent = 'Make pictures';
      button.disabled = false;
      if (!answer.early) this.wrong(answer);
      return;
    }
    says.textContent = answer.says ?? '';
    more.textContent = answer.held ?? '';
    button.textContent = answer.button ?? 'Make pictures';
    button.disabled = answer.ready === false;
  }

  wrong({ field, problem, kind }) {
    const line = [...this.el.querySelectorAll('.problem')].find((each) => each.dataset.for === field) ?? this.at('.problem.last');
    const inFold = line.closest('details');
    if (inFold) inFold.open = true;
    line.textContent = problem;
    line.hidden = false;
    line.classList.toggle('kind', kind === 'self_harm'); // whoever may be in need is not shown a mistake
    const input = { prompts: 'prompts', seeds: 'seeds', title: 'title', question: 'question', cap_usd: 'cap' }[field];
    if (input && kind !== 'self_harm') this.field[input].setAttribute('aria-invalid', 'true');
  }

  preview({ prompts = [], dropped = 0, item = null, problem }) {
    const list = this.at('.preview');
    // One line without variants shows nothing that is not in the box already.
    list.hidden = prompts.length < 2 && item === null && !dropped;
    this.at('.count').textContent = prompts.length > 1 ? `${prompts.length} of ${this.data.most.prompts} prompts` : '';
    if (!prompts.length && problem) { list.hidden = true; return; }
    const rows = prompts.map((pieces, n) => make('li', { className: n === item ? 'wrong' : '' }, make('b', { textContent: letter(n) }),
      make('p', { dir: 'auto' }, ...pieces.map(([sign, text]) => (sign === '+' ? make('ins', { textContent: text }) : document.createTextNode(text))))));
    if (dropped) rows.push(make('li', { className: 'note', textContent: dropped === 1 ? '1 line said the same as another and is left out.' : `${dropped} lines said the same as others and are left out.` }));
    list.replaceChildren(...rows);
  }

  draw() {
    const { models } = this.data;
    this.at('.models').hidden = models.length < 2;
    if (models.length > 1) this.list.draw(models, this.state.models, this.sums);
    this.shapes();
    const seeded = this.chosen().filter((model) => model.seed);
    this.at('.seeds').hidden = !seeded.length;
    const hint = this.at('#seeds-hint');
    hint.hidden = seeded.length === this.chosen().length;
    hint.textContent = hint.hidden ? '' : `Only ${seeded.map((model) => model.name).join(' and ')} ${seeded.length === 1 ? 'takes' : 'take'} seeds.`;
    for (const radio of this.el.querySelectorAll('[name=samples]')) radio.checked = +radio.value === this.state.samples;
    this.at('.go .button').disabled = Boolean(this.making);
    const own = this.chosen().map((model) => model.own).find(Boolean) ?? null;
    const paused = this.chosen().some((model) => model.paused);
    const spends = this.chosen().some((model) => model.spends);
    this.allowed.show({ refused: this.refused, spends, own, key: this.state.models.join(), paused, n: this.refused?.n });
  }

  // The visitor has chosen the built-in sketch for all of it.
  sketch(key) {
    this.refused = null;
    this.state.models = [key];
    this.adapt(); this.draw(); this.save();
    this.submit();
  }

  numbers() {
    this.at('.numbers').replaceChildren(...Array.from({ length: this.data.most.samples }, (_, n) => make('label', {},
      make('input', { type: 'radio', name: 'samples', value: n + 1, ariaLabel: n ? `${n + 1} pictures of each` : '1 picture of each' }), make('span', { textContent: n + 1 }))));
  }

  shapes() {
    const ratios = this.ratios(), { common: usual } = this.data;
    const common = ratios.filter(([name]) => usual.includes(name)).sort((a, b) => usual.indexOf(a[0]) - usual.indexOf(b[0]));
    const rest = ratios.filter((r) => !common.includes(r)).sort((a, b) => b[1] - a[1]);
    const open = this.all || rest.some(([name]) => this.state.ratios.includes(name)) || !common.length;
    const seal = JSON.stringify([ratios, open]);
    if (seal !== this.drawn) {
      this.drawn = seal;
      const more = make('button', { type: 'button', className: 'wider', ariaLabel: open ? 'Fewer shapes' : 'More shapes', ariaExpanded: String(open) }, make('span', { className: 'room', textContent: open ? '−' : '+' }), open ? 'Fewer' : 'More');
      more.dataset.do = 'shapes';
      this.at('.shapes').replaceChildren(...common.map(shape), ...(rest.length && common.length ? [more] : []), ...(open ? rest.map(shape) : []));
    }
    if (!ratios.length) this.at('.shapes').replaceChildren(make('p', { className: 'hint', textContent: 'These models have no shape in common. Take one of them out.' }));
    for (const each of this.el.querySelectorAll('.shape')) each.setAttribute('aria-pressed', String(this.state.ratios.includes(each.value)));
  }
}

function shape([name, ratio]) {
  // Equal areas look equally large; the longest ones are cut down to the room there is.
  const fit = Math.min(1, 34 / (20 * Math.sqrt(ratio)), 32 / (20 / Math.sqrt(ratio)));
  const box = make('i');
  box.style.width = `${(20 * Math.sqrt(ratio) * fit).toFixed(1)}px`;
  box.style.height = `${(20 / Math.sqrt(ratio) * fit).toFixed(1)}px`;
  const button = make('button', { type: 'button', className: 'shape', value: name, ariaLabel: `${name}${ratio > 1 ? ', wide' : ratio < 1 ? ', tall' : ', square'}` }, make('span', { className: 'room' }, box), name);
  button.dataset.do = 'shape';
  return button;
}
