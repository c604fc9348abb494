import type { ActionGrant } from '@fenster/auth';
import type { Tx } from '@fenster/database';
import { AllowanceEnd } from '../budgets/allowance-end.entity.js';
import { BudgetStop } from '../budgets/budget-stop.entity.js';
import { Channel } from '../channels/channel.entity.js';
import { lockClaim } from '../claims/claim.commands.js';
import { Claim } from '../claims/claim.entity.js';
import { Control } from '../control/control.entity.js';
import { stateOf } from '../control/control.queries.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { quotaLeft } from '../quotas/consume-quota.js';
import { readConsents, type TemplateConsent } from '../consents/consent-facts.js';
import { Template } from '../templates/template.entity.js';
import { isWindowOpen } from '../threads/service-window.js';
import type { Thread } from '../threads/thread.entity.js';
import { readRequestState } from '../consent-requests/request-state.js';
import type { SendAttempt, SendState } from './send-gate.js';

/** Of a template's channel, and of the person. */
export interface KnownFacts {
  channel: Channel | null;
  template: Template | null;
  consent: TemplateConsent | undefined;
  budget: BudgetState;
}

export type BudgetState = Required<Pick<SendState, 'budgetStops' | 'isAllowanceLeft'>>;

/** What the send gate has to know, the same for sending and for asking. What is to be sent needs the thread locked. */
export async function readSendState(
  tx: Tx,
  conversation: Conversation,
  thread: Thread,
  {
    by,
    grant,
    content,
    consentRequest,
    newsletterId,
    known,
    lock = false,
  }: Pick<SendAttempt, 'by' | 'content' | 'consentRequest'> & {
    grant?: ActionGrant | undefined;
    newsletterId?: string | undefined;
    known?: KnownFacts | undefined;
    lock?: boolean;
  },
): Promise<SendState> {
  const now = tx.now();
  const { openConversationId } = thread;
  // Rules of Fenster answer nobody: whose turn it is does not matter to them.
  const isAnswer = by.kind !== 'system';
  const conversationId = conversation.id;
  const template =
    known?.template ??
    (content?.kind === 'template' ? await tx.em.findOne(Template, { id: content.templateId }) : null);
  const control = isAnswer ? await tx.em.findOne(Control, { conversationId }) : null;
  const budget = known?.budget ?? (await readBudget(tx, thread, spenderOf(conversation, newsletterId)));
  return {
    now,
    channel: known ? known.channel : await tx.em.findOne(Channel, { id: thread.channelId }),
    window: { expiresAt: thread.windowExpiresAt ?? null },
    lastSeq: thread.lastSeq,
    channelId: thread.channelId,
    template,
    consent: known ? known.consent : (await readConsents(tx, [thread], template)).get(thread),
    request: consentRequest && (await readRequestState(tx, thread, consentRequest)),
    ...budget,
    isInEntryPoint: isWindowOpen({ expiresAt: thread.freeEntryExpiresAt ?? null }, now),
    hasPhone: thread.phone != null,
    conversation,
    isAnotherOpen: openConversationId != null && openConversationId !== conversation.id,
    control: control && { ...control, ...stateOf(control) },
    claim: !isAnswer
      ? null
      : lock
        ? await lockClaim(tx, conversationId)
        : await tx.em.findOne(Claim, { conversationId }),
    quota: grant ? await quotaLeft(tx, by.id, grant) : undefined,
  };
}

/** What is used up of the budgets that pay for what this team or newsletter sends over this channel, and of those of all. */
export async function readBudget(
  tx: Tx,
  { workspaceId, channelId }: Pick<Thread, 'workspaceId' | 'channelId'>,
  { teamId, newsletterId }: Spender,
): Promise<BudgetState> {
  const budgetStops = await tx.em.find(BudgetStop, {
    workspaceId,
    $and: [{ $or: [{ teamId: null }, { teamId }] }, { $or: [{ newsletterId: null }, { newsletterId }] }],
    until: { $gt: tx.now() },
  });
  const isAllowanceLeft = budgetStops.length > 0 && (await hasFreeMessages(tx, { workspaceId, channelId }));
  return { budgetStops, isAllowanceLeft };
}

/** Whose budget pays for a message. */
export interface Spender {
  teamId: string | null;
  newsletterId: string | null;
}

/** A newsletter is no team's work, wherever the last conversation was. */
export function spenderOf({ teamId = null }: Conversation, newsletterId: string | undefined): Spender {
  return newsletterId === undefined ? { teamId, newsletterId: null } : { teamId: null, newsletterId };
}

/** As long as billing has not told that its allowance of this month is used up. */
async function hasFreeMessages(
  tx: Tx,
  { workspaceId, channelId }: Pick<Thread, 'workspaceId' | 'channelId'>,
): Promise<boolean> {
  return (await tx.em.count(AllowanceEnd, { workspaceId, channelId, until: { $gt: tx.now() } })) === 0;
}
