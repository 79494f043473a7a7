import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosen, matrix, read, rowsOf, sum } from '../../vaegen/app/web/attention/weights.js';
import { factor } from '../../vaegen/app/web/attention/without.js';

/** @param {[number, number, number, number]} shape @param {number[]} shares */
function pack(shape, shares) {
  const bytes = new Uint8Array(Uint16Array.from(shares, (x) => Math.round(x * 65535)).buffer);
  return { shape, data: btoa(String.fromCharCode(...bytes)) };
}
const near = (/** @type {number[]} */ found, /** @type {number[]} */ wanted) =>
  found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-3, `${found} is not ${wanted}`));

test('a head is read alone, and -1 is the mean', () => {
  const packed = pack([1, 2, 1, 2], [1, 0, 0, 1]);
  near(rowsOf(packed, [0, 1])[0], [0, 1]);
  near(rowsOf(packed, [-1, -1])[0], [0.5, 0.5]);
  assert.deepEqual(chosen([7, 1], [4, 4]), [-1, 1]); // another checkpoint has fewer layers
});

/** @type {any} one slot, two source words, one target word */
const side = {
  source: ['dog', '[end]'],
  target: ['Hund'],
  language: 'de',
  context: 'source',
  encoder: pack([1, 1, 3, 3], [0.2, 0.6, 0.2, 0, 1, 0, 0, 0, 1]),
  cross: pack([1, 1, 1, 3], [0.5, 0.3, 0.2]),
  decoder: pack([1, 1, 1, 1], [1]),
};
const heads = /** @type {{ encoder: [number, number], decoder: [number, number] }} */ ({
  encoder: [-1, -1],
  decoder: [-1, -1],
});

test('what comes through the slots adds up to one', () => {
  const rows = read(side, 1, heads);
  near(rows.slotWord[0], [0.6, 0.2]);
  near(rows.direct[0], [0.3, 0.2]);
  near(rows.through[0], [0.75, 0.25]);
});

test('every row of a heat map adds up to one, its last column being the rest', () => {
  const rows = read(side, 1, heads);
  for (const kind of ['slots', 'encoder', 'toSlots', 'toSource', 'decoder']) {
    const { values, columns } = matrix(rows, kind, { n_slots: 1 });
    for (const row of values) {
      near([sum(row)], [1]);
      assert.equal(row.length, columns.length);
    }
  }
  assert.deepEqual(matrix(rows, 'decoder', { n_slots: 1, kinds: ['transformer', 'lstm'] }).values, []);
});

test('a change of probability is said in times', () => {
  assert.equal(factor(Math.log(2)), '2.0 times more probable');
  assert.equal(factor(-Math.log(20)), '20 times less probable');
  assert.equal(factor(0.01), 'as probable as before');
});
