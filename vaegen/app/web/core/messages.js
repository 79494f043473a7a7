// The interface's words and numbers in the person's language.
import { page } from './page.js';

const wanted = (globalThis.document && navigator.language) || 'en';
export const locale = page.locales.includes(wanted.slice(0, 2)) ? wanted.slice(0, 2) : 'en';
/** @type {Record<string, string>} */
export const texts =
  locale === 'en' ? {} : await (await fetch(new URL(`../texts/${locale}.json`, import.meta.url))).json();

/**
 * The interface's words: English is the key, {name} is filled in.
 * @param {string} text
 * @param {Record<string, unknown>} [values]
 */
export function t(text, values = {}) {
  return (texts[text] ?? text).replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
}

/** @param {number} p */
export const percent = (p) => (p >= 0.995 ? '>99 %' : p < 0.01 ? '<1 %' : Math.round(100 * p) + ' %');

/** @param {number} x */
export function number(x, digits = 1) {
  const figure = Math.abs(x).toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (x < 0 ? '−' : '') + figure;
}

/** @param {number} x */
export const nats = (x) => `${number(x)} nats`;

/** Values of a message with their numbers written out. @param {Record<string, any>} values */
export const counted = (values) =>
  Object.fromEntries(Object.entries(values).map(([key, x]) => [key, x.toLocaleString(wanted)]));

/**
 * Several things as one text, "a, b, and c".
 * @param {string[]} parts
 * @param {'conjunction' | 'disjunction'} type
 */
export const listed = (parts, type) => new Intl.ListFormat(wanted, { type }).format(parts);
