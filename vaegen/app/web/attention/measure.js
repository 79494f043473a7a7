// How wide words are on the page, and what is cut or wrapped to fit.
export const FONT = 15;

const ruler = globalThis.document ? document.createElement('canvas').getContext('2d') : null;
/** @param {string} text */
function widthOf(text) {
  if (!ruler) return 0.5 * FONT * text.length;
  ruler.font = `${FONT}px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}
/** @param {string[]} texts */
export const longest = (texts) => Math.max(0, ...texts.map(widthOf));

/** A text that is no wider. @param {string} text @param {number} width */
export function fit(text, width) {
  let n = text.length;
  while (n > 1 && widthOf(text.slice(0, n) + (n < text.length ? '…' : '')) > width) n -= 1;
  return text.slice(0, n) + (n < text.length ? '…' : '');
}

/**
 * Parts in as many lines as they take; the small letters are 0.8 of the measured ones.
 * @param {string[]} parts
 * @param {number} width
 */
export function wrap(parts, width) {
  return parts.reduce((lines, part) => {
    const longer = [...lines.slice(-1), part].join(' · ');
    return lines.length && 0.8 * widthOf(longer) > width ? [...lines, part] : [...lines.slice(0, -1), longer];
  }, /** @type {string[]} */ ([]));
}
