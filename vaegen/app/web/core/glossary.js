// One plain sentence for each word that a newcomer may not know.
import { explain } from './dom.js';
import { t } from './messages.js';

/** @type {Record<string, [string, string]>} the word and what it means */
export const GLOSSARY = {
  latent: [
    t('latent'),
    t('The numbers that the encoder makes of a sentence. The decoder reads them, alone or beside the words.'),
  ],
  slot: [t('slot'), t('One row of the latent; the latent is a fixed number of them, however long the sentence is.')],
  encoder: [t('encoder'), t('The half of the model that reads a sentence and makes its latent.')],
  decoder: [t('decoder'), t('The half of the model that writes a sentence, word by word, from a latent.')],
  attention: [t('attention'), t('Shares that add up to 100 %: how much of a step’s look goes to each place.')],
  layer: [t('layer'), t('One pass of the model over the whole sentence; it makes several, one after the other.')],
  head: [t('head'), t('One of several ways of looking within a layer; each head decides for itself where to look.')],
  entropy: [
    t('entropy'),
    t('How spread out a look is: 0 if all of it goes to one place, the more the more evenly it ' + 'falls on many.'),
  ],
  posterior: [t('posterior'), t('Where a sentence’s latent may lie: a mean and a width for each of its numbers.')],
  prior: [t('prior'), t('Where latents lie before any sentence is seen: the cloud that random ones are drawn from.')],
  nats: [
    t('nats'),
    t('A unit of information: 1 nat is about 1.44 bits, or one choice among 2.7 equally likely ' + 'things.'),
  ],
  kl: [
    'KL',
    t(
      'How far the posterior is from the prior, in nats: the price of the latent. Averaged over sentences it is never ' +
        'less than what the latent tells about them.',
    ),
  ],
  recon: [
    t('reconstruction'),
    t('How much of the sentence is left to guess when one knows its latent, in nats; 0 is a ' + 'perfect copy.'),
  ],
  elbo: [
    'ELBO',
    t(
      'A bound: its negative, reconstruction plus KL, is never less than the nats that the sentence takes. Training ' +
        'raised it only at beta 1; below, it minimised reconstruction + beta × KL.',
    ),
  ],
  active: [
    t('active unit'),
    t(
      'A number of the latent whose mean varies over a set of sentences by more than a threshold; the others are dead. ' +
        'On this page the set is the probe set, in the reports held-out sentences: the counts differ.',
    ),
  ],
  checkpoint: [t('checkpoint'), t('A trained model as it was saved: its weights and what was measured on them.')],
  beta: [
    'beta',
    t('The weight of the KL in training: the higher, the more the model must save on what the ' + 'latent tells.'),
  ],
  bleu: [
    'BLEU',
    t('How many word sequences a translation shares with a reference, from 0 to 100; more is ' + 'better.'),
  ],
  beam: [t('beam'), t('How many sentences the decoder keeps while it writes, to choose the likeliest at the end.')],
  sd: [t('sd'), t('Standard deviation: how far values usually lie from their mean.')],
  cosine: [t('cosine'), t('How alike two directions are: 1 the same, 0 unrelated, −1 opposite.')],
  probe: [
    t('probe set'),
    t(
      'Short made-up sentences whose parts are known (how many, who, what, where), to find out ' +
        'what the latent holds.',
    ),
  ],
};

/** A word that says what it means: on hover, on focus, and to those who listen. @param {string} key */
export const term = (key, label = GLOSSARY[key][0]) => explain(label, GLOSSARY[key][1]);

/** Several of them, with commas between. @param {string[]} keys */
export const terms = (...keys) => keys.flatMap((key, i) => [i ? ', ' : '', term(key)]);
