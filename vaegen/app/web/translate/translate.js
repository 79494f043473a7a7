// The first tab: one sentence in, all languages out.
import { examplesOf, refusal } from '../core/about.js';
import { page } from '../core/page.js';
import { change, choose, clean, key, listeners, settingsOf, state } from '../core/state.js';
import { makeView } from '../core/view.js';
import { makeCards } from './cards.js';
import { makeDecoding } from './decoding.js';
import { makeExamples, makeSentence, makeTask } from './sentence.js';

const params = settingsOf('translate');

/** @param {import('../core/mount.js').Part} part */
export function mount(part) {
  let told = state.a.text; // the current sentence, as the box has been told of it; what is typed there may differ
  const sentence = makeSentence({
    send,
    setSource(language) {
      params.source_language = language;
      send(sentence.value);
    },
  });
  const task = makeTask(setTask);
  const examples = makeExamples(begin);
  const decoding = makeDecoding(params, () => send(sentence.value));

  // Before the view's own listener, which asks: another view has made another sentence the current one.
  listeners.add(() => {
    if (state.a.text === told) return;
    hold(state.a.text);
    view.refuse('');
  });
  const cards = makeCards(part.trigger);
  const view = makeView(part, { name: 'translate', draw() {}, show });
  listeners.add(() => view.build?.());
  view.build = () => {
    task.show();
    examples.show();
    sentence.show(params.source_language);
    decoding.show();
  };

  /** Puts a sentence into the box, in whatever language it is. @param {string} text */
  function hold(text) {
    told = text;
    sentence.value = text;
    params.source_language = '';
  }

  /** Asks for a sentence, or says why not. @param {string} text */
  function send(text) {
    const refused = refusal(text);
    view.refuse(refused);
    if (refused) return;
    if (text === state.a.text) view.ask();
    else {
      told = text;
      change({ a: clean({ text }) }); // the view asks, as A is new
    }
  }

  /** Begins with a sentence, of the examples. @param {string} text */
  function begin(text) {
    hold(text);
    view.build?.();
    send(text);
  }

  /** The checkpoint of a task, with its first example in place of another task's. @param {string} checkpoint */
  function setTask(checkpoint) {
    const typed = sentence.value;
    const isExample = Object.values(page.examples).some((list) => list.some(([, text]) => text === typed.trim()));
    const text = isExample ? examplesOf(checkpoint)[0][1] : typed;
    const refused = refusal(text);
    view.refuse(refused);
    hold(text);
    choose(checkpoint, refused || text === state.a.text ? state.a : clean({ text }));
  }

  /** @param {any} value */
  function show(value) {
    cards.render(value, view);
    // Not of a sentence that is no longer the current one: another view has made another so.
    if (value.phase !== 'done' || view.busy || view.seen !== key()) return;
    // What the model read and in which language is known only now.
    const { request, source_language: language } = value.answer;
    if (state.a.language && state.a.text === request.text) return;
    told = request.text;
    view.settle({ a: clean({ ...state.a, text: told, language }) });
  }

  sentence.value = state.a.text;
  view.controls.append(task.node, sentence.node, examples.node);
  view.root.append(decoding.node);
  view.body.append(cards.node);
  view.build();
}
