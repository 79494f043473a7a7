// Inside the VAE: the bound of this sentence, its first slots, what each slot carries, its posterior, the training.
import { about } from '../core/about.js';
import { rate } from '../core/dial.js';
import { box, make, marked } from '../core/dom.js';
import { term } from '../core/glossary.js';
import { locale, nats, number, t } from '../core/messages.js';
import { oneOf } from '../core/rules.js';
import { settingsOf } from '../core/state.js';
import { languageSelect } from '../core/tags.js';
import { exportBar, makeView } from '../core/view.js';
import { fold, framed, section } from '../parts/tables.js';
import { posterior } from './posterior.js';
import { checkpoint } from './training.js';

const params = settingsOf('inside', { shown: { default: 'kl', rule: oneOf('mu', 'std', 'kl') } });

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  const lead = t(
    'This page opens the model: which numbers it made of sentence A, what is lost when some ' +
      'of them are left out, and how it learned to make them. A word with a dotted line says ' +
      'what it means when you point at it or tab to it.',
  );
  const view = makeView(part, { name: 'inside', lead, draw });

  /** @param {any} answer */
  function draw(answer) {
    const active = document.activeElement;
    const isChoosing = view.body.contains(active) && active?.tagName === 'SELECT';
    const language = languageSelect({
      label: t('Slots are read in'),
      value: params.language,
      onInput: (language) => view.set({ language }),
    });
    language.classList.add('vg-read-in');
    const numbers = fold(t('For experts: the posterior, number by number'), ...posterior(answer, params));
    view.body.replaceChildren(
      bound(answer),
      language,
      section(t('From coarse to fine'), ...coarse(answer)),
      section(t('What each slot carries'), ...slots(answer)),
      numbers,
      ...checkpoint(answer.checkpoint),
    );
    if (isChoosing) language.querySelector('select')?.focus();
    const figure = () => {
      numbers.open = true; // what is folded has no size
      return /** @type {SVGElement} */ (numbers.querySelector('svg'));
    };
    exportBar(view, { rows: () => rowsOf(answer), figure });
  }
}

/** @param {any} answer */
const rowsOf = ({ mu, std, kl_per_dim: kl, active, shape: [, z] }) => [
  ['slot', 'dimension', 'mu', 'std', 'kl', 'active'],
  ...mu.map((/** @type {number} */ x, /** @type {number} */ i) => [
    Math.floor(i / z),
    i % z,
    x,
    std[i],
    kl[i],
    active[i],
  ]),
];

/** The bound: what is left to guess, plus what the latent tells. @param {any} answer */
function bound(answer) {
  const mean = rate() === null ? answer.checkpoint.latent?.[answer.source_language] : undefined; // measured there
  /** @param {Node} label @param {number} value @param {number | undefined} average @param {string} say */
  const figure = (label, value, average, say) =>
    box(
      'vg-figure-card',
      make('span', 'vg-caption', undefined, {}, [label]),
      make('strong', 'vg-big', nats(value)),
      make(
        'span',
        'vg-caption',
        average === undefined ? say : t('{say}; on average in the test set {x}', { say, x: nats(average) }),
      ),
    );
  const sign = (/** @type {string} */ text) => make('span', 'vg-plus', text, { 'aria-hidden': 'true' });
  return make('section', 'vg-section vg-bound', undefined, {}, [
    figure(
      term('recon', t('Reconstruction')),
      answer.recon,
      mean?.recon,
      t('what is left to guess once the latent is known'),
    ),
    sign('+'),
    figure(term('kl'), answer.kl, mean?.kl, t('what the latent costs: how far it is from the prior')),
    sign('='),
    figure(term('elbo', '−ELBO'), answer.neg_elbo, mean?.neg_elbo, t('what the sentence takes at most')),
    make('span', 'vg-caption', undefined, {}, [t('All in:'), ' ', term('nats')]),
    ...weighted(answer),
  ]);
}

/** What training minimised, which is not the bound: of a checkpoint with a dial, at its rate. @param {any} answer */
function weighted({ kl, recon }) {
  const { dial } = about();
  if (!dial) return [];
  const beta = rate() ?? dial.usual;
  const said = t(
    'At this rate training minimised reconstruction + {beta} × KL: {sum} nats here. −ELBO counts the KL in full, so a ' +
      'model that ignores its latent may have the better bound.',
    { beta: beta.toLocaleString(locale, { maximumSignificantDigits: 4 }), sum: number(recon + beta * kl) },
  );
  const line = dial.line
    ? t('A language model without a latent takes {line} nats on average on held-out sentences.', {
        line: number(dial.line),
      })
    : '';
  return [make('p', 'vg-caption vg-weighted', [said, line].filter(Boolean).join(' '))];
}

const rowHead = (/** @type {number} */ n) => make('th', 'vg-figure', String(n), { scope: 'row' });

/**
 * The sentence through its first slots only: what they tell, what is left to guess, and the bound that both make.
 * @param {any} answer
 */
function coarse({ first, language }) {
  const rows = first.map((/** @type {any} */ one, /** @type {number} */ i) =>
    make('tr', '', undefined, {}, [
      rowHead(one.n),
      marked(one.text, first[i - 1]?.text, 'td', { lang: language }),
      ...[one.kl, one.recon, one.kl + one.recon].map((x) => make('td', 'vg-figure', nats(x))),
    ]),
  );
  const said = t(
    'Only the first slots speak, the others are 0. More slots cost more (KL) and should leave less ' +
      'to guess (reconstruction). Where a nat of KL saves less than a nat of reconstruction, their sum grows all ' +
      'the same. New words are marked.',
  );
  const head = [
    term('slot', t('Slots')),
    t('Reads'),
    term('kl'),
    term('recon', t('Reconstruction')),
    term('elbo', '−ELBO'),
  ];
  return [make('p', 'vg-caption', said), framed(head, rows)];
}

/** @param {number} value @param {number} most @param {string} label */
function bar(value, most, label) {
  const node = make('div', 'vg-kl', undefined, { 'aria-hidden': 'true' });
  node.style.setProperty('--share', String(Math.max(0, value) / most));
  return make('td', 'vg-slot-kl', undefined, {}, [node, make('span', 'vg-figure', label)]);
}

/** @param {number} x */
const signed = (x) => (Math.round(100 * x) > 0 ? '+' : '') + number(Math.round(100 * x) / 100, 2) + ' nats';

/** The sentence without each of its slots. @param {any} answer */
function slots({ whole, without, language, kl_per_slot: kl, cost = [] }) {
  const isAlike = without.every((/** @type {string} */ text) => text === whole);
  const mostKl = Math.max(1e-6, ...kl);
  const mostCost = Math.max(0.1, ...cost);
  const rows = without.map((/** @type {string} */ text, /** @type {number} */ k) =>
    make('tr', '', undefined, {}, [
      rowHead(k),
      bar(kl[k], mostKl, nats(kl[k])),
      ...(cost.length ? [bar(cost[k], mostCost, signed(cost[k]))] : []),
      text === whole ? make('td', 'vg-none', t('reads the same')) : marked(text, whole, 'td', { lang: language }),
    ]),
  );
  const said = t(
    'Each row leaves one slot out: it is set to 0, the prior’s mean. Its KL is what it costs; ' +
      'what is missed is how much harder the sentence is to guess then (below 0: easier). Words ' +
      'that this brings in are marked.',
  );
  const alike = t(
    'No single slot is needed here: without any one of them the sentence reads the same, for ' +
      'the others hold it too. What is missed shows a difference all the same.',
  );
  const missed = cost.length ? [term('recon', t('Missed without it'))] : [];
  return [
    make('p', 'vg-text', whole, { lang: language }),
    make('p', 'vg-caption', said),
    ...(isAlike ? [make('p', 'vg-alike', alike)] : []),
    framed([term('slot', t('Slot')), term('kl'), ...missed, t('Without it')], rows),
  ];
}
