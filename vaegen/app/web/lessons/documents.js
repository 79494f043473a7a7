// The lessons as Python read them from their documents (`vaegen/app/lessons/`), in the language of the page.
import { locale } from '../core/messages.js';
import { page } from '../core/page.js';

/** @typedef {import('../core/page.js').Point} Point */
/**
 * @typedef {object} Setup what a view is set to
 * @property {number | 'low' | 'usual' | 'high'} beta
 * @property {Record<string, any>} settings those that differ from the view's first ones
 * @typedef {Setup & { tab: string, mark: string }} Place
 * @typedef {{ below: number | null, choice: number, say: string }} Outcome of values below a figure; the last: of all others
 * @typedef {object} Step
 * @property {Place} page
 * @property {Setup | null} compare what the answer is set against
 * @property {string} text
 * @property {string} question
 * @property {string[]} choices
 * @property {string} measure
 * @property {Outcome[]} outcomes
 * @typedef {object} Lesson
 * @property {string} id
 * @property {string} title
 * @property {number} minutes
 * @property {string} about
 * @property {string} learned
 * @property {string} checkpoint that it is shown with; "" is the starting one
 * @property {Partial<Point>} sentence
 * @property {Partial<Point> | null} second
 * @property {Step[]} steps
 * @property {{ needs: string[], file: string, line: number } | null} problem why it cannot be shown
 */

/** @type {Lesson[]} all, those that cannot be shown too */
export const lessons = [];

/** Fetches them, once. */
export const loaded = (async () => {
  const address = page.lessons[locale] ?? page.lessons.en;
  if (address) lessons.push(...(await (await fetch(new URL(address, document.baseURI))).json()));
})();

/** Those that the checkpoints on offer can be shown with. */
export const able = () => lessons.filter((lesson) => !lesson.problem);

/** @param {string} text with its paragraphs apart */
export const paragraphs = (text) => text.split('\n\n');
