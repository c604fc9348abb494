import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import type { IdentityService } from '../service.js';
import { auditEvent, publishEvents, type AuditEvent } from '../testing/audit-events.js';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';
import { AuditEntry } from './audit-entry.entity.js';

const LOG = /* GraphQL */ `
  query ($filter: AuditLogFilter, $first: Int, $after: String) {
    auditLog(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        seq
        occurredAt
        action
        actorKind
        actorId
        actor {
          name
        }
        objectType
        objectIds
        changes {
          setting
          before
          after
        }
        clientAddress
        userAgent
        sessionId
        correlationId
        hash
      }
      nextPage
    }
  }
`;

const identity = new IdentityUnderTest();
const statements: string[] = [];
let observed: IdentityService;
let ours: string;
let theirs: string;
let owner: SignInMember;
let agent: SignInMember;
const key = newId();
const contact = newId();
let events: AuditEvent[];

beforeAll(async () => {
  await identity.start();
  observed = await identity.anotherInstance({ onStatement: (text) => statements.push(text) });
  [ours, theirs] = [await identity.workspace(), await identity.workspace()];
  owner = await identity.member(ours, 'owner', 'Olga Sommer');
  agent = await identity.member(ours, 'agent', 'Anton Berger');
  const at = (minute: number) => ({ occurredAt: new Date(Date.UTC(2026, 10, 1, 12, minute)).toISOString() });
  const byAgent = { actor: { kind: 'member', id: agent.id } } as const;
  const byKey = { actor: { kind: 'api_key', id: key } } as const;
  events = [
    auditEvent(ours, { ...byAgent, ...at(1) }, { action: 'message.send', objectType: 'message' }),
    auditEvent(ours, { ...byKey, ...at(2) }, { action: 'message.send', objectType: 'message' }),
    auditEvent(
      ours,
      { ...byAgent, ...at(3) },
      { action: 'contact.read_phone', objectType: 'contact', objectIds: [newId(), contact] },
    ),
    auditEvent(
      ours,
      { actor: { kind: 'member', id: owner.id }, correlationId: 'request 4', ...at(4) },
      {
        action: 'member.role_change',
        objectType: 'member',
        objectIds: [agent.id],
        changes: { role: { before: 'agent', after: 'admin' }, teamIds: { before: null, after: [] } },
        sessionId: newId(),
        clientAddress: '192.0.2.4',
        userAgent: 'Browser/4',
      },
    ),
    // At the same moment, and late.
    auditEvent(ours, { ...byAgent, ...at(4) }, { action: 'contact.read', objectType: 'contact', objectIds: [contact] }),
    auditEvent(
      ours,
      { actor: { kind: 'system', id: 'demo' }, ...at(0) },
      { action: 'channel.connect', objectType: 'channel' },
    ),
    auditEvent(
      theirs,
      { ...byAgent, ...at(5) },
      { action: 'contact.read', objectType: 'contact', objectIds: [contact] },
    ),
  ];
  await publishEvents(identity.nats.url, events);
  await eventually(async () => {
    const ids = events.map(({ id }) => id);
    expect(await identity.database.system().count(AuditEntry, { id: { $in: ids } })).toBe(events.length);
  });
});
afterAll(async () => {
  await observed.stop();
  await identity.stop();
});

interface Page {
  nodes: { id: string; hash: string; actor: { name: string } | null }[];
  nextPage: string | null;
}

/** Without what these very requests add to the log. */
async function ask(filter: object | null = null, page: object = {}, as = owner): Promise<Page> {
  const to = { to: '2026-11-02T00:00:00Z' };
  const { data, errors } = await identity.query(LOG, {
    token: await identity.accessToken(as),
    variables: { filter: { ...to, ...filter }, ...page },
  });
  expect(errors).toBeUndefined();
  return data!.auditLog as Page;
}
const idsOf = (...indexes: number[]) => indexes.map((index) => events[index]!.id);
const found = async (filter: object) => (await ask(filter)).nodes.map(({ id }) => id);
const [SENT, SENT_BY_KEY, PHONES, ROLE, READ, CONNECTED] = [0, 1, 2, 3, 4, 5] as const;
const NEWEST_FIRST = () => {
  const together = idsOf(ROLE, READ).toSorted().toReversed();
  return [...together, ...idsOf(PHONES, SENT_BY_KEY, SENT, CONNECTED)];
};

describe('the audit log', () => {
  it('is there with everything about an entry', async () => {
    const { nodes } = await ask({ action: 'member.role_change' });
    expect(nodes).toEqual([
      {
        id: events[ROLE]!.id,
        seq: expect.any(Number),
        occurredAt: '2026-11-01T12:04:00.000Z',
        action: 'member.role_change',
        actorKind: 'member',
        actorId: owner.id,
        actor: { name: 'Olga Sommer' },
        objectType: 'member',
        objectIds: [agent.id],
        changes: [
          { setting: 'role', before: '"agent"', after: '"admin"' },
          { setting: 'teamIds', before: 'null', after: '[]' },
        ],
        clientAddress: '192.0.2.4',
        userAgent: 'Browser/4',
        sessionId: events[ROLE]!.data.sessionId,
        correlationId: 'request 4',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('is the newest first, in pages that fit together', async () => {
    expect(await found({})).toEqual(NEWEST_FIRST());
    const ids: string[] = [];
    let page: Page = { nodes: [], nextPage: null };
    do {
      page = await ask(null, { first: 1, after: page.nextPage });
      ids.push(...page.nodes.map(({ id }) => id));
    } while (page.nextPage !== null);
    expect(ids).toEqual(NEWEST_FIRST());
  });

  it('finds by actor, action, type of object, object and time, alone and together', async () => {
    expect(await found({ actorId: key })).toEqual(idsOf(SENT_BY_KEY));
    expect(await found({ action: 'message.send' })).toEqual(idsOf(SENT_BY_KEY, SENT));
    expect(await found({ objectType: 'contact' })).toEqual(idsOf(READ, PHONES));
    expect(await found({ objectId: contact })).toEqual(idsOf(READ, PHONES));
    expect(await found({ from: '2026-11-01T12:02:00Z', to: '2026-11-01T12:04:00Z' })).toEqual(
      idsOf(PHONES, SENT_BY_KEY),
    );
    expect(await found({ actorId: agent.id, objectId: contact, action: 'contact.read' })).toEqual(idsOf(READ));
    expect(await found({ objectId: contact, from: '2026-11-01T12:04:00Z' })).toEqual(idsOf(READ));
    expect(await found({ actorId: key, objectType: 'contact' })).toEqual([]);
    expect(await found({ objectId: newId() })).toEqual([]);
  });

  it('pages through the entries about an object as well', async () => {
    const first = await ask({ objectId: contact }, { first: 1 });
    const second = await ask({ objectId: contact }, { first: 1, after: first.nextPage });
    expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(idsOf(READ, PHONES));
    expect(second.nextPage).toBeNull();
  });

  it('knows only members of its workspace as actors', async () => {
    const actors = (await ask()).nodes.map(({ actor }) => actor?.name ?? null);
    expect(actors.toSorted()).toEqual(['Anton Berger', 'Anton Berger', 'Anton Berger', 'Olga Sommer', null, null]);
  });

  it('costs two queries, whatever the size of the page', async () => {
    const token = await identity.accessToken(owner);
    // Opening the connection asks something of its own.
    await identity.query(LOG, { token, url: observed.url });
    for (const first of [1, 100]) {
      statements.length = 0;
      await identity.query(LOG, { token, variables: { first }, url: observed.url });
      expect(statements.filter((text) => text.startsWith('select') && !text.includes('set_config'))).toHaveLength(2);
    }
  });

  it('is for owners, admins and privacy officers', async () => {
    for (const role of ['owner', 'admin', 'privacy_officer']) {
      expect((await ask(null, {}, await identity.member(ours, role))).nodes).toHaveLength(6);
    }
    for (const role of ['supervisor', 'agent', 'finance']) {
      const { data, errors } = await identity.query(LOG, {
        token: await identity.accessToken(await identity.member(ours, role)),
      });
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  it('is that of the own workspace alone', async () => {
    const stranger = await identity.member(theirs, 'owner');
    expect((await ask(null, {}, stranger)).nodes.map(({ id }) => id)).toEqual(idsOf(6));
    expect((await ask({ objectId: contact }, {}, stranger)).nodes.map(({ id }) => id)).toEqual(idsOf(6));
  });

  it('says who looked at it', async () => {
    const admin = await identity.member(ours, 'admin');
    await ask(null, {}, admin);
    await eventually(async () => {
      const read = await identity.database.system().find(AuditEntry, { actorId: admin.id, action: 'audit_log.read' });
      expect(read).toMatchObject([{ workspaceId: ours, objectIds: [ours] }]);
    });
  });

  it.each([
    [{ first: 0 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ after: 'elsewhere' }, 'after'],
    [{ filter: { objectId: 'somebody' } }, 'objectId'],
  ])('refuses %j', async (variables, field) => {
    const { errors } = await identity.query(LOG, { token: await identity.accessToken(owner), variables });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
  });
});
