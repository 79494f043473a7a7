// Sections, folds and tables that scroll by themselves where the page is narrow.
import { box, make } from '../core/dom.js';

/** @param {string} title @param {(Node | string)[]} children */
export const section = (title, ...children) =>
  make('section', 'vg-section', undefined, {}, [make('h2', 'vg-name', title), ...children]);

/** @type {Set<string>} titles of what a visitor has opened: another sentence leaves it open */
const unfolded = new Set();
/** @param {string} title @param {(Node | string)[]} children */
export function fold(title, ...children) {
  const node = make('details', 'vg-section', undefined, {}, [make('summary', 'vg-name', title), ...children]);
  node.open = unfolded.has(title);
  node.addEventListener('toggle', () => {
    if (node.open) unfolded.add(title);
    else unfolded.delete(title);
  });
  return node;
}

/** A table with a head, of words or elements, over rows. @param {(Node | string)[]} head @param {Node[]} rows */
export function framed(head, rows) {
  const cells = head.map((cell) => make('th', 'vg-caption', undefined, { scope: 'col' }, [cell]));
  const table = make('table', 'vg-table', undefined, {}, [
    make('thead', '', undefined, {}, [make('tr', '', undefined, {}, cells)]),
    make('tbody', '', undefined, {}, rows),
  ]);
  return box('vg-scroll', table);
}

/** A table of figures; the first of each row says what they are. @param {string[]} head @param {unknown[][]} rows */
export function table(head, rows) {
  const plain = (/** @type {unknown} */ cell) => String(cell).replaceAll('`', '');
  const lines = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i ? make('td', 'vg-figure', plain(cell)) : make('th', '', plain(cell), { scope: 'row' }),
    );
    return make('tr', '', undefined, {}, cells);
  });
  return framed(head, lines);
}
