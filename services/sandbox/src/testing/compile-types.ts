import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Lets the compiler read each source, which may import what is installed. @returns its complaints, by name. */
export async function compileTypes(sources: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const modules = dirname(dirname(require.resolve('typescript/package.json')));
  await mkdir(join(modules, '.cache'), { recursive: true });
  // Within node_modules, so that the SDK is found from there.
  const folder = await mkdtemp(join(modules, '.cache', 'sandbox-sdk-types-'));
  try {
    for (const [name, source] of Object.entries(sources)) await writeFile(join(folder, `${name}.ts`), source);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: 'nodenext',
      target: 'es2024',
      types: [],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const compiler = fileURLToPath(
      new URL('bin/tsc', `file://${dirname(require.resolve('typescript/package.json'))}/`),
    );
    const output = await promisify(execFile)(process.execPath, [compiler, '-p', folder, '--pretty', 'false']).then(
      () => '',
      (error: { stdout?: string }) => error.stdout ?? 'The compiler said nothing.',
    );
    const complaints: Record<string, string> = {};
    let current = '';
    for (const line of output.split('\n').filter(Boolean)) {
      current = /(\w+)\.ts\(\d/.exec(line)?.[1] ?? current;
      complaints[current] = `${complaints[current] ?? ''}${line}\n`;
    }
    return complaints;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * `Wire<T>`: what an SDK calls T, in the words that go over the wire: classes without what only they need, names in Meta's spelling.
 * A list of a fixed length is one of any length here.
 */
export const WIRE_TYPE = `
type Snake<S extends string> = S extends \`\${infer Head}\${infer Tail}\`
  ? \`\${Head extends Lowercase<Head> ? Head : \`_\${Lowercase<Head>}\`}\${Snake<Tail>}\`
  : S;
type Wire<T> = T extends readonly (infer Each)[]
  ? Wire<Each>[]
  : T extends object
    ? { [K in keyof T as K extends \`_\${string}\` ? never : K extends string ? Snake<K> : K]: Wire<T[K]> }
    : T;`;
