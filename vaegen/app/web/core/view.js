// The life of a view: it asks Python with the state and its own settings, shows that it waits, and draws what comes.
import { said } from './about.js';
import { ask, visitor } from './ask.js';
import { box, button, make, say } from './dom.js';
import { csv } from './csv.js';
import { copyButton, download, png, standalone } from './files.js';
import { t } from './messages.js';
import { change, choose, clean, defaultsOf, isFresh, key, listeners, start, state, touched, turn } from './state.js';
import { openTab } from './tabs.js';
import { fitted, tags } from './tags.js';

/** @typedef {import('./mount.js').Part} Part */
/** @typedef {import('./page.js').Point} Point */
/**
 * @typedef {object} View
 * @property {string} name
 * @property {HTMLElement} root
 * @property {HTMLElement} controls made anew by `build`
 * @property {HTMLElement} body where an answer is drawn
 * @property {HTMLElement} tools above it, at the right: exports
 * @property {HTMLElement} status above it, at the left
 * @property {HTMLButtonElement} stop
 * @property {Record<string, any>} params its settings, part of the state
 * @property {any} answer the last one
 * @property {boolean} busy whether another one is on its way
 * @property {string | null} seen the key of the state that was asked last
 * @property {string} refused why what was typed is not asked
 * @property {(extra?: object) => void} ask asks with the state, the settings and `extra`; the last question counts
 * @property {(values: Record<string, any>) => void} set changes settings and asks
 * @property {(values: Partial<import('./state.js').State>) => void} settle changes the state by what the answer says of
 *   it
 * @property {() => void} halt
 * @property {(why: string) => void} refuse
 * @property {() => string} python what "Copy as Python" copies
 * @property {() => void} [build] makes the controls anew, when a link, a lesson or another checkpoint has changed what
 *   they show
 */

/** @type {Record<string, View>} the views on the page, by name */
export const views = {};

/**
 * Puts a view's frame on the page and returns it.
 * @param {Part} part
 * @param {object} options
 * @param {string} options.name as in Python
 * @param {(answer: any, value: any) => void} options.draw draws an answer into the body
 * @param {(value: any) => void} [options.show] is told of every value, with an answer or without
 * @param {string} [options.lead] what one does here, in a sentence for newcomers
 * @param {boolean} [options.follow] whether a change of sentence, checkpoint or rate asks again
 * @returns {View}
 */
export function makeView(part, { name, draw, show: onShow, follow = true, lead = '' }) {
  const { root, props, trigger, watch } = part;
  const frame = makeFrame(root, lead, () => view.halt());
  let asked = 0;
  let offered = tags().join();
  let streaming = false;
  let settling = false;
  // One question at a time, and then the last one asked: what is drawn keeps up with a slider.
  /** @type {object | null} */
  let next = null;
  let sending = false;
  async function send() {
    sending = true;
    try {
      while (next) {
        const question = next;
        next = null;
        for await (const value of ask(name, question)) {
          streaming = value.phase === 'working';
          if (next && streaming) trigger('halt', { visitor });
          props.value = value; // Gradio hands it to Python with other events; it tells nobody here
          show();
        }
      }
    } finally {
      sending = streaming = false;
    }
  }
  /** @type {View} */
  const view = {
    name,
    root,
    ...frame,
    params: state.settings[name],
    answer: null,
    busy: false,
    seen: null,
    refused: '',
    ask(extra = {}) {
      asked += 1;
      view.busy = true;
      view.seen = key();
      root.setAttribute('aria-busy', 'true');
      const { a, b, checkpoint, beta } = state;
      next = { asked, a, b, checkpoint, beta, ...view.params, ...fitted(view.params), ...extra };
      touched();
      if (!sending) send();
      else if (streaming) trigger('halt', { visitor });
    },
    set(values) {
      Object.assign(view.params, values);
      view.ask();
    },
    settle(values) {
      settling = true;
      change(values);
      settling = false;
      view.seen = key();
    },
    halt() {
      frame.stop.disabled = true;
      trigger('halt', { visitor });
    },
    refuse(why) {
      view.refused = why;
      show();
    },
    python: () => view.answer?.python ?? '',
  };
  const refresh = () => {
    if (tags().join() !== offered) {
      offered = tags().join(); // of another checkpoint
      view.build?.();
    }
    if (follow && !settling && root.offsetParent && view.seen !== key()) view.ask();
  };
  const show = () => {
    const value = props.value ?? { phase: 'empty' };
    view.busy = value.phase === 'working' || (value.asked ?? asked) < asked;
    frame.show(value, view);
    if (value.answer) {
      view.answer = value.answer;
      draw(value.answer, value);
    }
    onShow?.(value);
  };
  view.seen = props.value?.phase === 'example' && isFresh(name) ? start : null;
  listeners.add(refresh);
  new IntersectionObserver(refresh).observe(root);
  watch('value', show);
  views[name] = view;
  queueMicrotask(() => {
    show(); // after its module has finished setting up
    refresh();
  });
  return view;
}

/**
 * The parts of a view that are always there: they are made once, so that what is announced is there before its text
 *   changes.
 * @param {HTMLElement} root
 * @param {string} lead
 * @param {() => void} halt
 */
function makeFrame(root, lead, halt) {
  const status = make('p', 'vg-status');
  const stop = button(t('Stop'), halt, { kind: 'link', key: 'stop' });
  const notice = make('p', 'vg-notice', '', { role: 'alert', hidden: '' });
  const led = make('p', 'vg-caption vg-avoided', '', { hidden: '' });
  const tools = box('vg-tools');
  const controls = box('vg-controls');
  const body = box('vg-body');
  const bar = box('vg-bar', box('vg-bar-left', status, stop), tools);
  root.classList.add('vg-view');
  root.replaceChildren(controls, box('vg-main', ...(lead ? [make('p', 'vg-lead', lead)] : []), bar, notice, led, body));
  /** @param {any} value @param {View} view */
  function show(value, view) {
    const streaming = value.phase === 'working';
    root.dataset.phase = view.refused ? 'error' : view.busy && !streaming ? 'working' : value.phase;
    root.setAttribute('aria-busy', String(view.busy));
    stop.hidden = !streaming;
    if (!streaming) stop.disabled = false;
    notice.textContent = view.refused || (value.phase === 'error' ? said(value) : '');
    notice.hidden = !notice.textContent;
    status.textContent = value.phase === 'stopped' ? t('Stopped.') : '';
    const n = value.answer?.avoided;
    led.hidden = !n;
    led.textContent = n
      ? t('Sentences led around a sensitive word, which the model would have written: {n}', { n })
      : '';
  }
  return { status, stop, tools, controls, body, show };
}

/** Makes a point the current sentence of all views. @param {Partial<Point>} point */
export function adopt(point) {
  change({ a: clean(point) });
  say(t('Current sentence: {text}', { text: state.a.text }));
}

/** @param {Partial<Point>} point */
export function pin(point) {
  change({ b: clean(point) });
  say(t('Pinned as B: {text}', { text: state.b.text }));
}

/**
 * Opens a view with these settings and this state: what a lesson or another view sets up.
 * @param {string} tab
 * @param {Record<string, any>} [params]
 * @param {{ a?: Partial<Point>, b?: Partial<Point>, checkpoint?: string, beta?: number | null }} [values]
 */
export function showView(tab, params = {}, { a, b, checkpoint, beta } = {}) {
  if (checkpoint !== undefined) choose(checkpoint);
  if (beta !== undefined) turn(beta);
  change({ ...(a && { a: clean(a) }), ...(b && { b: clean(b) }) });
  const known = defaultsOf(tab);
  const set = Object.fromEntries(Object.entries(params).filter(([name]) => name in known));
  if (Object.keys(set).length) {
    Object.assign(state.settings[tab], set);
    views[tab]?.build?.();
    views[tab]?.ask();
  }
  openTab(tab);
}

/** Buttons that hand a point on: make it the current sentence, pin it as B, copy its text. @param {Point} point */
export const pointTools = (point) =>
  make('span', 'vg-point-tools', undefined, {}, [
    button(t('Use'), () => adopt(point), { kind: 'link', title: t('Make this the current sentence of all views') }),
    button(t('Pin'), () => pin(point), { kind: 'link', title: t('Keep this as the second sentence B') }),
    copyButton(t('Copy'), () => point.text),
  ]);

/**
 * The line of export buttons of a view: CSV rows, JSON, an SVG (and PNG) and the Python that makes what is shown.
 * @param {View} view
 * @param {{ rows?: () => unknown[][], json?: () => object, figure?: () => SVGElement }} [what]
 */
export function exportBar(view, { rows, json, figure } = {}) {
  const file = (/** @type {string} */ end) => `vaegen-${view.name}.${end}`;
  const data = () => {
    const { a, b, checkpoint, beta } = state;
    const about = { a, b, checkpoint, beta, view: view.name, ...view.params };
    return JSON.stringify({ about, ...(json?.() ?? view.answer) }, null, 1);
  };
  const tools = [];
  const add = (/** @type {string} */ label, /** @type {() => unknown} */ save, /** @type {string} */ title) =>
    tools.push(button(label, save, { kind: 'link', title }));
  if (rows) add('CSV', () => download(file('csv'), csv(rows()), 'text/csv'), t('Download the table'));
  add('JSON', () => download(file('json'), data(), 'application/json'), t('Download everything that is shown'));
  if (figure) {
    add('SVG', () => download(file('svg'), standalone(figure()), 'image/svg+xml'), t('Download the figure'));
    add('PNG', async () => download(file('png'), await png(figure())), t('Download the figure'));
  }
  tools.push(copyButton(t('Copy as Python'), () => view.python()));
  view.tools.replaceChildren(...tools);
}
