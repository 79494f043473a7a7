// What the page says of a checkpoint and of mistakes, in the person's language; and words that explain themselves. Joins `vg`.
{
  const { t, state, names, make } = vg;
  const MOST = 2000;  // characters of a sentence, MAX_CHARACTERS in vaegen/views/checks.py
  const HAN = /\p{Script=Han}/u, LATIN = /\p{Script=Latin}/u, LETTER = /\p{L}/u;
  const DOMAINS = {
    captions: t('everyday scenes, as in photo captions'), phrases: t('short everyday sentences'), chat: t('small talk of one or two turns'),
  };

  /** What Python says of a checkpoint: {kind, domains, weak}; of one from the Hub nothing is known. */
  const about = (checkpoint = state.checkpoint) => window.vgAbout[checkpoint] ?? { kind: 'translate', domains: [] };
  const list = (parts, type) => new Intl.ListFormat(navigator.language || 'en', { type }).format(parts);
  /** What a checkpoint knows, "photo captions and short everyday sentences". */
  const knows = (checkpoint) => list(about(checkpoint).domains.map((name) => DOMAINS[name]), 'conjunction') || t('texts like those that it was trained on');
  /** The languages that a checkpoint reads; `readable` is whether a text has a letter of one of them. */
  const read = (checkpoint = state.checkpoint) => (window.vgTags[checkpoint] ?? window.vgTags['']).filter((tag) => !tag.includes('.'));
  const reads = (checkpoint) => list(read(checkpoint).map(vg.nameOf), 'disjunction');
  const readable = (text, checkpoint) => read(checkpoint).some((code) => (code === 'zh' ? HAN : code in names ? LATIN : LETTER).test(text));

  const counted = (values) => Object.fromEntries(Object.entries(values).map(([key, x]) => [key, x.toLocaleString(navigator.language)]));
  /** A message from Python, {message, values}. */
  const said = ({ message = '', values = {} }) => t(message, { ...counted(values), ...(values.languages ? { languages: reads() } : {}) });
  /** Why a text can be no sentence, as Python would say it; "" if it can. */
  function refusal(text) {
    const n = [...text.trim()].length;
    if (!n) return t('There is no sentence; type one in {languages}.', { languages: reads() });
    return n > MOST ? t('The text has {n} characters; at most {most} are possible. Shorten it.', counted({ n, most: MOST })) : '';
  }

  /** A word with its explanation, shown on hover, on a tap and for the keyboard, and read out with it. */
  const explain = (text, explanation, className = '') => make('button', `vg-term ${className}`, text, { type: 'button', 'data-tip': explanation, 'aria-label': `${text}: ${explanation}` });

  Object.assign(vg, { about, knows, reads, readable, said, refusal, explain });
}
