// Tables as text: what is downloaded, and what people bring along.

/**
 * One cell. A text that a spreadsheet would run as a formula gets an apostrophe before it: the text may be anybody's.
 * @param {unknown} value
 */
const cell = (value) => {
  const formula = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) && !/^[+-]?[\d.,]+$/.test(value);
  const text = (formula ? "'" : '') + String(value ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * Rows (the header first) as CSV with a byte-order mark, so that spreadsheets read accents.
 * @param {unknown[][]} rows
 */
export const csv = (rows) => '\ufeff' + rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';

/**
 * The rows of a text file: cells of a .csv (comma or semicolon) or .tsv with their quotes undone, lines of any other.
 * @param {string} content
 * @param {string} name of the file
 */
export function rowsOf(content, name) {
  const text = content
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n')
    .replace(/\n$/, '');
  if (!/\.(csv|tsv)$/i.test(name)) return text.split('\n').map((line) => [line]);
  const first = text.split('\n', 1)[0];
  const comma = /\.tsv$/i.test(name) ? '\t' : first.split(';').length > first.split(',').length ? ';' : ',';
  /** @type {string[][]} */
  const rows = [[]];
  let value = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') value += text[++i];
    else if (c === '"' && (quoted || !value)) quoted = !quoted;
    else if (!quoted && (c === comma || c === '\n')) {
      rows[rows.length - 1].push(value);
      value = '';
      if (c === '\n') rows.push([]);
    } else value += c;
  }
  rows[rows.length - 1].push(value);
  return rows;
}

/**
 * The sentences of a table: its column named text (or sentence, source, caption), or its first.
 * @param {string[][]} rows
 * @returns {{ rows: string[][], column: number }} without the header, if it has one
 */
export function sentencesOf(rows) {
  const named = (rows[0] ?? []).findIndex((name) => /^(text|sentence|source|caption)$/i.test(name.trim()));
  return { rows: named >= 0 ? rows.slice(1) : rows, column: Math.max(0, named) };
}
