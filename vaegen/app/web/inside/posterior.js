// The posterior, number by number: a cell for each dimension of each slot, to be pointed at or read with the arrow
// keys.
import { choice } from '../core/controls.js';
import { make, svg } from '../core/dom.js';
import { terms } from '../core/glossary.js';
import { number, t } from '../core/messages.js';

const CELL = 20;
const LEFT = 26;
const TOP = 4;
/** @type {Record<string, { label: string, say: string, strongest: (x: number) => string }>} */
const SHOWN = {
  mu: { label: t('Mean'), say: t('Where the posterior lies; the prior’s mean is 0.'), strongest: (x) => number(x, 2) },
  std: {
    label: t('Width'),
    say: t('Its standard deviation; the prior’s is 1, and a dead dimension stays there.'),
    strongest: (x) => number(x, 2),
  },
  kl: {
    label: 'KL',
    say: t('What each dimension tells about the sentence, in nats.'),
    strongest: (x) => `${number(x, 2)} nats`,
  },
};

/** @typedef {{ shape: [number, number], mu: number[], std: number[], kl_per_dim: number[], active: boolean[],
 *   active_threshold: number, n_draws: number }} Posterior */

/** @param {Posterior} answer @param {Record<string, any>} params */
export function posterior(answer, params) {
  const figure = make('div');
  const show = () => figure.replaceChildren(...heatMap(answer, params.shown));
  show();
  const counts = {
    n: answer.active.filter(Boolean).length,
    total: answer.active.length,
    threshold: number(answer.active_threshold, 2),
  };
  return [
    make('p', 'vg-caption', undefined, {}, [
      t(
        '{n} of {total} dimensions are active: their mean varies by more than {threshold} over ' + 'the probe set.',
        counts,
      ),
      ' ',
      t('Reconstruction is −log p(text | z), the mean of {n} draws of z.', { n: answer.n_draws }),
      ' ',
      t('The words:'),
      ' ',
      ...terms('posterior', 'prior', 'active', 'probe'),
    ]),
    choice({
      label: t('Shown'),
      options: Object.entries(SHOWN).map(([key, one]) => [key, one.label]),
      value: params.shown,
      onInput(shown) {
        params.shown = shown;
        show();
      },
    }),
    figure,
  ];
}

/** @param {Posterior} answer @param {string} shown */
function heatMap(answer, shown) {
  const [n, z] = answer.shape;
  const { label, say, strongest } = SHOWN[shown];
  const values = shown === 'mu' ? answer.mu : shown === 'std' ? answer.std : answer.kl_per_dim;
  const most = shown === 'std' ? 1 : Math.max(1e-6, ...values.map(Math.abs));
  const x = (/** @type {number} */ i) => LEFT + (i % z) * CELL;
  const y = (/** @type {number} */ i) => TOP + Math.floor(i / z) * CELL;
  const cells = values.map((value, i) =>
    svg('rect', {
      x: x(i),
      y: y(i),
      width: CELL - 1,
      height: CELL - 1,
      'data-i': i,
      class: `vg-cell-${shown === 'mu' && value < 0 ? 'minus' : 'plus'}`,
      'fill-opacity': Math.min(1, Math.abs(value) / most).toFixed(3),
    }),
  );
  const names = Array.from({ length: n }, (_, k) =>
    svg('text', { x: 20, y: TOP + k * CELL + 14, 'text-anchor': 'end', class: 'vg-map-label' }, [], String(k)),
  );
  const dead = [...answer.active.keys()]
    .filter((i) => !answer.active[i])
    .map((i) => svg('path', { d: `M ${x(i) + 7} ${y(i) + 7} l 5 5 m 0 -5 l -5 5`, class: 'vg-dead' }));
  const caption = [
    label,
    t('strongest colour = {most}', { most: strongest(most) }),
    ...(shown === 'mu' ? [t('blue above 0, orange below')] : []),
    ...(dead.length ? [t('× = dead: the same for all sentences of the probe set')] : []),
  ];
  const cursor = svg('rect', { width: CELL - 1, height: CELL - 1, class: 'vg-cursor', visibility: 'hidden' });
  const said = t('{what} by slot (rows) and dimension (columns); the arrow keys read the cells', { what: label });
  const frame = { viewBox: `0 0 ${30 + z * CELL} ${34 + n * CELL}`, class: 'vg-posterior' };
  const picture = svg('svg', { ...frame, tabindex: 0, role: 'img', 'aria-label': said }, [
    ...names,
    ...cells,
    ...dead,
    cursor,
    svg('text', { x: LEFT, y: n * CELL + 22, class: 'vg-map-label' }, [], caption.join(' · ')),
  ]);
  const readout = make('p', 'vg-readout', '', { 'aria-live': 'polite' });
  let at = 0;
  /** @param {number} i */
  function point(i) {
    at = Math.max(0, Math.min(values.length - 1, i));
    for (const [name, value] of Object.entries({ x: x(at), y: y(at), visibility: 'visible' }))
      cursor.setAttribute(name, String(value));
    readout.textContent = t('Slot {k}, dimension {d}: mean {mu}, width {std}, KL {kl} nats, {state}', {
      k: Math.floor(at / z),
      d: at % z,
      mu: number(answer.mu[at], 2),
      std: number(answer.std[at], 2),
      kl: number(answer.kl_per_dim[at], 2),
      state: answer.active[at] ? t('active') : t('dead'),
    });
  }
  picture.addEventListener('pointermove', (event) => {
    const i = event.target instanceof SVGElement ? event.target.dataset.i : undefined;
    if (i) point(Number(i));
  });
  picture.addEventListener('focus', () => point(at));
  picture.addEventListener('keydown', (event) => {
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: z, ArrowUp: -z };
    if (!steps[event.key]) return;
    event.preventDefault();
    point(at + steps[event.key]);
  });
  return [make('p', 'vg-caption', say), picture, readout];
}
