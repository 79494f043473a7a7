// What there is to say and to light up about each word and slot of the picture.
import { svg } from '../core/dom.js';
import { t } from '../core/messages.js';
import { share, sum } from './weights.js';

/** @typedef {import('./weights.js').Rows} Rows */
/** @typedef {{ title: string, rows: [string, string][], draw: () => SVGElement[] }} Fact */
/** @typedef {'source' | 'slot' | 'target'} Column */
/** @typedef {ReturnType<typeof import('./picture.js').layout>} Place */

/** How bands and bars are drawn. @param {Place} place @param {number} least the share from which a band is drawn */
function pens({ y, width, left, right, middle }, least) {
  /**
   * @param {number} x1
   * @param {number} y1
   * @param {number} x2
   * @param {number} y2
   * @param {number} weight
   * @param {string} name
   */
  const curve = (x1, y1, x2, y2, weight, name, thin = 1) =>
    svg('path', {
      class: name,
      d: `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`,
      'stroke-width': (0.8 + 15 * thin * weight).toFixed(2),
      'stroke-opacity': Math.min(1, 0.16 + 1.4 * weight).toFixed(3),
    });
  /** @typedef {(i: number, j: number, w: number) => SVGElement} Pen */
  return {
    /** From a source word to a slot. @type {Pen} */
    hop1: (s, m, w) => curve(left + 6, y('source', s), middle - 11, y('slot', m), w, 'vg-attention-band'),
    /** From a slot to a target word. @type {Pen} */
    hop2: (m, i, w) => curve(middle + 11, y('slot', m), right - 6, y('target', i), w, 'vg-attention-band'),
    /**
     * From a source word to a target word.
     * @param {number} s
     * @param {number} i
     * @param {number} w
     * @param {number} [thin]
     */
    straight: (s, i, w, thin) =>
      curve(left + 6, y('source', s), right - 6, y('target', i), w, 'vg-attention-direct', thin),
    /** The bands of those weights that reach the threshold. @param {number[][]} rows @param {Pen} draw */
    bands: (rows, draw) =>
      rows.flatMap((row, i) => row.flatMap((w, j) => (w > 0 && w >= least ? [draw(i, j, w)] : []))),
    /**
     * The strongest band of each row, whatever the threshold, so that each target word has a line.
     * @param {number[][]} rows
     * @param {Pen} draw
     */
    strongest: (rows, draw) =>
      rows
        .filter((row) => row.length)
        .map((row, i) => {
          const w = Math.max(...row);
          return draw(i, row.indexOf(w), w);
        }),
    /**
     * Bars under the words of a column, as long as their shares; `row` 1, dashed, is what goes straight.
     * @param {'source' | 'target'} column
     * @param {number[]} weights
     * @param {number} row
     */
    bars: (column, weights, row) =>
      weights.flatMap((w, i) => {
        if (w < 0.02) return [];
        const from = column === 'source' ? left : right;
        const to = column === 'source' ? left - w * (left - 8) : right + w * (width - right - 8);
        const at = y(column, i) + 10 + 4 * row;
        const name = row ? 'vg-attention-bar-direct' : 'vg-attention-bar';
        return [svg('line', { class: name, x1: from, x2: to, y1: at, y2: at })];
      }),
  };
}

/** The four strongest with their shares. @param {string[]} labels @param {number[]} weights */
const list = (labels, weights) =>
  labels
    .map((label, i) => /** @type {[string, number]} */ ([label, weights[i]]))
    .sort((p, q) => q[1] - p[1])
    .slice(0, 4)
    .filter(([, w]) => w >= 0.01)
    .map(([label, w]) => `${label}\u00a0(${share(w)})`)
    .join(', ') || t('nothing over 1 %');

/** @param {number[][]} rows */
const mean = (rows) => share(sum(rows.map(sum)) / rows.length);

/**
 * @param {Rows} rows
 * @param {Place} place
 * @param {number} least
 */
export function factsOf({ side, slotWord, targetSlot, direct, hops, through }, place, least) {
  const slots = place.columns.slot?.labels ?? [];
  const isSource = direct[0].length > 0;
  const { hop1, hop2, straight, bands, strongest, bars } = pens(place, least);
  /** @param {number} i @param {number} s @param {number} w */
  const direct1 = (i, s, w) => straight(s, i, w);
  /** @param {number} m @param {number} s @param {number} w */
  const first = (m, s, w) => hop1(s, m, w);
  /** @param {number} i @param {number} m @param {number} w */
  const second = (i, m, w) => hop2(m, i, w);
  const best = (/** @type {number[][]} */ rows) =>
    rows
      .slice(0, -1)
      .map((row, i) => `${side.target[i]}\u00a0←\u00a0${side.source[row.indexOf(Math.max(...row))]}`)
      .join(', ');
  /**
   * Rows of a fact, those that hold for this model.
   * @param {[unknown, string, string][]} rows
   * @returns {[string, string][]}
   */
  const those = (...rows) => rows.filter(([holds]) => holds).map(([, term, text]) => [term, text]);

  /** @param {number} i @returns {Fact} */
  function target(i) {
    return {
      title: t('The step that writes “{word}” looks', { word: side.target[i] }),
      rows: [
        ...(slots.length
          ? /** @type {[string, string][]} */ ([
              [t('At slots, {p}', { p: share(sum(targetSlot[i])) }), list(slots, targetSlot[i])],
              [t('Through them'), list(side.source, through[i])],
            ])
          : []),
        ...those([
          isSource,
          t('At words, {p}', { p: share(sum(direct[i])) }),
          isSource ? list(side.source, direct[i]) : '',
        ]),
      ],
      draw: () => [
        ...bands([direct[i]], (_, s, w) => straight(s, i, w)),
        ...bands([targetSlot[i]], (_, m, w) => hop2(m, i, w)),
        ...bands(hops[i], first),
        ...bars('source', through[i], 0),
        ...bars('source', direct[i], 1),
      ],
    };
  }
  /** @param {number} m @returns {Fact} */
  function slot(m) {
    const readers = targetSlot.map((row) => row[m]);
    return {
      title: t('Slot {n}', { n: m }),
      rows: [
        [t('Looks at words, {p}', { p: share(sum(slotWord[m])) }), list(side.source, slotWord[m])],
        [t('Looked at by'), list(side.target, readers)],
      ],
      draw: () => [
        ...bands([slotWord[m]], (_, s, w) => hop1(s, m, w)),
        ...bands([readers], (_, i, w) => hop2(m, i, w)),
        ...bars('source', slotWord[m], 0),
        ...bars('target', readers, 0),
      ],
    };
  }
  /** @param {number} s @returns {Fact} */
  function source(s) {
    const readers = slotWord.map((row) => row[s]);
    const passed = through.map((row) => row[s]);
    const last = direct.map((row) => row[s] ?? 0);
    return {
      title: `“${side.source[s]}”`,
      rows: those(
        [slots.length, t('Looked at by slots'), list(slots, readers)],
        [slots.length, t('Through them by'), list(side.target, passed)],
        [isSource, t('Straight by'), list(side.target, last)],
      ),
      draw: () => [
        ...bands([last], (_, i, w) => straight(s, i, w)),
        ...bands([readers], (_, m, w) => hop1(s, m, w)),
        ...bands(
          hops.map((paths) => paths.map((words) => words[s])),
          second,
        ),
        ...bars('target', passed, 0),
        ...bars('target', last, 1),
      ],
    };
  }
  return {
    source,
    slot,
    target,
    /** What is drawn while nothing is pointed at. */
    all: () => [
      ...bands(slotWord, first),
      ...bands(targetSlot, second),
      ...(slots.length ? [] : bands(direct, direct1)),
      ...(isSource ? strongest(direct, (i, s, w) => straight(s, i, w, 0.2)) : strongest(targetSlot, second)),
    ],
    /** @returns {Fact} */
    rest: () => ({
      title: t('Where each word looks most'),
      rows: those(
        [slots.length, t('Through slots, {p}', { p: mean(targetSlot) }), slots.length ? best(through) : ''],
        [isSource, t('Straight, {p}', { p: mean(direct) }), isSource ? best(direct) : ''],
      ),
      draw: () => [],
    }),
  };
}
