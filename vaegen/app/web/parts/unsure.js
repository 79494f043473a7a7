// The model knows when it does not know: a line under an answer that may be wrong, and sentences that it does know.
import { button, explain, make } from '../core/dom.js';
import { percent, t } from '../core/messages.js';
import { adopt } from '../core/view.js';

/** @typedef {import('../core/page.js').Point} Point */
/** @typedef {{ threshold: number, known: Point[] } | null | undefined} Doubt what an answer says of it */

/** @param {number | null | undefined} probability of being wrong @param {Doubt} doubt */
export const isUnsure = (probability, doubt) => Boolean(doubt && (probability ?? 0) >= doubt.threshold);

/** The line; nothing for an answer that is sure. @param {number | null | undefined} probability @param {Doubt} doubt */
export function unsureLine(probability, doubt) {
  if (!isUnsure(probability, doubt)) return [];
  const told = t('Probability that it is wrong: {p}', { p: percent(probability ?? 0) });
  return [make('p', 'vg-unsure', undefined, {}, [explain(t('The model is unsure of this one.'), told)])];
}

/** Sentences to take instead, nothing where none is known. @param {Doubt} doubt */
export function knownSentences(doubt) {
  if (!doubt?.known.length) return [];
  const chips = doubt.known.map((point) => {
    const chip = button(point.text, () => adopt(point));
    chip.className = 'vg-chip';
    chip.lang = point.language;
    return chip;
  });
  const said = t('Sentences near it that the model knows:');
  return [
    make('div', 'vg-known', undefined, { role: 'group', 'aria-label': said }, [
      make('span', 'vg-caption', said),
      ...chips,
    ]),
  ];
}
