// Finding points: by the words of their sentences, or in a box or lasso; they are listed below the map.
import { field } from '../core/controls.js';
import { csv } from '../core/csv.js';
import { box, button, make } from '../core/dom.js';
import { download } from '../core/files.js';
import { t } from '../core/messages.js';
import { pointRows, search } from './data.js';
import { MOST_HITS } from './figure.js';
import { MOST_ROWS, pointTable } from './panel.js';

const PAUSE = 200; // ms without a key before the words are looked for

/**
 * @param {object} on
 * @param {() => import('./data.js').Sheet | null} on.sheet
 * @param {(i: number) => void} on.onPoint
 * @param {() => void} on.onFound
 */
export function makeFinder({ sheet, onPoint, onFound }) {
  let typing = 0;
  let sought = '';
  /** @type {number[]} */
  let hits = [];
  /** @type {number[]} */
  let listed = [];
  const node = field({ label: t('Search the sentences'), type: 'search', placeholder: t('dog snow'), onInput: seek });
  const said = make('p', 'vg-caption', '', { role: 'status' });
  const table = box('vg-map-table');
  node.append(said);
  node.input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = window.setTimeout(seek, PAUSE);
  });

  function seek() {
    clearTimeout(typing);
    if (node.value === sought || !sheet()) return;
    again();
    onFound();
  }
  /** Looks for the words on the map that is shown now. */
  function again() {
    sought = node.value;
    const on = sheet();
    hits = on ? search(on, sought) : [];
    const [n, m] = [hits.length, MOST_HITS];
    const counted = n > m ? t('{n} found, {m} of them marked', { n, m }) : t('{n} found', { n });
    said.textContent = sought.trim() ? counted : '';
    list(hits, t('found'));
  }
  /** @param {number[]} points @param {string} what they are */
  function list(points, what) {
    listed = points;
    const on = sheet();
    if (!on || !points.length) return table.replaceChildren();
    const save = () => download('vaegen-map-points.csv', csv(pointRows(on, points)), 'text/csv');
    const rows = points.map((i) => /** @type {[number, string]} */ ([i, '']));
    const more = make('p', 'vg-caption', t('The first {n}; the download has them all.', { n: MOST_ROWS }));
    const title = make('h2', 'vg-name', t('{n} points {what}', { n: points.length, what }));
    table.replaceChildren(
      box('vg-bar', title, button(t('Download these as CSV'), save, { kind: 'link' })),
      pointTable(on, rows, '', onPoint),
      ...(points.length > MOST_ROWS ? [more] : []),
    );
  }
  return {
    node,
    table,
    again,
    hits: () => hits,
    /** The points of the list; null if there is none. */
    listed: () => (listed.length ? listed : null),
    /** Lists what was selected on the map; null: what was found again. @param {number[] | null} points */
    select: (points) => (points ? list(points, t('selected')) : list(hits, t('found'))),
  };
}
