// The line above the tabs: the current sentence A, the pinned sentence B, and the link to exactly this state.
const { make, button, copyButton, t } = vg;
const root = element.querySelector('.vg-current');

const line = (letter, point, tools) => make('div', 'vg-current-line', undefined, {}, [
  make('span', 'vg-letter', letter, { 'aria-label': letter === 'A' ? t('Current sentence') : t('Pinned sentence') }),
  make('span', 'vg-current-text', point.text || (point.z ? t('(a latent without words)') : t('(empty)')), { lang: point.language, dir: 'auto' }),
  ...(point.z ? [make('span', 'vg-tag', t('own latent'), { title: t('Not the latent of these words: the one that was decoded to them') })] : []),
  ...tools,
]);

function show() {
  const { a, b } = vg.state;
  root.replaceChildren(
    line('A', a, [button(t('Pin as B'), () => vg.pin(vg.state.a), { kind: 'link', title: t('Keep this sentence as B, to walk to or to compare with') })]),
    line('B', b, [button(t('Swap A and B'), () => vg.swap(), { kind: 'link' })]),
    make('div', 'vg-current-tools', undefined, {}, [copyButton(t('Copy link'), () => vg.link(), { title: t('The address of exactly what you see') })]),
  );
}
const TASKS = { summarise: t('summaries of three lengths'), reply: t('a reply') };
const LANGUAGES = { 1: t('one language'), 2: t('two languages'), 3: t('three languages'), 4: t('four languages'), 5: t('five languages') };
function headline() {
  const { kind, languages } = vg.about(), what = TASKS[kind] ?? LANGUAGES[languages] ?? t('several languages');
  tagline.replaceChildren(t('One sentence, one latent, {what}. A variational Transformer that you can look inside.', { what }), ' ',
    button(t('New here? Start with a lesson.'), () => vg.openTab('lessons'), { kind: 'link' }));
}
const tagline = document.querySelector('.vg-header p');
for (const draw of [show, headline]) { vg.listeners.add(draw); draw(); }
