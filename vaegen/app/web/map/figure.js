// The figure: draws what is on the map, and says where people point.
import { box, isDark, make } from '../core/dom.js';
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { axes } from './data.js';
import { labelsInSight } from './labels.js';
import { fillCard } from './panel.js';
import { annotations, captionLines, categories, deepMarks, flatMarks, layoutOf, ownTrace } from './plot.js';

/** @typedef {import('./data.js').Sheet} Sheet */
/** @typedef {import('./plot.js').Spot} Spot */
/**
 * @typedef {object} Scene what is to be drawn
 * @property {Sheet | null} sheet
 * @property {any} there the answer to what was asked last
 * @property {any} own somebody's own sentences, placed on the shipped map
 * @property {number[]} hits of a search
 */

/** Hits of a search that are marked; more would hide the map. */
export const MOST_HITS = 200;
const CONFIG = {
  responsive: true,
  displayModeBar: true,
  scrollZoom: true,
  displaylogo: false,
  showSendToCloud: false,
  modeBarButtonsToRemove: ['autoScale2d', 'toImage'],
  doubleClick: 'reset',
};

/** @type {Promise<any> | null} */
let plotly = null;
/**
 * Plotly, from the app's own host; a script of the old kind, that leaves a global of its own.
 * @returns {Promise<any>}
 */
export function loadPlotly() {
  plotly ??= new Promise((done, fail) => {
    const script = make('script', '', undefined, { src: page.plotly });
    script.onload = () => done(/** @type {any} */ (globalThis).Plotly);
    script.onerror = () => fail(new Error(t('The chart library could not be loaded; reload the page.')));
    document.head.append(script);
  });
  return plotly;
}

/**
 * @param {object} on
 * @param {Record<string, any>} on.params of the view
 * @param {() => Scene} on.scene
 * @param {(i: number) => void} on.onPoint
 * @param {(at: Spot) => void} on.onSpace
 * @param {(points: number[] | null) => void} on.onSelect null: the selection was taken back
 * @param {(error: Error) => void} on.onError
 */
export function makeFigure({ params, scene, onPoint, onSpace, onSelect, onError }) {
  const said = t(
    'Map of the latent space. Arrow keys move a cross, Enter reads what lives there, plus and ' + 'minus zoom.',
  );
  /** @type {any} Plotly adds to it */
  const figure = make('div', 'vg-map-figure', undefined, { tabindex: 0, role: 'application', 'aria-label': said });
  const card = make('div', 'vg-map-card', undefined, { hidden: '' });
  const node = box('vg-map-box', figure, card);
  /** @type {Spot | null} */
  let cursor = null;
  let drawn = Promise.resolve();
  let isListening = false;
  /** @type {object[]} */
  let points = [];
  let pointsKey = '';

  /**
   * What is marked: places of the map. Where A, B and the line between them lie, only the shipped map knows.
   * @param {Sheet} sheet
   */
  function marks(sheet) {
    const { projection, spot } = params;
    const { there, hits } = scene();
    const isKnown = there && !sheet.isOwn;
    const path = /** @type {Spot[]} */ (isKnown ? there.path[projection] : []);
    const asked = isKnown && !['a', 'blend'].includes(there.how) ? [there.where[projection]] : [];
    const columns = sheet.at(projection);
    return {
      path,
      cursor,
      ends: isKnown ? [path[0], path[path.length - 1]] : [],
      labels: labelsInSight(figure._fullLayout, sheet, projection),
      spot: /** @type {Spot[]} */ (sheet.isOwn ? (spot?.ownAt ? [spot.ownAt] : []) : asked),
      hits: hits.slice(0, MOST_HITS).map((i) => columns.map((column) => column[i])),
    };
  }
  const lines = (/** @type {Sheet} */ sheet, wide = figure.clientWidth) =>
    captionLines(sheet, params.projection, wide - 10);

  /**
   * Draws after what is being drawn, as Plotly's promises must not overlap, and after the words that have just
   * come are painted.
   * @param {(Plotly: any, sheet: Sheet) => unknown} job
   */
  function inTurn(job) {
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    drawn = drawn
      .then(painted)
      .then(async () => {
        const { sheet } = scene();
        if (sheet && figure.offsetParent) await job(await loadPlotly(), sheet);
      })
      .catch(onError);
    return drawn;
  }
  /** Draws everything. */
  const draw = () =>
    inTurn(async (Plotly, sheet) => {
      const { projection, colour: by } = params;
      const { own } = scene();
      const key = [sheet.checkpoint, sheet.isOwn, sheet.n, projection, by, isDark()].join();
      if (key !== pointsKey) points = categories(sheet, projection, by);
      pointsKey = key;
      const marked = marks(sheet);
      const deep = axes(projection) === 3;
      const caption = lines(sheet);
      const words = annotations(marked, projection, caption);
      const mine = ownTrace(own && !sheet.isOwn ? own.where[projection] : [], projection);
      const traces = [...points, mine, ...(deep ? deepMarks(marked, projection) : [])];
      const layout = layoutOf(sheet, projection, words, deep ? [] : flatMarks(marked), caption.length);
      await Plotly.react(figure, traces, layout, CONFIG);
      listen();
      const isFirst = !figure.dataset.ready;
      figure.dataset.ready = 'true';
      if (isFirst) drawMarks(); // labels need to know what is in sight
    });
  /** Draws the marks alone where that can be done. */
  const drawMarks = () =>
    axes(params.projection) === 3 || !figure.dataset.ready
      ? draw()
      : inTurn((Plotly, sheet) => {
          const marked = marks(sheet);
          const { flat } = annotations(marked, params.projection, lines(sheet));
          return Plotly.relayout(figure, { shapes: flatMarks(marked), annotations: flat });
        });

  // -- Pointer and keys
  function listen() {
    if (isListening) return;
    isListening = true;
    figure.on('plotly_click', (/** @type {any} */ event) => {
      const [hit] = event.points ?? [];
      if (hit?.customdata !== undefined) onPoint(hit.customdata);
      else if (event.xvals && axes(params.projection) === 2)
        onSpace([[event.xvals].flat()[0], [event.yvals].flat()[0]]);
    });
    figure.on('plotly_hover', hover);
    figure.on('plotly_unhover', () => (card.hidden = true));
    figure.on('plotly_relayout', (/** @type {object} */ change) => {
      if (Object.keys(change).some((name) => name.includes('axis.'))) drawMarks();
    });
    figure.on('plotly_selected', (/** @type {any} */ event) => {
      const chosen = event?.points?.map((/** @type {any} */ one) => one.customdata);
      if (chosen) onSelect(chosen.filter((/** @type {any} */ i) => i !== undefined));
    });
    figure.on('plotly_deselect', () => onSelect(null));
  }
  /** @param {any} event */
  function hover({ points: hits, event }) {
    const i = hits?.[0]?.customdata;
    const { sheet } = scene();
    if (i === undefined || !sheet) return;
    fillCard(card, sheet, i);
    card.hidden = false;
    const edge = figure.getBoundingClientRect();
    const [x, y] = [event.clientX - edge.left, event.clientY - edge.top];
    const isLow = y + 18 + card.offsetHeight > edge.height;
    card.style.left = `${Math.max(0, Math.min(x + 14, edge.width - card.offsetWidth - 4))}px`;
    card.style.top = `${isLow ? Math.max(0, y - card.offsetHeight - 14) : y + 18}px`;
  }
  figure.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    const { sheet } = scene();
    if (!sheet || axes(params.projection) === 3 || !figure._fullLayout) return;
    const { xaxis, yaxis } = figure._fullLayout;
    const [width, height] = [xaxis, yaxis].map(({ range }) => range[1] - range[0]);
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    /** @type {Record<string, number>} */
    const zooms = { '+': 0.7, '=': 0.7, '-': 1 / 0.7 };
    const [step, zoom] = [steps[event.key], zooms[event.key]];
    if (!step && !zoom && event.key !== 'Enter') return;
    event.preventDefault();
    const [x, y] = cursor ?? [xaxis.range[0] + width / 2, yaxis.range[0] + height / 2];
    cursor = [x, y];
    if (step) {
      cursor = [x + (step[0] * width) / 40, y + (step[1] * height) / 40];
      drawMarks();
    } else if (zoom) {
      /** @param {number} middle @param {number} span */
      const around = (middle, span) => [middle - (span * zoom) / 2, middle + (span * zoom) / 2];
      loadPlotly().then((Plotly) =>
        Plotly.relayout(figure, { 'xaxis.range': around(x, width), 'yaxis.range': around(y, height) }),
      );
    } else {
      const [xs, ys] = sheet.at(params.projection);
      const i = xs.findIndex((px, k) => Math.abs(px - x) < width / 100 && Math.abs(ys[k] - y) < height / 100);
      if (i >= 0) onPoint(i);
      else onSpace(cursor);
    }
  });
  let width = 0;
  new ResizeObserver(() => {
    // the caption has other lines then
    if (!figure.clientWidth || figure.clientWidth === width) return;
    width = figure.clientWidth;
    draw();
  }).observe(figure);

  return {
    node,
    draw,
    drawMarks,
    /** Forgets where the arrow keys were: another map has other places. */
    forget() {
      cursor = null;
    },
    /** Downloads the figure. @param {'svg' | 'png'} format */
    async save(format) {
      const size = { width: figure.offsetWidth, height: figure.offsetHeight, scale: 2 };
      const Plotly = await loadPlotly();
      if (scene().sheet) Plotly.downloadImage(figure, { format, filename: `vaegen-map-${params.projection}`, ...size });
    },
  };
}
