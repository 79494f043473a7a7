// What the linter asks of the front end: no globals of ours, no HTML from text, nothing unused.
import js from '@eslint/js';
import globals from 'globals';

const HTML = 'Texts reach the page through textContent, never as HTML.';
const GLOBAL = 'Modules import from each other; nothing of ours is put on the window.';

export default [
  { ignores: ['node_modules/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals: { ...globals.browser } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-undef': 'error',
      'max-lines': ['error', 300],
      'no-restricted-properties': [
        'error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({ property, message: HTML })),
        { object: 'document', property: 'write', message: HTML },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression',
          message: 'Import at the top: a late import has been reported to hang hosted pages.',
        },
        { selector: 'AssignmentExpression[left.object.name=/^(window|globalThis|self)$/]', message: GLOBAL },
      ],
      'no-unused-vars': ['error', { args: 'after-used', argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['tests/web/**'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-restricted-syntax': 'off' }, // a fresh store for each test is a late import
  },
];
