// What is left today, why a button is not to be pressed now and for how long, and the ways around that: the part of both forms
// that says so. What it says comes from pages/parts/standing.py and ownkeys.py. Nothing typed is ever touched by it.
const LOOK_MS = 15000, TOLD_MS = 60000;
const NOTE = 'It is kept in this server’s memory for your session, sent to nobody but the provider, never stored or logged, and forgotten when you leave or press “Forget my key”.';

const piece = (tag, props = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...inside);
  return node;
};
const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

// Seconds in words, no finer than anybody needs.
function span(seconds) {
  const s = Math.max(0, Math.ceil(seconds));
  if (s < 90) return `${s} s`;
  const minutes = Math.ceil(s / 60);
  if (minutes < 90) return `${minutes} min`;
  if (minutes < 180 && minutes % 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 60)} h`;
}

class Standing {
  // hooks: sketch() chooses the built-in sketch and orders it, key(value) tells Python, look() asks how things stand now.
  constructor(form, hooks) {
    this.hooks = hooks;
    this.ends = new Map(); // when a refusal or a day ends, by what Python said and when
    this.box = form.querySelector('.allowed');
    this.line = form.querySelector('.left');
    this.button = form.querySelector('.go .button');
    this.why = piece('p', { className: 'why', id: 'refused' });
    this.why.setAttribute('role', 'status');
    this.clock = piece('span', { className: 'clock' });
    this.clock.setAttribute('aria-hidden', 'true'); // read once with the reason, not every second
    this.sketch = piece('button', { type: 'button', className: 'button', textContent: 'Draw it as a sketch' });
    this.sketch.onclick = () => hooks.sketch(this.offered.key);
    this.label = piece('span', { className: 'label-of' });
    this.way = piece('p', { className: 'way' }, this.sketch, this.label);
    this.own = piece('div', { className: 'own' });
    this.reason = piece('div', { className: 'refusal', hidden: true }, this.why, this.clock);
    const near = form.querySelector('.reason'); // where the button stays in sight, so does the reason
    if (near) near.append(this.reason); else this.box.append(this.reason);
    this.box.append(this.way, this.own);
    this.day = piece('span');
    this.busy = piece('span');
    this.line.append(this.day, this.busy);
    this.keys();
    this.timer = setInterval(() => { if (!document.hidden) this.tick(); }, 1000);
  }

  close() { clearInterval(this.timer); }

  // -- what comes in

  receive({ standing, key_answer: answer }) {
    this.data = standing;
    if (!answer || answer.n !== this.sent) return;
    this.sent = null;
    this.wrong.hidden = !answer.problem;
    write(this.wrong, answer.problem || '');
    if (answer.problem) { this.field.focus(); return; }
    this.open(false);
    this.hooks.said(answer.said);
  }

  // `refused` as Python says it, `told` that it was the answer to an order, `own` what there is to say of own keys, `paused`
  // that the chosen model makes nothing for now, `spends` that the order takes of the credits of the day.
  show({ refused = null, own = null, key = '', paused = false, spends = false, n = this.data?.n }) {
    this.spends = spends;
    this.refused = refused && this.until(refused, n) > performance.now() ? { ...refused, until: this.until(refused, n) } : null;
    this.offer = own;
    const others = Boolean(this.data) && (this.refused?.others || paused);
    this.offered = others && this.data.sketch && this.data.sketch.key !== key ? this.data.sketch : null;
    this.way.hidden = !this.offered;
    write(this.label, this.offered ? `${this.offered.label}. Free.` : '');
    this.keyed(own, others);
    const says = this.refused ? this.refused.says : '';
    if (says !== this.says) {
      this.says = says;
      const wait = this.refused?.wait_s;
      this.why.replaceChildren(says, wait ? piece('span', { className: 'heard', textContent: ` You can go on in ${span(this.left(this.refused))}.` }) : '');
      this.looked = performance.now();
    }
    this.reason.hidden = !this.refused;
    this.box.hidden = (this.reason.hidden || this.reason.parentElement !== this.box) && !this.offered && this.own.hidden;
    this.button.classList.toggle('stopped', Boolean(this.refused));
    for (const [name, value] of [['aria-disabled', 'true'], ['aria-describedby', 'refused']]) {
      if (this.refused) this.button.setAttribute(name, value); else this.button.removeAttribute(name);
    }
    this.tick();
  }

  // Why nothing can be ordered now, or null. Whoever tries is told again.
  stops() {
    if (!this.refused) return null;
    this.box.scrollIntoView({ block: 'nearest' });
    this.why.classList.remove('again');
    void this.why.offsetWidth; // so that the same colour can come a second time
    this.why.classList.add('again');
    return this.refused;
  }

  until(refused, n) {
    const seal = `${n} ${refused.code} ${refused.wait_s}`;
    if (!this.ends.has(seal)) {
      if (this.ends.size > 50) this.ends.clear(); // those of earlier looks
      const ms = refused.wait_s !== null ? refused.wait_s * 1000 : refused.told ? TOLD_MS : Infinity;
      this.ends.set(seal, performance.now() + ms);
    }
    return this.ends.get(seal);
  }

  left(refused) { return (refused.until - performance.now()) / 1000; }

  tick() {
    const { data, refused } = this, now = performance.now();
    if (refused && now >= refused.until) {
      this.refused = null;
      this.hooks.ended();
      this.hooks.look();
      return;
    }
    write(this.clock, refused && refused.wait_s !== null ? `Again in ${span(this.left(refused))}` : '');
    // A line that is full moves on without a word to this page: it looks again, as long as somebody looks at it.
    if (refused?.code.startsWith('queue_') && now - this.looked > LOOK_MS) { this.looked = now; this.hooks.look(); }
    // What is left matters to an order that takes of it. One that is refused for it has said so already, with the clock.
    const left = data && this.spends && !refused?.code.startsWith('budget_') ? data.left : '';
    this.line.hidden = !data || !(left || data.busy);
    if (this.line.hidden) return;
    const day = data.resets_s === null ? '' : `, new ones in ${span((this.until({ code: 'day', wait_s: data.resets_s }, data.n) - now) / 1000).replaceAll(' ', '\u00a0')}`;
    write(this.day, left && left + day);
    write(this.busy, data.busy);
  }

  // -- the visitor's own key

  keys() {
    this.opener = piece('button', { type: 'button', className: 'link' });
    this.opener.onclick = () => this.open(this.fold.hidden);
    this.forget = piece('button', { type: 'button', className: 'link', textContent: 'Forget my key' });
    this.forget.onclick = () => this.tell({ do: 'forget' });
    this.paid = piece('span');
    this.state = piece('p', { className: 'state' }, this.paid, ' ', this.forget);
    this.field = piece('input', { type: 'password', id: 'own-key', className: 'field', autocomplete: 'off', spellcheck: false, maxLength: 400 });
    this.field.setAttribute('aria-describedby', 'own-key-note own-key-wrong');
    this.field.onkeydown = (e) => { if (e.key === 'Enter') { e.preventDefault(); e.stopPropagation(); this.enter(); } };
    this.name = piece('label', { className: 'label', htmlFor: 'own-key' });
    this.wrong = piece('p', { className: 'problem', id: 'own-key-wrong', hidden: true });
    this.wrong.setAttribute('role', 'alert');
    const use = piece('button', { type: 'button', className: 'button', textContent: 'Use it' });
    use.onclick = () => this.enter();
    this.fold = piece('div', { className: 'fold-key', hidden: true }, this.name, piece('div', { className: 'row-key' }, this.field, use), this.wrong,
      piece('p', { className: 'hint', id: 'own-key-note', textContent: NOTE }));
    this.own.append(this.opener, this.state, this.fold);
  }

  keyed(own, others) {
    this.own.hidden = !own;
    if (!own) return;
    this.state.hidden = !own.kept;
    this.opener.hidden = own.kept;
    if (own.kept) this.fold.hidden = true;
    write(this.paid, `Your own key pays for ${own.title}.`);
    write(this.opener, own.must ? `Enter your ${own.title} key` : others ? `Or use your own ${own.title} key` : `Use your own ${own.title} key`);
    write(this.name, `Your ${own.title} key`);
    this.opener.setAttribute('aria-expanded', String(!this.fold.hidden));
  }

  open(on) {
    this.fold.hidden = !on;
    this.opener.setAttribute('aria-expanded', String(on));
    if (on) this.field.focus(); else this.field.value = '';
  }

  enter() {
    const key = this.field.value;
    this.field.value = ''; // it is Python's now, and stands nowhere in this page
    if (key.trim()) this.tell({ do: 'keep', key }); else this.field.focus();
  }

  tell(what) {
    this.sent = Math.max(Date.now(), (this.last || 0) + 1);
    this.last = this.sent;
    this.hooks.key({ ...what, provider: this.offer.provider, n: this.sent });
  }
}

