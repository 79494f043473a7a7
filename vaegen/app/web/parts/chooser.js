// Which checkpoint all views use: those on offer, or one's own from the Hub (or from a folder, where the app is one's own).
const { t, make, button, select, field } = vg;
const root = element.querySelector('.vg-chooser');
const notice = make('p', 'vg-notice', '', { role: 'alert', hidden: '' });
const own = field({ label: t('Your own: owner/name on the Hub, or a folder'), placeholder: 'owner/name' });
const open = button(t('Open'), () => { open.disabled = true; trigger('open', { name: own.value }); });
let opened = null;

function show() {
  const { checkpoints, opened: name, tags, error } = props.value;
  open.disabled = false;
  notice.hidden = !error;
  notice.textContent = error ?? '';
  if (name) window.vgTags[name] = tags;
  if (name && name !== opened) { opened = name; vg.choose(name); }
  const names = [...checkpoints, ...(opened && !checkpoints.includes(opened) ? [opened] : [])];
  const list = select({ label: t('Checkpoint of all views'), options: names.map((one) => [one, one]), value: vg.state.checkpoint || names[0], onInput: (one) => vg.choose(one === names[0] ? '' : one) });
  root.replaceChildren(make('div', 'vg-chooser-row', undefined, {}, [list, own, open]), notice);
}
own.input.addEventListener('keydown', (event) => event.key === 'Enter' && open.click());
vg.listeners.add(show);
watch('value', show);
show();
