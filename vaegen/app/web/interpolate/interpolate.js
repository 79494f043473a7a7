// Ways through the latent space: a walk from A to B, a grid between four sentences, an analogy, a cloud around one.
import { refusal } from '../core/about.js';
import { choice, field, slider } from '../core/controls.js';
import { number, t } from '../core/messages.js';
import { page } from '../core/page.js';
import { oneOf, renamed, text as textRule } from '../core/rules.js';
import { listeners, rangeOf, settingsOf, state } from '../core/state.js';
import { languageChoice, languageSelect } from '../core/tags.js';
import { adopt, exportBar, makeView, pin } from '../core/view.js';
import { analogyRows, cloudRows, drawAnalogy, drawCloud } from './around.js';
import { drawGrid, gridRows } from './grid.js';
import { drawWalk, walkRows } from './walk.js';

/** @typedef {'walk' | 'grid' | 'analogy' | 'cloud'} Kind */
/** @type {Record<Kind, string>} */
const KINDS = { walk: t('Walk'), grid: t('Grid'), analogy: t('Analogy'), cloud: t('Cloud') };
/** @type {Record<Kind, string>} */
const HELP = {
  walk: t('Even steps from the latent of A to the latent of B, each decoded anew.'),
  grid: t('Four sentences in the corners, and their mixtures between them.'),
  analogy: t('A, plus the difference that leads from B to C.'),
  cloud: t('Noise around A: how far can one go until the sentence changes?'),
};
/** @type {Record<Kind, string>} */
const LEAD = {
  walk: t('Between two sentences lie others: decode the latents on the way from A to B.'),
  grid: t('Put a sentence in each corner of a square: decode the mixtures between them.'),
  analogy: t('Add a difference to a sentence: what is to A as C is to B?'),
  cloud: t('Move away from A in all directions: see how far it still says the same.'),
};
// What each kind starts with; a sentence that nobody touched gives way to the next kind's.
const [a, b] = page.start.map((point) => point.text);
const PAIR = { a, b, c: 'A man plays the guitar.', d: 'Children are swimming in a lake.' };
/** @type {Record<Kind, typeof PAIR>} */
const START = {
  walk: PAIR,
  grid: PAIR,
  cloud: PAIR,
  analogy: { ...PAIR, b: 'A dog is sleeping.', c: 'Two dogs are sleeping.' },
};
const DRAW = { walk: drawWalk, grid: drawGrid, analogy: drawAnalogy, cloud: drawCloud };
const ROWS = { walk: walkRows, grid: gridRows, analogy: analogyRows, cloud: cloudRows };

const params = settingsOf('interpolate', {
  mode: { default: 'walk', rule: renamed({ jitter: 'cloud' }, oneOf(...Object.keys(KINDS))) },
  c: { default: PAIR.c, rule: textRule(page.most.text) },
  d: { default: PAIR.d, rule: textRule(page.most.text) },
});
const kindNow = () => /** @type {Kind} */ (params.mode);
/** @type {import('../core/view.js').View} */
let view;
const set = (/** @type {Record<string, any>} */ values) => view.set(values);

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  view = makeView(part, { name: 'interpolate', lead: LEAD.walk, draw });
  view.build = () => {
    view.refused = '';
    const lead = view.root.querySelector('.vg-lead');
    if (lead) lead.textContent = LEAD[kindNow()];
    const kinds = { label: t('Kind'), options: Object.entries(KINDS), value: params.mode, help: HELP[kindNow()] };
    view.controls.replaceChildren(
      choice({ ...kinds, onInput: setKind }),
      sentence('A', state.a.text, adopt),
      ...(params.mode === 'cloud' ? [] : [sentence('B', state.b.text, pin)]),
      ...CONTROLS[kindNow()](),
    );
  };
  view.build();
  listeners.add(() => view.controls.contains(document.activeElement) || view.build?.());
}

/** @param {any} answer whose kind is the one that was asked for */
function draw(answer) {
  const { parts, figure } = DRAW[/** @type {Kind} */ (answer.kind)](answer, params);
  view.body.replaceChildren(...parts);
  exportBar(view, { rows: () => ROWS[/** @type {Kind} */ (answer.kind)](answer), figure: figure && (() => figure) });
  if (answer.kind === 'walk' && !answer.smoothness) {
    view.status.textContent = t('{n} of {total} steps', { n: answer.stops.length, total: answer.n_steps });
  }
}

// -- Controls
/**
 * A field for a sentence. What can be none is refused here, goes to no other view, and dims what answers another one.
 * @param {string} letter
 * @param {string} value
 * @param {(point: import('../core/page.js').Point) => void} onInput
 */
function sentence(letter, value, onInput) {
  const label = t('Sentence {letter}', { letter });
  const node = field({
    label,
    value,
    onInput(text) {
      const refused = refusal(text);
      view.refuse(refused && `${label}: ${refused}`);
      node.input.setAttribute('aria-invalid', String(Boolean(refused)));
      if (refused) return;
      onInput({ text: text.trim(), language: '', z: '' });
      if (view.controls.querySelector('[aria-invalid="true"]')) view.build?.(); // one of what was refused
    },
  });
  return node;
}

/** @param {Kind} kind */
function setKind(kind) {
  const from = START[kindNow()];
  const to = START[kind];
  const { b } = state;
  params.mode = kind;
  if (params.c === from.c) params.c = to.c;
  if (from.b !== to.b && b.text === from.b && !b.z)
    pin({ text: to.b, language: 'en' }); // the view asks, as B is new
  else view.ask();
  view.build?.();
}

const one = () => languageSelect({ value: params.language, onInput: (language) => set({ language }) });
const several = () => languageChoice({ value: params.languages, onInput: (languages) => set({ languages }) });
const third = () => sentence('C', params.c, ({ text }) => set({ c: text }));
/** @param {string} name @param {string} label */
const figure = (name, label, step = 1, format = (/** @type {number} */ x) => String(x)) =>
  slider({
    label,
    ...rangeOf('interpolate', name),
    step,
    format,
    value: params[name],
    onInput: (x) => set({ [name]: x }),
  });

/** @type {Record<Kind, () => HTMLElement[]>} */
const CONTROLS = {
  walk: () => [
    figure('steps', t('Steps')),
    choice({
      label: t('Way'),
      options: [
        ['slerp', t('Arc')],
        ['lerp', t('Straight line')],
      ],
      value: params.method,
      onInput: (method) => set({ method }),
    }),
    choice({
      label: t('Ends'),
      options: [
        ['exact', t('Exactly as typed')],
        ['mode', t('As the encoder has them')],
      ],
      value: params.exact ? 'exact' : 'mode',
      help: t(
        'The encoder’s latent may read a little differently from your sentence; a few gradient ' + 'steps mend that.',
      ),
      onInput: (ends) => set({ exact: ends === 'exact' }),
    }),
    several(),
  ],
  grid: () => [
    third(),
    sentence('D', params.d, ({ text }) => set({ d: text })),
    figure('size', t('Sentences on a side')),
    one(),
  ],
  analogy: () => [third(), figure('strength', t('Strength'), 0.1, (x) => `${number(x)} ×`), several()],
  cloud: () => [
    choice({
      label: t('Unit of the radius'),
      options: [
        ['posterior', t('Posterior')],
        ['prior', t('Prior')],
      ],
      value: params.unit,
      help: t(
        'Standard deviations of this sentence’s posterior in each dimension, or of the prior (1 ' + 'everywhere).',
      ),
      onInput: (unit) => set({ unit }),
    }),
    figure('draws', t('Draws at each radius')),
    field({ label: t('Seed'), type: 'number', min: 0, value: params.seed, onInput: (seed) => set({ seed }) }),
    one(),
  ],
};
