// Beside the picture: what lives at the place that was asked about, its neighbours, and tables of points.
import { rate } from '../core/dial.js';
import { box, button, make } from '../core/dom.js';
import { percent, t } from '../core/messages.js';
import { nameOf } from '../core/tags.js';
import { pointTools } from '../core/view.js';
import { axes } from './data.js';

/** @typedef {import('./data.js').Sheet} Sheet */
export const MOST_ROWS = 100;

/**
 * What lives at a place, and its nearest points.
 * @param {any} there the answer
 * @param {Sheet | null} sheet
 * @param {{ offPlane: string, projection: string, onPoint: (i: number) => void }} on
 */
export function herePanel(there, sheet, { offPlane, projection, onPoint }) {
  const cosine = there.neighbours[0]?.cosine.toFixed(2);
  const said = `${whatIsThere(there, sheet, offPlane, projection)} ${t('Nearest latent: cosine {c}.', { c: cosine })}`;
  const z = (there.beta ?? null) === rate() ? there.z : ''; // a latent of another rate would read otherwise
  const texts = Object.entries(there.texts).map(([code, text]) =>
    make('div', '', undefined, {}, [
      make('span', 'vg-tag', nameOf(code)),
      make('p', 'vg-text', text, { lang: code }),
      pointTools({ text, language: code, z }),
    ]),
  );
  /** @type {Node[]} */
  const parts = [
    make('h2', 'vg-name', t('What lives here')),
    make('p', 'vg-caption', said),
    box('vg-here-texts', ...texts),
  ];
  if (!sheet || sheet.isOwn) return parts;
  const others = there.neighbours.filter(
    (/** @type {{ index: number, cosine: number }} */ { index, cosine }) =>
      index < sheet.n && !(there.how === 'point' && cosine > 0.9999),
  );
  const rows = others.map((/** @type {any} */ { index, cosine }) => [index, cosine.toFixed(2)]);
  return [...parts, make('h2', 'vg-name', t('Nearest points')), pointTable(sheet, rows, t('cosine'), onPoint)];
}

/** @param {any} there @param {Sheet | null} sheet @param {string} offPlane @param {string} projection */
function whatIsThere(there, sheet, offPlane, projection) {
  const distance = t('{d} times the usual spacing from the nearest point', { d: there.distance.toFixed(1) });
  const share = (sheet?.shares ?? []).slice(0, axes(projection)).reduce((sum, one) => sum + one, 0);
  const rest = offPlane === 'a' ? t('that of A') : t('the average');
  switch (there.how) {
    case 'a':
      return t('The current sentence A.');
    case 'point':
      return t('A point of the map, read from its latent.');
    case 'mean': {
      const mean = t('Empty space: UMAP has no inverse, so this is the mean of the nearest points’ latents.');
      return `${mean} ${distance}${there.distance > 3 ? t(': mostly a guess.') : '.'}`;
    }
    case 'plane': {
      const plane = t('Exactly this place of the plane, which holds {share} of the variance; the rest is {rest}.', {
        share: percent(share),
        rest,
      });
      return `${plane} ${distance}.`;
    }
    default:
      return t('Empty space: the mean of the nearest sentences’ latents.');
  }
}

/**
 * A table of points: [number, figure] rows; a row's sentence leads to it.
 * @param {Sheet} sheet
 * @param {[number, string][]} rows
 * @param {string} figureName "" for none
 * @param {(i: number) => void} onPoint
 */
export function pointTable(sheet, rows, figureName, onPoint) {
  const lines = rows.slice(0, MOST_ROWS).map(([i, figure]) => {
    const lead = button(sheet.textOf(i), () => onPoint(i), { kind: 'link', title: t('Show it on the map') });
    const figures = [sheet.languageOf(i), sheet.say(i), ...(figureName ? [figure] : [])];
    return make('tr', '', undefined, {}, [
      make('td', '', undefined, {}, [lead]),
      ...figures.map((text) => make('td', 'vg-figure', text)),
    ]);
  });
  const names = [t('sentence'), t('language'), t('kind'), ...(figureName ? [figureName] : [])];
  const head = make(
    'tr',
    '',
    undefined,
    {},
    names.map((name) => make('th', 'vg-caption', name, { scope: 'col' })),
  );
  const table = make('table', 'vg-table vg-points', undefined, {}, [
    make('thead', '', undefined, {}, [head]),
    make('tbody', '', undefined, {}, lines),
  ]);
  return box('vg-scroll', table);
}

/**
 * The card at the pointer: a point's sentence in its languages, and what is known of it.
 * @param {HTMLElement} card
 * @param {Sheet} sheet
 * @param {number} i
 */
export function fillCard(card, sheet, i) {
  const facts = sheet
    .facts(i)
    .filter(([, value]) => value !== 'none')
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
  card.replaceChildren(
    ...Object.entries(sheet.textsOf(i)).map(([code, text]) =>
      make('p', code === sheet.languageOf(i) ? 'vg-card-own' : '', text, { lang: code }),
    ),
    make('p', 'vg-caption', [sheet.say(i), facts].filter(Boolean).join(' · ')),
  );
}
