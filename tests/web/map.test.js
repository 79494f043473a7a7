import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axes, ownSheet, pointRows, QUIET, search, shippedSheet } from '../../vaegen/app/web/map/data.js';

const MAP = {
  languages: ['en', 'de'],
  language: [0, 1, 0],
  group: [0, 0, 1],
  n_probes: 1,
  texts: {
    en: ['A dog runs.', 'Two men sing a very long song in the old green park today.'],
    de: ['Ein Hund rennt.', 'Zwei.'],
  },
  coordinates: {
    umap2: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    umap3: [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
    pca3: [
      [0, 1, 2],
      [0, 1, 2],
      [5, 5, 5],
    ],
  },
  clusters: ['one', 'two'],
  cluster: [0, 1, 0],
  factors: { who: [1], colour: [0] },
  factor_values: { who: ['man', 'dog'], colour: ['none', 'red'] },
  about: {
    n_neighbors: 15,
    min_dist: 0.1,
    metric: 'cosine',
    random_state: 0,
    pca_shares: [0.5, 0.2, 0.1],
    prior: 'flow',
  },
};
const sheet = shippedSheet(MAP, 'multi30k');

test('a point has its sentence, its kind and its facts', () => {
  assert.equal(sheet.textOf(1), 'Ein Hund rennt.');
  assert.deepEqual(sheet.textsOf(0), { en: 'A dog runs.', de: 'Ein Hund rennt.' });
  assert.deepEqual([sheet.say(0), sheet.say(2)], ['Caption of the probe set', 'Sample of the model']);
  assert.deepEqual(sheet.facts(0), [
    ['who', 'dog'],
    ['colour', 'none'],
  ]);
  assert.deepEqual(sheet.facts(2), [['seed', '0']]);
});

test('a colouring says nothing of a sample, and nothing where a factor is silent', () => {
  const { who, colour, length, language } = sheet.colourings;
  assert.deepEqual([who.of(0), who.of(2)], [1, QUIET]);
  assert.deepEqual([colour.of(0), colour.names], [QUIET, ['red']]);
  assert.deepEqual([length.of(0), length.of(2)], [0, 3]);
  assert.deepEqual(language.names, ['English', 'German']);
});

test('the flat PCA is the deep one without its depth', () => {
  assert.equal(axes('pca2'), 2);
  assert.deepEqual(sheet.at('pca2'), [
    [0, 1, 2],
    [0, 1, 2],
  ]);
  assert.match(
    sheet.caption('pca2'),
    /50.0 % \+ 20.0 % of the variance · checkpoint multi30k, samples from the flow prior, 3 points/,
  );
  assert.match(sheet.caption('umap2'), /15 neighbours, minimum distance 0.1/);
});

test('a search wants all of its words', () => {
  assert.deepEqual(search(sheet, 'DOG a'), [0]);
  assert.deepEqual(search(sheet, 'dog sing'), []);
  assert.deepEqual(search(sheet, ' '), []);
});

test('the table of points has a column for each axis and each factor', () => {
  const [head, row] = pointRows(sheet, [1]);
  assert.deepEqual(head.slice(0, 6), ['number', 'text', 'language', 'kind', 'umap2_x', 'umap2_y']);
  assert.equal(head.length, row.length);
  assert.deepEqual([row[0], row.at(-2)], [1, 'dog']);
});

test('a map of own sentences needs nothing but them', () => {
  const own = ownSheet(
    {
      lines: ['a b', 'c'],
      languages: ['en', 'es'],
      where: {
        umap2: [
          [1, 2],
          [3, 4],
        ],
      },
      about: MAP.about,
    },
    '',
  );
  assert.deepEqual(own.at('umap2'), [
    [1, 3],
    [2, 4],
  ]);
  assert.equal(own.colourings.language.names[own.colourings.language.of(1)], 'Spanish');
  assert.deepEqual(pointRows(own, [0])[1], [0, 'a b', 'en', 'Your sentence', 1, 2]);
});
