// The cards: builds them from the value with textContent only, so nothing typed is ever read as HTML.
// Runs once with `element`, `props`, `trigger`, `watch` from Gradio.
const root = element.querySelector('.vg-results');
// Least probability of each colour, best first; style.css has one colour a step.
const STEPS = [0.9, 0.7, 0.5, 0.3, 0];
const percent = (p) => (p >= 0.995 ? '>99 %' : p < 0.01 ? '<1 %' : Math.round(100 * p) + ' %');
const nats = (x) => `${x < 0 ? '−' : ''}${Math.abs(x).toFixed(1)} nats`;
const step = (p) => STEPS.findIndex((least) => p >= least);
// Mean probability of the words below which the text is not what the model knows, by what the checkpoint is for. To translate:
// 3 % of held-out captions lie below, 97 % of chat. Replies are open, their words are improbable for any text.
const UNSURE = { translate: 0.4, chinese: 0.35, summarise: 0.33, reply: 0 };

const { make } = vg;

// -- Frame: made once, so that the live region is there before its text changes --------------------------------
const status = make('p', 'vg-status');
const legend = makeLegend();
const notice = make('p', 'vg-notice', '', { role: 'alert' });
const doubt = make('p', 'vg-doubt');
const grid = make('div', 'vg-grid');
const tip = make('div', 'vg-tip', undefined, { role: 'tooltip', id: 'vg-tip', hidden: '' });
const spoken = make('p', 'vg-hidden', '', { role: 'status', 'aria-live': 'polite' });
const bar = make('div', 'vg-bar');
const stop = make('button', 'vg-button vg-button-link', vg.t('Stop'), { type: 'button', id: 'stop', 'data-key': 'stop' });
stop.addEventListener('click', () => { stop.disabled = true; trigger('halt'); });
bar.append(status, stop);
root.replaceChildren(bar, notice, doubt, grid, legend, tip, spoken);

function makeLegend() {
  const box = make('div', 'vg-legend', undefined, { role: 'img' });
  const labels = [vg.t('over {p}', { p: '90 %' }), '70–90', '50–70', '30–50', vg.t('under {p}', { p: '30 %' })];
  box.setAttribute('aria-label', vg.t('Word probability: the stronger the mark, the less probable the word; steps at 90, 70, 50 and 30 %.'));
  box.append(make('span', 'vg-legend-title', vg.t('Word probability')));
  labels.forEach((label, index) => box.append(make('span', 'vg-step vg-p' + index, label)));
  return box;
}

// -- Cards ---------------------------------------------------------------------------------------------------
function render(value) {
  const active = document.activeElement?.dataset?.key;
  const answer = value.answer;
  const codes = answer ? answer.languages : vg.tags();
  hideTip();
  root.dataset.phase = value.phase;
  if (value.phase !== 'working') stop.disabled = false;
  stop.hidden = value.phase !== 'working' || !answer;
  root.setAttribute('aria-busy', String(value.phase === 'loading' || value.phase === 'working'));
  const said = vg.said(value);
  status.replaceChildren(...(answer ? describe(answer, value) : value.phase === 'error' ? [] : [said]));
  notice.textContent = value.phase === 'error' ? said : '';
  notice.hidden = value.phase !== 'error';
  doubt.textContent = value.phase === 'done' ? doubtOf(answer) : '';
  doubt.hidden = !doubt.textContent;
  const cards = Object.fromEntries((answer?.cards ?? []).map((card) => [card.language, card]));
  grid.replaceChildren(...codes.map((code) => makeCard(code, cards[code], value)));
  spoken.textContent = value.phase === 'done'
    ? [doubt.textContent, ...answer.cards.map((card) => `${vg.nameOf(card.language)}: ${card.text}`)].join(' ').trim() : value.phase === 'error' ? '' : said;
  if (active) root.querySelector(`[data-key="${active}"]`)?.focus();
}

function describe(answer, value) {
  const name = vg.nameOf(answer.source_language);
  const request = answer.request;
  const how = request.method === 'beam'
    ? (request.num_beams === 1 ? vg.t('greedy') : vg.explain(vg.t('beam {n}', { n: request.num_beams }), vg.t('At every word the {n} likeliest beginnings are kept; the best whole sentence is shown.', { n: request.num_beams })))
    : vg.t('sampled, temperature {temperature}, seed {seed}', request);
  const found = vg.readable(request.text, request.checkpoint) ? vg.t('{language} detected', { language: name }) : vg.t('language not recognised');
  const seen = vg.explain(request.context === 'latent' ? vg.t('latent only') : vg.t('source + latent'), vg.t('The latent is the sentence as numbers: the encoder makes them of it, the decoder writes every language from them.'));
  const parts = [answer.is_detected ? found : name, seen, how];
  if (value.message) parts.push(vg.said(value));
  else if (answer.seconds >= 0.005) parts.push(`${answer.seconds.toFixed(2)} s`);  // less: it was known
  return parts.flatMap((part, i) => (i ? [' · ', part] : [part]));
}

/** What is said of a text that is far from what the model knows; "" if it is not. */
function doubtOf({ request, cards }) {
  const { text, checkpoint } = request, what = vg.knows(checkpoint);
  if (!vg.readable(text, checkpoint)) return vg.t('The model cannot read this text: it has no letters of {languages}. What it writes is made up.', { languages: vg.reads(checkpoint) });
  if (request.method !== 'beam') return '';  // sampled words are improbable for any text
  const mean = (values) => values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
  const sure = mean(cards.map((card) => mean(card.words.map((word) => word.probability))));
  return sure < UNSURE[vg.about(checkpoint).kind] ? vg.t('The model is unsure of this text (its words average {p}); it knows {what}.', { p: percent(sure), what }) : '';
}

function makeCard(code, card, value) {
  const name = vg.nameOf(code);
  const article = make('article', 'vg-card', undefined, { 'aria-labelledby': 'vg-name-' + code, 'data-language': code });
  const head = make('div', 'vg-card-head');
  head.append(make('h2', 'vg-name', name, { id: 'vg-name-' + code }));
  article.append(head);
  if (!card) {
    const waits = value.phase === 'loading' || value.phase === 'working';
    article.append(make('p', waits ? 'vg-waiting' : 'vg-none', waits ? '' : '–'));
    return article;
  }
  if (card.is_reconstruction) head.append(vg.explain(card.context === 'latent' ? vg.t('reconstruction through the latent') : vg.t('reconstruction'), vg.t('Your sentence again, in the model’s own words: what comes back of it shows what the latent holds.'), 'vg-tag'));
  if (card.avoided) head.append(makeAvoided());
  head.append(makeCopy(card, name));
  article.append(makeSentence(card), makeMore(card, value));
  return article;
}

const makeAvoided = () => make('span', 'vg-tag vg-avoided', vg.t('led around a sensitive word'), { title: vg.t('The model would have written a word of the lists; its likeliest sentence without one is shown.') });

function makeSentence(card) {
  // One Tab stop a sentence; the arrow keys go from word to word.
  const line = make('p', 'vg-text', undefined, { lang: card.language, dir: 'auto' });
  card.words.forEach((word, index) => {
    if (word.space_before) line.append(' ');
    const others = word.alternatives.map((other) => `${other.text} ${percent(other.probability)}`).join(', ');
    const node = make('span', 'vg-word vg-p' + step(word.probability), word.text, {
      role: 'button', tabindex: index ? '-1' : '0',
      'aria-label': `${word.text}, ${percent(word.probability)}${others ? '; or ' + others : ''}`,
    });
    node.word = word;
    line.append(node);
  });
  if (!card.words.length) line.append(make('span', 'vg-none', vg.t('(empty)')));
  return line;
}

function makeMore(card, value) {
  const foot = make('div', 'vg-foot');
  const variants = value.variants?.[card.language];
  foot.append(card === value.answer.cards[0]
    ? vg.explain(nats(card.log_prob), vg.t('Log-probability of the whole sentence in nats: 0 is certain, −1 is 37 %, −10 is 1 in 22,000.'), 'vg-figure')
    : make('span', 'vg-figure', nats(card.log_prob), { title: vg.t('Log-probability of the whole sentence') }));
  if (!variants) {
    const button = make('button', 'vg-link', card.language.endsWith('.reply') ? vg.t('Other replies') : vg.t('Other ways to say it'), { type: 'button', 'data-key': 'more-' + card.language });
    button.addEventListener('click', () => {
      button.textContent = vg.t('Drawing …');
      button.disabled = true;
      trigger('more', { language: card.language });
    });
    foot.append(button);
    return makeBack(card, value, foot);
  }
  const { draws, sampled } = variants;
  const total = draws.reduce((sum, variant) => sum + variant.n_draws, 0);
  const box = make('div', 'vg-variants', undefined, { tabindex: '-1', 'data-key': 'more-' + card.language });
  box.append(make('p', 'vg-caption', draws.length > 1 ? vg.t('{n} draws from the posterior, decoded', { n: total }) : vg.t('All {n} draws from the posterior read alike.', { n: total })));
  box.append(makeWordings(draws, total, card.language));
  if (sampled.length > 1) {
    box.append(make('p', 'vg-caption', vg.t('With the words sampled too, through the latent alone, they differ:')), makeWordings(sampled, total, card.language));
  }
  const wrap = make('div', 'vg-more');
  wrap.append(foot, box);
  return makeBack(card, value, wrap);
}

function makeWordings(variants, total, language) {
  return make('ul', '', undefined, { lang: language }, variants.map((variant) => make('li', '', variant.text || vg.t('(empty)'), { dir: 'auto' }, [
    make('span', 'vg-figure', vg.t('{n} of {total}, {p}', { n: variant.n_draws, total, p: nats(variant.log_prob) })), ...(variant.avoided ? [' ', makeAvoided()] : []),
  ])));
}

/** The check by translating back: what comes out in the language of the sentence, changed words marked. */
function makeBack(card, value, inner) {
  if (card.is_reconstruction || card.language.includes('.')) return inner;  // a reply or a summary has no way back
  const back = value.backs?.[card.language];
  const wrap = make('div', 'vg-more');
  wrap.append(inner);
  if (back === undefined) {
    const button = make('button', 'vg-link', vg.t('Translate back'), { type: 'button', 'data-key': 'back-' + card.language });
    button.addEventListener('click', () => { button.disabled = true; trigger('back', { language: card.language }); });
    (inner.classList.contains('vg-foot') ? inner : inner.firstChild).append(button);
    return wrap;
  }
  const had = new Set(words(value.answer.request.text));
  const line = make('p', 'vg-back', vg.t('Back: '), { lang: value.answer.source_language, tabindex: '-1', 'data-key': 'back-' + card.language });
  back.split(' ').forEach((word, i) => line.append(i ? ' ' : '', had.has(words(word)[0]) ? word : make('mark', '', word)));
  wrap.append(line);
  return wrap;
}
const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [''];

// -- Copy ------------------------------------------------------------------------------------------------------
function makeCopy(card, name) {
  const button = make('button', 'vg-copy', vg.t('Copy'), { type: 'button', 'aria-label': vg.t('Copy the {language} sentence', { language: name }), 'data-key': 'copy-' + card.language });
  button.addEventListener('click', async () => {
    button.textContent = (await copy(card.text)) ? vg.t('Copied') : vg.t('Press Ctrl+C');
    spoken.textContent = button.textContent;
    setTimeout(() => (button.textContent = vg.t('Copy')), 1600);
  });
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);  // absent over plain http, refused without the permission
    return true;
  } catch {
    const area = make('textarea', 'vg-hidden');
    area.value = text;
    root.append(area);
    const before = document.activeElement;
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    before?.focus();
    return done;
  }
}

// -- Alternatives: on hover, on keyboard focus and on a tap ------------------------------------------------------
let shown = null;
let leaving = 0;

function showTip(node) {
  clearTimeout(leaving);
  if (shown === node) return;
  hideTip();
  shown = node;
  const { word } = node;
  const head = make('p', 'vg-tip-head');
  head.append(make('strong', '', word.text), make('span', 'vg-figure', percent(word.probability)));
  tip.replaceChildren(head);
  if (word.pieces.length > 1) {
    tip.append(make('p', 'vg-pieces', word.pieces.filter((p) => p.text).map((p) => `${p.text} ${percent(p.probability)}`).join(' · ')));
  }
  if (word.alternatives.length) {
    tip.append(make('p', 'vg-caption', vg.t('Or it could begin')));
    const list = make('ul');
    for (const other of word.alternatives) {
      const item = make('li', '', other.text);
      item.style.setProperty('--share', Math.max(0.01, Math.min(1, other.probability)));
      item.append(make('span', 'vg-figure', percent(other.probability)));
      list.append(item);
    }
    tip.append(list);
  }
  node.classList.add('vg-shown');
  node.setAttribute('aria-describedby', tip.id);
  tip.hidden = false;
  place(node);
}

function place(node) {
  const frame = root.getBoundingClientRect();
  const at = node.getClientRects()[0];
  const left = Math.min(Math.max(0, at.left - frame.left - 12), Math.max(0, frame.width - tip.offsetWidth));
  const below = at.bottom + tip.offsetHeight + 8 < window.innerHeight || at.top < tip.offsetHeight + 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? at.bottom - frame.top + 4 : at.top - frame.top - tip.offsetHeight - 4}px`;
}

function hideTip() {
  clearTimeout(leaving);
  shown?.classList.remove('vg-shown');
  shown?.removeAttribute('aria-describedby');
  shown = null;
  tip.hidden = true;
}

const wordAt = (event) => event.target.closest?.('.vg-word');
root.addEventListener('mouseover', (event) => {
  if (wordAt(event)) showTip(wordAt(event));
  else if (event.target.closest?.('.vg-tip')) clearTimeout(leaving);
});
root.addEventListener('mouseout', (event) => {
  if (wordAt(event) || event.target.closest?.('.vg-tip')) leaving = setTimeout(hideTip, 180);  // time to reach the box
});
root.addEventListener('focusin', (event) => wordAt(event) && showTip(wordAt(event)));
root.addEventListener('focusout', (event) => wordAt(event) && hideTip());
root.addEventListener('click', (event) => wordAt(event) && showTip(wordAt(event)));
document.addEventListener('keydown', (event) => event.key === 'Escape' && hideTip());
root.addEventListener('keydown', (event) => {
  const word = wordAt(event);
  if (!word) return;
  const words = [...word.parentElement.querySelectorAll('.vg-word')];
  const index = words.indexOf(word);
  const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: words.length - 1 }[event.key];
  if (next === undefined) {
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); showTip(word); }
    return;
  }
  event.preventDefault();
  if (!words[next]) return;
  word.tabIndex = -1;
  words[next].tabIndex = 0;
  words[next].focus();
});

// -- The current sentence of all views -----------------------------------------------------------------------------
function follow() {
  if (root.offsetParent !== null && vg.state.a.text && vg.state.a.text !== told) {
    told = vg.state.a.text;
    trigger('follow', { text: vg.state.a.text, checkpoint: vg.state.checkpoint });
  }
}
let told = vg.state.a.text;
vg.listeners.add(follow);
new IntersectionObserver(follow).observe(root);

render(props.value);
watch('value', () => {
  render(props.value);
  const { phase, answer } = props.value;
  if (phase !== 'done' || answer.request.text === told) return;
  told = answer.request.text;
  vg.adopt({ text: told, language: answer.source_language });
});
if (props.value.answer?.request.text !== vg.state.a.text) trigger('first', { text: vg.state.a.text, checkpoint: vg.state.checkpoint });
