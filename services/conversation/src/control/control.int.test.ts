import { apiKeyChanged, apiKeyRevoked, controlChanged, type ControlChanged, type Envelope } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Activity } from '../activities/activity.entity.js';
import { ApiKey } from '../directory/directory.entity.js';
import { startConversation, type RunningConversation } from '../testing/conversation.js';
import { asker, openConversation, type Asker } from '../testing/inbox.js';

let running: RunningConversation;
let workspaceId: string;
let anna: Asker;
let ben: Asker;
let faq: Asker & { id: string };
let shop: Asker & { id: string };
let conversationId: string;

let laterMs = 0;
const now = () => new Date(Date.now() + laterMs);
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  running = await startConversation({ now });
});
afterAll(() => running.stop());
beforeEach(async () => {
  laterMs = 0;
  workspaceId = newId();
  const key = async () => {
    const id = newId();
    await announce(id);
    return { ...asker(running, await running.tokenOf(workspaceId, undefined, { kind: 'api_key', id })), id };
  };
  anna = asker(running, await running.tokenOf(workspaceId));
  ben = asker(running, await running.tokenOf(workspaceId));
  [faq, shop] = await Promise.all([key(), key()]);
  conversationId = await openConversation(running, workspaceId, anna);
});

/** Identity tells that there is this key, good for an hour. */
async function announce(apiKeyId: string) {
  const expiresAt = new Date(now().getTime() + HOUR_MS).toISOString();
  await running.publish(workspaceId, apiKeyChanged, { apiKeyId, expiresAt });
  await eventually(async () => expect(await isKnown(apiKeyId)).toBe(true));
}
const isKnown = async (id: string) => (await running.database.forTenant(workspaceId).count(ApiKey, { id })) > 0;
const CONTROL = 'controller { kind id } summary offer { to { kind id } by { kind } summary }';
const ANSWER = `... on Control { ${CONTROL} } ... on InvalidInput { field } ... on NotFound { code }`;
const act = (field: string, by: Asker, more: Record<string, unknown> = {}) => {
  const types: Record<string, string> = { summary: 'String!', reason: 'String!', to: 'ControllerInput!' };
  const args = Object.keys(more).map((name) => `, $${name}: ${types[name]}`);
  const selection = ANSWER.replace(/ \.\.\. on InvalidInput \{ field \}/, Object.keys(more).length > 0 ? '$&' : '');
  return by.mutate(field, `$conversationId: ID!${args.join('')}`, selection, { conversationId, ...more });
};
const toKey = ({ id }: { id: string }) => ({ kind: 'API_KEY', id });
const PEOPLE = { kind: 'HUMAN' };
const offer = (by: Asker, to: object, summary = 'Bitte übernehmen') => act('offerControl', by, { to, summary });
const accept = (by: Asker) => act('acceptControl', by);
const takeOver = (by: Asker, reason = 'Kunde ist verärgert') => act('takeOverControl', by, { reason });
const handTo = async (program: Asker & { id: string }) => {
  await offer(anna, toKey(program));
  expect(await accept(program)).toMatchObject({ __typename: 'Control' });
};
const mayAll = async () => {
  const answers = [];
  for (const each of [anna, faq, shop]) answers.push((await each.send(conversationId)).__typename);
  return answers;
};
const log = async (): Promise<Envelope[]> => readLog(running.database.forTenant(workspaceId), 0, 1_000);
const told = async () =>
  (await log()).filter(({ name }) => name === controlChanged.name).map(({ data }) => data as ControlChanged);

describe('control', () => {
  it('is nobody’s in particular at first: whoever comes first answers', async () => {
    expect(await mayAll()).toEqual(['Message', 'Message', 'Message']);
  });

  it('is offered, accepted by who was offered it, and then everybody else is refused', async () => {
    expect(await offer(anna, toKey(faq), 'Fragt nach Öffnungszeiten')).toMatchObject({
      controller: null,
      offer: { to: toKey(faq), by: { kind: 'MEMBER' }, summary: 'Fragt nach Öffnungszeiten' },
    });
    expect(await mayAll()).toEqual(['Message', 'Message', 'Message']);
    expect(await accept(shop)).toMatchObject({ __typename: 'NoControlOffer' });
    expect(await accept(faq)).toMatchObject({
      controller: toKey(faq),
      summary: 'Fragt nach Öffnungszeiten',
      offer: null,
    });
    expect(await mayAll()).toEqual(['NotInControl', 'Message', 'NotInControl']);
    expect(await told()).toMatchObject([
      { change: 'offered', controller: null, offeredTo: { kind: 'api_key', id: faq.id } },
      { change: 'accepted', controller: { kind: 'api_key', id: faq.id }, previousController: null },
    ]);
  });

  it('goes back to people by offer and acceptance of any of them, and programs are refused then', async () => {
    await handTo(faq);
    expect(await offer(shop, PEOPLE)).toMatchObject({ __typename: 'NotInControl' });
    expect(await offer(faq, PEOPLE, 'Will einen Menschen')).toMatchObject({ offer: { by: { kind: 'API_KEY' } } });
    expect(await accept(ben)).toMatchObject({ controller: PEOPLE, summary: 'Will einen Menschen' });
    expect(await mayAll()).toEqual(['Message', 'NotInControl', 'NotInControl']);
  });

  it('is declined, taken back and given up', async () => {
    await offer(anna, toKey(faq));
    expect(await act('declineControl', shop)).toMatchObject({ __typename: 'Control', offer: null });
    await offer(anna, toKey(faq));
    expect(await act('declineControl', faq)).toMatchObject({ offer: null });
    expect(await accept(faq)).toMatchObject({ __typename: 'NoControlOffer' });
    await handTo(faq);
    expect(await act('releaseControl', anna, { summary: 'x' })).toMatchObject({ __typename: 'NotInControl' });
    expect(await act('releaseControl', faq, { summary: 'Fertig' })).toMatchObject({
      controller: null,
      summary: 'Fertig',
    });
    expect(await mayAll()).toEqual(['Message', 'Message', 'Message']);
    expect((await told()).map(({ change }) => change)).toEqual([
      'offered',
      'withdrawn',
      'offered',
      'declined',
      'offered',
      'accepted',
      'released',
    ]);
  });

  it('is always taken by a person, with a reason, also from a program that holds the claim; by no program', async () => {
    await handTo(faq);
    await faq.mutate('claimConversation', '$conversationId: ID!', '', { conversationId });
    expect(await takeOver(shop)).toMatchObject({ __typename: 'OnlyPeople' });
    expect(await takeOver(anna, ' ')).toMatchObject({ __typename: 'InvalidInput', field: 'reason' });
    const events = subscribe<{ inboxEvents: Record<string, unknown> }>(
      running.url,
      `subscription { inboxEvents { __typename ... on ControlChanged {
        controlChange controller { kind } previousController { kind id } by { member { id } } conversation { control { controller { kind } } }
      } ... on ClaimChanged { claimChange } } }`,
      ben.token,
    );
    await eventually(() => expect(events.received).toHaveLength(1));
    expect(await takeOver(anna)).toMatchObject({ controller: PEOPLE });
    await eventually(() =>
      expect(events.received.slice(1).map(({ inboxEvents }) => inboxEvents)).toEqual([
        {
          __typename: 'ControlChanged',
          controlChange: 'TAKEN_OVER',
          controller: { kind: 'HUMAN' },
          previousController: toKey(faq),
          by: { member: { id: expect.any(String) } },
          conversation: { control: { controller: { kind: 'HUMAN' } } },
        },
        { __typename: 'ClaimChanged', claimChange: 'RELEASED' },
      ]),
    );
    expect(await mayAll()).toEqual(['Message', 'NotInControl', 'NotInControl']);
    const [, latest] = await running.database
      .forTenant(workspaceId)
      .find(Activity, { conversationId, kind: 'CONTROL' }, { orderBy: { occurredAt: 'asc', id: 'asc' } });
    expect(latest).toMatchObject({ before: faq.id, after: 'human', reason: 'Kunde ist verärgert' });
    await events.stop();
  });

  it('is taken by one of two who accept at the same moment', async () => {
    await handTo(faq);
    await offer(faq, PEOPLE);
    const answers = await Promise.all([accept(anna), accept(ben), takeOver(anna), takeOver(ben)]);
    expect(answers.filter(({ __typename }) => __typename === 'Control').length).toBeGreaterThanOrEqual(2);
    const moves = (await told()).slice(3);
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({ controller: { kind: 'human' } });
  });

  it('is not kept by a program whose key is revoked, nor its claim, nor an offer to it: it is told', async () => {
    const other = await openConversation(running, workspaceId, anna);
    await handTo(faq);
    await faq.mutate('claimConversation', '$conversationId: ID!', '', { conversationId });
    const controlled = conversationId;
    conversationId = other;
    await offer(anna, toKey(faq));
    const before = (await log()).length;
    await running.publish(newId(), apiKeyRevoked, { apiKeyId: faq.id });
    await running.publish(workspaceId, apiKeyRevoked, { apiKeyId: faq.id });
    const after = await eventually(async () => {
      const events = (await log()).slice(before).filter(({ name }) => !name.includes('audit'));
      expect(events).toHaveLength(3);
      return events;
    });
    expect(after).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          actor: { kind: 'system', id: 'conversation-api-keys' },
          data: expect.objectContaining({ conversationId: controlled, change: 'removed', controller: null }) as object,
        }),
        expect.objectContaining({
          data: expect.objectContaining({ conversationId: other, change: 'removed' }) as object,
        }),
        expect.objectContaining({
          data: expect.objectContaining({ conversationId: controlled, change: 'released' }) as object,
        }),
      ]),
    );
    expect((await anna.send(controlled)).__typename).toBe('Message');
    expect(await accept(faq)).toMatchObject({ __typename: 'NoControlOffer' });
    const em = running.database.forTenant(workspaceId);
    expect(
      await em.findOneOrFail(Activity, { conversationId: controlled, kind: 'CONTROL', after: null }),
    ).toMatchObject({ before: faq.id, actorKind: 'system' });
  });
});

describe('a program whose key expires', () => {
  it('keeps neither control, nor a claim, nor an offer: it is told, and people answer again', async () => {
    const offered = await openConversation(running, workspaceId, anna);
    await handTo(faq);
    await faq.mutate('claimConversation', '$conversationId: ID!, $seconds: Int', '', { conversationId, seconds: 300 });
    const controlled = conversationId;
    conversationId = offered;
    await offer(anna, toKey(faq));
    const before = (await told()).length;
    laterMs = HOUR_MS - 60_000;
    expect((await anna.send(controlled)).__typename).toBe('NotInControl');
    laterMs = HOUR_MS;
    const after = await eventually(async () => {
      const events = (await told()).slice(before);
      expect(events).toHaveLength(2);
      return events;
    });
    expect(after.toSorted((one, other) => one.conversationId.localeCompare(other.conversationId))).toMatchObject(
      [
        { conversationId: controlled, change: 'removed', controller: null, previousController: { id: faq.id } },
        { conversationId: offered, change: 'removed', controller: null, offeredTo: { id: faq.id } },
      ].toSorted((one, other) => one.conversationId.localeCompare(other.conversationId)),
    );
    expect(await isKnown(faq.id)).toBe(false);
    expect((await anna.send(controlled)).__typename).toBe('Message');
    const em = running.database.forTenant(workspaceId);
    expect(
      await em.findOneOrFail(Activity, { conversationId: controlled, kind: 'CONTROL', after: null }),
    ).toMatchObject({ before: faq.id, actorKind: 'system', reason: 'The API key expired.' });
  });

  it('cannot be offered control any more, nor accept it at its last moment', async () => {
    await offer(anna, toKey(faq));
    const em = running.database.forTenant(workspaceId);
    await em.nativeUpdate(ApiKey, { id: faq.id }, { expiresAt: now() });
    expect(await accept(faq)).toMatchObject({ __typename: 'NoControlOffer' });
    expect(await offer(anna, toKey(faq))).toMatchObject({ __typename: 'NotFound' });
    expect((await told()).map(({ change }) => change)).toEqual(['offered']);
  });
});

describe('refused, and nothing is changed', () => {
  it.each<[string, () => Promise<object>, object]>([
    [
      'an offer to a program without a name',
      () => offer(anna, { kind: 'API_KEY' }),
      { __typename: 'InvalidInput', field: 'to.id' },
    ],
    [
      'an offer to one of the people',
      () => offer(anna, { ...PEOPLE, id: newId() }),
      { __typename: 'InvalidInput', field: 'to.id' },
    ],
    ['an offer without a summary', () => offer(anna, PEOPLE, ''), { __typename: 'InvalidInput', field: 'summary' }],
    [
      'an over-long summary',
      () => offer(anna, PEOPLE, 'x'.repeat(501)),
      { __typename: 'InvalidInput', field: 'summary' },
    ],
    ['an offer to a program that is none', () => offer(anna, toKey({ id: newId() })), { __typename: 'NotFound' }],
    ['nothing to accept', () => accept(anna), { __typename: 'NoControlOffer' }],
  ])('%s', async (_, attempt, refusal) => {
    expect(await attempt()).toMatchObject(refusal);
    expect(await told()).toEqual([]);
  });

  it('another workspace', async () => {
    const stranger = asker(running, await running.tokenOf(newId()));
    expect(await takeOver(stranger)).toMatchObject({ __typename: 'NotFound' });
    expect(await offer(stranger, PEOPLE)).toMatchObject({ __typename: 'NotFound' });
    expect(await told()).toEqual([]);
  });
});
