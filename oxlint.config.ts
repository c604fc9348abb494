import type { OxlintConfig, OxlintOverride } from 'oxlint';

/** Which of our libraries a library may import. A service may import all of them, and itself. */
const LIBRARIES: Record<string, readonly string[]> = {
  contracts: [],
  runtime: [],
  messaging: ['contracts', 'runtime'],
  database: ['contracts', 'runtime', 'messaging'],
  auth: ['contracts', 'runtime'],
  'object-store': ['runtime'],
  graphql: ['contracts', 'runtime', 'messaging', 'database', 'auth'],
  documents: ['graphql'],
  jobs: ['contracts', 'runtime', 'database', 'object-store', 'graphql'],
};

/** What only tests use: it never reaches `dist`, and may import what it likes. */
const TEST_FILES = ['test/**', '**/*.test.ts', '**/*.support.ts', '**/testing/**'];

function boundary(files: string, mayImport: readonly string[], message: string): OxlintOverride {
  const allowed = mayImport.flatMap((library) => [`!@fenster/${library}`, `!@fenster/${library}/**`]);
  return {
    files: [files],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@fenster/**', ...allowed], message },
            // Inside a package no relative path goes through `src`, so one that does has left it.
            { regex: String.raw`^\.\.?/(.*/)?(src|dist)/`, message: 'Import another package by its name.' },
            { regex: String.raw`(/testing/|/test/|\.test\.js$|\.support\.js$)`, message: 'Test code is not in dist.' },
          ],
        },
      ],
    },
  };
}

export default {
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node', 'vitest'],
  categories: { correctness: 'error' },
  ignorePatterns: ['**/dist/**', 'schema/**', '.fenster/**', '.nx/**'],
  rules: {
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-console': 'error',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    'no-var': 'error',
    'prefer-const': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-self-import': 'error',
    // Configuration comes in through `loadConfig(env)`, which names all problems at once.
    'node/no-process-env': 'error',
    'typescript/await-thenable': 'error',
    'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-misused-spread': 'off',
    'typescript/no-non-null-asserted-optional-chain': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/unbound-method': 'off',
    // `for (const x of [...set])` is the way to change a set while walking through it.
    'unicorn/no-useless-spread': 'off',
    'unicorn/prefer-node-protocol': 'error',
    'vitest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'assert*', 'fc.assert'] }],
    'vitest/no-conditional-expect': 'off',
    'vitest/no-standalone-expect': 'off',
    'vitest/require-mock-type-parameters': 'off',
    'vitest/require-to-throw-message': 'off',
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
  },
  overrides: [
    ...Object.entries(LIBRARIES).map(([library, mayImport]) =>
      boundary(
        `libs/${library}/**`,
        mayImport,
        `libs/${library} may import of ours: ${mayImport.join(', ') || 'nothing'}.`,
      ),
    ),
    boundary(
      'services/**',
      Object.keys(LIBRARIES),
      'A service imports libs and itself. Services meet over NATS and in the gateway; only tests and deploy import them.',
    ),
    {
      files: [
        '.ci/**',
        'deploy/**',
        '**/main.ts',
        '**/seed-demo.ts',
        'libs/runtime/src/service.ts',
        'services/sandbox/src/alone.ts',
        'services/sandbox/src/send-webhook.ts',
      ],
      rules: { 'no-console': 'off', 'node/no-process-env': 'off' },
    },
    {
      files: TEST_FILES,
      rules: {
        'no-console': 'off',
        'no-restricted-imports': 'off',
        'node/no-process-env': 'off',
        'typescript/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
        'typescript/require-array-sort-compare': 'off',
      },
    },
    { files: ['**/*.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
} satisfies OxlintConfig;
