import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betaAt, measuredAt, positionOf, STEPS } from '../../vaegen/app/web/core/dial.js';

test('the slider runs from end to end, and each place is a rate of its own', () => {
  assert.deepEqual([betaAt(0), betaAt(STEPS)], [0.003, 1]);
  const rates = Array.from({ length: STEPS + 1 }, (_, i) => betaAt(i));
  assert.equal(new Set(rates).size, STEPS + 1);
  rates.forEach((beta, i) => assert.equal(positionOf(beta), i));
});

test('a rate that is known stays as it is at its place', () => {
  assert.equal(betaAt(positionOf(0.03), 0.03), 0.03);
  assert.equal(betaAt(positionOf(0.0301), 0.0301, 0.03), 0.0301);
  assert.notEqual(betaAt(positionOf(0.03) + 1, 0.03), 0.03);
});

test('between measured rates figures go with log beta, beyond them there are none', () => {
  const rows = [
    { beta: 0.01, kl: 90, recon: 15 },
    { beta: 0.1, kl: 50, recon: 25 },
  ];
  const middle = measuredAt(rows, Math.sqrt(0.001));
  assert.ok(Math.abs((middle?.kl ?? 0) - 70) < 1e-9 && Math.abs((middle?.recon ?? 0) - 20) < 1e-9);
  assert.deepEqual(measuredAt(rows, 0.01), { kl: 90, recon: 15 });
  assert.deepEqual(measuredAt(rows, 0.1), { kl: 50, recon: 25 });
  assert.deepEqual([measuredAt(rows, 0.009), measuredAt(rows, 0.2), measuredAt([], 0.1)], [null, null, null]);
});
