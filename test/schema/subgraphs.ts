import { subgraph as billing } from '@fenster/billing';
import { subgraph as channels } from '@fenster/channels';
import { subgraph as contacts } from '@fenster/contacts';
import { subgraph as conversation } from '@fenster/conversation';
import type { SubgraphOptions } from '@fenster/graphql';
import { subgraph as identity } from '@fenster/identity';

/** Every service that takes part in the public API. A new one is entered here. */
export const SUBGRAPHS: Readonly<Record<string, SubgraphOptions>> = {
  billing,
  channels,
  contacts,
  conversation,
  identity,
};
