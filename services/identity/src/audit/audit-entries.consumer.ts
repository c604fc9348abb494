import { auditEntryRecorded } from '@fenster/contracts';
import { defineConsumer, on, type ConsumerDefinition } from '@fenster/database';
import { appendEntries } from './append-entries.js';

/** One for each service that records entries, because a consumer reads one stream. */
export const auditEntriesConsumers: readonly ConsumerDefinition[] = [...auditEntryRecorded].map(([service, event]) =>
  defineConsumer({
    name: `identity-audit-of-${service}`,
    filter: `${service}.audit_entry.>`,
    subscriptions: [on(event, appendEntries)],
  }),
);
