import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as rules from '../../vaegen/app/web/core/rules.js';

/** @param {rules.Rule} rule @param {unknown[]} good @param {unknown[]} bad */
function check(rule, good, bad) {
  for (const value of good) assert.deepEqual(rule(value), value);
  for (const value of bad) assert.equal(rule(value), undefined, JSON.stringify(value));
}

test('numbers have a type and a range', () => {
  check(rules.number(0.1, 2), [0.1, 1, 2], [0, 2.01, NaN, Infinity, '1', null, [1], { valueOf: () => 1 }]);
  check(rules.whole(1, 10), [1, 10], [0, 1.5, 11, '5', true]);
});

test('texts have a length and a pattern, choices are among those allowed', () => {
  check(rules.text(3, /^[a-z]*$/), ['', 'abc'], ['abcd', 'A', 7, null, ['a']]);
  check(rules.oneOf('a', 'b'), ['a'], ['c', 0, undefined, '__proto__']);
  check(rules.flag, [true, false], [0, 'true', null]);
  const mode = rules.renamed({ jitter: 'cloud' }, rules.oneOf('walk', 'cloud'));
  check(mode, ['walk', 'cloud'], ['toString', null, 7]);
  assert.equal(mode('jitter'), 'cloud');
});

test('languages and tasks are short and plain, whatever is behind them', () => {
  check(
    rules.tag,
    ['', 'en', 'en.short', 'pt_BR', 'zh-Hans'],
    ['e', 'english', 'en.a b', 'en' + '_a'.repeat(27) + '!', 5],
  );
  check(rules.tags, [['en'], ['en', 'de.short']], [[], 'en', [''], [7], Array(21).fill('en')]);
});

test('lists, records and tables are checked to their leaves', () => {
  check(rules.list(rules.flag, 2), [[], [true, false]], [[1], [true, true, true], 'aa', null]);
  check(rules.tuple(rules.flag, rules.whole(0, 9)), [[true, 3]], [[true], [3, true], [true, 3, 3]]);
  check(rules.record({ a: rules.flag }), [{ a: true }], [{}, { a: 1 }, { a: true, b: 1 }, [true], null, 'a']);
  check(rules.table(/^\d+$/, rules.number(-3, 3), 2), [{}, { 0: 1 }], [{ a: 1 }, { 0: 4 }, { 0: 1, 1: 1, 2: 1 }, [1]]);
  check(rules.maybe(rules.flag), [null, true], [1, undefined]);
  check(rules.either(rules.flag, rules.whole(0, 9)), [true, 7], ['x', 10]);
});

test('Python says what a setting may be', () => {
  check(rules.ruleOf({ kind: 'whole', default: 5, low: 1, high: 10 }), [5], [11, '5']);
  check(rules.ruleOf({ kind: 'choice', default: 'a', choices: ['a', 'b'] }), ['b'], ['c']);
});

test('what its rule refuses is named, what nobody knows is left out', () => {
  /** @type {string[]} */
  const refused = [];
  const given = JSON.parse('{"k": 3, "on": "yes", "other": 1, "__proto__": {"k": 9}}');
  assert.deepEqual(rules.checked(given, { k: rules.whole(0, 9), on: rules.flag }, refused), { k: 3 });
  assert.deepEqual(refused, ['on']);
  assert.deepEqual(rules.checked([1], {}, refused), {});
  assert.deepEqual(refused, ['on', '?']);
  assert.deepEqual(rules.checked(undefined, {}, refused), {});
});
