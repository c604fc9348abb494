import {
  AUDITED,
  auditEntryRecorded,
  MAX_AUDIT_OBJECTS,
  type AuditAction,
  type AuditEntryRecorded,
  type AuditObjectType,
  type AuditSetting,
  type AuditSettings,
} from '@fenster/contracts';
import type { Ctx, Origin, Tx } from './transact.js';

/** Refuses properties that are no setting of the object, which TypeScript alone lets in with a variable. */
type Exactly<T extends AuditObjectType, S> = AuditSettings<T> & Record<Exclude<keyof S, keyof AuditSettings<T>>, never>;

export interface AuditInput<T extends AuditObjectType, Before, After> {
  /** `<object type>.<verb>`; see {@link AUDITED}. */
  action: AuditAction<NoInfer<T>>;
  object: { type: T; id: string };
  /** Settings as they were; only those that are different in `after` are shown. If none is, nothing happened: no entry. */
  before?: Before & Exactly<T, Before>;
  /** Settings as they are now. */
  after?: After & Exactly<T, After>;
  /** As with `emit`: in work across tenants, and for events of several origins. */
  workspaceId?: string;
  origin?: Origin;
}

/**
 * Who did what to which object: becomes an entry of the workspace's audit log if and only if the transaction commits.
 * @throws ZodError for a setting that the log does not know.
 */
export type Audit = <T extends AuditObjectType, Before = AuditSettings<T>, After = AuditSettings<T>>(
  input: AuditInput<T, Before, After>,
) => void;

export function recordAudit<T extends AuditObjectType>(
  tx: Tx,
  service: string,
  { action, object, before, after, origin = tx.origin, workspaceId }: AuditInput<T, unknown, unknown>,
): void {
  const changes = changesBetween(settingsOf(object.type, before), settingsOf(object.type, after));
  if (before && after && !changes) return;
  append(tx, service, { action, objectType: object.type, objectIds: [object.id], changes }, { origin, workspaceId });
}

function append(
  tx: Tx,
  service: string,
  entry: Pick<AuditEntryRecorded, 'action' | 'objectType' | 'objectIds' | 'changes'>,
  { origin, workspaceId, occurredAt }: { origin: Origin; workspaceId?: string | undefined; occurredAt?: Date },
): void {
  const event = auditEntryRecorded.get(service);
  if (!event) throw new Error(`${service} is not one of the audited services.`);
  const { sessionId, clientAddress, userAgent } = origin;
  tx.emit(event, {
    entityId: entry.objectIds[0]!,
    data: { ...entry, sessionId, clientAddress, userAgent: userAgent?.slice(0, 512) },
    origin,
    ...(workspaceId && { workspaceId }),
    ...(occurredAt && { occurredAt }),
  });
}

type Settings = Readonly<Record<string, AuditSetting | undefined>>;

function settingsOf(type: AuditObjectType, values: unknown): Settings {
  return AUDITED[type].settings.parse(values ?? {});
}

/** The settings that differ; one that was not there, or is not any more, is null. */
function changesBetween(before: Settings, after: Settings): AuditEntryRecorded['changes'] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...names].flatMap((name) => {
    const change = { before: before[name] ?? null, after: after[name] ?? null };
    return JSON.stringify(change.before) === JSON.stringify(change.after) ? [] : [[name, change] as const];
  });
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}

export interface Read {
  readonly action: AuditAction;
  readonly objectType: AuditObjectType;
  readonly objectIds: Set<string>;
  readonly workspaceId: string;
  readonly origin: Origin;
  readonly occurredAt: Date;
}

/** What one request has read of persons' data: one entry per action, whatever the number of objects. */
export class ReadNotes {
  readonly #reads = new Map<string, Read>();

  note(ctx: Pick<Ctx, 'workspaceId' | 'origin' | 'now'>, action: AuditAction, objectId: string): void {
    const { workspaceId, origin } = ctx;
    if (workspaceId === undefined) throw new Error(`${action}: a read needs a workspace.`);
    const key = `${workspaceId} ${action}`;
    let read = this.#reads.get(key);
    if (!read) {
      const objectType = action.slice(0, action.indexOf('.')) as AuditObjectType;
      read = { action, objectType, objectIds: new Set(), workspaceId, origin, occurredAt: ctx.now() };
      this.#reads.set(key, read);
    }
    read.objectIds.add(objectId);
  }

  get isEmpty(): boolean {
    return this.#reads.size === 0;
  }

  get reads(): Read[] {
    return [...this.#reads.values()];
  }
}

/**
 * Notes that the actor was shown `objectId`. Goes into the audit log together with all that the request reads, soon
 * after the answer; does nothing where nobody reads: in consumers, and for each event of a subscription.
 */
export function auditRead(
  ctx: Pick<Ctx, 'workspaceId' | 'origin' | 'now' | 'reads'>,
  action: AuditAction,
  objectId: string,
): void {
  ctx.reads?.note(ctx, action, objectId);
}

export function appendRead(tx: Tx, service: string, { objectIds, ...read }: Read): void {
  const ids = [...objectIds];
  for (let at = 0; at < ids.length; at += MAX_AUDIT_OBJECTS) {
    append(
      tx,
      service,
      { action: read.action, objectType: read.objectType, objectIds: ids.slice(at, at + MAX_AUDIT_OBJECTS) },
      read,
    );
  }
}
