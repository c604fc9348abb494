import {
  clickToChatLinkUsed,
  messageEchoed,
  messageQueued,
  messageReceived,
  newsletterMessageProgressed,
  serviceWindowClosed,
  threadConsentStated,
  threadIdentityChanged,
  threadOpened,
} from '@fenster/contracts';
import { defineConsumer, on, type ConsumerDefinition } from '@fenster/database';
import { recordUses } from '../click-to-chat/record-uses.js';
import { recordClosed, recordEchoed, recordQueued, recordReceived } from '../activity/record-activity.js';
import type { ConsentSigner } from '../consent/consent-signer.js';
import {
  ERASED_BY_CONVERSATION,
  eraseAfterConversation,
  type ErasureConsumerOptions,
} from '../erasures/erasure-reports.consumer.js';
import { recordStatements } from '../consent/record-statements.js';
import { recordProgress } from '../newsletters/record-progress.js';
import { recordIdentities } from './record-identities.js';

const NAME = 'contacts-thread-events';

/**
 * Who was seen on a channel, under which names and by which link, what they said that they want to get, and when they and we wrote last: in this
 * order, because a person has to be known first, and is not heard of again after an erasure.
 */
export function threadEventsConsumer(
  signer: () => ConsentSigner,
  erasures: ErasureConsumerOptions,
): ConsumerDefinition {
  const suppressions = { markOf: erasures.markOf, signingKey: () => signer().key() };
  return defineConsumer({
    name: NAME,
    filter: 'conversation.>',
    subscriptions: [
      on(threadOpened, (tx, events) => recordIdentities(tx, events, suppressions)),
      on(threadIdentityChanged, (tx, events) => recordIdentities(tx, events, suppressions)),
      // Before who ends marketing because of one.
      on(newsletterMessageProgressed, recordProgress),
      on(threadConsentStated, (tx, events) => recordStatements(tx, signer(), events)),
      on(clickToChatLinkUsed, recordUses),
      on(messageReceived, recordReceived),
      on(messageQueued, recordQueued),
      on(messageEchoed, recordEchoed),
      on(serviceWindowClosed, recordClosed),
      on(ERASED_BY_CONVERSATION, eraseAfterConversation(erasures, NAME)),
    ],
    barrier: ERASED_BY_CONVERSATION,
  });
}
