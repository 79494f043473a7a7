// The address of what one sees: how it is written and read. What it holds is checked elsewhere, see state.js.

/** A state as letters that an address may hold. @param {object} data */
export function encode(data) {
  const bytes = new TextEncoder().encode(JSON.stringify(data));
  let letters = '';
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The state of such letters; undefined if they are damaged. @param {string} code @returns {any} */
export function decode(code) {
  try {
    const bytes = Uint8Array.from(atob(code.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * What an address says: ?state=… is everything; ?tab=…, ?text=…&language=… and ?lesson=…&step=… are for people.
 * @param {string} search
 * @returns {{ data: Record<string, unknown>, isDamaged: boolean, isLesson: boolean }}
 */
export function read(search) {
  const query = new URLSearchParams(search);
  const code = query.get('state');
  const found = code ? decode(code) : {};
  const isDamaged = typeof found !== 'object' || found === null || Array.isArray(found);
  /** @type {Record<string, unknown>} */
  const data = isDamaged ? {} : { ...found };
  const written = (/** @type {string} */ name) => query.get(name) ?? undefined;
  if (written('tab')) data.tab = written('tab');
  if (written('text')) data.a = { text: written('text'), language: written('language') ?? '', z: '' };
  if (written('lesson')) {
    data.lesson = written('lesson');
    data.step = Number(written('step') ?? 1) - 1;
  }
  return { data, isDamaged, isLesson: Boolean(written('lesson')) };
}

const OURS = ['state', 'tab', 'text', 'language', 'lesson', 'step'];

/**
 * The query of an address with ours in place of what was there; what belongs to others stays.
 * @param {string} search
 * @param {Record<string, string>} ours
 */
export function write(search, ours) {
  const query = new URLSearchParams(search);
  for (const name of OURS) query.delete(name);
  for (const [name, value] of Object.entries(ours)) query.set(name, value);
  const text = query.toString();
  return text && `?${text}`;
}
