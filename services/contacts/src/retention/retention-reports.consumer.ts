import { RETAINING_SERVICES, retentionRunReported } from '@fenster/contracts';
import { causedBy, defineConsumer, on, type ConsumerDefinition } from '@fenster/database';
import { takeRetentionReport } from './retention-run.js';

const OTHERS = RETAINING_SERVICES.filter((service) => service !== 'contacts');

/** One for each service that reports, because a consumer reads one stream. */
export const retentionReportsConsumers: readonly ConsumerDefinition[] = OTHERS.map((service) => {
  const name = `contacts-retention-reports-of-${service}`;
  return defineConsumer({
    name,
    filter: `${service}.retention.run_reported.>`,
    subscriptions: [
      on(retentionRunReported.get(service)!, async (tx, events) => {
        for (const event of events) {
          const { workspaceId, data } = event;
          await takeRetentionReport(tx, { workspaceId, service, origin: causedBy(event, name) }, data);
        }
      }),
    ],
  });
});
