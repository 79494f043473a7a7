// What the chosen checkpoint can write: languages, and tasks such as "en.short". Joins `vg`, after shared.js.
{
  const { t, locale, state, names, choice, select } = vg;
  const languageOf = (tag) => tag.split('.')[0];

  /** The name of a language; of one that the interface has no word for, the browser's, or else its code. */
  const others = new Intl.DisplayNames([locale], { type: 'language' });
  function languageName(code) {
    if (names[code]) return t(names[code]);
    const name = /^[a-z]{2,3}$/i.test(code) ? others.of(code) : code;
    return name === code ? code : name[0].toLocaleUpperCase(locale) + name.slice(1);
  }
  /** What a tag is called: "en" English, "en.short" English, short. */
  function nameOf(tag) {
    const [language, task] = tag.split('.');
    return [languageName(language), ...(task ? [t(window.vgTasks[task] ?? task)] : [])].join(', ');
  }

  const all = () => (window.vgTags[state.checkpoint]?.length ? window.vgTags[state.checkpoint] : window.vgTags['']);
  /** The tags that suit the current sentence: a checkpoint with tasks writes in the language that it reads. */
  function tags() {
    if (!all().some((tag) => tag.includes('.'))) return all();
    const own = all().filter((tag) => languageOf(tag) === state.a.language);
    return own.length ? own : all().filter((tag) => languageOf(tag) === languageOf(all()[0]));
  }

  // What becomes of a choice for another checkpoint, as `fitted` (vaegen/views/points.py) has it; `has` are the possible tags.
  const one = (tag, has) => (has.includes(tag) ? tag : tags().find((other) => other !== state.a.language) ?? tags()[0]);
  const several = (list, has) => (list.every((tag) => has.includes(tag)) ? list : tags());
  /** The languages among some settings, as they can be asked of the checkpoint. */
  const fitted = ({ language, languages }) => ({ ...(language && { language: one(language, all()) }), ...(languages && { languages: several(languages, all()) }) });
  const options = () => tags().map((tag) => [tag, nameOf(tag)]);
  const languageChoice = ({ value, ...rest }) => choice({ label: t('Languages'), options: options(), several: true, value: several(value, tags()), ...rest });
  const languageSelect = ({ value, ...rest }) => select({ label: t('Language'), options: options(), value: one(value, tags()), ...rest });

  Object.assign(vg, { nameOf, tags, fitted, languageChoice, languageSelect });
}
