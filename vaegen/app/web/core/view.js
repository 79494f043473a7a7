// What all views share, as `window.vg`: the current sentence, controls, export, links, and the life of a view.
// Everything that people typed or a model wrote reaches the page through textContent, never as HTML.
window.vg = (() => {
  const texts = window.vgTexts ?? {};
  const locale = ((code) => (code in texts ? code : 'en'))((navigator.language || 'en').slice(0, 2));
  const names = window.vgNames;  // of languages by code

  // -- Text ------------------------------------------------------------------------------------------------------
  /** The interface's words: English is the key, {name} is filled in. */
  function t(text, values = {}) {
    const found = texts[locale]?.[text] ?? text;
    return found.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }
  const percent = (p) => (p >= 0.995 ? '>99 %' : p < 0.01 ? '<1 %' : Math.round(100 * p) + ' %');
  const number = (x, digits = 1) => `${x < 0 ? '−' : ''}${Math.abs(x).toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
  const nats = (x) => `${number(x)} nats`;

  // Gradio never chooses a language that its own interface lacks (Czech), so its labels are put into it here.
  const GRADIO_LABELS = '[role="tab"], [data-testid="block-info"], .label-wrap span, fieldset label span, .info-text, button.lg, button.md, button.sm';
  function labelGradio() {
    for (const node of document.querySelectorAll(GRADIO_LABELS)) {
      for (const child of node.childNodes) {
        const found = child.nodeType === Node.TEXT_NODE && texts[locale][child.data.trim()];
        if (found && found !== child.data) child.data = found;
      }
    }
  }
  if (locale === 'cs') new MutationObserver(labelGradio).observe(document.documentElement, { childList: true, subtree: true, characterData: true });

  // -- Elements --------------------------------------------------------------------------------------------------
  /** An element with a class, text, attributes and children. */
  function make(tag, className, text, attributes = {}, children = []) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, name === 'lang' ? value.split('.')[0] : value);
    node.append(...children);
    return node;
  }
  function svg(tag, attributes = {}, children = [], text) {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    node.append(...children);
    return node;
  }
  function button(label, onClick, { kind = 'plain', title, key } = {}) {
    const node = make('button', 'vg-button vg-button-' + kind, label, { type: 'button' });
    if (title) node.title = title;
    if (key) node.dataset.key = key;
    node.addEventListener('click', () => onClick(node));
    return node;
  }

  /** The words of a sentence, those that its predecessor lacked marked. */
  function marked(text, before, tag, attributes) {
    const node = make(tag, '', undefined, attributes);
    const had = before === undefined ? null : new Set(before.toLowerCase().split(/\s+/));
    text.split(' ').forEach((word, i) => node.append(i ? ' ' : '', had && !had.has(word.toLowerCase()) ? make('span', 'vg-new-word', word) : word));
    return node;
  }

  // -- Controls: each is a labelled element with a property `value` that scripts may set ---------------------------
  let count = 0; const newId = () => 'vg-id-' + ++count;

  function slider({ label, min, max, step, value, onInput, format = (x) => String(x), help }) {
    const id = newId();
    const input = make('input', 'vg-range', undefined, { type: 'range', id, min, max, step });
    const output = make('output', 'vg-figure', undefined, { for: id });
    const box = make('div', 'vg-control', undefined, {}, [
      make('div', 'vg-control-head', undefined, {}, [make('label', 'vg-label', label, { for: id }), output]), input,
    ]);
    if (help) box.append(make('p', 'vg-caption', help));
    const show = () => { output.textContent = format(Number(input.value)); input.setAttribute('aria-valuetext', output.textContent); };
    input.value = value;
    show();
    input.addEventListener('input', () => { show(); onInput?.(Number(input.value)); });
    Object.defineProperty(box, 'value', { get: () => Number(input.value), set: (x) => { input.value = x; show(); } });
    box.input = input;
    return box;
  }

  /** A row of exclusive choices; options are [value, label] pairs. With `several`, any number may be on. */
  function choice({ label, options, value, onInput, help, several = false }) {
    const name = newId();
    const inputs = options.map(([key, text]) => {
      const input = make('input', '', undefined, { type: several ? 'checkbox' : 'radio', name, value: key });
      input.checked = several ? value.includes(key) : key === value;
      input.addEventListener('change', () => onInput?.(box.value));
      return { key, input, label: make('label', 'vg-option', undefined, {}, [input, make('span', '', text)]) };
    });
    const box = make('fieldset', 'vg-control vg-choice', undefined, {}, [make('legend', 'vg-label', label),
      make('div', 'vg-options-row', undefined, {}, inputs.map((one) => one.label))]);
    if (help) box.append(make('p', 'vg-caption', help));
    Object.defineProperty(box, 'value', {
      get: () => { const on = inputs.filter((one) => one.input.checked).map((one) => one.key); return several ? on : on[0]; },
      set: (x) => { for (const one of inputs) one.input.checked = several ? x.includes(one.key) : one.key === x; },
    });
    return box;
  }

  function select({ label, options, value, onInput, help }) {
    const id = newId();
    const input = make('select', 'vg-select', undefined, { id }, options.map(([key, text]) => make('option', '', text, { value: key })));
    input.value = value;
    input.addEventListener('change', () => onInput?.(input.value));
    const box = make('div', 'vg-control', undefined, {}, [make('label', 'vg-label', label, { for: id }), input]);
    if (help) box.append(make('p', 'vg-caption', help));
    Object.defineProperty(box, 'value', { get: () => input.value, set: (x) => (input.value = x) });
    return box;
  }

  /** A text or number field; `onInput` comes on Enter and when the field is left. */
  function field({ label, value = '', type = 'text', onInput, placeholder = '', ...attributes }) {
    const id = newId();
    const input = make('input', 'vg-field', undefined, { type, id, placeholder, ...attributes });
    input.value = value;
    input.addEventListener('change', () => onInput?.(box.value));
    const box = make('div', 'vg-control', undefined, {}, [make('label', 'vg-label', label, { for: id }), input]);
    Object.defineProperty(box, 'value', { get: () => (type === 'number' ? Number(input.value) : input.value), set: (x) => (input.value = x) });
    box.input = input;
    return box;
  }

  // -- Copy and export -------------------------------------------------------------------------------------------
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);  // absent over plain http, refused without the permission
      return true;
    } catch {
      const area = make('textarea', 'vg-hidden');
      area.value = text;
      document.body.append(area);
      const before = document.activeElement;
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      before?.focus();
      return done;
    }
  }
  /** A button that copies what `getText` gives and says so. */
  function copyButton(label, getText, { title, kind = 'link', key } = {}) {
    return button(label, async (node) => {
      const done = await copy(await getText());
      node.textContent = done ? t('Copied') : t('Press Ctrl+C');
      say(node.textContent);
      setTimeout(() => (node.textContent = label), 1600);
    }, { kind, title, key });
  }
  function download(name, content, type) {
    const link = make('a', '', undefined, { download: name, href: URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
  const cell = (value) => (/[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  /** Rows (arrays, the header first) as CSV with a byte-order mark, so that spreadsheets read accents. */
  const csv = (rows) => '\ufeff' + rows.map((row) => row.map((value) => cell(value ?? '')).join(',')).join('\r\n') + '\r\n';
  /** The rows of a text file: cells of a .csv (comma or semicolon) or .tsv with their quotes undone, lines of any other. */
  async function readRows(file) {
    const text = (await file.text()).replace(/^\ufeff/, '').replaceAll('\r\n', '\n').replace(/\n$/, '');
    if (!/\.(csv|tsv)$/i.test(file.name)) return text.split('\n').map((line) => [line]);
    const first = text.split('\n', 1)[0];
    const comma = /\.tsv$/i.test(file.name) ? '\t' : first.split(';').length > first.split(',').length ? ';' : ',';
    const rows = [[]];
    let cell = '', quoted = false;
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (quoted && c === '"' && text[i + 1] === '"') cell += text[++i];
      else if (c === '"' && (quoted || !cell)) quoted = !quoted;
      else if (!quoted && (c === comma || c === '\n')) {
        rows.at(-1).push(cell);
        cell = '';
        if (c === '\n') rows.push([]);
      } else cell += c;
    }
    rows.at(-1).push(cell);
    return rows;
  }
  /** An SVG element of the page as a file that stands alone: its computed styles are written into it. */
  function standalone(node) {
    const twin = node.cloneNode(true);
    const from = [node, ...node.querySelectorAll('*')], to = [twin, ...twin.querySelectorAll('*')];
    from.forEach((source, i) => {
      const style = getComputedStyle(source);
      for (const name of ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'opacity', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'dominant-baseline', 'display', 'visibility']) to[i].style.setProperty(name, style.getPropertyValue(name));
      to[i].removeAttribute('class');
    });
    const box = node.getBoundingClientRect();
    twin.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    twin.setAttribute('width', Math.ceil(box.width));
    twin.setAttribute('height', Math.ceil(box.height));
    twin.style.background = getComputedStyle(document.body).backgroundColor;
    return new XMLSerializer().serializeToString(twin);
  }
  async function png(node, scale = 2) {
    const image = new Image();
    image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(standalone(node));
    await image.decode();
    const canvas = make('canvas', '', undefined, { width: image.width * scale, height: image.height * scale });
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    pen.drawImage(image, 0, 0);
    return new Promise((done) => canvas.toBlob(done, 'image/png'));
  }

  // -- What is said to those who listen instead of look --------------------------------------------------------------
  const spoken = make('p', 'vg-hidden', '', { role: 'status', 'aria-live': 'polite' });
  const say = (text) => { if (!spoken.isConnected) document.body.append(spoken); spoken.textContent = text; };

  // -- The current sentence A, the pinned sentence B and the checkpoint: one state for all views ------------------------
  const listeners = new Set();
  const clean = (point) => ({ text: String(point.text ?? ''), language: String(point.language ?? '').split('.')[0], z: String(point.z ?? '') });
  const linked = readLink();
  const [a, b] = window.vgStart.map(clean);
  const fresh = { a, b, checkpoint: '' };
  const state = { a: linked.a ?? a, b: linked.b ?? b, checkpoint: linked.checkpoint ?? '' };
  const start = JSON.stringify(fresh);
  const stateKey = () => JSON.stringify(state);
  function change(values) {
    const before = stateKey();
    Object.assign(state, values);
    if (stateKey() !== before) for (const listener of [...listeners]) listener(state);
  }
  /** Makes a point {text, language, z} the current sentence of all views; `tab` opens that view too. */
  function adopt(point, tab) {
    change({ a: clean(point) });
    say(t('Current sentence: {text}', { text: state.a.text }));
    if (tab) openTab(tab);
  }
  const pin = (point) => { change({ b: clean(point) }); say(t('Pinned as B: {text}', { text: state.b.text })); };
  /** Another checkpoint: latents of the old one mean nothing in it, sentences do. */
  const choose = (checkpoint) => change({ checkpoint, a: { ...state.a, z: '' }, b: { ...state.b, z: '' } });
  const swap = () => change({ a: state.b, b: state.a });

  // -- Tabs and links --------------------------------------------------------------------------------------------
  const views = {};
  /** Opens a view with these settings and this state: what a lesson or another view sets up. */
  function show(tab, params = {}, values = {}) {
    for (const key of ['a', 'b']) if (values[key]) values[key] = clean(values[key]);
    change(values);
    linked.params = { ...linked.params, [tab]: { ...linked.params?.[tab], ...params } };  // if it is not on the page yet
    const self = views[tab];
    if (self && Object.keys(params).length) {
      Object.assign(self.params, params);
      self.build?.();
      self.ask();
    }
    openTab(tab);
  }
  function openTab(name, patience = 400) {
    const tab = document.getElementById(`tab-${name}-button`);
    if (tab) tab.click();
    else if (patience) setTimeout(() => openTab(name, patience - 1), 50);  // the tab bar is drawn some time after the scripts ran
  }
  const activeTab = () => document.querySelector('button[role="tab"][aria-selected="true"]')?.id.replace(/^tab-|-button$/g, '') || 'translate';
  /** The address of exactly this state: sentences, latents, checkpoint, the open view and every view's own settings. */
  function link() {
    const params = Object.fromEntries(Object.entries(views).filter(([, view]) => Object.keys(view.params).length).map(([name, view]) => [name, view.params]));
    const bytes = new TextEncoder().encode(JSON.stringify({ ...state, tab: activeTab(), params }));
    const code = btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    return `${location.origin}${location.pathname}?state=${code}`;
  }
  function readLink() {
    const query = new URLSearchParams(location.search);
    const found = { tab: query.get('tab') ?? undefined };
    if (query.get('text')) found.a = { text: query.get('text'), language: query.get('language') ?? '', z: '' };
    try {
      const code = query.get('state');
      if (!code) return found;
      const bytes = Uint8Array.from(atob(code.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
      const data = JSON.parse(new TextDecoder().decode(bytes));
      return { ...found, ...data, a: data.a && clean(data.a), b: data.b && clean(data.b), checkpoint: String(data.checkpoint ?? '') };
    } catch {
      setTimeout(() => say(t('The link is damaged; the app starts afresh.')), 1000);
      return found;
    }
  }

  // -- Views -----------------------------------------------------------------------------------------------------
  /**
   * Registers a view and returns it. `gradio` is {element, props, trigger, watch} of the widget. Options:
   *   name     of the view, as in Python; `params` its settings, with defaults: plain data, part of the link;
   *   draw     (answer, view, value) => void, draws an answer into view.body;
   *   lead     what one does here, in a sentence for newcomers;
   *   follow   whether a change of the current sentence (or of B, or of the checkpoint) asks again; default true.
   * A script that sets `view.build` has its controls made anew when a link or a lesson changes its settings. The view has: root,
   * controls, body, params, answer, ask(extra), set(params), halt(), and refuse(why): why what was typed is not asked.
   */
  function view(gradio, { name, params = {}, draw, follow = true, lead = '' }) {
    const { element, props, trigger, watch } = gradio;
    const root = element.querySelector('.vg-' + name);
    const status = make('p', 'vg-status');
    const stop = button(t('Stop'), () => self.halt(), { kind: 'link' });
    const notice = make('p', 'vg-notice', '', { role: 'alert', hidden: '' });
    const led = make('p', 'vg-caption vg-avoided', '', { hidden: '' });
    const tools = make('div', 'vg-tools');
    const controls = make('div', 'vg-controls'), body = make('div', 'vg-body');
    const bar = make('div', 'vg-bar', undefined, {}, [make('div', 'vg-bar-left', undefined, {}, [status, stop]), tools]);
    root.classList.add('vg-view');
    root.replaceChildren(controls, make('div', 'vg-main', undefined, {}, [...(lead ? [make('p', 'vg-lead', lead)] : []), bar, notice, led, body]));

    const self = {
      name, root, controls, body, tools, status, answer: null, asked: 0, busy: false, refused: '',
      params: { ...params, ...(linked.params?.[name] ?? {}) }, offered: vg.tags().join(),
      /** Asks the Python side with the state, the settings and `extra`; the answer is drawn when it comes. */
      ask(extra = {}) {
        self.asked += 1;
        self.busy = true;
        self.seen = stateKey();
        root.setAttribute('aria-busy', 'true');
        next = { asked: self.asked, ...state, ...self.params, ...vg.fitted(self.params), ...extra };
        if (sent && performance.now() - sent < PATIENCE) { if (self.streaming) trigger('halt'); } else send();
      },
      /** Changes settings and asks. */
      set(values) { Object.assign(self.params, values); self.ask(); },
      halt() { trigger('halt'); },
      refuse(why) { self.refused = why; show(); },
      redraw() { draw(self.answer, self, props.value); },
      python: () => self.answer?.python ?? '',
    };
    // One question at a time, and then the last one asked: Gradio's `always_last` would send the older one again.
    const PATIENCE = 15_000;  // ms; an answer that was lost on the way stops nobody for longer
    let next = null, sent = 0;
    const send = () => { sent = performance.now(); trigger('ask', next); next = null; };
    const visible = () => root.offsetParent !== null;
    const refresh = () => {
      if (vg.tags().join() !== self.offered) { self.offered = vg.tags().join(); self.build?.(); }  // of another checkpoint
      if (follow && visible() && self.seen !== stateKey()) self.ask();
    };
    const show = () => {
      const value = props.value ?? { phase: 'empty' };
      self.streaming = value.phase === 'working';
      if (self.streaming) sent = performance.now();
      else { sent = 0; if (next) send(); }
      self.busy = value.phase === 'working' || (value.asked ?? self.asked) < self.asked;
      root.dataset.phase = self.refused ? 'error' : self.busy && value.phase !== 'working' ? 'working' : value.phase;
      root.setAttribute('aria-busy', String(self.busy));
      stop.hidden = !self.streaming;
      notice.textContent = self.refused || (value.phase === 'error' ? vg.said(value) : '');
      notice.hidden = !notice.textContent;
      status.textContent = value.phase === 'stopped' ? t('Stopped.') : '';
      led.hidden = !value.answer?.avoided;
      led.textContent = led.hidden ? '' : t('Sentences led around a sensitive word, which the model would have written: {n}', { n: value.answer.avoided });
      if (value.answer) { self.answer = value.answer; draw(value.answer, self, value); }
    };
    self.seen = props.value?.phase === 'example' && !linked.params?.[name] ? start : null;
    listeners.add(refresh);
    new IntersectionObserver(refresh).observe(root);
    watch('value', show);
    views[name] = self;
    queueMicrotask(() => { show(); refresh(); });  // after the script has finished setting up
    return self;
  }

  /** The line of export buttons of a view: CSV rows, JSON, an SVG (and PNG) and the Python that makes what is shown. */
  function exportBar(self, { rows, json, figure } = {}) {
    const file = (end) => `vaegen-${self.name}.${end}`;
    const about = () => ({ ...state, view: self.name, ...self.params });
    const tools = [];
    if (rows) tools.push(button('CSV', () => download(file('csv'), csv(rows()), 'text/csv'), { kind: 'link', title: t('Download the table') }));
    tools.push(button('JSON', () => download(file('json'), JSON.stringify({ about: about(), ...(json?.() ?? self.answer) }, null, 1), 'application/json'), { kind: 'link', title: t('Download everything that is shown') }));
    if (figure) {
      tools.push(button('SVG', () => download(file('svg'), standalone(figure()), 'image/svg+xml'), { kind: 'link', title: t('Download the figure') }));
      tools.push(button('PNG', async () => download(file('png'), await png(figure())), { kind: 'link', title: t('Download the figure') }));
    }
    tools.push(copyButton(t('Copy as Python'), () => self.python()));
    self.tools.replaceChildren(...tools);
  }

  /** Buttons that hand a point on: make it the current sentence, pin it as B, copy its text. */
  function pointTools(point) {
    return make('span', 'vg-point-tools', undefined, {}, [
      button(t('Use'), () => adopt(point), { kind: 'link', title: t('Make this the current sentence of all views') }),
      button(t('Pin'), () => pin(point), { kind: 'link', title: t('Keep this as the second sentence B') }),
      copyButton(t('Copy'), () => point.text),
    ]);
  }

  /** Loads plotly.js from the app's own host, once; resolves to `Plotly`. */
  let plotly = null;
  function loadPlotly() {
    plotly ??= new Promise((done, fail) => {
      const script = make('script', '', undefined, { src: window.vgPlotly });
      script.onload = () => done(window.Plotly);
      script.onerror = () => fail(new Error(t('The chart library could not be loaded; reload the page.')));
      document.head.append(script);
    });
    return plotly;
  }
  const dark = () => document.body.classList.contains('dark') || document.documentElement.classList.contains('dark');

  if (linked.tab && linked.tab !== 'translate') openTab(linked.tab);

  return {
    t, locale, percent, number, nats, names, make, svg, marked, button, slider, choice, select, field, newId,
    copy, copyButton, download, csv, readRows, standalone, png, say, state, adopt, pin, swap, choose, change, listeners, views, show, openTab, activeTab, link, linked,
    view, exportBar, pointTools, loadPlotly, dark,
  };
})();
