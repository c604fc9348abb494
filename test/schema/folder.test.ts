import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOutdated, writeSchemas } from './folder.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fenster-schema-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const GENERATED = new Map([['public.graphql', 'type Query {\n  me: Member!\n}\n']]);

describe('the schema folder', () => {
  it('is up to date once it is written', async () => {
    await writeSchemas(folder, GENERATED);

    expect(await findOutdated(folder, GENERATED)).toEqual([]);
  });

  it('is outdated where a file is missing', async () => {
    expect(await findOutdated(folder, GENERATED)).toEqual(['public.graphql is missing.']);
  });

  it('is outdated where a file differs, and shows the first difference', async () => {
    await writeFile(join(folder, 'public.graphql'), 'type Query {\n  me: Member\n}\n');

    expect(await findOutdated(folder, GENERATED)).toEqual([
      'public.graphql differs, from line 2:\n    -   me: Member\n    +   me: Member!',
    ]);
  });

  it('is outdated where a file goes on after what is generated', async () => {
    await writeFile(join(folder, 'public.graphql'), 'type Query {\n  me: Member!\n}\n\nscalar Date\n');

    expect(await findOutdated(folder, GENERATED)).toEqual([
      'public.graphql differs, from line 5:\n    - scalar Date\n    + (end)',
    ]);
  });

  it('loses the file of a service that is gone, but nothing that people wrote', async () => {
    await writeFile(join(folder, 'fax.graphql'), 'scalar Fax');
    await writeFile(join(folder, 'README.md'), '# schema');
    expect(await findOutdated(folder, GENERATED)).toContain('fax.graphql is of nothing that exists.');

    await writeSchemas(folder, GENERATED);

    expect((await readdir(folder)).toSorted()).toEqual(['README.md', 'public.graphql']);
  });
});
