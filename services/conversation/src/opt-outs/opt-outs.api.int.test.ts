import {
  channelMessageReceived,
  consentChanged,
  optOutWordsChosen,
  templateChanged,
  threadMarketingStopped,
} from '@fenster/contracts';
import { readLog, transact } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Consent } from '../consents/consent.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';
import { Message } from '../messages/message.entity.js';
import { Template } from '../templates/template.entity.js';
import { Thread } from '../threads/thread.entity.js';
import { requestContext } from '../testing/request-context.js';
import { StoredOptOutQuestion } from './opt-out-question.entity.js';
import { optOutWordsRenewal } from './tell-words.js';

const PHONE = '+491701234567';
let conversation: RunningConversation;
let workspaceId: string;
let token: string;
beforeAll(async () => {
  conversation = await startConversation();
});
afterAll(() => conversation.stop());
beforeEach(async () => {
  workspaceId = newId();
  token = await conversation.tokenOf(workspaceId);
});

const tenant = () => conversation.database.forTenant(workspaceId);
async function ask<T = Record<string, unknown>>(query: string, variables: object = {}, by = token): Promise<T> {
  const response = await fetch(conversation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${by}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Record<string, T>; errors?: object[] };
  expect(errors).toBeUndefined();
  return Object.values(data!)[0]!;
}
async function write(...texts: string[]): Promise<string> {
  await conversation.publish(
    workspaceId,
    channelMessageReceived,
    ...texts.map((text) => customerMessage(conversation.channelId, { text })),
  );
  await eventually(async () =>
    expect((await tenant().find(Thread, {}))[0]?.lastSeq).toBeGreaterThanOrEqual(texts.length),
  );
  return (await tenant().findOneOrFail(Conversation, { workspaceId })).id;
}

const QUESTIONS = 'query ($id: ID!) { conversation(id: $id) { optOutQuestions { askedAt message { id text } } } }';
const DECIDE = `mutation ($input: DecideOptOutInput!) { decideOptOut(input: $input) {
  ... on Conversation { optOutQuestions { askedAt } } ... on UserError { code } } }`;

describe('a sentence with the word in it', () => {
  it('is shown to agents until one decides, and an opt-out is one from then on', async () => {
    const id = await write('Bitte keine Werbung mehr, danke');
    const { optOutQuestions } = await ask<{ optOutQuestions: { message: { id: string } }[] }>(QUESTIONS, { id });
    expect(optOutQuestions).toMatchObject([{ message: { text: 'Bitte keine Werbung mehr, danke' } }]);
    const messageId = optOutQuestions[0]!.message.id;
    const input = { messageId, decision: 'OPT_OUT' };
    expect(await ask(DECIDE, { input })).toEqual({ optOutQuestions: [] });
    expect(await ask(DECIDE, { input })).toEqual({ optOutQuestions: [] });
    expect(await ask(DECIDE, { input: { messageId, decision: 'NO_OPT_OUT' } })).toEqual({ code: 'OPT_OUT_DECIDED' });
    expect((await tenant().find(Thread, {}))[0]!.optedOutAt).not.toBeNull();
    expect(await tenant().find(StoredOptOutQuestion, {})).toMatchObject([
      { decision: 'OPT_OUT', decidedByKind: 'member' },
    ]);
    const said = (await readLog(tenant(), 0, 100)).filter(({ name }) => name === 'conversation.thread.consent_stated');
    expect(said).toMatchObject([
      { actor: { kind: 'member' }, data: { kind: 'WITHDRAWN', source: 'AGENT', messageId } },
    ]);
  });

  it('is decided by who may work on the conversation', async () => {
    await write('Ich will mich abmelden bitte');
    const { messageId } = await tenant().findOneOrFail(StoredOptOutQuestion, { workspaceId });
    const input = { messageId, decision: 'OPT_OUT' };
    const elsewhere = await conversation.tokenOf(newId());
    expect(await ask(DECIDE, { input }, elsewhere)).toEqual({ code: 'NOT_FOUND' });
    expect((await tenant().find(Thread, {}))[0]!.optedOutAt).toBeNull();
  });
});

describe('what is said to STOP', () => {
  const SET = `mutation ($input: SetOptOutTextInput!) { setOptOutText(input: $input) {
    ... on OptOutText { locale text } ... on InvalidInput { field } } }`;
  const texts = () => ask('{ optOutTexts { locale text } }');

  it('is in the workspace’s own words, until they are taken away', async () => {
    const own = { locale: 'de', text: 'Erledigt: keine Werbung.' };
    expect(await ask(SET, { input: { ...own, text: ` ${own.text} ` } })).toEqual(own);
    expect(await texts()).toEqual([own]);
    await write('Stopp');
    await eventually(async () =>
      expect(await tenant().find(Message, { automation: 'OPT_OUT' })).toMatchObject([{ text: own.text }]),
    );
    expect(await ask(SET, { input: { locale: 'de', text: '' } })).toEqual({ locale: 'de', text: '' });
    expect(await texts()).toEqual([]);
    expect(await ask(SET, { input: { locale: '?', text: 'x' } })).toEqual({ field: 'locale' });
    expect(await ask(SET, { input: { locale: 'de', text: 'x'.repeat(1_001) } })).toEqual({ field: 'text' });
  });
});

describe('the words', () => {
  const SET = `mutation ($input: SetOptOutWordInput!) { setOptOutWord(input: $input) {
    ... on OptOutWord { word locale isBuiltIn isActive } ... on InvalidInput { field } } }`;
  const words = async () =>
    (await ask<{ word: string; isActive: boolean }[]>('{ optOutWords { word isActive } }')) ?? [];

  it('are added, switched off and taken away', async () => {
    const own = { word: ' Désinscrire! ', locale: 'fr', isActive: true };
    expect(await ask(SET, { input: own })).toEqual({
      word: 'desinscrire',
      locale: 'fr',
      isBuiltIn: false,
      isActive: true,
    });
    expect(await ask(SET, { input: { word: 'END', isActive: false } })).toMatchObject({ word: 'end', isBuiltIn: true });
    expect(await words()).toEqual(
      expect.arrayContaining([
        { word: 'desinscrire', isActive: true },
        { word: 'end', isActive: false },
        { word: 'stop', isActive: true },
      ]),
    );
    // Contacts checks newsletters by them.
    const told = async () =>
      (await readLog(tenant(), 0, 1_000)).findLast(({ name }) => name === optOutWordsChosen.name)?.data;
    expect(await told()).toEqual({
      words: [
        { word: 'desinscrire', locale: 'fr', isEveryday: false, isActive: true },
        { word: 'end', locale: null, isEveryday: false, isActive: false },
      ],
    });
    // Kept in the stream, and told again before it is gone from there.
    const ctx = requestContext(conversation.database, { workspaceId });
    const renew = (before: Date) => transact(ctx, (tx) => optOutWordsRenewal.renew(tx, workspaceId, before));
    const later = new Date(Date.now() + 60_000);
    expect(await optOutWordsRenewal.workspaces(ctx, later)).toContain(workspaceId);
    const { length } = await readLog(tenant(), 0, 1_000);
    await renew(new Date(0));
    expect(await readLog(tenant(), 0, 1_000)).toHaveLength(length);
    await renew(later);
    expect((await readLog(tenant(), 0, 1_000)).slice(length)).toMatchObject([{ name: optOutWordsChosen.name }]);
    await ask(SET, { input: { ...own, isActive: false } });
    expect((await words()).map(({ word }) => word)).not.toContain('desinscrire');
    expect(await ask(SET, { input: { word: '!!!', isActive: true } })).toEqual({ field: 'word' });
    expect(await ask(SET, { input: { ...own, locale: '?' } })).toEqual({ field: 'locale' });
  });
});

describe('a marketing template', () => {
  const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
    ... on Message { status } ... on UserError { code } ... on ConsentMissing { consent } ... on OptedOut { purpose } } }`;
  const CHECK = 'query ($input: CheckSendInput!) { checkSend(input: $input) { isAllowed reasons { code } } }';

  async function offer(footer: string | undefined = 'STOP beendet Werbung'): Promise<string> {
    const templateId = newId();
    const definition = { body: { text: 'Nur heute!', examples: [] }, footer, buttons: [], unknownParts: [] };
    const about = { templateId, accountId: 'waba1', name: 'offer', language: 'de' } as const;
    const state = {
      status: 'APPROVED',
      category: 'MARKETING',
      quality: 'GREEN',
      parameterFormat: 'POSITIONAL',
    } as const;
    await conversation.publish(workspaceId, templateChanged, { ...about, ...state, definition });
    await eventually(async () => expect(await tenant().findOne(Template, { id: templateId })).not.toBeNull());
    return templateId;
  }
  const consent = async (state: 'CONFIRMED' | 'WITHDRAWN', since = new Date()) => {
    const { contactId, channelId } = (await tenant().find(Thread, {}))[0]!;
    await conversation.publish(workspaceId, consentChanged, {
      contactId,
      channelId,
      identity: { kind: 'PHONE', value: PHONE },
      purpose: 'marketing',
      purposeKind: 'MARKETING',
      state,
      isGranted: state === 'CONFIRMED',
      since: since.toISOString(),
    });
    await eventually(async () => expect((await tenant().find(Consent, {}))[0]).toMatchObject({ state }));
  };
  const ofTheAccount = async () => {
    await conversation.connectChannel(workspaceId);
    await tenant().execute('update channel set account_id = ?', ['waba1']);
  };

  it('leaves with a consent, and from the STOP on no more: by any way, asked before or not', async () => {
    await ofTheAccount();
    const conversationId = await write('Hallo');
    const templateId = await offer();
    const content = { template: { templateId } };
    const send = () => ask(SEND, { input: { conversationId, content, idempotencyKey: newId() } });
    const check = () => ask(CHECK, { input: { conversationId, content } });
    expect(await send()).toEqual({ code: 'CONSENT_MISSING', consent: null });
    await consent('CONFIRMED');
    expect(await check()).toEqual({ isAllowed: true, reasons: [] });
    expect(await send()).toEqual({ status: 'QUEUED' });
    await write('Hallo', 'STOP', 'noch was');
    await eventually(async () => expect((await tenant().find(Thread, {}))[0]!.optedOutAt).not.toBeNull());
    expect(await send()).toEqual({ code: 'OPTED_OUT', purpose: 'marketing' });
    expect(await check()).toEqual({ isAllowed: false, reasons: [{ code: 'OPTED_OUT' }] });
    // Channels is told to keep back what is queued.
    expect((await readLog(tenant(), 0, 100)).map(({ name }) => name)).toContain(threadMarketingStopped.name);
    await consent('WITHDRAWN');
    expect(await send()).toEqual({ code: 'OPTED_OUT', purpose: 'marketing' });
    await consent('CONFIRMED', new Date(Date.now() + 60_000));
    expect(await send()).toEqual({ status: 'QUEUED' });
  });

  it('does not leave as long as it does not tell how to end it', async () => {
    await ofTheAccount();
    const conversationId = await write('Hallo');
    const templateId = await offer('Ihr Muster-Team');
    await consent('CONFIRMED');
    const content = { template: { templateId } };
    expect(await ask(SEND, { input: { conversationId, content, idempotencyKey: newId() } })).toEqual({
      code: 'OPT_OUT_HINT_MISSING',
    });
  });
});
