import { describe, expect, it } from 'vitest';
import { InboxLog } from './inbox-log.js';
import { judgeLog, judgeReplies, judgeSubscriber, judgeThread, type SentReply, type ThreadRow } from './verdict.js';

const fine = { lost: 0, doubled: 0, reordered: 0, problems: [] };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('the verdict on a thread', () => {
  const acknowledged = numbers(4).map((number) => ({ wamid: `w${number}`, text: `text ${number}` }));
  const inbound = (seq: number, number: number): ThreadRow => ({
    seq,
    direction: 'INBOUND',
    providerMessageId: `w${number}`,
    text: `text ${number}`,
  });
  const reply = (seq: number): ThreadRow => ({ seq, direction: 'OUTBOUND', providerMessageId: 'r', text: 'reply' });
  const judge = (...rows: ThreadRow[]) => judgeThread('Anna', acknowledged, rows);

  it('is good when everything is there once, in order, among replies', () => {
    expect(judge(inbound(1, 1), inbound(2, 2), reply(3), inbound(4, 3), inbound(5, 4))).toEqual(fine);
  });

  it('counts what is lost', () => {
    expect(judge(inbound(1, 1), inbound(2, 2), inbound(3, 4))).toMatchObject({ lost: 1, doubled: 0, reordered: 0 });
    expect(judge()).toMatchObject({ lost: 4 });
  });

  it('counts what is doubled', () => {
    const rows = [inbound(1, 1), inbound(2, 2), inbound(3, 3), inbound(4, 2), inbound(5, 4)];
    expect(judge(...rows)).toMatchObject({ lost: 0, doubled: 1, reordered: 0 });
  });

  it('counts what is out of order', () => {
    expect(judge(inbound(1, 1), inbound(2, 3), inbound(3, 2), inbound(4, 4))).toMatchObject({ lost: 0, reordered: 1 });
  });

  it.each<[string, ThreadRow[], string]>([
    ['a hole in seq', [inbound(1, 1), inbound(2, 2), inbound(4, 3), inbound(5, 4)], 'seq 4 stands where 3 should be'],
    ['a message of nobody', [...numbers(4).map((n) => inbound(n, n)), inbound(5, 9)], 'w9 was never sent'],
    ["another message's text", [...numbers(3).map((n) => inbound(n, n)), { ...inbound(4, 4), text: 'text 3' }], 'text'],
  ])('names %s', (_, rows, problem) => {
    expect(judge(...rows).problems).toContainEqual(expect.stringContaining(problem));
  });
});

describe('the verdict on a subscriber', () => {
  const logOf = (...events: [number, string][]) => {
    const log = new InboxLog();
    for (const [position, id] of events) log.add(position, 'MessageAdded', id);
    return log;
  };
  const expected = logOf([3, 'a'], [5, 'b'], [6, 'c']);
  const judge = (...events: [number, string][]) => judgeSubscriber('Berta', expected, logOf(...events));

  it('is good when it has every event of its log, and no other', () => {
    expect(judge([3, 'a'], [5, 'b'], [6, 'c'])).toEqual(fine);
    expect(judge([3, 'a'], [4, 'x'], [5, 'b'], [6, 'c']).problems).toEqual(['Berta: 4 was never sent']);
  });

  it('counts what is missing, doubled or out of order', () => {
    expect(judge([3, 'a'], [6, 'c'])).toMatchObject({ lost: 1 });
    expect(judge([3, 'a'], [5, 'b'])).toMatchObject({ lost: 1 });
    expect(judge([3, 'a'], [5, 'b'], [5, 'b'], [6, 'c'])).toMatchObject({ doubled: 1 });
    expect(judge([3, 'a'], [6, 'c'], [5, 'b'])).toMatchObject({ reordered: 1 });
  });

  it('notices an event that is another one', () => {
    expect(judge([3, 'a'], [5, 'c'], [6, 'c']).problems).toEqual([expect.stringContaining('first 5')]);
  });
});

describe('the verdict on a log', () => {
  const log = { service: 'x', workspaceId: 'w', events: 5, first: 1, last: 5, allocated: 5, pending: 0 };

  it('is good without holes and with everything published', () => {
    expect(judgeLog(log)).toEqual(fine);
  });

  it.each([{ events: 4 }, { first: 2 }, { last: 6 }, { allocated: 6 }, { pending: 1 }])('is bad with %j', (change) => {
    expect(judgeLog({ ...log, ...change }).problems).toHaveLength(1);
  });
});

describe('the verdict on replies', () => {
  const answered = [
    { key: 'k1', messageId: 'm1', text: 'eins' },
    { key: 'k2', messageId: 'm2', text: 'zwei' },
  ];
  const read: SentReply = { messageId: 'm1', status: 'READ', text: 'eins', providerIds: 1, charges: 1 };
  const second: SentReply = { ...read, messageId: 'm2', text: 'zwei' };

  it('is good when each was sent and charged once, or is said to be unconfirmed', () => {
    expect(judgeReplies(answered, [second, read])).toEqual(fine);
    expect(judgeReplies(answered, [read, { ...second, status: 'UNCONFIRMED', providerIds: 0, charges: 0 }])).toEqual(
      fine,
    );
  });

  it('counts sends that went out twice', () => {
    expect(judgeReplies(answered, [read, { ...second, providerIds: 2 }])).toMatchObject({ doubled: 1 });
  });

  it.each<[string, SentReply[]]>([
    ['a message that nobody has', [read]],
    ['a message that nobody asked for', [read, second, { ...read, messageId: 'm3' }]],
    ['a charge too many', [read, { ...second, charges: 2 }]],
    ['a charge too few', [read, { ...second, charges: 0 }]],
    ['a charge for what was never sent', [read, { ...second, status: 'UNCONFIRMED', providerIds: 0 }]],
    ['a doubt about what was sent', [read, { ...second, status: 'UNCONFIRMED' }]],
    ['a reply that stayed on its way', [read, { ...second, status: 'SENT' }]],
    ["another message's text", [read, { ...second, text: 'eins' }]],
  ])('names %s', (_, sent) => {
    expect(judgeReplies(answered, sent).problems).not.toEqual([]);
  });

  it('names two keys with one message', () => {
    const shared = answered.map((reply) => ({ ...reply, messageId: 'm1', text: 'eins' }));
    expect(judgeReplies(shared, [read]).problems).not.toEqual([]);
  });
});
