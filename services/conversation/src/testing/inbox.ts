import { channelMessageReceived } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { expect } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { customerMessage, type RunningConversation } from './conversation.js';

export interface Asked {
  __typename: string;
  [field: string]: unknown;
}

/** Somebody who asks one service; mutations answer with what their union said. */
export function asker(running: Pick<RunningConversation, 'url'>, token: string) {
  const ask = async <T>(query: string, variables: Record<string, unknown> = {}): Promise<T> => {
    const { data, errors } = await request<T>(running.url, query, { variables, token });
    expect(errors).toBeUndefined();
    return data;
  };
  return {
    token,
    ask,
    async mutate(field: string, args: string, selection: string, variables: Record<string, unknown> = {}) {
      const [declared, passed] = argumentsOf(args);
      const query = `mutation ${declared} { ${field}${passed} { __typename ${selection} ... on UserError { code message } } }`;
      return (await ask<Record<string, Asked>>(query, variables))[field]!;
    },
    async send(conversationId: string, more: Record<string, unknown> = {}): Promise<Asked> {
      const query = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
        __typename ... on Message { seq } ... on UserError { code }
        ... on ClaimedByOther { claim { holder { kind apiKeyId member { id } } expiresAt } } } }`;
      const input = { conversationId, text: 'Ja', idempotencyKey: newId(), ...more };
      return (await ask<{ sendMessage: Asked }>(query, { input })).sendMessage;
    },
  };
}
export type Asker = ReturnType<typeof asker>;

/** `$conversationId: ID!, $seconds: Int` as it is declared, and as it is passed on. */
function argumentsOf(args: string): [string, string] {
  const names = [...args.matchAll(/\$(\w+)/g)].map(([, name]) => `${name}: $${name}`);
  return names.length === 0 ? ['', ''] : [`(${args})`, `(${names.join(', ')})`];
}

let persons = 0;

/** A customer writes for the first time: the id of the conversation that this opens. */
export async function openConversation(running: RunningConversation, workspaceId: string, by: Asker): Promise<string> {
  persons += 1;
  const phone = `+491700${String(persons).padStart(6, '0')}`;
  await running.publish(
    workspaceId,
    channelMessageReceived,
    customerMessage(running.channelId, { identity: { phone }, text: phone }),
  );
  return eventually(async () => {
    const { conversations } = await by.ask<{
      conversations: { nodes: { id: string; messages: { nodes: { text: string }[] } }[] };
    }>('{ conversations { nodes { id messages(last: 1) { nodes { text } } } } }');
    const found = conversations.nodes.find(({ messages }) => messages.nodes[0]?.text === phone);
    expect(found).toBeDefined();
    return found!.id;
  });
}
