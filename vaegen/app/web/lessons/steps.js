// The lessons: what their steps set up, ask, and mark.
import { t } from '../core/messages.js';
import { page } from '../core/page.js';
import { views } from '../core/view.js';

/** @typedef {{ text: string, language: string }} Sentence */
/**
 * @typedef {object} Step
 * @property {{ tab: string, a?: Sentence, b?: Sentence, checkpoint?: string, params?: object }} go sets up a view
 * @property {string} [mark] the part of the view that is meant: it is scrolled to and marked
 * @property {string} say
 * @property {string} ask for a prediction
 * @property {string[]} options
 * @property {(answer: any) => [number, string]} check the right option, and what was seen
 */
/**
 * @typedef {object} Lesson
 * @property {string} id
 * @property {string[]} languages those that the starting checkpoint must have
 * @property {string} [needs] a checkpoint
 * @property {string} title
 * @property {string} about
 * @property {string} learned
 * @property {Step[]} steps
 */

/** @type {Sentence} */
const SNOW = { text: 'A dog runs through the snow.', language: 'en' };
/** @type {Sentence} */
const BENCH = { text: 'Two women are sitting on a bench and laughing.', language: 'en' };
/** @typedef {{ stops: { texts: Record<string, string> }[] }} Walk */
/** @param {Walk} walk */
const english = (walk) => walk.stops.map((stop) => stop.texts.en);
/** @param {Walk} walk */
const german = (walk) => walk.stops.map((stop) => stop.texts.de);
/** The first step whose text has lost the word, as a share of the way. @param {string[]} texts @param {string} word */
const lost = (texts, word) => texts.findIndex((text) => !text.toLowerCase().includes(word)) / (texts.length - 1);

/** @type {Lesson[]} */
const LESSONS = [
  {
    id: 'latent',
    languages: ['en'],
    title: t('What a latent is'),
    about: t('A sentence becomes numbers, and numbers become a sentence again.'),
    learned: t(
      'A sentence becomes one latent, which all languages are read from. Its slots tell ' +
        'unequally much, and a latent drawn at random reads as a sentence too.',
    ),
    steps: [
      {
        go: { tab: 'translate', a: SNOW },
        say: t(
          'The encoder turned this sentence into a latent: a fixed number of slots, each a short ' +
            'row of numbers. The decoder writes each language from it.',
        ),
        ask: t('How many latents did it take for all languages?'),
        options: [t('One'), t('One for each language')],
        check: () => [
          0,
          t('One. The language is only a tag that the decoder starts with; all cards show the same ' + 'latent.'),
        ],
      },
      {
        go: { tab: 'inside', a: SNOW },
        mark: '.vg-posterior',
        say: t(
          'Here is that latent: for every number a mean and a width. The KL says how much a number ' +
            'tells about the sentence.',
        ),
        ask: t('Does every slot tell equally much about this sentence?'),
        options: [t('Yes, about the same'), t('No, some tell far more')],
        check: (answer) => {
          const kl = answer.kl_per_slot,
            share = Math.max(...kl) / Math.min(...kl);
          return [
            share < 1.5 ? 0 : 1,
            t('The fullest slot holds {max} nats, the emptiest {min}.', {
              max: Math.max(...kl).toFixed(1),
              min: Math.min(...kl).toFixed(1),
            }),
          ];
        },
      },
      {
        go: { tab: 'sample' },
        say: t(
          'Training pushes all latents towards one cloud, the prior. So one can also draw a latent ' +
            'at random and decode it.',
        ),
        ask: t('What comes out of a latent that no sentence was encoded to?'),
        options: [
          t('One of the training sentences, word for word'),
          t('A caption that nobody wrote'),
          t('Words in no order'),
        ],
        check: () => [
          1,
          t('A caption: press “New draw” a few times. Not every one makes sense, and that is worth ' + 'seeing too.'),
        ],
      },
    ],
  },
  {
    id: 'walk',
    languages: ['en', 'de'],
    title: t('Walking between sentences'),
    about: t('What lies on the way from one latent to another?'),
    learned: t(
      'Between two latents lie other sentences. Each language changes where its own words give ' +
        'way, and a sentence and its translation lie close together.',
    ),
    steps: [
      {
        go: { tab: 'interpolate', a: SNOW, b: BENCH, params: { mode: 'walk', steps: 9, method: 'slerp' } },
        say: t(
          'The walk goes from A to B in nine even steps, each decoded anew. The first and the last ' + 'are A and B.',
        ),
        ask: t('Where will the dog give way to something else?'),
        options: [t('In the first third'), t('Around the middle'), t('In the last third')],
        check: (answer) => {
          const at = lost(english(answer), 'dog');
          return [
            at < 1 / 3 ? 0 : at < 2 / 3 ? 1 : 2,
            t('The dog is gone after {share} % of the way.', { share: Math.round(100 * at) }),
          ];
        },
      },
      {
        go: { tab: 'interpolate', a: SNOW, b: BENCH, params: { mode: 'walk', steps: 9, method: 'slerp' } },
        say: t('All languages are decoded from the same latents.'),
        ask: t('Will English and German change their subject at the same step?'),
        options: [t('Yes, it is the same latent'), t('Not always')],
        check: (answer) => {
          const en = lost(english(answer), 'dog'),
            de = lost(german(answer), 'hund');
          return [
            en === de ? 0 : 1,
            t(
              'English drops the dog after {en} % of the way, German after {de} %: between two meanings ' +
                'each language decides for itself.',
              { en: Math.round(100 * en), de: Math.round(100 * de) },
            ),
          ];
        },
      },
      {
        go: {
          tab: 'interpolate',
          a: SNOW,
          b: { text: 'Ein Hund rennt durch den Schnee.', language: 'de' },
          params: { mode: 'walk', steps: 9, method: 'slerp' },
        },
        say: t('Now B is the same sentence in German.'),
        ask: t('How many different English sentences will the walk pass?'),
        options: [t('One or two'), t('Three or more')],
        check: (answer) => {
          const n = new Set(english(answer)).size;
          return [
            n <= 2 ? 0 : 1,
            t('{n} different: the latent holds the meaning, the language matters little.', { n }),
          ];
        },
      },
    ],
  },
  {
    id: 'collapse',
    languages: ['en'],
    title: t('What posterior collapse looks like'),
    about: t('A decoder that learned to ignore the latent.'),
    learned: t(
      'A decoder that can do without the latent will: the KL falls to nearly 0 and every latent ' +
        'reads alike. A latent that is useful before it is costly prevents that.',
    ),
    needs: 'collapsed',
    steps: [
      {
        go: {
          tab: 'interpolate',
          checkpoint: 'collapsed',
          a: SNOW,
          b: BENCH,
          params: { mode: 'walk', steps: 9, method: 'slerp' },
        },
        say: t(
          'This checkpoint was trained with the full weight on the KL term from the first step. Its ' +
            'decoder can write, but look at the walk.',
        ),
        ask: t('How many different English sentences will the nine steps show?'),
        options: [t('Nine'), t('A few'), t('One')],
        check: (answer) => {
          const n = new Set(english(answer)).size;
          return [
            n >= 7 ? 0 : n > 1 ? 1 : 2,
            t('{n}. Whatever the latent, the decoder writes its favourite sentence.', { n }),
          ];
        },
      },
      {
        go: { tab: 'inside', checkpoint: 'collapsed', a: SNOW },
        mark: '.vg-bound',
        say: t(
          'The KL is what the latent tells about the sentence, in nats. In a healthy checkpoint it ' +
            'is dozens of nats.',
        ),
        ask: t('And in this one?'),
        options: [t('Less than one nat'), t('About ten nats'), t('Dozens too')],
        check: (answer) => [
          answer.kl < 1 ? 0 : answer.kl < 24 ? 1 : 2,
          t('{kl} nats: the posterior has collapsed onto the prior.', { kl: answer.kl.toFixed(2) }),
        ],
      },
      {
        go: { tab: 'inside', checkpoint: '', a: SNOW },
        mark: '.vg-curves',
        say: t(
          'Back to the healthy checkpoint. It waited with the KL term until a wrong latent cost the ' +
            'decoder tens of nats; the marked training curves show beta rising only then.',
        ),
        ask: t('Why does waiting help?'),
        options: [
          t('The decoder first learns to write without z'),
          t('The decoder relies on z before z is made costly'),
          t('The prior has time to move towards the posteriors'),
        ],
        check: () => [
          1,
          t('Once the decoder relies on z, emptying z costs more than keeping it. The prior never moves.'),
        ],
      },
    ],
  },
  {
    id: 'attention',
    languages: ['en', 'de'],
    title: t('Where the decoder looks'),
    about: t('From a target word to slots and source words.'),
    learned: t(
      'With the source in sight the decoder reads the words that it translates; without it, the ' +
        'slots are all that it knows of the sentence.',
    ),
    steps: [
      {
        go: { tab: 'attention', a: SNOW, params: { context: 'source', language: 'de' } },
        say: t('For each German word the picture shows which source words the decoder looked at.'),
        ask: t('Which source word does “Schnee” look at most?'),
        options: ['dog', 'runs', 'snow'],
        check: () => {
          // What the view says of itself; the last mention is the straight way to the words.
          const word = [...views.attention.root.textContent.matchAll(/Schnee\s*←\s*(\w+)/g)].at(-1)?.[1] ?? '';
          return [
            ['dog', 'runs', 'snow'].indexOf(word),
            t(
              'At “{word}”. Hover “Schnee” to see the share of each word. Attention shows where the ' +
                'model read, not why it wrote a word.',
              { word },
            ),
          ];
        },
      },
      {
        go: { tab: 'attention', a: SNOW, params: { context: 'latent', language: 'de' } },
        say: t('Now the decoder sees the latent alone.'),
        ask: t('Can it still look at the word “snow” itself?'),
        options: [t('Yes'), t('Only through the slots')],
        check: () => [
          1,
          t('Only through the slots: each slot has read some words before, and that is all that is left.'),
        ],
      },
    ],
  },
];

/** The lessons that the checkpoints on offer can be shown with. */
export const able = () =>
  LESSONS.filter(
    ({ needs, languages }) =>
      (!needs || page.checkpoints.includes(needs)) && languages.every((code) => page.tags[''].includes(code)),
  );
