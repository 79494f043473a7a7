// The dial above the tabs: how much the latent keeps, of a checkpoint that can be asked at every rate.
import { about } from '../core/about.js';
import { slider } from '../core/controls.js';
import { betaAt, measuredAt, positionOf, STEPS } from '../core/dial.js';
import { box, button, make } from '../core/dom.js';
import { term } from '../core/glossary.js';
import { locale, number, t } from '../core/messages.js';
import { page } from '../core/page.js';
import { listeners, state, turn } from '../core/state.js';

const said = (/** @type {number} */ beta) => beta.toLocaleString(locale, { maximumSignificantDigits: 4 });

/** The recommended rate of the chosen checkpoint; of one without a dial nobody sees it. */
const usual = () => about().dial?.usual ?? page.dial.low;

/** @param {number} position */
function describe(position) {
  const beta = betaAt(position, ...(state.beta === null ? [] : [state.beta]), usual());
  if (beta === usual()) return t('{beta}, recommended', { beta: said(beta) });
  if (beta === page.dial.low) return t('{beta}, everything is kept', { beta: said(beta) });
  return beta === page.dial.high ? t('{beta}, collapsed', { beta: said(beta) }) : said(beta);
}

export function makeDial() {
  const control = slider({
    label: t('Rate'),
    min: 0,
    max: STEPS,
    step: 1,
    value: positionOf(usual()),
    format: describe,
    onInput(position) {
      const beta = betaAt(position, usual());
      turn(beta === usual() ? null : beta);
    },
  });
  control.querySelector('.vg-label')?.after(term('beta'));
  control.append(
    box(
      'vg-dial-ends',
      make('span', 'vg-caption', t('everything is kept')),
      make('span', 'vg-caption', t('collapsed')),
    ),
  );
  const reset = button(
    '',
    () => {
      turn(null);
      control.input.focus(); // the button goes
    },
    { kind: 'link' },
  );
  const measured = make('p', 'vg-caption vg-dial-measured');
  const node = box('vg-dial', control, box('vg-dial-told', measured, reset));
  function show() {
    const { dial } = about();
    node.hidden = !dial;
    if (!dial) return;
    const beta = state.beta ?? dial.usual;
    control.value = positionOf(beta);
    const found = measuredAt(dial.measured, beta);
    measured.textContent = found
      ? t('KL {kl} nats, reconstruction {recon} nats at this rate', {
          kl: number(found.kl, found.kl < 10 ? 1 : 0),
          recon: number(found.recon, found.recon < 10 ? 1 : 0),
        })
      : '';
    measured.hidden = !found;
    reset.textContent = t('Back to {beta}', { beta: said(dial.usual) });
    reset.hidden = beta === dial.usual;
  }
  listeners.add(show);
  show();
  return node;
}
