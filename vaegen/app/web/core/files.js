// Copy and download.
import { rowsOf } from './csv.js';
import { button, make, say } from './dom.js';
import { t } from './messages.js';

/** Puts a text on the clipboard; says whether that worked. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text); // absent over plain http, refused without the permission
    return true;
  } catch {
    const area = make('textarea', 'vg-hidden');
    area.value = text;
    document.body.append(area);
    const before = document.activeElement;
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
}

/**
 * A button that copies what `getText` gives and says so.
 * @param {string} label
 * @param {() => string | Promise<string>} getText
 * @param {{ kind?: 'plain' | 'primary' | 'link', title?: string, key?: string }} [options]
 */
export function copyButton(label, getText, { title, kind = 'link', key } = {}) {
  const onClick = async (/** @type {HTMLButtonElement} */ node) => {
    const done = await copy(await getText());
    node.textContent = done ? t('Copied') : t('Press Ctrl+C');
    say(node.textContent);
    setTimeout(() => (node.textContent = label), 1600);
  };
  return button(label, onClick, { kind, title, key });
}

/**
 * @param {string} name
 * @param {Blob | string} content
 * @param {string} [type]
 */
export function download(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const link = make('a', '', undefined, { download: name, href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The rows of a file, see `rowsOf`. @param {File} file */
export const readRows = async (file) => rowsOf(await file.text(), file.name);

const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-opacity',
  'stroke-dasharray',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
  'display',
  'visibility',
];

/**
 * A drawing of the page as a file that stands alone: its computed styles are written into it.
 * @param {SVGElement} node
 */
export function standalone(node) {
  const twin = /** @type {SVGElement} */ (node.cloneNode(true));
  const to = /** @type {SVGElement[]} */ ([twin, ...twin.querySelectorAll('*')]);
  [node, ...node.querySelectorAll('*')].forEach((source, i) => {
    const style = getComputedStyle(source);
    for (const name of STYLES) to[i].style.setProperty(name, style.getPropertyValue(name));
    to[i].removeAttribute('class');
  });
  const box = node.getBoundingClientRect();
  twin.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  twin.setAttribute('width', String(Math.ceil(box.width)));
  twin.setAttribute('height', String(Math.ceil(box.height)));
  twin.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(twin);
}

/** The same as a picture. @param {SVGElement} node @returns {Promise<Blob>} */
export async function png(node, scale = 2) {
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(standalone(node));
  await image.decode();
  const canvas = make('canvas', '', undefined, { width: image.width * scale, height: image.height * scale });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.scale(scale, scale);
  pen.drawImage(image, 0, 0);
  return new Promise((done) => canvas.toBlob((blob) => done(/** @type {Blob} */ (blob)), 'image/png'));
}
