// The open lesson: a step sets the controls of a view, asks for a prediction, and checks it on what the model did.
// Its card stands above the tabs, so that the view it talks about stays in sight.
import { box, button, make } from '../core/dom.js';
import { copyButton } from '../core/files.js';
import { t } from '../core/messages.js';
import { change, isLessonLinked, keepers, key, refuse, state } from '../core/state.js';
import { openTab, stepLink } from '../core/tabs.js';
import { showView, views } from '../core/view.js';
import { able } from './steps.js';

/** @typedef {import('./steps.js').Lesson} Lesson */
/**
 * @typedef {{ lesson: Lesson, step: number, chosen: number | null }} Current null: nothing yet; past the last step:
 *   the end
 */

const SHOWN = -1; // the answer was asked for, nothing chosen
/** @type {Current | null} */
let current = null;
/** @type {HTMLElement} */
let root;

/** Whether a view shows the answer to what stands above it now; the translations need none. @param {string} name */
const isReady = (name) =>
  name === 'translate' || Boolean(views[name]?.answer && !views[name].busy && views[name].seen === key());

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  root = part.root;
  if (state.lesson && !able().some((one) => one.id === state.lesson)) refuse('lesson');
  if (isLessonLinked) start(state.lesson, state.step);
  else resume();
  keepers.add(resume); // the browser's history may lead back into a lesson, or out of it
}

/** Shows the step that the state names, without setting up its view once more. */
function resume() {
  if ((current?.lesson.id ?? '') === state.lesson && (!current || current.step === state.step)) return;
  const lesson = able().find((one) => one.id === state.lesson);
  unmark();
  current = lesson && state.step <= lesson.steps.length ? { lesson, step: state.step, chosen: null } : null;
  if (!current) change({ lesson: '', step: 0 });
  render();
}

/** @param {Lesson} lesson @param {number} step */
function enter(lesson, step) {
  unmark();
  current = { lesson, step, chosen: null };
  change({ lesson: lesson.id, step });
}

/** Begins a lesson, or goes to one of its steps. @param {string} id */
export function start(id, step = 0) {
  const lesson = able().find((one) => one.id === id);
  if (!lesson?.steps[step]) return change({ lesson: '', step: 0 });
  enter(lesson, step);
  const {
    go: { tab, params = {}, ...shown },
    mark,
  } = lesson.steps[step];
  showView(tab, params, { checkpoint: '', beta: null, ...shown });
  render();
  focusOn('.vg-lesson-say');
  if (mark && current) pointAt(mark, current, tab);
}

/**
 * Marks the part of a view that a step speaks of and scrolls to it, once the view shows what the step asked for.
 * @param {string} selector
 * @param {Current} step
 * @param {string} tab
 */
function pointAt(selector, step, tab) {
  if (current !== step) return;
  const view = isReady(tab) && views[tab].root.offsetParent ? views[tab].root : null; // its tab opens late
  const node = /** @type {HTMLElement | null} */ (view?.querySelector(selector) ?? null);
  if (!node) {
    setTimeout(() => pointAt(selector, step, tab), 200);
    return;
  }
  for (let fold = node.closest('details'); fold; fold = fold.parentElement?.closest('details') ?? null)
    fold.open = true;
  node.classList.add('vg-looked-at');
  node.style.scrollMarginTop = `${root.offsetHeight + 64}px`; // the card stays above it, with a line for the verdict
  node.scrollIntoView({ block: 'start' });
}

const unmark = () => document.querySelector('.vg-looked-at')?.classList.remove('vg-looked-at');

/** @param {string} selector @param {FocusOptions} [options] */
const focusOn = (selector, options) => /** @type {HTMLElement | null} */ (root.querySelector(selector))?.focus(options);

/** @param {Lesson} lesson */
function finish(lesson) {
  enter(lesson, lesson.steps.length);
  render();
  focusOn('.vg-lesson-say');
}

/** Back to the list. */
function end() {
  unmark();
  current = null;
  change({ lesson: '', step: 0 });
  render();
  openTab('lessons');
}

function render() {
  if (!current) root.replaceChildren();
  else root.replaceChildren(current.step < current.lesson.steps.length ? stepCard(current) : endCard(current.lesson));
}

/** @param {Lesson} lesson */
function endCard(lesson) {
  const next = able()[able().indexOf(lesson) + 1];
  return make('section', 'vg-lesson', undefined, { 'aria-label': lesson.title }, [
    make('p', 'vg-caption', `${t('Lesson')}: ${lesson.title} · ${t('finished')}`),
    make('p', 'vg-lesson-say', t('What you have seen: {text}', { text: lesson.learned }), { tabindex: '-1' }),
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
  const { say, ask, options, mark } = lesson.steps[step];
  const where = t('step {n} of {total}', { n: step + 1, total: lesson.steps.length });
  const row = make('div', 'vg-options-row', undefined, { role: 'group', 'aria-label': ask });
  options.forEach((option, i) => {
    const node = button(option, () => judge(at, i), { key: 'lesson-' + i });
    node.disabled = chosen !== null;
    node.classList.toggle('vg-chosen', chosen === i);
    row.append(node);
  });
  const verdict = make('p', 'vg-lesson-verdict', '', { role: 'status' });
  if (chosen !== null) showVerdict(at, row, verdict);
  return make('section', 'vg-lesson' + (mark ? ' vg-lesson-marking' : ''), undefined, { 'aria-label': lesson.title }, [
    make('p', 'vg-caption', `${t('Lesson')}: ${lesson.title} · ${where}`),
    make('p', 'vg-lesson-say', say, { tabindex: '-1' }),
    make('p', 'vg-lesson-ask', ask),
    row,
    verdict,
    toolsOf(at),
  ]);
}

/**
 * What became of the prediction, once the view has what the step asked for.
 * @param {Current} at
 * @param {HTMLElement} row
 * @param {HTMLElement} verdict
 */
function showVerdict(at, row, verdict) {
  const { lesson, step, chosen } = at;
  const {
    check,
    go: { tab },
    options,
  } = lesson.steps[step];
  if (!isReady(tab)) {
    verdict.textContent = t('Waiting for the model …');
    setTimeout(() => current === at && render(), 200);
    return;
  }
  const [right, why] = check(views[tab].answer);
  const isFine = chosen === SHOWN || right === chosen;
  const said =
    chosen === SHOWN
      ? t('The answer: {option}.', { option: options[right] ?? '–' })
      : isFine
        ? '✓ ' + t('Right.')
        : '✗ ' + t('Not this time.');
  verdict.textContent = `${said} ${why}`;
  verdict.classList.add(isFine ? 'vg-right' : 'vg-wrong');
  row.children[right]?.classList.add('vg-solution');
}

/** @param {Current} at */
function toolsOf(at) {
  const { lesson, step, chosen } = at;
  const isLast = step === lesson.steps.length - 1;
  const next = () => (isLast ? finish(lesson) : start(lesson.id, step + 1));
  return box(
    'vg-point-tools',
    ...(step > 0 ? [button(t('Back'), () => start(lesson.id, step - 1), { kind: 'link' })] : []),
    chosen === null
      ? button(t('Show the answer'), () => judge(at, SHOWN), { kind: 'link' })
      : button(isLast ? t('Finish') : t('Next'), next, { kind: 'primary', key: 'lesson-next' }),
    copyButton(t('Copy link to this step'), () => stepLink(lesson.id, step)),
    button(t('End lesson'), end, { kind: 'link' }),
  );
}

/** @param {Current} at @param {number} i */
function judge(at, i) {
  at.chosen = i;
  render();
  focusOn('[data-key="lesson-next"]', { preventScroll: true });
}
