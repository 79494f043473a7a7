// The analogy, a difference added to a sentence; and the cloud, noise of growing radius around one.
import { box, make, marked } from '../core/dom.js';
import { number, percent, t } from '../core/messages.js';
import { nameOf } from '../core/tags.js';
import { pointTools } from '../core/view.js';
import { makeKey } from './key.js';

/** @typedef {{ texts: Record<string, string>, z: string, cosines: Record<string, number> }} Analogy */
/** @typedef {{ radius: number, same: number, wordings: { text: string, n_draws: number, z: string }[] }} Ring */
/** @typedef {{ language: string, center: string, rings: Ring[], mean_std: number }} Cloud */

/** @param {Analogy} answer @param {Record<string, any>} params */
export function drawAnalogy({ texts, z, cosines }, { strength }) {
  const cards = Object.entries(texts).map(([code, text]) =>
    make('article', 'vg-card', undefined, {}, [
      make('h2', 'vg-name', nameOf(code)),
      make('p', 'vg-text', text, { lang: code }),
      pointTools({ text, language: code, z }),
    ]),
  );
  const near = Object.entries(cosines)
    .map(([letter, value]) => `${letter} ${value.toFixed(2)}`)
    .join(', ');
  const parts = [
    make('p', 'vg-formula', strength === 1 ? 'A − B + C' : t('A + {s} (C − B)', { s: number(strength) })),
    box('vg-grid', ...cards),
    make(
      'p',
      'vg-caption',
      t('Cosine to the latents of {near}. An answer that is nearly one of them is no discovery.', { near }),
    ),
  ];
  return { parts, figure: undefined };
}

/** @param {Cloud} answer @param {Record<string, any>} params */
export function drawCloud({ language, center, rings, mean_std: std }, params) {
  const unit =
    params.unit === 'posterior'
      ? t('One unit is {std} on average over the dimensions.', { std: std.toFixed(2) })
      : t('One unit is the prior’s standard deviation.');
  const parts = [
    make('p', 'vg-text', center, { lang: language }),
    ...rings.map((ring) => drawRing(ring, center, language)),
    makeKey(t('not in the sentence in the middle')),
    make('p', 'vg-caption', unit),
  ];
  return { parts, figure: undefined };
}

/** @param {Ring} ring @param {string} center @param {string} language */
function drawRing({ radius, same, wordings }, center, language) {
  const share = { max: 1, value: same, 'aria-label': t('Share that reads the same') };
  const items = wordings.map((one) => {
    const item = marked(one.text, center, 'li', { lang: language });
    item.append(
      ' ',
      make('span', 'vg-figure', `${one.n_draws}×`),
      ' ',
      pointTools({ text: one.text, language, z: one.z }),
    );
    return item;
  });
  const head = box(
    'vg-ring-head',
    make('h2', 'vg-name', t('Radius {r}', { r: radius })),
    make('progress', 'vg-progress', undefined, share),
    make('span', 'vg-figure', t('{share} read the same', { share: percent(same) })),
  );
  return make('section', 'vg-ring', undefined, {}, [head, make('ul', 'vg-wordings', undefined, {}, items)]);
}

/** @param {Analogy} answer */
export const analogyRows = ({ texts }) => [['language', 'text'], ...Object.entries(texts)];
/** @param {Cloud} answer */
export const cloudRows = ({ rings }) => [
  ['radius', 'draws', 'text'],
  ...rings.flatMap((ring) => ring.wordings.map((one) => [ring.radius, one.n_draws, one.text])),
];
