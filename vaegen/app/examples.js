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
root.replaceChildren(title, list);
watch('value', show);
show();
