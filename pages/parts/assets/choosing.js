// A list of models to choose one of, or several. Each says whose it is, what it costs, how long it takes here and what it can
// do; one that is paused says why. What it says comes from pages/parts/form.py, `offer`. Needs standing.js before it.
class Choosing {
  // `many`: several may be chosen; `picked(key, on)` is called with each press.
  constructor({ many = false, name, picked, opened }) {
    this.many = many;
    this.name = name;
    this.picked = picked;
    this.opened = opened ?? (() => {});
    this.rows = new Map();
    this.el = piece('div', { className: 'offers' });
    this.el.setAttribute('role', many ? 'group' : 'radiogroup');
    this.el.setAttribute('aria-label', many ? 'Models' : 'Model');
  }

  // `chosen`: keys; `sums`: what each would take of the order, in words, by key.
  draw(models, chosen, sums = {}) {
    const seal = JSON.stringify(models.map(({ key, group, name, each, usual, closed, supports, notes }) => [key, group, name, each, usual, closed, supports, notes]));
    if (seal !== this.seal) this.build(models, seal);
    for (const [key, row] of this.rows) {
      const on = chosen.includes(key);
      row.input.checked = on;
      row.notes.hidden = !on || !row.notes.textContent;
      write(row.sum, on ? sums[key] ?? '' : '');
    }
  }

  build(models, seal) {
    const held = [...this.rows].find(([, row]) => row.input.matches(':focus'))?.[0];
    this.seal = seal;
    this.rows.clear();
    const groups = new Map();
    models.forEach((model, n) => {
      const whose = model.key.split('/')[0];
      if (!groups.has(whose)) {
        groups.set(whose, piece('div', { className: 'maker' }));
        groups.get(whose).setAttribute('role', 'group');
        groups.get(whose).setAttribute('aria-label', model.group);
      }
      groups.get(whose).append(this.row(model, n));
    });
    this.el.replaceChildren(...groups.values());
    this.rows.get(held)?.input.focus();
  }

  row(model, n) {
    const input = piece('input', { type: this.many ? 'checkbox' : 'radio', name: this.name, value: model.key });
    input.setAttribute('aria-label', `${named(model)}, ${model.each}`);
    input.setAttribute('aria-describedby', `offer-${n}`);
    input.onchange = () => this.picked(model.key, input.checked);
    const notes = piece('span', { className: 'notes', textContent: model.notes.join(' ') });
    const sum = piece('span', { className: 'sum' });
    const about = piece('span', { className: 'about', id: `offer-${n}` },
      piece('span', { className: model.closed ? 'closed' : 'usual', textContent: model.closed ? `Paused. ${model.closed === 'Paused.' ? '' : model.closed}` : model.usual }), piece('span', { className: 'able', textContent: model.supports.join(' · ') }), notes);
    const row = piece('label', { className: model.closed ? 'offer off' : 'offer' }, input, piece('span', { className: 'dot' }),
      piece('span', { className: 'what' }, piece('b', { textContent: model.name }), ...(whose(model) ? [' ', piece('small', { textContent: whose(model) })] : [])),
      piece('span', { className: 'each' }, piece('b', { textContent: model.each.split(' · ')[0] }), ...model.each.split(' · ').slice(1).map((text) => piece('small', { textContent: text })), sum), about);
    this.rows.set(model.key, { input, notes, sum });
    return row;
  }
}

// One choice behind a button that says what is chosen, opened and closed like a select.
class Picker extends Choosing {
  constructor(box, hooks) {
    super(hooks);
    this.button = piece('button', { type: 'button', className: 'picked field' });
    this.button.setAttribute('aria-expanded', 'false');
    this.says = piece('span', { className: 'what' });
    this.able = piece('span', { className: 'able' });
    this.button.append(this.says, this.able, piece('span', { className: 'hook' }));
    this.el.id = 'offers';
    this.el.hidden = true;
    this.button.setAttribute('aria-controls', this.el.id);
    this.button.onclick = () => this.open(!this.isOpen);
    box.append(piece('span', { className: 'label', textContent: 'Model' }), this.button, this.el);
    // A press with the pointer is a decision; the arrow keys only try one after the other.
    this.el.addEventListener('click', (event) => { if (event.detail && event.target.closest('.offer')) setTimeout(() => this.open(false), 120); });
    this.el.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      event.preventDefault(); // Enter would send the form
      this.open(false);
    });
  }

  draw(models, chosen) {
    super.draw(models, chosen);
    const model = models.find((each) => each.key === chosen[0]) ?? models[0];
    this.says.replaceChildren(piece('b', { textContent: model.name }), ...(whose(model) ? [' ', piece('small', { textContent: whose(model) })] : []));
    write(this.able, model.closed ? 'Paused' : model.supports.join(' · '));
    this.button.setAttribute('aria-label', `Model: ${named(model)}`);
  }

  get isOpen() { return !this.el.hidden; }

  open(on) {
    if (this.isOpen === on) return;
    const within = this.el.matches(':focus-within'); // whoever has gone on elsewhere meanwhile is not fetched back
    this.el.hidden = !on;
    this.opened();
    this.button.setAttribute('aria-expanded', String(on));
    if (on) {
      const input = [...this.rows.values()].find((row) => row.input.checked)?.input;
      input?.focus();
      input?.closest('.offer').scrollIntoView({ block: 'nearest' });
    } else if (within) this.button.focus({ preventScroll: true });
  }
}

const whose = (model) => (model.name.includes(model.group) ? '' : model.group);
const named = (model) => [whose(model), model.name].filter(Boolean).join(' ');
