import { defineEvent, type EventDefinition } from '@fenster/contracts';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { z } from 'zod';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { openDatabase, type Ctx, type Database } from '../index.js';
import { tenantTable } from '../row-level-security.js';

export const SERVICE = 'probe';

/** A service that has nothing but the event path and one table. */
export const migrations = [
  {
    name: '202611210001-note',
    statements: [
      `create table note (workspace_id uuid not null, id uuid not null, text text not null, primary key (workspace_id, id))`,
      ...tenantTable(SERVICE, 'note'),
    ],
  },
];

export const probeHappened: EventDefinition<'probe.note.written', { number: number }> = defineEvent({
  name: 'probe.note.written',
  version: 1,
  dataClass: 'operational',
  description: 'For tests of the event path.',
  schema: z.object({ number: z.int() }),
});

export interface Probe {
  database: Database;
  url: string;
  ctx(workspaceId?: string): Ctx;
  close(): Promise<void>;
}

export const silent = createLogger('probe', process.env.PROBE_LOG ?? 'silent');

/** Under the name of a real service it may write into the audit log. */
export async function createProbe(service = SERVICE): Promise<Probe> {
  const { url, drop } = await createTestDatabase(service, service === SERVICE ? migrations : []);
  const database = await openDatabase({ service, url, poolSize: 8, entities: [], log: silent });
  return {
    database,
    url,
    ctx: (workspaceId) => ({
      database,
      ...(workspaceId && { workspaceId }),
      now: systemClock,
      log: silent,
      wakeRelay: () => {},
      origin: { actor: { kind: 'system' }, correlationId: newId() },
    }),
    async close() {
      await database.close();
      await drop();
    },
  };
}
