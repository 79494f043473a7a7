// What the marked words of a table mean.
import { make } from '../core/dom.js';
import { t } from '../core/messages.js';

/** @param {string} text */
export const makeKey = (text) =>
  make('p', 'vg-caption vg-key', undefined, {}, [make('span', 'vg-new-word', t('word')), ` = ${text}`]);
