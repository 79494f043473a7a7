// Part of attention.js: from the weights that arrive to the rows of numbers that are drawn.
const share = (x) => `${(100 * x).toFixed(1)}\u00a0%`;
const sum = (values) => values.reduce((total, x) => total + x, 0);

/** The chosen [layer, head] of a map; -1 is the mean, also where another checkpoint has fewer. */
function chosen(part, [layers, heads]) {
  const [layer, head] = params[part];
  return [layer < layers ? layer : -1, head < heads ? head : -1];
}
const shapeOf = (side, part) => (part === 'encoder' ? side.encoder : side.cross).shape;

/** Rows of weights, the mean over the chosen layers and heads. They travel as 16-bit integers, lowest byte first. */
function rowsOf({ shape: [layers, heads, rows, columns], data }, part) {
  const values = new Uint16Array(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
  const [layer, head] = chosen(part, [layers, heads]);
  const result = Array.from({ length: rows }, () => new Array(columns).fill(0));
  const n = (layer < 0 ? layers : 1) * (head < 0 ? heads : 1) * 65535;
  for (let l = 0; l < layers; l++) for (let h = 0; h < heads; h++) {
    if ((layer >= 0 && l !== layer) || (head >= 0 && h !== head)) continue;
    const start = (l * heads + h) * rows * columns;
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[r][c] += values[start + r * columns + c] / n;
  }
  return result;
}

/** A side with its rows: slot by word, target by slot, target by word (empty in context "latent"), and both hops in one. */
function read(side) {
  const m = view.answer.n_slots;
  const encoder = rowsOf(side.encoder, 'encoder'), cross = rowsOf(side.cross, 'decoder'), decoder = rowsOf(side.decoder, 'decoder');
  const slotWord = encoder.slice(0, m).map((row) => row.slice(m));
  const targetSlot = cross.map((row) => row.slice(0, m)), direct = cross.map((row) => row.slice(m));
  // Of what a target word reads from the slots, how much each slot brought from each source word: it adds up to 1.
  const hops = targetSlot.map((row) => {
    const paths = row.map((w, slot) => slotWord[slot].map((x) => w * x)), total = sum(paths.map(sum)) || 1;
    return paths.map((words) => words.map((x) => x / total));
  });
  const through = hops.map((slots) => side.source.map((_, s) => sum(slots.map((words) => words[s]))));
  return { side, encoder, cross, decoder, slotWord, targetSlot, direct, hops, through };
}

/** What a kind of heat map shows: labels and rows, in the last column what goes elsewhere, so that every row adds up to 1. */
function matrix({ side, encoder, decoder, cross }) {
  const [reader, writer] = view.answer.kinds ?? [];  // what is an LSTM does not look at itself
  const m = view.answer.n_slots, slots = Array.from({ length: m }, (_, i) => t('slot {n}', { n: i })), both = [...slots, ...side.source];
  const source = side.context === 'source';
  const rest = (rows, from, to) => rows.map((row) => [...row.slice(from, to), sum(row) - sum(row.slice(from, to))]);
  return {
    slots: { part: 'encoder', entropy: 'slots', rows: slots, columns: [...side.source, t('slots')], values: rest(encoder.slice(0, m), m), rest: true },
    encoder: { part: 'encoder', entropy: 'encoder', rows: both, columns: both, values: reader === 'lstm' ? [] : encoder },
    toSlots: { part: 'decoder', entropy: 'cross', rows: side.target, columns: source ? [...slots, t('words')] : slots, values: !m ? [] : source ? rest(cross, 0, m) : cross, rest: source },
    toSource: { part: 'decoder', entropy: 'cross', rows: side.target, columns: [...side.source, t('slots')], values: source ? rest(cross, m) : [], rest: true },
    decoder: { part: 'decoder', entropy: 'decoder', rows: side.target, columns: [`<${side.language}>`, ...side.target.slice(0, -1)], values: writer === 'lstm' ? [] : decoder },
  }[params.kind];
}

/** The chosen layer and head of the encoder or the decoder in words. */
function selection(part) {
  const [layer, head] = chosen(part, shapeOf(view.answer.sides[0], part)), name = part === 'encoder' ? t('encoder') : t('decoder');
  if (layer < 0 && head < 0) return t('{part}: mean of all layers and heads', { part: name });
  return `${name}: ${layer < 0 ? t('all layers') : t('layer {n}', { n: layer })}, ${head < 0 ? t('all heads') : t('head {n}', { n: head })}`;
}
