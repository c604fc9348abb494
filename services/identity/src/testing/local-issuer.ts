import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';

type Algorithm = 'RS256' | 'ES256' | 'EdDSA';
type Answer = { status?: number; headers?: Record<string, string>; body?: string };
type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** An OpenID Connect issuer on this machine: configuration, keys, and tokens as the test wants them. */
export class LocalIssuer {
  url = '';
  /** By path; instead of the configuration and the keys. */
  readonly answers = new Map<string, Answer>();
  readonly requests: string[] = [];
  readonly keys: JWK[] = [];
  readonly #privateKeys = new Map<string, PrivateKey>();
  readonly #server = createServer((request, response) => {
    const path = request.url ?? '/';
    this.requests.push(path);
    const { status = 200, headers = {}, body = '' } = this.answers.get(path) ?? this.#own(path);
    response.writeHead(status, headers).end(body);
  });

  async start(): Promise<this> {
    for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) await this.addKey(alg, alg);
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async addKey(kid: string, alg: Algorithm): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
    this.#privateKeys.set(kid, privateKey);
  }

  /** A token that would be accepted, but for the claims and header that the test changes. */
  async token(
    claims: JWTPayload,
    {
      at,
      alg = 'RS256',
      kid = alg,
      key = kid,
      typ,
    }: { at: Date; alg?: Algorithm; kid?: string; key?: string; typ?: string },
  ): Promise<string> {
    const seconds = Math.floor(at.getTime() / 1_000);
    const standard = { iss: this.url, sub: 'user-1', iat: seconds, exp: seconds + 300, email_verified: true };
    return new SignJWT({ ...standard, ...claims })
      .setProtectedHeader({ alg, kid, ...(typ && { typ }) })
      .sign(this.#privateKeys.get(key)!);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #own(path: string): Answer {
    if (path === '/.well-known/openid-configuration') {
      return { body: JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }) };
    }
    return path === '/keys' ? { body: JSON.stringify({ keys: this.keys }) } : { status: 404 };
  }
}
