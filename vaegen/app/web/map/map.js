// The map of the latent space: point at it and read what lives there; place your own sentences on it, or fit it to
// them.
import { choice, select, slider } from '../core/controls.js';
import { box, button, make } from '../core/dom.js';
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { either, list, maybe, number, record, text, tuple, whole } from '../core/rules.js';
import { choose, listeners, rangeOf, settingsOf, state } from '../core/state.js';
import { openTab } from '../core/tabs.js';
import { adopt, exportBar, makeView } from '../core/view.js';
import { ownSheet, pointRows, shippedSheet, TITLES } from './data.js';
import { loadPlotly, makeFigure } from './figure.js';
import { makeFinder } from './finder.js';
import { ownControls, placedTable, progressOf } from './own.js';
import { herePanel } from './panel.js';

/** @typedef {import('./data.js').Sheet} Sheet */

const coordinate = number(-1e6, 1e6);
const place = either(tuple(coordinate, coordinate), tuple(coordinate, coordinate, coordinate));
const blend = list(tuple(text(page.most.text), number(1e-9, 1e9)), 20);
const params = settingsOf('map', {
  colour: { default: 'language', rule: text(40, /^\w+$/) },
  // What was asked about: a point, a place, or one of a map of own sentences with those that lie around it.
  spot: {
    default: null,
    rule: maybe(
      either(
        record({ index: whole(0, 1e6) }),
        record({ at: place }),
        record({ ownAt: place }),
        record({ ownAt: place, blend }),
      ),
    ),
  },
});
/** The checkpoints that have a map, with its address. */
const mapsByName = () => Object.entries(page.maps).filter(([name]) => name);
const mapOf = (/** @type {string} */ name) => (Object.hasOwn(page.maps, name) ? page.maps[name] : '');

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  /** @type {Sheet | null} the map that is shown */
  let sheet = null;
  /** @type {Sheet | null} */
  let shipped = null;
  /** @type {any} what lives where one asked */
  let there = null;
  /** @type {any} own sentences that were placed */
  let own = null;
  let loading = 0;
  /** @type {string | null} of the map that is shown */
  let checkpoint = null;

  // A new current sentence is what one wants to see, not the place that was asked about before it.
  let before = JSON.stringify(state.a);
  listeners.add(() => {
    if (JSON.stringify(state.a) !== before) params.spot = null;
    before = JSON.stringify(state.a);
  });
  const view = makeView(part, {
    name: 'map',
    lead: t(
      'Each dot is one sentence as the model sees it, its latent: a caption of ours, or one ' +
        'that the model drew. Near means alike in the latent space; distances far apart mean ' +
        'little. Click a dot, or the space between, to read what lives there.',
    ),
    draw(answer, value) {
      if (answer.kind === 'map') {
        there = answer;
        drawHere();
        figure.drawMarks();
      } else drawOwn(answer, value);
      drawTools();
    },
  });
  const { ask } = view;
  /** Of a checkpoint without a map there is nothing to ask but a map of one's own sentences. @param {any} [extra] */
  view.ask = (extra = {}) => {
    if (extra.lines || mapOf(state.checkpoint)) ask(extra);
  };

  const here = make('div', 'vg-map-here', undefined, { 'aria-live': 'polite' });
  const [mine, note] = [box('vg-map-own'), make('p', 'vg-caption')];
  const finder = makeFinder({ sheet: () => sheet, onPoint, onFound: () => figure.drawMarks() });
  const none = make('div', 'vg-notice vg-map-none', undefined, { hidden: '' });
  const figure = makeFigure({
    params,
    scene: () => ({ sheet, there, own, hits: finder.hits() }),
    onPoint,
    onSpace,
    onSelect: (points) => finder.select(points),
    onError: (error) => (note.textContent = t('The map could not be drawn: {why}', { why: error.message })),
  });
  view.body.append(none, figure.node, note, mine, finder.table, here);

  // -- Which map is shown
  async function open() {
    const turn = ++loading;
    const url = mapOf(state.checkpoint);
    const [data] = await Promise.all([url ? fetch(url).then((response) => response.json()) : null, loadPlotly()]);
    if (turn !== loading) return;
    const name = mapsByName().find(([, one]) => one === url)?.[0] ?? '';
    shipped = data && shippedSheet(data, name);
    note.textContent = '';
    use(shipped);
  }
  /** @param {Sheet | null} next */
  function use(next) {
    sheet = next;
    if (sheet?.isOwn) own = null;
    figure.forget();
    figure.node.hidden = !sheet;
    none.hidden = Boolean(sheet);
    view.tools.hidden = !sheet;
    finder.again();
    if (!sheet) return drawNone();
    if (!sheet.projections.includes(params.projection)) params.projection = 'umap2';
    if (!Object.hasOwn(sheet.colourings, params.colour)) params.colour = 'language';
    build();
    figure.draw();
    if (there && shipped) drawHere();
  }
  /** In place of a map that is not there: the ways to one. */
  function drawNone() {
    const [first] = mapsByName();
    const command = `vaegen map --checkpoint checkpoints/${state.checkpoint || 'NAME'}`;
    none.replaceChildren(
      make('p', '', t('This checkpoint has no map.')),
      box(
        'vg-tools',
        ...(first
          ? [button(t('Show the map of {name}', { name: first[0] }), () => choose(first[0]), { kind: 'primary' })]
          : []),
        button(t('Choose a checkpoint'), () => openTab('inside')),
      ),
      make('p', 'vg-caption', t('To make one: {command}', { command })),
    );
    build();
    view.status.textContent = '';
    for (const part of [mine, here]) part.replaceChildren();
    own = null;
  }
  function show() {
    checkpoint = state.checkpoint;
    open().catch((error) => (note.textContent = t('The map could not be loaded: {why}', { why: error.message })));
  }
  listeners.add(() => {
    if (checkpoint !== null && state.checkpoint !== checkpoint && view.root.offsetParent) show();
  });
  new IntersectionObserver(() => {
    if (!view.root.offsetParent) return;
    if (state.checkpoint !== checkpoint) show();
    else figure.draw();
  }).observe(view.root);

  // -- What one points at
  /** @param {number} i */
  function onPoint(i) {
    if (!sheet?.isOwn) return view.set({ spot: { index: i } });
    params.spot = { ownAt: sheet.at(params.projection).map((column) => column[i]) };
    const { spot } = params;
    adopt({ text: sheet.textOf(i), language: sheet.languageOf(i) });
    params.spot = spot;
  }
  /** @param {import('./plot.js').Spot} at */
  function onSpace(at) {
    if (!sheet?.isOwn) return view.set({ spot: { at } });
    const { textOf } = sheet;
    const columns = sheet.at(params.projection);
    const distances = columns[0].map((_, i) => Math.hypot(...columns.map((column, k) => column[i] - at[k])));
    const nearest = [...distances.keys()].sort((i, j) => distances[i] - distances[j]).slice(0, 10);
    view.set({ spot: { ownAt: at, blend: nearest.map((i) => [textOf(i), 1 / (distances[i] + 1e-6)]) } });
  }
  function drawHere() {
    const on = { offPlane: params.off_plane, projection: params.projection, onPoint };
    here.replaceChildren(...herePanel(there, sheet, on));
  }
  function drawTools() {
    const rows = (/** @type {Sheet} */ of) => pointRows(of, finder.listed() ?? [...Array(of.n).keys()]);
    exportBar(view, { rows: () => (sheet ? rows(sheet) : []) });
    for (const format of /** @type {const} */ (['svg', 'png'])) {
      const save = () => figure.save(format);
      view.tools.append(button(format.toUpperCase(), save, { kind: 'link', title: t('Download the figure') }));
    }
  }
  /** What became of one's own sentences, as far as it is. @param {any} answer @param {any} value */
  function drawOwn(answer, value) {
    if (!answer.is_complete) {
      const { said, bar } = progressOf(answer, value.phase);
      view.status.textContent = said;
      return mine.replaceChildren(...bar);
    }
    view.status.textContent = t('{n} sentences in {s} s', { n: answer.lines.length, s: answer.seconds.toFixed(1) });
    if (answer.fit) {
      use(ownSheet(answer, shipped?.checkpoint ?? state.checkpoint));
      const back = () => {
        mine.replaceChildren();
        use(shipped);
      };
      return mine.replaceChildren(...(shipped ? [button(t('Back to the shipped map'), back)] : []));
    }
    if (sheet?.isOwn) use(shipped);
    own = answer;
    mine.replaceChildren(
      placedTable(answer, shipped, () => {
        own = null;
        mine.replaceChildren();
        figure.draw();
      }),
    );
    figure.draw();
  }

  // -- Controls
  /** @param {Record<string, any>} values */
  function redraw(values) {
    Object.assign(params, values);
    build();
    figure.draw();
    if (there) drawHere();
  }
  /** @param {string} projection */
  function move(projection) {
    figure.forget();
    if (params.spot?.at || params.spot?.ownAt) params.spot = null;
    redraw({ projection });
  }
  function build() {
    const isOpen = Boolean(own || sheet?.isOwn);
    const mineControls = ownControls({ params, hasMap: Boolean(shipped), isOpen, ask: view.ask });
    if (!none.hidden) return view.controls.replaceChildren(mineControls);
    const isFlat = params.projection.startsWith('pca');
    const colourings = Object.entries(sheet?.colourings ?? { language: { label: t('Language') } });
    view.controls.replaceChildren(
      choice({
        label: t('Map'),
        value: params.projection,
        onInput: move,
        options: (sheet?.projections ?? Object.keys(TITLES)).map((name) => [name, TITLES[name]]),
        help: isFlat
          ? t('The directions of most variance: exact, any place can be read.')
          : t('Keeps neighbours together; distances between clusters say little.'),
      }),
      ...(isFlat && !sheet?.isOwn ? [offPlane()] : []),
      select({
        label: t('Colour and shape'),
        options: colourings.map(([name, one]) => [name, one.label]),
        value: params.colour,
        onInput: (colour) => redraw({ colour }),
      }),
      finder.node,
      slider({
        label: t('Neighbours'),
        ...rangeOf('map', 'k'),
        step: 1,
        value: params.k,
        onInput: (k) => view.set({ k }),
      }),
      choice({
        label: t('Walk from A to B'),
        options: [
          ['slerp', t('Arc')],
          ['lerp', t('Straight line')],
        ],
        value: params.method,
        onInput: (method) => view.set({ method }),
      }),
      mineControls,
    );
  }
  const offPlane = () =>
    choice({
      label: t('Off the plane'),
      options: [
        ['mean', t('Average')],
        ['a', t('Like A')],
      ],
      value: params.off_plane,
      help: t('What the hundreds of other dimensions are where you click.'),
      onInput: (off_plane) => view.set({ off_plane }),
    });
  view.build = build;
  build();
}
