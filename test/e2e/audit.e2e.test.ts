import { auditVerify } from '@fenster/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, request, signIn, subscribe } from '../support/api-client.js';
import { demoMember, signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());

interface Entry {
  action: string;
  actor: { name: string } | null;
  objectIds: string[];
  userAgent: string | null;
}

const auditLog = async (token: string) => {
  const query = '{ auditLog(first: 100) { nodes { action actor { name } objectIds userAgent } } }';
  return (await ask<{ nodes: Entry[] }>(stack, token, query)).nodes;
};

describe('the audit log of the whole product', () => {
  it('tells who was shown what and who did what, in all services, and holds together', async () => {
    const supervisor = demoMember(stack, 'supervisor');
    const token = await signIn(stack.graphqlUrl, supervisor);
    const live = subscribe<{ inboxEvents: { message?: { text: string } } }>(
      stack.graphqlUrl,
      'subscription { inboxEvents { __typename ... on MessageAdded { message { text conversation { contact { phone } } } } } }',
      token,
    );
    await eventually(() => expect(live.received).toHaveLength(1));
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Haben Sie noch Tische?']))).toBe(200);
    await eventually(() => expect(live.received).toHaveLength(3));
    interface Conversations {
      conversations: { nodes: { id: string; contact: { id: string; phone: string } }[] };
    }
    const { data } = await request<Conversations>(
      stack.graphqlUrl,
      '{ conversations { nodes { id contact { id phone } messages { nodes { text } } } } }',
      { token, headers: { 'user-agent': 'Inbox/3' } },
    );
    const [conversation] = data.conversations.nodes;
    expect(conversation!.contact.phone).toBe(`+${ANNA.phone}`);
    await request(
      stack.graphqlUrl,
      `mutation { sendMessage(input: { conversationId: "${conversation!.id}", text: "Ja", idempotencyKey: "k" }) { __typename } }`,
      { token },
    );

    const privacyOfficer = await signInAs(stack, 'privacy_officer');
    const did = (entries: Entry[], action: string) =>
      entries.filter((entry) => entry.action === action && entry.actor?.name === supervisor.name);
    const entries = await eventually(async () => {
      const found = await auditLog(privacyOfficer);
      for (const action of [
        'session.start',
        'subscription.open',
        'conversation.read',
        'contact.read_phone',
        'message.send',
      ]) {
        expect(did(found, action)).toHaveLength(1);
      }
      return found;
    });
    expect(did(entries, 'contact.read_phone')).toMatchObject([
      { objectIds: [conversation!.contact.id], userAgent: 'Inbox/3' },
    ]);
    expect(did(entries, 'conversation.read')).toMatchObject([{ objectIds: [conversation!.id] }]);
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['workspace.create', 'channel.connect']),
    );
    expect(JSON.stringify(entries)).not.toMatch(/Tische|15112345678/);
    await live.stop();

    const lines: string[] = [];
    const env = { IDENTITY_DATABASE_URL: stack.deployment.databaseUrls.identity };
    expect(await auditVerify([], env, (line) => lines.push(line))).toBe(0);
    expect(lines).toEqual([expect.stringContaining('entries hold together')]);
  });
});
