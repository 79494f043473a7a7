// The sliders along directions, and the slots that they reach.
import { select, slider } from '../core/controls.js';
import { box, button, make } from '../core/dom.js';
import { term } from '../core/glossary.js';
import { number, percent, t } from '../core/messages.js';

const SLOT_STATES = ['.', 'l', 'm', 'b'];
/** @type {Record<string, string>} */
const SLOT_NAMES = { '.': t('free'), l: t('locked'), m: t('muted'), b: t('from B') };
/** @type {Record<string, string>} */
const SLOT_SIGNS = { '.': '', l: '●', m: '×', b: 'B' };
/** @type {Record<string, string>} */
const SLOT_CLASSES = { '.': 'free', l: 'locked', m: 'muted', b: 'b' };
const SLOT_KEY = {
  l: t('locked: the sliders leave it'),
  m: t('muted: at 0, the prior’s mean'),
  b: t('taken from sentence B'),
};
const N_SLIDERS = 8;

/**
 * @typedef {{
 *   name: string, kind: string, kl: number, share: number, effect: number | null, kept: number | null,
 *   caption_effect: number | null, caption_kept: number | null, n_captions: number,
 * }} Direction
 */
/** What is known of a direction, measured on real captions where that was done. @param {Direction} one @returns {string} */
function effectOf(one) {
  const [effect, kept] = one.caption_effect === null ? [one.effect, one.kept] : [one.caption_effect, one.caption_kept];
  return effect === null || kept === null
    ? t('{share} % of the variance', { share: number(100 * one.share) })
    : t('+2: changed in {effect}, rest kept in {kept}', { effect: percent(effect), kept: percent(kept) });
}

/** @param {Direction} one @returns {string} */
function measuredOn(one) {
  return t('Measured on {n} captions that the model never saw. On the simple sentences of the probe set: {effect}, {kept}', {
    n: one.n_captions,
    effect: percent(one.effect ?? 0),
    kept: percent(one.kept ?? 0),
  });
}

/**
 * @param {object} on
 * @param {Record<string, any>} on.params
 * @param {(values: object) => void} on.set
 * @param {() => void} on.remember notes the settings before a change
 * @param {() => void} on.keep notes what a slider has led to
 */
export function makePanel({ params, set, remember, keep }) {
  const node = make('div');
  /** @type {string | null} the shape of the answer that it is laid out for */
  let laidOut = null;

  /** @param {any} answer */
  function show(answer) {
    if (laidOut === shapeOf(answer)) return;
    if (laidOut !== null) params.shown = null; // numbers of other directions
    layOut(answer);
  }

  /** @param {any} answer */
  function layOut(answer) {
    laidOut = shapeOf(answer);
    const directions = /** @type {Direction[]} */ (answer.directions);
    params.shown ??= firstOf(directions);
    const shown = params.shown.filter((/** @type {number} */ i) => directions[i]);
    const most = Math.max(0.01, ...directions.map((one) => one.kl));
    const rest = directions.map((one, i) => /** @type {[string, string]} */ ([String(i), one.name]));
    const others = rest.filter(([i]) => !shown.includes(Number(i)));
    const add = (/** @type {string} */ i) => {
      params.shown.push(Number(i));
      layOut(answer);
    };
    const none = t('This checkpoint has no directions; vaegen directions makes them.');
    const keys = Object.entries(SLOT_KEY).map(([state, text]) => `${SLOT_SIGNS[state]} ${text}`);
    node.replaceChildren(
      make('h2', 'vg-name', t('Directions')),
      whatDirectionsAre(),
      ...shown.map((/** @type {number} */ i) => direction(directions[i], i, most)),
      ...(shown.length ? [] : [make('p', 'vg-none', none)]),
      ...(others.length
        ? [select({ label: t('Another direction'), options: [['', '…'], ...others], value: '', onInput: add })]
        : []),
      make('h2', 'vg-name', t('Slots')),
      make(
        'div',
        'vg-slots',
        undefined,
        { role: 'group', 'aria-label': t('Slots') },
        Array.from({ length: answer.n_slots }, (_, i) => slot(i, answer.n_slots)),
      ),
      make('p', 'vg-caption', `${t('Press a slot to go through:')} ${keys.join(' · ')}.`),
    );
  }

  /** @param {Direction} one @param {number} i @param {number} most */
  function direction(one, i, most) {
    const line = slider({
      label: titleOf(one),
      min: -3,
      max: 3,
      step: 0.1,
      value: params.moves[i] ?? 0,
      format: (x) => `${x > 0 ? '+' : ''}${number(x)} sd`,
      onInput: (sd) => set({ moves: { ...params.moves, [i]: sd } }),
    });
    line.classList.add('vg-direction');
    line.input.addEventListener('pointerdown', remember);
    line.input.addEventListener('keydown', (event) => event.key.startsWith('Arrow') && !event.repeat && remember());
    line.input.addEventListener('change', keep);
    const figure = t('KL {x} nats', { x: number(one.kl, 2) });
    const kl = make('div', 'vg-kl', undefined, {
      role: 'img',
      title: t('What posteriors say along it on average'),
      'aria-label': figure,
    });
    kl.style.setProperty('--share', String(one.kl / most));
    const foot = make('span', 'vg-caption', effectOf(one));
    foot.title = one.caption_effect === null ? '' : measuredOn(one);
    line.append(box('vg-direction-foot', foot, make('span', 'vg-caption vg-kl-figure', figure), kl));
    return line;
  }

  /** @param {number} i @param {number} n_slots @returns {HTMLElement} */
  function slot(i, n_slots) {
    const state = params.slots[i] ?? '.';
    const label = t('Slot {i}: {state}', { i, state: SLOT_NAMES[state] });
    const node = button(
      String(i),
      () => {
        remember();
        const letters = params.slots.padEnd(n_slots, '.').split('');
        letters[i] = SLOT_STATES[(SLOT_STATES.indexOf(letters[i]) + 1) % SLOT_STATES.length];
        set({ slots: letters.join('') });
        const fresh = slot(i, n_slots);
        node.replaceWith(fresh);
        fresh.focus();
      },
      { title: label },
    );
    node.append(make('span', 'vg-slot-sign', SLOT_SIGNS[state]));
    node.classList.add('vg-slot', `vg-slot-${SLOT_CLASSES[state]}`);
    node.setAttribute('aria-label', label);
    return node;
  }
  return { node, show, layOut };
}

/** @param {any} answer */
const shapeOf = (answer) =>
  [answer.n_slots, ...answer.directions.map((/** @type {Direction} */ one) => one.name)].join();

/**
 * The directions that have a slider at first: the named ones, and two at least of the others.
 * @param {Direction[]} directions
 */
function firstOf(directions) {
  const numbers = directions.map((_, i) => i);
  const named = numbers.filter((i) => directions[i].kind === 'named').slice(0, N_SLIDERS - 2);
  const others = numbers.filter((i) => directions[i].kind !== 'named').slice(0, N_SLIDERS - named.length);
  return [...named, ...others];
}

function whatDirectionsAre() {
  return make('p', 'vg-caption', undefined, {}, [
    t('A slider moves the latent along a direction, counted in standard deviations:'),
    ' ',
    term('sd'),
    '. ',
    t(
      'Under a named slider: in how many test sentences +2 changes the word as the name says, ' +
        'and in how many the other words stay; on the right, what latents tell along it on ' +
        'average:',
    ),
    ' ',
    term('kl'),
    '.',
  ]);
}

/** Component names are numbered; named ones say from what to what. @param {Direction} one */
const titleOf = (one) =>
  one.kind === 'named'
    ? one.name
        .split(' → ')
        .map((word) => t(word))
        .join(' → ')
    : t('component {n}', { n: one.name.split(' ')[1] });
