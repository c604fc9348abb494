import {
  channelChanged,
  channelMessageAccepted,
  channelMessageFailed,
  channelMessageReceived,
  channelStatusReceived,
  consentChanged,
  consentTextChanged,
  messageQueued,
  templateChanged,
  threadConsentStated,
  type ConsentTextChanged,
  type Envelope,
  type MessageQueued,
  type ThreadConsentStated,
} from '@fenster/contracts';
import { transact } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from '../conversations/conversation.entity.js';
import { Message } from '../messages/message.entity.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import {
  acceptance,
  createTestConversation,
  customerMessage,
  status,
  type TestConversation,
} from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';
import { askConsent, type Asking } from './ask-consent.js';
import { requestWording } from './consent-request-words.rule.js';
import { StoredConsentRequest } from './consent-request.entity.js';

const PHONE = '+491701234567';
const NINE = new Date('2026-11-23T09:00:00.400Z');
const HASH = 'ab'.repeat(32);
let conversation: TestConversation;
let workspaceId: string;
let now: Date;
beforeAll(async () => {
  conversation = await createTestConversation(() => now);
});
afterAll(() => conversation.close());
beforeEach(() => {
  workspaceId = newId();
  now = NINE;
});

const TEXT: ConsentTextChanged = {
  purpose: 'marketing',
  purposeKind: 'MARKETING',
  locale: 'de',
  version: 1,
  hash: HASH,
  body: 'Ich möchte Angebote der Muster GmbH per WhatsApp. Widerruf jederzeit mit STOP.',
  privacyNoticeUrl: 'https://muster.example/datenschutz',
  privacyNoticeVersion: '2026-11',
  isAsked: true,
};
const tenant = () => conversation.database.forTenant(workspaceId);
const thread = () => tenant().findOneOrFail(Thread, { workspaceId });
const requests = () => tenant().find(StoredConsentRequest, {}, { orderBy: { askedAt: 'asc' } });
const publish = (text: Partial<ConsentTextChanged> = {}) =>
  conversation.receive(workspaceId, consentTextChanged, { ...TEXT, ...text });
const after = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const pass = (seconds: number) => (now = after(seconds));
let wamid = 0;

async function write(text: string, { quotes, ...overrides }: { quotes?: string; sentAt?: string } = {}): Promise<void> {
  pass(1);
  // As providers tell it: whole seconds.
  const sentAt = new Date(Math.floor(now.getTime() / 1_000) * 1_000).toISOString();
  const message = { text, sentAt, ...(quotes && { contextProviderMessageId: quotes }), ...overrides };
  await conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId, message));
  await conversation.letTimersRun();
}

function inThread<T>(
  work: (tx: Parameters<Parameters<typeof transact>[1]>[0], c: Conversation, t: Thread) => Promise<T>,
) {
  const ctx = {
    database: conversation.database,
    workspaceId,
    now: () => now,
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin: { actor: { kind: 'member' as const, id: newId() }, correlationId: 'test' },
  };
  return transact(ctx, async (tx) => {
    const found = await tx.em.findOneOrFail(Thread, { workspaceId });
    const [last] = await tx.em.find(Conversation, { workspaceId }, { orderBy: { openedAt: 'desc' }, limit: 1 });
    return work(tx, last!, found);
  });
}
const ask = async (asking: Partial<Asking> = {}) => {
  const reasons = await inThread((tx, c, t) =>
    askConsent(tx, c, t, { id: newId(), by: { kind: 'member', id: newId() }, purpose: 'marketing', ...asking }),
  );
  return reasons.map(({ code, details }) => (details['why'] as string | undefined) ?? code);
};
const reply = (text: string) =>
  inThread((tx, c, t) =>
    queueMessage(tx, c, t, { id: newId(), by: { kind: 'member', id: newId() }, content: plainText(text) }),
  );

const log = () => conversation.logOf(workspaceId);
const said = async () =>
  (await log()).filter(({ name }) => name === threadConsentStated.name) as Envelope<ThreadConsentStated>[];
const queued = async () =>
  (await log()).filter(({ name }) => name === messageQueued.name).map(({ data }) => data as MessageQueued);
/** The provider takes the last of our messages. */
async function accept(): Promise<string> {
  const providerMessageId = `wamid.asked${(wamid += 1)}`;
  const { messageId } = (await queued()).at(-1)!;
  await conversation.receive(
    workspaceId,
    channelMessageAccepted,
    acceptance(conversation.channelId, messageId, providerMessageId),
  );
  return providerMessageId;
}

describe('a question', () => {
  it('given a window, is the published text with buttons; the yes to it is in the ledger with the ids of both', async () => {
    await publish();
    await write('Hallo');
    expect(await ask()).toEqual([]);
    const [asked] = await queued();
    expect(asked).toMatchObject({
      type: 'interactive',
      content: { kind: 'buttons', body: requestWording(TEXT), buttons: [{ title: 'Ja' }, { title: 'Nein' }] },
    });
    const providerMessageId = await accept();
    await write('Ja', { quotes: providerMessageId });
    const [answer] = await tenant().find(Message, { text: 'Ja', direction: 'INBOUND' });
    const { contactId, id: threadId } = await thread();
    expect((await said()).map(({ actor, data }) => ({ actor: actor.kind, ...data }))).toMatchObject([
      {
        actor: 'member',
        kind: 'REQUESTED',
        source: 'AGENT',
        purposes: ['marketing'],
        textHash: HASH,
        requestMessageId: asked!.messageId,
      },
      {
        actor: 'contact',
        kind: 'CONFIRMED',
        source: 'KEYWORD',
        purposes: ['marketing'],
        locale: 'de',
        textHash: HASH,
        contactId,
        threadId,
        identity: { phone: PHONE },
        messageId: answer!.id,
        providerMessageId: answer!.providerMessageId,
        requestMessageId: asked!.messageId,
        requestProviderMessageId: providerMessageId,
      },
    ]);
    expect(await requests()).toMatchObject([{ answer: 'CONFIRMED' }]);
    // The customer is told once, in words that are no advertising.
    await conversation.letTimersRun();
    expect((await queued()).slice(1)).toMatchObject([
      { type: 'text', text: expect.stringContaining('Mit STOP widerrufen') as string },
    ]);
  });

  it('given a yes in the very second of the question, is answered after it was asked', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const sentAt = new Date(Math.floor(now.getTime() / 1_000) * 1_000).toISOString();
    await write('JA', { sentAt });
    const [asked, confirmed] = await said();
    expect(confirmed!.data.kind).toBe('CONFIRMED');
    expect(confirmed!.data.statedAt >= asked!.data.statedAt).toBe(true);
  });

  it('given a no, is a refusal, and nobody asks again until the person begins with it', async () => {
    await publish();
    await write('Hallo');
    await ask();
    await write('Nein danke');
    expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED', 'REFUSED']);
    await told('REFUSED');
    expect(await ask()).toEqual(['SAID_NO']);
    await write('START');
    expect((await said()).map(({ data }) => [data.kind, data.source])).toEqual([
      ['REQUESTED', 'AGENT'],
      ['REFUSED', 'KEYWORD'],
      ['REQUESTED', 'KEYWORD'],
    ]);
  });

  it('given another language, is asked in it; given a text too long for buttons, in words', async () => {
    await publish();
    await publish({ locale: 'en', hash: 'cd'.repeat(32), body: 'x'.repeat(1_000) });
    await write('Hallo');
    expect(await ask({ locale: 'en-GB' })).toEqual([]);
    expect(await queued()).toMatchObject([{ type: 'text', text: expect.stringContaining('Reply YES') as string }]);
    expect(await requests()).toMatchObject([{ locale: 'en', textHash: 'cd'.repeat(32) }]);
  });

  it('given no text, or one of a purpose that is archived, is not asked', async () => {
    await write('Hallo');
    expect(await ask()).toEqual(['CONSENT_TEXT_MISSING']);
    await publish({ isAsked: false });
    expect(await ask()).toEqual(['CONSENT_TEXT_MISSING']);
    await publish();
    expect(await ask({ locale: 'es' })).toEqual(['CONSENT_TEXT_MISSING']);
    expect(await ask()).toEqual([]);
  });

  it('given nobody answers, ends after seven days, is asked once more, and then no more', async () => {
    await publish();
    await write('Hallo');
    await ask();
    expect(await ask()).toEqual(['QUESTION_OPEN']);
    pass(7 * 86_400);
    await conversation.letTimersRun();
    expect((await said()).at(-1)).toMatchObject({
      actor: { kind: 'system' },
      data: { kind: 'EXPIRED', purposes: ['marketing'] },
    });
    await write('Ja');
    expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED', 'EXPIRED']);
    expect(await ask()).toEqual([]);
    pass(7 * 86_400);
    await conversation.letTimersRun();
    await write('Hallo nochmal');
    expect(await ask()).toEqual(['ASKED_TOO_OFTEN']);
  });
});

describe('a yes', () => {
  it('given an agent wrote since, is the answer to that: only the button still answers', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const providerMessageId = await accept();
    await reply('Soll ich das Paket heute losschicken?');
    await write('Ja');
    expect(await requests()).toMatchObject([{ answer: null }]);
    expect((await tenant().findOneOrFail(Conversation, { workspaceId })).waitingSince).not.toBeNull();
    await write('Ja', { quotes: 'wamid.other' });
    expect(await requests()).toMatchObject([{ answer: null }]);
    await write('Ja', { quotes: providerMessageId });
    expect(await requests()).toMatchObject([{ answer: 'CONFIRMED' }]);
  });

  it('given it was written before the question, or nobody asked, is nothing but a message', async () => {
    await publish();
    await write('Ja');
    expect(await said()).toEqual([]);
    await ask();
    await write('Ja', { sentAt: new Date(NINE.getTime() - 60_000).toISOString() });
    expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED']);
  });

  it('given it comes when the question is over, counts for nothing, even before anybody has noticed', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const providerMessageId = await accept();
    pass(7 * 86_400);
    await write('Ja', { quotes: providerMessageId });
    expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED', 'EXPIRED']);
  });

  it('given STOP meanwhile, counts for nothing, not even on the button', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const providerMessageId = await accept();
    await write('STOP');
    await write('Ja');
    await write('Ja', { quotes: providerMessageId });
    expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED', 'WITHDRAWN']);
    expect(await requests()).toMatchObject([{ answer: 'STOPPED' }]);
  });

  it('given it comes twice, counts once, and a later no to the same question is for people to read', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const message = customerMessage(conversation.channelId, { text: 'ja', sentAt: after(1).toISOString() });
    await conversation.receive(workspaceId, channelMessageReceived, message, message);
    await conversation.receive(workspaceId, channelMessageReceived, message);
    await write('Nein');
    expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED', 'CONFIRMED']);
    expect((await tenant().findOneOrFail(Conversation, { workspaceId })).waitingSince).not.toBeNull();
  });

  it('given it quotes something else, is an answer to that, and the question stays open', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const providerMessageId = await accept();
    await tenant().nativeUpdate(Conversation, { workspaceId }, { waitingSince: null });
    await write('Ja', { quotes: 'wamid.other' });
    expect((await tenant().findOneOrFail(Conversation, { workspaceId })).waitingSince).not.toBeNull();
    expect(await requests()).toMatchObject([{ answer: null }]);
    await tenant().nativeUpdate(Conversation, { workspaceId }, { waitingSince: null });
    await write('Ja', { quotes: providerMessageId });
    expect((await tenant().findOneOrFail(Conversation, { workspaceId })).waitingSince).toBeNull();
    expect(await requests()).toMatchObject([{ answer: 'CONFIRMED' }]);
  });

  it('given it comes with one to something else, in a batch, counts', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const providerMessageId = await accept();
    await reply('Passt Ihnen Dienstag?');
    const yes = (contextProviderMessageId: string) =>
      customerMessage(conversation.channelId, {
        text: 'Ja',
        contextProviderMessageId,
        sentAt: after(1).toISOString(),
      });
    await conversation.receive(workspaceId, channelMessageReceived, yes('wamid.other'), yes(providerMessageId));
    expect(await requests()).toMatchObject([{ answer: 'CONFIRMED' }]);
    const [answer] = await tenant().find(Message, { contextProviderMessageId: providerMessageId });
    expect((await said()).at(-1)!.data).toMatchObject({ kind: 'CONFIRMED', messageId: answer!.id });
  });

  it.each([
    ['GREETING', null],
    ['SURVEY', null],
    ['PRIVACY_NOTICE', 'CONFIRMED'],
  ] as const)('given %s was sent since, is the answer to %s', async (automation, answer) => {
    await publish();
    await write('Hallo');
    await ask();
    const by = { kind: 'system', id: 'x' } as const;
    const content = plainText('Etwas anderes.');
    const sent = await inThread((tx, c, t) => queueMessage(tx, c, t, { id: newId(), by, content, automation }));
    expect(sent).toEqual([]);
    await write('Ja');
    expect(await requests()).toMatchObject([{ answer }]);
  });

  describe('given the question never arrived', () => {
    const failed = async () => ({
      messageId: (await queued()).at(-1)!.messageId,
      channelId: conversation.channelId,
      outcome: 'rejected' as const,
      failedAt: now.toISOString(),
      error: { code: 131_026, title: 'Undeliverable' },
    });

    it('counts for nothing: it is an answer to something else', async () => {
      await publish();
      await write('Hallo');
      await ask();
      await conversation.receive(workspaceId, channelMessageFailed, await failed());
      expect(await thread()).toMatchObject({ consentAskedUntil: null });
      await write('Ja');
      expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED']);
      expect(await requests()).toMatchObject([{ answer: 'UNDELIVERED' }]);
      expect((await tenant().findOneOrFail(Conversation, { workspaceId })).waitingSince).not.toBeNull();
      // And they may be asked once more.
      expect(await ask()).toEqual([]);
      await write('Ja');
      expect((await said()).at(-1)!.data.kind).toBe('CONFIRMED');
    });

    it('as the provider tells later, is the same; what was delivered after all is a question', async () => {
      await publish();
      await write('Hallo');
      await ask();
      const providerMessageId = await accept();
      const told = (as: 'delivered' | 'failed') =>
        conversation.receive(
          workspaceId,
          channelStatusReceived,
          status(conversation.channelId, { providerMessageId }, as),
        );
      await told('delivered');
      await told('failed');
      expect(await requests()).toMatchObject([{ answer: null }]);
      await tenant().nativeUpdate(Message, { providerMessageId }, { status: 'SENT' });
      await told('failed');
      await write('Ja', { quotes: providerMessageId });
      expect((await said()).map(({ data }) => data.kind)).toEqual(['REQUESTED']);
    });
  });

  it('is nothing to answer: what is resolved stays so', async () => {
    await publish();
    await write('Hallo');
    await ask();
    const { id, threadId } = await tenant().findOneOrFail(Conversation, { workspaceId });
    await tenant().nativeUpdate(Conversation, { id }, { status: 'RESOLVED', resolvedAt: now, waitingSince: null });
    await tenant().nativeUpdate(Thread, { id: threadId }, { openConversationId: null, resolvedConversationId: id });
    await write('Ja');
    expect(await tenant().find(Conversation, {})).toMatchObject([{ id, status: 'RESOLVED', waitingSince: null }]);
    expect(await requests()).toMatchObject([{ answer: 'CONFIRMED' }]);
  });
});

describe('who wishes to be asked', () => {
  it.each([
    ['in a batch', (start: object, stop: object) => [[start, stop]]],
    ['in two', (start: object, stop: object) => [[start], [stop]]],
  ])('and writes STOP before we do, %s, is not asked', async (_how, batchesOf) => {
    await publish();
    await write('Hallo');
    const from = (text: string, seconds: number) =>
      customerMessage(conversation.channelId, { text, sentAt: after(seconds).toISOString() });
    for (const batch of batchesOf(from('START', 1), from('STOP', 2))) {
      await conversation.receive(workspaceId, channelMessageReceived, ...(batch as ReturnType<typeof from>[]));
    }
    pass(5);
    await conversation.letTimersRun();
    expect((await said()).map(({ data }) => data.kind)).toEqual(['WITHDRAWN']);
    await write('START');
    expect((await said()).map(({ data }) => data.kind)).toEqual(['WITHDRAWN', 'REQUESTED']);
  });
});

describe('without a window', () => {
  const template = (overrides: object = {}) =>
    conversation.receive(workspaceId, templateChanged, {
      templateId: newId(),
      accountId: 'waba1',
      name: 'ask_marketing',
      language: 'de',
      status: 'APPROVED',
      category: 'UTILITY',
      quality: 'GREEN',
      parameterFormat: 'POSITIONAL',
      definition: { body: { text: requestWording(TEXT), examples: [] }, buttons: [], unknownParts: [] },
      ...overrides,
    });
  const wish = { source: 'FORM', at: NINE, formRequestId: 'form-7', formUrl: 'https://muster.example/form' } as const;
  beforeEach(async () => {
    const { channelId } = conversation;
    await conversation.receive(workspaceId, channelChanged, {
      channelId,
      name: 'WhatsApp',
      state: 'ACTIVE',
      accountId: 'waba1',
    });
    await publish();
    await write('Hallo');
    pass(25 * 3_600);
  });

  it('only who signed up is asked, by a template that says exactly that, and the form is evidence', async () => {
    expect(await ask({ wish })).toEqual(['CONSENT_TEMPLATE_MISSING']);
    await template({ category: 'MARKETING' });
    await template({ status: 'PAUSED' });
    await template({
      definition: { body: { text: `${requestWording(TEXT)} Neu!`, examples: [] }, buttons: [], unknownParts: [] },
    });
    expect(await ask({ wish })).toEqual(['CONSENT_TEMPLATE_MISSING']);
    await template();
    expect(await ask()).toEqual(['SIGN_UP_NEEDED']);
    expect(await ask({ wish })).toEqual([]);
    expect((await queued()).at(-1)).toMatchObject({
      type: 'template',
      content: { name: 'ask_marketing', text: requestWording(TEXT) },
    });
    expect((await said()).at(-1)!.data).toMatchObject({
      kind: 'REQUESTED',
      source: 'FORM',
      formRequestId: 'form-7',
      formUrl: wish.formUrl,
    });
    await write('Ja');
    expect((await said()).at(-1)!.data).toMatchObject({ kind: 'CONFIRMED' });
  });

  it('a sign-up is a reason to ask once, and only if it came after their no', async () => {
    await template();
    const { channelId } = conversation;
    expect(await ask({ wish })).toEqual([]);
    await write('Nein');
    pass(25 * 3_600);
    expect(await ask({ wish: { ...wish, at: now } })).toEqual(['SIGN_UP_USED']);
    await told('REFUSED');
    expect(await ask({ wish: { ...wish, formRequestId: 'form-8' } })).toEqual(['SAID_NO']);
    pass(1);
    const anew = { ...wish, at: now, formRequestId: 'form-9' };
    expect(await ask({ wish: anew })).toEqual([]);
    expect(await requests()).toMatchObject([{ formRequestId: 'form-7' }, { formRequestId: 'form-9', wishedAt: now }]);
    // What never arrived was no question.
    const { messageId } = (await queued()).at(-1)!;
    const error = { code: 131_026, title: 'Undeliverable' };
    const failed = { channelId, messageId, outcome: 'rejected' as const, failedAt: now.toISOString(), error };
    await conversation.receive(workspaceId, channelMessageFailed, failed);
    expect(await ask({ wish: anew })).toEqual([]);
  });

  it('who signed up as the ledger knows it, under whatever contact, is asked too', async () => {
    await template();
    await told('REQUESTED', newId());
    expect(await ask()).toEqual([]);
  });
});

describe('whoever asks, and whatever was said', () => {
  const STEPS = ['STOP', 'START', 'JA', 'NEIN', 'HALLO', 'ASK', 'REPLY', 'CONFIRMED', 'WITHDRAWN', 'WEEK'] as const;
  it('every question that leaves is a published text through the gate; every consent has one, and a yes after it', async () => {
    let [left, agreed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 8 }), async (steps) => {
        workspaceId = newId();
        now = NINE;
        await publish();
        await write('Hallo');
        for (const step of steps) {
          if (step === 'ASK') await ask();
          else if (step === 'REPLY') await reply('Passt Ihnen Dienstag?');
          else if (step === 'CONFIRMED' || step === 'WITHDRAWN') await told(step);
          else if (step === 'WEEK') {
            pass(7 * 86_400);
            await conversation.letTimersRun();
          } else await write(step);
        }
        const asked = await tenant().find(Message, { automation: 'CONSENT_REQUEST' });
        const questions = (await said()).filter(({ data }) => data.kind === 'REQUESTED');
        expect(questions.map(({ data }) => data.requestMessageId).toSorted()).toEqual(
          asked.map(({ id }) => id).toSorted(),
        );
        for (const { payload } of asked) {
          expect(payload).toMatchObject({ outgoing: { body: requestWording(TEXT) } });
        }
        const confirmations = (await said()).filter(({ data }) => data.kind === 'CONFIRMED');
        for (const { data } of confirmations) {
          const question = questions.find((each) => each.data.requestMessageId === data.requestMessageId);
          expect(question!.data.statedAt <= data.statedAt).toBe(true);
          const answer = await tenant().findOneOrFail(Message, { id: data.messageId! });
          expect(answer).toMatchObject({ direction: 'INBOUND', text: 'JA' });
          // Between the two nobody wrote STOP, and no colleague wrote anything.
          const request = await tenant().findOneOrFail(Message, { id: data.requestMessageId! });
          const between = await tenant().find(Message, { seq: { $gt: request.seq, $lt: answer.seq } });
          expect(
            between.filter(
              ({ text, automation, direction }) => text === 'STOP' || (direction === 'OUTBOUND' && !automation),
            ),
          ).toEqual([]);
        }
        // Each question has one answer at most.
        expect(new Set(confirmations.map(({ data }) => data.requestMessageId)).size).toBe(confirmations.length);
        left += asked.length;
        agreed += confirmations.length;
      }),
      {
        numRuns: 15,
        examples: [
          [['ASK', 'JA']],
          [['START', 'JA', 'STOP', 'START', 'JA']],
          [['ASK', 'REPLY', 'JA']],
          [['ASK', 'STOP', 'JA']],
        ],
      },
    );
    expect(left).toBeGreaterThan(agreed);
    expect(agreed).toBeGreaterThan(1);
  });

  it('with any other words the gate lets none pass as a question', async () => {
    await publish();
    await write('Hallo');
    const consentRequest = { text: TEXT, wishedAt: NINE };
    for (const content of [
      plainText('Ja zu 50 % Rabatt?'),
      { kind: 'text' as const, body: requestWording(TEXT), previewUrl: true },
    ]) {
      const sent = inThread((tx, c, t) =>
        queueMessage(tx, c, t, {
          id: newId(),
          by: { kind: 'system', id: 'x' },
          content,
          automation: 'CONSENT_REQUEST',
          consentRequest,
        }),
      );
      await expect(sent).rejects.toThrow(/published text and nothing else/);
    }
  });
});

/** What contacts tells of the number. */
async function told(state: 'REQUESTED' | 'CONFIRMED' | 'WITHDRAWN' | 'REFUSED', contactId?: string): Promise<void> {
  pass(1);
  await conversation.receive(workspaceId, consentChanged, {
    contactId: contactId ?? (await thread()).contactId,
    channelId: conversation.channelId,
    identity: { kind: 'PHONE', value: PHONE },
    purpose: 'marketing',
    purposeKind: 'MARKETING',
    state,
    isGranted: state === 'CONFIRMED',
    since: now.toISOString(),
  });
}
