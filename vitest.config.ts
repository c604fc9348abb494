import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * These replace modules, which others of the same process would have loaded already, or let the clock of ids run ahead,
 * which does not go back.
 */
const ALONE = [
  'libs/runtime/src/id.test.ts',
  'services/identity/src/members/password.test.ts',
  'test/permissions/second-lock.test.ts',
];
/** The longest first: begun last, they would go on alone for minutes. In a fresh clone vitest knows no durations. */
const LONG = ['/test/permissions/', '/test/fault/', '/test/e2e/'];
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      LONG.findIndex((folder) => moduleId.includes(folder)) + 1 || LONG.length + 1;
    const sorted = await super.sort(files);
    return [...Map.groupBy(sorted, ({ project }) => project).values()].flatMap((ofProject) =>
      ofProject.toSorted((one, other) => place(one) - place(other)),
    );
  }
}
const EXCLUDED = ['**/node_modules/**', '**/dist/**'];

const common: TestProjectInlineConfiguration = {
  resolve: {
    conditions: ['source'],
    // graphql would load twice (index.mjs through Vite, index.js through CommonJS dependencies): "Duplicate graphql modules".
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  ssr: { resolve: { conditions: ['source', 'node'], externalConditions: ['source', 'node'] } },
};
const limits = {
  pool: 'forks',
  // What V8 has compiled once, every process has.
  env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'compiled') },
  // What a test waits for may take its time on a machine that has other things to do.
  expect: { poll: { timeout: 30_000 } },
  testTimeout: 90_000,
  hookTimeout: 240_000,
} as const;

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // Much of what tests do is waiting. (A share is taken of the processors at most.)
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...common,
        test: {
          ...limits,
          name: 'together',
          // A process has file after file of tests, and loads what they share once: half of the time they took.
          isolate: false,
          include: ['{libs,services,deploy,test}/**/*.test.ts'],
          exclude: [...EXCLUDED, ...ALONE],
        },
      },
      { ...common, test: { ...limits, name: 'alone', include: ALONE, exclude: EXCLUDED } },
    ],
  },
});
