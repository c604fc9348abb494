import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHistory } from './history.js';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fenster-history-'));
  await mkdir(join(root, 'schema'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8' }).trim();
}

async function write(schema: string, declarations = ''): Promise<void> {
  await writeFile(join(root, 'schema/public.graphql'), schema.includes('\n') ? schema : `scalar ${schema}`);
  await writeFile(join(root, 'schema/breaking-changes.md'), declarations);
}

async function commit(schema: string, declarations = ''): Promise<string> {
  await write(schema, declarations);
  git('add', '.');
  git('commit', '--quiet', '--message', schema);
  return git('rev-parse', 'HEAD');
}

async function schemas(base?: string): Promise<string[]> {
  return (await readHistory(root, base)).versions.map(({ sdl }) => sdl.replace('scalar ', ''));
}

describe('the history of the public schema', () => {
  it('goes from the first commit to the work tree', async () => {
    git('init', '--quiet');
    await commit('one');
    await commit('two');
    await write('three');

    expect(await schemas()).toEqual(['one', 'two', 'three']);
  });

  it('has the declarations of each version', async () => {
    git('init', '--quiet');
    await commit('one');
    await commit('two', '- `Query.a`: why');

    const { versions } = await readHistory(root);

    expect(versions.map(({ declarations }) => declarations)).toEqual(['', '- `Query.a`: why', '- `Query.a`: why']);
  });

  it('takes a merged branch as one step', async () => {
    git('init', '--quiet');
    await commit('one');
    git('checkout', '--quiet', '-b', 'feature');
    await commit('attempt');
    await commit('two');
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '--message', 'merge', 'feature');

    expect(await schemas()).toEqual(['one', 'two', 'two']);
  });

  it('bridges a time without schema', async () => {
    git('init', '--quiet');
    await commit('one');
    git('rm', '--quiet', '--cached', 'schema/public.graphql');
    git('commit', '--quiet', '--message', 'none');
    await commit('two');

    expect(await schemas()).toEqual(['one', 'two', 'two']);
  });

  it('passes over the half of a merge', async () => {
    git('init', '--quiet');
    await commit('one');
    await commit('<<<<<<< HEAD\nscalar two\n=======\n');
    await commit('three');

    expect(await schemas()).toEqual(['one', 'three', 'three']);
  });

  it('with a base, is that commit and the work tree', async () => {
    git('init', '--quiet');
    const first = await commit('one');
    await commit('two');
    await commit('three');

    expect(await schemas(first)).toEqual(['one', 'three']);
  });

  it('refuses a base that has no schema', async () => {
    git('init', '--quiet');
    await commit('one');

    await expect(readHistory(root, 'v1')).rejects.toThrow('There is no schema/public.graphql at v1.');
  });

  it('is only the work tree before the first commit', async () => {
    git('init', '--quiet');
    await write('one');

    expect(await readHistory(root)).toMatchObject({
      versions: [{ name: 'the work tree', sdl: 'scalar one' }],
      gap: undefined,
    });
  });

  it('says so where git knows nothing', async () => {
    await write('one');

    expect((await readHistory(root)).gap).toBe('This is no git repository.');
  });

  it('says so where the clone is shallow', async () => {
    const origin = await mkdtemp(join(tmpdir(), 'fenster-origin-'));
    git('init', '--quiet');
    await commit('one');
    await commit('two');
    git('clone', '--quiet', '--depth=1', `file://${root}`, origin);

    const { versions, gap } = await readHistory(origin);
    await rm(origin, { recursive: true });

    expect(versions.map(({ sdl }) => sdl)).toEqual(['scalar two', 'scalar two']);
    expect(gap).toBe('This clone is shallow: fetch the whole history.');
  });
});
