// The heat map of a kind, and the strip of entropies that chooses its layer and head.
import { box, button, make, say, svg } from '../core/dom.js';
import { download, png, standalone } from '../core/files.js';
import { t } from '../core/messages.js';
import { fit, longest } from './measure.js';
import { GAP } from './picture.js';
import { chosen, matrix, selection, share } from './weights.js';

/** @typedef {import('./weights.js').Rows} Rows */
/** @typedef {ReturnType<typeof matrix>} Matrix */
/**
 * @typedef {object} Setting
 * @property {any} answer
 * @property {Record<string, any>} params
 * @property {number} width of the page for all maps
 * @property {string} kindName
 * @property {(values: Record<string, any>) => void} set
 */

/** @param {Rows} data @param {number} index @param {Setting} on */
export function drawMap(data, index, on) {
  const { answer, params } = on;
  const map = matrix(data, params.kind, answer);
  if (!map.values.length) return make('p', 'vg-caption', nothing(params.kind, answer.n_slots));
  const head = make('p', 'vg-attention-fact');
  const drawing = drawHeat(map, data.side, index, head, on);
  const file = `vaegen-attention-${params.kind}`;
  const title = t('Download the heat map');
  const tools = box(
    'vg-tools',
    button('SVG', () => download(file + '.svg', standalone(drawing), 'image/svg+xml'), { kind: 'link', title }),
    button('PNG', async () => download(file + '.png', await png(drawing)), { kind: 'link', title }),
  );
  return box(
    'vg-attention-map',
    strip(data.side, map, index, on),
    box('vg-attention-heat-box', box('vg-bar', head, tools), box('vg-attention-scroll', drawing)),
  );
}

/** Why a kind of heat map has nothing to show. @param {string} kind @param {number} n_slots */
function nothing(kind, n_slots) {
  if (kind === 'decoder')
    return t(
      'The decoder of this checkpoint is an LSTM: it remembers what it has written and does not ' + 'look back at it.',
    );
  if (kind === 'encoder')
    return t(
      'The encoder of this checkpoint is an LSTM: its words do not look at each other; “Slots ' +
        'at source words” shows what its slots read.',
    );
  return n_slots ? t('With “latent only” the decoder sees no source words.') : t('This checkpoint has no slots.');
}

/** Where the cells of a heat map lie. @param {Matrix} map @param {number} room */
function grid(map, room) {
  const left = Math.min(110, longest(map.rows) * 0.82 + 10);
  const top = Math.min(96, longest(map.columns) * 0.62 + 14);
  const slant = top * 0.7;
  const size = Math.max(13, Math.min(30, (room - left - slant - 4) / (map.columns.length + 0.4)));
  const tall = Math.max(16, Math.min(size, 24));
  const last = map.columns.length - 1;
  const isRest = (/** @type {number} */ c) => map.hasRest && c === last;
  const x = (/** @type {number} */ c) => left + c * size + (isRest(c) ? 0.4 * size : 0);
  const y = (/** @type {number} */ r) => top + r * tall;
  const width = Math.max(x(last) + size + slant, Math.min(room, 320));
  return { left, top, size, tall, x, y, isRest, width, height: y(map.rows.length) + 20 };
}

/**
 * The heat map; `head` says what the pointer or the arrow keys are at.
 * @param {Matrix} map
 * @param {import('./weights.js').Side} side
 * @param {number} index
 * @param {HTMLElement} head
 * @param {Setting} on
 */
function drawHeat(map, side, index, head, { answer, params, width, kindName }) {
  const isBeside = answer.sides.length > 1 && width > 640;
  const { left, top, size, tall, x, y, isRest, ...frame } = grid(map, isBeside ? (width - GAP) / 2 : width);
  const most = Math.max(1e-6, ...map.values.flatMap((row) => row.filter((_, c) => !isRest(c))));
  const foot = `${answer.checkpoint} · ${selection(map.part, side, params[map.part])} · 0 … ${share(most)}`;
  /** @param {string} text @param {Record<string, string | number>} attributes */
  const tick = (text, attributes) => svg('text', { class: 'vg-attention-tick', ...attributes }, [], fit(text, 130));
  /** @param {number} r @param {number} c @param {number} w */
  const cell = (r, c, w) =>
    svg('rect', {
      class: 'vg-attention-cell' + (isRest(c) ? ' vg-attention-rest' : ''),
      x: x(c),
      y: y(r),
      width: size - 1,
      height: tall - 1,
      'fill-opacity': (isRest(c) ? 0.6 * w : w / most).toFixed(3),
    });
  const cursor = svg('rect', { class: 'vg-attention-cursor', width: size - 1, height: tall - 1, visibility: 'hidden' });
  const label = `${kindName}. ${foot}. ${t('Arrow keys read the weights.')}`;
  const attributes = {
    class: 'vg-attention-heat',
    role: 'img',
    tabindex: '0',
    'aria-label': label,
    'data-key': 'heat-' + index,
  };
  const drawing = svg('svg', { ...attributes, ...frame }, [
    ...map.columns.map((text, c) => tick(text, { transform: `translate(${x(c) + size / 2} ${top - 5}) rotate(-45)` })),
    ...map.rows.map((text, r) =>
      tick(text, { x: left - 6, y: y(r) + tall / 2, 'text-anchor': 'end', 'dominant-baseline': 'central' }),
    ),
    ...map.values.flatMap((row, r) => row.map((w, c) => cell(r, c, w))),
    cursor,
    svg('text', { class: 'vg-attention-about', x: 0, y: y(map.rows.length) + 14 }, [], foot),
  ]);
  let at = [0, 0];
  /** @param {number} r @param {number} c */
  function show(r, c) {
    at = [Math.max(0, Math.min(r, map.rows.length - 1)), Math.max(0, Math.min(c, map.columns.length - 1))];
    const place = { x: x(at[1]), y: y(at[0]), visibility: 'visible' };
    for (const [name, value] of Object.entries(place)) cursor.setAttribute(name, String(value));
    head.textContent = `${map.rows[at[0]]} → ${map.columns[at[1]]}: ${share(map.values[at[0]][at[1]])}`;
  }
  function hide() {
    cursor.setAttribute('visibility', 'hidden');
    head.textContent = t('Point at a cell, or move with the arrow keys.');
  }
  drawing.addEventListener('pointermove', (event) => {
    const edge = drawing.getBoundingClientRect();
    const r = Math.floor((event.clientY - edge.top - top) / tall);
    const px = event.clientX - edge.left;
    const c = map.columns.findIndex((_, i) => px >= x(i) && px < x(i) + size);
    if (r >= 0 && r < map.rows.length && c >= 0) show(r, c);
    else hide();
  });
  drawing.addEventListener('pointerleave', hide);
  drawing.addEventListener('focus', () => show(at[0], at[1]));
  drawing.addEventListener('blur', hide);
  drawing.addEventListener('keydown', (event) => {
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    show(at[0] + step[0], at[1] + step[1]);
    say(head.textContent ?? '');
  });
  hide();
  return drawing;
}

/**
 * Entropy of each layer and head; every cell is the button that chooses it, a second press goes back to the mean.
 * @param {import('./weights.js').Side} side
 * @param {Matrix} map
 * @param {number} index
 * @param {Setting} on
 */
function strip(side, map, index, { params, set }) {
  const table = side.entropy[map.entropy];
  const [layer, head] = chosen(params[map.part], [table.length, table[0].length]);
  /** @type {Record<string, import('./weights.js').Packed>} */
  const weights = { encoder: side.encoder, slots: side.encoder, decoder: side.decoder, cross: side.cross };
  const most = Math.log(weights[map.entropy].shape[3]);
  /** @param {number} l @param {number} h @param {string} text @param {number} [entropy] */
  function pick(l, h, text, entropy) {
    const isOn = l === layer && h === head;
    const node = button(text, () => set({ [map.part]: isOn ? [-1, -1] : [l, h] }), { key: `head-${index}-${l}-${h}` });
    node.className = 'vg-attention-pick';
    node.setAttribute('aria-pressed', String(isOn));
    if (entropy !== undefined) {
      node.style.setProperty('--share', String(Math.min(1, entropy / most)));
      node.setAttribute('aria-label', t('layer {l}, head {h}: entropy {e} nats', { l, h, e: text }));
    }
    return node;
  }
  /** @param {Node} child @param {Record<string, string>} [attributes] */
  const th = (child, attributes) => make('th', '', undefined, attributes, [child]);
  const heads = table[0].map((_, h) => th(pick(-1, h, t('head {n}', { n: h })), { scope: 'col' }));
  const rows = table.map((row, l) => {
    const cells = row.map((e, h) => make('td', '', undefined, {}, [pick(l, h, e.toFixed(2), e)]));
    return make('tr', '', undefined, {}, [th(pick(l, -1, t('layer {n}', { n: l })), { scope: 'row' }), ...cells]);
  });
  const top = make('tr', '', undefined, {}, [th(pick(-1, -1, t('mean'))), ...heads]);
  const said = t(
    'Entropy of the rows in nats: 0 looks at one place, {n} at all alike. Choose a layer, a ' +
      'head or the mean; the picture above follows.',
    { n: most.toFixed(2) },
  );
  return box(
    'vg-attention-strip',
    make('table', '', undefined, { 'aria-label': t('Entropy by layer and head') }, [top, ...rows]),
    make('p', 'vg-caption', said),
  );
}
