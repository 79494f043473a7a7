// The one state of the page, which every tab reads and writes: sentences, checkpoint, open tab, lesson, each view's
// settings.
import { page } from './page.js';
import { read } from './link.js';
import { checked, isPlain, maybe, number, oneOf, record, ruleOf, tag, text, whole } from './rules.js';

/** @typedef {import('./page.js').Point} Point */
/** @typedef {import('./rules.js').Rule} Rule */
/**
 * @typedef {object} State
 * @property {Point} a the current sentence
 * @property {Point} b the pinned one
 * @property {string} checkpoint "" is the starting one
 * @property {number | null} beta the rate, for checkpoints with a dial; null is the recommended one
 * @property {string} tab the open one
 * @property {string} lesson the open one, "" if none is
 * @property {number} step of the lesson, from 0
 * @property {Record<string, Record<string, any>>} settings of each view
 */

export const TABS = ['translate', 'interpolate', 'sample', 'map', 'attention', 'inside', 'lessons'];
const LETTERS = /^[A-Za-z0-9_-]*$/;
/** @type {Rule} */
const point = (x) => {
  const rule = record({ text: text(page.most.text), language: tag, z: text(page.most.z, LETTERS) });
  const found = isPlain(x) ? rule({ text: '', language: '', z: '', ...x }) : undefined;
  return found && (found.text.trim() || found.z) ? clean(found) : undefined;
};
/** One of ours, or what may be an own one that was opened, "owner/name". */
const checkpoint = (/** @type {unknown} */ x) =>
  x === '' || x === page.checkpoints[0] ? '' : (known(x) ?? text(100, /^[\w.-]+\/[\w.-]+$/)(x));
const known = (/** @type {unknown} */ x) => oneOf(...page.checkpoints)(x);
/** @type {Record<string, Rule>} */
const RULES = {
  a: point,
  b: point,
  checkpoint,
  beta: maybe(number(page.dial.low, page.dial.high)),
  tab: oneOf(...TABS),
  lesson: text(40, LETTERS),
  step: whole(0, 99),
};

/** @param {Partial<Point>} where @returns {Point} */
export const clean = ({ text = '', language = '', z = '' }) => ({
  text: String(text),
  language: String(language).split('.')[0],
  z: String(z),
});

const [a, b] = page.start.map(clean);
/** @type {State} */
export const state = { a, b, checkpoint: '', beta: null, tab: 'translate', lesson: '', step: 0, settings: {} };
/** What all views stand on, as a key: an answer to another one is out of date. */
export const key = () => JSON.stringify([state.a, state.b, state.checkpoint, state.beta]);
/** The key of a page that nobody has changed. */
export const start = key();

/** @type {string[]} names of what a link held and could not be used; "?" is all of it */
export const refused = [];
/** @type {Record<string, any>} */
let given = {};
/** Whether a lesson is to be started, not only to be shown. */
export let isLessonLinked = false;

/**
 * Takes over what the browser kept of this page, or else what its address says. Nothing of it is believed.
 * @param {string} search
 * @param {unknown} kept
 */
export function begin(search, kept) {
  const link = read(search);
  if (link.isDamaged) refused.push('?');
  isLessonLinked = link.isLesson && !isPlain(kept);
  const data = isPlain(kept) ? /** @type {Record<string, any>} */ (kept) : link.data;
  Object.assign(state, checked(data, RULES, refused));
  const settings = data.params ?? {};
  if (isPlain(settings)) given = settings;
  else refused.push('params');
  for (const name of Object.keys(defaults)) take(name);
}

/** @type {Record<string, { values: Record<string, any>, rules: Record<string, Rule> }>} */
const defaults = {};

/**
 * The settings of a view, to be read and written: those that Python names, and the page's own with their defaults and
 *   rules.
 * @param {string} name
 * @param {Record<string, { default: any, rule: Rule }>} [own]
 * @returns {Record<string, any>}
 */
export function settingsOf(name, own = {}) {
  const all = Object.entries(page.settings[name] ?? {}).map(([key, one]) => [
    key,
    { default: one.default, rule: ruleOf(one) },
  ]);
  const declared = { ...Object.fromEntries(all), ...own };
  const pick = (/** @type {'default' | 'rule'} */ which) =>
    Object.fromEntries(Object.entries(declared).map(([key, one]) => [key, one[which]]));
  defaults[name] = { values: pick('default'), rules: pick('rule') };
  state.settings[name] = structuredClone(defaults[name].values);
  take(name);
  return state.settings[name];
}

/** @param {string} name */
function take(name) {
  if (Object.hasOwn(given, name))
    Object.assign(state.settings[name], checked(given[name], defaults[name].rules, refused));
}

/** What a view's settings are at first. @param {string} name @returns {Record<string, any>} */
export const defaultsOf = (name) => structuredClone(defaults[name]?.values ?? {});
/** What the slider of a setting allows. @param {string} name @param {string} setting */
export const rangeOf = (name, setting) => {
  const { low = 0, high = 1 } = page.settings[name][setting];
  return { min: low, max: high };
};
/** @param {string} name */
export const isFresh = (name) => JSON.stringify(state.settings[name]) === JSON.stringify(defaults[name].values);

/** Everything that a link or the browser has to keep: of the settings those of views that somebody changed. */
export function snapshot() {
  const { settings, ...shared } = state;
  const changed = Object.keys(settings).filter((name) => !isFresh(name));
  return { ...shared, params: Object.fromEntries(changed.map((name) => [name, settings[name]])) };
}

// -- Changes
/** @type {Set<() => unknown>} told when the sentences, the checkpoint or the rate are others */
export const listeners = new Set();
/** @type {Set<() => unknown>} told of every change */
export const keepers = new Set();

/** @param {Partial<State>} values */
export function change(values) {
  const before = key();
  Object.assign(state, values);
  touched();
  if (key() !== before) for (const listener of [...listeners]) listener();
}

/** Notes that a part of a link cannot be used after all. @param {string} name */
export function refuse(name) {
  refused.push(name);
  for (const listener of [...listeners]) listener();
}

/** Tells those who keep the state that something of it, such as a view's setting, is another. */
export function touched() {
  for (const keeper of keepers) keeper();
}

/** Another checkpoint: latents of the old one mean nothing in it, sentences do. @param {string} name */
export function choose(name, a = state.a) {
  const checkpoint = name === page.checkpoints[0] ? '' : name;
  if (checkpoint === state.checkpoint) change({ a });
  else change({ checkpoint, a: wordsOf(a), b: wordsOf(state.b) });
}
/** Another rate: latents are read at the rate that they were made at, sentences at any. @param {number | null} beta */
export function turn(beta) {
  if (beta !== state.beta) change({ beta, a: wordsOf(state.a), b: wordsOf(state.b) });
}
const wordsOf = (/** @type {Point} */ where) => ({ ...where, z: '' });
export const swap = () => change({ a: state.b, b: state.a });
