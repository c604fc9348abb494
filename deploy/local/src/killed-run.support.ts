import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Runs `code` in a process of its own, with everything of index.ts as `local`, until it calls `report(value)`; then kills
 * that process with SIGKILL, as a crash would.
 * @returns what was reported
 */
export async function killAfterReport<T>(code: string): Promise<T> {
  const index = fileURLToPath(new URL('index.ts', import.meta.url));
  const program = `
    import * as local from ${JSON.stringify(index)};
    const report = (value) => process.send(value);
    ${code}
    setInterval(() => {}, 60_000);
  `;
  const args = ['--conditions=source', '--import', '@oxc-node/core/register', '--input-type=module', '-e', program];
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const reported = once(child, 'message');
  const [value] = (await Promise.race([
    reported,
    exited.then(() => Promise.reject(new Error('The process ended without a report.'))),
  ])) as [T];
  child.kill('SIGKILL');
  await exited;
  return value;
}
