import { generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signToken, type Permission } from '@fenster/auth';
import { newId } from '@fenster/runtime';
import { actorWith } from '../../../../test/support/actor.js';

/** Signs tokens with a key of its own and serves the public half as JWKS over HTTP. */
export class TestIdentity {
  readonly #privateKey: webcrypto.CryptoKey;
  readonly #server: Server;

  private constructor(privateKey: webcrypto.CryptoKey, server: Server) {
    this.#privateKey = privateKey;
    this.#server = server;
  }

  static async start(): Promise<TestIdentity> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const keySet = JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'EdDSA', use: 'sig' }],
    });
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'application/json').end(keySet),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestIdentity(cryptoKey(privateKey), server);
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async authorization(member: Partial<TestMember> = {}): Promise<string> {
    const { lifetimeSeconds, ...rights } = { ...someone(), ...member };
    const actor = actorWith(rights);
    return `Bearer ${await signToken({ kid: 'test', privateKey: this.#privateKey }, actor, new Date(), lifetimeSeconds)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface TestMember {
  id: string;
  workspaceId: string;
  permissions: Permission[];
  sessionId: string;
  lifetimeSeconds: number;
}

export const WORKSPACE = newId();

function someone(): TestMember {
  return {
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
