// The dial: the rate that is asked for, where it stands on a slider, and what was measured there.
import { about } from './about.js';
import { page } from './page.js';
import { state } from './state.js';

/** @typedef {import('./page.js').Measured} Measured */

export const STEPS = 50; // of the slider, on a logarithmic scale: so few that two figures tell them apart
const { low, high } = page.dial;
const SPAN = Math.log(high / low);

/** The rate at which the chosen checkpoint is asked; null where that is the recommended one, or the only one. */
export function rate() {
  const { dial } = about();
  return dial && state.beta !== dial.usual ? state.beta : null;
}

/** @param {number} beta */
export const positionOf = (beta) => Math.round((STEPS * Math.log(beta / low)) / SPAN);

/** The rate at a place of the slider, in two figures; one that the place stands for already stays as it is.
 * @param {number} position @param {number[]} known
 */
export const betaAt = (position, ...known) =>
  known.find((beta) => positionOf(beta) === position) ??
  Number((low * Math.exp((SPAN * position) / STEPS)).toPrecision(2));

/**
 * KL and reconstruction at a rate, between the measured ones on the scale of log beta; null beyond them.
 * @param {Measured[]} rows by growing beta
 * @param {number} beta
 */
export function measuredAt(rows, beta) {
  const i = rows.findIndex((row) => row.beta >= beta);
  if (i < 0 || (i === 0 && rows[0].beta > beta)) return null;
  const [before, after] = [rows[Math.max(0, i - 1)], rows[i]];
  const share = before === after ? 0 : Math.log(beta / before.beta) / Math.log(after.beta / before.beta);
  const mix = (/** @type {'kl' | 'recon'} */ name) => before[name] + share * (after[name] - before[name]);
  return { kl: mix('kl'), recon: mix('recon') };
}
