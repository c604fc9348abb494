import dns from 'node:dns';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPublicFetch, isPublicUrl } from './public-fetch.js';

const production = { allowLoopback: false };
const local = { allowLoopback: true };

describe('an address that a workspace names', () => {
  it.each(['https://login.example.com', 'https://login.example.com:8443/realms/acme/?tenant=1'])('may be %s', (url) => {
    expect(isPublicUrl(url, production)).toBe(true);
  });

  it.each([
    'http://login.example.com',
    'https://user:secret@login.example.com',
    'https://login.example.com/#keys',
    'file:///etc/passwd',
    'data:application/json,{}',
    'http://127.0.0.1:4005',
    'login.example.com',
    '',
  ])('may not be %j', (url) => {
    expect(isPublicUrl(url, production)).toBe(false);
  });

  it('may be of this machine in the local deployment, and then without TLS', () => {
    expect(isPublicUrl('http://127.0.0.1:4005', local)).toBe(true);
    expect(isPublicUrl('http://localhost:4005', local)).toBe(true);
    expect(isPublicUrl('http://127.0.0.1.login.example.com', local)).toBe(false);
    expect(isPublicUrl('http://10.0.0.1', local)).toBe(false);
  });
});

describe('fetching from it', () => {
  const MAX_BYTES = 64 * 1024;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    if (request.url === '/moved') response.writeHead(302, { location: '/keys' }).end();
    else if (request.url === '/silent') response.writeHead(200);
    else response.end(request.url === '/huge' ? ' '.repeat(MAX_BYTES + 1) : '{}');
  });
  let url = '';
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  afterEach(() => requests.splice(0));

  async function refusalOf(url: string, options: { allowLoopback: boolean; timeoutMs?: number }): Promise<string> {
    try {
      await (await createPublicFetch({ timeoutMs: 60_000, maxResponseBytes: MAX_BYTES, ...options })(url)).text();
      return 'none';
    } catch (error) {
      const { message, cause } = error as Error;
      return `${message} ${cause instanceof Error ? cause.message : ''}`;
    }
  }

  it('reaches this machine in the local deployment only', async () => {
    expect(await refusalOf(`${url}/keys`, local)).toBe('none');
    expect(await refusalOf(`${url}/keys`, production)).toContain('Forbidden protocol');
  });

  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '192.168.0.1',
    '[::1]',
    '[::]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '[fd00::1]',
    '[fe80::1]',
  ])('never reaches https://%s', async (host) => {
    expect(await refusalOf(`https://${host}/keys`, production)).toMatch(/non-unicast/);
  });

  it.each(['localhost', 'gateway', 'identity.local'])('never asks for the name %s', async (host) => {
    expect(await refusalOf(`https://${host}/keys`, production)).toContain('not a public domain');
  });

  it('judges the address that a name has when it connects', async () => {
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, _options: object, done: unknown) => {
      (done as (error: null, addresses: { address: string; family: number }[]) => void)(null, [
        { address: '127.0.0.1', family: 4 },
      ]);
    }) as never);
    syncBuiltinESMExports();
    try {
      const refusal = await refusalOf(`https://rebound.fenster-public.com:${port}/keys`, production);
      expect(refusal).toContain('resolved to non-unicast address');
      expect(lookup).toHaveBeenCalledOnce();
      expect(requests).toEqual([]);
    } finally {
      lookup.mockRestore();
      syncBuiltinESMExports();
    }
  });

  it('follows no redirect', async () => {
    expect(await refusalOf(`${url}/moved`, local)).toContain('unexpected redirect');
    expect(requests).toEqual(['/moved']);
  });

  it('reads no more than it may', async () => {
    expect(await refusalOf(`${url}/huge`, local)).toMatch(/too large|size/i);
  });

  it('waits no longer than it may', async () => {
    expect(await refusalOf(`${url}/silent`, { ...local, timeoutMs: 50 })).toMatch(/abort|timeout/i);
  });
});
