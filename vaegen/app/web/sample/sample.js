// Sampling: a latent from a sentence or from the prior, moved along directions with sliders, slot by slot.
import { about } from '../core/about.js';
import { choice, field, select, slider } from '../core/controls.js';
import { box, button, make } from '../core/dom.js';
import { number, t } from '../core/messages.js';
import { list, maybe, oneOf, flag, table, text, whole, number as numberRule } from '../core/rules.js';
import { defaultsOf, listeners, rangeOf, settingsOf, state, turn } from '../core/state.js';
import { page } from '../core/page.js';
import { languageChoice, nameOf } from '../core/tags.js';
import { exportBar, makeView, pointTools } from '../core/view.js';
import { makeFound } from './found.js';
import { makePanel } from './panel.js';

/** @type {Record<string, string>} */
const PRIORS = {
  normal: t('N(0, I), as trained towards'),
  gaussian: t('Gaussian with all covariances'),
  mixture: t('mixture of Gaussians'),
  flow: t('flow matching'),
  jitter: t('near a stored sentence'),
};
/** @type {Record<string, string>} */
const PRIOR_HELP = {
  normal: t('The cloud that training pushes all latents towards.'),
  gaussian: t('One cloud fitted to the latents of the training sentences, as wide and as slanted as ' + 'they lie.'),
  mixture: t(
    'Several clouds fitted to the latents of the training sentences; a draw takes one of ' +
      'them, so it lands where sentences lie.',
  ),
  flow: t('A small network that carries noise to where the latents of the training sentences lie.'),
  jitter: t('Not invented: the latent of a stored sentence, with the noise of its posterior.'),
};
/** As the report ranks them; with a dial, N(0, I) at a low rate. */
const best = () => (about().dial ? ['normal', 'mixture'] : ['mixture', 'flow', 'gaussian', 'normal']);
const MOST_UNDONE = 100;
const params = settingsOf('sample', {
  lock: { default: false, rule: flag },
  prior: { default: null, rule: maybe(oneOf(...Object.keys(PRIORS))) },
  moves: { default: {}, rule: table(/^\d{1,4}$/, numberRule(-3, 3), 100) }, // standard deviations by direction
  slots: { default: '', rule: text(1000, /^[.lmb]*$/) }, // a letter each: free, locked, muted, of B
  shown: { default: null, rule: maybe(list(whole(0, 9999), 100)) }, // directions that have a slider
});
/** Settings that mean nothing for another checkpoint. */
const ofCheckpoint = () => {
  const { prior, kept, moves, slots, shown } = defaultsOf('sample');
  return { prior, kept, moves, slots, shown };
};
const newSeed = () => 1 + Math.floor(Math.random() * 999_999);

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  /** @type {any} the last answer that is no batch of draws */
  let made = null;
  /** @type {object[]} */
  const undo = [];
  let { checkpoint } = state;
  listeners.add(() => {
    // before the view's own listener, which asks
    if (state.checkpoint === checkpoint) return;
    checkpoint = state.checkpoint;
    Object.assign(params, ofCheckpoint());
    made = null;
    undo.length = 0;
  });

  const view = makeView(part, {
    name: 'sample',
    lead: t(
      'One latent, read in every language. Move it along a direction, or draw a new one, and ' +
        'watch the words change.',
    ),
    draw,
  });
  const texts = make('div', 'vg-sample-texts', undefined, { 'aria-live': 'polite' });
  const batch = box('vg-batch');
  const found = makeFound({ restore: (settings) => change(settings) });
  const panel = makePanel({ params, set: view.set, remember, keep: () => setTimeout(keep, 400) });
  // Above the sentences, where one looks: on a phone all other controls are further down.
  const actions = box(
    'vg-sample-actions',
    button(t('New draw'), newDraw, {
      kind: 'primary',
      title: t('A draw from the prior with a new seed, unless that is locked; sliders and slots go back to 0'),
    }),
    button(t('Eight draws'), eightDraws, { title: t('Eight sentences from the prior to choose from') }),
    button(t('Undo'), goBack, { title: t('Ctrl+Z') }),
    button(t('Reset'), () => change({ ...defaultsOf('sample'), languages: params.languages })),
  );
  view.python = () => made?.python ?? '';
  exportBar(view, { rows: found.rows, json: () => ({ found: found.all(), now: made }) });

  // -- Settings
  /** Notes the settings before a change, so that it can be undone. */
  function remember() {
    undo.push(structuredClone(params));
    if (undo.length > MOST_UNDONE) undo.shift();
  }
  /** @param {object} values */
  function set(values) {
    remember();
    view.set(values);
  }
  /** @param {object} settings */
  function change(settings) {
    remember();
    restore(settings);
  }
  /** @param {object} settings */
  function restore(settings) {
    Object.assign(params, structuredClone(settings));
    view.build?.();
    if (made) panel.layOut(made);
    view.ask();
  }
  /** Turns the dial, unless it was turned by hand, to where sentences fill the cloud that N(0, I) is. */
  function turnForDraws() {
    if (about().dial && state.beta === null && params.prior === 'normal') turn(page.dial.sampling);
  }
  /** A plain draw: no slider or slot of the one before is left in it. */
  function newDraw() {
    turnForDraws();
    change({ ...params, seed: params.lock ? params.seed : newSeed(), start: 'prior', moves: {}, slots: '' });
  }
  function eightDraws() {
    turnForDraws();
    view.ask({ batch: newSeed() });
  }
  function goBack() {
    const before = undo.pop();
    if (before) restore(before);
  }

  view.build = () => {
    if (made && !made.priors.includes(params.prior))
      params.prior = best().find((name) => made.priors.includes(name)) ?? null;
    view.controls.replaceChildren(...makeControls({ view, made, set, turnForDraws }));
    if (made) panel.layOut(made); // a lesson may have moved its sliders
  };
  view.build();
  view.root.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement && event.target.type === 'text';
    if (!(event.ctrlKey || event.metaKey) || event.key !== 'z' || isTyping || !undo.length) return;
    event.preventDefault();
    goBack();
  });

  // -- What is drawn
  /** @param {any} answer @param {any} value */
  function draw(answer, value) {
    if (answer.kind === 'draws') return drawBatch(answer);
    const known = made?.priors.join();
    made = answer;
    if (answer.priors.join() !== known) view.build?.();
    panel.show(answer);
    if (!actions.isConnected) view.body.replaceChildren(actions, texts, batch, panel.node, found.node);
    drawTexts(answer);
    if (value.phase === 'done') view.status.textContent = t('{ms} ms', { ms: Math.round(1000 * answer.seconds) });
  }
  /** @param {any} answer */
  function drawTexts(answer) {
    texts.replaceChildren(
      ...Object.keys(answer.texts).map((code, i) => {
        const point = { text: answer.texts[code], language: code, z: answer.z };
        return box(
          'vg-sample-text',
          make('span', 'vg-caption', nameOf(code)),
          make('p', 'vg-text', point.text || t('(empty)'), { lang: code }),
          ...(i ? [] : [pointTools(point)]),
        );
      }),
    );
  }
  /** Notes what was found. */
  function keep() {
    if (!made) return;
    if (view.busy)
      setTimeout(keep, 100); // what is on its way is what was found
    else found.add(made, params);
  }
  /** @param {any} answer */
  function drawBatch(answer) {
    view.answer = made;
    const close = button(t('Close'), () => batch.replaceChildren(), { kind: 'link' });
    const items = answer.draws.map((/** @type {any} */ one) => {
      const [code, text] = /** @type {[string, string]} */ (Object.entries(one.texts)[0]);
      const take = () => change({ ...params, start: 'prior', seed: one.seed, moves: {}, slots: '' });
      return make('li', '', undefined, {}, [
        button(text || t('(empty)'), take, { kind: 'link', title: t('Take this draw to the sliders') }),
        ' ',
        make('span', 'vg-figure', t('seed {n}', { n: one.seed })),
        ' ',
        pointTools({ text, language: code, z: one.z }),
      ]);
    });
    batch.replaceChildren(
      make('h2', 'vg-name', t('Draws from the prior')),
      make('p', 'vg-caption', undefined, {}, [t('Press a sentence to take it to the sliders.'), ' ', close]),
      make('ul', 'vg-wordings', undefined, {}, items),
    );
    batch.scrollIntoView({ block: 'nearest' });
  }
}

/**
 * @param {{ view: import('../core/view.js').View, made: any, set: (values: object) => void,
 *   turnForDraws: () => void }} of
 */
function makeControls({ view, made, set, turnForDraws }) {
  const seed = field({
    label: t('Seed'),
    type: 'number',
    min: 0,
    value: params.seed,
    onInput: (seed) => set({ seed }),
  });
  const lock = choice({
    label: t('Lock'),
    several: true,
    options: [['on', '']],
    value: params.lock ? ['on'] : [],
    onInput: (on) => (params.lock = on.length > 0),
  });
  const seedRow = box('vg-seed-row', seed, lock);
  const prior = select({
    label: t('Prior'),
    options: (made?.priors ?? ['normal']).map((/** @type {string} */ name) => [name, PRIORS[name] ?? name]),
    value: params.prior,
    help: ' ',
    onInput(prior) {
      set({ prior });
      hide();
    },
  });
  const scale = slider({
    label: t('Prior scale'),
    ...rangeOf('sample', 'prior_scale'),
    step: 0.05,
    value: params.prior_scale,
    format: (x) => number(x, 2),
    help: t('Multiplies the noise of the draw; below 1 gives commoner sentences.'),
    onInput: (x) => view.set({ prior_scale: x }),
  });
  /** What makes no difference is not there: a sentence is not drawn, and only words that are sampled need its seed. */
  function hide() {
    const isDrawn = params.start === 'prior';
    seedRow.hidden = !isDrawn && !params.temperature;
    prior.hidden = scale.hidden = !isDrawn;
    const help = prior.querySelector('.vg-caption');
    const filled = t('A draw turns the dial to {beta}: there, sentences fill that cloud.', {
      beta: page.dial.sampling,
    });
    const more = about().dial && params.prior === 'normal' ? ' ' + filled : '';
    if (help) help.textContent = (PRIOR_HELP[params.prior] ?? '') + more;
  }
  hide();
  const all = made?.n_slots ?? 16;
  return [
    choice({
      label: t('Start from'),
      value: params.start,
      options: [
        ['sentence', t('Sentence A')],
        ['prior', t('A draw from the prior')],
      ],
      onInput(start) {
        if (start === 'prior') turnForDraws();
        set({ start });
        hide();
      },
    }),
    seedRow,
    prior,
    scale,
    slider({
      label: t('Slots in use'),
      min: 1,
      max: all,
      step: 1,
      value: params.kept || all,
      format: (x) => (x >= all ? t('all') : t('the first {n}', { n: x })),
      help: t('Only the first slots speak; the others are 0, the prior’s mean.'),
      onInput: (x) => view.set({ kept: x === made?.n_slots ? 0 : x }),
    }),
    slider({
      label: t('Temperature'),
      ...rangeOf('sample', 'temperature'),
      step: 0.05,
      value: params.temperature,
      format: (x) => (x ? number(x, 2) : t('greedy')),
      help: t('Of the words; the latent stays the same.'),
      onInput(x) {
        view.set({ temperature: x });
        hide();
      },
    }),
    languageChoice({ value: params.languages, onInput: (languages) => set({ languages }) }),
  ];
}
