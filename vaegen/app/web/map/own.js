// One's own sentences: typed or from a file, placed on the map or given a map of their own.
const MAX_LINES = 2000;
let typed = '', fromFile = null, n_neighbors = 15, min_dist = 0.1;

function ownControls() {
  const id = vg.newId(), pickerId = vg.newId();
  const area = make('textarea', 'vg-field', undefined, { id, rows: 3, placeholder: t('One sentence a line') });
  area.value = typed;
  area.addEventListener('input', () => (typed = area.value));
  const picker = make('input', 'vg-file-input', undefined, { type: 'file', id: pickerId, accept: '.txt,.csv,.tsv,text/plain,text/csv' });
  const read = make('p', 'vg-caption', fromFile ? t('{n} lines of {name}', { n: fromFile.lines.length, name: fromFile.name }) : t('Up to {n} lines; of a table, the column named text or the first.', { n: MAX_LINES.toLocaleString('en') }));
  picker.addEventListener('change', async () => {
    const file = picker.files[0];
    if (!file) return;
    const rows = await vg.readRows(file);
    const named = (rows[0] ?? []).findIndex((cell) => /^(text|sentence|source|caption)$/i.test(cell.trim()));
    fromFile = { name: file.name, lines: (named >= 0 ? rows.slice(1) : rows).map((row) => row[Math.max(0, named)] ?? '') };
    read.textContent = t('{n} lines of {name}', { n: fromFile.lines.length, name: file.name });
  });
  const lines = () => [...typed.split('\n'), ...(fromFile?.lines ?? [])].filter((line) => line.trim());
  return make('details', 'vg-own-controls', undefined, own || typed || fromFile ? { open: '' } : {}, [
    make('summary', 'vg-label', t('Your own sentences')),
    make('label', 'vg-hidden', t('Your own sentences, one a line'), { for: id }), area,
    make('label', 'vg-caption', t('or a .txt or .csv file'), { for: pickerId }), picker, read,
    ...(shipped ? [button(t('Place them on this map'), () => view.ask({ lines: lines() }), { kind: 'primary' })] : []),
    slider({ label: 'n_neighbors', min: 2, max: 50, step: 1, value: n_neighbors, onInput: (x) => (n_neighbors = x) }),
    slider({ label: 'min_dist', min: 0, max: 0.9, step: 0.05, value: min_dist, onInput: (x) => (min_dist = x) }),
    button(t('Fit a map of these alone'), () => view.ask({ lines: lines(), fit: true, n_neighbors, min_dist }), { kind: 'plain', title: t('A UMAP of their own; half a minute or more') }),
  ]);
}

const STAGES = { encode: t('Reading the sentences'), wait: t('Waiting for another visitor’s map'), fit: t('Fitting UMAP'), done: '' };
/** What became of them, as far as it is. */
function drawOwn(answer, value) {
  if (!answer.is_complete) {
    const bar = make('progress', 'vg-progress', undefined, { max: 1, value: answer.progress, 'aria-label': STAGES[answer.stage] });
    view.status.textContent = value.phase === 'stopped' ? t('Stopped.') : `${STAGES[answer.stage]} · ${vg.percent(answer.progress)}`;
    mine.replaceChildren(...(value.phase === 'stopped' ? [] : [bar]));
    return;
  }
  view.status.textContent = t('{n} sentences in {s} s', { n: answer.lines.length, s: answer.seconds.toFixed(1) });
  if (answer.fit) {
    use(ownSheet(answer, shipped?.checkpoint ?? vg.state.checkpoint));
    mine.replaceChildren(...(shipped ? [button(t('Back to the shipped map'), () => { mine.replaceChildren(); use(shipped); })] : []));
    return;
  }
  own = answer;
  if (sheet?.isOwn) use(shipped);
  const rows = answer.lines.slice(0, SHOWN_ROWS).map((line, i) => make('tr', '', undefined, {}, [
    make('td', '', undefined, {}, [button(line, () => vg.adopt({ text: line, language: answer.languages[i] }), { kind: 'link', title: t('Make this the current sentence of all views') })]),
    make('td', 'vg-figure', answer.languages[i]), make('td', '', shipped?.textOf(answer.nearest[i]) ?? ''), make('td', 'vg-figure', answer.cosines[i].toFixed(2)),
  ]));
  mine.replaceChildren(make('details', '', undefined, answer.lines.length <= 10 ? { open: '' } : {}, [
    make('summary', 'vg-name', t('Your {n} sentences, and the nearest point of each', { n: answer.lines.length })),
    make('table', 'vg-table vg-points', undefined, {}, [make('tbody', '', undefined, {}, rows)]),
    button(t('Download these as CSV'), () => vg.download('vaegen-map-own.csv', vg.csv([['text', 'language', 'nearest', 'cosine', ...Object.keys(answer.where)], ...answer.lines.map((line, i) => [line, answer.languages[i], shipped?.textOf(answer.nearest[i]), answer.cosines[i], ...Object.values(answer.where).map((places) => places[i].join(' '))])]), 'text/csv'), { kind: 'link' }),
    button(t('Remove them from the map'), () => { own = null; mine.replaceChildren(); drawFigure(); }, { kind: 'link' }),
  ]));
  drawFigure();
}
