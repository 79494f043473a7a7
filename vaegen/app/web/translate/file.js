// A file of sentences, translated line by line. It is read and written in the browser: the server keeps nothing of it.
import { newId, select } from '../core/controls.js';
import { csv, sentencesOf } from '../core/csv.js';
import { box, button, make } from '../core/dom.js';
import { download, readRows } from '../core/files.js';
import { percent, t } from '../core/messages.js';
import { settingsOf } from '../core/state.js';
import { languageSelect, nameOf } from '../core/tags.js';
import { makeView } from '../core/view.js';
import { framed } from '../parts/tables.js';
import { isUnsure } from '../parts/unsure.js';

/**
 * @typedef {object} Answer
 * @property {string[]} lines
 * @property {(number | null)[]} unsure probability that each is wrong; null for an empty line
 * @property {number | null} threshold from which on a line is unsure; null without a measure
 */

const params = settingsOf('file');
const MOST_SHOWN = 20;
/** @type {{ name: string, rows: string[][], column: number } | null} */
let file = null;
const lines = () => (file ? file.rows.map((row) => row[file?.column ?? 0] ?? '') : []);

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  const view = makeView(part, { name: 'file', follow: false, draw });
  const accept = '.txt,.csv,.tsv,text/plain,text/csv';
  const picker = make('input', 'vg-file-input', undefined, { type: 'file', id: newId(), accept });
  const column = make('div');
  const go = button(t('Translate file'), () => view.ask({ lines: lines() }), { kind: 'primary' });
  go.disabled = true;
  picker.addEventListener('change', async () => {
    const chosen = picker.files?.[0];
    if (!chosen) return;
    const rows = await readRows(chosen);
    file = { name: chosen.name, ...sentencesOf(rows) };
    column.replaceChildren(...columnChoice(rows[0] ?? []));
    go.disabled = false;
    view.status.textContent = t('{n} lines read', { n: file.rows.length });
  });
  view.build = () => {
    const into = languageSelect({
      label: t('Into'),
      value: params.language,
      onInput: (language) => (params.language = language),
    });
    params.language = into.value; // the checkpoint may lack the one that was chosen
    view.controls.replaceChildren(
      box(
        'vg-control',
        make('label', 'vg-label', t('A .txt file, one sentence a line, or a .csv'), { for: picker.id }),
        picker,
      ),
      column,
      into,
      select({
        label: t('What the decoder sees'),
        options: [
          ['source', t('Source + latent')],
          ['latent', t('Latent only')],
        ],
        value: params.context,
        onInput: (context) => (params.context = context),
      }),
      go,
    );
  };
  view.build();

  /** @param {any} answer @param {any} value */
  function draw(answer, value) {
    const counts = { n: answer.lines.length, total: answer.n_lines };
    const stopped = value.phase === 'stopped' ? t('Stopped.') + ' ' : '';
    const isDone = value.phase === 'done';
    view.status.textContent = isDone
      ? t('{n} lines in {s} s', { n: answer.n_lines, s: answer.seconds.toFixed(1) })
      : stopped + t('{n} of {total} lines', counts);
    const share = { max: 1, value: counts.n / counts.total, 'aria-label': t('Progress') };
    const bar = isDone ? [] : [make('progress', 'vg-progress', undefined, share)];
    view.body.replaceChildren(...bar, table(answer));
    if (counts.n > MOST_SHOWN)
      view.body.append(make('p', 'vg-caption', t('The first 20 lines; the download has them all.')));
    view.tools.replaceChildren(...downloads(answer));
  }
}

/** The first lines; where the checkpoint measures it, with the probability that each is wrong. @param {Answer} answer */
function table({ lines: translated, unsure, threshold }) {
  const doubt = threshold === null ? null : { threshold, known: [] };
  const rows = translated.slice(0, MOST_SHOWN).map((line, i) => {
    const p = unsure[i];
    const told = make('span', isUnsure(p, doubt) ? 'vg-unsure' : '', p === null ? '' : percent(p));
    return make('tr', '', undefined, {}, [
      make('td', '', lines()[i] ?? ''),
      make('td', '', line, { lang: params.language }),
      ...(doubt ? [make('td', 'vg-figure', undefined, {}, [told])] : []),
    ]);
  });
  if (doubt) return framed([t('Sentence'), nameOf(params.language), t('Probability that it is wrong')], rows);
  return make('table', 'vg-table', undefined, {}, rows);
}

/** @param {string[]} header */
function columnChoice(header) {
  if (header.length < 2) return [];
  const options = header.map((name, i) => /** @type {[string, string]} */ ([String(i), name || String(i + 1)]));
  const onInput = (/** @type {string} */ i) => {
    if (file) file.column = Number(i);
  };
  return [select({ label: t('Column'), options, value: String(file?.column), onInput })];
}

/** @param {Answer} answer */
function downloads({ lines: translated, unsure, threshold }) {
  const stem = `${(file?.name ?? 'lines').replace(/\.[^.]*$/, '')}.${params.language}`;
  const doubts = (/** @type {unknown} */ x) => (threshold === null ? [] : [x]);
  const rows = () => translated.map((line, i) => [lines()[i], line, ...doubts(unsure[i]?.toFixed(3))]);
  const table = () => csv([['text', params.language, ...doubts('unsure')], ...rows()]);
  const text = () => translated.join('\n') + '\n';
  return [
    button(t('Download .txt'), () => download(`${stem}.txt`, text(), 'text/plain'), { kind: 'link' }),
    button(t('Download .csv'), () => download(`${stem}.csv`, table(), 'text/csv'), { kind: 'link' }),
  ];
}
