// From the weights that arrive to the rows of numbers that are drawn.
import { t } from '../core/messages.js';

/** @typedef {[number, number]} Head layer and head; -1 is the mean */
/** @typedef {{ shape: [number, number, number, number], data: string }} Packed layers, heads, rows, columns; base64 */
/**
 * @typedef {object} Side one sentence and its translation
 * @property {string[]} source
 * @property {string[]} target
 * @property {string} source_language
 * @property {string} language
 * @property {string} context
 * @property {string} target_text
 * @property {boolean} is_given
 * @property {number} log_prob
 * @property {Packed} encoder
 * @property {Packed} decoder
 * @property {Packed} cross
 * @property {Record<string, number[][]>} entropy
 */
/** @typedef {ReturnType<typeof read>} Rows */

/** @param {number} x */
export const share = (x) => `${(100 * x).toFixed(1)}\u00a0%`;
/** @param {number[]} values */
export const sum = (values) => values.reduce((total, x) => total + x, 0);

/**
 * The chosen layer and head of a map, the mean where another checkpoint has fewer.
 * @param {Head} head
 * @param {number[]} shape
 * @returns {Head}
 */
export const chosen = ([layer, head], [layers, heads]) => [layer < layers ? layer : -1, head < heads ? head : -1];
/** @param {Side} side @param {string} part */
export const shapeOf = (side, part) => (part === 'encoder' ? side.encoder : side.cross).shape;

/**
 * Rows of weights, the mean over the chosen layers and heads. They travel as 16-bit integers, lowest byte first.
 * @param {Packed} packed
 * @param {Head} which
 */
export function rowsOf({ shape: [layers, heads, rows, columns], data }, which) {
  const values = new Uint16Array(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
  const [layer, head] = chosen(which, [layers, heads]);
  const result = Array.from({ length: rows }, () => /** @type {number[]} */ (new Array(columns).fill(0)));
  const n = (layer < 0 ? layers : 1) * (head < 0 ? heads : 1) * 65535;
  for (let l = 0; l < layers; l++) {
    for (let h = 0; h < heads; h++) {
      if ((layer >= 0 && l !== layer) || (head >= 0 && h !== head)) continue;
      const start = (l * heads + h) * rows * columns;
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) result[r][c] += values[start + r * columns + c] / n;
      }
    }
  }
  return result;
}

/**
 * A side with its rows: slot by word, target by slot, target by word (empty in context "latent"), and both hops in one.
 * @param {Side} side
 * @param {number} m slots
 * @param {{ encoder: Head, decoder: Head }} heads
 */
export function read(side, m, heads) {
  const encoder = rowsOf(side.encoder, heads.encoder);
  const cross = rowsOf(side.cross, heads.decoder);
  const decoder = rowsOf(side.decoder, heads.decoder);
  const slotWord = encoder.slice(0, m).map((row) => row.slice(m));
  const targetSlot = cross.map((row) => row.slice(0, m));
  const direct = cross.map((row) => row.slice(m));
  // Of what a target word reads from the slots, how much each slot brought from each source word: it adds up to 1.
  const hops = targetSlot.map((row) => {
    const paths = row.map((w, slot) => slotWord[slot].map((x) => w * x));
    const total = sum(paths.map(sum)) || 1;
    return paths.map((words) => words.map((x) => x / total));
  });
  const through = hops.map((slots) => side.source.map((_, s) => sum(slots.map((words) => words[s]))));
  return { side, encoder, cross, decoder, slotWord, targetSlot, direct, hops, through };
}

/**
 * What a kind of heat map shows: labels and rows, in the last column what goes elsewhere, so that every row adds up to
 *   1.
 * @param {Rows} rows
 * @param {string} kind
 * @param {{ n_slots: number, kinds?: string[] }} answer
 */
export function matrix({ side, encoder, decoder, cross }, kind, { n_slots: m, kinds: [reader, writer] = [] }) {
  const slots = Array.from({ length: m }, (_, i) => t('slot {n}', { n: i }));
  const both = [...slots, ...side.source];
  const isSource = side.context === 'source';
  /** @param {number[][]} rows @param {number} from @param {number} [to] */
  const rest = (rows, from, to) => rows.map((row) => [...row.slice(from, to), sum(row) - sum(row.slice(from, to))]);
  /**
   * @param {'encoder' | 'decoder'} part
   * @param {string} entropy
   * @param {string[]} rows
   * @param {string[]} columns
   * @param {number[][]} values
   */
  const map = (part, entropy, rows, columns, values, hasRest = false) => ({
    part,
    entropy,
    rows,
    columns,
    values,
    hasRest,
  });
  switch (kind) {
    case 'slots':
      return map('encoder', 'slots', slots, [...side.source, t('slots')], rest(encoder.slice(0, m), m), true);
    case 'encoder': // what is an LSTM does not look at itself
      return map('encoder', 'encoder', both, both, reader === 'lstm' ? [] : encoder);
    case 'toSlots': {
      const columns = isSource ? [...slots, t('words')] : slots;
      return map('decoder', 'cross', side.target, columns, !m ? [] : isSource ? rest(cross, 0, m) : cross, isSource);
    }
    case 'toSource':
      return map('decoder', 'cross', side.target, [...side.source, t('slots')], isSource ? rest(cross, m) : [], true);
    default: {
      const columns = [`<${side.language}>`, ...side.target.slice(0, -1)];
      return map('decoder', 'decoder', side.target, columns, writer === 'lstm' ? [] : decoder);
    }
  }
}

/**
 * The chosen layer and head of the encoder or the decoder in words.
 * @param {string} part
 * @param {Side} side
 * @param {Head} which
 */
export function selection(part, side, which) {
  const [layer, head] = chosen(which, shapeOf(side, part));
  const name = part === 'encoder' ? t('encoder') : t('decoder');
  if (layer < 0 && head < 0) return t('{part}: mean of all layers and heads', { part: name });
  const layers = layer < 0 ? t('all layers') : t('layer {n}', { n: layer });
  return `${name}: ${layers}, ${head < 0 ? t('all heads') : t('head {n}', { n: head })}`;
}
