// A file of sentences, translated line by line. It is read and written in the browser: the server keeps nothing of it.
const { t, make, button, select } = vg;
let file = null;  // { name, rows, column }

const view = vg.view({ element, props, trigger, watch }, {
  name: 'file', follow: false, params: { language: 'de', context: 'source' },
  draw(answer, self, value) {
    const share = answer.lines.length / answer.n_lines;
    self.status.textContent = value.phase === 'done'
      ? t('{n} lines in {s} s', { n: answer.n_lines, s: answer.seconds.toFixed(1) })
      : `${value.phase === 'stopped' ? t('Stopped.') + ' ' : ''}${t('{n} of {total} lines', { n: answer.lines.length, total: answer.n_lines })}`;
    const bar = make('progress', 'vg-progress', undefined, { max: 1, value: share, 'aria-label': t('Progress') });
    const rows = answer.lines.slice(0, 20).map((line, i) => make('tr', '', undefined, {}, [
      make('td', '', lines()[i] ?? ''), make('td', '', line, { lang: self.params.language }),
    ]));
    self.body.replaceChildren(...(value.phase === 'done' ? [] : [bar]), make('table', 'vg-table', undefined, {}, rows));
    if (answer.lines.length > 20) self.body.append(make('p', 'vg-caption', t('The first 20 lines; the download has them all.')));
    const stem = (file?.name ?? 'lines').replace(/\.[^.]*$/, '');
    self.tools.replaceChildren(
      button(t('Download .txt'), () => vg.download(`${stem}.${self.params.language}.txt`, answer.lines.join('\n') + '\n', 'text/plain'), { kind: 'link' }),
      button(t('Download .csv'), () => vg.download(`${stem}.${self.params.language}.csv`, vg.csv([['text', self.params.language], ...answer.lines.map((line, i) => [lines()[i], line])]), 'text/csv'), { kind: 'link' }),
    );
  },
});

const lines = () => (file ? file.rows.map((row) => row[file.column] ?? '') : []);
const picker = make('input', 'vg-file-input', undefined, { type: 'file', id: vg.newId(), accept: '.txt,.csv,.tsv,text/plain,text/csv' });
const column = make('div');
const go = button(t('Translate file'), () => view.ask({ lines: lines() }), { kind: 'primary' });
go.disabled = true;
picker.addEventListener('change', async () => {
  if (!picker.files[0]) return;
  const rows = await vg.readRows(picker.files[0]);
  const header = rows[0] ?? [];
  const named = header.findIndex((cell) => /^(text|sentence|source|caption)$/i.test(cell.trim()));
  file = { name: picker.files[0].name, rows: named >= 0 ? rows.slice(1) : rows, column: Math.max(0, named) };
  column.replaceChildren(...(header.length > 1 ? [select({ label: t('Column'), options: header.map((cell, i) => [String(i), cell || String(i + 1)]), value: String(file.column), onInput: (i) => (file.column = Number(i)) })] : []));
  go.disabled = false;
  view.status.textContent = t('{n} lines read', { n: file.rows.length });
});
const into = () => {
  const box = vg.languageSelect({ label: t('Into'), value: view.params.language, onInput: (language) => (view.params.language = language) });
  view.params.language = box.value;  // the checkpoint may lack the one that was chosen
  return box;
};
view.build = () => view.controls.replaceChildren(
  make('div', 'vg-control', undefined, {}, [make('label', 'vg-label', t('A .txt file, one sentence a line, or a .csv'), { for: picker.id }), picker]), column,
  into(),
  select({ label: t('What the decoder sees'), options: [['source', t('Source + latent')], ['latent', t('Latent only')]], value: view.params.context, onInput: (context) => (view.params.context = context) }),
  go,
);
view.build();
