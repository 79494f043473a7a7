// Part of inside.js: how the checkpoint learned, what was measured on it, and its report.
const { t, make, svg, marked, choice, nats, number, terms } = vg;
const CURVES = { recon_per_token: t('Reconstruction (training), nats a token'), kl: t('KL (training), nats'), beta: 'beta', 'bleu_en-de_source': t('BLEU en-de (validation), with the source'), 'bleu_en-de_latent': t('BLEU en-de (validation), from the latent alone'), validation_gap: t('Cost of a wrong z (validation), nats') };
/** A number with about three figures. */
const short = (x) => number(x, x && Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(x))))));
const section = (title, ...children) => make('section', 'vg-section', undefined, {}, [make('h2', 'vg-name', title), ...children]);
const unfolded = new Set();  // titles of what a visitor has opened: another sentence leaves it open
function fold(title, ...children) {
  const node = make('details', 'vg-section', undefined, {}, [make('summary', 'vg-name', title), ...children]);
  node.open = unfolded.has(title);
  node.addEventListener('toggle', () => unfolded[node.open ? 'add' : 'delete'](title));
  return node;
}

function checkpoint(facts) {
  const { training = {}, curves = {}, translation = {}, tasks = [] } = facts;
  const steps = Math.max(0, ...Object.values(curves).map((points) => points.at(-1)?.[0] ?? 0));  // of all parts of the training
  const last = [training.step && t('{n} steps', { n: number(training.step, 0) }), training.seconds && t('{n} hours', { n: number(training.seconds / 3600) })].filter(Boolean).join(', ');
  const told = [
    facts.parameters && t('{n} M parameters', { n: number(facts.parameters / 1e6) }),
    ...(steps > training.step ? [t('{n} steps in all', { n: number(steps, 0) }), last && t('the last part: {part}', { part: last })] : [last]),
    training.beta !== undefined && `beta ${short(training.beta)}`,
  ].filter(Boolean).join(' · ');
  const parts = [section(t('How this checkpoint learned'), make('p', 'vg-caption', told), ...(facts.note ? [make('p', '', facts.note.replaceAll('*', ''))] : []))];
  const drawn = Object.entries(CURVES).filter(([name]) => curves[name]?.length > 1);
  if (drawn.length) {
    parts[0].append(
      make('p', 'vg-caption', undefined, {}, [t('Each curve runs from the first step to the last. In them:'), ' ', ...terms('recon', 'nats', 'kl', 'beta', 'bleu')]),
      make('div', 'vg-curves', undefined, {}, drawn.map(([name, label]) => curve(label, curves[name]))),
    );
  }
  const rows = Object.entries(translation).map(([direction, scores]) => [direction, ...['source', 'latent'].flatMap((context) => ['bleu_tokenised', 'bleu', 'chrf'].map((name) => (scores[context] ? number(scores[context][name], 2) : '–')))]);
  const names = [t('direction'), ...[t('source'), t('latent')].flatMap((context) => ['BLEU tok. lc.', 'BLEU 13a', 'chrF'].map((name) => `${name}, ${context}`))];
  const tables = [...(rows.length ? [table(names, rows)] : []), ...tasks.flatMap((task) => [make('h3', 'vg-name', task.title), table(task.header, task.rows)])];
  if (tables.length) parts.push(fold(t('What was measured on it'), ...tables, make('p', 'vg-caption', facts.measured_by)));
  if (facts.report) parts.push(fold(t('Report on this latent space'), ...markdown(facts.report)));
  return parts;
}

/** The Markdown of a report: headings, tables, lists and paragraphs. */
function markdown(text) {
  const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim());
  return text.split(/\n{2,}/).filter((block) => block.trim()).map((block) => {
    const lines = block.trim().split('\n');
    if (lines[0].startsWith('#')) return make('h3', 'vg-name', lines[0].replace(/^#+ /, ''));
    if (lines[0].startsWith('- ')) return make('ul', '', undefined, {}, lines.map((line) => make('li', '', line.slice(2).replaceAll('`', ''))));
    if (!lines[0].startsWith('|')) return make('p', 'vg-caption', lines.join(' ').replaceAll('`', ''));
    const [head, , ...rows] = lines.map(cells);
    return table(head, rows);
  });
}

/** A table that scrolls by itself where the page is narrow; the cells of its head may be elements. */
function table(head, rows) {
  const plain = (cell) => String(cell).replaceAll('`', '');
  return framed(head, rows.map((row) => make('tr', '', undefined, {}, row.map((cell, i) => (i ? make('td', 'vg-figure', plain(cell)) : make('th', '', plain(cell), { scope: 'row' }))))));
}
function framed(head, rows) {
  return make('div', 'vg-scroll', undefined, {}, [make('table', 'vg-table', undefined, {}, [
    make('thead', '', undefined, {}, [make('tr', '', undefined, {}, head.map((cell) => make('th', 'vg-caption', undefined, { scope: 'col' }, [cell])))]),
    make('tbody', '', undefined, {}, rows),
  ])]);
}

function curve(label, points) {
  const W = 240, H = 110, steps = points.map(([step]) => step), values = points.map(([, value]) => value);
  const logarithmic = Math.max(...values) > 50 * Math.max(1, values.at(-1));  // a KL that starts in the thousands
  const scaled = logarithmic ? values.map((value) => Math.log10(Math.max(value, 1e-3))) : values;
  const low = Math.min(...scaled), high = Math.max(...scaled), last = steps.at(-1);
  const line = scaled.map((value, i) => `${((W * steps[i]) / last).toFixed(1)},${(H - (H * (value - low)) / Math.max(high - low, 1e-9)).toFixed(1)}`).join(' ');
  const show = (value) => short(logarithmic ? 10 ** value : value);
  const mark = (x, y, anchor, text) => svg('text', { x, y, 'text-anchor': anchor, class: 'vg-map-label' }, [], text);
  return make('figure', 'vg-curve', undefined, {}, [
    make('figcaption', 'vg-caption', logarithmic ? t('{label} (logarithmic)', { label }) : label),
    svg('svg', { viewBox: `-44 -8 ${W + 52} ${H + 26}`, role: 'img', 'aria-label': t('{label}: from {first} to {last}', { label, first: show(scaled[0]), last: show(scaled.at(-1)) }) }, [
      svg('path', { d: `M 0 0 V ${H} H ${W}`, class: 'vg-plane-axis' }), svg('polyline', { points: line, class: 'vg-plane-path' }),
      mark(-5, 4, 'end', show(high)), mark(-5, H + 4, 'end', show(low)), mark(0, H + 15, 'middle', number(0, 0)), mark(W, H + 15, 'end', t('{n} steps', { n: number(last, 0) })),
    ]),
  ]);
}
