// The left column of Translate: the task, the sentence, and examples to begin with.
import { about, examplesOf, knows } from '../core/about.js';
import { choice, newId, select } from '../core/controls.js';
import { box, button, make } from '../core/dom.js';
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { allTags, languageOf, nameOf } from '../core/tags.js';

/** @type {Record<string, string>} */
const KINDS = {
  translate: t('Translate'),
  summarise: t('Summarise'),
  reply: t('Reply'),
  chinese: t('English and Chinese'),
};
const HELP = t('Each task has a checkpoint of its own. A dialogue may have two turns: put | between them.');

/** What the button says: what the checkpoint is for. */
const verb = () => (['summarise', 'reply'].includes(about().kind) ? KINDS[about().kind] : KINDS.translate);

/**
 * The choice of a task, which is the choice of the first checkpoint that is for it.
 * @param {(checkpoint: string) => void} onChoose
 */
export function makeTask(onChoose) {
  /** @type {Map<string, string>} the first checkpoint of each kind */
  const first = new Map();
  for (const name of page.checkpoints) if (!first.has(about(name).kind)) first.set(about(name).kind, name);
  const kinds = Object.keys(KINDS).filter((kind) => first.has(kind));
  const node = choice({
    label: t('Task'),
    options: kinds.map((kind) => [kind, KINDS[kind]]),
    value: about().kind,
    help: HELP,
    onInput: (kind) => onChoose(first.get(kind) ?? ''),
  });
  node.id = 'task';
  node.hidden = kinds.length < 2;
  return { node, show: () => (node.value = about().kind) };
}

/**
 * The box that one types into, the language of what is typed, and the button.
 * @param {{ send: (text: string) => void, setSource: (language: string) => void }} on
 */
export function makeSentence({ send, setSource }) {
  const id = newId();
  const area = make('textarea', 'vg-field', undefined, { id, rows: 1, placeholder: t('Type a sentence'), dir: 'auto' });
  area.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(area.value);
  });
  const codes = [...Object.keys(page.names), ...page.checkpoints.flatMap((name) => allTags(name).map(languageOf))];
  const source = select({
    label: t('Language of the sentence'),
    options: [
      ['', t('Detect language')],
      ...[...new Set(codes)].map((code) => /** @type {[string, string]} */ ([code, nameOf(code)])),
    ],
    value: '',
    onInput: setSource,
  });
  source.id = 'source';
  source.firstElementChild?.classList.add('vg-hidden');
  const go = button(verb(), () => send(area.value), { kind: 'primary' });
  go.id = 'translate';
  const info = make('p', 'vg-caption', t('Enter sends, Shift+Enter starts a new line.'));
  const typed = box('vg-control', make('label', 'vg-label', t('Sentence'), { for: id }), info, area);
  typed.id = 'sentence';
  return {
    node: box('vg-sentence', typed, box('vg-actions', source, go)),
    get value() {
      return area.value;
    },
    set value(text) {
      area.value = text;
    },
    /** @param {string} language */
    show(language) {
      source.value = language;
      go.textContent = verb();
    },
  };
}

/**
 * Sentences to begin with, and what the checkpoint knows, so that nobody wonders about nonsense.
 * @param {(text: string) => void} onPick
 */
export function makeExamples(onPick) {
  const known = make('p', 'vg-caption vg-knows');
  const title = make('span', 'vg-caption', t('Examples'), { id: newId() });
  const list = make('div', '', undefined, { role: 'group', 'aria-labelledby': title.id });
  function show() {
    const weak = t('This model is small and weak: in its tests one stock reply to everything did better.');
    known.textContent =
      t('Knows {what}; other text comes out odd.', { what: knows() }) + (about().weak ? ' ' + weak : '');
    const all = examplesOf();
    const fitting = all.filter(([language]) => allTags().includes(language));
    list.replaceChildren(
      ...(fitting.length ? fitting : all).map(([language, text]) => {
        const node = button(text, () => onPick(text));
        node.className = 'vg-chip';
        node.lang = language;
        return node;
      }),
    );
  }
  return { node: box('vg-examples', known, title, list), show };
}
