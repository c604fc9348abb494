import type { ConsumerDefinition } from '@fenster/database';
import { accessRequestsConsumer } from './access-requests/access-requests.consumer.js';
import { allowancesConsumer } from './budgets/allowances.consumer.js';
import { budgetStatesConsumer } from './budgets/budget-states.consumer.js';
import { identityEventsConsumer } from './directory/identity-events.consumer.js';
import { apiKeysConsumer } from './control/api-keys.consumer.js';
import { chargeRecordedConsumer } from './costs/charge-recorded.consumer.js';
import { clickToChatLinksConsumer } from './click-to-chat/click-to-chat-links.consumer.js';
import { contactNamesConsumer } from './contact-names/contact-names.consumer.js';
import { messageWordsConsumer } from './search/message-words.consumer.js';
import { sendSurveysConsumer } from './surveys/send-surveys.consumer.js';
import { channelsConsumer } from './channels/channels.consumer.js';
import { confirmOptOutsConsumer } from './opt-outs/confirm-opt-outs.consumer.js';
import { consentTextsConsumer } from './consent-requests/consent-texts.consumer.js';
import { consentsConsumer } from './consents/consents.consumer.js';
import { templatesConsumer } from './templates/templates.consumer.js';
import { channelEventsConsumer } from './messages/channel-events.consumer.js';

export const consumers: readonly ConsumerDefinition[] = [
  channelEventsConsumer,
  chargeRecordedConsumer,
  identityEventsConsumer,
  apiKeysConsumer,
  messageWordsConsumer,
  contactNamesConsumer,
  sendSurveysConsumer,
  channelsConsumer,
  templatesConsumer,
  consentsConsumer,
  consentTextsConsumer,
  confirmOptOutsConsumer,
  accessRequestsConsumer,
  budgetStatesConsumer,
  allowancesConsumer,
  clickToChatLinksConsumer,
];
