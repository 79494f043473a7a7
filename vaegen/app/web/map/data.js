// What lies on a map: the one that ships with the checkpoint, or one fitted to somebody's own sentences.
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { nameOf } from '../core/tags.js';

/** @type {Record<string, string>} */
export const TITLES = { umap2: 'UMAP 2-D', umap3: 'UMAP 3-D', pca2: 'PCA 2-D', pca3: 'PCA 3-D' };
const LENGTHS = [
  [0, 5],
  [6, 8],
  [9, 12],
  [13, Infinity],
];
export const QUIET = -1; // the category of a point that a factor says nothing of
/** @param {string} projection */
export const axes = (projection) => Number(projection.slice(-1));

/**
 * @typedef {{ label: string, names: string[], of: (i: number) => number }} Colouring names of categories, and that
 *   of a point
 */
/**
 * @typedef {object} Sheet a map and its points, by number
 * @property {boolean} isOwn whether it is of somebody's own sentences
 * @property {number} n
 * @property {string} checkpoint
 * @property {(i: number) => string} textOf
 * @property {(i: number) => Record<string, string>} textsOf
 * @property {(i: number) => string} languageOf
 * @property {(i: number) => string} say what kind of point it is
 * @property {(i: number) => [string, string][]} facts
 * @property {(i: number) => boolean} isProbe
 * @property {Record<string, Colouring>} colourings
 * @property {(projection: string) => number[][]} at a column for each axis
 * @property {string[]} projections
 * @property {(projection: string) => string} caption
 * @property {number[]} shares of the variance
 */

/** The shipped map, made of map.json. @param {any} data @param {string} checkpoint @returns {Sheet} */
export function shippedSheet(data, checkpoint) {
  const { group, language, languages, texts, n_probes: probes, coordinates, factors, factor_values: values } = data;
  const languageOf = (/** @type {number} */ i) => languages[language[i]];
  const textOf = (/** @type {number} */ i, code = languageOf(i)) => texts[code][group[i]];
  const isProbe = (/** @type {number} */ i) => group[i] < probes;
  const isPhrase = (/** @type {number} */ i) => (values.topic ?? ['none'])[factors.topic?.[group[i]] ?? 0] !== 'none';
  const kinds = [t('Caption of the probe set'), t('Sample of the model'), t('Everyday phrase')];
  const kindOf = (/** @type {number} */ i) => (isProbe(i) ? (isPhrase(i) ? 2 : 0) : 1);
  const names = Object.keys(values);
  return {
    isOwn: false,
    n: group.length,
    checkpoint,
    textOf,
    languageOf,
    isProbe,
    colourings: {
      language: { label: t('Language'), names: languages.map(nameOf), of: (i) => language[i] },
      kind: { label: t('Probe or sample'), names: kinds, of: kindOf },
      length: lengths(textOf),
      cluster: { label: t('Cluster'), names: data.clusters, of: (i) => data.cluster[i] },
      ...factorColourings(data, isProbe),
    },
    textsOf: (i) => Object.fromEntries(languages.map((/** @type {string} */ code) => [code, textOf(i, code)])),
    say: (i) => kinds[kindOf(i)],
    facts: (i) =>
      isProbe(i)
        ? names.map((name) => [name.replace('_', ' '), values[name][factors[name][group[i]]]])
        : [[t('seed'), String(group[i] - probes)]],
    at: (projection) => coordinates[projection === 'pca2' ? 'pca3' : projection].slice(0, axes(projection)),
    projections: Object.keys(TITLES),
    caption: (projection) => caption(projection, data.about, checkpoint, group.length, data.about.prior ?? 'normal'),
    shares: data.about.pca_shares,
  };
}

/**
 * One colouring for each factor of the probe set but the length, which samples have too.
 * @param {any} data
 * @param {(i: number) => boolean} isProbe
 */
function factorColourings({ group, factors, factor_values: values }, isProbe) {
  /** @type {Record<string, Colouring>} */
  const found = {};
  for (const name of Object.keys(values)) {
    if (name === 'length') continue;
    const silent = values[name].indexOf('none');
    const codes = factors[name].map((/** @type {number} */ value) => (value === silent ? QUIET : value));
    found[name] = {
      label: titled(name),
      names: values[name].filter((/** @type {string} */ _, /** @type {number} */ k) => k !== silent),
      of: (i) => (isProbe(i) ? codes[group[i]] : QUIET),
    };
  }
  return found;
}

/**
 * A map of somebody's own sentences, as the answer to a fit.
 * @param {any} answer
 * @param {string} checkpoint
 * @returns {Sheet}
 */
export function ownSheet({ lines, languages, where, about }, checkpoint) {
  const columns = Object.fromEntries(
    Object.entries(where).map(([name, rows]) => [
      name,
      rows[0].map((/** @type {number} */ _, /** @type {number} */ k) =>
        rows.map((/** @type {number[]} */ row) => row[k]),
      ),
    ]),
  );
  const textOf = (/** @type {number} */ i) => lines[i];
  const codes = [...new Set([...Object.keys(page.names), ...languages])];
  return {
    isOwn: true,
    n: lines.length,
    checkpoint,
    textOf,
    textsOf: (i) => ({ [languages[i]]: lines[i] }),
    languageOf: (i) => languages[i],
    say: () => t('Your sentence'),
    facts: () => [],
    isProbe: () => false,
    colourings: {
      language: { label: t('Language'), names: codes.map(nameOf), of: (i) => codes.indexOf(languages[i]) },
      length: lengths(textOf),
    },
    at: (projection) => columns[projection],
    projections: Object.keys(columns),
    caption: (projection) => caption(projection, about, checkpoint, lines.length),
    shares: about.pca_shares,
  };
}

/** @param {string} name */
const titled = (name) => t(name[0].toUpperCase() + name.slice(1).replace('_', ' '));

/** @param {(i: number) => string} textOf @returns {Colouring} */
const lengths = (textOf) => ({
  label: t('Length in words'),
  names: LENGTHS.map(([low, high]) => (high < 99 ? `${low}–${high}` : `${low}+`)),
  of(i) {
    const n = textOf(i).split(' ').length;
    return LENGTHS.findIndex(([low, high]) => n >= low && n <= high);
  },
});

/**
 * What a figure says of itself: checkpoint, prior of the samples if there are any, parameters, seed.
 * @param {string} projection
 * @param {any} about
 * @param {string} checkpoint
 * @param {number} n
 */
function caption(projection, about, checkpoint, n, prior = '') {
  const shares = about.pca_shares
    .slice(0, axes(projection))
    .map((/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`);
  const { n_neighbors, min_dist: d, metric, random_state: seed } = about;
  const how = projection.startsWith('umap')
    ? t('{n} neighbours, minimum distance {d}, metric {metric}, seed {seed}', { n: n_neighbors, d, metric, seed })
    : t('{shares} of the variance', { shares: shares.join(' + ') });
  const from = [
    ...(checkpoint ? [t('checkpoint {name}', { name: checkpoint })] : []),
    ...(prior ? [t('samples from the {prior} prior', { prior })] : []),
    t('{n} points', { n: n.toLocaleString('en') }),
  ];
  return `${TITLES[projection]}: ${how} · ${from.join(', ')}`;
}

/** The points whose sentences hold all of some words. @param {Sheet} sheet @param {string} words */
export function search(sheet, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  return [...Array(sheet.n).keys()].filter((i) => {
    const text = sheet.textOf(i).toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** All that is known of points, for a spreadsheet. @param {Sheet} sheet @param {number[]} points */
export function pointRows(sheet, points) {
  const names = sheet.projections;
  const factors = sheet.n ? sheet.facts(0).map(([name]) => name) : [];
  const places = names.flatMap((name) => ['x', 'y', 'z'].slice(0, axes(name)).map((axis) => `${name}_${axis}`));
  return [
    ['number', 'text', 'language', 'kind', ...places, ...factors],
    ...points.map((i) => [
      i,
      sheet.textOf(i),
      sheet.languageOf(i),
      sheet.say(i),
      ...names.flatMap((name) => sheet.at(name).map((column) => column[i])),
      ...(sheet.isProbe(i) ? sheet.facts(i).map(([, value]) => value) : []),
    ]),
  ];
}
