import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, said } from '../../vaegen/app/web/core/about.js';
import { counted, listed, nats, number, percent, t } from '../../vaegen/app/web/core/messages.js';
import { fitted, nameOf, tags } from '../../vaegen/app/web/core/tags.js';

test('values go into a text, and what has none stays', () => {
  assert.equal(t('{n} of {total}', { n: 1 }), '1 of {total}');
});

test('figures are written for people', () => {
  assert.deepEqual([percent(0.999), percent(0.004), percent(0.42)], ['>99 %', '<1 %', '42 %']);
  assert.equal(number(-1.25, 2), '−1.25');
  assert.equal(nats(2), '2.0 nats');
  assert.deepEqual(counted({ n: 10000, name: 'x' }), { n: '10,000', name: 'x' });
  assert.equal(listed(['a', 'b', 'c'], 'disjunction'), 'a, b, or c');
});

test('a sentence that can be none is refused in words', () => {
  assert.equal(refusal(' \n'), 'There is no sentence; type one in English or German.');
  assert.match(refusal('x'.repeat(2001)), /2,001 characters; at most 2,000/);
  assert.equal(refusal('A dog.'), '');
  assert.equal(said({ message: 'In {languages}.', values: { languages: '?' } }), 'In English or German.');
});

test('languages that a checkpoint lacks give way to those that it has', () => {
  assert.deepEqual(tags(), ['en', 'de']);
  assert.equal(nameOf('es'), 'Spanish');
  assert.equal(nameOf('xx-long-code'), 'xx-long-code');
  assert.deepEqual(fitted({ language: 'fr', languages: ['en', 'cs'] }), { language: 'de', languages: ['en', 'de'] });
});
