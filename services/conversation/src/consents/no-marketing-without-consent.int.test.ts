import {
  channelMessageReceived,
  channelPreferenceReceived,
  consentChanged,
  messageQueued,
  newsletterMessageDue,
  newsletterMessageProgressed,
  newsletterStarted,
  templateChanged,
  type ConsentState,
  type MessageQueued,
  type NewsletterMessageProgressed,
  type OutgoingContent,
} from '@fenster/contracts';
import { transact, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Channel } from '../channels/channel.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { queueMessage, type OutgoingMessage } from '../messages/queue-message.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { Thread } from '../threads/thread.entity.js';

const PHONE = '+491701234567';
const NINE = new Date('2026-11-23T09:00:00Z');
const seconds = (count: number) => new Date(NINE.getTime() + count * 1_000);
let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation(() => seconds(600));
});
afterAll(() => conversation.close());

/** What may have been said by and of somebody, each in its second. */
const STEPS = [
  'STOP',
  'WHATSAPP_STOP',
  'WHATSAPP_RESUME',
  'CONFIRMED',
  'WITHDRAWN',
  'REQUESTED',
  'OTHER_NUMBER',
] as const;
/** What contacts knows of the person for the two slots of a newsletter, a word of the text and the end of an address; and whether it fits. */
const VALUES = {
  fit: { values: ['Anna Berg', 'Köln & Co'], isFit: true },
  // Somebody called so does not tell how to end marketing.
  stop: { values: ['STOP', '../stop?x=1'], isFit: true },
  missing: { values: ['Anna'], isFit: false },
  unfit: { values: ['Anna\n', 'anna'], isFit: false },
  folder: { values: ['Anna', '..'], isFit: false },
} as const;
/** Who sends: each way ends in the same function. */
const WAYS = {
  agent: { by: { kind: 'member', id: newId() } },
  program: { by: { kind: 'api_key', id: newId() } },
  'rule of Fenster': { by: { kind: 'system', id: 'campaign' }, automation: 'GREETING' },
  newsletter: undefined,
  'once more': { by: { kind: 'member', id: newId() }, resendOf: newId() },
} as const satisfies Record<string, Partial<OutgoingMessage> | undefined>;
type Step = (typeof STEPS)[number];

describe('whatever was said, and whoever sends', () => {
  it('no marketing leaves without a confirmed consent that nothing has ended', async () => {
    const left = { newsletter: 0, others: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...STEPS), { maxLength: 5 }),
        fc.constantFrom(...(Object.keys(WAYS) as (keyof typeof WAYS)[])),
        fc.constantFrom('MARKETING' as const, 'OTHER' as const),
        fc.boolean(),
        fc.constantFrom(...(Object.keys(VALUES) as (keyof typeof VALUES)[])),
        async (steps, way, category, tellsHowToEnd, known) => {
          const workspaceId = newId();
          const { values, isFit } = VALUES[known];
          const content = await prepare(workspaceId, category, tellsHowToEnd);
          for (const [index, step] of steps.entries()) await take(workspaceId, step, seconds(index + 1));
          const isNewsletter = way === 'newsletter';
          const hasLeft = isNewsletter
            ? await sendNewsletter(workspaceId, content.templateId, values)
            : (await send(workspaceId, { ...WAYS[way], content })).length === 0;
          const queued = (await conversation.logOf(workspaceId)).filter(
            ({ name, data }) => name === messageQueued.name && (data as { type: string }).type === 'template',
          );
          expect(queued).toHaveLength(hasLeft ? 1 : 0);
          left[isNewsletter ? 'newsletter' : 'others'] += queued.length;
          // What a provider made up since is no newsletter.
          const maySay = !isNewsletter || (category === 'MARKETING' && isFit);
          expect(hasLeft).toBe(isWanted(steps) && tellsHowToEnd && maySay);
          if (isNewsletter && hasLeft) expectOwnWords(queued[0]!.data as MessageQueued, values);
        },
      ),
      {
        numRuns: 60,
        examples: [
          [['CONFIRMED'], 'agent', 'MARKETING', true, 'fit'],
          [['CONFIRMED', 'STOP'], 'rule of Fenster', 'MARKETING', true, 'fit'],
          [['CONFIRMED', 'OTHER_NUMBER'], 'agent', 'MARKETING', true, 'fit'],
          [['OTHER_NUMBER', 'STOP', 'CONFIRMED'], 'agent', 'MARKETING', true, 'fit'],
          [['CONFIRMED'], 'program', 'MARKETING', false, 'fit'],
          [['CONFIRMED'], 'newsletter', 'MARKETING', true, 'fit'],
          [['CONFIRMED'], 'newsletter', 'MARKETING', true, 'stop'],
          [['CONFIRMED'], 'newsletter', 'MARKETING', false, 'stop'],
          [['CONFIRMED'], 'newsletter', 'MARKETING', true, 'folder'],
          [['CONFIRMED'], 'newsletter', 'OTHER', true, 'fit'],
          [[], 'newsletter', 'MARKETING', true, 'fit'],
          [['CONFIRMED', 'STOP'], 'newsletter', 'MARKETING', true, 'fit'],
          [['CONFIRMED', 'WITHDRAWN'], 'newsletter', 'MARKETING', true, 'stop'],
          [['CONFIRMED', 'WHATSAPP_STOP'], 'newsletter', 'MARKETING', true, 'fit'],
          [['CONFIRMED', 'OTHER_NUMBER'], 'newsletter', 'MARKETING', true, 'fit'],
        ],
      },
    );
    expect(Math.min(left.newsletter, left.others)).toBeGreaterThan(0);
  });
});

/** Told once more, in the plainest words. */
function isWanted(steps: readonly Step[]): boolean {
  const last = (...of: Step[]) => steps.findLastIndex((step) => of.includes(step));
  const isConfirmed = last('CONFIRMED') >= 0 && last('CONFIRMED') === last('CONFIRMED', 'WITHDRAWN', 'REQUESTED');
  const isStopped = last('STOP') > last('CONFIRMED') || last('WHATSAPP_STOP') > last('WHATSAPP_RESUME');
  // Whoever writes is known by the number they write from.
  const hasOtherNumber = last('OTHER_NUMBER') > last('STOP');
  return isConfirmed && !isStopped && !hasOtherNumber;
}

async function prepare(
  workspaceId: string,
  category: 'MARKETING' | 'OTHER',
  tellsHowToEnd: boolean,
): Promise<Extract<OutgoingContent, { kind: 'template' }>> {
  const { channelId } = conversation;
  const tenant = conversation.database.forTenant(workspaceId);
  await tenant.insert(Channel, { id: channelId, workspaceId, name: 'WhatsApp', state: 'ACTIVE', accountId: 'waba1' });
  await conversation.receive(
    workspaceId,
    channelMessageReceived,
    customerMessage(channelId, { text: 'Hallo', sentAt: NINE.toISOString() }),
  );
  const templateId = newId();
  await conversation.receive(workspaceId, templateChanged, {
    templateId,
    accountId: 'waba1',
    name: 'offer',
    language: 'de',
    status: 'APPROVED',
    category,
    quality: 'GREEN',
    parameterFormat: 'POSITIONAL',
    definition: {
      body: { text: `Hallo {{1}}, nur heute!${tellsHowToEnd ? ' STOP beendet Werbung.' : ''}`, examples: [] },
      buttons: [{ kind: 'url', text: 'Ansehen', url: 'https://muster.example/{{1}}' }],
      unknownParts: [],
    },
  });
  const filled = {
    text: '',
    body: [{ text: 'Anna' }],
    buttons: [{ index: 0, kind: 'url' as const, value: 'anna' }],
  };
  return { kind: 'template', templateId, name: 'offer', language: 'de', category, ...filled };
}

async function take(workspaceId: string, step: Step, at: Date): Promise<void> {
  const { channelId } = conversation;
  const tenant = conversation.database.forTenant(workspaceId);
  switch (step) {
    case 'STOP':
      return conversation.receive(
        workspaceId,
        channelMessageReceived,
        customerMessage(channelId, { text: 'Stopp', sentAt: at.toISOString() }),
      );
    case 'WHATSAPP_STOP':
    case 'WHATSAPP_RESUME':
      return conversation.receive(workspaceId, channelPreferenceReceived, {
        channelId,
        identity: { bsuid: 'DE.1' },
        purpose: 'MARKETING',
        value: step === 'WHATSAPP_STOP' ? 'STOP' : 'RESUME',
        changedAt: at.toISOString(),
      });
    case 'OTHER_NUMBER':
      await tenant.nativeUpdate(Thread, { workspaceId }, { phone: '+491709999999' });
      return;
    default: {
      const { contactId } = (await tenant.find(Thread, {}))[0]!;
      const state: ConsentState = step;
      return conversation.receive(workspaceId, consentChanged, {
        contactId,
        channelId,
        identity: { kind: 'PHONE', value: PHONE },
        purpose: 'marketing',
        purposeKind: 'MARKETING',
        state,
        isGranted: state === 'CONFIRMED',
        since: at.toISOString(),
      });
    }
  }
}

/** As contacts tells of it, to the number that it knows; whether it left. */
async function sendNewsletter(workspaceId: string, templateId: string, values: readonly string[]): Promise<boolean> {
  const { channelId } = conversation;
  const [newsletterId, messageId] = [newId(), newId()];
  const { contactId } = (await conversation.database.forTenant(workspaceId).find(Thread, {}))[0]!;
  await conversation.receive(workspaceId, newsletterStarted, {
    newsletterId,
    channelId,
    content: { templateId, body: [{ text: '…' }], buttons: [{ index: 0, value: '…' }] },
    slots: [
      { part: 'body', index: 0 },
      { part: 'buttons', index: 0 },
    ],
    purpose: 'marketing',
    createdById: newId(),
    isApproved: false,
  });
  const identity = { kind: 'PHONE' as const, value: PHONE };
  const due = { newsletterId, messageId, contactId, identity, values: [...values] };
  await conversation.receive(workspaceId, newsletterMessageDue, due);
  const told = (await conversation.logOf(workspaceId)).filter(({ name }) => name === newsletterMessageProgressed.name);
  expect(told).toHaveLength(1);
  return (told[0]!.data as NewsletterMessageProgressed).outcome === 'QUEUED';
}

/** Theirs, and not what stands there for everybody. */
function expectOwnWords(message: MessageQueued, [name, end]: readonly string[]): void {
  const content = 'content' in message ? message.content : undefined;
  expect(content).toMatchObject({
    text: expect.stringContaining(`Hallo ${name}, nur heute!`),
    body: [{ text: name }],
    buttons: [{ index: 0, kind: 'url', value: encodeURIComponent(end!) }],
  });
}

function send(workspaceId: string, outgoing: Omit<OutgoingMessage, 'id'>) {
  const ctx: Ctx = {
    database: conversation.database,
    workspaceId,
    now: () => seconds(600),
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
  return transact(ctx, async (tx) => {
    const thread = await tx.em.findOneOrFail(Thread, { workspaceId });
    const { id } = await tx.em.findOneOrFail(Conversation, { workspaceId });
    return queueMessage(tx, await tx.em.findOneOrFail(Conversation, { id }), thread, { id: newId(), ...outgoing });
  });
}
