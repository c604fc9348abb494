import {
  createSubgraphService,
  type Overrides,
  type SubgraphOptions,
  type SubgraphServiceConfig,
} from '@fenster/graphql';
import type { Service } from '@fenster/runtime';
import { Charge } from './charges/charge.entity.js';
import { ChargeResolver, resolveCharge } from './charges/charge.resolver.js';
import {
  ConversationCostResolver,
  ConversationResolver,
  resolveConversation,
} from './charges/conversation-cost.resolver.js';
import { ConversationTotal } from './charges/conversation-total.entity.js';
import { createConsumers } from './consumers.js';
import { migrations } from './migrations.js';
import { readPriceBook, storePriceBook } from './price-books/stored-price-book.js';

export const subgraph: SubgraphOptions = {
  resolvers: [ChargeResolver, ConversationResolver, ConversationCostResolver],
  references: {
    Charge: { permission: 'cost:read', resolve: resolveCharge },
    Conversation: { permission: 'signed-in', resolve: resolveConversation },
  },
};

const RATES = new URL('../data/rates.csv', import.meta.url);

/** @throws ConfigurationError naming every line of the price book that cannot be used. */
export async function createBillingService(config: SubgraphServiceConfig, overrides?: Overrides): Promise<Service> {
  const file = await readPriceBook(RATES);
  return createSubgraphService({
    name: 'billing',
    config,
    overrides,
    entities: [Charge, ConversationTotal],
    migrations,
    consumers: createConsumers(file.book),
    subgraph,
    async build({ database, now }) {
      await storePriceBook(database, file, now());
      return { app: undefined };
    },
  });
}
