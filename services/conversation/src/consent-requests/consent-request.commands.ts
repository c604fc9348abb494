import { grantFor } from '@fenster/auth';
import { once, type Tx } from '@fenster/database';
import { checkText, invalidInput, newId } from '@fenster/runtime';
import { readBudgetOverride } from '../budgets/budget-gate.rule.js';
import type { ConversationContext } from '../context.js';
import { changeConversation } from '../conversations/change-conversation.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { resourceOf } from '../messages/send-gate.js';
import { reachFirst, recipientOf, requireChannel } from '../openings/start-conversation.commands.js';
import type { Thread } from '../threads/thread.entity.js';
import { askConsent, type OwnWish } from './ask-consent.js';
import { StoredConsentRequest } from './consent-request.entity.js';
import type { ConsentSignUpInput, RequestConsentInput } from './consent-request.types.js';

type Reached = { conversation: Conversation; thread: Thread };

/**
 * Asks a person to agree to a purpose: in a conversation, or somebody who signed up elsewhere and may never have written.
 * @throws DomainError BEYOND_API_KEY, BEYOND_BUDGET_RIGHTS, NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_CONFLICT, ANOTHER_CONVERSATION_OPEN,
 *   CONSENT_TEXT_MISSING, CONSENT_TEMPLATE_MISSING, CONSENT_NOT_ASKABLE, and what the send gate says
 */
export async function requestConsent(
  ctx: ConversationContext,
  input: RequestConsentInput,
): Promise<StoredConsentRequest> {
  const { idempotencyKey: key, ...asked } = input;
  const { conversationId, channelId, phone, purpose, locale, signUp } = asked;
  const actor = ctx.requireActor();
  if (signUp != null && !actor.permissions.includes('consent:record')) {
    throw invalidInput('signUp', 'needs the permission consent:record.');
  }
  const override = readBudgetOverride(actor, input.budgetOverride);
  const wish = signUp == null ? undefined : checkSignUp(signUp, ctx.now());
  const ask = async (tx: Tx, reach: () => Promise<Reached>) => {
    const requestId = await once(tx, { key, operation: 'requestConsent', input: asked }, newId(), async (id) => {
      const { conversation, thread } = await reach();
      const [reason] = await askConsent(tx, conversation, thread, {
        id,
        by: actor,
        purpose,
        locale,
        wish,
        grantFor: (content) => grantFor(actor, 'message:send', resourceOf(content)),
        ...override,
      });
      if (reason) throw reason;
      const after = { purpose, consent: 'REQUESTED', consentSource: wish?.source ?? 'AGENT', ...override };
      tx.audit({ action: 'contact.consent_record', object: { type: 'contact', id: thread.contactId }, after });
    });
    await tx.em.flush();
    return tx.em.findOneOrFail(StoredConsentRequest, { id: requestId });
  };
  if (conversationId != null) {
    if (channelId != null || phone != null) throw invalidInput('conversationId', 'or channelId with phone, not both.');
    const work = (tx: Tx, conversation: Conversation, thread: Thread) =>
      ask(tx, async () => ({ conversation, thread }));
    return changeConversation(ctx, conversationId, work, 'send');
  }
  if (channelId == null) throw invalidInput('channelId', 'must be given with phone, or conversationId.');
  const to = recipientOf({ phone: phone ?? null }, actor);
  await requireChannel(ctx, channelId);
  return reachFirst(ctx, channelId, to, ask);
}

function checkSignUp({ source, signedUpAt, formRequestId, formUrl }: ConsentSignUpInput, now: Date): OwnWish {
  if (signedUpAt > now) throw invalidInput('signUp.signedUpAt', 'must not be in the future.');
  const isHttps = formUrl == null || (URL.canParse(formUrl) && new URL(formUrl).protocol === 'https:');
  if (!isHttps || (formUrl?.length ?? 0) > 2_000) {
    throw invalidInput('signUp.formUrl', 'must be an address beginning with https://, of at most 2000 characters.');
  }
  return {
    source,
    at: signedUpAt,
    formRequestId: checkText(formRequestId, 'signUp.formRequestId', { max: 200 }),
    ...(formUrl != null && { formUrl }),
  };
}
