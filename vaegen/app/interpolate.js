// Walking from A to B: one row a step, one column a language.
const { t, make, slider, choice, languageChoice } = vg;

const view = vg.view({ element, props, trigger, watch }, {
  name: 'interpolate',
  params: { steps: 7, method: 'slerp', languages: ['en', 'de', 'fr', 'cs'] },
  draw(answer, self) {
    const rows = answer.stops.map((stop, i) => make('tr', '', undefined, {}, [
      make('th', 'vg-figure', String(i), { scope: 'row' }),
      ...answer.languages.map((code) => make('td', '', stop.texts[code], { lang: code })),
      make('td', '', undefined, {}, [vg.pointTools({ text: stop.texts[answer.languages[0]], language: answer.languages[0], z: stop.z })]),
    ]));
    self.body.replaceChildren(make('table', 'vg-table', undefined, {}, rows));
    self.status.textContent = t('{n} of {total} steps', { n: answer.stops.length, total: answer.n_steps });
  },
});
view.controls.replaceChildren(
  slider({ label: t('Steps'), min: 3, max: 15, step: 1, value: view.params.steps, onInput: (steps) => view.set({ steps }) }),
  choice({ label: t('Way'), options: [['slerp', t('Arc')], ['lerp', t('Straight line')]], value: view.params.method, onInput: (method) => view.set({ method }) }),
  languageChoice({ value: view.params.languages, onInput: (languages) => view.set({ languages }) }),
);
vg.exportBar(view, { rows: () => [['step', ...view.answer.languages], ...view.answer.stops.map((stop, i) => [i, ...view.answer.languages.map((code) => stop.texts[code])])] });
