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
    name: 'map', lead: t('Each dot is one sentence as the model sees it, its latent: a caption of ours, or one that the model drew. Near means alike in the latent space; distances far apart mean little. Click a dot, or the space between, to read what lives there.'),
    params: { projection: 'umap2', colour: 'language', off_plane: 'mean', k: 8, method: 'slerp', spot: null },
    draw(answer, _, value) {
      if (answer.kind === 'look') { look = answer; drawHere(); drawMarks(); } else drawOwn(answer, value);
      vg.exportBar(view, { rows: () => (sheet ? pointRows(sheet, selected.length ? selected : [...Array(sheet.n).keys()]) : []) });
      for (const format of ['svg', 'png']) {
        view.tools.append(button(format.toUpperCase(), () => sheet && Plotly.downloadImage(figure, { format, filename: `vaegen-map-${view.params.projection}`, width: figure.offsetWidth, height: figure.offsetHeight, scale: 2 }), { kind: 'link', title: t('Download the figure') }));
      }
    },
  }));
})();
const { params } = view, ask = view.ask;
/** Of a checkpoint without a map there is nothing to ask but a map of one's own sentences. */
view.ask = (extra = {}) => { if (extra.lines || window.vgMaps[vg.state.checkpoint]) ask(extra); };

// -- The picture -----------------------------------------------------------------------------------------------------
const figure = make('div', 'vg-map-figure', undefined, { tabindex: 0, role: 'application', 'aria-label': t('Map of the latent space. Arrow keys move a cross, Enter reads what lives there, plus and minus zoom.') });
const card = make('div', 'vg-map-card', undefined, { hidden: '' });
const here = make('div', 'vg-map-here', undefined, { 'aria-live': 'polite' }), table = make('div', 'vg-map-table'), mine = make('div', 'vg-map-own');
const note = make('p', 'vg-caption'), none = make('div', 'vg-notice vg-map-none', undefined, { hidden: '' }), box = make('div', 'vg-map-box', undefined, {}, [figure, card]);
view.body.append(none, box, note, mine, table, here);

async function open() {
  const name = vg.state.checkpoint, turn = ++asking;
  await vg.loadPlotly();
  const url = window.vgMaps[name];
  const data = url ? await (await fetch(url)).json() : null;
  if (turn !== asking) return;
  shipped = data && shippedSheet(data, mapsByName().find(([, one]) => one === url)[0]);
  note.textContent = '';
  use(shipped);
}
function use(next) {
  sheet = next;
  own = sheet?.isOwn ? null : own;
  cursor = null;
  box.hidden = !sheet;
  none.hidden = Boolean(sheet);
  view.tools.hidden = !sheet;
  find(finder.value);
  if (!sheet) return drawNone();
  if (!sheet.projections.includes(params.projection)) params.projection = 'umap2';
  if (!sheet.colourings[params.colour]) params.colour = 'language';
  view.build();
  drawFigure();
  if (look && shipped) drawHere();
}

/** The checkpoints that have a map, as [name, address]. */
const mapsByName = () => Object.entries(window.vgMaps).filter(([name]) => name);
/** In place of a map that is not there: the ways to one. */
function drawNone() {
  none.replaceChildren(
    make('p', '', t('This checkpoint has no map.')),
    make('div', 'vg-tools', undefined, {}, [
      ...mapsByName().slice(0, 1).map(([name]) => button(t('Show the map of {name}', { name }), () => vg.choose(name), { kind: 'primary' })),
      button(t('Choose a checkpoint'), () => vg.openTab('inside')),
    ]),
    make('p', 'vg-caption', t('To make one: {command}', { command: `vaegen map --checkpoint checkpoints/${vg.state.checkpoint || 'NAME'}` })),
  );
  view.build();
  view.status.textContent = '';
  for (const part of [mine, here]) part.replaceChildren();
  own = null;
}

const CONFIG = { responsive: true, displayModeBar: true, scrollZoom: true, displaylogo: false, showSendToCloud: false, modeBarButtonsToRemove: ['autoScale2d', 'toImage'], doubleClick: 'reset' };
const MOST_HITS = 200;
/** What is marked: places of the map. Where A, B and the line between them lie, only the shipped map knows. */
function marks() {
  const { projection, spot } = params, known = look && !sheet.isOwn;
  const path = known ? look.path[projection] : [];
  return {
    path, cursor, ends: known ? [path[0], path.at(-1)] : [], labels: labelsInSight(figure, sheet, projection),
    spot: sheet.isOwn ? (spot?.ownAt ? [spot.ownAt] : []) : look && look.how !== 'a' && look.how !== 'blend' ? [look.where[projection]] : [],
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
  const marked = marks(), deep = axes(projection) === 3, lines = captionLines(sheet, projection, figure.clientWidth - 10);
  await Plotly.react(figure, [...points, ownTrace(), ...(deep ? deepMarks(marked, projection) : [])], layoutOf(sheet, projection, annotations(marked, sheet, projection, lines), deep ? [] : flatMarks(marked), lines.length), CONFIG);
  if (!figure.dataset.ready) listen();
  figure.dataset.ready = 'true';
});
/** Draws the marks alone where that can be done. */
const drawMarks = () => (axes(params.projection) === 3 || !figure.dataset.ready ? drawFigure() : inTurn(() => {
  const marked = marks();
  return Plotly.relayout(figure, { shapes: flatMarks(marked), annotations: annotations(marked, sheet, params.projection, captionLines(sheet, params.projection, figure.clientWidth - 10)).flat });
}));

// -- Pointer and keys ---------------------------------------------------------------------------------------------------
const read = (spot) => view.set({ spot });
function pointAt(i) {
  if (!sheet.isOwn) return read({ index: i });
  params.spot = { ownAt: sheet.at(params.projection).map((column) => column[i]) };
  vg.adopt({ text: sheet.textOf(i), language: sheet.languageOf(i) });
}
function spaceAt(at) {
  if (!sheet.isOwn) return read({ at });
  const columns = sheet.at(params.projection);
  const distances = columns[0].map((_, i) => [Math.hypot(...columns.map((column, k) => column[i] - at[k])), i]).sort((a, b) => a[0] - b[0]);
  read({ ownAt: at, blend: distances.slice(0, 10).map(([d, i]) => [sheet.textOf(i), 1 / (d + 1e-6)]) });
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
  figure.on('plotly_deselect', () => choose(hits, t('found')));
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
function search() {
  clearTimeout(typing);
  if (finder.value === sought || !sheet) return;
  find(finder.value);
  drawMarks();
}
function find(words) {
  sought = words;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  hits = wanted.length && sheet ? [...Array(sheet.n).keys()].filter((i) => { const text = sheet.textOf(i).toLowerCase(); return wanted.every((word) => text.includes(word)); }) : [];
  found.textContent = !wanted.length ? '' : hits.length > MOST_HITS ? t('{n} found, {m} of them marked', { n: hits.length, m: MOST_HITS }) : t('{n} found', { n: hits.length });
  choose(hits, t('found'));
}

// -- Controls -----------------------------------------------------------------------------------------------------------------
let typing = 0, sought = '';
const finder = field({ label: t('Search the sentences'), type: 'search', placeholder: t('dog snow'), onInput: search });
const found = make('p', 'vg-caption', '', { role: 'status' });
finder.append(found);
finder.input.addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(search, 200); });
view.build = () => {
  if (!none.hidden) return view.controls.replaceChildren(ownControls());
  const flat = params.projection.startsWith('pca');
  const redraw = (values) => { Object.assign(params, values); pointsKey = ''; view.build(); drawFigure(); if (look) drawHere(); };
  const move = (projection) => { cursor = null; if (params.spot?.at || params.spot?.ownAt) params.spot = null; redraw({ projection }); };
  view.controls.replaceChildren(
    choice({ label: t('Map'), options: (sheet?.projections ?? Object.keys(TITLES)).map((name) => [name, TITLES[name]]), value: params.projection, onInput: move, help: flat ? t('The directions of most variance: exact, any place can be read.') : t('Keeps neighbours together; distances between clusters say little.') }),
    ...(flat && !sheet?.isOwn ? [choice({ label: t('Off the plane'), options: [['mean', t('Average')], ['a', t('Like A')]], value: params.off_plane, help: t('What the hundreds of other dimensions are where you click.'), onInput: (off_plane) => view.set({ off_plane }) })] : []),
    select({ label: t('Colour and shape'), options: Object.entries(sheet?.colourings ?? { language: { label: t('Language') } }).map(([name, one]) => [name, one.label]), value: params.colour, onInput: (by) => redraw({ colour: by }) }),
    finder,
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
let width = 0;
new ResizeObserver(() => {  // the caption has other lines then
  if (!sheet || !figure.clientWidth || figure.clientWidth === width) return;
  width = figure.clientWidth;
  drawFigure();
}).observe(figure);
new IntersectionObserver(() => {
  if (!view.root.offsetParent) return;
  if (vg.state.checkpoint !== checkpoint) show(); else drawFigure();
}).observe(view.root);
view.build();
