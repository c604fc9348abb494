import {
  channelMessageReceived,
  channelPreferenceReceived,
  consentChanged,
  messageQueued,
  templateChanged,
  type ConsentState,
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
/** Who sends: each way ends in the same function. */
const WAYS = {
  agent: { by: { kind: 'member', id: newId() } },
  program: { by: { kind: 'api_key', id: newId() } },
  'rule of Fenster': { by: { kind: 'system', id: 'campaign' }, automation: 'GREETING' },
  'once more': { by: { kind: 'member', id: newId() }, resendOf: newId() },
} as const satisfies Record<string, Partial<OutgoingMessage>>;
type Step = (typeof STEPS)[number];

describe('whatever was said, and whoever sends', () => {
  it('no marketing leaves without a confirmed consent that nothing has ended', async () => {
    let left = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...STEPS), { maxLength: 5 }),
        fc.constantFrom(...(Object.keys(WAYS) as (keyof typeof WAYS)[])),
        fc.constantFrom('MARKETING' as const, 'OTHER' as const),
        async (steps, way, category) => {
          const workspaceId = newId();
          const content = await prepare(workspaceId, category);
          for (const [index, step] of steps.entries()) await take(workspaceId, step, seconds(index + 1));
          const reasons = await send(workspaceId, { ...WAYS[way], content });
          const queued = (await conversation.logOf(workspaceId)).filter(
            ({ name, data }) => name === messageQueued.name && (data as { type: string }).type === 'template',
          );
          expect(queued).toHaveLength(reasons.length === 0 ? 1 : 0);
          left += queued.length;
          expect(queued.length > 0).toBe(isWanted(steps));
        },
      ),
      {
        numRuns: 60,
        examples: [
          [['CONFIRMED'], 'agent', 'MARKETING'],
          [['CONFIRMED', 'STOP'], 'rule of Fenster', 'MARKETING'],
          [['CONFIRMED', 'OTHER_NUMBER'], 'agent', 'MARKETING'],
          [['OTHER_NUMBER', 'STOP', 'CONFIRMED'], 'agent', 'MARKETING'],
        ],
      },
    );
    expect(left).toBeGreaterThan(0);
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

async function prepare(workspaceId: string, category: 'MARKETING' | 'OTHER'): Promise<OutgoingContent> {
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
    definition: { body: { text: 'Nur heute! STOP beendet Werbung.', examples: [] }, buttons: [], unknownParts: [] },
  });
  const filled = { text: '', body: [], buttons: [] };
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
