// Inside the VAE: the bound of this sentence, its first slots, what each slot carries, its posterior, the training.
const SHOWN = {
  mu: { label: t('Mean'), say: t('Where the posterior lies; the prior’s mean is 0.'), strongest: (x) => number(x, 2) },
  std: { label: t('Width'), say: t('Its standard deviation; the prior’s is 1, and a dead dimension stays there.'), strongest: (x) => number(x, 2) },
  kl: { label: 'KL', say: t('What each dimension tells about the sentence, in nats.'), strongest: (x) => `${number(x, 2)} nats` },
};
const view = vg.view({ element, props, trigger, watch }, {
  name: 'inside', params: { language: 'en', shown: 'kl' },
  lead: t('This page opens the model: which numbers it made of sentence A, what is lost when some of them are left out, and how it learned to make them. A word with a dotted line says what it means when you point at it or tab to it.'),
  draw(answer) {
    const choosing = view.body.contains(document.activeElement) && document.activeElement.tagName === 'SELECT';
    const language = vg.languageSelect({ label: t('Slots are read in'), value: view.params.language, onInput: (language) => view.set({ language }) });
    language.classList.add('vg-read-in');
    const numbers = fold(t('For experts: the posterior, number by number'), ...posterior(answer));
    view.body.replaceChildren(bound(answer), language, section(t('From coarse to fine'), ...coarse(answer)), section(t('What each slot carries'), ...slots(answer)), numbers, ...checkpoint(answer.checkpoint));
    if (choosing) language.querySelector('select').focus();
    vg.exportBar(view, {
      rows: () => [['slot', 'dimension', 'mu', 'std', 'kl', 'active'], ...answer.mu.map((mu, i) => [Math.floor(i / answer.shape[1]), i % answer.shape[1], mu, answer.std[i], answer.kl_per_dim[i], answer.active[i]])],
      figure: () => { numbers.open = true; return numbers.querySelector('svg'); },  // what is folded has no size
    });
  },
});

// -- The bound -------------------------------------------------------------------------------------------------------
function bound(answer) {
  const mean = answer.checkpoint.latent?.[answer.source_language];
  const figure = (label, value, average, say) => make('div', 'vg-figure-card', undefined, {}, [
    make('span', 'vg-caption', undefined, {}, [label]), make('strong', 'vg-big', nats(value)),
    make('span', 'vg-caption', average === undefined ? say : t('{say}; on average in the test set {x}', { say, x: nats(average) })),
  ]);
  const sign = (text) => make('span', 'vg-plus', text, { 'aria-hidden': 'true' });
  return make('section', 'vg-section vg-bound', undefined, {}, [
    figure(term('recon', t('Reconstruction')), answer.recon, mean?.recon, t('what is left to guess once the latent is known')), sign('+'),
    figure(term('kl'), answer.kl, mean?.kl, t('what the latent tells about the sentence')), sign('='),
    figure(term('elbo', '−ELBO'), answer.neg_elbo, mean?.neg_elbo, t('what the sentence takes at most')),
    make('span', 'vg-caption', undefined, {}, [t('All in:'), ' ', term('nats')]),
  ]);
}

// -- The sentence without some of its slots ----------------------------------------------------------------------------
const rowHead = (n) => make('th', 'vg-figure', String(n), { scope: 'row' });

/** The sentence through its first slots only: what they tell, what is left to guess, and the bound that both make. */
function coarse(answer) {
  const rows = answer.first.map((one, i) => make('tr', '', undefined, {}, [
    rowHead(one.n), marked(one.text, answer.first[i - 1]?.text, 'td', { lang: answer.language }), ...[one.kl, one.recon, one.kl + one.recon].map((x) => make('td', 'vg-figure', nats(x))),
  ]));
  return [
    make('p', 'vg-caption', t('Only the first slots speak, the others are 0. More slots tell more (KL) and leave less to guess (reconstruction); new words are marked.')),
    framed([term('slot', t('Slots')), t('Reads'), term('kl'), term('recon', t('Reconstruction')), term('elbo', '−ELBO')], rows),
  ];
}

function bar(value, most, label) {
  const node = make('div', 'vg-kl', undefined, { 'aria-hidden': 'true' });
  node.style.setProperty('--share', Math.max(0, value) / most);
  return make('td', 'vg-slot-kl', undefined, {}, [node, make('span', 'vg-figure', label)]);
}
const signed = (x) => (Math.round(100 * x) > 0 ? '+' : '') + number(Math.round(100 * x) / 100, 2) + ' nats';

function slots(answer) {
  const cost = answer.cost ?? [], alike = answer.without.every((text) => text === answer.whole);
  const mostKl = Math.max(1e-6, ...answer.kl_per_slot), mostCost = Math.max(0.1, ...cost);
  const rows = answer.without.map((text, k) => make('tr', '', undefined, {}, [
    rowHead(k), bar(answer.kl_per_slot[k], mostKl, nats(answer.kl_per_slot[k])), ...(cost.length ? [bar(cost[k], mostCost, signed(cost[k]))] : []),
    text === answer.whole ? make('td', 'vg-none', t('reads the same')) : marked(text, answer.whole, 'td', { lang: answer.language }),
  ]));
  return [
    make('p', 'vg-text', answer.whole, { lang: answer.language }),
    make('p', 'vg-caption', t('Each row leaves one slot out: it is set to 0, the prior’s mean. What it held is its KL; what is missed is how much harder the sentence is to guess then (below 0: easier). Words that this brings in are marked.')),
    ...(alike ? [make('p', 'vg-alike', t('No single slot is needed here: without any one of them the sentence reads the same, for the others hold it too. What is missed shows a difference all the same.'))] : []),
    framed([term('slot', t('Slot')), term('kl'), ...(cost.length ? [term('recon', t('Missed without it'))] : []), t('Without it')], rows),
  ];
}

// -- The posterior, number by number -----------------------------------------------------------------------------------
function posterior(answer) {
  const figure = make('div'), show = () => figure.replaceChildren(...heatMap(answer));
  show();
  return [
    make('p', 'vg-caption', undefined, {}, [
      t('{n} of {total} dimensions are active: their mean varies by more than {threshold} over the probe set.', { n: answer.active.filter(Boolean).length, total: answer.active.length, threshold: number(answer.active_threshold, 2) }), ' ',
      t('Reconstruction is −log p(text | z), the mean of {n} draws of z.', { n: answer.n_draws }), ' ', t('The words:'), ' ', ...vg.terms('posterior', 'prior', 'active', 'probe'),
    ]),
    choice({ label: t('Shown'), options: Object.entries(SHOWN).map(([key, one]) => [key, one.label]), value: view.params.shown, onInput: (shown) => { view.params.shown = shown; show(); } }),
    figure,
  ];
}

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
  const caption = [SHOWN[shown].label, t('strongest colour = {most}', { most: SHOWN[shown].strongest(most) }), ...(shown === 'mu' ? [t('blue above 0, orange below')] : []), ...(dead.length ? [t('× = dead: the same for all sentences')] : [])];
  const picture = svg('svg', { viewBox: `0 0 ${30 + z * CELL} ${34 + n * CELL}`, class: 'vg-posterior', tabindex: 0, role: 'img', 'aria-label': t('{what} by slot (rows) and dimension (columns); the arrow keys read the cells', { what: SHOWN[shown].label }) }, [
    ...labels, ...cells, ...dead, cursor,
    svg('text', { x: 26, y: n * CELL + 22, class: 'vg-map-label' }, [], caption.join(' · ')),
  ]);
  let at = 0;
  const point = (i) => {
    at = Math.max(0, Math.min(values.length - 1, i));
    for (const name of ['x', 'y']) cursor.setAttribute(name, cells[at].getAttribute(name));
    cursor.setAttribute('visibility', 'visible');
    readout.textContent = t('Slot {k}, dimension {d}: mean {mu}, width {std}, KL {kl} nats, {state}', { k: Math.floor(at / z), d: at % z, mu: number(answer.mu[at], 2), std: number(answer.std[at], 2), kl: number(answer.kl_per_dim[at], 2), state: answer.active[at] ? t('active') : t('dead') });
  };
  picture.addEventListener('pointermove', (event) => event.target.dataset?.i && point(Number(event.target.dataset.i)));
  picture.addEventListener('focus', () => point(at));
  picture.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: z, ArrowUp: -z }[event.key];
    if (step) { event.preventDefault(); point(at + step); }
  });
  return [make('p', 'vg-caption', SHOWN[shown].say), picture, readout];
}
