// The open lesson: a step sets the controls of a view and covers it, asks for a prediction, and checks it on the model.
// Its card stands above the tabs, so that the view it talks about stays in sight.
import { box, button, make } from '../core/dom.js';
import { copyButton } from '../core/files.js';
import { t } from '../core/messages.js';
import { change, choose, clean, isLessonLinked, keepers, listeners, refuse, state } from '../core/state.js';
import { openTab, stepLink } from '../core/tabs.js';
import { views } from '../core/view.js';
import { isReady, run, subject } from './check.js';
import { able, loaded, paragraphs } from './documents.js';

/** @typedef {import('./documents.js').Lesson} Lesson */
/**
 * @typedef {object} Current
 * @property {Lesson} lesson
 * @property {number} step past the last one: the end
 * @property {number | null} chosen null: nothing yet
 * @property {{ of: string, what?: import('./check.js').Result }} result of which sentences, and what, once it is there
 */

const SHOWN = -1; // the answer was asked for, nothing chosen
/** @type {Current | null} */
let current = null;
/** @type {HTMLElement} */
let root;

/** @param {import('../core/mount.js').Part} part */
export async function mount(part) {
  root = part.root;
  await loaded;
  if (state.lesson && !able().some((one) => one.id === state.lesson)) refuse('lesson');
  if (isLessonLinked) start(state.lesson, state.step);
  else resume();
  keepers.add(resume); // the browser's history may lead back into a lesson, or out of it
  listeners.add(() => {
    if (current && current.result.of && current.result.of !== subject()) measure(current); // the class typed another one
  });
}

/** Shows the step that the state names. What a reload brings back is set up once more: it is covered. */
function resume() {
  if ((current?.lesson.id ?? '') === state.lesson && (!current || current.step === state.step)) return;
  const lesson = able().find((one) => one.id === state.lesson);
  const isThere = lesson && state.step <= lesson.steps.length;
  if (isThere) enter(lesson, state.step);
  else leave();
  if (!isThere && state.lesson) change({ lesson: '', step: 0 });
}

/** Begins a lesson, or goes to one of its steps; the sentences are the lesson's own until somebody types another.
 * @param {string} id
 */
export function start(id, step = 0) {
  const lesson = able().find((one) => one.id === id);
  if (!lesson?.steps[step]) return change({ lesson: '', step: 0 });
  if (current?.lesson.id !== id) {
    current = null; // what is changed now is none of its steps' business
    setExample(lesson);
  }
  enter(lesson, step);
}

/** @param {Lesson} lesson */
function setExample(lesson) {
  choose(lesson.checkpoint);
  change({ a: clean(lesson.sentence), ...(lesson.second && { b: clean(lesson.second) }) });
}

/** @param {Lesson} lesson @param {number} step */
function enter(lesson, step) {
  unmark();
  current = { lesson, step, chosen: null, result: { of: '' } };
  change({ lesson: lesson.id, step });
  if (lesson.steps[step]) measure(current);
  render();
  focusOn('.vg-lesson-say');
}

/** Sets the view up and measures, while it is covered or after a sentence was changed. @param {Current} at */
async function measure(at) {
  const of = (at.result = { of: subject() }).of;
  if (at.chosen !== null) render(); // what was said of other sentences goes
  const isWanted = () => current === at && at.result.of === of && subject() === of;
  const what = await run(at.lesson.steps[at.step], isWanted);
  if (what === undefined || !isWanted()) return;
  at.result.what = what;
  render();
  if (at.chosen !== null) pointAt(at);
}

/** Marks the part of a view that a step speaks of and scrolls to it. @param {Current} at */
function pointAt(at) {
  const { tab, mark } = at.lesson.steps[at.step].page;
  if (!mark || current !== at || !isReady(tab)) return;
  const node = /** @type {HTMLElement | null} */ (views[tab].root.querySelector(`.vg-${mark}`));
  if (!node) return;
  unmark();
  for (let fold = node.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null)
    fold.open = true;
  node.classList.add('vg-looked-at');
  node.style.scrollMarginTop = `${root.offsetHeight + 16}px`; // the card stays above it
  node.scrollIntoView({ block: 'start' });
}

const unmark = () => document.querySelector('.vg-looked-at')?.classList.remove('vg-looked-at');

/** @param {string} selector @param {FocusOptions} [options] */
const focusOn = (selector, options) => /** @type {HTMLElement | null} */ (root.querySelector(selector))?.focus(options);

function leave() {
  unmark();
  current = null;
  render();
}

/** What the open step has measured, once it has. */
export const measured = () => current?.result.what;

/** Back to the list. */
function end() {
  leave();
  change({ lesson: '', step: 0 });
  openTab('lessons');
}

/** Hides what the prediction is about; the rest of the page can be used. */
function cover() {
  const step = current && current.chosen === null ? current.lesson.steps[current.step] : null;
  const { dataset, style } = document.body;
  if (step) dataset.vgCovered = step.page.tab;
  else delete dataset.vgCovered;
  style.setProperty('--vg-covered', JSON.stringify(t('Covered until you have chosen.')));
}

function render() {
  cover();
  if (!current) root.replaceChildren();
  else root.replaceChildren(current.step < current.lesson.steps.length ? stepCard(current) : endCard(current.lesson));
}

/** @param {string} text */
const said = (text) =>
  make(
    'div',
    'vg-lesson-say',
    undefined,
    { tabindex: '-1' },
    paragraphs(text).map((one) => make('p', '', one)),
  );

/** @param {Lesson} lesson */
function endCard(lesson) {
  const next = able()[able().indexOf(lesson) + 1];
  return make('section', 'vg-lesson', undefined, { 'aria-label': lesson.title }, [
    make('p', 'vg-caption', `${t('Lesson')}: ${lesson.title} · ${t('finished')}`),
    said(lesson.learned),
    box(
      'vg-point-tools',
      button(t('Back'), () => start(lesson.id, lesson.steps.length - 1), { kind: 'link' }),
      ...(next
        ? [button(t('Next lesson: {title}', { title: next.title }), () => start(next.id), { kind: 'primary' })]
        : []),
      button(t('All lessons'), end, { kind: next ? 'link' : 'primary' }),
    ),
  ]);
}

/** @param {Current} at */
function stepCard(at) {
  const { lesson, step, chosen } = at;
  const { text, question, choices, page } = lesson.steps[step];
  const where = t('step {n} of {total}', { n: step + 1, total: lesson.steps.length });
  const row = make('div', 'vg-options-row', undefined, { role: 'group', 'aria-label': question });
  choices.forEach((choice, i) => {
    const node = button(choice, () => answer(at, i), { key: 'lesson-' + i });
    node.disabled = chosen !== null;
    node.classList.toggle('vg-chosen', chosen === i);
    row.append(node);
  });
  const verdict = make('p', 'vg-lesson-verdict', '', { role: 'status' });
  if (chosen !== null) showVerdict(at, row, verdict);
  const marking = page.mark && chosen !== null ? ' vg-lesson-marking' : '';
  return make('section', 'vg-lesson' + marking, undefined, { 'aria-label': lesson.title }, [
    make('p', 'vg-caption', `${t('Lesson')}: ${lesson.title} · ${where}`),
    said(text),
    make('p', 'vg-lesson-ask', question),
    row,
    verdict,
    toolsOf(at),
  ]);
}

/**
 * What became of the prediction, once the model has answered.
 * @param {Current} at
 * @param {HTMLElement} row
 * @param {HTMLElement} verdict
 */
function showVerdict({ lesson, step, chosen, result: { what } }, row, verdict) {
  const { choices } = lesson.steps[step];
  if (typeof what !== 'object') {
    verdict.textContent = !what
      ? t('Waiting for the model …')
      : what === 'failed'
        ? t('The view cannot answer this; it says why. Try another sentence.')
        : t('There is nothing to measure in this sentence; try another one.');
    return;
  }
  const isFine = chosen === SHOWN || what.choice === chosen;
  const judged =
    chosen === SHOWN
      ? t('The answer: {option}.', { option: choices[what.choice] })
      : isFine
        ? '✓ ' + t('Right.')
        : '✗ ' + t('Not this time.');
  verdict.textContent = `${judged} ${paragraphs(what.say).join(' ')}`;
  verdict.classList.add(isFine ? 'vg-right' : 'vg-wrong');
  row.children[what.choice]?.classList.add('vg-solution');
}

/** @param {Current} at */
function toolsOf(at) {
  const { lesson, step, chosen } = at;
  const isLast = step === lesson.steps.length - 1;
  const next = () => enter(lesson, step + 1);
  const example = button(t('Back to the example'), () => setExample(lesson), { kind: 'link' });
  return box(
    'vg-point-tools',
    ...(step > 0 ? [button(t('Back'), () => start(lesson.id, step - 1), { kind: 'link' })] : []),
    chosen === null
      ? button(t('Show the answer'), () => answer(at, SHOWN), { kind: 'link' })
      : button(isLast ? t('Finish') : t('Next'), next, { kind: 'primary', key: 'lesson-next' }),
    ...(state.a.text === lesson.sentence.text ? [] : [example]),
    copyButton(t('Copy link to this step'), () => stepLink(lesson.id, step)),
    button(t('End lesson'), end, { kind: 'link' }),
  );
}

/** @param {Current} at @param {number} i */
function answer(at, i) {
  at.chosen = i;
  render();
  root.scrollIntoView({ block: 'start' }); // the view below it comes into sight
  if (at.result.what) pointAt(at);
  focusOn('[data-key="lesson-next"]', { preventScroll: true });
}
