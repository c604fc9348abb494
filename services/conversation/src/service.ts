import { createLiveLog } from '@fenster/database';
import {
  createSubgraphService,
  type Overrides,
  type SubgraphOptions,
  type SubgraphServiceConfig,
} from '@fenster/graphql';
import type { Service } from '@fenster/runtime';
import { consumers } from './consumers.js';
import type { ConversationApp } from './context.js';
import { ConversationResolver, resolveConversation } from './conversations/conversation.resolver.js';
import { INBOX_EVENT_TYPES } from './inbox/inbox-event.types.js';
import { InboxEventsSubscription } from './inbox/inbox-events.subscription.js';
import { ConversationMessagesResolver, MessageResolver, resolveMessage } from './messages/message.resolver.js';
import { migrations } from './migrations.js';
import { entities } from './entities.js';

export const subgraph: SubgraphOptions = {
  resolvers: [ConversationResolver, ConversationMessagesResolver, MessageResolver, InboxEventsSubscription],
  orphanedTypes: INBOX_EVENT_TYPES,
  references: {
    Conversation: { permission: 'conversation:read', resolve: resolveConversation },
    Message: { permission: 'conversation:read', resolve: resolveMessage },
  },
};

export function createConversationService(config: SubgraphServiceConfig, overrides: Overrides = {}): Promise<Service> {
  return createSubgraphService<ConversationApp>({
    name: 'conversation',
    config,
    overrides,
    entities,
    migrations,
    consumers,
    subgraph,
    build({ database, connection, log }) {
      const liveLog = createLiveLog({ database, connection, log });
      return { app: { liveLog }, start: () => liveLog.start(), stop: () => liveLog.stop() };
    },
  });
}
