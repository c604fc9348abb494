import { writeNewsletterFacts } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { billingUnderTest, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, queued, REGULAR_SERVICE, testMessage } from '../testing/events.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const QUOTE = `amount { decimal currency } range { least { decimal } most { decimal } } unquotedMessages
  lines { category market messages freeMessages amount { decimal } } reasons { code facts { fact value } } text`;
const MESSAGES = `query ($channelId: ID!, $messages: [QuoteMessagesInput!]!) {
  quoteMessages(channelId: $channelId, messages: $messages) { ${QUOTE} } }`;
const PREVIEW = `query ($facts: _Any!) { _entities(representations: [$facts]) { ... on NewsletterPreview { expectedCost { ${QUOTE} } } } }`;
const REPLY = `query ($facts: _Any!) { _entities(representations: [$facts]) { ... on Conversation { replyQuote { ${QUOTE} } } } }`;

interface ShownQuote {
  amount: { decimal: string } | null;
  range: { least: { decimal: string }; most: { decimal: string } };
  lines: { market: string; freeMessages: number; amount: { decimal: string } }[];
  reasons: { code: string }[];
  text: string;
}

async function known() {
  const message = testMessage();
  await billing.handle(channelsConsumer, channel(message));
  return { message, actor: personOf(message.workspaceId), workspaceId: message.workspaceId };
}

async function quoteReply(
  actor: Parameters<BillingUnderTest['ask']>[0],
  channelId: string,
): Promise<ShownQuote | null> {
  const replyFacts = JSON.stringify({ channelId, recipientCountry: 'DE', isInWindow: true, isInEntryPoint: false });
  const facts = { __typename: 'Conversation', id: newId(), replyFacts };
  const { data, errors } = await billing.ask<{ _entities: { replyQuote: ShownQuote | null }[] }>(actor, REPLY, {
    facts,
  });
  expect(errors).toBeUndefined();
  return data._entities[0]!.replyQuote;
}

describe('quotes', () => {
  it('follow what is used of the allowance, and what is on its way', async () => {
    const { message, actor, workspaceId } = await known();
    const { channelId } = message;
    expect((await quoteReply(actor, channelId))!).toMatchObject({
      amount: { decimal: '0.0000' },
      text: 'about €0.00, because 1000 of the 1000 free messages of this number are left',
    });
    await billing.handle(
      messageQueuedConsumer(billing.books),
      ...Array.from({ length: 1_000 }, () => queued(testMessage({ workspaceId, channelId }))),
    );
    const onTheirWay = (await quoteReply(actor, channelId))!;
    expect(onTheirWay).toMatchObject({
      amount: { decimal: '0.0456' },
      range: { least: { decimal: '0.0000' }, most: { decimal: '0.0456' } },
    });
    expect(onTheirWay.reasons.map(({ code }) => code)).toEqual(['ALLOWANCE_USED_UP', 'ALLOWANCE_UNCERTAIN', 'RATE']);
    // The provider charges one: then nothing is left, whatever our count says.
    await billing.deliver(testMessage({ workspaceId, channelId }), { pricing: REGULAR_SERVICE });
    const charged = (await quoteReply(actor, channelId))!;
    expect(charged.range).toEqual({ least: { decimal: '0.0456' }, most: { decimal: '0.0456' } });
    expect(charged.text).toContain('because the free allowance of this number is used up');
  });

  it('begin where the portfolio of the number is, also of a number that has sent nothing, and its queue will be', async () => {
    const { message, actor, workspaceId } = await known();
    const announced = channel(message);
    const account = { currency: 'USD', timeZone: 'Europe/Berlin', portfolioId: 'portfolio' };
    await billing.handle(channelsConsumer, { ...announced, data: { ...(announced.data as object), account } });
    const sql = `insert into meter_slot (workspace_id, meter, slot, size, messages) values (?, ?, 0, 100000, ?)`;
    const meter = 'volume portfolio|Germany|utility|USD|2026-11|100000,900000,3500000,35500000,40000000';
    await billing.database.system().execute(sql, [workspaceId, meter, 99_999]);
    const ofTwo = async () => {
      const messages = [{ category: 'utility', country: 'DE', recipients: 2 }];
      const variables = { channelId: message.channelId, messages };
      const { data } = await billing.ask<{ quoteMessages: ShownQuote }>(actor, MESSAGES, variables);
      const { amount, range } = data.quoteMessages;
      return [amount?.decimal, range.least.decimal, range.most.decimal];
    };
    // One at 0.0550 and one at 0.0523.
    expect(await ofTwo()).toEqual(['0.1073', '0.1073', '0.1073']);
    await billing.handle(
      messageQueuedConsumer(billing.books),
      queued(testMessage({ workspaceId, channelId: message.channelId }), {
        type: 'template',
        content: { kind: 'template', templateId: newId(), name: 'termin', language: 'de', category: 'UTILITY' },
      } as never),
    );
    expect(await ofTwo()).toEqual(['0.1046', '0.1046', '0.1073']);
    // What is told without its portfolio is of the one that is known.
    await billing.handle(channelsConsumer, {
      ...announced,
      data: { ...(announced.data as object), account: { ...account, portfolioId: undefined } },
    });
    expect(await ofTwo()).toEqual(['0.1046', '0.1046', '0.1073']);
  });

  it('count a list by market and category, and price each as it will be rated', async () => {
    const { message, actor } = await known();
    const messages = [
      { category: 'MARKETING', country: 'DE', recipients: 1_000 },
      { category: 'marketing', market: 'Rest of Western Europe', recipients: 10 },
      { category: 'marketing', market: 'Other', recipients: 1 },
    ];
    const { data, errors } = await billing.ask<{ quoteMessages: ShownQuote }>(actor, MESSAGES, {
      channelId: message.channelId,
      messages,
    });
    expect(errors).toBeUndefined();
    expect(data.quoteMessages.lines.map(({ market, amount }) => [market, amount.decimal])).toEqual([
      ['Germany', '113.1000'],
      ['Rest of Western Europe', '0.4900'],
      ['Other', '0.0500'],
    ]);
    expect(data.quoteMessages.amount!.decimal).toBe('113.6400');
  });

  it('say what a newsletter would cost, by market, to who may see costs', async () => {
    const { message, actor, workspaceId } = await known();
    const { channelId } = message;
    const quoteFacts = writeNewsletterFacts({
      channelId,
      recipients: [
        { country: 'DE', count: 1_000 },
        { country: null, count: 2 },
      ],
    });
    const facts = { __typename: 'NewsletterPreview', id: 'of a segment', quoteFacts };
    const costOf = async (as: typeof actor) => {
      const { data, errors } = await billing.ask<{ _entities: [{ expectedCost: ShownQuote | null }] }>(as, PREVIEW, {
        facts,
      });
      expect(errors).toBeUndefined();
      return data._entities[0].expectedCost;
    };
    expect(await costOf(actor)).toMatchObject({
      amount: { decimal: '113.1000' },
      unquotedMessages: 2,
      lines: [
        { category: 'marketing', market: 'Germany', messages: 1_000 },
        { market: null, messages: 2 },
      ],
    });
    expect(await costOf(personOf(workspaceId, ['contact:manage']))).toBeNull();
    expect(await costOf(personOf())).toMatchObject({ amount: null, reasons: [{ code: 'NOT_PRICED' }] });
  });

  it('are told to who may see costs, of numbers of their own workspace', async () => {
    const { message, workspaceId } = await known();
    const { channelId } = message;
    const messages = [{ category: 'service', country: 'DE', recipients: 1 }];
    const agent = personOf(workspaceId, ['conversation:read', 'message:send']);
    expect(await quoteReply(agent, channelId)).toBeNull();
    expect((await billing.ask(agent, MESSAGES, { channelId, messages })).errors).toMatchObject([{ code: 'FORBIDDEN' }]);
    const stranger = personOf();
    expect((await billing.ask(stranger, MESSAGES, { channelId, messages })).errors).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
    expect(await quoteReply(stranger, channelId)).toMatchObject({ amount: null, reasons: [{ code: 'NOT_PRICED' }] });
  });

  it.each([
    [{ category: 'service', recipients: 1 }, 'messages.country'],
    [{ category: 'service', country: 'DE', market: 'Germany', recipients: 1 }, 'messages.country'],
    [{ category: 'service', market: 'Atlantis', recipients: 1 }, 'messages.market'],
    [{ category: 'gossip', country: 'DE', recipients: 1 }, 'category'],
    [{ category: 'service', country: 'DE', recipients: 0 }, 'messages.recipients'],
  ])('refuse what cannot be read: %j', async (line, field) => {
    const { message, actor } = await known();
    const variables = { channelId: message.channelId, messages: [line] };
    expect((await billing.ask(actor, MESSAGES, variables)).errors).toMatchObject([{ code: 'INVALID_INPUT', field }]);
  });
});
