// Which checkpoint all views use: those on offer, or one's own from the Hub (or from a folder, where the app is one's
// own).
import { field, select } from '../core/controls.js';
import { button, make } from '../core/dom.js';
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { choose, listeners, state } from '../core/state.js';
import { learn } from '../core/tags.js';

/** @param {import('../core/mount.js').Part} part */
export function mount({ root, props, trigger, watch }) {
  const notice = make('p', 'vg-notice', '', { role: 'alert', hidden: '' });
  const own = field({ label: t('Your own: owner/name on the Hub, or a folder'), placeholder: 'owner/name' });
  const open = button(t('Open'), () => {
    open.disabled = true;
    trigger('open', { name: own.value });
  });
  /** @type {string | null} */
  let opened = null;

  function show() {
    const { opened: name, tags, dial, error } = props.value;
    open.disabled = false;
    notice.hidden = !error;
    notice.textContent = error ?? '';
    if (name) learn(name, tags, dial);
    if (name && name !== opened) {
      opened = name;
      choose(name);
    }
    const names = [...new Set([...page.checkpoints, state.checkpoint])].filter(Boolean);
    const list = select({
      label: t('Checkpoint of all views'),
      options: names.map((one) => [one, one]),
      value: state.checkpoint || names[0],
      onInput: choose,
    });
    root.replaceChildren(make('div', 'vg-chooser-row', undefined, {}, [list, own, open]), notice);
  }
  own.input.addEventListener('keydown', (event) => event.key === 'Enter' && open.click());
  listeners.add(show);
  watch('value', show);
  show();
}
