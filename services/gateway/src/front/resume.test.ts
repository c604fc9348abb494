import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCursor } from '@fenster/graphql/cursor';
import { INBOX, TEXTS, TYPING } from '../testing/documents.js';
import { GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start({ RING_EVENTS: '5' });
});
afterEach(() => gateway.stop());

const say = (...texts: string[]) => texts.forEach((text) => gateway.inbox.say(text));

describe('When the subscribing subgraph crashes and returns', () => {
  it('nothing is lost or doubled, and every member gets one notice and one marker', async () => {
    const members = await Promise.all([gateway.subscribe(INBOX), gateway.subscribe(INBOX)]);
    for (const member of members) await member.until((each) => each.isLive);
    say('before');
    for (const member of members) await member.until((each) => each.texts.length === 1);
    await gateway.inbox.server.crash();
    for (const member of members) await member.until((each) => each.notices.length === 1);
    say('while', 'away');
    await gateway.inbox.server.start();
    for (const member of members) await member.until((each) => each.isLive);
    say('after');
    for (const member of members) {
      await member.until((each) => each.texts.length === 4);
      expect(member.texts).toEqual(['before', 'while', 'away', 'after']);
      expect(member.notices).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', retrying: true } }]);
      expect(member.events.map((event) => event.__typename)).toEqual([
        'LiveStarted',
        'MessageReceived',
        'MessageReceived',
        'MessageReceived',
        'LiveStarted',
        'MessageReceived',
      ]);
    }
  });

  it('who subscribes in the meantime is told, and goes on by itself', async () => {
    await gateway.inbox.server.crash();
    const anna = await gateway.subscribe(INBOX);
    await anna.until((each) => each.notices.length === 1);
    await gateway.inbox.server.start();
    await anna.until((each) => each.isLive);
    expect(anna.notices).toHaveLength(1);
  });

  it('a subscription that cannot be resumed says that events may be missing, and goes on', async () => {
    const anna = await gateway.subscribe(TYPING);
    const typesUntil = async (count: number) => {
      const timer = setInterval(() => gateway.inbox.type('Anna'), 5);
      await anna.until((each) => each.events.length >= count).finally(() => clearInterval(timer));
    };
    await typesUntil(1);
    await gateway.inbox.server.crash();
    await anna.until((each) => each.notices.length === 1);
    expect(anna.notices).toMatchObject([{ extensions: { code: 'EVENTS_MAY_BE_MISSING' } }]);
    const before = anna.events.length;
    await gateway.inbox.server.start();
    await typesUntil(before + 1);
    expect(anna.notices).toHaveLength(1);
  });
});

describe('Joining', () => {
  it('within the ring costs no upstream', async () => {
    const anna = await gateway.subscribe(TEXTS);
    await anna.until((each) => each.isLive);
    say('1', '2', '3');
    await anna.until((each) => each.texts.length === 3);
    const late = await gateway.subscribe(TEXTS, { variables: { after: encodeCursor(1) } });
    await late.until((each) => each.isLive);
    expect(late.events.map((event) => event.message?.text ?? event.__typename)).toEqual(['2', '3', 'LiveStarted']);
    expect(late.events.at(-1)!.cursor).toBe(encodeCursor(3));
    expect(gateway.inbox.started).toHaveLength(1);
  });

  it('behind the ring catches up by an upstream of its own, then shares again', async () => {
    const anna = await gateway.subscribe(TEXTS);
    await anna.until((each) => each.isLive);
    const texts = Array.from({ length: 40 }, (_, index) => `message ${index + 1}`);
    say(...texts);
    await anna.until((each) => each.texts.length === 40);
    const late = await gateway.subscribe(TEXTS, { variables: { after: encodeCursor(2) } });
    await late.until((each) => each.isLive);
    say('live');
    await late.until((each) => each.texts.length === 39);
    expect(late.texts).toEqual([...texts.slice(2), 'live']);
    expect(gateway.inbox.started.map(({ after }) => after)).toEqual([undefined, encodeCursor(2)]);
    await expect.poll(() => gateway.inbox.subscribers).toBe(1);
  });

  it('with a cursor that cannot be replayed passes the gap on', async () => {
    say('1', '2', '3');
    gateway.inbox.forgottenUpTo = 2;
    const anna = await gateway.subscribe(TEXTS, { variables: { after: encodeCursor(1) } });
    await anna.until((each) => each.isLive);
    say('4');
    await anna.until((each) => each.texts.length === 1);
    expect(anna.events.map((event) => event.message?.text ?? event.__typename)).toEqual([
      'ReplayGap',
      'LiveStarted',
      '4',
    ]);
  });

  it('again with its last cursor gets exactly what it missed', async () => {
    const anna = await gateway.subscribe(TEXTS);
    await anna.until((each) => each.isLive);
    say('1');
    await anna.until((each) => each.texts.length === 1);
    anna.client.terminate();
    await anna.untilEnded();
    say('2', '3');
    const again = await gateway.subscribe(TEXTS, { variables: { after: anna.events.at(-1)!.cursor } });
    await again.until((each) => each.isLive);
    expect(again.texts).toEqual(['2', '3']);
  });
});

describe('When the sponsor leaves', () => {
  it('the others go on with other credentials and notice nothing', async () => {
    const sponsor = await gateway.subscribe(TEXTS, {
      authorization: await gateway.identity.authorization({ lifetimeSeconds: 900 }),
    });
    await sponsor.until((each) => each.isLive);
    const ben = await gateway.subscribe(TEXTS);
    await ben.until((each) => each.isLive);
    say('1');
    await ben.until((each) => each.texts.length === 1);
    sponsor.client.terminate();
    await sponsor.untilEnded();
    say('2', '3');
    await ben.until((each) => each.texts.length === 3);
    await expect.poll(() => gateway.inbox.started.length).toBe(2);
    say('4');
    await ben.until((each) => each.texts.length === 4);
    expect(ben.events.map((event) => event.message?.text ?? event.__typename)).toEqual([
      'LiveStarted',
      '1',
      '2',
      '3',
      '4',
    ]);
    expect(ben.notices).toEqual([]);
    expect(gateway.inbox.started[0]!.authorization).not.toBe(gateway.inbox.started[1]!.authorization);
  });
});

describe('An event that its subgraph cannot show', () => {
  it('comes as an error in its place, and the stream goes on', async () => {
    const anna = await gateway.subscribe(TEXTS);
    await anna.until((each) => each.isLive);
    say('1', 'poison', '3');
    await anna.until((each) => each.texts.length === 2);
    expect(anna.texts).toEqual(['1', '3']);
    expect(anna.notices).toMatchObject([{ extensions: { code: 'UNREADABLE' } }]);
    expect(gateway.inbox.started).toHaveLength(1);
  });
});
