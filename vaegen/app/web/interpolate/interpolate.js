// Ways through the latent space: a walk from A to B, a grid between four sentences, an analogy, a cloud around one.
const { t, make, svg, marked, slider, choice, field, languageChoice, number } = vg;
const MODES = { walk: t('Walk'), grid: t('Grid'), analogy: t('Analogy'), jitter: t('Cloud') };
const HELP = {
  walk: t('Even steps from the latent of A to the latent of B, each decoded anew.'),
  grid: t('Four sentences in the corners, and their mixtures between them.'),
  analogy: t('A, plus the difference that leads from B to C.'),
  jitter: t('Noise around A: how far can one go until the sentence changes?'),
};
const LEAD = {
  walk: t('Between two sentences lie others: decode the latents on the way from A to B.'),
  grid: t('Put a sentence in each corner of a square: decode the mixtures between them.'),
  analogy: t('Add a difference to a sentence: what is to A as C is to B?'),
  jitter: t('Move away from A in all directions: see how far it still says the same.'),
};
// What each kind starts with; a sentence that nobody touched gives way to the next kind's.
const [a, b] = window.vgStart.map(({ text }) => text);
const PAIR = { a, b, c: 'A man plays the guitar.', d: 'Children are swimming in a lake.' };
const START = { walk: PAIR, grid: PAIR, jitter: PAIR, analogy: { ...PAIR, b: 'A dog is sleeping.', c: 'Two dogs are sleeping.' } };
const languageSelect = () => vg.languageSelect({ value: view.params.language, onInput: (language) => view.set({ language }) });

const view = vg.view({ element, props, trigger, watch }, {
  name: 'interpolate', lead: LEAD.walk,
  params: {
    mode: 'walk', steps: 7, method: 'slerp', exact: true, languages: ['en', 'de', 'fr', 'cs'], language: 'en', size: 5, strength: 1, unit: 'posterior', draws: 8, seed: 0,
    c: PAIR.c, d: PAIR.d,
  },
  draw(answer) {
    view.figure = null;
    view.body.replaceChildren(...({ walk: drawWalk, grid: drawGrid, analogy: drawAnalogy, jitter: drawJitter })[answer.kind](answer));
    vg.exportBar(view, { rows: () => ROWS[answer.kind](answer), figure: view.figure ? () => view.figure : undefined });
  },
});

// -- Controls ------------------------------------------------------------------------------------------------------
/** A field for a sentence. What can be none is refused here, goes to no other view, and dims what answers another one. */
function sentence(letter, point, onInput) {
  const label = t('Sentence {letter}', { letter });
  const box = field({ label, value: point.text, onInput(text) {
    const refused = vg.refusal(text);
    view.refuse(refused && `${label}: ${refused}`);
    box.input.setAttribute('aria-invalid', String(Boolean(refused)));
    if (refused) return;
    onInput({ text: text.trim(), language: '', z: '' });
    if (view.controls.querySelector('[aria-invalid="true"]')) view.build();  // another field holds what was refused before
  } });
  return box;
}
function setKind(mode) {
  const { params } = view, from = START[params.mode], to = START[mode], { b } = vg.state;
  params.mode = mode;
  if (params.c === from.c) params.c = to.c;
  if (from.b !== to.b && b.text === from.b && !b.z) vg.pin({ text: to.b, language: 'en' });  // the view asks, as B is new
  else view.ask();
  view.build();
}
view.build = () => {
  const { params } = view, set = (values) => view.set(values);
  view.refused = '';
  const own = {
    walk: () => [
      slider({ label: t('Steps'), min: 3, max: 15, step: 1, value: params.steps, onInput: (steps) => set({ steps }) }),
      choice({ label: t('Way'), options: [['slerp', t('Arc')], ['lerp', t('Straight line')]], value: params.method, onInput: (method) => set({ method }) }),
      choice({ label: t('Ends'), options: [['exact', t('Exactly as typed')], ['mode', t('As the encoder has them')]], value: params.exact ? 'exact' : 'mode', help: t('The encoder’s latent may read a little differently from your sentence; a few gradient steps mend that.'), onInput: (ends) => set({ exact: ends === 'exact' }) }),
      languageChoice({ value: params.languages, onInput: (languages) => set({ languages }) }),
    ],
    grid: () => [
      sentence('C', { text: params.c }, ({ text }) => set({ c: text })), sentence('D', { text: params.d }, ({ text }) => set({ d: text })),
      slider({ label: t('Sentences on a side'), min: 3, max: 7, step: 1, value: params.size, onInput: (size) => set({ size }) }), languageSelect(),
    ],
    analogy: () => [
      sentence('C', { text: params.c }, ({ text }) => set({ c: text })),
      slider({ label: t('Strength'), min: -3, max: 3, step: 0.1, value: params.strength, format: (x) => `${number(x)} ×`, onInput: (strength) => set({ strength }) }),
      languageChoice({ value: params.languages, onInput: (languages) => set({ languages }) }),
    ],
    jitter: () => [
      choice({
        label: t('Unit of the radius'), options: [['posterior', t('Posterior')], ['prior', t('Prior')]], value: params.unit, onInput: (unit) => set({ unit }),
        help: t('Standard deviations of this sentence’s posterior in each dimension, or of the prior (1 everywhere).'),
      }),
      slider({ label: t('Draws at each radius'), min: 2, max: 16, step: 1, value: params.draws, onInput: (draws) => set({ draws }) }),
      field({ label: t('Seed'), type: 'number', min: 0, value: params.seed, onInput: (seed) => set({ seed }) }), languageSelect(),
    ],
  };
  view.root.querySelector('.vg-lead').textContent = LEAD[params.mode];
  view.controls.replaceChildren(
    choice({ label: t('Kind'), options: Object.entries(MODES), value: params.mode, help: HELP[params.mode], onInput: setKind }),
    sentence('A', vg.state.a, (point) => vg.adopt(point)),
    ...(params.mode === 'jitter' ? [] : [sentence('B', vg.state.b, (point) => vg.pin(point))]),
    ...own[params.mode](),
  );
};
view.build();
vg.listeners.add(() => view.controls.contains(document.activeElement) || view.build());

// -- Walk: one row a step, one column a language ---------------------------------------------------------------------
function drawWalk(answer) {
  const { stops, languages } = answer;
  const same = (x, y) => languages.every((code) => x.texts[code] === y.texts[code]);
  const groups = [];
  stops.forEach((stop, i) => (groups.length && same(stops[i - 1], stop) ? groups.at(-1).push(i) : groups.push([i])));
  const last = answer.n_steps - 1;
  const share = (i) => `${Math.round((100 * i) / last)} %`;
  const rows = groups.map((group, g) => {
    const stop = stops[group[0]], before = g ? stops[groups[g - 1][0]] : undefined;
    const span = group.length > 1 ? `${share(group[0])}–${share(group.at(-1))}` : share(group[0]);
    return make('tr', '', undefined, {}, [
      make('th', 'vg-figure', span, { scope: 'row', title: t('{n} of {total} steps', { n: group.length, total: answer.n_steps }) }),
      ...languages.map((code) => marked(stop.texts[code], before?.texts[code], 'td', { lang: code, 'data-name': vg.nameOf(code) })),
      make('td', 'vg-row-tools', undefined, {}, [vg.pointTools({ text: stop.texts[languages[0]], language: languages[0], z: stop.z })]),
    ]);
  });
  const head = make('thead', '', undefined, {}, [make('tr', '', undefined, {}, [
    make('th', '', t('Way'), { scope: 'col' }), ...languages.map((code) => make('th', '', vg.nameOf(code), { scope: 'col' })), make('td', ''),
  ])]);
  const parts = [make('table', 'vg-table vg-walk', undefined, {}, [head, make('tbody', '', undefined, {}, rows)])];
  parts.push(key(t('changed since the step before')));
  if (answer.smoothness) {
    const figures = languages.map((code) => `${vg.nameOf(code)} ${answer.smoothness[code].toFixed(2)}`).join(', ');
    parts.push(make('p', 'vg-caption', t('Smoothness {figures}: words between the ends over words changed on the way; 1 has no detour.', { figures })));
    view.figure = drawPlane(answer);
    parts.push(vg.button(t('See this walk on the map'), () => vg.show('map', { method: view.params.method, spot: null }), { kind: 'link' }));
    parts.push(make('figure', 'vg-plane', undefined, {}, [view.figure, make('figcaption', 'vg-caption', t('The plane through the origin (the prior’s mean), A and B. The dashed arc is where latents drawn from the prior lie. Distances are exact.'))]));
  } else view.status.textContent = t('{n} of {total} steps', { n: stops.length, total: answer.n_steps });
  return parts;
}

const key = (text) => make('p', 'vg-caption vg-key', undefined, {}, [make('span', 'vg-new-word', t('word')), ` = ${text}`]);

function drawPlane({ stops }) {
  const typical = Math.sqrt(stops[0].z.length * 0.375);  // base64 of half precision: 8/3 characters a dimension
  const points = stops.map(({ xy }) => xy), all = [...points.flat(), typical];
  const high = Math.max(...all) * 1.12, low = Math.min(0, ...all) * 1.12 - high * 0.06, scale = 300 / (high - low);
  const x = (v) => (v - low) * scale, y = (v) => (high - v) * scale;
  const label = (text, [px, py]) => svg('text', { x: x(px) + 9, y: y(py) + 4, class: 'vg-plane-label' }, [], text);
  return svg('svg', { viewBox: '0 0 300 300', width: 300, height: 300, role: 'img', 'aria-label': t('The walk in the plane of the origin, A and B') }, [
    svg('path', { class: 'vg-plane-prior', d: `M ${x(typical)} ${y(0)} A ${typical * scale} ${typical * scale} 0 0 0 ${x(0)} ${y(typical)}` }),
    svg('path', { class: 'vg-plane-axis', d: `M ${x(low)} ${y(0)} H 300 M ${x(0)} ${y(low)} V 0` }),
    svg('polyline', { class: 'vg-plane-path', points: points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ') }),
    ...points.map(([px, py], i) => svg('circle', { class: 'vg-plane-dot', cx: x(px), cy: y(py), r: i && i < points.length - 1 ? 4 : 6 })),
    label('A', points[0]), label('B', points.at(-1)), label('0', [0, 0]),
  ]);
}

// -- Grid, analogy, cloud -------------------------------------------------------------------------------------------
const note = () => vg.explain(t('not as typed'), t('The encoder’s latent may read a little differently from your sentence; here it is as the encoder has it.'), 'vg-tag');
function drawGrid({ size, language, texts, zs, differs = [] }) {
  const corner = { 0: 'A', [size - 1]: 'B', [size * (size - 1)]: 'C', [size * size - 1]: 'D' };
  const cells = texts.map((text, i) => make('div', 'vg-cell' + (corner[i] ? ' vg-cell-corner' : ''), undefined, {}, [
    ...(corner[i] ? [make('div', 'vg-corner', undefined, {}, [make('span', 'vg-letter', corner[i]), ...(differs.includes(corner[i]) ? [note()] : [])])] : []), marked(text, i % size ? texts[i - 1] : undefined, 'p', { lang: language }), vg.pointTools({ text, language, z: zs[i] }),
  ]));
  return [make('div', 'vg-square', undefined, { style: `--size: ${size}` }, cells), key(t('not in the sentence to its left'))];
}

function drawAnalogy({ texts, z, cosines }) {
  const cards = Object.entries(texts).map(([code, text]) => make('article', 'vg-card', undefined, {}, [
    make('h2', 'vg-name', vg.nameOf(code)), make('p', 'vg-text', text, { lang: code }), vg.pointTools({ text, language: code, z }),
  ]));
  const near = Object.entries(cosines).map(([letter, value]) => `${letter} ${value.toFixed(2)}`).join(', ');
  return [make('p', 'vg-formula', `${view.params.strength === 1 ? 'A − B + C' : t('A + {s} (C − B)', { s: number(view.params.strength) })}`), make('div', 'vg-grid', undefined, {}, cards),
    make('p', 'vg-caption', t('Cosine to the latents of {near}. An answer that is nearly one of them is no discovery.', { near }))];
}

function drawJitter({ language, center, rings, mean_std: std }) {
  const unit = view.params.unit === 'posterior' ? t('One unit is {std} on average over the dimensions.', { std: std.toFixed(2) }) : t('One unit is the prior’s standard deviation.');
  return [make('p', 'vg-text', center, { lang: language }), ...rings.map((ring) => make('section', 'vg-ring', undefined, {}, [
    make('div', 'vg-ring-head', undefined, {}, [
      make('h2', 'vg-name', t('Radius {r}', { r: ring.radius })), make('progress', 'vg-progress', undefined, { max: 1, value: ring.same, 'aria-label': t('Share that reads the same') }),
      make('span', 'vg-figure', t('{share} read the same', { share: vg.percent(ring.same) })),
    ]),
    make('ul', 'vg-wordings', undefined, {}, ring.wordings.map((one) => {
      const item = marked(one.text, center, 'li', { lang: language });
      item.append(' ', make('span', 'vg-figure', `${one.n_draws}×`), ' ', vg.pointTools({ text: one.text, language, z: one.z }));
      return item;
    })),
  ])), key(t('not in the sentence in the middle')), make('p', 'vg-caption', unit)];
}

const ROWS = {
  walk: ({ stops, languages }) => [['step', ...languages], ...stops.map((stop, i) => [i, ...languages.map((code) => stop.texts[code])])],
  grid: ({ size, texts }) => [['row', 'column', 'text'], ...texts.map((text, i) => [Math.floor(i / size), i % size, text])],
  analogy: ({ texts }) => [['language', 'text'], ...Object.entries(texts)],
  jitter: ({ rings }) => [['radius', 'draws', 'text'], ...rings.flatMap((ring) => ring.wordings.map((one) => [ring.radius, one.n_draws, one.text]))],
};
