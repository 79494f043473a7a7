// How a view asks Python: one request for a question, and a line of JSON for each part of its answer.
import { t } from './messages.js';
import { page } from './page.js';

/** Whom Python takes this page for: visitors take turns. */
export const visitor = Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('');

/**
 * Yields the parts of an answer, see `Runner` in page.py; what comes in place of an answer that is lost says so.
 * @param {string} view
 * @param {object} question
 * @returns {AsyncGenerator<any>}
 */
export async function* ask(view, question) {
  try {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ ...question, visitor });
    const answer = await fetch(`${page.ask}/${view}`, { method: 'POST', headers, body });
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  } catch {
    yield { phase: 'error', message: t('The app does not answer. Is it still running? Try again.') };
  }
}
