// What else a word could have been: on hover, on keyboard focus and on a tap.
import { make } from '../core/dom.js';
import { percent, t } from '../core/messages.js';

/** @typedef {{ text: string, probability: number }} Chance */
/** @typedef {Chance & { space_before: boolean, pieces: Chance[], alternatives: Chance[] }} Word */

/** @type {WeakMap<Element, Word>} */
const words = new WeakMap();
/** Least probability of each colour, best first; the style has one colour a step. */
export const STEPS = [0.9, 0.7, 0.5, 0.3, 0];

/**
 * A word that tells its alternatives; one of a sentence is in the Tab order.
 * @param {Word} word
 * @param {boolean} isFirst
 */
export function makeWord(word, isFirst) {
  const others = word.alternatives.map((other) => `${other.text} ${percent(other.probability)}`).join(', ');
  const step = STEPS.findIndex((least) => word.probability >= least);
  const node = make('span', 'vg-word vg-p' + step, word.text, {
    role: 'button',
    tabindex: isFirst ? '0' : '-1',
    'aria-label': `${word.text}, ${percent(word.probability)}${others ? '; or ' + others : ''}`,
  });
  words.set(node, word);
  return node;
}

/** The box that opens at a word of `root`; it stands in it. @param {HTMLElement} root */
export function makeTip(root) {
  const tip = make('div', 'vg-tip', undefined, { role: 'tooltip', id: 'vg-tip', hidden: '' });
  /** @type {HTMLElement | null} */
  let shown = null;
  let leaving = 0;
  root.append(tip);

  /** @param {HTMLElement} node */
  function show(node) {
    clearTimeout(leaving);
    if (shown === node) return;
    hide();
    shown = node;
    tip.replaceChildren(...contentOf(/** @type {Word} */ (words.get(node))));
    node.classList.add('vg-shown');
    node.setAttribute('aria-describedby', tip.id);
    tip.hidden = false;
    const frame = root.getBoundingClientRect();
    const at = node.getClientRects()[0];
    const left = Math.min(Math.max(0, at.left - frame.left - 12), Math.max(0, frame.width - tip.offsetWidth));
    const isBelow = at.bottom + tip.offsetHeight + 8 < window.innerHeight || at.top < tip.offsetHeight + 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${isBelow ? at.bottom - frame.top + 4 : at.top - frame.top - tip.offsetHeight - 4}px`;
  }
  function hide() {
    clearTimeout(leaving);
    shown?.classList.remove('vg-shown');
    shown?.removeAttribute('aria-describedby');
    shown = null;
    tip.hidden = true;
  }
  const leave = () => (leaving = window.setTimeout(hide, 180)); // time to reach the box
  root.addEventListener('mouseover', (event) => {
    const word = wordAt(event);
    if (word) show(word);
    else if (isIn(tip, event)) clearTimeout(leaving);
  });
  root.addEventListener('mouseout', (event) => (wordAt(event) || isIn(tip, event)) && leave());
  for (const name of ['focusin', 'click']) {
    root.addEventListener(name, (event) => {
      const word = wordAt(event);
      if (word) show(word);
    });
  }
  root.addEventListener('focusout', (event) => wordAt(event) && hide());
  document.addEventListener('keydown', (event) => event.key === 'Escape' && hide());
  root.addEventListener('keydown', (event) => {
    const word = wordAt(event);
    if (word) move(event, word, show);
  });
  return { hide };
}

/** @param {HTMLElement} node @param {Event} event */
const isIn = (node, event) => event.target instanceof Node && node.contains(event.target);
/** @param {Event} event @returns {HTMLElement | null} */
const wordAt = (event) => (event.target instanceof Element ? event.target.closest('.vg-word') : null);

/** @param {Word} word */
function contentOf(word) {
  const figure = (/** @type {number} */ p) => make('span', 'vg-figure', percent(p));
  const parts = [make('p', 'vg-tip-head', undefined, {}, [make('strong', '', word.text), figure(word.probability)])];
  const pieces = word.pieces.filter((piece) => piece.text);
  if (word.pieces.length > 1) {
    parts.push(
      make('p', 'vg-pieces', pieces.map((piece) => `${piece.text} ${percent(piece.probability)}`).join(' · ')),
    );
  }
  if (!word.alternatives.length) return parts;
  const list = word.alternatives.map((other) => {
    const item = make('li', '', other.text, {}, [figure(other.probability)]);
    item.style.setProperty('--share', String(Math.max(0.01, Math.min(1, other.probability))));
    return item;
  });
  return [...parts, make('p', 'vg-caption', t('Or it could begin')), make('ul', '', undefined, {}, list)];
}

/**
 * The arrow keys go from word to word, Enter opens one: a sentence is one stop for Tab.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} word
 * @param {(node: HTMLElement) => void} show
 */
function move(event, word, show) {
  const all = /** @type {HTMLElement[]} */ ([...(word.parentElement?.querySelectorAll('.vg-word') ?? [])]);
  const i = all.indexOf(word);
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: all.length - 1 };
  const next = steps[event.key];
  if (next === undefined) {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    show(word);
    return;
  }
  event.preventDefault();
  if (!all[next]) return;
  word.tabIndex = -1;
  all[next].tabIndex = 0;
  all[next].focus();
}
