// How Gradio's components meet the modules: a component's own script leaves its root here and says so (`HANDOVER` in
// page.py).

/**
 * @typedef {object} Part a component of the page
 * @property {HTMLElement} root the element to draw into
 * @property {{ value: any }} props what Python gave it last
 * @property {(event: string, data?: object) => void} trigger sends an event to Python
 * @property {(what: string, then: () => void) => void} watch calls back when Python has given something new
 */

/**
 * Hands each component over to its module, whichever of the two comes first.
 * @param {Record<string, (part: Part) => void>} mounts
 */
export function mountParts(mounts) {
  const start = (/** @type {any} */ root) => mounts[root.dataset.part]?.({ root, ...root.vaegen });
  document.addEventListener('vaegen', (event) => start(/** @type {CustomEvent} */ (event).detail));
  for (const root of document.querySelectorAll('[data-part]')) {
    if ('vaegen' in root) queueMicrotask(() => start(root)); // one that fails stops no other
  }
}
