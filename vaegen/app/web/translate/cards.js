// The cards: one for each language, built from the answer.
import { about, knows, readable, reads } from '../core/about.js';
import { box, explain, make } from '../core/dom.js';
import { copy } from '../core/files.js';
import { nats, percent, t } from '../core/messages.js';
import { nameOf, tags } from '../core/tags.js';
import { isUnsure, knownSentences, unsureLine } from '../parts/unsure.js';
import { makeTip, makeWord } from './tip.js';

/** @typedef {import('../core/view.js').View} View */
/** @typedef {{ text: string, n_draws: number, log_prob: number, avoided: boolean }} Variant */
/**
 * @typedef {object} Card
 * @property {string} language
 * @property {string} text
 * @property {import('./tip.js').Word[]} words
 * @property {number} log_prob
 * @property {string} context
 * @property {boolean} is_reconstruction
 * @property {boolean} avoided
 * @property {number | null} [unsure] probability of being wrong, where there is a measure of it
 */

// Mean probability of the words below which the text is not what the model knows, by what the checkpoint is for. To
// translate:
// 3 % of held-out captions lie below, 97 % of chat. Replies are open, their words are improbable for any text.
/** @type {Record<string, number>} */
const UNSURE = { translate: 0.4, chinese: 0.35, summarise: 0.33, reply: 0 };

/**
 * @param {(event: string, data: object) => void} trigger asks Python for other ways to say a card, or for its way
 *   back
 */
export function makeCards(trigger) {
  const doubt = make('p', 'vg-doubt');
  const grid = box('vg-grid');
  const spoken = make('p', 'vg-hidden', '', { role: 'status', 'aria-live': 'polite' });
  const known = box('');
  const node = box('vg-results', doubt, known, grid, makeLegend(), spoken);
  const tip = makeTip(node);

  /** @param {any} value @param {View} view */
  function render(value, view) {
    const key = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : '';
    const { answer } = value;
    const waits = value.phase === 'empty' || view.busy;
    const isDone = ['done', 'example'].includes(value.phase) && !view.refused;
    tip.hide();
    if (!answer && waits) view.status.textContent = t('The model is loading.');
    if (answer) view.status.replaceChildren(...describe(answer, value));
    doubt.textContent = isDone ? doubtOf(answer) : '';
    doubt.hidden = !doubt.textContent;
    known.replaceChildren(...(isDone ? knownSentences(answer.doubt) : []));
    /** @type {Record<string, Card>} */
    const cards = Object.fromEntries((answer?.cards ?? []).map((/** @type {Card} */ card) => [card.language, card]));
    const codes = /** @type {string[]} */ (answer ? answer.languages : tags());
    grid.replaceChildren(...codes.map((code) => makeCard(code, cards[code], { ...value, waits }, { trigger, spoken })));
    if (isDone && value.phase === 'done')
      spoken.textContent = [doubt.textContent, ...Object.values(cards).map((card) => aloud(card, answer.doubt))]
        .join(' ')
        .trim();
    if (key) /** @type {HTMLElement | null} */ (node.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
  }
  return { node, render };
}

/** @param {Card} card @param {import('../parts/unsure.js').Doubt} doubt */
const aloud = (card, doubt) =>
  `${nameOf(card.language)}: ${card.text} ${isUnsure(card.unsure, doubt) ? t('The model is unsure of this one.') : ''}`;

function makeLegend() {
  const labels = [t('over {p}', { p: '90 %' }), '70–90', '50–70', '30–50', t('under {p}', { p: '30 %' })];
  const said = t(
    'Word probability: the stronger the mark, the less probable the word; steps at 90, 70, 50 ' + 'and 30 %.',
  );
  return make('div', 'vg-legend', undefined, { role: 'img', 'aria-label': said }, [
    make('span', 'vg-legend-title', t('Word probability')),
    ...labels.map((label, index) => make('span', 'vg-step vg-p' + index, label)),
  ]);
}

/**
 * The line above the cards: the language, what the decoder saw, how it decoded, how long it took.
 * @param {any} answer
 * @param {any} value
 */
function describe(answer, value) {
  const { request, source_language: language, is_detected: isDetected, seconds } = answer;
  const found = readable(request.text, request.checkpoint)
    ? t('{language} detected', { language: nameOf(language) })
    : t('language not recognised');
  const said = request.context === 'latent' ? t('latent only') : t('source + latent');
  const seen = explain(
    said,
    t(
      'The latent is the sentence as numbers: the encoder makes them of it, the decoder writes ' +
        'every language from them.',
    ),
  );
  const parts = [isDetected ? found : nameOf(language), seen, methodOf(request)];
  const counts = { n: answer.cards.length, total: answer.languages.length };
  if (value.phase === 'working') parts.push(t('{n} of {total} languages done', counts));
  else if (value.phase === 'stopped') parts.push(t('stopped after {n} of {total} languages', counts));
  else if (seconds >= 0.005) parts.push(`${seconds.toFixed(2)} s`); // less: it was known
  return parts.flatMap((part, i) => (i ? [' · ', part] : [part]));
}

/** @param {any} request */
function methodOf(request) {
  if (request.method !== 'beam') return t('sampled, temperature {temperature}, seed {seed}', request);
  const n = request.num_beams;
  if (n === 1) return t('greedy');
  return explain(
    t('beam {n}', { n }),
    t('At every word the {n} likeliest beginnings are kept; the best whole sentence is shown.', { n }),
  );
}

/** What is said of a text that is far from what the model knows; "" if it is not. @param {any} answer */
function doubtOf({ request, cards, doubt }) {
  const { text, checkpoint, method } = request;
  if (!readable(text, checkpoint)) {
    return t('The model cannot read this text: it has no letters of {languages}. What it writes is ' + 'made up.', {
      languages: reads(checkpoint),
    });
  }
  if (doubt || method !== 'beam') return ''; // each card says so itself; sampled words are improbable for any text
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
  const sure = mean(cards.map((/** @type {Card} */ card) => mean(card.words.map((word) => word.probability))));
  if (sure >= UNSURE[about(checkpoint).kind]) return '';
  return t('The model is unsure of this text (its words average {p}); it knows {what}.', {
    p: percent(sure),
    what: knows(checkpoint),
  });
}

/**
 * @param {string} code
 * @param {Card | undefined} card
 * @param {any} value
 * @param {{ trigger: (event: string, data: object) => void, spoken: HTMLElement }} to
 */
function makeCard(code, card, value, { trigger, spoken }) {
  const name = nameOf(code);
  const head = box('vg-card-head', make('h2', 'vg-name', name, { id: 'vg-name-' + code }));
  const labels = { 'aria-labelledby': 'vg-name-' + code, 'data-language': code };
  const article = make('article', 'vg-card', undefined, labels, [head]);
  if (!card) {
    article.append(value.waits || value.phase === 'working' ? make('p', 'vg-waiting') : make('p', 'vg-none', '–'));
    return article;
  }
  if (card.is_reconstruction) {
    const what = card.context === 'latent' ? t('reconstruction through the latent') : t('reconstruction');
    head.append(
      explain(
        what,
        t('Your sentence again, in the model’s own words: what comes back of it shows what the ' + 'latent holds.'),
        'vg-tag',
      ),
    );
  }
  if (card.avoided) head.append(makeAvoided());
  head.append(makeCopy(card, name, spoken));
  article.append(
    box('vg-written', makeSentence(card), ...unsureLine(card.unsure, value.answer.doubt)),
    makeBack(card, value, trigger, makeMore(card, value, trigger)),
  );
  return article;
}

const makeAvoided = () =>
  make('span', 'vg-tag vg-avoided', t('led around a sensitive word'), {
    title: t('The model would have written a word of the lists; its likeliest sentence without one is ' + 'shown.'),
  });

/** @param {Card} card */
function makeSentence(card) {
  const line = make('p', 'vg-text', undefined, { lang: card.language, dir: 'auto' });
  card.words.forEach((word, index) => line.append(word.space_before ? ' ' : '', makeWord(word, !index)));
  if (!card.words.length) line.append(make('span', 'vg-none', t('(empty)')));
  return line;
}

/**
 * The foot of a card, and below it the other ways to say it once they are there.
 * @param {Card} card
 * @param {any} value
 * @param {(event: string, data: object) => void} trigger
 */
function makeMore(card, value, trigger) {
  const figure = nats(card.log_prob);
  const foot = box(
    'vg-foot',
    card === value.answer.cards[0]
      ? explain(
          figure,
          t('Log-probability of the whole sentence in nats: 0 is certain, −1 is 37 %, −10 is 1 in 22,000.'),
          'vg-figure',
        )
      : make('span', 'vg-figure', figure, { title: t('Log-probability of the whole sentence') }),
  );
  const key = 'more-' + card.language;
  const variants = value.variants?.[card.language];
  if (!variants) {
    const label = card.language.endsWith('.reply') ? t('Other replies') : t('Other ways to say it');
    const button = make('button', 'vg-link', label, { type: 'button', 'data-key': key });
    button.addEventListener('click', () => {
      button.textContent = t('Drawing …');
      button.disabled = true;
      trigger('more', { language: card.language });
    });
    foot.append(button);
    return foot;
  }
  const { draws, sampled } = /** @type {{ draws: Variant[], sampled: Variant[] }} */ (variants);
  const total = draws.reduce((sum, variant) => sum + variant.n_draws, 0);
  const said =
    draws.length > 1
      ? t('{n} draws from the posterior, decoded', { n: total })
      : t('All {n} draws from the posterior read alike.', { n: total });
  const list = make('div', 'vg-variants', undefined, { tabindex: '-1', 'data-key': key }, [
    make('p', 'vg-caption', said),
    makeWordings(draws, total, card.language),
  ]);
  if (sampled.length > 1) {
    const more = t('With the words sampled too, through the latent alone, they differ:');
    list.append(make('p', 'vg-caption', more), makeWordings(sampled, total, card.language));
  }
  return box('vg-more', foot, list);
}

/** @param {Variant[]} variants @param {number} total @param {string} language */
const makeWordings = (variants, total, language) =>
  make(
    'ul',
    '',
    undefined,
    { lang: language },
    variants.map((variant) => {
      const figure = t('{n} of {total}, {p}', { n: variant.n_draws, total, p: nats(variant.log_prob) });
      return make('li', '', variant.text || t('(empty)'), { dir: 'auto' }, [
        make('span', 'vg-figure', figure),
        ...(variant.avoided ? [' ', makeAvoided()] : []),
      ]);
    }),
  );

/**
 * The check by translating back: what comes out in the language of the sentence, changed words marked.
 * @param {Card} card
 * @param {any} value
 * @param {(event: string, data: object) => void} trigger
 * @param {HTMLElement} inner
 */
function makeBack(card, value, trigger, inner) {
  if (card.is_reconstruction || card.language.includes('.')) return inner; // a reply or a summary has no way back
  const back = /** @type {string | undefined} */ (value.backs?.[card.language]);
  const key = 'back-' + card.language;
  if (back === undefined) {
    const button = make('button', 'vg-link', t('Translate back'), { type: 'button', 'data-key': key });
    button.addEventListener('click', () => {
      button.disabled = true;
      trigger('back', { language: card.language });
    });
    (inner.classList.contains('vg-foot') ? inner : inner.firstElementChild)?.append(button);
    return box('vg-more', inner);
  }
  const had = new Set(wordsOf(value.answer.request.text));
  const line = make('p', 'vg-back', t('Back: '), {
    lang: value.answer.source_language,
    tabindex: '-1',
    'data-key': key,
  });
  back
    .split(' ')
    .forEach((word, i) => line.append(i ? ' ' : '', had.has(wordsOf(word)[0]) ? word : make('mark', '', word)));
  return box('vg-more', inner, line);
}

/** @param {string} text */
const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [''];

/** @param {Card} card @param {string} name @param {HTMLElement} spoken */
function makeCopy(card, name, spoken) {
  const said = t('Copy the {language} sentence', { language: name });
  const button = make('button', 'vg-copy', t('Copy'), {
    type: 'button',
    'aria-label': said,
    'data-key': 'copy-' + card.language,
  });
  button.addEventListener('click', async () => {
    button.textContent = (await copy(card.text)) ? t('Copied') : t('Press Ctrl+C');
    spoken.textContent = button.textContent;
    setTimeout(() => (button.textContent = t('Copy')), 1600);
  });
  return button;
}
