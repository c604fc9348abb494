import { z } from 'zod';
import { currency, id, instant } from './common.js';
import { defineEvent, type EventData, type EventDefinition } from './define-event.js';

/** Who tells the audit log what was changed and read; the gateway, who opened a subscription. */
export const AUDITED_SERVICES = ['identity', 'channels', 'conversation', 'contacts', 'billing', 'gateway'] as const;

/** Eight digits and more, however they are grouped: what people write into a name may be a phone number. */
const PHONE_LIKE = /\+?\d(?:[\s()./-]{0,2}\d){7,}/g;

/** What people wrote. PostgreSQL stores neither NUL nor half a surrogate pair, and the hash must find what was stored. */
const freeText = z
  .string()
  .max(512)
  .overwrite((text) => text.toWellFormed().replaceAll('\0', '').replace(PHONE_LIKE, '•••'));
/** Chosen by programs: keys, codes, ids of others. */
const token = z.string().regex(/^[\w.:/+-]{0,200}$/);
const ids = z.array(id).max(1_000);
const permissions = z.array(token).max(200);

function audited<const Verb extends string, const Settings extends z.ZodRawShape>(
  verbs: readonly Verb[],
  settings: Settings,
) {
  return { verbs, settings: z.strictObject(settings).partial() };
}

/**
 * Everything the audit log can tell, by type of object: what may be done to one (`<type>.<verb>` is the action), and
 * those settings whose change it shows. What is not written here cannot get into the log: no secret, no message body,
 * no phone number is a setting. A new action or setting is one word here.
 */
export const AUDITED = {
  workspace: audited(['create', 'update'], {
    name: freeText,
    oidcIssuer: token.nullable(),
    oidcAudience: token.nullable(),
    oidcKeySet: token.nullable(),
  }),
  // `sign_in_refuse`: somebody gave a wrong password for this account.
  member: audited(
    [
      'invite',
      'invitation_accept',
      'create',
      'update',
      'role_change',
      'password_change',
      'sign_in_refuse',
      'unlock',
      'remove',
    ],
    {
      name: freeText,
      role: token,
      teamIds: ids,
    },
  ),
  team: audited(['create', 'update', 'delete'], {
    name: freeText,
    memberIds: ids,
    channelIds: ids,
  }),
  role: audited(['create', 'update', 'delete'], { name: freeText, permissions }),
  api_key: audited(['create', 'update', 'revoke'], {
    name: freeText,
    permissions,
    actions: permissions,
    quotas: z.array(token).max(200),
    expiresAt: instant.nullable(),
  }),
  session: audited(['start', 'end'], { reason: token }),
  channel: audited(['connect', 'update', 'credentials_change', 'disconnect'], {
    name: freeText,
    wabaId: token,
    appId: token,
    /** Scheme, host and port. */
    apiOrigin: token,
    apiVersion: token,
    currency,
    timeZone: token,
  }),
  dead_letter: audited(['replay'], {}),
  conversation: audited(['read', 'update', 'assign', 'resolve', 'reopen'], {
    status: token,
    assigneeId: id.nullable(),
    teamId: id.nullable(),
  }),
  message: audited(['send'], {}),
  // Of the workspace that is the object; what it delivers is not told one by one.
  subscription: audited(['open'], { field: token }),
  contact: audited(['read', 'read_phone', 'update', 'export', 'erase'], {}),
  audit_log: audited(['read'], {}),
} as const;

export type AuditObjectType = keyof typeof AUDITED;
export type AuditAction<T extends AuditObjectType = AuditObjectType> = {
  [K in T]: `${K}.${(typeof AUDITED)[K]['verbs'][number]}`;
}[T];
export type AuditSettings<T extends AuditObjectType> = z.input<(typeof AUDITED)[T]['settings']>;

const setting = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);
export type AuditSetting = z.infer<typeof setting>;

/** A long list of objects is several entries. */
export const MAX_AUDIT_OBJECTS = 200;

/** Wider than {@link AUDITED}, so that identity takes in what newer services name. */
const auditEntry = z.object({
  action: z.string().regex(/^[a-z_]+\.[a-z_]+$/),
  objectType: z.string().regex(/^[a-z_]+$/),
  objectIds: z.array(id).min(1).max(MAX_AUDIT_OBJECTS),
  /** The settings that are not as they were. A setting that was not there is null. */
  changes: z.record(z.string(), z.object({ before: setting, after: setting })).optional(),
  sessionId: id.optional(),
  clientAddress: z.string().max(64).optional(),
  userAgent: freeText.optional(),
});
export type AuditEntryRecorded = z.infer<typeof auditEntry>;

/**
 * Somebody did something to an object, or read it: who, and under which correlation id, is in the envelope. Every
 * service publishes it under its own name, because a stream has one publisher; it is defined once. The gateway has no
 * log of its own, so its `seq` says nothing, and its entries cannot be published again from PostgreSQL.
 */
export const auditEntryRecorded: ReadonlyMap<string, EventDefinition<string, AuditEntryRecorded>> = new Map(
  AUDITED_SERVICES.map((service) => [
    service,
    defineEvent({
      name: `${service}.audit_entry.recorded`,
      version: 1,
      dataClass: 'audit',
      description: `Somebody changed or read an object of ${service}. Identity appends it to the audit log.`,
      schema: auditEntry,
    }),
  ]),
);

export const auditChainExtended = defineEvent({
  name: 'identity.audit_chain.extended',
  version: 1,
  dataClass: 'audit',
  description:
    'The head of the audit log of a workspace. Kept where nobody who can change the log can change it, it proves what was there.',
  schema: z.object({ seq: z.int().positive(), hash: z.hex().length(64) }),
});
export type AuditChainExtended = EventData<typeof auditChainExtended>;
