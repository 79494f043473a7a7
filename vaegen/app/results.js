// The cards: builds them from the value with textContent only, so nothing typed is ever read as HTML.
// Runs once with `element`, `props`, `trigger`, `watch` from Gradio.
const root = element.querySelector('.vg-results');
// Least probability of each colour, best first; style.css has one colour a step.
const STEPS = [0.9, 0.7, 0.5, 0.3, 0];
const percent = (p) => (p >= 0.995 ? '>99 %' : p < 0.01 ? '<1 %' : Math.round(100 * p) + ' %');
const nats = (x) => `${x < 0 ? '−' : ''}${Math.abs(x).toFixed(1)} nats`;
const step = (p) => STEPS.findIndex((least) => p >= least);

function make(tag, className, text, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, name === 'lang' ? value.split('.')[0] : value);
  return node;
}

// -- Frame: made once, so that the live region is there before its text changes --------------------------------
const status = make('p', 'vg-status');
const legend = makeLegend();
const notice = make('p', 'vg-notice', '', { role: 'alert' });
const grid = make('div', 'vg-grid');
const tip = make('div', 'vg-tip', undefined, { role: 'tooltip', id: 'vg-tip', hidden: '' });
const spoken = make('p', 'vg-hidden', '', { role: 'status', 'aria-live': 'polite' });
const bar = make('div', 'vg-bar');
const stop = make('button', 'vg-button vg-button-link', vg.t('Stop'), { type: 'button', id: 'stop', 'data-key': 'stop' });
stop.addEventListener('click', () => { stop.disabled = true; trigger('halt'); });
bar.append(status, stop);
root.replaceChildren(bar, notice, grid, legend, tip, spoken);

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
  status.textContent = answer ? describe(answer, value) : value.phase === 'error' ? '' : value.message;
  notice.textContent = value.phase === 'error' ? value.message : '';
  notice.hidden = value.phase !== 'error';
  const cards = Object.fromEntries((answer?.cards ?? []).map((card) => [card.language, card]));
  grid.replaceChildren(...codes.map((code) => makeCard(code, cards[code], value)));
  spoken.textContent = value.phase === 'done'
    ? answer.cards.map((card) => `${vg.nameOf(card.language)}: ${card.text}`).join(' ') : value.phase === 'error' ? '' : value.message;
  if (active) root.querySelector(`[data-key="${active}"]`)?.focus();
}

function describe(answer, value) {
  const name = vg.nameOf(answer.source_language);
  const request = answer.request;
  const how = request.method === 'beam'
    ? (request.num_beams === 1 ? vg.t('greedy') : vg.t('beam {n}', { n: request.num_beams }))
    : vg.t('sampled, temperature {temperature}, seed {seed}', request);
  const parts = [answer.is_detected ? vg.t('{language} detected', { language: name }) : name, request.context === 'latent' ? vg.t('latent only') : vg.t('source + latent'), how];
  if (value.message) parts.push(value.message);
  else if (answer.seconds >= 0.005) parts.push(`${answer.seconds.toFixed(2)} s`);  // less: it was known
  return parts.join(' · ');
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
  if (card.is_reconstruction) head.append(make('span', 'vg-tag', card.context === 'latent' ? vg.t('reconstruction through the latent') : vg.t('reconstruction')));
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
  foot.append(make('span', 'vg-figure', nats(card.log_prob), { title: vg.t('Log-probability of the whole sentence') }));
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
  const total = variants.reduce((sum, variant) => sum + variant.n_draws, 0);
  const box = make('div', 'vg-variants', undefined, { tabindex: '-1', 'data-key': 'more-' + card.language });
  box.append(make('p', 'vg-caption', variants.length > 1 ? vg.t('{n} draws from the posterior, decoded', { n: total })
    : card.context === 'latent' ? vg.t('All {n} draws from the posterior read alike.', { n: total })
      : vg.t('All {n} draws from the posterior read alike; with “Latent only” they differ more.', { n: total })));
  const list = make('ul', '', undefined, { lang: card.language });
  for (const variant of variants) {
    const item = make('li', '', variant.text || vg.t('(empty)'), { dir: 'auto' });
    item.append(make('span', 'vg-figure', `${variant.n_draws} of ${total}, ${nats(variant.log_prob)}`, { lang: 'en' }));
    if (variant.avoided) item.append(' ', makeAvoided());
    list.append(item);
  }
  box.append(list);
  const wrap = make('div', 'vg-more');
  wrap.append(foot, box);
  return makeBack(card, value, wrap);
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
