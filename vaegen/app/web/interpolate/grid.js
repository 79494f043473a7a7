// The grid: a square with four sentences in its corners and their mixtures between them.
import { box, explain, make, marked } from '../core/dom.js';
import { t } from '../core/messages.js';
import { pointTools } from '../core/view.js';
import { makeKey } from './key.js';

/** @typedef {{ size: number, language: string, texts: string[], zs: string[], differs?: string[] }} Grid */

/** @param {Grid} answer */
export function drawGrid({ size, language, texts, zs, differs = [] }) {
  /** @type {Record<number, string>} */
  const corners = { 0: 'A', [size - 1]: 'B', [size * (size - 1)]: 'C', [size * size - 1]: 'D' };
  const cells = texts.map((text, i) => {
    const letter = corners[i];
    const note = letter && differs.includes(letter) ? [makeNote()] : [];
    return box(
      'vg-cell' + (letter ? ' vg-cell-corner' : ''),
      ...(letter ? [box('vg-corner', make('span', 'vg-letter', letter), ...note)] : []),
      marked(text, i % size ? texts[i - 1] : undefined, 'p', { lang: language }),
      pointTools({ text, language, z: zs[i] }),
    );
  });
  const square = make('div', 'vg-square', undefined, { style: `--size: ${size}` }, cells);
  return { parts: [square, makeKey(t('not in the sentence to its left'))], figure: undefined };
}

const makeNote = () =>
  explain(
    t('not as typed'),
    t('The encoder’s latent may read a little differently from your sentence; here it is as the ' + 'encoder has it.'),
    'vg-tag',
  );

/** @param {Grid} answer */
export const gridRows = ({ size, texts }) => [
  ['row', 'column', 'text'],
  ...texts.map((text, i) => [Math.floor(i / size), i % size, text]),
];
