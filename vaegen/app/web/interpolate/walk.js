// The walk: one row a step, one column a language, and the plane that it lies in.
import { button, make, marked, svg } from '../core/dom.js';
import { listed, t } from '../core/messages.js';
import { nameOf } from '../core/tags.js';
import { pointTools, showView } from '../core/view.js';
import { makeKey } from './key.js';

/** @typedef {{ z: string, texts: Record<string, string>, xy: [number, number] }} Stop */
/**
 * @typedef {object} Walk
 * @property {Stop[]} stops
 * @property {string[]} languages
 * @property {number} n_steps
 * @property {string[]} [differs] letters of the ends that were to read as typed and do not
 * @property {Record<string, number> | null} smoothness
 */

/** @param {Walk} answer @param {Record<string, any>} params */
export function drawWalk(answer, params) {
  const { differs = [], languages, smoothness, stops } = answer;
  /** @type {HTMLElement[]} */
  const parts = [makeTable(answer), makeKey(t('changed since the step before'))];
  if (differs.length) parts.push(make('p', 'vg-caption vg-differs', differing(differs)));
  if (!smoothness) return { parts, figure: undefined };
  // A walk that stands still has no detour either: of one text there is nothing to say.
  const moves = (/** @type {string} */ code) => stops.some((stop) => stop.texts[code] !== stops[0].texts[code]);
  const figures = languages
    .map((code) => `${nameOf(code)} ${moves(code) ? smoothness[code].toFixed(2) : '–'}`)
    .join(', ');
  const figure = drawPlane(stops);
  const caption = t(
    'The plane through the origin (the prior’s mean), A and B. The dashed arc is where ' +
      'latents drawn from the prior lie. Distances are exact.',
  );
  parts.push(
    make(
      'p',
      'vg-caption',
      t('Smoothness {figures}: words between the ends over words changed on the way; 1 has no detour.', { figures }),
    ),
    button(t('See this walk on the map'), () => showView('map', { method: params.method, spot: null }), {
      kind: 'link',
    }),
    make('figure', 'vg-plane', undefined, {}, [figure, make('figcaption', 'vg-caption', caption)]),
  );
  return { parts, figure };
}

/** Why ends read otherwise than they were typed. @param {string[]} letters */
const differing = (letters) =>
  t(
    '{names}: as read by the encoder, not as typed. No latent near that reads exactly as typed; at a rate that ' +
      'keeps next to nothing none is looked for.',
    { names: listed(letters, 'conjunction') },
  );

/** Steps that read the same share a row. @param {Walk} answer */
function makeTable({ stops, languages, n_steps }) {
  /** @type {number[][]} */
  const groups = [];
  stops.forEach((stop, i) => {
    const isSame = i && languages.every((code) => stops[i - 1].texts[code] === stop.texts[code]);
    if (isSame) groups[groups.length - 1].push(i);
    else groups.push([i]);
  });
  const share = (/** @type {number} */ i) => `${Math.round((100 * i) / (n_steps - 1))} %`;
  const rows = groups.map((group, g) => {
    const stop = stops[group[0]];
    const before = g ? stops[groups[g - 1][0]] : undefined;
    const span = group.length > 1 ? `${share(group[0])}–${share(group[group.length - 1])}` : share(group[0]);
    const said = t('{n} of {total} steps', { n: group.length, total: n_steps });
    const tools = pointTools({ text: stop.texts[languages[0]], language: languages[0], z: stop.z });
    return make('tr', '', undefined, {}, [
      make('th', 'vg-figure', span, { scope: 'row', title: said }),
      ...languages.map((code) =>
        marked(stop.texts[code], before?.texts[code], 'td', { lang: code, 'data-name': nameOf(code) }),
      ),
      make('td', 'vg-row-tools', undefined, {}, [tools]),
    ]);
  });
  const names = [t('Way'), ...languages.map(nameOf)].map((name) => make('th', '', name, { scope: 'col' }));
  const head = make('thead', '', undefined, {}, [make('tr', '', undefined, {}, [...names, make('td', '')])]);
  return make('table', 'vg-table vg-walk', undefined, {}, [head, make('tbody', '', undefined, {}, rows)]);
}

/** @param {Stop[]} stops */
function drawPlane(stops) {
  const typical = Math.sqrt(stops[0].z.length * 0.375); // base64 of half precision: 8/3 characters a dimension
  const points = stops.map(({ xy }) => xy);
  const all = [...points.flat(), typical];
  const high = Math.max(...all) * 1.12;
  const low = Math.min(0, ...all) * 1.12 - high * 0.06;
  const scale = 300 / (high - low);
  const x = (/** @type {number} */ v) => (v - low) * scale;
  const y = (/** @type {number} */ v) => (high - v) * scale;
  const label = (/** @type {string} */ text, /** @type {[number, number]} */ [px, py]) =>
    svg('text', { x: x(px) + 9, y: y(py) + 4, class: 'vg-plane-label' }, [], text);
  const radius = typical * scale;
  const arc = `M ${x(typical)} ${y(0)} A ${radius} ${radius} 0 0 0 ${x(0)} ${y(typical)}`;
  const said = t('The walk in the plane of the origin, A and B');
  return svg('svg', { viewBox: '0 0 300 300', width: 300, height: 300, role: 'img', 'aria-label': said }, [
    svg('path', { class: 'vg-plane-prior', d: arc }),
    svg('path', { class: 'vg-plane-axis', d: `M ${x(low)} ${y(0)} H 300 M ${x(0)} ${y(low)} V 0` }),
    svg('polyline', { class: 'vg-plane-path', points: points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ') }),
    ...points.map(([px, py], i) =>
      svg('circle', { class: 'vg-plane-dot', cx: x(px), cy: y(py), r: i && i < points.length - 1 ? 4 : 6 }),
    ),
    label('A', points[0]),
    label('B', points[points.length - 1]),
    label('0', [0, 0]),
  ]);
}

/** @param {Walk} answer */
export const walkRows = ({ stops, languages }) => [
  ['step', ...languages],
  ...stops.map((stop, i) => [i, ...languages.map((code) => stop.texts[code])]),
];
