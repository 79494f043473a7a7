// Elements. Everything that people typed or a model wrote reaches the page through textContent, never as HTML.

/** @typedef {Record<string, string | number>} Attributes */

/**
 * An element with a class, text, attributes and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className, text, attributes = {}, children = []) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, name === 'lang' ? String(value).split('.')[0] : String(value));
  }
  node.append(...children);
  return node;
}

/**
 * The same for a drawing.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} [children]
 * @param {string} [text]
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, attributes = {}, children = [], text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

/** A plain box. @param {string} className @param {(Node | string)[]} children */
export const box = (className, ...children) => make('div', className, undefined, {}, children);

/**
 * @param {string} label
 * @param {(node: HTMLButtonElement) => unknown} onClick
 * @param {{ kind?: 'plain' | 'primary' | 'link', title?: string, key?: string }} [options]
 */
export function button(label, onClick, { kind = 'plain', title, key } = {}) {
  const node = make('button', 'vg-button vg-button-' + kind, label, { type: 'button' });
  if (title) node.title = title;
  if (key) node.dataset.key = key;
  node.addEventListener('click', () => onClick(node));
  return node;
}

/**
 * The words of a sentence, those that its predecessor lacked marked.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {string} text
 * @param {string | undefined} before
 * @param {T} tag
 * @param {Attributes} [attributes]
 */
export function marked(text, before, tag, attributes) {
  const node = make(tag, '', undefined, attributes);
  const had = before === undefined ? null : new Set(before.toLowerCase().split(/\s+/));
  text.split(' ').forEach((word, i) => {
    node.append(i ? ' ' : '', had && !had.has(word.toLowerCase()) ? make('span', 'vg-new-word', word) : word);
  });
  return node;
}

/**
 * A word with its explanation, shown on hover, on a tap and for the keyboard, and read out with it.
 * @param {string} text
 * @param {string} explanation
 */
export const explain = (text, explanation, className = '') =>
  make('button', `vg-term ${className}`, text, {
    type: 'button',
    'data-tip': explanation,
    'aria-label': `${text}: ${explanation}`,
  });

/** @type {HTMLElement | undefined} */
let spoken;
/** Says something to those who listen instead of look. @param {string} text */
export function say(text) {
  spoken ??= make('p', 'vg-hidden', '', { role: 'status', 'aria-live': 'polite' });
  if (!spoken.isConnected) document.body.append(spoken);
  spoken.textContent = text;
}

export const isDark = () =>
  document.body.classList.contains('dark') || document.documentElement.classList.contains('dark');
