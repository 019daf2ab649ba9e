// The live cards. They ask a small JSON route what is new and draw it in place: a card is made once, and from then on only
// its words, its bar and its picture change. What a person does goes to Python as one event, "act".
const POLL_MS = 900, IDLE_MS = 8000, SURE_MS = 6000, MOVED_MS = 3000, FADE_MS = 700;
const WORDS = { cancel: 'Cancel', retry: 'Try again', reuse: 'Reuse', trash: 'Remove', check: 'Check again', rerun: 'Run again', give_up: 'Give up' };
const STAR = 'M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z';
const made = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let feed = made.get(parentElement);
  if (!feed) { feed = new Feed(parentElement); made.set(parentElement, feed); }
  feed.act = (id, what) => setTriggerValue('act', { id, what, n: Date.now() });
  feed.moved = () => setTriggerValue('moved', Date.now());
  feed.receive(data);
  return () => { feed.close(); made.delete(parentElement); };
}

const make = (tag, props = {}, ...inside) => { const node = Object.assign(document.createElement(tag), props); node.append(...inside); return node; };
const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };

class Feed {
  constructor(root) {
    this.at = (css) => root.querySelector(css);
    this.sheet = this.at('.sheet');
    this.cards = new Map();
    this.misses = 0;
    const el = this.at('.feed');
    for (const kind of ['keydown', 'keyup', 'keypress']) el.addEventListener(kind, (e) => e.stopPropagation());
    el.addEventListener('click', (e) => { if (!e.target.closest?.('.menu, [aria-haspopup]')) this.shut(); });
    el.addEventListener('keydown', (e) => { if (e.key === 'Escape') this.shut(true); });
    this.at('[data-do="surprise"]').onclick = () => {
      const list = this.data.surprises;
      window.dispatchEvent(new CustomEvent('reve:fill', { detail: { prompt: list[Math.floor(Math.random() * list.length)] } }));
    };
    this.wake = () => { if (!document.hidden) this.ask(); };
    document.addEventListener('visibilitychange', this.wake);
    window.addEventListener('reve:changed', this.wake);
    this.clock = setInterval(() => { if (!document.hidden) for (const card of this.cards.values()) card.tick(); }, 1000);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer); clearInterval(this.clock);
    document.removeEventListener('visibilitychange', this.wake);
    window.removeEventListener('reve:changed', this.wake);
  }

  receive(data) {
    this.data = data;
    this.told = data.pending;
    for (const card of this.cards.values()) card.busy(false);
    if (data.note && data.note.n !== this.noted) { this.noted = data.note.n; put(this.at('.note'), data.note.text); clearTimeout(this.fade); this.fade = setTimeout(() => put(this.at('.note'), ''), 9000); }
    this.starts();
    this.draw(data.cards, data.pending);
    this.plan();
  }

  plan() { clearTimeout(this.timer); if (!this.closed && this.data.live) this.timer = setTimeout(() => this.ask(), (this.pending ? POLL_MS : IDLE_MS) * Math.min(4, 1 + this.misses)); }

  async ask() {
    clearTimeout(this.timer);
    if (document.hidden || this.closed || !this.data.live) return;
    const turn = this.turn = (this.turn || 0) + 1;
    try {
      const news = await askLive(this.data.live);
      if (turn !== this.turn || this.closed) return;
      if (this.misses > 1) put(this.at('.note'), '');
      this.misses = 0;
      // The price line counts the jobs in line: Python reckons it anew, at most every few seconds.
      const stale = news.pending !== this.told && Date.now() > (this.next || 0);
      this.draw(news.cards, news.pending);
      if (stale) { this.next = Date.now() + MOVED_MS; this.told = news.pending; this.moved(); }
    } catch (e) {
      if (turn !== this.turn) return;
      this.misses += 1;
      if (this.misses > 1) put(this.at('.note'), 'The studio does not answer. Looking again…');
    }
    this.plan();
  }

  draw(cards, pending) {
    this.pending = pending;
    const wanted = new Set(cards.map((c) => c.id));
    for (const [id, card] of this.cards) if (!wanted.has(id)) { card.li.remove(); this.cards.delete(id); }
    let next = this.sheet.firstElementChild, ready = 0;
    for (const fresh of cards) {
      let card = this.cards.get(fresh.id);
      if (!card) { card = new Card(this, fresh); this.cards.set(fresh.id, card); }
      else if (card.now.status !== 'done' && fresh.status === 'done') ready += 1;
      card.update(fresh);
      if (card.li === next) next = next.nextElementSibling; else this.sheet.insertBefore(card.li, next);
    }
    if (ready) put(this.at('p.heard'), ready === 1 ? 'Picture ready' : `${ready} pictures ready`);
    this.at('.empty').hidden = cards.length > 0;
    this.at('.head').hidden = !cards.length && !this.at('.note').textContent;
    put(this.at('h2'), !cards.length ? '' : pending ? `Newest · ${pending} on the way` : 'Newest');
  }

  starts() {
    const list = this.data.starts, place = this.at('.starts');
    const seal = list.map((start) => start.src).join();
    if (place.dataset.seal === seal) return;
    place.dataset.seal = seal;
    place.replaceChildren(...list.map((start) => {
      const button = make('button', { type: 'button' }, make('img', { src: start.src, alt: '' }), make('span', { textContent: start.prompt }));
      button.onclick = () => window.dispatchEvent(new CustomEvent('reve:fill', { detail: { prompt: start.prompt, ratio: start.ratio } }));
      return make('li', {}, button);
    }));
  }

  shut(focus = false) { if (!this.menu) return; const { menu, button } = this.menu; menu.remove(); button.ariaExpanded = 'false'; this.menu = null; if (focus) button.focus(); }
}

class Card {
  constructor(feed, first) {
    this.feed = feed;
    this.now = {};
    this.print = make('div', { className: 'print' });
    this.says = make('strong'); this.time = make('span', { className: 'time' }); this.why = make('span', { className: 'why' });
    this.acts = make('div', { className: 'acts' });
    this.state = make('div', { className: 'state' }, this.says, this.time, this.why, this.acts);
    this.fillBar = make('i');
    this.bar = make('div', { className: 'bar', hidden: true }, this.fillBar);
    this.print.append(this.bar);
    this.frame = make('div', { className: 'frame' }, this.print, this.state);
    this.prompt = make('p', { className: 'prompt', dir: 'auto' });
    this.mark = make('p', { className: 'mark' });
    this.li = make('li', { className: 'card' }, this.frame, this.prompt, this.mark);
    this.li.dataset.id = first.id;
  }

  update(card) {
    const before = this.now;
    this.now = card;
    this.at = performance.now();
    if (before.status !== card.status) this.li.dataset.status = card.status;
    if (before.prompt !== card.prompt) { // the words of a prompt that was refused are gone from here as well
      put(this.prompt, card.prompt);
      this.prompt.title = card.prompt.slice(0, 600);
      this.li.ariaLabel = card.prompt.slice(0, 300);
    }
    if (before.aspect !== card.aspect) this.shape(card.aspect);
    const done = card.status === 'done';
    if (done && (before.image !== card.image || before.src !== card.src)) this.show(card, before.status !== undefined);
    if (!done || !this.img) {
      put(this.says, done ? '' : card.says);
      put(this.why, card.error || '');
      this.why.title = card.error || '';
    }
    this.buttons(card);
    const known = card.status === 'running' && card.progress !== null;
    if (card.status !== 'running' && card.status !== 'done') { this.seen = ''; this.li.classList.remove('seen'); for (const old of this.print.querySelectorAll('.peek')) old.remove(); }
    this.li.classList.toggle('blind', card.status === 'running' && !known);
    this.peek(card.status === 'running' ? card.preview : '');
    this.bar.hidden = !known;
    if (known) this.fillBar.style.width = `${Math.round(100 * card.progress)}%`;
    put(this.mark, done ? [card.says, card.maker, card.cost && card.cost !== 'free' ? card.cost : ''].filter(Boolean).join(' · ') : card.provider);
    this.tick();
  }

  // Width over height; the larger side fills the frame.
  shape(aspect) {
    this.print.style.aspectRatio = aspect;
    this.print.classList.toggle('tall', aspect < 1);
    this.li.style.setProperty('--aspect', aspect);
  }

  tick() {
    const { status, elapsed_s: since, wait } = this.now;
    if (status !== 'queued' && status !== 'running') { put(this.time, ''); return; }
    const gone = since + (performance.now() - this.at) / 1000;
    put(this.time, status === 'running' ? `${clock(gone)}${wait ? ` · usually ${wait}` : ''}` : wait ? `${/^(about|under)/.test(wait) ? '' : 'about '}${wait} to go` : '');
  }

  // What is there of the picture so far: each small one fades in over the one before, and the picture itself over the last.
  peek(src) {
    if (!src || src === this.seen) return;
    this.seen = src;
    const img = make('img', { className: 'peek', alt: '', decoding: 'async', src }), before = [...this.print.querySelectorAll('.peek')];
    img.onload = () => {
      img.classList.add('here');
      this.li.classList.add('seen');
      setTimeout(() => before.forEach((old) => old.remove()), FADE_MS);
    };
    this.print.insertBefore(img, this.bar);
  }

  // The thumbnail is loaded first and faded in over the waiting card, which leaves only then: nothing flickers.
  show(card, live) {
    const img = make('img', { alt: card.prompt.slice(0, 300), decoding: 'async', src: card.src ?? this.feed.data.images + encodeURIComponent(card.thumbnail) + (card.key ? `?k=${card.key}` : '') });
    const open = make('a', { className: 'open', href: `${this.feed.data.gallery}?image=${card.id}`, ariaLabel: 'Open' });
    open.onclick = (e) => { if (e.metaKey || e.ctrlKey || e.shiftKey || e.button) return; e.preventDefault(); this.feed.act(card.id, 'open'); };
    const arrived = () => {
      img.classList.add('here'); this.state.remove(); this.bar.remove();
      setTimeout(() => { for (const old of this.print.querySelectorAll('.peek')) old.remove(); }, FADE_MS);
    };
    if (!live) img.style.transition = 'none';
    img.onload = () => (img.decode ? img.decode().then(arrived, arrived) : arrived());
    img.onerror = () => { put(this.says, 'The picture could not be loaded.'); put(this.why, ''); };
    this.img?.remove();
    this.img = img;
    this.print.append(img);
    this.acts.replaceChildren(); this.shown = '';
    if (!this.link) { this.link = open; this.frame.append(open, this.tools(card)); }
  }

  tools(card) {
    this.star = make('button', { type: 'button', className: 'tool star', ariaLabel: 'Star' });
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24'); svg.setAttribute('aria-hidden', 'true'); path.setAttribute('d', STAR); svg.append(path); this.star.append(svg);
    this.star.onclick = () => { const on = this.star.ariaPressed !== 'true'; this.held = performance.now() + 3000; this.starred(on); this.feed.act(card.id, on ? 'star' : 'unstar'); };
    const reuse = make('button', { type: 'button', className: 'tool', textContent: 'Reuse', ariaHasPopup: 'menu', ariaExpanded: 'false' });
    reuse.onclick = () => this.menu(card, reuse);
    this.toolbar = make('div', { className: 'tools' }, this.star, reuse);
    return this.toolbar;
  }

  starred(on) { this.star.ariaPressed = String(on); this.toolbar.classList.toggle('pinned', on); }

  menu(card, button) {
    const open = this.feed.menu?.button === button;
    this.feed.shut();
    if (open) return;
    const item = (text, what) => { const b = make('button', { type: 'button', role: 'menuitem', textContent: text }); b.onclick = () => { this.feed.shut(); this.feed.act(card.id, what); }; return b; };
    const menu = make('div', { className: 'menu', role: 'menu' }, item('All settings', 'reuse'), item('Prompt only', 'reuse_prompt'));
    menu.onkeydown = (e) => {
      const items = [...menu.children], here = items.indexOf(menu.getRootNode().activeElement);
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); items[(here + (e.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length].focus(); }
      if (e.key === 'Tab') this.feed.shut();
    };
    button.closest('.frame').append(menu);
    button.ariaExpanded = 'true';
    this.feed.menu = { menu, button };
    menu.firstChild.focus();
  }

  buttons(card) {
    if (card.status === 'done') { if (this.star && performance.now() > (this.held || 0)) this.starred(card.starred); return; }
    const key = card.can.join() + card.asks;
    if (key === this.shown) return;
    this.shown = key;
    this.acts.replaceChildren(...card.can.filter((what) => WORDS[what]).map((what) => {
      const button = make('button', { type: 'button', className: 'button', textContent: what === 'retry' && card.refused ? 'Try anyway' : what === 'check' && card.asks ? `Ask ${card.provider}` : WORDS[what] });
      if (what === 'check' && card.asks) button.title = 'It costs nothing to ask what became of it.';
      button.onclick = () => {
        if (what === 'reuse') { this.menu(this.now, button); return; }
        if (what === 'rerun' && !button.classList.contains('sure')) { this.ask(button); return; }
        this.busy(true); this.feed.act(card.id, what);
      };
      if (what === 'trash') { button.className = 'remove'; button.textContent = '×'; button.ariaLabel = WORDS.trash; button.title = WORDS.trash; }
      if (what === 'reuse') { button.ariaHasPopup = 'menu'; button.ariaExpanded = 'false'; }
      return button;
    }));
  }

  // Money may be spent a second time: one more press, and the words say why.
  ask(button) {
    button.classList.add('sure');
    button.textContent = 'May be charged twice. Run?';
    this.li.classList.add('asking'); // the reason makes room
    setTimeout(() => { this.li.classList.remove('asking'); button.classList.remove('sure'); button.textContent = WORDS.rerun; }, SURE_MS);
  }

  busy(on) { for (const button of this.acts.children) button.disabled = on; }
}

function clock(seconds) {
  const s = Math.floor(seconds);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}
