// The Lessons tab: what there is to learn, and a button for each; below it, the words that the app uses.
import { box, button, make } from '../core/dom.js';
import { GLOSSARY } from '../core/glossary.js';
import { t } from '../core/messages.js';
import { start } from './lessons.js';
import { able } from './steps.js';

/** @param {import('../core/mount.js').Part} part */
export function mount({ root }) {
  const lessons = able();
  const intro = lessons.length
    ? t(
        'Each lesson sets the controls for you, asks what you expect, and shows what the model ' +
          'does. Each takes about five minutes.',
      )
    : t('The lessons need a checkpoint that writes English, some of them German too.');
  const cards = lessons.map((lesson) =>
    make('li', 'vg-card', undefined, {}, [
      make('h2', 'vg-name', lesson.title),
      make('p', '', lesson.about),
      box(
        'vg-foot',
        make('span', 'vg-figure', t('{n} steps', { n: lesson.steps.length })),
        button(t('Start'), () => start(lesson.id), { kind: 'primary' }),
      ),
    ]),
  );
  const words = Object.values(GLOSSARY).map(([name, meaning]) =>
    box('', make('dt', '', name), make('dd', '', meaning)),
  );
  root.replaceChildren(
    make('p', 'vg-lesson-intro', intro),
    make('ol', 'vg-lesson-cards', undefined, {}, cards),
    make('h2', 'vg-name vg-glossary-title', t('Glossary')),
    make('dl', 'vg-glossary', undefined, {}, words),
  );
}
