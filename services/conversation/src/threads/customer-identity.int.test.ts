import {
  channelMessageReceived,
  customerIdentityChanged,
  threadIdentityChanged,
  threadOpened,
  type ChannelMessageReceived,
} from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Activity } from '../activities/activity.entity.js';
import { Message } from '../messages/message.entity.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { Thread } from './thread.entity.js';

let conversation: TestConversation;
let workspaceId: string;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
});

const [OLD, NEW] = ['+491701111111', '+491702222222'];
const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 9, minute)).toISOString();
type Identity = ChannelMessageReceived['identity'];

const wrote = (minute: number, identity: Identity, text = 'Hallo') =>
  customerMessage(conversation.channelId, { identity, text, sentAt: at(minute) });
const notice = (minute: number, identity: Identity, becomes: Identity) =>
  customerMessage(conversation.channelId, {
    identity,
    becomes,
    type: 'system',
    opensWindow: false,
    payload: { type: 'user_changed_number' },
    sentAt: at(minute),
  });
const receive = async (...messages: ChannelMessageReceived[]) => {
  for (const message of messages) await conversation.receive(workspaceId, channelMessageReceived, message);
};
const em = () => conversation.database.forTenant(workspaceId);
/** Of each thread, what it is called and what was said in it, the oldest thread first. */
async function threads() {
  const [all, messages] = [
    await em().find(Thread, {}, { orderBy: { id: 'asc' } }),
    await em().find(Message, {}, { orderBy: { seq: 'asc' } }),
  ];
  return all.map(({ id, phone, bsuid }) => ({
    phone,
    bsuid,
    said: messages.filter(({ threadId }) => threadId === id).map(({ text, type }) => (type === 'system' ? type : text)),
  }));
}
const told = async (name: string) =>
  (await conversation.logOf(workspaceId)).filter((event) => event.name === name).map(({ data }) => data as never);
const changes = async () => (await told(customerIdentityChanged.name)).map(({ change }) => change as string);
const activities = async () =>
  (await em().find(Activity, { kind: 'IDENTITY' })).map(({ after, actorKind }) => ({ after, actorKind }));

const anna = { phone: OLD, bsuid: 'DE.1' };
const moved = { phone: NEW, bsuid: 'DE.2' };

describe('a customer who has another number', () => {
  it('goes on in the same thread under all that they are called now, and people see why', async () => {
    await receive(wrote(0, anna, 'eins'), notice(1, anna, moved));
    await receive(wrote(2, { bsuid: 'DE.2' }, 'zwei'), wrote(3, { phone: NEW }, 'drei'), wrote(4, moved, 'vier'));
    expect(await threads()).toEqual([{ phone: NEW, bsuid: 'DE.2', said: ['eins', 'system', 'zwei', 'drei', 'vier'] }]);
    expect(await changes()).toEqual(['NUMBER_CHANGED']);
    expect(await activities()).toEqual([{ after: 'NUMBER_CHANGED', actorKind: 'system' }]);
    expect((await told(threadIdentityChanged.name)).map(({ identity }) => identity as Identity)).toEqual([moved]);
    expect(await told(threadOpened.name)).toHaveLength(1);
    // Numbers are nothing for activities and events of the inbox.
    const log = await conversation.logOf(workspaceId);
    expect(JSON.stringify(log.filter(({ dataClass }) => dataClass !== 'identity'))).not.toContain(NEW.slice(1));
  });

  it('has another parent BSUID then, too, which leads nobody into a thread', async () => {
    const [one, two] = [
      { ...anna, parentBsuid: 'DE.ENT.1' },
      { ...moved, parentBsuid: 'DE.ENT.2' },
    ];
    await receive(wrote(0, one), notice(1, one, two), notice(2, two, { ...two, parentBsuid: 'DE.ENT.3' }));
    await receive(wrote(3, { bsuid: 'DE.7', parentBsuid: 'DE.ENT.3' }, 'anderswo'));
    expect(await threads()).toEqual([
      { ...moved, said: ['Hallo', 'system', 'system'] },
      { phone: null, bsuid: 'DE.7', said: ['anderswo'] },
    ]);
    expect(await changes()).toEqual(['NUMBER_CHANGED']);
    const parents = (await told(threadIdentityChanged.name)).map(({ identity }) => (identity as Identity).parentBsuid);
    expect(parents).toEqual(['DE.ENT.2', 'DE.ENT.3']);
    const opened = (await told(threadOpened.name)).map(({ identity }) => (identity as Identity).parentBsuid);
    expect(opened).toEqual(['DE.ENT.1', 'DE.ENT.3']);
  });

  it('does so too where there are no user ids', async () => {
    await receive(wrote(0, { phone: OLD }), notice(1, { phone: OLD }, { phone: NEW }), wrote(2, { phone: NEW }));
    expect(await threads()).toEqual([{ phone: NEW, bsuid: null, said: ['Hallo', 'system', 'Hallo'] }]);
  });

  it('is not who gets the former number next, with a user id or without', async () => {
    await receive(wrote(0, anna), notice(1, anna, moved), wrote(2, { phone: OLD }, 'Bert'));
    await receive(wrote(3, { phone: OLD, bsuid: 'DE.3' }, 'Bert'));
    expect(await threads()).toEqual([
      { ...moved, said: ['Hallo', 'system'] },
      { phone: OLD, bsuid: 'DE.3', said: ['Bert', 'Bert'] },
    ]);
    expect(await changes()).toEqual(['NUMBER_CHANGED']);
  });

  it('is known by the former names in what comes late, which changes nothing of the present ones', async () => {
    await receive(wrote(0, anna), notice(5, anna, moved));
    await receive(wrote(3, { phone: OLD }, 'ohne Id'), wrote(4, anna, 'mit Id'), wrote(6, { bsuid: 'DE.1' }, 'nach'));
    expect(await threads()).toEqual([{ ...moved, said: ['Hallo', 'system', 'ohne Id', 'mit Id', 'nach'] }]);
  });

  it('of whom only the user id is told has no number that anything could be sent to', async () => {
    await receive(wrote(0, anna), notice(1, anna, { bsuid: 'DE.2' }), wrote(2, { bsuid: 'DE.2' }));
    expect(await threads()).toEqual([{ phone: null, bsuid: 'DE.2', said: ['Hallo', 'system', 'Hallo'] }]);
    expect(await changes()).toEqual(['USER_ID_CHANGED']);
    expect(await told(threadIdentityChanged.name)).toMatchObject([
      { identity: { bsuid: 'DE.2' }, former: { phone: OLD } },
    ]);
    await receive(wrote(3, { phone: OLD, bsuid: 'DE.2' }));
    expect(await threads()).toMatchObject([{ phone: OLD, bsuid: 'DE.2' }]);
  });

  it('and wrote from it before the notice came keeps two threads: to make one of them is for people', async () => {
    await receive(wrote(0, anna), wrote(1, moved, 'neu'), notice(2, anna, moved), wrote(3, moved, 'neu'));
    expect(await threads()).toEqual([
      { ...anna, said: ['Hallo', 'system'] },
      { ...moved, said: ['neu', 'neu'] },
    ]);
    expect(await changes()).toEqual(['WRITES_ELSEWHERE']);
  });

  it('is told once, whatever is repeated, and a notice that says nothing new tells nothing', async () => {
    const message = notice(1, anna, moved);
    await receive(wrote(0, anna), message, message, notice(2, moved, moved));
    expect(await changes()).toEqual(['NUMBER_CHANGED']);
  });
});

describe('a number that was handed on', () => {
  const bert = { phone: OLD, bsuid: 'DE.9' };

  it('leads nobody into another person’s thread, and nothing is sent to it from there any more', async () => {
    await receive(
      wrote(0, anna),
      wrote(5, bert, 'Bert'),
      wrote(6, { phone: OLD }, 'Bert'),
      wrote(7, { bsuid: 'DE.1' }),
    );
    expect(await threads()).toEqual([
      { phone: null, bsuid: 'DE.1', said: ['Hallo', 'Hallo'] },
      { ...bert, said: ['Bert', 'Bert'] },
    ]);
    expect(await changes()).toEqual(['NUMBER_LOST']);
    const [{ id }] = (await em().find(Thread, { bsuid: 'DE.1' })) as [Thread];
    expect(await told(customerIdentityChanged.name)).toMatchObject([{ threadId: id }]);
  });

  it('does not go back by what the former holder wrote before', async () => {
    await receive(wrote(0, anna), wrote(5, bert, 'Bert'), wrote(4, anna, 'spät'), wrote(6, { phone: OLD }, 'Bert'));
    expect(await threads()).toEqual([
      { phone: null, bsuid: 'DE.1', said: ['Hallo', 'spät'] },
      { ...bert, said: ['Bert', 'Bert'] },
    ]);
  });
});

describe('whatever comes in one batch', () => {
  it.each<[string, () => ChannelMessageReceived[]]>([
    ['a notice', () => [wrote(0, anna), notice(1, anna, moved), wrote(2, moved), wrote(3, { phone: OLD }, 'Bert')]],
    ['a notice that comes late', () => [wrote(0, anna), wrote(1, moved), notice(2, anna, moved), wrote(3, moved)]],
    [
      'somebody else',
      () => [wrote(0, anna), wrote(5, { phone: OLD, bsuid: 'DE.9' }, 'Bert'), wrote(6, { phone: OLD })],
    ],
    ['what comes late', () => [wrote(0, anna), notice(5, anna, moved), wrote(4, anna), wrote(3, { phone: OLD })]],
  ])('does the same as one by one: %s', async (_, of) => {
    const messages = of();
    await receive(...messages);
    const [single, singleChanges] = [await threads(), await changes()];
    workspaceId = newId();
    await conversation.receive(workspaceId, channelMessageReceived, ...messages);
    expect(await threads()).toEqual(single);
    expect(await changes()).toEqual(singleChanges);
  });
});
