import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Each import in the file that would stand there if somebody wrote it, and whether the linter lets it pass. */
const CASES = [
  { in: 'libs/contracts/src/a.ts', import: '@fenster/runtime', allowed: false },
  { in: 'libs/runtime/src/a.ts', import: '@fenster/contracts', allowed: false },
  { in: 'libs/messaging/src/a.ts', import: '@fenster/database', allowed: false },
  { in: 'libs/messaging/src/b.ts', import: '@fenster/contracts', allowed: true },
  { in: 'libs/database/src/a.ts', import: '@fenster/auth', allowed: false },
  { in: 'libs/database/src/b.ts', import: '@fenster/messaging', allowed: true },
  { in: 'libs/auth/src/a.ts', import: '@fenster/database', allowed: false },
  { in: 'libs/auth/src/b.ts', import: '../../database/src/index.js', allowed: false },
  { in: 'libs/object-store/src/a.ts', import: '@fenster/database', allowed: false },
  { in: 'libs/graphql/src/a.ts', import: '@fenster/conversation', allowed: false },
  { in: 'libs/graphql/src/b.ts', import: '../../../services/conversation/src/index.js', allowed: false },
  { in: 'libs/graphql/src/c.ts', import: '@fenster/database', allowed: true },
  { in: 'services/conversation/src/a.ts', import: '@fenster/billing', allowed: false },
  { in: 'services/conversation/src/b.ts', import: '@fenster/billing/dist/index.js', allowed: false },
  { in: 'services/conversation/src/messages/c.ts', import: '../../../billing/src/index.js', allowed: false },
  { in: 'services/conversation/src/d.ts', import: '@fenster/local', allowed: false },
  { in: 'services/conversation/src/e.ts', import: './testing/events.js', allowed: false },
  { in: 'services/conversation/src/f.ts', import: '@fenster/graphql/cursor', allowed: true },
  { in: 'services/conversation/src/messages/g.ts', import: '../config.js', allowed: true },
  { in: 'services/conversation/src/h.test.ts', import: '@fenster/billing', allowed: true },
  { in: 'deploy/local/src/a.ts', import: '@fenster/billing', allowed: true },
  { in: 'test/e2e/a.ts', import: '@fenster/billing', allowed: true },
];

describe('the module boundaries', () => {
  let workspace: string;
  let refused: string[];

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'fenster-lint-'));
    await copyFile(join(root, 'oxlint.config.ts'), join(workspace, 'oxlint.config.ts'));
    for (const { in: file, import: specifier } of CASES) {
      await mkdir(dirname(join(workspace, file)), { recursive: true });
      await writeFile(join(workspace, file), `import { x } from '${specifier}';\nexport const y = x;\n`);
    }
    refused = await filesRefusedIn(workspace);
  });

  afterAll(() => rm(workspace, { recursive: true, force: true }));

  it.each(CASES.filter(({ allowed }) => allowed))('let $in import $import', ({ in: file }) => {
    expect(refused).not.toContain(file);
  });

  it.each(CASES.filter(({ allowed }) => !allowed))('keep $in from importing $import', ({ in: file }) => {
    expect(refused).toContain(file);
  });
});

/** The files with an import that the linter restricts. */
async function filesRefusedIn(cwd: string): Promise<string[]> {
  const output = await new Promise<string>((resolve) => {
    // Its exit code is 1 as soon as it found something, so only what it prints is asked.
    execFile(
      process.execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '--format=json'],
      { cwd },
      (_error, stdout) => resolve(stdout),
    );
  });
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string }[] };
  return diagnostics.filter(({ code }) => code === 'eslint(no-restricted-imports)').map(({ filename }) => filename);
}
