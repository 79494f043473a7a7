// A word that is taken away: what the model reads without it, and how far its old translation moves.
import { button, make } from '../core/dom.js';
import { nats, t } from '../core/messages.js';

/** @typedef {{ text: string, kl: number, log_prob_change: number, is_kept: boolean }} Before */
/**
 * @typedef {object} Without
 * @property {number} index
 * @property {string} text
 * @property {string} how
 * @property {Before[]} before
 * @property {string[]} after
 * @property {boolean[]} changed
 * @property {number} log_prob_before
 * @property {number} log_prob_after
 */

/**
 * @param {import('./weights.js').Side} side
 * @param {Without | null} without
 * @param {{ chips: HTMLElement, result: HTMLElement, chosen: number, choose: (index: number) => void }} on
 */
export function drawWithout(side, without, { chips, result, chosen, choose }) {
  chips.replaceChildren(
    ...side.source.slice(0, -1).map((word, i) => {
      const chip = button(word, () => choose(chosen === i ? -1 : i), { key: `without-${i}` });
      chip.classList.add('vg-chip');
      chip.setAttribute('aria-pressed', String(chosen === i));
      chip.lang = side.source_language;
      return chip;
    }),
  );
  const none = chosen < 0 ? t('Choose a word: the sentence is translated again without it.') : t('Translating …');
  result.replaceChildren(...(without?.index === chosen ? changeOf(side, without) : [make('p', 'vg-caption', none)]));
}

/** @param {import('./weights.js').Side} side @param {Without} without */
function changeOf(side, { text, how, before, after, changed, log_prob_before: was, log_prob_after: is }) {
  const most = Math.max(0.1, ...before.map((word) => word.kl));
  const isSame = !changed.includes(true) && before.every((word) => word.is_kept);
  const words = after.flatMap((word, i) => {
    const node = make(changed[i] ? 'mark' : 'span', changed[i] ? 'vg-attention-new' : '', word.trim());
    return [word.startsWith(' ') && i ? ' ' : '', node];
  });
  const values = { factor: factor(is - was), before: nats(was), after: nats(is) };
  const said =
    how === 'mask'
      ? t('The model reads: {text} In training it never saw a mask in a source sentence.', { text })
      : t('The model reads: {text}', { text });
  const moved = isSame
    ? t('The same translation, now {factor} ({before} → {after}).', values)
    : t(
        'New words are marked here, lost ones struck out below. The old translation is now ' +
          '{factor} ({before} → {after}):',
        values,
      );
  const caption = (/** @type {string} */ words) => make('p', 'vg-caption', words);
  return [
    caption(said),
    make('p', 'vg-attention-sentence', undefined, { lang: side.language }, words.length ? words : [t('(empty)')]),
    caption(t('What was taken away comes back where the rest makes it likely: the decoder guesses.')),
    caption(moved),
    make(
      'p',
      'vg-attention-shifts',
      undefined,
      { lang: side.language },
      before.map((word) => shiftOf(word, most)),
    ),
    caption(
      t(
        'Under each word of the old translation: how far the probabilities of the next word move ' +
          'there, as KL in nats.',
      ),
    ),
  ];
}

/** @param {Before} word @param {number} most */
function shiftOf({ text, kl, log_prob_change: moved, is_kept: isKept }, most) {
  const change = `${moved < 0 ? '−' : '+'}${Math.abs(moved).toFixed(2)} nats`;
  const title = t('log-probability {change}', { change });
  const node = make('span', 'vg-attention-shift' + (isKept ? '' : ' vg-attention-gone'), undefined, { title }, [
    make('span', '', text),
    make('span', 'vg-figure', kl.toFixed(2)),
  ]);
  node.style.setProperty('--share', String(kl / most));
  return node;
}

/** How much more or less probable something is by a change of its log-probability. @param {number} change */
export function factor(change) {
  const times = Math.exp(Math.abs(change));
  const n =
    times < 10 ? times.toFixed(1) : times < 1e6 ? Math.round(times).toLocaleString('en') : times.toExponential(0);
  if (times < 1.05) return t('as probable as before');
  return change < 0 ? t('{n} times less probable', { n }) : t('{n} times more probable', { n });
}
