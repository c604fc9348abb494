import { DEMO_NUMBER } from '@fenster/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/api-client.js';
import { signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { askSandbox } from '../support/sandbox.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';

let stack: TestStack;
let owner: string;
const ANNA = { phone: '4915112345678', bsuid: 'DE.TEMPLATES1', name: 'Anna Bauer' };
const { phoneNumberId } = DEMO_NUMBER;

beforeAll(async () => {
  stack = await startTestStack();
  owner = await signInAs(stack, 'owner');
});
afterAll(() => stack?.stop());

async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const { data, errors } = await request<T>(stack.graphqlUrl, query, { variables, token: owner });
  expect(errors).toBeUndefined();
  return data;
}
const sandbox = <T>(method: string, path: string, body?: object) => askSandbox<T>(stack, method, path, body);
const phone = async () => JSON.stringify(await sandbox<object>('GET', `phones/${ANNA.bsuid}`));

interface Message {
  id: string;
  text: string | null;
  status: string;
  content: object;
}
const MESSAGE = 'id text status content { __typename ... on TemplateContent { templateName language category } }';
const conversation = async () =>
  (
    await ask<{ conversations: { nodes: { id: string; channel: { id: string }; messages: { nodes: Message[] } }[] } }>(
      `{ conversations(first: 1) { nodes { id channel { id } messages(last: 20) { nodes { ${MESSAGE} } } } } }`,
    )
  ).conversations.nodes[0]!;
let keys = 0;
const send = async (template: object) => {
  const { id: conversationId } = await conversation();
  return (
    await ask<{ sendMessage: Message & { __typename: string; field?: string; templateStatus?: string } }>(
      `mutation ($input: SendMessageInput!) {
        sendMessage(input: $input) {
          __typename
          ... on Message { ${MESSAGE} }
          ... on InvalidInput { field message }
          ... on TemplateNotUsable { templateStatus message }
        }
      }`,
      { input: { conversationId, content: { template }, idempotencyKey: `template-${(keys += 1)}` } },
    )
  ).sendMessage;
};
const become = (id: string, status: string) =>
  eventually(async () =>
    expect((await conversation()).messages.nodes.find((message) => message.id === id)).toMatchObject({ status }),
  );

describe('templates', () => {
  it('of the account are known by themselves, and reach the customer’s phone', async () => {
    await sandbox('POST', 'inbound', { phoneNumberId, from: ANNA, text: 'Wann kann ich kommen?' });
    await eventually(async () => expect(await conversation()).toBeDefined());
    const template = { name: 'termin', language: 'DE', body: [{ text: 'Anna' }, { text: '24. November um 10 Uhr' }] };
    const sent = await eventually(async () => {
      const result = await send(template);
      expect(result).toMatchObject({ __typename: 'Message' });
      return result;
    });
    const text = 'Hallo Anna, Ihr Termin ist am 24. November um 10 Uhr. Passt das?\n[Ja, passt]\n[Anderer Termin]';
    const content = { __typename: 'TemplateContent', templateName: 'termin', language: 'de', category: 'UTILITY' };
    expect(sent).toMatchObject({ text, content });
    await become(sent.id, 'READ');
    expect(await phone()).toContain('Hallo Anna, Ihr Termin ist am 24. November um 10 Uhr. Passt das?');
  });

  it('are submitted, reviewed, and then open a conversation with somebody who never wrote', async () => {
    const BERND = '+4915198765432';
    const { channel } = await conversation();
    const created = (
      await ask<{ createTemplate: { __typename: string; id: string; status: string } }>(
        `mutation ($input: CreateTemplateInput!) {
          createTemplate(input: $input) { __typename ... on Template { id status } ... on UserError { code message } }
        }`,
        {
          input: {
            channelId: channel.id,
            name: 'abholung',
            language: 'de',
            category: 'UTILITY',
            parameterFormat: 'NAMED',
            header: { text: { text: 'Ihr Rad ist fertig' } },
            body: {
              text: 'Hallo {{name}}, Sie können es bis {{zeit}} abholen.',
              examples: [
                { name: 'name', value: 'Anna' },
                { name: 'zeit', value: '18 Uhr' },
              ],
            },
            buttons: [{ kind: 'URL', text: 'Weg', url: 'https://example.com/{{1}}', example: 'https://example.com/x' }],
          },
        },
      )
    ).createTemplate;
    expect(created).toMatchObject({ __typename: 'Template', status: 'PENDING' });
    const templates = () =>
      sandbox<{ templates: { id: string; name: string }[] }>('GET', 'templates').then(({ templates: all }) =>
        all.find(({ name }) => name === 'abholung'),
      );
    const decide = async (change: object) => sandbox('POST', `templates/${(await templates())!.id}`, change);
    const start = (key: string) =>
      ask<{ startConversation: { __typename: string; id?: string; text?: string; conversation?: { id: string } } }>(
        `mutation ($input: StartConversationInput!) {
          startConversation(input: $input) {
            __typename ... on Message { id text status conversation { id } } ... on UserError { code message }
          }
        }`,
        {
          input: {
            channelId: channel.id,
            phone: BERND,
            idempotencyKey: key,
            content: {
              template: {
                templateId: created.id,
                body: [
                  { name: 'zeit', text: '18 Uhr' },
                  { name: 'name', text: 'Bernd' },
                ],
                buttons: [{ index: 0, value: 'markt' }],
              },
            },
          },
        },
      ).then(({ startConversation }) => startConversation);

    await decide({ event: 'APPROVED' });
    await eventually(async () => {
      const { template } = await ask<{ template: { status: string } }>(`{ template(id: "${created.id}") { status } }`);
      expect(template.status).toBe('APPROVED');
    });
    let tries = 0;
    const started = await eventually(async () => {
      const result = await start(`first-${(tries += 1)}`);
      expect(result).toMatchObject({ __typename: 'Message' });
      return result;
    });
    expect(started.text).toBe('Ihr Rad ist fertig\nHallo Bernd, Sie können es bis 18 Uhr abholen.\n[Weg]');
    await eventually(async () => {
      const { conversation: shown } = await ask<{ conversation: { messages: { nodes: { status: string }[] } } }>(
        `{ conversation(id: "${started.conversation!.id}") { messages(last: 5) { nodes { status } } } }`,
      );
      expect(shown.messages.nodes).toMatchObject([{ status: 'READ' }]);
    });

    await decide({ event: 'PAUSED', reason: 'NONE' });
    await eventually(async () => {
      expect(await start(`paused-${(tries += 1)}`)).toMatchObject({ __typename: 'TemplateNotUsable' });
    });
  });

  it('drift to another category, announced and done', async () => {
    const { templates } = await sandbox<{ templates: { id: string; name: string }[] }>('GET', 'templates');
    const id = templates.find(({ name }) => name === 'hello_world')!.id;
    const shown = () =>
      ask<{ templates: { nodes: { category: string; announcedCategory: { category: string } | null }[] } }>(
        '{ templates(filter: { name: "hello_world" }) { nodes { category announcedCategory { category effectiveAt } } } }',
      ).then((answer) => answer.templates.nodes[0]);
    await sandbox('POST', `templates/${id}`, { category: 'MARKETING', noticeMs: 86_400_000 });
    await eventually(async () => {
      expect(await shown()).toMatchObject({ category: 'UTILITY', announcedCategory: { category: 'MARKETING' } });
    });
    await sandbox('POST', `templates/${id}`, { category: 'MARKETING', noticeMs: 0 });
    await eventually(async () => {
      expect(await shown()).toMatchObject({ category: 'MARKETING', announcedCategory: null });
    });
  });
});
