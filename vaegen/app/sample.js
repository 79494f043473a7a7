// Sampling: a latent from a sentence or from the prior, moved along directions with sliders, slot by slot.
const { t, make, button, slider, choice, field, languageChoice, number } = vg;
const SLOT_STATES = ['.', 'l', 'm', 'b'];
const SLOT_NAMES = { '.': t('free'), l: t('locked'), m: t('muted'), b: t('from B') };
const SLOT_SIGNS = { '.': '', l: '●', m: '×', b: 'B' };
const SLOT_KEY = { l: t('locked: the sliders leave it'), m: t('muted: at 0, the prior’s mean'), b: t('taken from sentence B') };
const MAX_HISTORY = 50;
const N_SLIDERS = 8;
const OF_CHECKPOINT = { prior: null, kept: 0, moves: {}, slots: '', shown: null };  // settings that mean nothing for another one
const START = { start: 'sentence', seed: 1, lock: false, prior_scale: 1, temperature: 0, languages: ['en', 'de', 'fr', 'cs'], ...OF_CHECKPOINT };
const PRIORS = { normal: t('N(0, I), as trained towards'), gaussian: t('Gaussian with all covariances'), mixture: t('mixture of Gaussians'), flow: t('flow matching'), jitter: t('near a stored sentence') };
const PRIOR_HELP = {
  normal: t('The cloud that training pushes all latents towards.'),
  gaussian: t('One cloud fitted to the latents of the training sentences, as wide and as slanted as they lie.'),
  mixture: t('Several clouds fitted to the latents of the training sentences; a draw takes one of them, so it lands where sentences lie.'),
  flow: t('A small network that carries noise to where the latents of the training sentences lie.'),
  jitter: t('Not invented: the latent of a stored sentence, with the noise of its posterior.'),
};
const BEST = ['mixture', 'flow', 'gaussian', 'normal'];  // as the report ranks them
const undo = [], history = [];
let made = null, laidOut = null, checkpoint = vg.state.checkpoint;

vg.listeners.add(() => {  // before the view's own listener, which asks
  if (vg.state.checkpoint === checkpoint) return;
  checkpoint = vg.state.checkpoint;
  Object.assign(view.params, copyOf(OF_CHECKPOINT));
  made = null;
  undo.length = 0;
});
const copyOf = (params) => JSON.parse(JSON.stringify(params));
const view = vg.view({ element, props, trigger, watch }, {
  name: 'sample', lead: t('One latent, read in every language. Move it along a direction, or draw a new one, and watch the words change.'), params: copyOf(START),
  draw(answer, self, value) {
    if (answer.kind === 'draws') return drawBatch(answer);
    const known = made?.priors.join();
    made = answer;
    if (answer.priors.join() !== known) self.build();
    if (laidOut !== shapeOf(answer)) {
      if (laidOut !== null) view.params.shown = null;  // numbers of other directions
      layOut(answer);
    }
    drawTexts(answer);
    if (value.phase === 'done') self.status.textContent = t('{ms} ms', { ms: Math.round(1000 * answer.seconds) });
  },
});
view.python = () => made?.python ?? '';
vg.exportBar(view, { rows: () => [['sentence', 'language', 'settings'], ...history.flatMap((one) => Object.entries(one.texts).map(([code, text]) => [text, code, JSON.stringify(one.params)]))], json: () => ({ found: history, now: made }) });

// -- Settings --------------------------------------------------------------------------------------------------------
/** Notes the settings before a change, so that it can be undone. */
function remember() {
  undo.push(copyOf(view.params));
  if (undo.length > 100) undo.shift();
}
function change(values) { remember(); view.set(values); }
function restore(params) {
  view.params = Object.assign(view.params, copyOf(params));
  view.build();
  if (made) layOut(made);
  view.ask();
}
/** A plain draw: no slider or slot of the one before is left in it. */
function newDraw() {
  remember();
  const seed = view.params.lock ? view.params.seed : 1 + Math.floor(Math.random() * 999_999);
  restore({ ...view.params, seed, start: 'prior', moves: {}, slots: '' });
}
const goBack = () => undo.length && restore(undo.pop());

view.build = () => {
  const { params } = view;
  if (made && !made.priors.includes(params.prior)) params.prior = BEST.find((name) => made.priors.includes(name));
  const seed = field({ label: t('Seed'), type: 'number', min: 0, value: params.seed, onInput: (seed) => change({ seed }) });
  const seedRow = make('div', 'vg-seed-row', undefined, {}, [seed, choice({ label: t('Lock'), several: true, options: [['on', '']], value: params.lock ? ['on'] : [], onInput: (on) => (params.lock = on.length > 0) })]);
  const prior = vg.select({ label: t('Prior'), options: (made?.priors ?? ['normal']).map((name) => [name, PRIORS[name] ?? name]), value: params.prior, help: ' ', onInput: (prior) => { change({ prior }); hide(); } });
  const scale = slider({ label: t('Prior scale'), min: 0, max: 2, step: 0.05, value: params.prior_scale, format: (x) => number(x, 2), help: t('Multiplies the noise of the draw; below 1 gives commoner sentences.'), onInput: (x) => view.set({ prior_scale: x }) });
  /** What makes no difference is not there: a sentence is not drawn, and only words that are sampled need its seed. */
  function hide() {
    const drawn = params.start === 'prior';
    seedRow.hidden = !drawn && !params.temperature;
    prior.hidden = scale.hidden = !drawn;
    prior.querySelector('.vg-caption').textContent = PRIOR_HELP[params.prior] ?? '';
  }
  hide();
  const all = made?.n_slots ?? 16;
  view.controls.replaceChildren(
    choice({ label: t('Start from'), options: [['sentence', t('Sentence A')], ['prior', t('A draw from the prior')]], value: params.start, onInput: (start) => { change({ start }); hide(); } }),
    seedRow, prior, scale,
    slider({ label: t('Slots in use'), min: 1, max: all, step: 1, value: params.kept || all, format: (x) => (x >= all ? t('all') : t('the first {n}', { n: x })), help: t('The first slots say what the sentence is about, the later ones add details.'), onInput: (x) => view.set({ kept: x === made?.n_slots ? 0 : x }) }),
    slider({ label: t('Temperature'), min: 0, max: 1.5, step: 0.05, value: params.temperature, format: (x) => (x ? number(x, 2) : t('greedy')), help: t('Of the words; the latent stays the same.'), onInput: (x) => { view.set({ temperature: x }); hide(); } }),
    languageChoice({ value: params.languages, onInput: (languages) => change({ languages }) }),
  );
};
view.build();
view.root.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'z' && event.target.type !== 'text' && undo.length) { event.preventDefault(); goBack(); }
});

// -- The picture: texts, sliders, slots, what was found ---------------------------------------------------------------
const texts = make('div', 'vg-sample-texts', undefined, { 'aria-live': 'polite' });
const panel = make('div'), batch = make('div', 'vg-batch'), found = make('div');
// Above the sentences, where one looks: on a phone all other controls are further down.
const actions = make('div', 'vg-sample-actions', undefined, {}, [
  button(t('New draw'), newDraw, { kind: 'primary', title: t('A draw from the prior with a new seed, unless that is locked; sliders and slots go back to 0') }),
  button(t('Eight draws'), () => view.ask({ batch: 1 + Math.floor(Math.random() * 999_999) }), { title: t('Eight sentences from the prior to choose from') }),
  button(t('Undo'), goBack, { title: t('Ctrl+Z') }),
  button(t('Reset'), () => { remember(); restore({ ...START, languages: view.params.languages }); }),
]);

const shapeOf = (answer) => [answer.n_slots, ...answer.directions.map((one) => one.name)].join();
function layOut(answer) {
  laidOut = shapeOf(answer);
  const { directions } = answer;
  const first = directions.map((_, i) => i).filter((i) => directions[i].kind === 'named').slice(0, N_SLIDERS - 2);
  view.params.shown ??= [...first, ...directions.map((_, i) => i).filter((i) => directions[i].kind !== 'named').slice(0, N_SLIDERS - first.length)];
  const most = Math.max(0.01, ...directions.map((one) => one.kl));
  const lines = view.params.shown.filter((i) => directions[i]).map((i) => direction(directions[i], i, most));
  const rest = directions.map((one, i) => [String(i), one.name]).filter(([i]) => !view.params.shown.includes(Number(i)));
  const add = vg.select({ label: t('Another direction'), options: [['', '…'], ...rest], value: '', onInput: (i) => { view.params.shown.push(Number(i)); layOut(answer); } });
  panel.replaceChildren(
    make('h2', 'vg-name', t('Directions')),
    make('p', 'vg-caption', undefined, {}, [t('A slider moves the latent along a direction, counted in standard deviations:'), ' ', vg.term('sd'), '. ', t('Under a named slider: in how many test sentences +2 changes the word as the name says, and in how many the other words stay; on the right, what latents tell along it on average:'), ' ', vg.term('kl'), '.']),
    ...(lines.length ? lines : [make('p', 'vg-none', t('This checkpoint has no directions; vaegen directions makes them.'))]),
    ...(rest.length ? [add] : []),
    make('h2', 'vg-name', t('Slots')),
    make('div', 'vg-slots', undefined, { role: 'group', 'aria-label': t('Slots') }, Array.from({ length: answer.n_slots }, (_, i) => slot(i))),
    make('p', 'vg-caption', `${t('Press a slot to go through:')} ${Object.entries(SLOT_KEY).map(([state, text]) => `${SLOT_SIGNS[state]} ${text}`).join(' · ')}.`),
  );
  view.body.replaceChildren(actions, texts, batch, panel, found);
}

/** Component names are numbered; named ones say from what to what. */
const title = (one) => (one.kind === 'named' ? one.name.split(' → ').map((word) => t(word)).join(' → ') : t('component {n}', { n: one.name.split(' ')[1] }));

function direction(one, i, most) {
  const line = slider({
    label: title(one), min: -3, max: 3, step: 0.1, value: view.params.moves[i] ?? 0, format: (x) => `${x > 0 ? '+' : ''}${number(x)} sd`,
    onInput: (sd) => view.set({ moves: { ...view.params.moves, [i]: sd } }),
  });
  line.classList.add('vg-direction');
  line.input.addEventListener('pointerdown', remember);
  line.input.addEventListener('keydown', (event) => event.key.startsWith('Arrow') && !event.repeat && remember());
  line.input.addEventListener('change', () => setTimeout(keep, 400));
  const kl = make('div', 'vg-kl', undefined, { role: 'img', title: t('What posteriors say along it on average'), 'aria-label': t('KL {x} nats', { x: number(one.kl, 2) }) });
  kl.style.setProperty('--share', one.kl / most);
  const told = one.effect === null ? t('{share} % of the variance', { share: number(100 * one.share) })
    : t('+2: changed in {effect}, rest kept in {kept}', { effect: vg.percent(one.effect), kept: vg.percent(one.kept) });
  line.append(make('div', 'vg-direction-foot', undefined, {}, [make('span', 'vg-caption', told), make('span', 'vg-caption vg-kl-figure', t('KL {x} nats', { x: number(one.kl, 2) })), kl]));
  return line;
}

function slot(i) {
  const state = view.params.slots[i] ?? '.';
  const node = button(String(i), () => {
    remember();
    const letters = view.params.slots.padEnd(made.n_slots, '.').split('');
    letters[i] = SLOT_STATES[(SLOT_STATES.indexOf(letters[i]) + 1) % SLOT_STATES.length];
    view.set({ slots: letters.join('') });
    const fresh = slot(i);
    node.replaceWith(fresh);
    fresh.focus();
  });
  node.append(make('span', 'vg-slot-sign', SLOT_SIGNS[state]));
  node.classList.add('vg-slot', `vg-slot-${{ '.': 'free', l: 'locked', m: 'muted', b: 'b' }[state]}`);
  node.setAttribute('aria-label', t('Slot {i}: {state}', { i, state: SLOT_NAMES[state] }));
  node.title = node.getAttribute('aria-label');
  return node;
}

function drawTexts(answer) {
  const point = (code) => ({ text: answer.texts[code], language: code, z: answer.z });
  texts.replaceChildren(...Object.keys(answer.texts).map((code, i) => make('div', 'vg-sample-text', undefined, {}, [
    make('span', 'vg-caption', vg.nameOf(code)), make('p', 'vg-text', answer.texts[code] || t('(empty)'), { lang: code }), ...(i ? [] : [vg.pointTools(point(code))]),
  ])));
}

/** Notes what was found, newest first, each sentence once. */
function keep() {
  if (!made) return;
  if (view.busy) return setTimeout(keep, 100);  // what is on its way is what was found
  const key = Object.values(made.texts).join('\n');
  if (history.some((one) => one.key === key)) return;
  history.unshift({ key, texts: made.texts, z: made.z, params: copyOf(view.params) });
  history.length = Math.min(history.length, MAX_HISTORY);
  found.replaceChildren(make('h2', 'vg-name', t('Found')), make('p', 'vg-caption', t('The sentences that the sliders have led to, newest first; press one to have its settings back.')), make('ul', 'vg-wordings', undefined, {}, history.map((one) => {
    const [code, text] = Object.entries(one.texts)[0];
    return make('li', '', undefined, {}, [button(text, () => { remember(); restore(one.params); }, { kind: 'link', title: t('Back to these settings') }), ' ', vg.pointTools({ text, language: code, z: one.z })]);
  })));
}

function drawBatch(answer) {
  view.answer = made;
  batch.replaceChildren(
    make('h2', 'vg-name', t('Draws from the prior')), make('p', 'vg-caption', undefined, {}, [t('Press a sentence to take it to the sliders.'), ' ', button(t('Close'), () => batch.replaceChildren(), { kind: 'link' })]),
    make('ul', 'vg-wordings', undefined, {}, answer.draws.map((one) => {
      const [code, text] = Object.entries(one.texts)[0];
      return make('li', '', undefined, {}, [
        button(text || t('(empty)'), () => { remember(); restore({ ...view.params, start: 'prior', seed: one.seed, moves: {}, slots: '' }); }, { kind: 'link', title: t('Take this draw to the sliders') }),
        ' ', make('span', 'vg-figure', t('seed {n}', { n: one.seed })), ' ', vg.pointTools({ text, language: code, z: one.z }),
      ]);
    })),
  );
  batch.scrollIntoView({ block: 'nearest' });
}
