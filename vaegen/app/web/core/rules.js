// What a setting may be. A rule takes any value and returns it, cleaned, or undefined where it cannot be used. Links
// and what the browser kept of the last visit go through these, and nothing else looks at them.

/** @typedef {(x: any) => any} Rule */
/** @typedef {import('./page.js').Point} Point */
/** @typedef {import('./page.js').Setting} Setting */

/** @param {number} low @param {number} high @returns {Rule} */
export const number = (low, high) => (x) =>
  typeof x === 'number' && Number.isFinite(x) && x >= low && x <= high ? x : undefined;
/** @param {number} low @param {number} high @returns {Rule} */
export const whole = (low, high) => (x) => (Number.isInteger(x) && x >= low && x <= high ? x : undefined);
/** @type {Rule} */
export const flag = (x) => (typeof x === 'boolean' ? x : undefined);
/** @param {string[]} allowed @returns {Rule} */
export const oneOf =
  (...allowed) =>
  (x) =>
    allowed.includes(x) ? x : undefined;
/**
 * A rule that takes names of older links too.
 * @param {Record<string, string>} now by old name
 * @param {Rule} rule
 * @returns {Rule}
 */
export const renamed = (now, rule) => (x) => rule(Object.hasOwn(now, x) ? now[x] : x);
/** @param {number} most characters @param {RegExp} [pattern] that all of it matches @returns {Rule} */
export const text = (most, pattern) => (x) =>
  typeof x === 'string' && x.length <= most && (!pattern || pattern.test(x)) ? x : undefined;
/** A language or a task such as "en.short"; "" is none. */
export const tag = text(40, /^([A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,3}(\.\w{1,20})?)?$/);

/** @param {Rule} rule of each @param {number} most @returns {Rule} */
export const list = (rule, most) => (x) => {
  if (!Array.isArray(x) || x.length > most) return undefined;
  const found = x.map(rule);
  return found.includes(undefined) ? undefined : found;
};

/** A list of exactly these. @param {Rule[]} rules @returns {Rule} */
export const tuple =
  (...rules) =>
  (x) => {
    if (!Array.isArray(x) || x.length !== rules.length) return undefined;
    const found = rules.map((rule, i) => rule(x[i]));
    return found.includes(undefined) ? undefined : found;
  };

/** Several languages or tasks, one at least. @type {Rule} */
export const tags = (x) => (list(tag, 20)(x)?.length && !x.includes('') ? x : undefined);

/** @param {Rule} rule @returns {Rule} */
export const maybe = (rule) => (x) => (x === null ? null : rule(x));
/** The first rule that takes it. @param {Rule[]} rules @returns {Rule} */
export const either =
  (...rules) =>
  (x) =>
    rules.map((rule) => rule(x)).find((found) => found !== undefined);

/** An object of exactly these fields. @param {Record<string, Rule>} rules @returns {Rule} */
export const record = (rules) => (x) => {
  if (!isPlain(x) || Object.keys(x).some((key) => !Object.hasOwn(rules, key))) return undefined;
  const found = Object.entries(rules).map(([key, rule]) => [key, Object.hasOwn(x, key) ? rule(x[key]) : undefined]);
  return found.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(found);
};

/**
 * An object of any names.
 * @param {RegExp} name of each
 * @param {Rule} rule of each
 * @param {number} most
 * @returns {Rule}
 */
export const table = (name, rule, most) => (x) => {
  if (!isPlain(x) || Object.keys(x).length > most || !Object.keys(x).every((key) => name.test(key))) return undefined;
  const found = Object.entries(x).map(([key, value]) => [key, rule(value)]);
  return found.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(found);
};

/** @param {unknown} x */
export const isPlain = (x) => typeof x === 'object' && x !== null && !Array.isArray(x);

/** The rule that Python's words for a setting mean. @param {Setting} setting @returns {Rule} */
export function ruleOf({ kind, low = -Infinity, high = Infinity, choices = [], most = 0 }) {
  return {
    number: number(low, high),
    whole: whole(low, high),
    choice: oneOf(...choices),
    flag,
    text: text(most),
    tag,
    tags,
  }[kind];
}

/**
 * The values that their rules take; the names of the others are added to `refused`.
 * @param {unknown} values
 * @param {Record<string, Rule>} rules
 * @param {string[]} refused
 * @returns {Record<string, any>}
 */
export function checked(values, rules, refused) {
  /** @type {Record<string, any>} */
  const found = {};
  if (values === undefined || values === null) return found;
  if (!isPlain(values)) {
    refused.push('?');
    return found;
  }
  for (const [name, value] of Object.entries(/** @type {object} */ (values))) {
    if (!Object.hasOwn(rules, name)) continue; // of a later version, or of none
    const clean = rules[name](value);
    if (clean === undefined) refused.push(name);
    else found[name] = clean;
  }
  return found;
}
