// How the checkpoint learned, what was measured on it, and its report.
import { box, make, svg } from '../core/dom.js';
import { terms } from '../core/glossary.js';
import { number, t } from '../core/messages.js';
import { page } from '../core/page.js';
import { fold, section, table } from '../parts/tables.js';

/** @type {Record<string, string>} */
const CURVES = {
  recon_per_token: t('Reconstruction (training), nats a token'),
  kl: t('KL (training), nats'),
  beta: 'beta',
  'bleu_en-de_source': t('BLEU en-de (validation), with the source'),
  'bleu_en-de_latent': t('BLEU en-de (validation), from the latent alone'),
  validation_gap: t('Cost of a wrong z (validation), nats'),
};
const SCORES = { bleu_tokenised: 'BLEU tok. lc.', bleu: 'BLEU 13a', chrf: 'chrF' };
/** @typedef {[number, number][]} Points steps and values */

/** A number with about three figures. @param {number} x */
const short = (x) => number(x, x && Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(x))))));

const DIAL = [page.dial.low, page.dial.high].map((x) => number(x, 3)).join('–');

/** @param {any} facts */
export function checkpoint(facts) {
  const curves = /** @type {Record<string, Points>} */ (facts.curves ?? {});
  const told = make('p', 'vg-caption', trainingOf(facts, curves));
  const note = facts.note ? [make('p', '', facts.note.replaceAll('*', ''))] : [];
  const learned = section(t('How this checkpoint learned'), told, ...note);
  const drawn = Object.entries(CURVES).filter(([name]) => curves[name]?.length > 1);
  if (drawn.length) {
    const caption = t('Each curve runs from the first step to the last. In them:');
    learned.append(
      make('p', 'vg-caption', undefined, {}, [caption, ' ', ...terms('recon', 'nats', 'kl', 'beta', 'bleu')]),
      box('vg-curves', ...drawn.map(([name, label]) => curve(label, curves[name]))),
    );
  }
  const measured = tablesOf(facts);
  const by = make('p', 'vg-caption', facts.measured_by);
  return [
    learned,
    ...(measured.length ? [fold(t('What was measured on it'), ...measured, by)] : []),
    ...(facts.report ? [fold(t('Report on this latent space'), ...markdown(facts.report))] : []),
  ];
}

/** The training in a line. @param {any} facts @param {Record<string, Points>} curves */
function trainingOf({ training = {}, parameters }, curves) {
  const ends = Object.values(curves).map((points) => points[points.length - 1]?.[0] ?? 0);
  const steps = Math.max(0, ...ends); // of all parts of the training
  const last = [
    training.step && t('{n} steps', { n: number(training.step, 0) }),
    training.seconds && t('{n} hours', { n: number(training.seconds / 3600) }),
  ]
    .filter(Boolean)
    .join(', ');
  return [
    parameters && t('{n} M parameters', { n: number(parameters / 1e6) }),
    ...(steps > training.step
      ? [t('{n} steps in all', { n: number(steps, 0) }), last && t('the last part: {part}', { part: last })]
      : [last]),
    training.beta !== undefined && `beta ${training.schedule === 'dial' ? DIAL : short(training.beta)}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** @param {any} facts */
function tablesOf({ translation = {}, tasks = [] }) {
  const rows = Object.entries(translation).map(([direction, scores]) => [
    direction,
    ...['source', 'latent'].flatMap((context) =>
      Object.keys(SCORES).map((name) => (scores[context] ? number(scores[context][name], 2) : '–')),
    ),
  ]);
  const contexts = [t('source'), t('latent')];
  const names = contexts.flatMap((context) => Object.values(SCORES).map((name) => `${name}, ${context}`));
  return [
    ...(rows.length ? [table([t('direction'), ...names], rows)] : []),
    ...tasks.flatMap((/** @type {any} */ task) => [make('h3', 'vg-name', task.title), table(task.header, task.rows)]),
  ];
}

/** The Markdown of a report: headings, tables, lists and paragraphs. @param {string} text */
function markdown(text) {
  const cells = (/** @type {string} */ line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const plain = (/** @type {string} */ words) => words.replaceAll('`', '');
  return text
    .split(/\n{2,}/)
    .filter((block) => block.trim())
    .map((block) => {
      const lines = block.trim().split('\n');
      if (lines[0].startsWith('#')) return make('h3', 'vg-name', lines[0].replace(/^#+ /, ''));
      if (lines[0].startsWith('- ')) {
        return make(
          'ul',
          '',
          undefined,
          {},
          lines.map((line) => make('li', '', plain(line.slice(2)))),
        );
      }
      if (!lines[0].startsWith('|')) return make('p', 'vg-caption', plain(lines.join(' ')));
      const [head, , ...rows] = lines.map(cells);
      return table(head, rows);
    });
}

/** @param {string} label @param {Points} points */
function curve(label, points) {
  const [W, H] = [240, 110];
  const values = points.map(([, value]) => value);
  const isLogarithmic = Math.max(...values) > 50 * Math.max(1, values[values.length - 1]); // a KL of thousands at first
  const scaled = isLogarithmic ? values.map((value) => Math.log10(Math.max(value, 1e-3))) : values;
  const [low, high, last] = [Math.min(...scaled), Math.max(...scaled), points[points.length - 1][0]];
  const place = (/** @type {number} */ value, /** @type {number} */ i) =>
    `${((W * points[i][0]) / last).toFixed(1)},${(H - (H * (value - low)) / Math.max(high - low, 1e-9)).toFixed(1)}`;
  const show = (/** @type {number} */ value) => short(isLogarithmic ? 10 ** value : value);
  /** @param {number} x @param {number} y @param {string} anchor @param {string} text */
  const mark = (x, y, anchor, text) => svg('text', { x, y, 'text-anchor': anchor, class: 'vg-map-label' }, [], text);
  const ends = { label, first: show(scaled[0]), last: show(scaled[scaled.length - 1]) };
  const said = t('{label}: from {first} to {last}', ends);
  const drawing = svg('svg', { viewBox: `-44 -8 ${W + 52} ${H + 26}`, role: 'img', 'aria-label': said }, [
    svg('path', { d: `M 0 0 V ${H} H ${W}`, class: 'vg-plane-axis' }),
    svg('polyline', { points: scaled.map(place).join(' '), class: 'vg-plane-path' }),
    mark(-5, 4, 'end', show(high)),
    mark(-5, H + 4, 'end', show(low)),
    mark(0, H + 15, 'middle', number(0, 0)),
    mark(W, H + 15, 'end', t('{n} steps', { n: number(last, 0) })),
  ]);
  const caption = isLogarithmic ? t('{label} (logarithmic)', { label }) : label;
  return make('figure', 'vg-curve', undefined, {}, [make('figcaption', 'vg-caption', caption), drawing]);
}
