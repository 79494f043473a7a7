// What the chosen checkpoint can write: languages, and tasks such as "en.short".
import { choice, select } from './controls.js';
import { locale, t } from './messages.js';
import { page, UNKNOWN } from './page.js';
import { state } from './state.js';

/** @param {string} tag */
export const languageOf = (tag) => tag.split('.')[0];

const others = new Intl.DisplayNames([locale], { type: 'language' });
/**
 * The name of a language; of one that the interface has no word for, the browser's, or else its code.
 * @param {string} code
 */
function languageName(code) {
  if (Object.hasOwn(page.names, code)) return t(page.names[code]);
  const name = /^[a-z]{2,3}$/i.test(code) ? (others.of(code) ?? code) : code;
  return name === code ? code : name[0].toLocaleUpperCase(locale) + name.slice(1);
}

/** What a tag is called: "en" English, "en.short" English, short. @param {string} tag */
export function nameOf(tag) {
  const [language, task] = tag.split('.');
  return [languageName(language), ...(task ? [t(page.tasks[task] ?? task)] : [])].join(', ');
}

/**
 * Puts a checkpoint on offer that was opened just now.
 * @param {string} name
 * @param {string[]} tags
 * @param {import('./page.js').Dial | null} dial
 */
export function learn(name, tags, dial) {
  page.tags[name] = tags;
  if (!Object.hasOwn(page.about, name)) page.about[name] = { ...UNKNOWN, dial };
  if (!page.checkpoints.includes(name)) page.checkpoints.push(name);
}

/** All tags of a checkpoint; of one that nothing is known of, those of the starting one. */
export function allTags(checkpoint = state.checkpoint) {
  const found = Object.hasOwn(page.tags, checkpoint) ? page.tags[checkpoint] : [];
  return found.length ? found : page.tags[''];
}

/** The tags that suit the current sentence: a checkpoint with tasks writes in the language that it reads. */
export function tags() {
  const all = allTags();
  if (!all.some((tag) => tag.includes('.'))) return all;
  const own = all.filter((tag) => languageOf(tag) === state.a.language);
  return own.length ? own : all.filter((tag) => languageOf(tag) === languageOf(all[0]));
}

// What becomes of a choice for another checkpoint, as `fitted` in questions/points.py has it; `has` are the possible
// tags.
/** @param {string} tag @param {string[]} has */
const one = (tag, has) => (has.includes(tag) ? tag : (tags().find((other) => other !== state.a.language) ?? tags()[0]));
/** @param {string[]} list @param {string[]} has */
const several = (list, has) => (list.every((tag) => has.includes(tag)) ? list : tags());

/** The languages among some settings, as they can be asked of the checkpoint. @param {Record<string, any>} settings */
export const fitted = ({ language, languages }) => ({
  ...(language && { language: one(language, allTags()) }),
  ...(languages && { languages: several(languages, allTags()) }),
});

const options = () => tags().map((tag) => /** @type {[string, string]} */ ([tag, nameOf(tag)]));
/** @param {{ value: string[], onInput: (languages: string[]) => unknown }} options */
export const languageChoice = ({ value, onInput }) =>
  choice({ label: t('Languages'), options: options(), several: true, value: several(value, tags()), onInput });
/** @param {{ value: string, onInput: (language: string) => unknown, label?: string }} options */
export const languageSelect = ({ value, onInput, label = t('Language') }) =>
  select({ label, options: options(), value: one(value, tags()), onInput });
