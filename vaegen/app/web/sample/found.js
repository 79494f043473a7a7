// The sentences that the sliders have led to.
import { button, make } from '../core/dom.js';
import { t } from '../core/messages.js';
import { pointTools } from '../core/view.js';

const MOST = 50;

/** @param {{ restore: (settings: object) => void }} on */
export function makeFound({ restore }) {
  const node = make('div');
  /**
   * @type {{ key: string, texts: Record<string, string>, z: string, params: object }[]} newest first, each
   *   sentence once
   */
  const found = [];

  /** @param {any} answer @param {object} params */
  function add({ texts, z }, params) {
    const key = Object.values(texts).join('\n');
    if (found.some((one) => one.key === key)) return;
    found.unshift({ key, texts, z, params: structuredClone(params) });
    found.length = Math.min(found.length, MOST);
    const said = t(
      'The sentences that the sliders have led to, newest first; press one to have its settings ' + 'back.',
    );
    const items = found.map((one) => {
      const [language, text] = Object.entries(one.texts)[0];
      const back = button(text, () => restore(one.params), { kind: 'link', title: t('Back to these settings') });
      return make('li', '', undefined, {}, [back, ' ', pointTools({ text, language, z: one.z })]);
    });
    const list = make('ul', 'vg-wordings', undefined, {}, items);
    node.replaceChildren(make('h2', 'vg-name', t('Found')), make('p', 'vg-caption', said), list);
  }

  const rows = () => [
    ['sentence', 'language', 'settings'],
    ...found.flatMap(({ texts, params }) =>
      Object.entries(texts).map(([code, text]) => [text, code, JSON.stringify(params)]),
    ),
  ];
  return { node, add, rows, all: () => found };
}
