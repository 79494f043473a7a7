// What the checks of lessons measure, each on the answer of a view, for the sentence that was typed. A measure that says
// nothing of this answer gives null: a walk that never changes has no place where it changes.
import { read, sum } from '../attention/weights.js';
import { about } from '../core/about.js';
import { percent } from '../core/messages.js';
import { state } from '../core/state.js';
import { nameOf } from '../core/tags.js';
import { anglesOf, lengthOf, wordsOf } from './figures.js';

/** @typedef {Record<string, any> & { value: number }} Found what was measured, and what an outcome may fill in */
/** @typedef {(answer: any, before: any) => Found | null} Measure `before` is the answer that it is compared with */

const EMPTY = 0.5; // nats: a latent that costs less is empty, and ratios of it mean nothing
/** @param {number} part @param {number} total */
const share = (part, total) => Math.floor((100 * part) / total + 1e-9);
const rounded = (/** @type {number} */ x, digits = 1) => Number(x.toFixed(digits));
/** @param {any} answer @returns {any[]} */
const translations = (answer) => answer.cards.filter((/** @type {any} */ card) => !card.is_reconstruction);
const betaNow = () => state.beta ?? about().dial?.usual ?? 1;
/** @param {any} answer @returns {string[]} of a walk, in the first of its languages */
const texts = (answer) => answer.stops.map((/** @type {any} */ stop) => stop.texts[answer.languages[0]]);
/** @param {any} answer */
const firstText = (answer) => String(Object.values(answer.texts)[0] ?? '');
/** Words of a text that another one lacks. @param {string} text @param {string} other */
function newWords(text, other) {
  const left = wordsOf(other);
  return wordsOf(text).filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  }).length;
}
/** @param {any} answer of the attention view */
function rowsOf(answer) {
  const [side] = answer.sides;
  return read(side, answer.n_slots, { encoder: [-1, -1], decoder: [-1, -1] });
}
/** @param {any} answer @returns {any[]} words of translations and reconstruction */
const written = (answer) => answer.cards.flatMap((/** @type {any} */ card) => card.words);

/** @type {Record<string, Measure>} */
export const MEASURES = {
  // -- Translate
  kept_words(answer) {
    const card = answer.cards.find((/** @type {any} */ one) => one.is_reconstruction);
    const total = wordsOf(answer.request.text).length;
    if (!card || !total) return null;
    const kept = total - newWords(answer.request.text, card.text);
    return { value: share(kept, total), kept, total, text: card.text };
  },
  cards_changed(answer, before) {
    const old = translations(before);
    const cards = translations(answer);
    if (!cards.length) return null;
    const changed = cards.findIndex((card, i) => card.text !== old[i]?.text);
    const n = cards.filter((card, i) => card.text !== old[i]?.text).length;
    const i = Math.max(0, changed);
    return { value: n, total: cards.length, before: old[i]?.text ?? '', after: cards[i].text };
  },
  log_prob_gain(answer, before) {
    const [then, now] = [before, answer].map((one) => sum(translations(one).map((card) => card.log_prob)));
    return translations(answer).length
      ? { value: rounded(rounded(now) - rounded(then)), before: rounded(then), after: rounded(now) }
      : null;
  },
  least_sure(answer) {
    const all = translations(answer).flatMap((card) =>
      card.words.map((/** @type {any} */ word) => ({ ...word, language: card.language })),
    );
    const word = all.sort((x, y) => x.probability - y.probability)[0];
    if (!word) return null;
    const rival = word.alternatives.find((/** @type {any} */ one) => one.text.trim() !== word.text)?.text ?? '–';
    const value = Math.round(100 * word.probability);
    return { value, word: word.text, language: nameOf(word.language), rival: rival.trim() };
  },
  broken_words(answer) {
    const all = written(answer);
    const broken = all.filter((word) => word.pieces.length > 1);
    const [most] = broken.sort((x, y) => y.pieces.length - x.pieces.length);
    if (!all.length) return null;
    const pieces = most?.pieces.map((/** @type {any} */ piece) => piece.text.trim()).join(' | ') ?? '–';
    return { value: share(broken.length, all.length), total: all.length, word: most?.text ?? '–', pieces };
  },
  first_piece(answer) {
    const broken = written(answer).filter((word) => word.pieces.length > 1);
    const first = broken.filter(({ pieces: [one, ...rest] }) =>
      rest.every((/** @type {any} */ piece) => one.probability <= piece.probability),
    ).length;
    return broken.length ? { value: share(first, broken.length), first, total: broken.length } : null;
  },

  // -- Inside
  latent_numbers: (answer) => ({
    value: answer.mu.length,
    words: wordsOf(answer.text).length,
    slots: answer.shape[0],
    width: answer.shape[1],
  }),
  slots_missed(answer) {
    if (answer.kl < EMPTY) return null;
    const n = answer.without.filter((/** @type {string} */ text) => text !== answer.whole).length;
    const cost = Math.max(...answer.cost);
    return {
      value: share(n, answer.without.length),
      n,
      total: answer.without.length,
      slot: answer.cost.indexOf(cost),
      cost: rounded(cost),
    };
  },
  narrow(answer) {
    const n = answer.std.filter((/** @type {number} */ x) => x < 0.5).length;
    const mean = rounded(sum(answer.std) / answer.std.length, 2);
    return { value: share(n, answer.std.length), total: answer.std.length, mean };
  },
  kl_share: ({ kl, recon }) => ({
    value: Math.round((100 * kl) / (kl + recon)),
    kl: rounded(kl),
    recon: rounded(recon),
  }),
  paid_share({ kl, recon }) {
    const paid = betaNow() * kl;
    const value = Math.round((100 * paid) / (paid + recon));
    return { value, beta: betaNow(), kl: rounded(kl), paid: rounded(paid), recon: rounded(recon) };
  },
  second_moment({ mu, std }) {
    const [means, widths] = [mu, std].map((xs) =>
      rounded(sum(xs.map((/** @type {number} */ x) => x * x)) / xs.length, 2),
    );
    return { value: rounded(means + widths, 2), means, widths };
  },
  kl_times: (answer, before) =>
    before.kl < EMPTY
      ? null
      : { value: rounded(answer.kl / before.kl, 2), before: rounded(before.kl), after: rounded(answer.kl) },
  recon_change: (answer, before) => ({
    value: rounded(rounded(answer.recon) - rounded(before.recon)),
    before: rounded(before.recon),
    after: rounded(answer.recon),
  }),
  bound_change: (answer, before) => ({
    value: rounded(rounded(answer.neg_elbo) - rounded(before.neg_elbo)),
    before: rounded(before.neg_elbo),
    after: rounded(answer.neg_elbo),
  }),
  saved_per_nat(answer, before) {
    const [paid, saved] = [rounded(answer.kl - before.kl), rounded(before.recon - answer.recon)];
    return paid < 1 ? null : { value: rounded(saved / paid, 2), paid, saved };
  },
  line_gap() {
    const { measured = [], line } = about().dial ?? {};
    const last = measured.at(-1);
    if (!last || !line) return null;
    const bound = rounded(last.kl + last.recon);
    return { value: rounded(bound - rounded(line)), bound, line: rounded(line), beta: last.beta };
  },

  // -- Interpolate
  different: (answer) => ({
    value: new Set(texts(answer)).size,
    total: answer.stops.length,
    language: nameOf(answer.languages[0]),
  }),
  different_change(answer, before) {
    const [then, now] = [before, answer].map((one) => new Set(texts(one)).size);
    return {
      value: now - then,
      before: then,
      after: now,
      total: answer.stops.length,
      language: nameOf(answer.languages[0]),
    };
  },
  middle_length(answer) {
    const found = anglesOf(answer.stops.map((/** @type {any} */ stop) => stop.xy));
    return found && { value: found.middle, angle: found.angle };
  },
  middle_change(answer, before) {
    const [then, now] = [before, answer].map((one) => anglesOf(one.stops.map((/** @type {any} */ stop) => stop.xy)));
    return then && now && { value: now.middle, before: then.middle, after: now.middle, angle: now.angle };
  },
  first_change({ languages, stops }) {
    if (languages.length < 2) return null;
    const [one, other] = languages.slice(0, 2).map((/** @type {string} */ code) => {
      const all = stops.map((/** @type {any} */ stop) => stop.texts[code]);
      return all.findIndex((/** @type {string} */ text) => text !== all[0]);
    });
    if (one < 0 || other < 0) return null;
    const value = Math.abs(one - other);
    return { value, first: one + 1, second: other + 1, one: nameOf(languages[0]), other: nameOf(languages[1]) };
  },
  same_near({ rings, center, mean_std: width }) {
    const ring = rings.find((/** @type {any} */ one) => one.radius === 1);
    return { value: Math.round(100 * ring.same), text: center, width: rounded(width, 2) };
  },

  // -- Sample
  length_times(answer, before) {
    const [then, now] = [before, answer].map((one) => lengthOf(one.z));
    return then
      ? { value: rounded(now / then, 2), before: rounded(then), after: rounded(now), text: firstText(answer) }
      : null;
  },
  words_shared(answer) {
    const [code, text] = Object.entries(answer.texts)[0];
    const total = wordsOf(text).length;
    if (!total || (state.a.language && state.a.language !== code)) return null; // of another language: nothing to share
    return { value: total - newWords(text, state.a.text), total, text };
  },
  words_moved: (answer, before) => ({
    value: Math.max(newWords(firstText(answer), firstText(before)), newWords(firstText(before), firstText(answer))),
    before: firstText(before),
    after: firstText(answer),
    name: answer.directions[0]?.name ?? '–',
  }),
  real_effect({ directions }) {
    const real = directions
      .filter((/** @type {any} */ one) => one.caption_effect !== null)
      .sort((/** @type {any} */ x, /** @type {any} */ y) => y.caption_effect - x.caption_effect);
    if (!real.length) return null;
    const mean = (/** @type {string} */ name) =>
      Math.round((100 * sum(real.map((/** @type {any} */ one) => one[name]))) / real.length);
    const [most, least] = [real[0], real.at(-1)];
    return {
      value: mean('caption_effect'),
      made_up: percent(mean('effect') / 100),
      n: real.length,
      most: most.name,
      most_share: percent(most.caption_effect),
      least: least.name,
      least_share: percent(least.caption_effect),
    };
  },

  // -- Attention
  to_words(answer) {
    const { direct } = rowsOf(answer);
    const value = Math.round((100 * sum(direct.map(sum))) / Math.max(1, direct.length));
    return { value, slots: 100 - value };
  },
  head_places(answer) {
    const [side] = answer.sides;
    const [layers, heads] = side.cross.shape;
    const row = side.target.reduce(
      (/** @type {number} */ best, /** @type {string} */ word, /** @type {number} */ i) =>
        i < side.target.length - 1 && word.length > side.target[best].length ? i : best,
      0,
    );
    const places = new Set();
    for (let l = 0; l < layers; l++)
      for (let h = 0; h < heads; h++) {
        const weights = read(side, answer.n_slots, { encoder: [-1, -1], decoder: [l, h] }).cross[row];
        places.add(weights.indexOf(Math.max(...weights)));
      }
    return heads * layers < 2 ? null : { value: places.size, heads: layers * heads, word: side.target[row] };
  },
  taken_word(answer) {
    const { without } = answer;
    const { direct, through } = rowsOf(answer);
    if (!without) return null;
    const weights = (direct[0]?.length ? direct : through).map((row) => row[without.index] / (sum(row) || 1));
    const mean = sum(weights) / Math.max(1, weights.length);
    const value = without.changed.filter(Boolean).length;
    const changed = Math.round(Math.abs(without.log_prob_before - without.log_prob_after));
    return { value, word: without.word, share: percent(mean), changed, total: without.after.length };
  },
  sub_words(answer) {
    const [{ source, text }] = answer.sides;
    const words = wordsOf(text).length;
    const pieces = source.length - 1; // the last one is the end
    return words ? { value: rounded(pieces / words, 2), pieces, words, text: source.slice(0, -1).join(' | ') } : null;
  },
};
