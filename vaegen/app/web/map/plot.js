// The picture as Plotly wants it: points by category, marks on it, words in it. Flat marks are SVG: at 5,000 points
// that is drawn in a tenth of the time that WebGL takes where a processor has to do the graphics.
import { t } from '../core/messages.js';
import { axes, QUIET } from './data.js';

/** @typedef {import('./data.js').Sheet} Sheet */
/** @typedef {number[]} Spot x, y and z */
/**
 * @typedef {object} Marks
 * @property {Spot[]} path from A to B
 * @property {Spot[]} ends A and B
 * @property {Spot[]} spot that is read below
 * @property {Spot[]} hits of a search
 * @property {Spot | null} cursor of the arrow keys
 * @property {[Spot, string][]} labels
 */

const FLAT = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'star', 'triangle-down', 'x'];
const DEEP = ['circle', 'square', 'diamond', 'cross', 'x', 'circle-open', 'square-open', 'diamond-open']; // all that 3-D has
const SMALL = 11;
const LINE = 14;

/** @param {string} name of a custom property */
export const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
/** @param {string} projection */
const isDeep = (projection) => axes(projection) === 3;

/**
 * One trace for each category, so that the legend can hide it.
 * @param {Sheet} sheet
 * @param {string} projection
 * @param {string} colouring
 */
export function categories(sheet, projection, colouring) {
  const { names, of } = sheet.colourings[colouring];
  const deep = isDeep(projection);
  /** @type {Map<number, number[]>} */
  const members = new Map();
  for (let i = 0; i < sheet.n; i++) {
    const key = of(i);
    members.set(key, members.get(key) ?? []);
    members.get(key)?.push(i);
  }
  const columns = sheet.at(projection);
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([key, points]) => {
      const [x, y, z] = columns.map((column) => points.map((i) => column[i]));
      const symbol = (deep ? DEEP : FLAT)[(key + Math.floor(key / 8) * 3) % 8];
      const marker =
        key === QUIET
          ? { color: colour('--vg-c7'), symbol: 'circle', size: deep ? 1.5 : 3, opacity: 0.35 }
          : { color: colour(`--vg-c${key % 8}`), symbol, size: deep ? 3 : 6, opacity: 0.75 };
      return {
        type: deep ? 'scatter3d' : 'scatter',
        mode: 'markers',
        x,
        y,
        ...(deep ? { z } : {}),
        customdata: points,
        name: key === QUIET ? t('not said') : names[key],
        marker,
        hoverinfo: 'none',
        unselected: { marker: { opacity: 0.12 } },
      };
    });
}

/**
 * A trace over the points that no click can hit.
 * @param {Spot[]} places
 * @param {string} projection
 * @param {object} options
 */
export function overlay(places, projection, options) {
  const [x, y, z] = [0, 1, 2].map((k) => places.map((place) => place[k]));
  const deep = isDeep(projection);
  return {
    type: deep ? 'scatter3d' : 'scatter',
    x,
    y,
    ...(deep ? { z } : {}),
    hoverinfo: 'skip',
    showlegend: false,
    ...options,
  };
}

/** Somebody's own sentences on the shipped map. @param {Spot[]} places @param {string} projection */
export function ownTrace(places, projection) {
  const deep = isDeep(projection);
  const line = { width: 1.5, color: colour('--body-text-color') };
  const marker = { symbol: deep ? 'diamond' : 'star-diamond', size: deep ? 5 : 12, color: colour('--vg-c1'), line };
  return overlay(places, projection, { mode: 'markers', marker });
}

/** The marks as traces, which is all that 3-D has. @param {Marks} marks @param {string} projection */
export function deepMarks({ path, ends, spot, hits }, projection) {
  const ink = colour('--body-text-color');
  /** @param {number} size @param {string} color */
  const ring = (size, color) => ({
    mode: 'markers',
    marker: { symbol: 'circle-open', size, color, line: { width: 3, color } },
  });
  const line = { mode: 'lines+markers', line: { color: ink, width: 4 }, marker: { size: 2, color: ink } };
  return [
    overlay(path, projection, line),
    overlay(hits, projection, ring(7, colour('--vg-c1'))),
    overlay(ends, projection, ring(9, ink)),
    overlay(spot, projection, ring(11, colour('--vg-strong'))),
  ];
}

/** The marks as shapes, which Plotly draws without drawing the points again. @param {Marks} marks */
export function flatMarks({ path, ends, spot, hits, cursor }) {
  const ink = colour('--body-text-color');
  /** @param {string} type @param {Spot} place @param {number} dx @param {number} dy @param {object} line */
  const shape = (type, [x, y], dx, dy, line) => ({
    type,
    xsizemode: 'pixel',
    ysizemode: 'pixel',
    xanchor: x,
    yanchor: y,
    x0: -dx,
    x1: dx,
    y0: -dy,
    y1: dy,
    line,
  });
  /** @param {Spot} place @param {number} radius @param {string} color @param {number} width */
  const around = (place, radius, color, width) => shape('circle', place, radius, radius, { color, width });
  /** @param {Spot} place @param {number} dx @param {number} dy */
  const bar = (place, dx, dy) => shape('line', place, dx, dy, { color: ink, width: 2 });
  const way = path.map((place, i) => `${i ? 'L' : 'M'} ${place[0]},${place[1]}`).join(' ');
  return [
    ...(path.length ? [{ type: 'path', path: way, line: { color: ink, width: 2 } }] : []),
    ...path.map((place) => around(place, 2, ink, 2)),
    ...hits.map((place) => around(place, 7, colour('--vg-c1'), 2)),
    ...ends.map((place) => around(place, 9, ink, 3)),
    ...spot.map((place) => around(place, 12, colour('--vg-strong'), 3)),
    ...(cursor ? [bar(cursor, 11, 0), bar(cursor, 0, 11)] : []),
  ];
}

/**
 * What the figure is, in as many lines as its width takes.
 * @param {Sheet} sheet
 * @param {string} projection
 * @param {number} width
 */
export function captionLines(sheet, projection, width) {
  const ruler = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d'));
  ruler.font = `${SMALL}px ${getComputedStyle(document.body).fontFamily}`;
  return sheet
    .caption(projection)
    .split(' ')
    .reduce((lines, word) => {
      const longer = [...lines.slice(-1), word].join(' ');
      return lines.length && ruler.measureText(longer).width > width
        ? [...lines, word]
        : [...lines.slice(0, -1), longer];
    }, /** @type {string[]} */ ([]));
}

/** Plotly reads a little HTML in its texts. @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * The figure's own words: at A, B and what is read below, labels of points, and what the figure is.
 * @param {Marks} marks
 * @param {string} projection
 * @param {string[]} lines
 */
export function annotations({ ends: [a, b], spot, labels }, projection, lines) {
  const ink = colour('--body-text-color');
  const about = {
    text: lines.map(escaped).join('<br>'),
    xref: 'paper',
    yref: 'paper',
    x: 0,
    y: 0,
    xanchor: 'left',
    yanchor: 'top',
    yshift: projection === 'pca2' ? -22 : -6,
    align: 'left',
    showarrow: false,
    font: { size: SMALL, color: colour('--vg-quiet') },
  };
  /** @param {Spot | undefined} place @param {string} text @param {number} yshift @param {string} color */
  const mark = (place, text, yshift, color) =>
    !place
      ? []
      : [
          {
            ...Object.fromEntries(['x', 'y', 'z'].slice(0, place.length).map((name, k) => [name, place[k]])),
            text: `<b>${escaped(text)}</b>`,
            showarrow: false,
            yshift,
            font: { size: 13, color },
            bgcolor: colour('--vg-card'),
            opacity: 0.9,
            borderpad: 1,
          },
        ];
  const marked = [
    ...mark(a, t('A, the walk starts'), 19, ink),
    ...mark(b, t('B, the walk ends'), -19, ink),
    ...mark(spot[0], t('read below'), 22, colour('--vg-strong')),
  ];
  const named = labels.map(([[x, y], text]) => ({
    x,
    y,
    text: escaped(text),
    showarrow: false,
    yshift: 10,
    font: { size: 11, color: ink },
    bgcolor: colour('--vg-card'),
    opacity: 0.85,
    borderpad: 1,
    captureevents: false,
  }));
  return isDeep(projection) ? { scene: marked, flat: [about] } : { scene: [], flat: [...named, ...marked, about] };
}

/**
 * @param {Sheet} sheet
 * @param {string} projection
 * @param {{ scene: object[], flat: object[] }} words
 * @param {object[]} shapes
 * @param {number} lines of the caption
 */
export function layoutOf(sheet, projection, words, shapes, lines) {
  const [ink, line, quiet] = [colour('--body-text-color'), colour('--vg-line'), colour('--vg-quiet')];
  const axis = () => ({
    gridcolor: line,
    zeroline: false,
    showticklabels: projection.startsWith('pca'),
    tickfont: { color: quiet },
    title: { text: '' },
  });
  const deep = isDeep(projection);
  const hasTicks = projection === 'pca2';
  const scene = { xaxis: axis(), yaxis: axis(), zaxis: axis(), annotations: words.scene, uirevision: projection };
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { color: ink, family: 'inherit' },
    margin: { l: hasTicks ? 30 : 4, r: 36, t: 4, b: (hasTicks ? 34 : 16) + LINE * lines },
    legend: { orientation: 'h', x: 0, y: 1, yanchor: 'bottom', font: { size: 12 }, itemsizing: 'constant' },
    modebar: { orientation: 'v', bgcolor: 'rgba(0,0,0,0)', color: quiet, activecolor: colour('--vg-strong') },
    hovermode: 'closest',
    dragmode: deep ? 'orbit' : 'pan',
    clickanywhere: true,
    uirevision: sheet.checkpoint + projection + sheet.isOwn,
    selectionrevision: projection,
    annotations: words.flat,
    ...(deep ? { scene } : { xaxis: axis(), yaxis: axis(), shapes }),
  };
}
