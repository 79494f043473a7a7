// Where the model looks: words to slots to words, maps by layer and head, and a word that is taken away.
import { choice, field, select, slider } from '../core/controls.js';
import { box, make, svg } from '../core/dom.js';
import { terms } from '../core/glossary.js';
import { nats, t } from '../core/messages.js';
import { flag, maybe, oneOf, record, tuple, whole } from '../core/rules.js';
import { defaultsOf, listeners, settingsOf, state } from '../core/state.js';
import { languageSelect, nameOf } from '../core/tags.js';
import { exportBar, makeView } from '../core/view.js';
import { knownSentences, unsureLine } from '../parts/unsure.js';
import { drawMap } from './heads.js';
import { drawPictures } from './picture.js';
import { chosen, matrix, read, shapeOf } from './weights.js';
import { drawWithout } from './without.js';

/** @typedef {import('./weights.js').Side} Side */

/** @type {[string, string][]} */
const KINDS = [
  ['slots', t('Slots at source words')],
  ['encoder', t('Encoder: slots and words at each other')],
  ['toSlots', t('Translation at slots')],
  ['toSource', t('Translation at source words')],
  ['decoder', t('Translation at what is already written')],
];
const head = { default: [-1, -1], rule: tuple(whole(-1, 99), whole(-1, 99)) };
const pin = record({ side: whole(0, 1), column: oneOf('source', 'slot', 'target'), index: whole(0, 999) });
const params = settingsOf('attention', {
  compare: { default: false, rule: flag },
  threshold: { default: 5, rule: whole(0, 30) }, // percent; weaker bands are not drawn
  kind: { default: 'slots', rule: oneOf(...KINDS.map(([name]) => name)) },
  encoder: head,
  decoder: head,
  pin: { default: null, rule: maybe(pin) },
});

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  let sentence = state.a.text;
  listeners.add(() => {
    // before the view's own listener, which asks
    if (state.a.text === sentence) return;
    sentence = state.a.text;
    const { target, without, pin } = defaultsOf('attention'); // they mean nothing for another sentence
    Object.assign(params, { target, without, pin });
    given.value = '';
  });
  const view = makeView(part, {
    name: 'attention',
    lead: t(
      'Which words the decoder looked at, straight and through the slots, while it wrote a ' +
        'translation: that of A, or those of A and B side by side.',
    ),
    draw(answer) {
      const [side] = answer.sides;
      const how = side.is_given ? t('your translation') : t('beam 5');
      const time = answer.seconds >= 0.005 ? [`${answer.seconds.toFixed(2)} s`] : [];
      view.status.textContent = [nameOf(side.language), how, ...time].join(' · ');
      redraw();
    },
  });
  const given = field({
    label: t('Your own translation of A'),
    value: params.target,
    placeholder: t('empty: the model’s'),
    onInput: (target) => view.set({ target: target.trim(), pin: null }),
  });
  const frame = makeFrame();
  /** Changes what is shown of the answer that is there. @param {Record<string, any>} values */
  const set = (values) => {
    Object.assign(params, values);
    redraw();
  };
  frame.how.onInput = (value) => (params.without < 0 ? set({ how: value }) : view.set({ how: value }));
  frame.kind.onInput = (value) => set({ kind: value });
  view.build = () => {
    given.value = params.target;
    frame.how.node.value = params.how;
    frame.kind.node.value = params.kind;
    view.controls.replaceChildren(...makeControls(view, given, set), given);
  };
  view.build();
  view.body.replaceChildren(...frame.nodes);

  function redraw() {
    const { answer } = view;
    if (!answer?.sides.length || !view.body.clientWidth) return; // not asked yet, or in a tab that is not shown
    const key = focusedKey();
    const sides = answer.sides.map((/** @type {Side} */ side) =>
      read(side, answer.n_slots, /** @type {any} */ (params)),
    );
    const { figure, readouts, maps, chips, result } = frame;
    frame.sentences.replaceChildren(
      ...answer.sides.map((/** @type {any} */ side, /** @type {number} */ i) => drawSentence(side, i, answer.doubt)),
    );
    drawPictures(sides, { figure, readouts, answer, params, total: view.body.clientWidth, redraw });
    const choose = (/** @type {number} */ without) => view.set({ without });
    drawWithout(answer.sides[0], answer.without, { chips, result, chosen: params.without, choose });
    const kindName = KINDS.find(([name]) => name === params.kind)?.[1] ?? '';
    const on = { answer, params, set, kindName, width: maps.clientWidth };
    maps.replaceChildren(...sides.map((/** @type {any} */ rows, /** @type {number} */ i) => drawMap(rows, i, on)));
    if (!key || focusedKey() === key) return;
    const again = view.root.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (again instanceof HTMLElement || again instanceof SVGElement) again.focus();
  }
  exportBar(view, { rows: () => rowsOf(view.answer), figure: () => frame.figure });

  let drawnAt = 0;
  new ResizeObserver(() => {
    if (view.body.clientWidth === drawnAt) return;
    drawnAt = view.body.clientWidth;
    redraw();
  }).observe(view.body);
}

function focusedKey() {
  const active = document.activeElement;
  return active instanceof HTMLElement || active instanceof SVGElement ? active.dataset.key : undefined;
}

/**
 * The controls at the left; some ask again, the others only draw again.
 * @param {import('../core/view.js').View} view
 * @param {{ value: any }} given
 * @param {(values: Record<string, any>) => void} set
 */
function makeControls(view, given, set) {
  return [
    languageSelect({
      label: t('Translate into'),
      value: params.language,
      onInput(language) {
        given.value = '';
        view.set({ language, target: '', pin: null });
      },
    }),
    choice({
      label: t('What the decoder sees'),
      value: params.context,
      options: [
        ['source', t('Source + latent')],
        ['latent', t('Latent only')],
      ],
      onInput: (context) => view.set({ context, pin: null }),
    }),
    choice({
      label: t('Sentences'),
      options: [
        ['a', t('A')],
        ['ab', t('A beside B')],
      ],
      value: params.compare ? 'ab' : 'a',
      onInput: (which) => view.set({ compare: which === 'ab' }),
    }),
    choice({
      label: t('Units'),
      options: [
        ['words', t('Whole words')],
        ['pieces', t('Sub-words')],
      ],
      value: params.merge ? 'words' : 'pieces',
      help: t('A word adds up what its sub-words receive and averages what they look at.'),
      onInput: (unit) => view.set({ merge: unit === 'words', without: -1, pin: null }),
    }),
    slider({
      label: t('Hide weights below'),
      min: 0,
      max: 30,
      step: 1,
      value: params.threshold,
      format: (x) => `${x} %`,
      onInput: (threshold) => set({ threshold }),
    }),
  ];
}

/** The parts of the view that are made once. */
function makeFrame() {
  const sides = () => box('vg-attention-sides');
  const [sentences, readouts, maps] = [sides(), sides(), sides()];
  const said = t(
    'Attention from the words of the translation to latent slots to source words; arrow keys ' +
      'move, Enter keeps a word.',
  );
  const figure = svg('svg', { class: 'vg-attention-picture', role: 'group', 'aria-label': said });
  const legend = box(
    'vg-attention-legend',
    make('span', 'vg-attention-key', t('through the slots')),
    make('span', 'vg-attention-key vg-attention-key-direct', t('straight to the words')),
    make('span', '', t('Of the straight links each word’s strongest is drawn; point at a word to see them all.')),
    make('span', '', t('Point at a word or a slot; click to keep it, Escape to let go.')),
  );
  const warning = t(
    'Attention is not explanation: it shows where the model looked, not why it chose a word. ' +
      'What a word does shows when you take it away.',
  );
  const chips = make('div', 'vg-options-row', undefined, { role: 'group', 'aria-label': t('The word to take away') });
  const result = box('vg-attention-result');
  const how = withInput((onInput) =>
    choice({
      label: t('The word is'),
      options: [
        ['drop', t('left out')],
        ['mask', t('masked')],
      ],
      value: params.how,
      onInput,
    }),
  );
  const kind = withInput((onInput) =>
    select({ label: t('Who looks at what'), value: params.kind, onInput, options: KINDS }),
  );
  const section = (/** @type {string} */ title, /** @type {Node[]} */ ...children) =>
    make('section', 'vg-attention-section', undefined, {}, [make('h3', 'vg-name', title), ...children]);
  const meaning = (/** @type {string[]} */ ...keys) =>
    make('p', 'vg-caption', undefined, {}, [t('What it means:'), ' ', ...terms(...keys)]);
  const nodes = [
    sentences,
    figure,
    legend,
    meaning('slot', 'attention'),
    readouts,
    make('p', 'vg-attention-warning', warning),
    section(t('Take a word of A away'), box('vg-attention-row', chips, how.node), result),
    section(t('Every layer and head'), meaning('layer', 'head', 'entropy'), box('vg-attention-kind', kind.node), maps),
  ];
  return { nodes, sentences, readouts, maps, figure, chips, result, how, kind };
}

/**
 * A control whose listener comes later.
 * @template {HTMLElement & { value: any }} N
 * @param {(onInput: (value: string) => unknown) => N} makeControl
 */
function withInput(makeControl) {
  /** @type {{ onInput: (value: string) => unknown }} */
  const on = { onInput: () => undefined };
  return Object.assign(on, { node: makeControl((value) => on.onInput(value)) });
}

/** @param {Side & { unsure?: number | null }} side @param {number} i @param {import('../parts/unsure.js').Doubt} doubt */
function drawSentence(side, i, doubt) {
  const notes = [nats(side.log_prob)];
  if (side.context !== params.context) notes.push(t('its own language: through the latent alone'));
  if (state[i ? 'b' : 'a'].z) notes.push(t('with the latent of these words, not with its own'));
  return box(
    'vg-attention-head',
    make('span', 'vg-letter', 'AB'[i]),
    ' ',
    make('span', 'vg-attention-target', side.target_text || t('(empty)'), { lang: side.language }),
    ' ',
    make('span', 'vg-figure', notes.join(' · ')),
    ...unsureLine(side.unsure, doubt),
    ...(i ? [] : knownSentences(doubt)),
  );
}

/** The heat map that is shown, as a table: one row a weight. @param {any} answer */
function rowsOf(answer) {
  const rows = answer.sides.flatMap((/** @type {Side} */ side, /** @type {number} */ i) => {
    const map = matrix(read(side, answer.n_slots, /** @type {any} */ (params)), params.kind, answer);
    const which = chosen(params[map.part], shapeOf(side, map.part)).map((n) => (n < 0 ? 'mean' : n));
    return map.values.flatMap((row, r) =>
      row.map((w, c) => ['AB'[i], params.kind, ...which, map.rows[r], map.columns[c], w.toFixed(5)]),
    );
  });
  return [['sentence', 'looks', 'layer', 'head', 'from', 'at', 'weight'], ...rows];
}
