// What Python tells the page when it is made (`_page` in vaegen/app/build.py). Without a page, in the unit tests, it
// is empty.

/**
 * @typedef {{ text: string, language: string, z: string }} Point a sentence, its language ("" unknown), its own latent
 *   ("" none)
 * @typedef {object} Setting what one setting of a view may be
 * @property {'number' | 'whole' | 'choice' | 'flag' | 'text' | 'tag' | 'tags'} kind
 * @property {any} default
 * @property {number} [low]
 * @property {number} [high]
 * @property {string[]} [choices]
 * @property {number} [most] characters
 * @typedef {{ beta: number, kl: number, recon: number }} Measured nats per sentence at a rate
 * @typedef {{ usual: number, measured: Measured[], line?: number | null }} Dial the recommended rate, what was measured by
 *   growing beta, and what a language model spends on the same sentences, in nats
 * @typedef {{ kind: string, languages: number, domains: string[], weak: boolean, dial: Dial | null }} About
 * @typedef {object} Page
 * @property {string[]} locales languages of the interface besides English
 * @property {Record<string, string>} names of languages by code, in English
 * @property {Record<string, string>} tasks names of tasks, in English
 * @property {[Point, Point]} start the sentences A and B that the app starts with
 * @property {{ text: number, z: number }} most characters
 * @property {{ low: number, high: number, sampling: number }} dial the range of beta, and where N(0, I) is drawn from
 * @property {Record<string, Record<string, Setting>>} settings of each view
 * @property {Record<string, [string, string][]>} examples language and text, by what a checkpoint is for, or "everyday"
 * @property {string[]} checkpoints names, the starting one first
 * @property {Record<string, string[]>} tags what each checkpoint writes; "" is the starting one
 * @property {Record<string, About>} about what each checkpoint is for
 * @property {Record<string, string>} maps addresses by checkpoint
 * @property {string} plotly its address
 * @property {Record<string, string>} lessons addresses by language
 * @property {string} ask where views ask, before their name
 */

/** @type {Page} */
const NOTHING = {
  locales: [],
  names: { en: 'English', de: 'German', fr: 'French', cs: 'Czech', zh: 'Chinese' },
  tasks: {},
  start: [
    { text: 'A dog runs.', language: 'en', z: '' },
    { text: 'Two women laugh.', language: 'en', z: '' },
  ],
  most: { text: 2000, z: 16384 },
  dial: { low: 0.003, high: 1, sampling: 0.3 },
  settings: {},
  examples: {},
  checkpoints: ['first', 'second'],
  tags: { '': ['en', 'de'], first: ['en', 'de'], second: ['en'] },
  about: {},
  maps: {},
  plotly: '',
  lessons: {},
  ask: '',
};

/** Of a checkpoint that nothing is known of. @type {About} */
export const UNKNOWN = { kind: 'translate', languages: 0, domains: [], weak: false, dial: null };

const node = globalThis.document?.getElementById('vaegen-page');
/** @type {Page} */
export const page = node ? JSON.parse(node.textContent ?? '') : NOTHING;
