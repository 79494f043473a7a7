// One's own sentences: typed or from a file, placed on the map or given a map of their own.
import { newId, slider } from '../core/controls.js';
import { csv, sentencesOf } from '../core/csv.js';
import { button, make } from '../core/dom.js';
import { download, readRows } from '../core/files.js';
import { percent, t } from '../core/messages.js';
import { rangeOf } from '../core/state.js';
import { adopt } from '../core/view.js';
import { MOST_ROWS } from './panel.js';

/** @typedef {import('./data.js').Sheet} Sheet */
const MOST_LINES = 2000;
let typed = '';
/** @type {{ name: string, lines: string[] } | null} */
let fromFile = null;
const lines = () => [...typed.split('\n'), ...(fromFile?.lines ?? [])].filter((line) => line.trim());

/**
 * The box that they are typed into, and what can be done with them.
 * @param {{ params: Record<string, any>, hasMap: boolean, isOpen: boolean, ask: (extra: object) => void }} on
 */
export function ownControls({ params, hasMap, isOpen, ask }) {
  const [id, pickerId] = [newId(), newId()];
  const area = make('textarea', 'vg-field', undefined, { id, rows: 3, placeholder: t('One sentence a line') });
  area.value = typed;
  area.addEventListener('input', () => (typed = area.value));
  const accept = '.txt,.csv,.tsv,text/plain,text/csv';
  const picker = make('input', 'vg-file-input', undefined, { type: 'file', id: pickerId, accept });
  const told = () =>
    fromFile
      ? t('{n} lines of {name}', { n: fromFile.lines.length, name: fromFile.name })
      : t('Up to {n} lines; of a table, the column named text or the first.', { n: MOST_LINES.toLocaleString('en') });
  const read = make('p', 'vg-caption', told());
  picker.addEventListener('change', async () => {
    const file = picker.files?.[0];
    if (!file) return;
    const { rows, column } = sentencesOf(await readRows(file));
    fromFile = { name: file.name, lines: rows.map((row) => row[column] ?? '') };
    read.textContent = told();
  });
  const place = button(t('Place them on this map'), () => ask({ lines: lines() }), { kind: 'primary' });
  const fit = button(t('Fit a map of these alone'), () => ask({ lines: lines(), fit: true }), {
    title: t('A UMAP of their own; half a minute or more'),
  });
  /** @param {string} name @param {number} step */
  const figure = (name, step) =>
    slider({ label: name, ...rangeOf('map', name), step, value: params[name], onInput: (x) => (params[name] = x) });
  return make('details', 'vg-own-controls', undefined, isOpen || typed || fromFile ? { open: '' } : {}, [
    make('summary', 'vg-label', t('Your own sentences')),
    make('label', 'vg-hidden', t('Your own sentences, one a line'), { for: id }),
    area,
    make('label', 'vg-caption', t('or a .txt or .csv file'), { for: pickerId }),
    picker,
    read,
    ...(hasMap ? [place] : []),
    figure('n_neighbors', 1),
    figure('min_dist', 0.05),
    fit,
  ]);
}

/** @type {Record<string, string>} */
const STAGES = {
  encode: t('Reading the sentences'),
  wait: t('Waiting for another visitor’s map'),
  fit: t('Fitting UMAP'),
  done: '',
};

/** How far the answer is: the line of the status, and a bar. @param {any} answer @param {string} phase */
export function progressOf({ stage, progress }, phase) {
  if (phase === 'stopped') return { said: t('Stopped.'), bar: [] };
  const bar = make('progress', 'vg-progress', undefined, { max: 1, value: progress, 'aria-label': STAGES[stage] });
  return { said: `${STAGES[stage]} · ${percent(progress)}`, bar: [bar] };
}

/**
 * The sentences that were placed, with the nearest point of each.
 * @param {any} answer
 * @param {Sheet | null} shipped
 * @param {() => void} onRemove
 */
export function placedTable(answer, shipped, onRemove) {
  const nearest = (/** @type {number} */ i) => shipped?.textOf(answer.nearest[i]) ?? '';
  const rows = answer.lines.slice(0, MOST_ROWS).map((/** @type {string} */ text, /** @type {number} */ i) => {
    const use = button(text, () => adopt({ text, language: answer.languages[i] }), {
      kind: 'link',
      title: t('Make this the current sentence of all views'),
    });
    return make('tr', '', undefined, {}, [
      make('td', '', undefined, {}, [use]),
      make('td', 'vg-figure', answer.languages[i]),
      make('td', '', nearest(i)),
      make('td', 'vg-figure', answer.cosines[i].toFixed(2)),
    ]);
  });
  const table = () => [
    ['text', 'language', 'nearest', 'cosine', ...Object.keys(answer.where)],
    ...answer.lines.map((/** @type {string} */ line, /** @type {number} */ i) => {
      const places = Object.values(answer.where).map((all) => all[i].join(' '));
      return [line, answer.languages[i], nearest(i), answer.cosines[i], ...places];
    }),
  ];
  const save = () => download('vaegen-map-own.csv', csv(table()), 'text/csv');
  return make('details', '', undefined, answer.lines.length <= 10 ? { open: '' } : {}, [
    make('summary', 'vg-name', t('Your {n} sentences, and the nearest point of each', { n: answer.lines.length })),
    make('table', 'vg-table vg-points', undefined, {}, [make('tbody', '', undefined, {}, rows)]),
    button(t('Download these as CSV'), save, { kind: 'link' }),
    button(t('Remove them from the map'), onRemove, { kind: 'link' }),
  ]);
}
