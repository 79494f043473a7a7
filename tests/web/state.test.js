import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { encode } from '../../vaegen/app/web/core/link.js';
import { flag, whole } from '../../vaegen/app/web/core/rules.js';

/** A fresh store, as a fresh page has it. */
let n = 0;
/** @type {typeof import('../../vaegen/app/web/core/state.js')} */
let store;
beforeEach(async () => {
  store = await import(`../../vaegen/app/web/core/state.js?${++n}`);
  store.settingsOf('view', { k: { default: 8, rule: whole(1, 30) }, on: { default: true, rule: flag } });
});
const link = (/** @type {object} */ data) => `?state=${encode(data)}`;

test('a link brings back what was noted, whatever the order of modules', () => {
  store.begin(
    link({ a: { text: 'Hallo', language: 'de', z: '' }, tab: 'map', params: { view: { k: 3 }, late: { k: 4 } } }),
    undefined,
  );
  assert.equal(store.state.a.text, 'Hallo');
  assert.equal(store.state.tab, 'map');
  assert.deepEqual(store.state.settings.view, { k: 3, on: true });
  assert.deepEqual(store.settingsOf('late', { k: { default: 1, rule: whole(1, 9) } }), { k: 4 });
  assert.deepEqual(store.refused, []);
});

test('the snapshot holds the changed settings alone and is the same after a round', () => {
  store.state.settings.view.k = 5;
  store.change({ b: store.clean({ text: 'B', language: 'en.short' }) });
  const kept = structuredClone(store.snapshot());
  assert.deepEqual(kept.params, { view: { k: 5, on: true } });
  assert.equal(kept.b.language, 'en');
  store.begin('', kept);
  assert.deepEqual(store.snapshot(), kept);
});

test('nothing of a tampered link stops anything: the usual values stand in its place, and its parts are named', () => {
  const usual = structuredClone(store.state);
  const tampered = {
    a: 7,
    b: { text: ['x'], language: {}, z: '<' },
    checkpoint: 'nowhere',
    tab: { id: 1 },
    lesson: '<script>',
    step: -1,
    params: { view: { k: '7', on: null }, other: 1 },
  };
  store.begin(link(tampered), undefined);
  assert.deepEqual(store.state, usual);
  assert.deepEqual(new Set(store.refused), new Set(['a', 'b', 'checkpoint', 'tab', 'lesson', 'step', 'k', 'on']));
});

test('params of a wrong type, a state that is none and a sentence that is too long do no harm', () => {
  const usual = structuredClone(store.state);
  store.begin(
    link({ params: [1], a: { text: 'x'.repeat(3000), language: 'en', z: '' }, b: { text: ' ', z: '' } }),
    undefined,
  );
  assert.deepEqual(store.state, usual);
  assert.deepEqual(store.refused, ['a', 'b', 'params']);
  store.begin('?state=%25%25nonsense', undefined);
  assert.ok(store.refused.includes('?'));
});

test('what the browser kept goes before the address', () => {
  store.begin('?tab=map&lesson=walk', { tab: 'sample' });
  assert.equal(store.state.tab, 'sample');
  assert.equal(store.state.lesson, '');
  assert.equal(store.isLessonLinked, false);
});

test('a rate is kept and linked; what is no rate of the dial is refused', () => {
  const before = store.key();
  store.turn(0.1);
  assert.notEqual(store.key(), before);
  const kept = structuredClone(store.snapshot());
  store.turn(null);
  assert.equal(store.key(), before);
  store.begin(link(kept), undefined);
  assert.equal(store.state.beta, 0.1);
  for (const beta of [0, 0.002, 1.1, '0.1', NaN, [0.1]]) {
    store.turn(null);
    store.begin(link({ beta }), undefined);
    assert.equal(store.state.beta, null);
  }
  assert.ok(store.refused.includes('beta'));
});

test('latents are read at the rate that they were made at: another rate drops them', () => {
  store.change({ a: store.clean({ text: 'A', language: 'en', z: 'AAAA' }) });
  store.turn(null);
  assert.equal(store.state.a.z, 'AAAA');
  store.turn(1);
  assert.deepEqual([store.state.a.text, store.state.a.z], ['A', '']);
});

test('another checkpoint keeps the sentences and drops their latents', () => {
  store.change({ a: store.clean({ text: 'A', language: 'en', z: 'AAAA' }) });
  let told = 0;
  store.listeners.add(() => told++);
  store.choose('second');
  assert.deepEqual([store.state.a.text, store.state.a.z, store.state.checkpoint], ['A', '', 'second']);
  store.choose('first'); // the starting one has no name in the state
  assert.equal(store.state.checkpoint, '');
  store.choose('first');
  assert.equal(told, 2);
});
