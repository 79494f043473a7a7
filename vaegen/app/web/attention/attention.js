// Where the model looks: words to slots to words, maps by layer and head, and a word that is taken away.
// Its parts: attention-weights.js (numbers), attention-picture.js (the bands), attention-heads.js (the heat maps).
const { t, make, svg, button, choice, select, slider, field } = vg;

const OF_SENTENCE = { target: '', without: -1, pin: null };  // settings that mean nothing for another sentence
let sentence = vg.state.a.text;
vg.listeners.add(() => {  // before the view's own listener, which asks
  if (vg.state.a.text === sentence) return;
  sentence = vg.state.a.text;
  Object.assign(params, OF_SENTENCE);
  given.value = '';
});

const view = vg.view({ element, props, trigger, watch }, {
  name: 'attention', lead: t('Which words the decoder looked at, straight and through the slots, while it wrote a translation: that of A, or those of A and B side by side.'),
  params: { language: 'de', context: 'source', merge: true, compare: false, how: 'drop', threshold: 5, kind: 'slots', encoder: [-1, -1], decoder: [-1, -1], ...OF_SENTENCE },
  draw(answer, self) {
    const side = answer.sides[0];
    self.status.textContent = [vg.nameOf(side.language), side.is_given ? t('your translation') : t('beam 5'), ...(answer.seconds >= 0.005 ? [`${answer.seconds.toFixed(2)} s`] : [])].join(' · ');
    redraw();
  },
});
const { params } = view;

// -- Controls: some ask again, the others only draw again ----------------------------------------------------------
const set = (values) => { Object.assign(params, values); redraw(); };
const given = field({ label: t('Your own translation of A'), value: params.target, placeholder: t('empty: the model’s'), onInput: (target) => view.set({ target: target.trim(), pin: null }) });
view.build = () => view.controls.replaceChildren(
  vg.languageSelect({
    label: t('Translate into'), value: params.language,
    onInput: (language) => { given.value = ''; view.set({ language, target: '', pin: null }); },
  }),
  choice({ label: t('What the decoder sees'), options: [['source', t('Source + latent')], ['latent', t('Latent only')]], value: params.context, onInput: (context) => view.set({ context, pin: null }) }),
  choice({ label: t('Sentences'), options: [['a', t('A')], ['ab', t('A beside B')]], value: params.compare ? 'ab' : 'a', onInput: (which) => view.set({ compare: which === 'ab' }) }),
  choice({
    label: t('Units'), options: [['words', t('Whole words')], ['pieces', t('Sub-words')]], value: params.merge ? 'words' : 'pieces',
    help: t('A word adds up what its sub-words receive and averages what they look at.'),
    onInput: (unit) => view.set({ merge: unit === 'words', without: -1, pin: null }),
  }),
  slider({ label: t('Hide weights below'), min: 0, max: 30, step: 1, value: params.threshold, format: (x) => `${x} %`, onInput: (threshold) => set({ threshold }) }),
  given,
);
view.build();

// -- Frame: made once ----------------------------------------------------------------------------------------------
const box = (className, ...children) => make('div', className, undefined, {}, children);
const sentences = box('vg-attention-sides'), readouts = box('vg-attention-sides'), maps = box('vg-attention-sides');
const figure = svg('svg', { class: 'vg-attention-picture', role: 'group', 'aria-label': t('Attention from the words of the translation to latent slots to source words; arrow keys move, Enter keeps a word.') });
const legend = box('vg-attention-legend',
  make('span', 'vg-attention-key', t('through the slots')), make('span', 'vg-attention-key vg-attention-key-direct', t('straight to the words')),
  make('span', '', t('Of the straight links each word’s strongest is drawn; point at a word to see them all.')), make('span', '', t('Point at a word or a slot; click to keep it, Escape to let go.')));
const warning = make('p', 'vg-attention-warning', t('Attention is not explanation: it shows where the model looked, not why it chose a word. What a word does shows when you take it away.'));
const chips = make('div', 'vg-options-row', undefined, { role: 'group', 'aria-label': t('The word to take away') }), result = box('vg-attention-result');
const how = choice({ label: t('The word is'), options: [['drop', t('left out')], ['mask', t('masked')]], value: params.how, onInput: (value) => (params.without < 0 ? set({ how: value }) : view.set({ how: value })) });
const kind = select({
  label: t('Who looks at what'), value: params.kind, onInput: (value) => set({ kind: value }),
  options: [['slots', t('Slots at source words')], ['encoder', t('Encoder: slots and words at each other')], ['toSlots', t('Translation at slots')], ['toSource', t('Translation at source words')], ['decoder', t('Translation at what is already written')]],
});
const section = (title, ...children) => make('section', 'vg-attention-section', undefined, {}, [make('h3', 'vg-name', title), ...children]);
const meaning = (...keys) => make('p', 'vg-caption', undefined, {}, [t('What it means:'), ' ', ...vg.terms(...keys)]);
view.body.replaceChildren(
  sentences, figure, legend, meaning('slot', 'attention'), readouts, warning,
  section(t('Take a word of A away'), box('vg-attention-row', chips, how), result),
  section(t('Every layer and head'), meaning('layer', 'head', 'entropy'), box('vg-attention-kind', kind), maps),
);

function redraw() {
  if (!view.answer?.sides.length || !view.body.clientWidth) return;  // not asked yet, or in a tab that is not shown
  const key = document.activeElement?.dataset?.key;
  const sides = view.answer.sides.map(read);
  sentences.replaceChildren(...view.answer.sides.map(drawSentence));
  drawPictures(sides);
  drawWithout(view.answer.sides[0], view.answer.without);
  maps.replaceChildren(...sides.map(drawMap));
  if (key && document.activeElement?.dataset?.key !== key) view.root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function drawSentence(side, i) {
  const notes = [vg.nats(side.log_prob)];
  if (side.context !== params.context) notes.push(t('its own language: through the latent alone'));
  if (vg.state[i ? 'b' : 'a'].z) notes.push(t('with the latent of these words, not with its own'));
  return box('vg-attention-head', make('span', 'vg-letter', 'AB'[i]), ' ', make('span', 'vg-attention-target', side.target_text || t('(empty)'), { lang: side.language }), ' ', make('span', 'vg-figure', notes.join(' · ')));
}

// -- Without a word ------------------------------------------------------------------------------------------------
function drawWithout(side, without) {
  chips.replaceChildren(...side.source.slice(0, -1).map((word, i) => {
    const chip = button(word, () => view.set({ without: params.without === i ? -1 : i }), { key: `without-${i}` });
    chip.classList.add('vg-chip');
    chip.setAttribute('aria-pressed', String(params.without === i));
    chip.lang = side.source_language;
    return chip;
  }));
  if (without?.index === params.without) drawChange(side, without);
  else result.replaceChildren(make('p', 'vg-caption', params.without < 0 ? t('Choose a word: the sentence is translated again without it.') : t('Translating …')));
}

function drawChange(side, { text, how: way, before, after, changed, log_prob_before: was, log_prob_after: is }) {
  const most = Math.max(0.1, ...before.map((word) => word.kl)), isSame = !changed.includes(true) && before.every((word) => word.is_kept);
  const old = before.map((word) => {
    const change = `${word.log_prob_change < 0 ? '−' : '+'}${Math.abs(word.log_prob_change).toFixed(2)} nats`;
    const node = make('span', 'vg-attention-shift' + (word.is_kept ? '' : ' vg-attention-gone'), undefined, { title: t('log-probability {change}', { change }) }, [make('span', '', word.text), make('span', 'vg-figure', word.kl.toFixed(2))]);
    node.style.setProperty('--share', word.kl / most);
    return node;
  });
  const words = after.flatMap((word, i) => [word.startsWith(' ') && i ? ' ' : '', make(changed[i] ? 'mark' : 'span', changed[i] ? 'vg-attention-new' : '', word.trim())]);
  const values = { factor: factor(is - was), before: vg.nats(was), after: vg.nats(is) };
  result.replaceChildren(
    make('p', 'vg-caption', (way === 'mask' ? t('The model reads: {text} In training it never saw a mask in a source sentence.', { text }) : t('The model reads: {text}', { text }))),
    make('p', 'vg-attention-sentence', undefined, { lang: side.language }, words.length ? words : [t('(empty)')]),
    make('p', 'vg-caption', t('What was taken away comes back where the rest makes it likely: the decoder guesses.')),
    make('p', 'vg-caption', isSame ? t('The same translation, now {factor} ({before} → {after}).', values) : t('New words are marked here, lost ones struck out below. The old translation is now {factor} ({before} → {after}):', values)),
    make('p', 'vg-attention-shifts', undefined, { lang: side.language }, old),
    make('p', 'vg-caption', t('Under each word of the old translation: how far the probabilities of the next word move there, as KL in nats.')),
  );
}
/** How much more or less probable something is by a change of its log-probability. */
function factor(change) {
  const times = Math.exp(Math.abs(change)), n = times < 10 ? times.toFixed(1) : times < 1e6 ? Math.round(times).toLocaleString('en') : times.toExponential(0);
  return times < 1.05 ? t('as probable as before') : change < 0 ? t('{n} times less probable', { n }) : t('{n} times more probable', { n });
}

/** The heat map that is shown, as a table: one row a weight. */
function rows() {
  return [['sentence', 'looks', 'layer', 'head', 'from', 'at', 'weight'], ...view.answer.sides.flatMap((side, i) => {
    const map = matrix(read(side)), which = chosen(map.part, shapeOf(side, map.part)).map((n) => (n < 0 ? 'mean' : n));
    return map.values.flatMap((row, r) => row.map((w, c) => ['AB'[i], params.kind, ...which, map.rows[r], map.columns[c], w.toFixed(5)]));
  })];
}
vg.exportBar(view, { rows, figure: () => figure });

let drawnAt = 0;
new ResizeObserver(() => {
  if (view.body.clientWidth === drawnAt) return;
  drawnAt = view.body.clientWidth;
  redraw();
}).observe(view.body);
