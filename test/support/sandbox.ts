import { expect } from 'vitest';

/** What is asked of the sandbox's own API, below `/sandbox`: that somebody writes, what a phone shows, that something goes wrong. */
export async function askSandbox<T>(
  { sandboxUrl }: { sandboxUrl: string },
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const response = await fetch(`${sandboxUrl}/sandbox/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as T;
}
