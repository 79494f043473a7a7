// The Lessons tab: what there is to learn, and a button for each; below it, the words that the app uses.
import { box, button, make } from '../core/dom.js';
import { GLOSSARY } from '../core/glossary.js';
import { listed, t } from '../core/messages.js';
import { nameOf } from '../core/tags.js';
import { lessons, loaded } from './documents.js';
import { start } from './lessons.js';

/** @typedef {import('./documents.js').Lesson} Lesson */

/** @type {Record<string, string>} */
const NEEDS = {
  latent: t('a latent'),
  dial: t('a rate dial'),
  line: t('the figure of a language model beside it'),
  priors: t('fitted priors'),
  directions: t('directions'),
  captions: t('directions measured on real captions'),
  translations: t('translations'),
  'two languages': t('two languages'),
};

/** @param {import('../core/mount.js').Part} part */
export async function mount({ root }) {
  await loaded;
  const intro = t(
    'Each lesson sets the controls for you, covers the view, asks what you expect, and then shows what the model ' +
      'does. Type a sentence of your own whenever you like: every answer is measured on it.',
  );
  const words = Object.values(GLOSSARY).map(([name, meaning]) =>
    box('', make('dt', '', name), make('dd', '', meaning)),
  );
  root.replaceChildren(
    make('p', 'vg-lesson-intro', intro),
    make('ol', 'vg-lesson-cards', undefined, {}, lessons.map(card)),
    make('h2', 'vg-name vg-glossary-title', t('Glossary')),
    make('dl', 'vg-glossary', undefined, {}, words),
  );
}

/** @param {Lesson} lesson */
function card(lesson) {
  const { title, about, minutes, steps, problem } = lesson;
  const size = t('{n} steps, {minutes} minutes', { n: steps.length, minutes });
  return make('li', 'vg-card', undefined, {}, [
    make('h2', 'vg-name', title),
    make('p', '', about),
    problem
      ? make('p', 'vg-caption vg-lesson-problem', saying(problem))
      : box(
          'vg-foot',
          make('span', 'vg-figure', size),
          button(t('Start'), () => start(lesson.id), { kind: 'primary' }),
        ),
  ]);
}

/**
 * Why a lesson cannot be shown; of a teacher's own, with its file and line.
 * @param {NonNullable<Lesson['problem']>} problem
 */
function saying({ needs, file, line }) {
  const what = listed(
    needs.map((need) => NEEDS[need] ?? nameOf(need)),
    'conjunction',
  );
  const said = t('This lesson needs a checkpoint with {what}; none of those here has that.', { what });
  return file ? `${t('{file}, line {line}', { file, line })}: ${said}` : said;
}
