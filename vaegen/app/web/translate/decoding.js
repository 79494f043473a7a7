// How Translate decodes: what the decoder sees, beam or sampling with their settings, sensitive words, the checkpoint.
import { choice, field, newId, select, slider } from '../core/controls.js';
import { box, button, make } from '../core/dom.js';
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { choose, rangeOf, state } from '../core/state.js';

const CONTEXT_HELP = t(
  'Source + latent: the decoder sees the latent and every word of the sentence. Latent ' +
    'only: all it knows has passed through the latent.',
);
const AVOID_HELP = t(
  'No word of the lists is written, however it is spelled: the model is led around it, and ' +
    'the card says so. Lists know spellings, not meanings. What you type stays as it is. In ' +
    'the other views this is always on.',
);

/** @param {Record<string, any>} params the settings of Translate @param {() => void} ask */
export function makeDecoding(params, ask) {
  const set = (/** @type {string} */ name) => (/** @type {any} */ value) => {
    params[name] = value;
    show();
    ask();
  };
  /** @template {HTMLElement} N @param {string} id @param {N} node */
  const named = (id, node) => Object.assign(node, { id });
  const figure = (/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ step) =>
    slider({ label, step, ...rangeOf('translate', name), value: params[name], onInput: set(name) });

  const context = choice({
    label: t('What the decoder sees'),
    options: [
      ['source', t('Source + latent')],
      ['latent', t('Latent only')],
    ],
    value: params.context,
    help: CONTEXT_HELP,
    onInput: set('context'),
  });
  const method = choice({
    label: t('Decoding'),
    options: [
      ['beam', t('Beam search')],
      ['sample', t('Sampling')],
    ],
    value: params.method,
    onInput: set('method'),
  });
  const beams = figure('num_beams', t('Beam width (1 is greedy)'), 1);
  const temperature = figure('temperature', t('Temperature'), 0.05);
  const topK = figure('top_k', t('Top-k (0 keeps all)'), 1);
  const topP = figure('top_p', t('Top-p'), 0.05);
  const { min, max } = rangeOf('translate', 'seed');
  const seed = field({
    label: t('Seed'),
    type: 'number',
    min,
    max,
    value: params.seed,
    onInput: (x) => set('seed')(Math.min(max, Math.max(min, Math.round(x)))),
  });
  const again = button(t('Again, new seed'), () => set('seed')(1 + Math.floor(Math.random() * 999_999)));
  const sampling = box(
    'vg-sampling',
    named('temperature', temperature),
    named('top-k', topK),
    named('top-p', topP),
    box('vg-seed', named('seed', seed), named('again', again)),
  );
  const avoid = makeAvoid(set('avoid'));
  const checkpoint = box('vg-checkpoint');
  const node = box(
    'vg-controls vg-decoding',
    named('context', context),
    named('method', method),
    named('beams', beams),
    sampling,
    avoid.node,
    checkpoint,
  );

  function show() {
    context.value = params.context;
    method.value = params.method;
    beams.value = params.num_beams;
    temperature.value = params.temperature;
    topK.value = params.top_k;
    topP.value = params.top_p;
    seed.value = params.seed;
    avoid.input.checked = params.avoid;
    beams.hidden = params.method !== 'beam';
    sampling.hidden = params.method === 'beam';
    showCheckpoint(checkpoint);
  }
  return { node, show };
}

/** The box that leads the model around sensitive words. @param {(on: boolean) => void} onInput */
function makeAvoid(onInput) {
  const id = newId();
  const input = make('input', '', undefined, { type: 'checkbox', id });
  input.addEventListener('change', () => onInput(input.checked));
  const label = make('label', 'vg-option', undefined, { for: id }, [
    input,
    make('span', '', t('Avoid sensitive words')),
  ]);
  const node = box('vg-control', label, make('p', 'vg-caption', AVOID_HELP));
  node.id = 'avoid';
  return { node, input };
}

/** The checkpoint, that of all views. @param {HTMLElement} place */
function showCheckpoint(place) {
  const names = [...new Set([...page.checkpoints, state.checkpoint])].filter(Boolean);
  const value = state.checkpoint || names[0];
  const shown = place.querySelector('select');
  if (shown?.options.length === names.length) {
    shown.value = value;
    return;
  }
  const node = select({ label: t('Checkpoint'), options: names.map((name) => [name, name]), value, onInput: choose });
  node.id = 'checkpoint';
  place.hidden = names.length < 2;
  place.replaceChildren(node);
}
