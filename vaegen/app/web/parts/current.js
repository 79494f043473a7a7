// The lines above the tabs: the current sentence A, the pinned sentence B, the link to exactly this state, the dial.
import { about } from '../core/about.js';
import { button, make } from '../core/dom.js';
import { copyButton } from '../core/files.js';
import { t } from '../core/messages.js';
import { listeners, refused, state, swap } from '../core/state.js';
import { link, openTab } from '../core/tabs.js';
import { pin } from '../core/view.js';
import { makeDial } from './dial.js';

/** @typedef {import('../core/page.js').Point} Point */

const OWN = t('Not the latent of these words: the one that was decoded to them');
const KEEP = t('Keep this sentence as B, to walk to or to compare with');

/** @param {'A' | 'B'} letter @param {Point} point @param {Node} tool */
function line(letter, { text, language, z }, tool) {
  const label = letter === 'A' ? t('Current sentence') : t('Pinned sentence');
  const words = text || (z ? t('(a latent without words)') : t('(empty)'));
  return make('div', 'vg-current-line', undefined, {}, [
    make('span', 'vg-letter', letter, { 'aria-label': label }),
    make('span', 'vg-current-text', words, { lang: language, dir: 'auto' }),
    ...(z ? [make('span', 'vg-tag', t('own latent'), { title: OWN })] : []),
    tool,
  ]);
}

/** What of a link could not be used, in one line; nothing if all could. */
function complaint() {
  if (!refused.length) return [];
  const names = [...new Set(refused)].join(', ');
  const said = refused.includes('?')
    ? t('The link is damaged; the app starts afresh.')
    : t('Parts of the link cannot be used ({names}); the usual values stand in their place.', { names });
  return [make('p', 'vg-notice vg-link-notice', said, { role: 'alert' })];
}

/** @type {Record<string, string>} */
const TASKS = { summarise: t('summaries of three lengths'), reply: t('a reply') };
/** @type {Record<number, string>} */
const LANGUAGES = {
  1: t('one language'),
  2: t('two languages'),
  3: t('three languages'),
  4: t('four languages'),
  5: t('five languages'),
};

/** What the checkpoint is, under the title of the page. */
function headline() {
  const { kind, languages } = about();
  const what = TASKS[kind] ?? LANGUAGES[languages] ?? t('several languages');
  document.querySelector('.vg-header p')?.replaceChildren(
    t('One sentence, one latent, {what}. A variational Transformer that you can look inside.', { what }),
    ' ',
    button(t('New here? Start with a lesson.'), () => openTab('lessons'), { kind: 'link' }),
  );
}

/** @param {import('../core/mount.js').Part} part */
export function mount({ root }) {
  const lines = make('div', 'vg-current-lines'); // made anew, while the dial stays in the hand that moves it
  root.replaceChildren(lines, makeDial());
  const show = () => {
    const tools = copyButton(t('Copy link'), link, { title: t('The address of exactly what you see') });
    lines.replaceChildren(
      ...complaint(),
      line(
        'A',
        state.a,
        button(t('Pin as B'), () => pin(state.a), { kind: 'link', title: KEEP }),
      ),
      line('B', state.b, button(t('Swap A and B'), swap, { kind: 'link' })),
      make('div', 'vg-current-tools', undefined, {}, [tools]),
    );
  };
  for (const draw of [show, headline]) {
    listeners.add(draw);
    draw();
  }
}
