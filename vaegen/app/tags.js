// What the chosen checkpoint can write: languages, and tasks such as "en.short". Joins `vg`, after shared.js.
{
  const { t, state, names, choice, select } = vg;
  const languageOf = (tag) => tag.split('.')[0];

  /** What a tag is called: "en" English, "en.short" English, short. */
  function nameOf(tag) {
    const [language, task] = tag.split('.');
    return [t(names[language] ?? language), ...(task ? [t(window.vgTasks[task] ?? task)] : [])].join(', ');
  }

  /** The tags that suit the current sentence: a checkpoint with tasks writes in the language that it reads. */
  function tags() {
    const all = window.vgTags[state.checkpoint] ?? [];
    if (!all.some((tag) => tag.includes('.'))) return all.length ? all : window.vgTags[''];
    const own = all.filter((tag) => languageOf(tag) === state.a.language);
    return own.length ? own : all.filter((tag) => languageOf(tag) === languageOf(all[0]));
  }

  // Both show what `fitted` (vaegen/views/points.py) makes of a choice for another checkpoint.
  const options = () => tags().map((tag) => [tag, nameOf(tag)]);
  const languageChoice = ({ value, ...rest }) => choice({ label: t('Languages'), options: options(), several: true, value: value.every((tag) => tags().includes(tag)) ? value : tags(), ...rest });
  const languageSelect = ({ value, ...rest }) => select({ label: t('Language'), options: options(), value: tags().includes(value) ? value : tags().find((tag) => tag !== state.a.language) ?? tags()[0], ...rest });

  Object.assign(vg, { nameOf, tags, languageChoice, languageSelect });
}
