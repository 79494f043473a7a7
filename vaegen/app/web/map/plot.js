// The picture: points by category and the marks on it. Flat ones are SVG: at 5,000 points it is drawn in a tenth of the time
// that WebGL takes where a processor has to do the graphics.
const FLAT = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'star', 'triangle-down', 'x'];
const DEEP = ['circle', 'square', 'diamond', 'cross', 'x', 'circle-open', 'square-open', 'diamond-open'];  // all that 3-D has
const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
const LABELS = { most: 300, shown: 40, letters: 36 };

/** One trace for each category, so that the legend can hide it. Returns also which points each trace holds. */
function categories(sheet, projection, colouring) {
  const { names, of } = sheet.colourings[colouring], deep = axes(projection) === 3;
  const members = new Map();
  for (let i = 0; i < sheet.n; i++) {
    const key = of(i);
    if (!members.has(key)) members.set(key, []);
    members.get(key).push(i);
  }
  const columns = sheet.at(projection);
  return [...members.keys()].sort((a, b) => a - b).map((key) => {
    const points = members.get(key), symbols = deep ? DEEP : FLAT;
    const [x, y, z] = columns.map((column) => points.map((i) => column[i]));
    const marker = key === QUIET
      ? { color: colour('--vg-c7'), symbol: 'circle', size: deep ? 1.5 : 3, opacity: 0.35 }
      : { color: colour(`--vg-c${key % 8}`), symbol: symbols[(key + Math.floor(key / 8) * 3) % 8], size: deep ? 3 : 6, opacity: 0.75 };
    return {
      type: deep ? 'scatter3d' : 'scatter', mode: 'markers', x, y, ...(deep ? { z } : {}), customdata: points,
      name: key === QUIET ? t('not said') : names[key], marker, hoverinfo: 'none', unselected: { marker: { opacity: 0.12 } },
    };
  });
}

/** A trace over the points that no click can hit. `places` are [x, y(, z)]. */
function overlay(places, projection, options) {
  const [x, y, z] = [0, 1, 2].map((k) => places.map((place) => place[k]));
  const deep = axes(projection) === 3;
  return { type: deep ? 'scatter3d' : 'scatter', x, y, ...(deep ? { z } : {}), hoverinfo: 'skip', showlegend: false, ...options };
}

/** The marks as traces, which is all that 3-D has. */
function deepMarks({ path, ends, spot, hits }, projection) {
  const ink = colour('--body-text-color');
  const ring = (size, color) => ({ mode: 'markers', marker: { symbol: 'circle-open', size, color, line: { width: 3, color } } });
  return [
    overlay(path, projection, { mode: 'lines+markers', line: { color: ink, width: 4 }, marker: { size: 2, color: ink } }),
    overlay(hits, projection, ring(7, colour('--vg-c1'))), overlay(ends, projection, ring(9, ink)), overlay(spot, projection, ring(11, colour('--vg-strong'))),
  ];
}

/** The marks as shapes, which Plotly draws without drawing the points again. */
function flatMarks({ path, ends, spot, hits, cursor }) {
  const ink = colour('--body-text-color');
  const line = (places, width) => ({ type: 'path', path: places.map((place, i) => `${i ? 'L' : 'M'} ${place[0]},${place[1]}`).join(' '), line: { color: ink, width } });
  const around = ([x, y], radius, color, width) => ({ type: 'circle', xsizemode: 'pixel', ysizemode: 'pixel', xanchor: x, yanchor: y, x0: -radius, x1: radius, y0: -radius, y1: radius, line: { color, width } });
  const bar = ([x, y], dx, dy) => ({ type: 'line', xsizemode: 'pixel', ysizemode: 'pixel', xanchor: x, yanchor: y, x0: -dx, x1: dx, y0: -dy, y1: dy, line: { color: ink, width: 2 } });
  return [
    ...(path.length ? [line(path, 2), ...path.map((place) => around(place, 2, ink, 2))] : []), ...hits.map((place) => around(place, 7, colour('--vg-c1'), 2)),
    ...ends.map((place) => around(place, 9, ink, 3)), ...spot.map((place) => around(place, 12, colour('--vg-strong'), 3)), ...(cursor ? [bar(cursor, 11, 0), bar(cursor, 0, 11)] : []),
  ];
}

/** What the figure is, in as many lines as its width takes. */
function captionLines(sheet, projection, width) {
  ruler.font = `${SMALL}px ${getComputedStyle(document.body).fontFamily}`;
  return sheet.caption(projection).split(' ').reduce((lines, word) => {
    const longer = [...lines.slice(-1), word].join(' ');
    return lines.length && ruler.measureText(longer).width > width ? [...lines, word] : [...lines.slice(0, -1), longer];
  }, []);
}
const SMALL = 11, LINE = 14, ruler = document.createElement('canvas').getContext('2d');

/** The figure's own words: at A, B and what is read below, labels of points, and what the figure is. */
function annotations({ ends: [a, b], spot, labels }, sheet, projection, lines) {
  const ink = colour('--body-text-color');
  const about = { text: lines.map(escaped).join('<br>'), xref: 'paper', yref: 'paper', x: 0, y: 0, xanchor: 'left', yanchor: 'top', yshift: projection === 'pca2' ? -22 : -6, align: 'left', showarrow: false, font: { size: SMALL, color: colour('--vg-quiet') } };
  const marked = [[a, t('A, the walk starts'), 19, ink], [b, t('B, the walk ends'), -19, ink], [spot[0], t('read below'), 22, colour('--vg-strong')]].filter(([place]) => place).map(([place, text, yshift, color]) => ({
    ...Object.fromEntries(['x', 'y', 'z'].slice(0, place.length).map((name, k) => [name, place[k]])),
    text: `<b>${escaped(text)}</b>`, showarrow: false, yshift, font: { size: 13, color }, bgcolor: colour('--vg-card'), opacity: 0.9, borderpad: 1,
  }));
  const named = labels.map(([[x, y], text]) => ({ x, y, text: escaped(text), showarrow: false, yshift: 10, font: { size: 11, color: ink }, captureevents: false }));
  return axes(projection) === 3 ? { scene: marked, flat: [about] } : { scene: [], flat: [...named, ...marked, about] };
}
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');  // Plotly reads a little HTML in its texts

function layoutOf(sheet, projection, words, shapes, lines) {
  const ink = colour('--body-text-color'), line = colour('--vg-line'), quiet = colour('--vg-quiet');
  const axis = { gridcolor: line, zeroline: false, showticklabels: projection.startsWith('pca'), tickfont: { color: quiet }, title: { text: '' } };
  const deep = axes(projection) === 3;
  return {
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', font: { color: ink, family: 'inherit' }, margin: { l: projection === 'pca2' ? 30 : 4, r: 36, t: 4, b: (projection === 'pca2' ? 34 : 16) + LINE * lines },
    legend: { orientation: 'h', x: 0, y: 1, yanchor: 'bottom', font: { size: 12 }, itemsizing: 'constant' }, modebar: { orientation: 'v', bgcolor: 'rgba(0,0,0,0)', color: quiet, activecolor: colour('--vg-strong') },
    hovermode: 'closest', dragmode: deep ? 'orbit' : 'pan', clickanywhere: true, uirevision: sheet.checkpoint + projection + sheet.isOwn, selectionrevision: projection, annotations: words.flat,
    ...(deep ? { scene: { xaxis: { ...axis }, yaxis: { ...axis }, zaxis: { ...axis }, annotations: words.scene, uirevision: projection } } : { xaxis: { ...axis }, yaxis: { ...axis }, shapes }),
  };
}

/** Short labels that do not cover each other, when few enough points are in sight: [place, text] pairs. */
function labelsInSight(figure, sheet, projection) {
  const { xaxis, yaxis } = figure._fullLayout ?? {};
  if (axes(projection) === 3 || !xaxis) return [];
  const [[left, right], [bottom, top]] = [xaxis.range, yaxis.range], [xs, ys] = sheet.at(projection);
  const seen = [];
  for (let i = 0; i < sheet.n && seen.length <= LABELS.most; i++) if (xs[i] > left && xs[i] < right && ys[i] > bottom && ys[i] < top) seen.push(i);
  if (seen.length > LABELS.most) return [];
  const boxes = [], labels = [];
  for (const i of seen) {
    const text = sheet.textOf(i).length > LABELS.letters ? sheet.textOf(i).slice(0, LABELS.letters) + '…' : sheet.textOf(i);
    const x = (xs[i] - left) / (right - left) * xaxis._length, y = (ys[i] - bottom) / (top - bottom) * yaxis._length, half = text.length * 3.2;
    if (boxes.some(([bx, by, bh]) => Math.abs(bx - x) < bh + half && Math.abs(by - y) < 15)) continue;
    boxes.push([x, y, half]);
    labels.push([[xs[i], ys[i]], text]);
    if (labels.length === LABELS.shown) break;
  }
  return labels;
}
