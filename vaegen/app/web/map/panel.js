// Beside the picture: what lives at the place that was asked about, its neighbours, and tables of points.
const SHOWN_ROWS = 100;

function herePanel(look, sheet, { offPlane, projection, onPoint }) {
  const far = look.distance > 3;
  const distance = t('{d} times the usual spacing from the nearest point', { d: look.distance.toFixed(1) });
  const nearest = look.neighbours[0]?.cosine.toFixed(2);
  const share = (sheet?.shares ?? []).slice(0, axes(projection)).reduce((sum, one) => sum + one, 0);
  const said = {
    a: t('The current sentence A.'),
    point: t('A point of the map, read from its latent.'),
    mean: t('Empty space: UMAP has no inverse, so this is the mean of the nearest points’ latents.') + ' ' + distance + (far ? t(': mostly a guess.') : '.'),
    plane: t('Exactly this place of the plane, which holds {share} of the variance; the rest is {rest}.', { share: vg.percent(share), rest: offPlane === 'a' ? t('that of A') : t('the average') }) + ' ' + distance + '.',
    blend: t('Empty space: the mean of the nearest sentences’ latents.'),
  }[look.how];
  const texts = make('div', 'vg-here-texts', undefined, {}, Object.entries(look.texts).map(([code, text]) => make('div', '', undefined, {}, [
    make('span', 'vg-tag', vg.nameOf(code)), make('p', 'vg-text', text, { lang: code }), vg.pointTools({ text, language: code, z: look.z }),
  ])));
  const parts = [make('h2', 'vg-name', t('What lives here')), make('p', 'vg-caption', `${said} ${t('Nearest latent: cosine {c}.', { c: nearest })}`), texts];
  if (sheet && !sheet.isOwn) {
    const rows = look.neighbours.filter(({ index, cosine }) => index < sheet.n && !(look.how === 'point' && cosine > 0.9999)).map(({ index, cosine }) => [index, cosine.toFixed(2)]);
    parts.push(make('h2', 'vg-name', t('Nearest points')), pointTable(sheet, rows, t('cosine'), onPoint));
  }
  return parts;
}

/** A table of points: [number, figure] rows; a row's sentence leads to it. */
function pointTable(sheet, rows, figureName, onPoint) {
  const lines = rows.slice(0, SHOWN_ROWS).map(([i, figure]) => make('tr', '', undefined, {}, [
    make('td', '', undefined, {}, [button(sheet.textOf(i), () => onPoint(i), { kind: 'link', title: t('Show it on the map') })]),
    make('td', 'vg-figure', sheet.languageOf(i)), make('td', 'vg-figure', sheet.say(i)), ...(figureName ? [make('td', 'vg-figure', figure)] : []),
  ]));
  const names = [t('sentence'), t('language'), t('kind'), ...(figureName ? [figureName] : [])];
  const table = make('table', 'vg-table vg-points', undefined, {}, [
    make('thead', '', undefined, {}, [make('tr', '', undefined, {}, names.map((name) => make('th', 'vg-caption', name, { scope: 'col' })))]), make('tbody', '', undefined, {}, lines),
  ]);
  return make('div', 'vg-scroll', undefined, {}, [table]);
}

/** All that is known of points, for a spreadsheet. */
function pointRows(sheet, points) {
  const names = sheet.projections, factors = sheet.facts(0).map(([name]) => name);
  const head = ['number', 'text', 'language', 'kind', ...names.flatMap((name) => ['x', 'y', 'z'].slice(0, axes(name)).map((axis) => `${name}_${axis}`)), ...factors];
  return [head, ...points.map((i) => [
    i, sheet.textOf(i), sheet.languageOf(i), sheet.say(i), ...names.flatMap((name) => sheet.at(name).map((column) => column[i])), ...(sheet.isProbe(i) ? sheet.facts(i).map(([, value]) => value) : []),
  ])];
}

/** The card at the pointer: a point's sentence in its languages, and what is known of it. */
function fillCard(card, sheet, i) {
  const facts = sheet.facts(i).filter(([, value]) => value !== 'none').map(([name, value]) => `${name} ${value}`).join(' · ');
  card.replaceChildren(
    ...Object.entries(sheet.textsOf(i)).map(([code, text]) => make('p', code === sheet.languageOf(i) ? 'vg-card-own' : '', text, { lang: code })),
    make('p', 'vg-caption', [sheet.say(i), facts].filter(Boolean).join(' · ')),
  );
}
