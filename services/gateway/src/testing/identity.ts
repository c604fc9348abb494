import { generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signToken, tokenEnd, type Permission } from '@fenster/auth';
import { newId } from '@fenster/runtime';
import { actorWith } from '../../../../test/support/actor.js';

/** Signs tokens with a key of its own and serves the public half as JWKS over HTTP. */
export class TestIdentity {
  readonly #privateKey: webcrypto.CryptoKey;
  readonly #server: Server;
  /** API keys that are good, with the rights that their tokens have. */
  readonly apiKeys = new Map<string, Partial<TestMember>>();
  /** How often it was asked for the token of a key. */
  exchanges = 0;
  /** Then it cannot say whether a key is good. */
  isInTrouble = false;

  private constructor(privateKey: webcrypto.CryptoKey, keySet: string) {
    this.#privateKey = privateKey;
    this.#server = createServer((request, response) => {
      void this.#answer(request, keySet).then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      );
    });
  }

  static async start(): Promise<TestIdentity> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const keySet = JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'EdDSA', use: 'sig' }],
    });
    const identity = new TestIdentity(cryptoKey(privateKey), keySet);
    await new Promise<void>((resolve) => identity.#server.listen(0, '127.0.0.1', resolve));
    return identity;
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  get apiKeyTokenUrl(): string {
    return `${this.jwksUrl}internal/api-key-token`;
  }

  async #answer({ url, headers }: IncomingMessage, keySet: string): Promise<{ status: number; body: string }> {
    if (url !== '/internal/api-key-token') return { status: 200, body: keySet };
    this.exchanges += 1;
    if (this.isInTrouble) return { status: 500, body: '{}' };
    const rights = this.apiKeys.get(headers.authorization ?? '');
    if (!rights) return { status: 401, body: '{}' };
    const lifetimeSeconds = rights.lifetimeSeconds ?? 300;
    const [, accessToken] = (await this.authorization({ ...rights, kind: 'api_key', lifetimeSeconds })).split(' ');
    const expiresAt = new Date((Math.floor(Date.now() / 1_000) + lifetimeSeconds) * 1_000);
    return { status: 200, body: JSON.stringify({ accessToken, expiresAt }) };
  }

  async authorization(member: Partial<TestMember> = {}): Promise<string> {
    const { lifetimeSeconds, ...rights } = { ...someone(), ...member };
    const actor = actorWith(rights);
    const issuedAt = new Date();
    return `Bearer ${await signToken({ kid: 'test', privateKey: this.#privateKey }, actor, issuedAt, tokenEnd(issuedAt, lifetimeSeconds))}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface TestMember {
  kind: 'member' | 'api_key';
  id: string;
  workspaceId: string;
  permissions: Permission[];
  sessionId: string;
  lifetimeSeconds: number;
}

export const WORKSPACE = newId();

function someone(): TestMember {
  return {
    kind: 'member',
    id: newId(),
    workspaceId: WORKSPACE,
    sessionId: newId(),
    permissions: ['conversation:read', 'conversation:read_all', 'member:read', 'message:read'],
    lifetimeSeconds: 300,
  };
}

function cryptoKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey('Ed25519', false, ['sign']);
}
