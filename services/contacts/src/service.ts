import {
  createSubgraphService,
  type Overrides,
  type SubgraphOptions,
  type SubgraphServiceConfig,
} from '@fenster/graphql';
import type { Service } from '@fenster/runtime';
import { consumers } from './consumers.js';
import { ContactResolver, resolveContact } from './contacts/contact.resolver.js';
import { entities } from './entities.js';
import { migrations } from './migrations.js';

export const subgraph: SubgraphOptions = {
  resolvers: [ContactResolver],
  references: { Contact: { permission: 'contact:read', resolve: resolveContact } },
};

export function createContactsService(config: SubgraphServiceConfig, overrides: Overrides = {}): Promise<Service> {
  return createSubgraphService({
    name: 'contacts',
    config,
    overrides,
    entities,
    migrations,
    consumers,
    subgraph,
    build: () => ({ app: {} }),
  });
}
