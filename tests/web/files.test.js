import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../vaegen/app/web/', import.meta.url));
const files = readdirSync(WEB, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.js'));

test('no file is longer than 300 lines, no line longer than 125 columns', () => {
  assert.ok(files.length > 40);
  for (const name of files) {
    const lines = readFileSync(WEB + name, 'utf8').split('\n');
    assert.ok(lines.length <= 301, `${name} has ${lines.length} lines`);
    lines.forEach((line, i) => assert.ok([...line].length <= 125, `${name}:${i + 1} has ${line.length} columns`));
  }
});
