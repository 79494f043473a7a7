// Controls: each is a labelled element with a property `value` that scripts may set.
import { make } from './dom.js';

let count = 0;
export const newId = () => 'vg-id-' + ++count;

/**
 * @template {HTMLElement} N
 * @template V
 * @param {N} node
 * @param {() => V} get
 * @param {(x: any) => void} set
 * @returns {N & { value: V }}
 */
function withValue(node, get, set) {
  Object.defineProperty(node, 'value', { get, set });
  return /** @type {any} */ (node);
}

/** @param {HTMLElement} node @param {string} [help] */
function helped(node, help) {
  if (help) node.append(make('p', 'vg-caption', help));
  return node;
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {number} options.min
 * @param {number} options.max
 * @param {number} options.step
 * @param {number} options.value
 * @param {(x: number) => unknown} [options.onInput]
 * @param {(x: number) => string} [options.format]
 * @param {string} [options.help]
 */
export function slider({ label, min, max, step, value, onInput, format = String, help }) {
  const id = newId();
  const input = make('input', 'vg-range', undefined, { type: 'range', id, min, max, step });
  const output = make('output', 'vg-figure', undefined, { for: id });
  const head = make('div', 'vg-control-head', undefined, {}, [make('label', 'vg-label', label, { for: id }), output]);
  const box = helped(make('div', 'vg-control', undefined, {}, [head, input]), help);
  const show = () => {
    output.textContent = format(Number(input.value));
    input.setAttribute('aria-valuetext', output.textContent);
  };
  const set = (/** @type {number} */ x) => {
    input.value = String(x);
    show();
  };
  set(value);
  input.addEventListener('input', () => {
    show();
    onInput?.(Number(input.value));
  });
  return Object.assign(
    withValue(box, () => Number(input.value), set),
    { input },
  );
}

/**
 * A row of choices; with `several` any number may be on and the value is a list.
 * @param {object} options
 * @param {string} options.label
 * @param {[string, string][]} options.options values and their labels
 * @param {any} options.value
 * @param {(x: any) => unknown} [options.onInput]
 * @param {string} [options.help]
 * @param {boolean} [options.several]
 */
export function choice({ label, options, value, onInput, help, several = false }) {
  const name = newId();
  const inputs = options.map(([key, text]) => {
    const input = make('input', '', undefined, { type: several ? 'checkbox' : 'radio', name, value: key });
    input.checked = several ? value.includes(key) : key === value;
    input.addEventListener('change', () => onInput?.(box.value));
    return { key, input, label: make('label', 'vg-option', undefined, {}, [input, make('span', '', text)]) };
  });
  const row = make(
    'div',
    'vg-options-row',
    undefined,
    {},
    inputs.map((one) => one.label),
  );
  const fieldset = make('fieldset', 'vg-control vg-choice', undefined, {}, [make('legend', 'vg-label', label), row]);
  const get = () => {
    const on = inputs.filter((one) => one.input.checked).map((one) => one.key);
    return several ? on : on[0];
  };
  const box = withValue(helped(fieldset, help), get, (x) => {
    for (const one of inputs) one.input.checked = several ? x.includes(one.key) : one.key === x;
  });
  return box;
}

/**
 * @param {object} options
 * @param {string} options.label
 * @param {[string, string][]} options.options values and their labels
 * @param {string} options.value
 * @param {(x: string) => unknown} [options.onInput]
 * @param {string} [options.help]
 */
export function select({ label, options, value, onInput, help }) {
  const id = newId();
  const choices = options.map(([key, text]) => make('option', '', text, { value: key }));
  const input = make('select', 'vg-select', undefined, { id }, choices);
  input.value = value;
  input.addEventListener('change', () => onInput?.(input.value));
  const box = make('div', 'vg-control', undefined, {}, [make('label', 'vg-label', label, { for: id }), input]);
  return withValue(
    helped(box, help),
    () => input.value,
    (x) => (input.value = x),
  );
}

/**
 * A text or number field; `onInput` comes on Enter and when the field is left.
 * @param {{ label: string, value?: string | number, type?: string, placeholder?: string, min?: number, max?: number,
 *   onInput?: (x: any) => unknown }} options
 */
export function field({ label, value = '', type = 'text', onInput, placeholder = '', ...attributes }) {
  const id = newId();
  const input = make('input', 'vg-field', undefined, { type, id, placeholder, ...attributes });
  input.value = String(value);
  /** @returns {any} */
  const get = () => (type === 'number' ? Number(input.value) : input.value);
  input.addEventListener('change', () => onInput?.(get()));
  const box = make('div', 'vg-control', undefined, {}, [make('label', 'vg-label', label, { for: id }), input]);
  return Object.assign(
    withValue(box, get, (x) => (input.value = x)),
    { input },
  );
}
