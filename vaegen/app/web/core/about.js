// What the page says of a checkpoint and of mistakes.
import { counted, listed, t } from './messages.js';
import { page, UNKNOWN } from './page.js';
import { state } from './state.js';
import { allTags, nameOf } from './tags.js';

const HAN = /\p{Script=Han}/u;
const LATIN = /\p{Script=Latin}/u;
const LETTER = /\p{L}/u;
/** @type {Record<string, string>} */
const DOMAINS = {
  captions: t('everyday scenes, as in photo captions'),
  phrases: t('short everyday sentences'),
  chat: t('small talk of one or two turns'),
};

/** What Python says of a checkpoint; of one from the Hub nothing is known. @returns {import('./page.js').About} */
export const about = (checkpoint = state.checkpoint) =>
  Object.hasOwn(page.about, checkpoint) ? page.about[checkpoint] : UNKNOWN;

/** What a checkpoint knows, "photo captions and short everyday sentences". @param {string} [checkpoint] */
export const knows = (checkpoint) =>
  listed(
    about(checkpoint).domains.map((name) => DOMAINS[name]),
    'conjunction',
  ) || t('texts like those that it was trained on');

/** Sentences to begin with, language and text. @param {string} [checkpoint] */
export function examplesOf(checkpoint) {
  const { kind, domains } = about(checkpoint);
  return page.examples[kind === 'translate' && domains.includes('phrases') ? 'everyday' : kind] ?? [];
}

/** The languages that a checkpoint reads. @param {string} [checkpoint] */
const read = (checkpoint) => allTags(checkpoint).filter((tag) => !tag.includes('.'));
/** @param {string} [checkpoint] */
export const reads = (checkpoint) => listed(read(checkpoint).map(nameOf), 'disjunction');
/**
 * Whether a text has a letter of a language that the checkpoint reads.
 * @param {string} text
 * @param {string} [checkpoint]
 */
export const readable = (text, checkpoint) =>
  read(checkpoint).some((code) => (code === 'zh' ? HAN : Object.hasOwn(page.names, code) ? LATIN : LETTER).test(text));

/** A message from Python. @param {{ message?: string, values?: Record<string, any> }} value */
export const said = ({ message = '', values = {} }) =>
  t(message, { ...counted(values), ...(values.languages ? { languages: reads() } : {}) });

/** Why a text can be no sentence, as Python would say it; "" if it can. @param {string} text */
export function refusal(text) {
  const n = [...text.trim()].length;
  const most = page.most.text;
  if (!n) return t('There is no sentence; type one in {languages}.', { languages: reads() });
  return n > most
    ? t('The text has {n} characters; at most {most} are possible. Shorten it.', counted({ n, most }))
    : '';
}
