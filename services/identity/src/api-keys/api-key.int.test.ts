import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { permissionsOf } from '../roles/built-in-role.js';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';
import { ApiKey } from './api-key.entity.js';

const START = new Date('2026-11-21T10:00:00Z');
const CREATE = /* GraphQL */ `
  mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      __typename
      ... on ApiKeyCreated {
        secret
        apiKey {
          id
          name
          permissions
          actions {
            action
            resource
            quota {
              count
              per
            }
          }
          createdBy {
            id
          }
          createdAt
          expiresAt
          lastUsedAt
          revokedAt
        }
      }
      ... on UserError {
        code
        message
      }
      ... on InvalidInput {
        field
      }
      ... on BeyondYourRights {
        missing
      }
    }
  }
`;
const REVOKE = /* GraphQL */ `
  mutation ($id: ID!) {
    revokeApiKey(id: $id) {
      __typename
      ... on ApiKey {
        id
        revokedAt
      }
      ... on UserError {
        code
        message
      }
    }
  }
`;

interface Created {
  secret: string;
  apiKey: { id: string };
}

const identity = new IdentityUnderTest();
let workspaceId: string;
let admin: SignInMember;
let agent: SignInMember;

beforeAll(async () => {
  await identity.start();
  workspaceId = await identity.workspace();
  admin = await identity.member(workspaceId, 'admin');
  agent = await identity.member(workspaceId, 'agent');
});
afterAll(() => identity.stop());
beforeEach(() => {
  identity.now = START;
});

const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);
const inputWith = (changes: Record<string, unknown> = {}) => ({
  name: 'Web shop',
  permissions: ['CONVERSATION_READ', 'CONVERSATION_READ_ALL'],
  actions: [{ action: 'MESSAGE_SEND', resource: 'text', quota: { count: 2, per: 'DAY' } }],
  expiresAt: '2027-01-01T00:00:00.000Z',
  idempotencyKey: newId(),
  ...changes,
});

async function create(changes: Record<string, unknown> = {}, by = admin) {
  const { data } = await identity.query(CREATE, {
    variables: { input: inputWith(changes) },
    token: await identity.accessToken(by),
  });
  return data!['createApiKey'] as Created & Record<string, unknown>;
}

async function revoke(id: string, by = admin) {
  const { data } = await identity.query(REVOKE, { variables: { id }, token: await identity.accessToken(by) });
  return data!['revokeApiKey'] as Record<string, unknown>;
}

async function exchange(authorization?: string) {
  const response = await fetch(`${identity.service.url}/internal/api-key-token`, {
    method: 'POST',
    headers: authorization === undefined ? {} : { authorization },
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const stored = (id: string) => identity.database.system().findOneOrFail(ApiKey, { id });
const REFUSED = { status: 401, body: { error: 'unauthenticated' } };

describe('an API key', () => {
  it('is made with rights of its own, and shows its secret once', async () => {
    const idempotencyKey = newId();
    const created = await create({ idempotencyKey });
    expect(created).toEqual({
      __typename: 'ApiKeyCreated',
      secret: expect.stringMatching(/^fk_[0-9a-f]{32}_[\w-]{43}$/),
      apiKey: {
        id: expect.any(String),
        name: 'Web shop',
        permissions: ['CONVERSATION_READ', 'CONVERSATION_READ_ALL'],
        actions: [{ action: 'MESSAGE_SEND', resource: 'text', quota: { count: 2, per: 'DAY' } }],
        createdBy: { id: admin.id },
        createdAt: '2026-11-21T10:00:00.000Z',
        expiresAt: '2027-01-01T00:00:00.000Z',
        lastUsedAt: null,
        revokedAt: null,
      },
    });
    expect(await create({ idempotencyKey })).toEqual({ ...created, secret: null });
    expect(await create({ idempotencyKey, name: 'Another' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    const row = JSON.stringify(await identity.database.system().execute('select * from api_key'));
    expect(row).toContain(created.apiKey.id);
    expect(row).not.toContain(created.secret.slice(-43));
  });

  it('made twice at once with one idempotency key is one, and one of the answers has its secret', async () => {
    const idempotencyKey = newId();
    const both = await Promise.all([create({ idempotencyKey }), create({ idempotencyKey })]);
    expect(both[0].apiKey.id).toBe(both[1].apiKey.id);
    expect(both.filter((answer) => answer.secret !== null)).toHaveLength(1);
  });

  it('cannot have more rights than its maker, nor make keys itself', async () => {
    expect(await create({ permissions: ['WORKSPACE_READ', 'WORKSPACE_MANAGE'] })).toEqual({
      __typename: 'BeyondYourRights',
      code: 'BEYOND_YOUR_RIGHTS',
      message: 'You can only give and take rights that you have yourself. Ask somebody who has them.',
      missing: ['WORKSPACE_MANAGE'],
    });
    expect(await create({ permissions: ['API_KEY_MANAGE'] })).toEqual({
      __typename: 'InvalidInput',
      code: 'INVALID_INPUT',
      message: 'An API key cannot have api_key:manage.',
      field: 'permissions',
    });
  });

  it('is made, shown and revoked by those only who may manage keys, and of their own workspace', async () => {
    const { apiKey } = await create();
    const token = await identity.accessToken(agent);
    for (const [query, variables] of [
      [CREATE, { input: inputWith() }],
      [REVOKE, { id: apiKey.id }],
      ['{ apiKeys { nodes { id } } }', {}],
    ] as const) {
      const { data, errors } = await identity.query(query, { variables, token });
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ message: 'Your role does not allow this.', extensions: { code: 'FORBIDDEN' } }]);
    }
    const stranger = await identity.member(await identity.workspace(), 'owner');
    const notFound = { __typename: 'NotFound', code: 'NOT_FOUND', message: 'API key not found.' };
    expect(await revoke(apiKey.id, stranger)).toEqual(notFound);
    expect(await revoke(newId(), stranger)).toEqual(notFound);
    expect(await revoke('abc', stranger)).toEqual(notFound);
    // Found, its revocation would name a key that no token has.
    expect(await revoke(apiKey.id.toUpperCase())).toEqual(notFound);
    const listed = await identity.query('{ apiKeys { nodes { id } } }', {
      token: await identity.accessToken(stranger),
    });
    expect(listed.data).toEqual({ apiKeys: { nodes: [] } });
  });

  it('is listed newest first, page by page', async () => {
    const manager = await identity.member(await identity.workspace(), 'owner');
    const ids: string[] = [];
    for (let each = 0; each < 3; each += 1) {
      identity.now = after(each);
      ids.unshift((await create({}, manager)).apiKey.id);
    }
    const token = await identity.accessToken(manager);
    const page = async (afterPage: string | null) => {
      const { data } = await identity.query(
        'query ($after: String) { apiKeys(first: 2, after: $after) { nodes { id } nextPage } }',
        { variables: { after: afterPage }, token },
      );
      return data!['apiKeys'] as { nodes: { id: string }[]; nextPage: string | null };
    };
    const first = await page(null);
    const second = await page(first.nextPage);
    expect([...first.nodes, ...second.nodes].map((node) => node.id)).toEqual(ids);
    expect(second.nextPage).toBeNull();
  });
});

describe("an API key's access token", () => {
  it('has the rights of the key for five minutes, and no others', async () => {
    const { secret, apiKey } = await create();
    const { status, body } = await exchange(`Bearer ${secret}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: expect.any(String),
      expiresAt: '2026-11-21T10:05:00.000Z',
      apiKeyId: apiKey.id,
    });
    const token = body['accessToken']!;
    expect(decodeJwt(token)).toEqual({
      iss: 'fenster',
      aud: 'fenster-api',
      sub: apiKey.id,
      ws: workspaceId,
      kind: 'api_key',
      role: 'bot',
      perms: ['conversation:read', 'conversation:read_all'],
      acts: [{ action: 'message:send', resource: 'text', quota: { count: 2, per: 'DAY' } }],
      teams: [],
      channels: [],
      iat: START.getTime() / 1_000,
      exp: START.getTime() / 1_000 + 300,
    });
    const { errors } = await identity.query('{ workspace { id } }', { token });
    expect(errors).toMatchObject([{ message: 'Your role does not allow this.', extensions: { code: 'FORBIDDEN' } }]);
  });

  it('keeps its rights when its maker loses theirs', async () => {
    const passing = await identity.member(workspaceId, 'admin');
    const { secret } = await create({ permissions: ['WORKSPACE_READ'], actions: [] }, passing);
    await identity.database.system().execute(`update member set role = 'finance' where id = ?`, [passing.id]);
    expect(permissionsOf('finance')).not.toContain('api_key:manage');
    const { body } = await exchange(`Bearer ${secret}`);
    const { data } = await identity.query('{ workspace { id } }', { token: body['accessToken']! });
    expect(data).toEqual({ workspace: { id: workspaceId } });
  });

  it('ends with the key, and is refused to one that has expired', async () => {
    const { secret } = await create({ expiresAt: after(90).toISOString() });
    expect((await exchange(`Bearer ${secret}`)).body).toMatchObject({ expiresAt: '2026-11-21T10:01:30.000Z' });
    identity.now = after(90);
    expect(await exchange(`Bearer ${secret}`)).toEqual(REFUSED);
  });

  it('is refused alike to a key that is unknown, wrong, revoked or none', async () => {
    const { secret, apiKey } = await create();
    const other = await create();
    await revoke(apiKey.id);
    const guess = 'A'.repeat(43);
    const [, hex] = other.secret.split('_') as [string, string];
    for (const authorization of [
      undefined,
      '',
      'Bearer ',
      `Bearer ${secret}`,
      `Bearer fk_${hex}_${guess}`,
      `Bearer fk_${newId().replaceAll('-', '')}_${guess}`,
      `Bearer fk_${hex}_${secret.slice(-43)}`,
      `Bearer ${await identity.accessToken(admin)}`,
    ]) {
      expect(await exchange(authorization)).toEqual(REFUSED);
    }
    expect((await exchange(`Bearer ${other.secret}`)).status).toBe(200);
  });

  it('notes the last use once a minute', async () => {
    const { secret, apiKey } = await create();
    await exchange(`Bearer ${secret}`);
    expect((await stored(apiKey.id)).lastUsedAt).toEqual(START);
    identity.now = after(59);
    await exchange(`Bearer ${secret}`);
    expect((await stored(apiKey.id)).lastUsedAt).toEqual(START);
    identity.now = after(60);
    await Promise.all([exchange(`Bearer ${secret}`), exchange(`Bearer ${secret}`)]);
    expect((await stored(apiKey.id)).lastUsedAt).toEqual(after(60));
  });

  it('notes no use of a key that was refused', async () => {
    const { secret, apiKey } = await create();
    await exchange(`Bearer ${secret.slice(0, -43)}${'A'.repeat(43)}`);
    expect((await stored(apiKey.id)).lastUsedAt).toBeNull();
  });
});

describe('revoking an API key', () => {
  it('ends it once, and says so to everybody who has a token of it', async () => {
    const { apiKey } = await create();
    identity.now = after(30);
    const revoked = { __typename: 'ApiKey', id: apiKey.id, revokedAt: '2026-11-21T10:00:30.000Z' };
    expect(await revoke(apiKey.id)).toEqual(revoked);
    identity.now = after(60);
    expect(await revoke(apiKey.id)).toEqual(revoked);
    const log = await readLog(identity.database.forTenant(workspaceId), 0, 1_000);
    const events = log.filter((event) => event.name === 'identity.api_key.revoked' && event.entityId === apiKey.id);
    expect(events).toMatchObject([
      {
        data: { apiKeyId: apiKey.id },
        recordedAt: '2026-11-21T10:00:30.000Z',
        actor: { kind: 'member', id: admin.id },
      },
    ]);
  });

  it('is audited like its making, without its secret', async () => {
    const { apiKey, secret } = await create();
    await revoke(apiKey.id);
    const log = await readLog(identity.database.forTenant(workspaceId), 0, 1_000);
    const audited = log
      .filter((event) => event.name === 'identity.audit_entry.recorded')
      .map((event) => event.data as { action: string; objectIds: string[]; changes?: Record<string, unknown> })
      .filter((entry) => entry.objectIds.includes(apiKey.id));
    expect(audited).toMatchObject([
      {
        action: 'api_key.create',
        changes: {
          permissions: { before: null, after: ['conversation:read', 'conversation:read_all'] },
          actions: { before: null, after: ['message:send/text'] },
          quotas: { before: null, after: ['2/DAY'] },
        },
      },
      { action: 'api_key.revoke' },
    ]);
    expect(JSON.stringify(log)).not.toContain(secret.slice(-43));
  });
});
