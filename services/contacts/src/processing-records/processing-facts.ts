import type { RetentionClass } from '@fenster/contracts';
import { RETENTION_DAYS, sql, type Database } from '@fenster/database';
import { DAYS_OF_FILES } from '@fenster/jobs';
import { STREAM_DAYS } from '@fenster/messaging';
import { ContactAttribute } from '../attributes/attribute.entity.js';
import type { Config } from '../config.js';
import { listPurposes, type Purpose } from '../consent/purpose.queries.js';
import { DataController } from '../data-controller/data-controller.entity.js';
import { UNDO_DAYS } from '../merges/merge.types.js';
import { RetentionRule } from '../retention/retention.entity.js';

/** A channel, and who carries its messages. */
export interface ProcessingChannel {
  name: string;
  /** Null while channels has not told. */
  processors: { name: string; country: string }[] | null;
  /** Where the first of them stores messages; null where it is free to choose, or nobody knows. */
  storageRegion: string | null;
}

/** What a record of processing activities is made of: what the workspace and the installation have configured. */
export interface ProcessingFacts {
  workspaceId: string;
  generatedAt: Date;
  controller: Pick<DataController, 'name' | 'address' | 'email' | 'privacyOfficer' | 'jurisdiction'> | null;
  channels: readonly ProcessingChannel[];
  attributes: readonly Pick<ContactAttribute, 'name' | 'purpose' | 'retentionClass'>[];
  purposes: readonly Pick<Purpose, 'name' | 'kind' | 'description'>[];
  /** Months after the last activity, by class; a class without a rule is kept. */
  rules: ReadonlyMap<RetentionClass, number>;
  /** Where the machines are, in words of whoever runs them. */
  dataLocation: string | null;
  objectStore: { kind: 'DISK' } | { kind: 'S3'; host: string; region: string };
  days: Readonly<Record<'backups' | 'mergeUndo' | 'jobFiles' | 'eventLogs' | 'streams' | 'deadLetters', number>>;
}

type Installation = Pick<ProcessingFacts, 'dataLocation' | 'objectStore' | 'days'>;

export function installationOf(config: Config): Installation {
  return {
    dataLocation: config.DATA_LOCATION ?? null,
    objectStore: config.OBJECT_STORE_S3_URL
      ? { kind: 'S3', host: new URL(config.OBJECT_STORE_S3_URL).host, region: config.OBJECT_STORE_S3_REGION }
      : { kind: 'DISK' },
    days: {
      backups: config.BACKUP_RETENTION_DAYS,
      mergeUndo: UNDO_DAYS,
      jobFiles: DAYS_OF_FILES,
      eventLogs: RETENTION_DAYS.outbox,
      streams: STREAM_DAYS,
      deadLetters: config.DEAD_LETTER_RETENTION_DAYS,
    },
  };
}

export async function readProcessingFacts(
  database: Database,
  installation: Installation,
  { workspaceId, generatedAt }: { workspaceId: string; generatedAt: Date },
): Promise<ProcessingFacts> {
  const em = database.forTenant(workspaceId);
  const channels = await database.readForTenant(
    workspaceId,
    sql<ProcessingChannel>`
      select coalesce(name, id::text) as name, processors, storage_region as "storageRegion" from sending_channel
      where workspace_id = ${workspaceId} order by name, id
    `,
  );
  const rules = await em.find(RetentionRule, { workspaceId });
  return {
    ...installation,
    workspaceId,
    generatedAt,
    controller: await em.findOne(DataController, { workspaceId }),
    channels,
    attributes: await em.find(ContactAttribute, { workspaceId, archivedAt: null }, { orderBy: { name: 'asc' } }),
    purposes: (await listPurposes(em)).filter(({ archivedAt }) => archivedAt === null),
    rules: new Map(rules.map(({ retentionClass, months }) => [retentionClass, months])),
  };
}
