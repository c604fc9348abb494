import { ConsentRequestResolver } from './consent-requests/consent-request.resolver.js';
import { OptOutQuestionResolver, OptOutResolver } from './opt-outs/opt-out.resolver.js';
import { optOutWordsRenewal } from './opt-outs/tell-words.js';
import {
  createErasureCleaner,
  createLiveLog,
  createRenewal,
  createRetentionWorker,
  retentionOrdersConsumer,
  rowsErasedConsumer,
} from '@fenster/database';
import {
  createSubgraphService,
  type Overrides,
  type SubgraphOptions,
  type SubgraphServiceConfig,
} from '@fenster/graphql';
import type { Service } from '@fenster/runtime';
import { ActivityResolver, ConversationActivitiesResolver } from './activities/activity.resolver.js';
import { BusinessHoursResolver } from './business-hours/business-hours.resolver.js';
import { BulkResolver } from './bulk/bulk.resolver.js';
import { ChannelSettingsResolver } from './channel-settings/channel-setting.resolver.js';
import { AssignmentResolver } from './assignments/assignment.resolver.js';
import { ConversationClickToChatResolver } from './click-to-chat/click-to-chat.resolver.js';
import { ClaimResolver, ConversationClaimResolver } from './claims/claim.resolver.js';
import { AvailabilityResolver } from './availability/availability.resolver.js';
import { MemberWorkloadResolver, resolveMember, resolveTeam, TeamRoutingResolver } from './routing/routing.resolver.js';
import { consumers } from './consumers.js';
import { ControlOfferResolver, ControlResolver, ConversationControlResolver } from './control/control.resolver.js';
import type { ConversationApp } from './context.js';
import {
  ContactConversationsResolver,
  ConversationResolver,
  resolveContact,
  resolveConversation,
} from './conversations/conversation.resolver.js';
import { ConversationDraftResolver, DraftResolver } from './drafts/draft.resolver.js';
import { erasureRequestsConsumer } from './erasures/erasure-requests.consumer.js';
import { INBOX_EVENT_TYPES } from './inbox/tellings.js';
import { InboxEventsSubscription } from './inbox/inbox-events.subscription.js';
import { ReplyFactsResolver } from './conversations/reply-facts.resolver.js';
import { StartConversationResolver } from './openings/start-conversation.resolver.js';
import { CheckSendResolver } from './messages/check-send.resolver.js';
import { ConversationLabelsResolver, LabelCatalogueChangedResolver, LabelResolver } from './labels/label.resolver.js';
import {
  ConversationMessagesResolver,
  DeliveryFailureResolver,
  MessageResolver,
  resolveMessage,
} from './messages/message.resolver.js';
import { HeldMessageResolver } from './approvals/held-message.resolver.js';
import { SettlementResolver } from './unconfirmed/settlement.resolver.js';
import { migrations } from './migrations.js';
import { MentionResolver } from './notes/mention.resolver.js';
import { CannedResponseResolver } from './canned-responses/canned-response.resolver.js';
import { MacroResolver } from './macros/macro.resolver.js';
import { TranscriptResolver } from './transcripts/transcript.resolver.js';
import { SearchResolver } from './search/search.resolver.js';
import { ConversationNotesResolver, NoteResolver } from './notes/note.resolver.js';
import { ReadCursorResolver } from './read-cursors/read-cursor.resolver.js';
import { createReadMarks } from './read-cursors/read-marks.js';
import { ViewChanged } from './views/view-event.types.js';
import { ViewEventsSubscription } from './views/view-events.subscription.js';
import { ViewResolver } from './views/view.resolver.js';
import { entities } from './entities.js';
import { ParticipantResolver } from './participants/participant.resolver.js';
import { ConversationWindowResolver, ServiceWindowResolver } from './threads/service-window.resolver.js';
import { StatusResolver } from './status/status.resolver.js';
import { createCustomerTyping } from './presence/customer-typing.js';
import { createPresence } from './presence/presence.js';
import {
  ConversationPresenceResolver,
  MemberPresenceResolver,
  PresenceResolver,
} from './presence/presence.resolver.js';
import { PresenceSubscription } from './presence/presence.subscription.js';
import { retentionSteps } from './retention/retention-steps.js';
import { ConversationServiceLevelResolver } from './service-levels/service-level.resolver.js';
import { ConversationSatisfactionResolver, SatisfactionResolver } from './surveys/survey.resolver.js';
import { createTimerRunner } from './timers/timer-runner.js';
import { timers } from './timers/timers.js';

export const subgraph: SubgraphOptions = {
  resolvers: [
    ConsentRequestResolver,
    OptOutResolver,
    OptOutQuestionResolver,
    ConversationResolver,
    ReplyFactsResolver,
    ContactConversationsResolver,
    ConversationMessagesResolver,
    ConversationActivitiesResolver,
    ActivityResolver,
    AssignmentResolver,
    AvailabilityResolver,
    TeamRoutingResolver,
    MemberWorkloadResolver,
    DeliveryFailureResolver,
    SettlementResolver,
    HeldMessageResolver,
    MessageResolver,
    CheckSendResolver,
    StartConversationResolver,
    ConversationWindowResolver,
    ServiceWindowResolver,
    NoteResolver,
    ConversationNotesResolver,
    MentionResolver,
    SearchResolver,
    CannedResponseResolver,
    TranscriptResolver,
    MacroResolver,
    InboxEventsSubscription,
    ReadCursorResolver,
    ViewResolver,
    ViewEventsSubscription,
    ChannelSettingsResolver,
    StatusResolver,
    BusinessHoursResolver,
    ConversationServiceLevelResolver,
    ConversationSatisfactionResolver,
    SatisfactionResolver,
    ClaimResolver,
    ConversationClaimResolver,
    ControlResolver,
    ControlOfferResolver,
    ConversationControlResolver,
    DraftResolver,
    ConversationDraftResolver,
    BulkResolver,
    LabelResolver,
    LabelCatalogueChangedResolver,
    ParticipantResolver,
    ConversationLabelsResolver,
    ConversationClickToChatResolver,
    PresenceResolver,
    PresenceSubscription,
    ConversationPresenceResolver,
    MemberPresenceResolver,
  ],
  orphanedTypes: [...INBOX_EVENT_TYPES, ViewChanged],
  references: {
    Member: { permission: 'conversation:read', resolve: resolveMember },
    Team: { permission: 'team:read', resolve: resolveTeam },
    Contact: { permission: 'conversation:read', resolve: resolveContact },
    Conversation: { permission: 'conversation:read', resolve: resolveConversation },
    Message: { permission: 'conversation:read', resolve: resolveMessage },
  },
};

export function createConversationService(config: SubgraphServiceConfig, overrides: Overrides = {}): Promise<Service> {
  let wakeErasures = () => {};
  let wakeRetention = () => {};
  return createSubgraphService<ConversationApp>({
    name: 'conversation',
    config,
    overrides,
    entities,
    migrations,
    consumers: [
      ...consumers,
      erasureRequestsConsumer,
      rowsErasedConsumer('conversation', () => wakeErasures()),
      retentionOrdersConsumer('conversation', () => wakeRetention()),
    ],
    subgraph,
    build({ database, connection, log, now, wakeRelay }) {
      const liveLog = createLiveLog({ database, connection, log });
      const presence = createPresence({ connection, now, log });
      const customerTyping = createCustomerTyping({ connection, now });
      const ctx = {
        database,
        now,
        log,
        wakeRelay,
        origin: { actor: { kind: 'system', id: 'conversation' }, correlationId: 'conversation' },
      } as const;
      const erasures = createErasureCleaner({ service: 'conversation', ctx, connection });
      wakeErasures = erasures.wake;
      const retention = createRetentionWorker({ service: 'conversation', ctx, steps: retentionSteps });
      wakeRetention = retention.wake;
      const renewal = createRenewal(ctx, optOutWordsRenewal);
      const timerRunner = createTimerRunner({ database, now, log, wakeRelay }, timers);
      return {
        app: { liveLog, readMarks: createReadMarks({ database, now, log, wakeRelay }), presence, customerTyping },
        async start() {
          await presence.start();
          liveLog.start();
          timerRunner.start();
          renewal.start();
          erasures.start();
          retention.start();
        },
        async stop() {
          presence.stop();
          await Promise.all([timerRunner.stop(), renewal.stop(), erasures.stop(), retention.stop()]);
          await liveLog.stop();
        },
      };
    },
  });
}
