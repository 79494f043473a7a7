// Words on the map: names of clusters, and sentences once few enough points are in sight.
import { axes, QUIET } from './data.js';

/** @typedef {import('./data.js').Sheet} Sheet */
/** @typedef {import('./plot.js').Spot} Spot */

const LABELS = { most: 300, shown: 40, letters: 36 };

/**
 * Short labels that do not cover each other: of the clusters, or of the points when few enough are in sight.
 * @param {any} axesInSight Plotly's own, of the figure
 * @param {Sheet} sheet
 * @param {string} projection
 * @returns {[Spot, string][]}
 */
export function labelsInSight({ xaxis, yaxis } = {}, sheet, projection) {
  if (axes(projection) === 3 || !xaxis) return [];
  const [[left, right], [bottom, top]] = [xaxis.range, yaxis.range];
  const [xs, ys] = sheet.at(projection);
  const seen = [];
  for (let i = 0; i < sheet.n && seen.length <= LABELS.most; i++) {
    if (xs[i] > left && xs[i] < right && ys[i] > bottom && ys[i] < top) seen.push(i);
  }
  const wanted = seen.length > LABELS.most ? clusterNames(sheet, projection) : seen.map((i) => named(i));
  /** @param {number} i @returns {[number, number, string]} */
  function named(i) {
    const words = sheet.textOf(i);
    return [xs[i], ys[i], words.length > LABELS.letters ? words.slice(0, LABELS.letters) + '…' : words];
  }
  /** @type {[number, number, number][]} */
  const boxes = [];
  /** @type {[Spot, string][]} */
  const labels = [];
  for (const [px, py, text] of wanted) {
    const x = ((px - left) / (right - left)) * xaxis._length;
    const y = ((py - bottom) / (top - bottom)) * yaxis._length;
    const half = text.length * 3.2;
    if (boxes.some(([bx, by, bh]) => Math.abs(bx - x) < bh + half && Math.abs(by - y) < 15)) continue;
    boxes.push([x, y, half]);
    labels.push([[px, py], text]);
    if (labels.length === LABELS.shown) break;
  }
  return labels;
}

/**
 * The name of each cluster at the middle (the medians) of its points.
 * @param {Sheet} sheet
 * @param {string} projection
 * @returns {[number, number, string][]}
 */
function clusterNames(sheet, projection) {
  const { names, of } = sheet.colourings.cluster ?? { names: [], of: () => QUIET };
  const columns = sheet.at(projection);
  /** @type {number[][]} */
  const members = names.map(() => []);
  for (let i = 0; i < sheet.n; i++) members[of(i)]?.push(i);
  return members.flatMap((points, k) => {
    if (!points.length) return [];
    const middle = (/** @type {number[]} */ column) =>
      points.map((i) => column[i]).sort((p, q) => p - q)[points.length >> 1];
    return [[middle(columns[0]), middle(columns[1]), names[k]]];
  });
}
