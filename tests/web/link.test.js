import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, read, write } from '../../vaegen/app/web/core/link.js';

test('a state comes back from the letters of its link, which an address may hold as they are', () => {
  const state = { a: { text: 'Děti a 两个孩子 🐶', language: 'cs', z: '' }, params: { map: { k: 8 } } };
  const code = encode(state);
  assert.match(code, /^[A-Za-z0-9_-]+$/);
  assert.deepEqual(decode(code), state);
  assert.deepEqual(read(`?state=${code}`).data, state);
});

test('what is damaged is none and says so', () => {
  for (const code of [
    '%%%',
    'AAAA',
    encode(/** @type {any} */ (7)),
    encode(/** @type {any} */ ('text')),
    encode([1]),
  ]) {
    const { data, isDamaged } = read(`?state=${encodeURIComponent(code)}`);
    assert.deepEqual(data, {});
    assert.ok(isDamaged, code);
  }
  assert.equal(read('').isDamaged, false);
});

test('people write the tab, a sentence or a lesson into an address', () => {
  assert.deepEqual(read('?text=Ahoj&language=cs&tab=map').data, {
    tab: 'map',
    a: { text: 'Ahoj', language: 'cs', z: '' },
  });
  const { data, isLesson } = read('?lesson=walk&step=3');
  assert.deepEqual(data, { lesson: 'walk', step: 2 });
  assert.ok(isLesson);
});

test('ours is replaced in an address, the rest stays', () => {
  assert.equal(write('?__theme=dark&state=abc&lesson=walk', { tab: 'map' }), '?__theme=dark&tab=map');
  assert.equal(write('?tab=map', {}), '');
});
