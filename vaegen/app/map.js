// The map of the latent space: point at it and read what lives there; place your own sentences on it, or fit it to them.
let sheet = null, shipped = null, look = null, own = null, hits = [], selected = [], cursor = null, drawn = Promise.resolve(), asking = 0;
const view = (() => {
  // A new current sentence is what one wants to see, not the place that was asked about before it.
  let self = null, before = JSON.stringify(vg.state.a);
  vg.listeners.add(() => {
    if (self && JSON.stringify(vg.state.a) !== before) self.params.spot = null;
    before = JSON.stringify(vg.state.a);
  });
  return (self = vg.view({ element, props, trigger, watch }, {
    name: 'map', lead: t('Each dot is a latent: a caption of ours, or one that the model drew. Click a dot, or the space between, to read what lives there.'), params: { projection: 'umap2', colour: 'language', off_plane: 'mean', k: 8, method: 'slerp', spot: null },
    draw(answer, _, value) {
      if (answer.kind === 'look') { look = answer; drawHere(); drawMarks(); } else drawOwn(answer, value);
      vg.exportBar(view, { rows: () => (sheet ? pointRows(sheet, selected.length ? selected : [...Array(sheet.n).keys()]) : []) });
      for (const format of ['svg', 'png']) {
        view.tools.append(button(format.toUpperCase(), () => sheet && Plotly.downloadImage(figure, { format, filename: `vaegen-map-${view.params.projection}`, width: figure.offsetWidth, height: figure.offsetHeight, scale: 2 }), { kind: 'link', title: t('Download the figure') }));
      }
    },
  }));
})();
const { params } = view;

// -- The picture -----------------------------------------------------------------------------------------------------
const figure = make('div', 'vg-map-figure', undefined, { tabindex: 0, role: 'application', 'aria-label': t('Map of the latent space. Arrow keys move a cross, Enter reads what lives there, plus and minus zoom.') });
const card = make('div', 'vg-map-card', undefined, { hidden: '' });
const here = make('div', 'vg-map-here', undefined, { 'aria-live': 'polite' }), table = make('div', 'vg-map-table'), mine = make('div', 'vg-map-own');
const note = make('p', 'vg-caption');
view.body.append(make('div', 'vg-map-box', undefined, {}, [figure, card]), note, mine, table, here);

async function open() {
  const name = vg.state.checkpoint, turn = ++asking;
  await vg.loadPlotly();
  const url = window.vgMaps[name];
  const data = url ? await (await fetch(url)).json() : null;
  if (turn !== asking) return;
  shipped = data && shippedSheet(data, data.about.command.split('/').at(-1));
  note.textContent = shipped ? '' : t('This checkpoint has no map of its own. Fit one to your own sentences below, or make its map with scripts/build_map.py.');
  use(shipped);
}
function use(next) {
  sheet = next;
  own = sheet?.isOwn ? null : own;
  hits = selected = [];
  cursor = null;
  if (!sheet) { if (window.Plotly) Plotly.purge(figure); return; }
  if (!sheet.projections.includes(params.projection)) params.projection = 'umap2';
  if (!sheet.colourings[params.colour]) params.colour = 'language';
  view.build();
  drawFigure();
  if (look) drawHere();
}

const CONFIG = { responsive: true, scrollZoom: true, displaylogo: false, showSendToCloud: false, modeBarButtonsToRemove: ['autoScale2d', 'toImage'], doubleClick: 'reset' };
const MOST_HITS = 200;
/** What is marked: places of the map. Where A, B and the line between them lie, only the shipped map knows. */
function marks() {
  const { projection, spot } = params, known = look && !sheet.isOwn;
  const path = known ? look.path[projection] : [];
  return {
    path, cursor, letters: known ? { A: path[0], B: path.at(-1) } : {}, labels: labelsInSight(figure, sheet, projection),
    spot: sheet.isOwn ? (spot?.ownAt ? [spot.ownAt] : []) : look && look.how !== 'blend' ? [look.where[projection]] : [],
    hits: hits.slice(0, MOST_HITS).map((i) => sheet.at(projection).map((column) => column[i])),
  };
}
const ownTrace = () => overlay(own && !sheet.isOwn ? own.where[params.projection] : [], params.projection, {
  mode: 'markers', marker: { symbol: axes(params.projection) === 3 ? 'diamond' : 'star-diamond', size: axes(params.projection) === 3 ? 5 : 12, color: colour('--vg-c1'), line: { width: 1.5, color: colour('--body-text-color') } },
});
let points = [], pointsKey = '';
/** Draws after what is being drawn, as Plotly's promises must not overlap, and after the words that have just come are painted. */
function inTurn(draw) {
  drawn = drawn.then(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))).then(() => sheet && figure.offsetParent && draw()).catch((error) => { note.textContent = t('The map could not be drawn: {why}', { why: error.message }); });
  return drawn;
}
const drawFigure = () => inTurn(async () => {
  const { projection, colour: by } = params, key = [sheet.checkpoint, sheet.isOwn, sheet.n, projection, by, vg.dark()].join();
  if (key !== pointsKey) { points = categories(sheet, projection, by); pointsKey = key; }
  const marked = marks(), deep = axes(projection) === 3;
  await Plotly.react(figure, [...points, ownTrace(), ...(deep ? deepMarks(marked, projection) : [])], layoutOf(sheet, projection, annotations(marked, sheet, projection), deep ? [] : flatMarks(marked)), CONFIG);
  if (!figure.dataset.ready) listen();
  figure.dataset.ready = 'true';
});
/** Draws the marks alone where that can be done. */
const drawMarks = () => (axes(params.projection) === 3 || !figure.dataset.ready ? drawFigure() : inTurn(() => {
  const marked = marks();
  return Plotly.relayout(figure, { shapes: flatMarks(marked), annotations: annotations(marked, sheet, params.projection).flat });
}));

// -- Pointer and keys ---------------------------------------------------------------------------------------------------
const ask = (spot) => { params.spot = spot; view.ask(); };
function pointAt(i) {
  if (!sheet.isOwn) return ask({ index: i });
  params.spot = { ownAt: sheet.at(params.projection).map((column) => column[i]) };
  vg.adopt({ text: sheet.textOf(i), language: sheet.languageOf(i) });
}
function spaceAt(at) {
  if (!sheet.isOwn) return ask({ at });
  const columns = sheet.at(params.projection);
  const distances = columns[0].map((_, i) => [Math.hypot(...columns.map((column, k) => column[i] - at[k])), i]).sort((a, b) => a[0] - b[0]);
  ask({ ownAt: at, blend: distances.slice(0, 10).map(([d, i]) => [sheet.textOf(i), 1 / (d + 1e-6)]) });
}
function listen() {
  figure.on('plotly_click', (event) => {
    const [hit] = event.points ?? [];
    if (hit?.customdata !== undefined) pointAt(hit.customdata);
    else if (event.xvals && axes(params.projection) === 2) spaceAt([[event.xvals].flat()[0], [event.yvals].flat()[0]]);
  });
  figure.on('plotly_hover', (event) => {
    const [hit] = event.points ?? [];
    if (hit?.customdata === undefined) return;
    fillCard(card, sheet, hit.customdata);
    card.hidden = false;
    const box = figure.getBoundingClientRect(), x = event.event.clientX - box.left, y = event.event.clientY - box.top;
    card.style.left = `${Math.max(0, Math.min(x + 14, box.width - card.offsetWidth - 4))}px`;
    card.style.top = `${y + 18 + card.offsetHeight > box.height ? Math.max(0, y - card.offsetHeight - 14) : y + 18}px`;
  });
  figure.on('plotly_unhover', () => (card.hidden = true));
  figure.on('plotly_relayout', (change) => { if (Object.keys(change).some((key) => key.includes('axis.'))) drawMarks(); });
  figure.on('plotly_selected', (event) => { if (event?.points) choose(event.points.map((one) => one.customdata).filter((i) => i !== undefined), t('selected')); });
  figure.on('plotly_deselect', () => choose([]));
}
figure.addEventListener('keydown', (event) => {
  if (!sheet || axes(params.projection) === 3 || !figure._fullLayout) return;
  const { xaxis, yaxis } = figure._fullLayout, [x0, x1] = xaxis.range, [y0, y1] = yaxis.range;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  const zoom = { '+': 0.7, '=': 0.7, '-': 1 / 0.7 }[event.key];
  if (!step && !zoom && event.key !== 'Enter') return;
  event.preventDefault();
  cursor ??= [(x0 + x1) / 2, (y0 + y1) / 2];
  if (step) { cursor = [cursor[0] + step[0] * (x1 - x0) / 40, cursor[1] + step[1] * (y1 - y0) / 40]; drawMarks(); }
  if (zoom) Plotly.relayout(figure, { 'xaxis.range': [cursor[0] - (x1 - x0) * zoom / 2, cursor[0] + (x1 - x0) * zoom / 2], 'yaxis.range': [cursor[1] - (y1 - y0) * zoom / 2, cursor[1] + (y1 - y0) * zoom / 2] });
  if (event.key === 'Enter') {
    const columns = sheet.at(params.projection), near = (x1 - x0) / 100;
    const i = columns[0].findIndex((x, k) => Math.abs(x - cursor[0]) < near && Math.abs(columns[1][k] - cursor[1]) < (y1 - y0) / 100);
    if (i >= 0) pointAt(i); else spaceAt(cursor);
  }
});

// -- What is said beside it ------------------------------------------------------------------------------------------------
function drawHere() {
  here.replaceChildren(...herePanel(look, sheet, { offPlane: params.off_plane, projection: params.projection, onPoint: pointAt }));
}
/** A list of points below the map: those in a box or lasso, or those that were searched for. */
function choose(list, what = '') {
  selected = list;
  table.replaceChildren(...(list.length ? [
    make('div', 'vg-bar', undefined, {}, [
      make('h2', 'vg-name', t('{n} points {what}', { n: list.length, what })),
      button(t('Download these as CSV'), () => vg.download('vaegen-map-points.csv', vg.csv(pointRows(sheet, list)), 'text/csv'), { kind: 'link' }),
    ]),
    pointTable(sheet, list.map((i) => [i, '']), '', pointAt), ...(list.length > SHOWN_ROWS ? [make('p', 'vg-caption', t('The first {n}; the download has them all.', { n: SHOWN_ROWS }))] : []),
  ] : []));
}
function search(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  hits = wanted.length && sheet ? [...Array(sheet.n).keys()].filter((i) => { const text = sheet.textOf(i).toLowerCase(); return wanted.every((word) => text.includes(word)); }) : [];
  vg.say(t('{n} points found', { n: hits.length }));
  choose(hits, t('found'));
  if (wanted.length && !hits.length) table.replaceChildren(make('p', 'vg-caption', t('No point holds all of these words.')));
  drawMarks();
}

// -- Controls -----------------------------------------------------------------------------------------------------------------
view.build = () => {
  const flat = params.projection.startsWith('pca');
  const redraw = (values) => { Object.assign(params, values); pointsKey = ''; view.build(); drawFigure(); if (look) drawHere(); };
  const move = (projection) => { cursor = null; if (params.spot?.at || params.spot?.ownAt) params.spot = null; redraw({ projection }); };
  view.controls.replaceChildren(
    choice({ label: t('Map'), options: (sheet?.projections ?? Object.keys(TITLES)).map((name) => [name, TITLES[name]]), value: params.projection, onInput: move, help: flat ? t('The directions of most variance: exact, any place can be read.') : t('Keeps neighbours together; distances between clusters say little.') }),
    ...(flat && !sheet?.isOwn ? [choice({ label: t('Off the plane'), options: [['mean', t('Average')], ['a', t('Like A')]], value: params.off_plane, help: t('What the hundreds of other dimensions are where you click.'), onInput: (off_plane) => view.set({ off_plane }) })] : []),
    select({ label: t('Colour and shape'), options: Object.entries(sheet?.colourings ?? { language: { label: t('Language') } }).map(([name, one]) => [name, one.label]), value: params.colour, onInput: (by) => redraw({ colour: by }) }),
    field({ label: t('Search the sentences'), type: 'search', placeholder: t('dog snow'), onInput: search }),
    slider({ label: t('Neighbours'), min: 3, max: 30, step: 1, value: params.k, onInput: (k) => view.set({ k }) }),
    choice({ label: t('Walk from A to B'), options: [['slerp', t('Arc')], ['lerp', t('Straight line')]], value: params.method, onInput: (method) => view.set({ method }) }),
    ownControls(),
  );
};
let checkpoint = null;
vg.listeners.add(() => { if (checkpoint !== null && vg.state.checkpoint !== checkpoint && view.root.offsetParent) show(); });
function show() {
  checkpoint = vg.state.checkpoint;
  open().catch((error) => { note.textContent = t('The map could not be loaded: {why}', { why: error.message }); });
}
new IntersectionObserver(() => {
  if (!view.root.offsetParent) return;
  if (vg.state.checkpoint !== checkpoint) show(); else drawFigure();
}).observe(view.root);
view.build();
