import { readFileSync } from 'node:fs';
import { getOperationAST, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request, subscribe } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
/** What stands in the README, by the names of the operations and in their order. */
const OPERATIONS = operationsIn(README.split('## Build an inbox in ten minutes\n')[1]!.split('\n## ')[0]!);

function operationsIn(section: string): Map<string, string> {
  const blocks = [...section.matchAll(/```graphql\n(.*?)```/gs)].map(([, block]) => block!);
  return new Map(blocks.map((block) => [getOperationAST(parse(block))!.name!.value, block]));
}

let stack: TestStack;
let token: string;
beforeAll(async () => {
  stack = await startTestStack();
  token = await signInAs(stack, 'agent');
});
afterAll(() => stack?.stop());

type Answer = Record<string, Record<string, unknown>>;
const ran = new Set(['Live']);

/** Pastes an operation, with an id or a cursor where the dots are. */
async function run(name: string, instead = ''): Promise<Answer> {
  ran.add(name);
  const { data, errors } = await request<Answer>(stack.graphqlUrl, OPERATIONS.get(name)!.replaceAll('…', instead), {
    token,
  });
  expect(errors, name).toBeUndefined();
  return data;
}

describe('building an inbox as the README says', () => {
  it('works, step by step, with what stands there', async () => {
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Geht es heute noch?']))).toBe(200);
    const { nodes, cursor } = await eventually(async () => {
      const { conversations } = await run('Inbox');
      expect(conversations!['nodes']).toMatchObject([{ contact: { name: ANNA.name }, status: 'OPEN', claim: null }]);
      return conversations as unknown as { nodes: { id: string }[]; cursor: string };
    });
    const { id } = nodes[0]!;

    const live = subscribe<{ inboxEvents: { __typename: string; by?: { kind: string } } }>(
      stack.graphqlUrl,
      OPERATIONS.get('Live')!.replaceAll('…', cursor),
      token,
    );
    const told = () => live.received.map(({ inboxEvents }) => inboxEvents.__typename);
    await eventually(() => expect(told()).toEqual(['LiveStarted']));

    const opened = await run('Open', id);
    expect(opened['conversation']).toMatchObject({
      lastSeq: 1,
      messages: { nodes: [{ text: 'Geht es heute noch?' }] },
    });
    expect(opened['replyOptions']).toContainEqual(
      expect.objectContaining({ kind: 'TEXT', isAllowed: true, reasons: [] }),
    );
    expect(await run('Claim', id)).toMatchObject({ claimConversation: { __typename: 'Claim' } });
    expect(await run('Draft', id)).toMatchObject({ saveDraft: { __typename: 'Draft', version: 1 } });
    expect(await run('Send', id)).toMatchObject({ sendMessage: { __typename: 'Message', seq: 2 } });
    expect(await run('Note', id)).toMatchObject({ addNote: { __typename: 'Note' } });
    expect(await run('Take', id)).toMatchObject({ takeConversation: { __typename: 'Conversation' } });
    expect(await run('Snooze', id)).toMatchObject({ snoozeConversation: { status: 'SNOOZED' } });
    expect(await run('Resolve', id)).toMatchObject({ resolveConversation: { status: 'RESOLVED' } });
    expect(await run('Export', id)).toMatchObject({
      conversationTranscript: { content: expect.stringContaining('Geht es heute noch?') as string, nextPart: null },
    });
    const { activities } = (await run('History', id))['conversation'] as { activities: { nodes: object[] } };
    expect(activities.nodes).toMatchObject([
      { kind: 'STATUS', before: 'SNOOZED', after: 'RESOLVED', reason: 'Termin steht', by: { kind: 'MEMBER' } },
      { kind: 'STATUS', before: 'OPEN', after: 'SNOOZED', reason: 'Antwort abwarten' },
      { kind: 'ASSIGNEE', before: null },
    ]);

    const channelId = await eventually(async () => {
      const { nodes } = (await run('Templates'))['templates'] as {
        nodes: { name: string; channels: { id: string }[] }[];
      };
      return nodes.find(({ name }) => name === 'termin')!.channels[0]!.id;
    });
    // Channels lists a template a moment before conversation knows it.
    await eventually(async () =>
      expect(await run('WriteFirst', channelId)).toMatchObject({
        startConversation: { __typename: 'Message', text: expect.stringContaining('Hallo Bernd') as string },
      }),
    );

    await eventually(() => {
      expect(told()).toEqual(
        expect.arrayContaining([
          'MessageAdded',
          'MessageStatusChanged',
          'ClaimChanged',
          'ConversationAssigned',
          'ConversationStatusChanged',
        ]),
      );
      expect(told().filter((each) => each === 'ConversationStatusChanged')).toHaveLength(2);
    });
    expect(live.errors).toEqual([]);
    expect([...OPERATIONS.keys()].filter((name) => !ran.has(name))).toEqual([]);
    await live.stop();
  });
});
