// Example sentences as buttons. Runs once with `element`, `props`, `trigger`, `watch` from Gradio.
const root = element.querySelector('.vg-examples');
const title = document.createElement('span');
title.className = 'vg-caption';
title.id = 'vg-examples-title';
title.textContent = vg.t('Examples');
const list = document.createElement('div');
list.setAttribute('role', 'group');
list.setAttribute('aria-labelledby', title.id);
const show = () => list.replaceChildren(...props.value.sentences.map((sentence, index) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'vg-chip';
  button.lang = sentence.language;
  button.textContent = sentence.text;
  button.addEventListener('click', () => trigger('pick', { index }));
  return button;
}));
// What the checkpoint knows, so that nobody wonders about nonsense.
const known = document.createElement('p');
known.className = 'vg-caption vg-knows';
const tell = () => {
  known.textContent = vg.t('Knows {what}; other text comes out odd.', { what: vg.knows() })
    + (vg.about().weak ? ' ' + vg.t('This model is small and weak: in its tests one stock reply to everything did better.') : '');
};
vg.listeners.add(tell);
tell();
root.replaceChildren(known, title, list);
watch('value', show);
show();
