// The picture: source words, slots and target words with bands between them; what is focused lights up.
import { box, make, say, svg } from '../core/dom.js';
import { t } from '../core/messages.js';
import { nameOf } from '../core/tags.js';
import { factsOf } from './facts.js';
import { fit, longest, wrap } from './measure.js';
import { selection } from './weights.js';

/** @typedef {import('./weights.js').Rows} Rows */
/** @typedef {import('./facts.js').Column} Column */

const TOP = 26;
export const GAP = 40;

/**
 * Draws the sides in one figure, beside each other or below, and gives each its facts under the figure.
 * @param {Rows[]} sides
 * @param {{ figure: SVGElement, readouts: HTMLElement, answer: any, params: Record<string, any>, total: number, redraw:
 *   () => void }} on
 */
export function drawPictures(sides, { figure, readouts, answer, params, total, redraw }) {
  const isBeside = sides.length > 1 && total > 640;
  const width = isBeside ? (total - GAP) / 2 : total;
  let [x, y, bottom] = [0, 0, 0];
  const pictures = sides.map((data, i) => {
    const words = Math.max(data.side.source.length, data.side.target.length);
    const height = Math.max(27 * words, 23 * answer.n_slots) + TOP;
    const picture = drawPicture(data, i, layout(data, width, height), params, redraw);
    picture.group.setAttribute('transform', `translate(${x} ${y})`);
    bottom = Math.max(bottom, y + height);
    if (isBeside) x += width + GAP;
    else y += height + 16;
    return picture;
  });
  const [{ side }] = sides;
  const about = [
    answer.checkpoint,
    params.context === 'latent' ? t('latent only') : t('source + latent'),
    selection('encoder', side, params.encoder),
    selection('decoder', side, params.decoder),
    t('weights from {n} %', { n: params.threshold }),
  ];
  const lines = wrap(about, total);
  const captions = lines.map((line, i) =>
    svg('text', { class: 'vg-attention-about', x: 0, y: bottom + 16 + 14 * i }, [], line),
  );
  bottom += 16 + 14 * lines.length;
  figure.replaceChildren(...pictures.map((one) => one.group), ...captions);
  const frame = { viewBox: `0 0 ${total} ${bottom}`, width: total, height: bottom };
  for (const [name, value] of Object.entries(frame)) figure.setAttribute(name, String(value));
  readouts.replaceChildren(...pictures.map((one) => one.readout));
}

/**
 * Where everything is: columns with their labels, heights, and the ends of the bands.
 * @param {Rows} rows
 * @param {number} width
 * @param {number} height
 */
export function layout({ side, slotWord }, width, height) {
  const room = Math.max(60, 0.36 * width - 20);
  const least = Math.min(room, 0.14 * width);
  const margin = (/** @type {string[]} */ labels) => Math.max(least, Math.min(room, longest(labels))) + 14;
  const left = margin(side.source);
  const right = width - margin(side.target);
  const middle = (left + right) / 2;
  /** @type {Record<string, { labels: string[], x: number }>} */
  const columns = {
    source: { labels: side.source, x: left },
    ...(slotWord.length && { slot: { labels: slotWord.map((_, m) => String(m)), x: middle } }),
    target: { labels: side.target, x: right },
  };
  const step = (/** @type {Column} */ column) => (height - TOP) / columns[column].labels.length;
  const y = (/** @type {Column} */ column, /** @type {number} */ i) => TOP + (i + 0.5) * step(column);
  return { columns, room, width, left, right, middle, step, y };
}

/**
 * @param {Rows} data
 * @param {number} index
 * @param {ReturnType<typeof layout>} place
 * @param {Record<string, any>} params
 * @param {() => void} redraw
 */
function drawPicture(data, index, place, params, redraw) {
  const { side } = data;
  const { columns } = place;
  const facts = factsOf(data, place, params.threshold / 100);
  const group = svg('g');
  const readout = box('vg-attention-readout');
  const lit = svg('g', { class: 'vg-attention-lit' });
  /** @type {Record<string, SVGElement[]>} */
  const nodes = {};
  const names = /** @type {Column[]} */ (Object.keys(columns));
  /** @returns {{ column?: Column, index?: number }} */
  const pinned = () => {
    const { pin } = params;
    return pin?.side === index && nodes[pin.column]?.[pin.index] ? pin : {};
  };
  /** @param {Column} [column] @param {number} [i] */
  function light(column, i = 0) {
    const fact = column ? facts[column](i) : facts.rest();
    group.classList.toggle('vg-attention-on', Boolean(column));
    lit.replaceChildren(...fact.draw());
    for (const name of names) {
      nodes[name].forEach((node, j) => {
        node.classList.toggle('vg-shown', name === column && i === j);
        node.setAttribute('aria-pressed', String(pinned().column === name && pinned().index === j));
      });
    }
    const rows = fact.rows.flatMap(([term, text]) => [make('dt', '', term), make('dd', '', text)]);
    readout.replaceChildren(make('p', 'vg-attention-fact', fact.title), make('dl', '', undefined, {}, rows));
  }
  const rest = () => light(pinned().column, pinned().index);
  /** @param {Column} column @param {number} i */
  function pin(column, i) {
    const isSame = pinned().column === column && pinned().index === i;
    params.pin = isSame ? null : { side: index, column, index: i };
    redraw();
    say(isSame ? t('Let go') : t('Kept: {word}', { word: columns[column].labels[i] }));
  }
  /** @param {KeyboardEvent} event @param {Column} column @param {number} i */
  function move(event, column, i) {
    const n = columns[column].labels.length;
    const side = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: n - 1 };
    const next = steps[event.key];
    if (event.key === 'Enter' || event.key === ' ') pin(column, i);
    else if (event.key === 'Escape') {
      params.pin = null;
      redraw();
      say(t('Let go'));
    } else if (side || next !== undefined) {
      const list = nodes[side ? (names[names.indexOf(column) + side] ?? column) : column];
      const to = list[Math.max(0, Math.min(list.length - 1, next ?? Math.round(((i + 0.5) * list.length) / n - 0.5)))];
      for (const one of Object.values(nodes).flat()) one.setAttribute('tabindex', one === to ? '0' : '-1');
      to.focus();
    } else return;
    event.preventDefault();
  }
  for (const column of names) {
    nodes[column] = columns[column].labels.map((_, i) => {
      const fact = facts[column](i);
      const said = `${fact.title}. ${fact.rows.map((row) => row.join(': ')).join('. ')}`;
      const node = drawNode(place, side, column, i, { 'data-key': `${index}-${column}-${i}`, 'aria-label': said });
      node.addEventListener('pointerenter', () => light(column, i));
      node.addEventListener('pointerleave', rest);
      node.addEventListener('focus', () => light(column, i));
      node.addEventListener('blur', rest);
      node.addEventListener('click', () => pin(column, i));
      node.addEventListener('keydown', (event) => move(event, column, i));
      return node;
    });
  }
  nodes[pinned().column ?? 'target'][pinned().index ?? 0].setAttribute('tabindex', '0');
  group.append(
    ...titles(place, side),
    svg('g', { class: 'vg-attention-bands' }, facts.all()),
    lit,
    ...Object.values(nodes).flat(),
  );
  rest();
  return { group, readout };
}

/** @param {ReturnType<typeof layout>} place @param {import('./weights.js').Side} side */
function titles({ columns }, side) {
  const language = (/** @type {string} */ code) => (code ? nameOf(code) : t('Sentence'));
  /** @param {Column} column @param {string} anchor @param {string} text */
  const title = (column, anchor, text) =>
    svg('text', { class: 'vg-attention-title', x: columns[column].x, y: 12, 'text-anchor': anchor }, [], text);
  return [
    title('source', 'end', language(side.source_language)),
    title('target', 'start', language(side.language)),
    ...(columns.slot ? [title('slot', 'middle', t('Slots'))] : []),
  ];
}

/**
 * @param {ReturnType<typeof layout>} place
 * @param {import('./weights.js').Side} side
 * @param {Column} column
 * @param {number} i
 * @param {Record<string, string>} attributes
 */
function drawNode({ columns, y, step, room, width }, side, column, i, attributes) {
  const { labels, x } = columns[column];
  const label = labels[i];
  const cy = y(column, i);
  const tall = Math.min(step(column), 30);
  const [from, to, anchor] = {
    source: /** @type {const} */ ([0, x + 6, 'end']),
    slot: /** @type {const} */ ([x - 12, x + 12, 'middle']),
    target: /** @type {const} */ ([x - 6, width, 'start']),
  }[column];
  const short = column === 'slot' ? label : fit(label, room);
  const lang = column === 'slot' ? '' : column === 'source' ? side.source_language : side.language;
  const text = { x, y: cy, 'dominant-baseline': 'central', 'text-anchor': anchor, lang };
  const frame = { class: `vg-attention-node vg-attention-${column}`, role: 'button', tabindex: '-1' };
  return svg('g', { ...frame, ...attributes }, [
    svg('rect', { class: 'vg-attention-hit', x: from, y: cy - tall / 2, width: to - from, height: tall }),
    ...(column === 'slot' ? [svg('circle', { cx: x, cy, r: 10 })] : []),
    svg('text', text, [], short),
    ...(short === label ? [] : [svg('title', {}, [], label)]),
  ]);
}
