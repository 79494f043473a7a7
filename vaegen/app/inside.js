// Inside the VAE: the bound of this sentence, its posterior by slot and dimension, what each slot carries, the training.
const { t, make, svg, marked, choice, nats } = vg;
const SHOWN = {
  mu: { label: t('Mean'), say: t('Where the posterior lies; the prior’s mean is 0.') },
  std: { label: t('Width'), say: t('Its standard deviation; the prior’s is 1, and a dead dimension stays there.') },
  kl: { label: 'KL', say: t('What each dimension tells about the sentence, in nats.') },
};
const view = vg.view({ element, props, trigger, watch }, {
  name: 'inside', lead: t('What the model makes of sentence A, in numbers; and how the checkpoint learned to.'), params: { language: 'en', shown: 'kl' },
  draw(answer) {
    const figure = heatMap(answer);
    view.body.replaceChildren(bound(answer), section(t('The posterior'), figure), section(t('From coarse to fine'), coarse(answer)), section(t('What each slot carries'), slots(answer)), ...checkpoint(answer.checkpoint));
    vg.exportBar(view, {
      rows: () => [['slot', 'dimension', 'mu', 'std', 'kl', 'active'], ...answer.mu.map((mu, i) => [Math.floor(i / answer.shape[1]), i % answer.shape[1], mu, answer.std[i], answer.kl_per_dim[i], answer.active[i]])],
      figure: () => figure.querySelector('svg'),
    });
  },
});
view.build = () => view.controls.replaceChildren(
  choice({ label: t('Shown'), options: Object.entries(SHOWN).map(([key, one]) => [key, one.label]), value: view.params.shown, help: SHOWN[view.params.shown].say, onInput: (shown) => { view.params.shown = shown; view.build(); if (view.answer) view.redraw(); } }),
  vg.languageSelect({ label: t('Slots are read in'), value: view.params.language, onInput: (language) => view.set({ language }) }),
);
view.build();

const section = (title, ...children) => make('section', 'vg-section', undefined, {}, [make('h2', 'vg-name', title), ...children]);

// -- The bound -------------------------------------------------------------------------------------------------------
function bound(answer) {
  const mean = answer.checkpoint.latent?.[answer.source_language];
  const figure = (label, value, average, say) => make('div', 'vg-figure-card', undefined, {}, [
    make('span', 'vg-caption', label), make('strong', 'vg-big', nats(value)),
    make('span', 'vg-caption', average === undefined ? say : t('{say}; test set {x}', { say, x: nats(average) })),
  ]);
  return make('div', '', undefined, {}, [
    make('div', 'vg-bound', undefined, {}, [
      figure(t('Reconstruction'), answer.recon, mean?.recon, t('−log p(text | z), {n} draws of z', { n: answer.n_draws })), make('span', 'vg-plus', '+', { 'aria-hidden': 'true' }),
      figure('KL', answer.kl, mean?.kl, t('what z tells of the sentence')), make('span', 'vg-plus', '=', { 'aria-hidden': 'true' }),
      figure('−ELBO', answer.neg_elbo, mean?.neg_elbo, t('at least −log p(text)')),
    ]),
    make('p', 'vg-caption', t('{n} of {total} dimensions are active: their mean varies by more than {threshold} over the probe set.', { n: answer.active.filter(Boolean).length, total: answer.active.length, threshold: answer.active_threshold })),
  ]);
}

// -- The posterior, slot by slot ---------------------------------------------------------------------------------------
const CELL = 20;
function heatMap(answer) {
  const [n, z] = answer.shape, shown = view.params.shown;
  const values = { mu: answer.mu, std: answer.std, kl: answer.kl_per_dim }[shown];
  const most = shown === 'std' ? 1 : Math.max(1e-6, ...values.map(Math.abs));
  const readout = make('p', 'vg-readout', '', { 'aria-live': 'polite' });
  const cells = values.map((value, i) => {
    const share = Math.min(1, Math.abs(value) / most);
    return svg('rect', { x: 26 + (i % z) * CELL, y: 4 + Math.floor(i / z) * CELL, width: CELL - 1, height: CELL - 1, class: `vg-cell-${shown === 'mu' && value < 0 ? 'minus' : 'plus'}`, 'fill-opacity': share.toFixed(3), 'data-i': i });
  });
  const labels = Array.from({ length: n }, (_, k) => svg('text', { x: 20, y: 4 + k * CELL + 14, 'text-anchor': 'end', class: 'vg-map-label' }, [], String(k)));
  const dead = answer.active.map((active, i) => (active ? null : svg('path', { d: `M ${26 + (i % z) * CELL + 7} ${4 + Math.floor(i / z) * CELL + 7} l 5 5 m 0 -5 l -5 5`, class: 'vg-dead' }))).filter(Boolean);
  const cursor = svg('rect', { width: CELL - 1, height: CELL - 1, class: 'vg-cursor', visibility: 'hidden' });
  const picture = svg('svg', { viewBox: `0 0 ${30 + z * CELL} ${34 + n * CELL}`, class: 'vg-posterior', tabindex: 0, role: 'img', 'aria-label': t('{what} by slot (rows) and dimension (columns); the arrow keys read the cells', { what: SHOWN[shown].label }) }, [
    ...labels, ...cells, ...dead, cursor,
    svg('text', { x: 26, y: n * CELL + 22, class: 'vg-map-label' }, [], t('{what} · {checkpoint} · darkest = {most} · × dead', { what: SHOWN[shown].label, checkpoint: vg.state.checkpoint || t('first checkpoint'), most: most.toFixed(2) })),
  ]);
  let at = 0;
  const point = (i) => {
    at = Math.max(0, Math.min(values.length - 1, i));
    for (const name of ['x', 'y']) cursor.setAttribute(name, cells[at].getAttribute(name));
    cursor.setAttribute('visibility', 'visible');
    readout.textContent = t('Slot {k}, dimension {d}: mean {mu}, width {std}, KL {kl} nats, {state}', { k: Math.floor(at / z), d: at % z, mu: answer.mu[at], std: answer.std[at], kl: answer.kl_per_dim[at], state: answer.active[at] ? t('active') : t('dead') });
  };
  picture.addEventListener('pointermove', (event) => event.target.dataset?.i && point(Number(event.target.dataset.i)));
  picture.addEventListener('focus', () => point(at));
  picture.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: z, ArrowUp: -z }[event.key];
    if (step) { event.preventDefault(); point(at + step); }
  });
  return make('div', '', undefined, {}, [picture, readout]);
}

// -- Slots -------------------------------------------------------------------------------------------------------------
function slots(answer) {
  const most = Math.max(1e-6, ...answer.kl_per_slot);
  const rows = answer.without.map((text, k) => {
    const bar = make('div', 'vg-kl', undefined, { role: 'img', 'aria-label': nats(answer.kl_per_slot[k]) });
    bar.style.setProperty('--share', answer.kl_per_slot[k] / most);
    return make('tr', text === answer.whole ? 'vg-unchanged' : '', undefined, {}, [
      make('th', 'vg-figure', String(k), { scope: 'row' }), make('td', 'vg-slot-kl', undefined, {}, [bar, make('span', 'vg-figure', nats(answer.kl_per_slot[k]))]), marked(text, answer.whole, 'td', { lang: answer.language }),
    ]);
  });
  return make('div', '', undefined, {}, [
    make('p', 'vg-text', answer.whole, { lang: answer.language }),
    make('p', 'vg-caption', t('Read from the mode of the posterior. Each row: the same with one slot at 0, the prior’s mean; words that this brings in are marked.')),
    make('table', 'vg-table', undefined, {}, [make('thead', '', undefined, {}, [make('tr', '', undefined, {}, [t('Slot'), 'KL', t('Without it')].map((name) => make('th', 'vg-caption', name, { scope: 'col' })))]), make('tbody', '', undefined, {}, rows)]),
  ]);
}

/** The sentence through its first slots only: what they tell, what is left to guess, and the bound that both make. */
function coarse(answer) {
  const rows = answer.first.map((one, i) => make('tr', '', undefined, {}, [
    make('th', 'vg-figure', String(one.n), { scope: 'row' }), ...[one.kl, one.recon, one.kl + one.recon].map((x) => make('td', 'vg-figure', nats(x))),
    i ? marked(one.text, answer.first[i - 1].text, 'td', { lang: answer.language }) : make('td', '', one.text, { lang: answer.language }),
  ]));
  return make('div', '', undefined, {}, [
    make('p', 'vg-caption', t('Only the first slots speak, the others are 0. More slots tell more (KL) and leave less to guess (reconstruction); new words are marked.')),
    make('div', 'vg-scroll', undefined, {}, [make('table', 'vg-table', undefined, {}, [make('thead', '', undefined, {}, [make('tr', '', undefined, {}, [t('Slots'), 'KL', t('Reconstruction'), '−ELBO', t('Reads')].map((name) => make('th', 'vg-caption', name, { scope: 'col' })))]), make('tbody', '', undefined, {}, rows)])]),
  ]);
}

// -- The checkpoint ------------------------------------------------------------------------------------------------------
const CURVES = { recon_per_token: t('Reconstruction, nats a token'), kl: t('KL, nats'), beta: 'beta', 'bleu_en-de_source': t('BLEU en-de, source'), 'bleu_en-de_latent': t('BLEU en-de, latent'), validation_gap: t('Cost of a wrong z, nats') };
function checkpoint(facts) {
  const { training = {}, curves = {}, translation = {} } = facts;
  const told = [
    facts.parameters && t('{n} M parameters', { n: (facts.parameters / 1e6).toFixed(1) }), training.step && t('{n} steps', { n: training.step.toLocaleString('en') }),
    training.seconds && t('{n} hours', { n: (training.seconds / 3600).toFixed(1) }), training.beta !== undefined && `beta ${training.beta}`,
  ].filter(Boolean).join(' · ');
  const parts = [section(t('How this checkpoint learned'), make('p', 'vg-caption', told), ...(facts.note ? [make('p', '', facts.note.replaceAll('*', ''))] : []))];
  const drawn = Object.entries(CURVES).filter(([name]) => curves[name]?.length > 1);
  if (drawn.length) parts[0].append(make('div', 'vg-curves', undefined, {}, drawn.map(([name, label]) => curve(label, curves[name]))));
  const rows = Object.entries(translation).map(([direction, scores]) => make('tr', '', undefined, {}, [
    make('th', '', direction, { scope: 'row' }), ...['source', 'latent'].flatMap((context) => ['bleu_tokenised', 'bleu', 'chrf'].map((name) => make('td', 'vg-figure', String(scores[context]?.[name] ?? '–')))),
  ]));
  const names = [t('direction'), ...[t('source'), t('latent')].flatMap((context) => ['BLEU tok. lc.', 'BLEU 13a', 'chrF'].map((name) => `${name}, ${context}`))];
  if (rows.length) parts.push(section(t('What was measured on it'), make('div', 'vg-scroll', undefined, {}, [make('table', 'vg-table', undefined, {}, [make('thead', '', undefined, {}, [make('tr', '', undefined, {}, names.map((name) => make('th', 'vg-caption', name, { scope: 'col' })))]), make('tbody', '', undefined, {}, rows)])]), make('p', 'vg-caption', facts.measured_by)));
  for (const { title, header, rows } of facts.tasks ?? []) parts.push(section(title, make('div', 'vg-scroll', undefined, {}, [table(header, rows)]), make('p', 'vg-caption', facts.measured_by)));
  if (facts.report) parts.push(make('details', 'vg-report', undefined, {}, [make('summary', 'vg-name', t('Report on this latent space')), ...markdown(facts.report)]));
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
    return make('div', 'vg-scroll', undefined, {}, [table(head, rows)]);
  });
}

function table(head, rows) {
  return make('table', 'vg-table', undefined, {}, [
    make('thead', '', undefined, {}, [make('tr', '', undefined, {}, head.map((cell) => make('th', 'vg-caption', cell, { scope: 'col' })))]),
    make('tbody', '', undefined, {}, rows.map((row) => make('tr', '', undefined, {}, row.map((cell) => String(cell).replaceAll('`', '')).map((cell, i) => (i ? make('td', 'vg-figure', cell) : make('th', '', cell, { scope: 'row' })))))),
  ]);
}

function curve(label, points) {
  const W = 240, H = 110, steps = points.map(([step]) => step), values = points.map(([, value]) => value);
  const logarithmic = Math.max(...values) > 50 * Math.max(1, values.at(-1));  // a KL that starts in the thousands
  const scaled = logarithmic ? values.map((value) => Math.log10(Math.max(value, 1e-3))) : values;
  const low = Math.min(...scaled), high = Math.max(...scaled), last = steps.at(-1);
  const line = scaled.map((value, i) => `${((W * steps[i]) / last).toFixed(1)},${(H - (H * (value - low)) / Math.max(high - low, 1e-9)).toFixed(1)}`).join(' ');
  const show = (value) => Number((logarithmic ? 10 ** value : value).toPrecision(3));
  return make('figure', 'vg-curve', undefined, {}, [
    make('figcaption', 'vg-caption', logarithmic ? t('{label} (logarithmic)', { label }) : label),
    svg('svg', { viewBox: `-4 -14 ${W + 8} ${H + 32}`, role: 'img', 'aria-label': t('{label}: from {first} to {last}', { label, first: show(scaled[0]), last: show(scaled.at(-1)) }) }, [
      svg('path', { d: `M 0 0 V ${H} H ${W}`, class: 'vg-plane-axis' }), svg('polyline', { points: line, class: 'vg-plane-path' }),
      svg('text', { x: 2, y: -4, class: 'vg-map-label' }, [], String(show(high))), svg('text', { x: 2, y: H - 3, class: 'vg-map-label' }, [], String(show(low))),
      svg('text', { x: W, y: H + 14, 'text-anchor': 'end', class: 'vg-map-label' }, [], t('{n} steps', { n: last.toLocaleString('en') })),
    ]),
  ]);
}
