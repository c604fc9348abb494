import { authorize, grantFor } from '@fenster/auth';
import { once, type Tx } from '@fenster/database';
import { DomainError, newId } from '@fenster/runtime';
import { readBudgetOverride } from '../budgets/budget-gate.rule.js';
import { findCannedResponse } from '../canned-responses/canned-response.commands.js';
import { loadValues } from '../canned-responses/canned-response.queries.js';
import { renderPlaceholders, type Values } from '../canned-responses/placeholders.rule.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { changeConversation } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { plainText } from '../messages/outgoing-content.js';
import { queueMessage } from '../messages/queue-message.js';
import { writeNote } from '../notes/note.commands.js';
import type { Thread } from '../threads/thread.entity.js';
import { findMacro } from './macro.commands.js';
import { changeOf, hasWords, type WordsStep } from './macro-steps.rule.js';
import type { RunMacroInput } from './macro.types.js';

/**
 * All steps or none, in one transaction: what is sent cannot be taken back, so a reply must not leave when the step
 * after it is refused. Everything that the steps change is in one database, the queued message too.
 * @throws DomainError BEYOND_BUDGET_RIGHTS, NOT_FOUND, IDEMPOTENCY_CONFLICT, MACRO_REFUSED, STALE_THREAD as MACRO_REFUSED of the reply.
 */
export async function runMacro(ctx: ConversationContext, input: RunMacroInput): Promise<Conversation> {
  const { macroId, conversationId, expectedLastSeq, idempotencyKey: key } = input;
  const override = readBudgetOverride(ctx.requireActor(), input.budgetOverride);
  const macro = await findMacro(ctx, ctx, macroId);
  const values = macro.steps.some(hasWords) ? await valuesOf(ctx, conversationId) : {};
  return changeConversation(ctx, conversationId, async (tx, conversation, thread) => {
    const request = { key, operation: 'runMacro', input: { macroId, conversationId, expectedLastSeq, ...override } };
    await once(tx, request, newId(), async () => {
      let expected = expectedLastSeq ?? undefined;
      for (const [index, step] of macro.steps.entries()) {
        try {
          if (hasWords(step))
            await speak(ctx, tx, { step, values, conversation, thread, expectedLastSeq: expected, ...override });
          else await changeOf(step, { actor: ctx.requireActor(), now: tx.now() })(tx, conversation, thread);
          await tx.em.flush();
          // What the macro itself sends is no surprise to it.
          if (step.kind === 'REPLY') expected = undefined;
        } catch (error) {
          throw refusalOf(error, index);
        }
      }
    });
    return conversation;
  });
}

/** Before the transaction, which has its connection and must not wait for another. Who may not see it is refused there. */
async function valuesOf(ctx: ConversationContext, conversationId: string): Promise<Values> {
  const conversation = await ctx.loader(conversationsById).load(conversationId);
  return conversation ? loadValues(ctx, conversation) : {};
}

interface Speech {
  step: WordsStep;
  values: Values;
  conversation: Conversation;
  thread: Thread;
  expectedLastSeq: number | undefined;
  budgetOverride?: string;
}

async function speak(ctx: ConversationContext, tx: Tx, { step, values, conversation, thread, ...sent }: Speech) {
  const body = step.cannedResponseId ? (await findCannedResponse(ctx, tx, step.cannedResponseId)).body : step.text!;
  const text = render(body, values);
  const id = newId();
  if (step.kind === 'NOTE') {
    await writeNote(tx, conversation, { id, text, mentionedMemberIds: [], afterSeq: thread.lastSeq });
    return;
  }
  const actor = ctx.requireActor();
  const grant = grantFor(actor, 'message:send', 'text');
  authorize(abilityOf(ctx), 'send', 'Conversation', conversation);
  const content = plainText(text);
  const [reason] = await queueMessage(tx, conversation, thread, { id, by: actor, grant, content, ...sent });
  if (reason) throw reason;
}

/** Nobody looks over it before it leaves. */
function render(body: string, values: Values): string {
  const { text, missing } = renderPlaceholders(body, values);
  if (missing.length === 0) return text;
  throw new DomainError('PLACEHOLDER_MISSING', `Nobody knows what to put for ${missing.join(', ')}.`);
}

function refusalOf(error: unknown, step: number): unknown {
  if (!(error instanceof DomainError)) return error;
  return new DomainError('MACRO_REFUSED', error.message, { details: { step, stepCode: error.code } });
}
