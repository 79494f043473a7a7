// A check: sets the view as the step says, waits for its answer, and says which choice was right and why.
import { about } from '../core/about.js';
import { number } from '../core/messages.js';
import { page } from '../core/page.js';
import { defaultsOf, key, state } from '../core/state.js';
import { showView, views } from '../core/view.js';
import { MEASURES } from './measures.js';

/** @typedef {import('./documents.js').Step} Step */
/** @typedef {import('./documents.js').Setup} Setup */
/** @typedef {import('./measures.js').Found} Found */
/**
 * @typedef {{ choice: number, say: string, found: Found } | 'failed' | 'nothing'} Result the right choice, from 0, what to
 *   say, and what was measured
 */

const PAUSE = 100; // ms between two looks at a view

/** What a result holds for: other sentences have another. */
export const subject = () =>
  JSON.stringify([state.a, state.b].map(({ text, z }) => [text, z]).concat([[state.checkpoint]]));

/** @param {Setup} setup */
function rateOf({ beta }) {
  const { dial } = about();
  if (!dial || beta === 'usual' || beta === dial.usual) return null;
  return beta === 'low' ? page.dial.low : beta === 'high' ? page.dial.high : beta;
}

/** Sets a view to exactly this, whatever was done in it before. @param {string} tab @param {Setup} setup */
function set(tab, setup) {
  showView(tab, { ...defaultsOf(tab), ...setup.settings }, { beta: rateOf(setup) });
}

/** Whether a view shows the answer to what stands above it now. @param {string} tab */
export function isReady(tab) {
  const view = views[tab];
  return Boolean(view && !view.busy && view.seen === key() && view.root.dataset.phase !== 'empty');
}

/** Whether nobody has turned the dial or a control since a view was set. @param {string} tab @param {Setup} setup */
const holds = (tab, setup) =>
  state.beta === rateOf(setup) &&
  Object.entries(setup.settings).every(([name, x]) => JSON.stringify(views[tab]?.params[name]) === JSON.stringify(x));

/**
 * The answer of a view once it is there; null if it has none for this, undefined if nobody wants it any more.
 * @param {string} tab
 * @param {Setup} setup
 * @param {() => boolean} isWanted
 */
async function answerOf(tab, setup, isWanted) {
  set(tab, setup);
  do {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (!isWanted()) return undefined;
    if (views[tab] && !holds(tab, setup)) set(tab, setup);
  } while (!isReady(tab));
  return views[tab].root.dataset.phase === 'error' ? null : views[tab].answer;
}

/**
 * Sets up a step and measures; undefined if nobody wants the result any more.
 * @param {Step} step
 * @param {() => boolean} isWanted
 * @returns {Promise<Result | undefined>}
 */
export async function run(step, isWanted) {
  const { tab } = step.page;
  let before = null;
  if (step.compare) {
    before = await answerOf(tab, step.compare, isWanted);
    if (before === undefined) return undefined;
    before = structuredClone(before);
  }
  const answer = await answerOf(tab, step.page, isWanted);
  if (answer === undefined) return undefined;
  if (answer === null || (step.compare && before === null)) return 'failed';
  const found = MEASURES[step.measure](answer, before);
  return found ? judge(step, found) : 'nothing';
}

/**
 * The outcome that a value belongs to, with its figures.
 * @param {Step} step
 * @param {Found} found
 */
export function judge({ outcomes }, found) {
  const outcome = outcomes.find(({ below }) => below === null || found.value < below) ?? outcomes[outcomes.length - 1];
  const say = outcome.say.replace(/\{(\w+)\}/g, (_, name) => shown(found[name]));
  return { choice: outcome.choice - 1, say, found };
}

/** @param {unknown} x */
const shown = (x) => (typeof x !== 'number' ? String(x) : number(x, Number.isInteger(x) ? 0 : digitsOf(x)));
/** @param {number} x */
const digitsOf = (x) => Math.min(3, String(x).split('.')[1]?.length ?? 0);
