import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv, rowsOf, sentencesOf } from '../../vaegen/app/web/core/csv.js';

test('a table that is written reads back as it was', () => {
  const rows = [
    ['text', 'n'],
    ['Two men, in hats', '1'],
    ['"Quoted"\nand broken', '2'],
    ['', '3'],
  ];
  assert.deepEqual(rowsOf(csv(rows), 'a.csv'), rows);
  assert.ok(csv(rows).startsWith('\ufeff')); // spreadsheets read accents by it
});

test('numbers and what is missing are cells too', () => {
  assert.equal(csv([[1.5, undefined, null, 'x']]), '\ufeff1.5,,,x\r\n');
});

test('what a spreadsheet would run is text, and numbers stay numbers', () => {
  const run = ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '=HYPERLINK("http://a")'];
  for (const text of run) assert.match(csv([[text]]), /^\ufeff"?'/, text);
  assert.equal(csv([[-1.5, '-1.5', '+3', 'a=b', '- a'.slice(2)]]), '\ufeff-1.5,-1.5,+3,a=b,a\r\n');
});

test('semicolons and tabs separate where a file says so, and lines of a text are one cell each', () => {
  assert.deepEqual(rowsOf('id;text\n1;a, b', 'a.csv'), [
    ['id', 'text'],
    ['1', 'a, b'],
  ]);
  assert.deepEqual(rowsOf('id\ttext\n1\t"a"', 'a.TSV'), [
    ['id', 'text'],
    ['1', 'a'],
  ]);
  assert.deepEqual(rowsOf('a, b\r\n"c"\n', 'a.txt'), [['a, b'], ['"c"']]);
});

test('the column of the sentences is the named one, or the first of a table without a header', () => {
  assert.deepEqual(
    sentencesOf([
      ['id', ' Text '],
      ['1', 'a'],
    ]),
    { rows: [['1', 'a']], column: 1 },
  );
  assert.deepEqual(sentencesOf([['a'], ['b']]), { rows: [['a'], ['b']], column: 0 });
  assert.deepEqual(sentencesOf([]), { rows: [], column: 0 });
});
