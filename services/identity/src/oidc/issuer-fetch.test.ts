import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalIssuer } from '../testing/local-issuer.js';
import { createIssuerFetch, isIssuerUrl } from './issuer-fetch.js';

const production = { allowLoopback: false };
const local = { allowLoopback: true };

describe("an issuer's address", () => {
  it.each(['https://login.example.com', 'https://login.example.com:8443/realms/acme/'])('may be %s', (url) => {
    expect(isIssuerUrl(url, production)).toBe(true);
  });

  it.each([
    'http://login.example.com',
    'https://user:secret@login.example.com',
    'https://login.example.com/?tenant=1',
    'https://login.example.com/#keys',
    'file:///etc/passwd',
    'data:application/json,{}',
    'http://127.0.0.1:4005',
    'login.example.com',
    '',
  ])('may not be %j', (url) => {
    expect(isIssuerUrl(url, production)).toBe(false);
  });

  it('may be of this machine in the local deployment, and then without TLS', () => {
    expect(isIssuerUrl('http://127.0.0.1:4005', local)).toBe(true);
    expect(isIssuerUrl('http://localhost:4005', local)).toBe(true);
    expect(isIssuerUrl('http://127.0.0.1.login.example.com', local)).toBe(false);
    expect(isIssuerUrl('http://10.0.0.1', local)).toBe(false);
  });
});

describe("fetching from an issuer's address", () => {
  const issuer = new LocalIssuer();
  beforeAll(() => issuer.start());
  afterAll(() => issuer.stop());
  afterEach(() => issuer.answers.clear());

  async function refusalOf(url: string, options: { allowLoopback: boolean }): Promise<string> {
    try {
      await (await createIssuerFetch(options)(url)).text();
      return 'none';
    } catch (error) {
      const { message, cause } = error as Error;
      return `${message} ${cause instanceof Error ? cause.message : ''}`;
    }
  }

  it('reaches this machine in the local deployment only', async () => {
    expect(await refusalOf(`${issuer.url}/keys`, local)).toBe('none');
    expect(await refusalOf(`${issuer.url}/keys`, production)).toContain('Forbidden protocol');
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
    const { port } = new URL(issuer.url);
    const before = issuer.requests.length;
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, _options: object, done: unknown) => {
      (done as (error: null, addresses: { address: string; family: number }[]) => void)(null, [
        { address: '127.0.0.1', family: 4 },
      ]);
    }) as never);
    syncBuiltinESMExports();
    try {
      const refusal = await refusalOf(`https://rebound.fenster-issuer.com:${port}/keys`, production);
      expect(refusal).toContain('resolved to non-unicast address');
      expect(lookup).toHaveBeenCalledOnce();
      expect(issuer.requests).toHaveLength(before);
    } finally {
      lookup.mockRestore();
      syncBuiltinESMExports();
    }
  });

  it('follows no redirect', async () => {
    issuer.answers.set('/moved', { status: 302, headers: { location: `${issuer.url}/keys` } });
    const before = issuer.requests.length;
    expect(await refusalOf(`${issuer.url}/moved`, local)).toContain('unexpected redirect');
    expect(issuer.requests.slice(before)).toEqual(['/moved']);
  });

  it('reads no more than a key set may have', async () => {
    issuer.answers.set('/huge', { body: ' '.repeat(256 * 1024 + 1) });
    expect(await refusalOf(`${issuer.url}/huge`, local)).toMatch(/too large|size/i);
  });
});
