// The Lessons tab: what there is to learn, and a button for each; below it, the words that the app uses.
const { t, make, button } = vg;
const root = element.querySelector('.vg-lesson-list');
root.replaceChildren(
  make('p', 'vg-lesson-intro', !vg.lessons.able().length ? t('The lessons need a checkpoint that writes English, some of them German too.') : t('Each lesson sets the controls for you, asks what you expect, and shows what the model does. Each takes about five minutes.')),
  make('ol', 'vg-lesson-cards', undefined, {}, vg.lessons.able().map((lesson) => make('li', 'vg-card', undefined, {}, [
    make('h2', 'vg-name', lesson.title),
    make('p', '', lesson.about),
    make('div', 'vg-foot', undefined, {}, [
      make('span', 'vg-figure', t('{n} steps', { n: lesson.steps.length })),
      button(t('Start'), () => vg.lessons.start(lesson.id), { kind: 'primary' }),
    ]),
  ]))),
  make('h2', 'vg-name vg-glossary-title', t('Glossary')),
  make('dl', 'vg-glossary', undefined, {}, Object.values(vg.GLOSSARY).map(([name, meaning]) => make('div', '', undefined, {}, [make('dt', '', name), make('dd', '', meaning)]))),
);
