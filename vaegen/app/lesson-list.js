// The Lessons tab: what there is to learn, and a button for each.
const { t, make, button } = vg;
const root = element.querySelector('.vg-lesson-list');
const offered = new Set(props.value.checkpoints);
const able = vg.lessons.list.filter((lesson) => !lesson.needs || offered.has(lesson.needs));
root.replaceChildren(
  make('p', 'vg-lesson-intro', t('Each lesson sets the controls for you, asks what you expect, and shows what the model does. It takes five minutes.')),
  make('ol', 'vg-lesson-cards', undefined, {}, able.map((lesson) => make('li', 'vg-card', undefined, {}, [
    make('h2', 'vg-name', lesson.title),
    make('p', '', lesson.about),
    make('div', 'vg-foot', undefined, {}, [
      make('span', 'vg-figure', t('{n} steps', { n: lesson.steps.length })),
      button(t('Start'), () => vg.lessons.start(lesson.id), { kind: 'primary' }),
    ]),
  ]))),
);
