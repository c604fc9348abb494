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
const colour = z.string().regex(/^#[0-9a-f]{6}$/);
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
    ['invite', 'invitation_accept', 'create', 'update', 'role_change', 'password_change', 'sign_in_refuse', 'remove'],
    {
      name: freeText,
      role: token,
      teamIds: ids,
      capacity: z.int(),
    },
  ),
  team: audited(['create', 'update', 'delete'], {
    name: freeText,
    memberIds: ids,
    channelIds: ids,
    routing: token,
    returningMinutes: z.int().nullable(),
  }),
  role: audited(['create', 'update', 'delete'], { name: freeText, permissions }),
  view: audited(['create', 'update', 'delete'], { name: freeText }),
  api_key: audited(['create', 'revoke'], {
    name: freeText,
    permissions,
    actions: permissions,
    quotas: z.array(token).max(200),
    expiresAt: instant.nullable(),
  }),
  session: audited(['start', 'end'], { reason: token }),
  channel: audited(['connect', 'update', 'credentials_change', 'state_change', 'profile_update', 'peer_key_accept'], {
    name: freeText,
    kind: token,
    /** What the provider calls the account that it belongs to. */
    account: token.nullable(),
    appId: token,
    /** Scheme, host and port. */
    apiOrigin: token,
    apiVersion: token.nullable(),
    currency: currency.nullable(),
    timeZone: token.nullable(),
    reopenWithinHours: z.int(),
    closingNoticeMinutes: z.int(),
    showsTyping: z.boolean(),
    awayEveryHours: z.int(),
    hasGreeting: z.boolean(),
    hasAwayMessage: z.boolean(),
    hasSurvey: z.boolean(),
    hasPrivacyNotice: z.boolean(),
    firstResponseMinutes: z.int().nullable(),
    nextResponseMinutes: z.int().nullable(),
    resolutionMinutes: z.int().nullable(),
    sendsReadReceipts: z.boolean(),
    messagesPerSecond: z.int().nullable(),
    state: token,
    /** The provider's code for what is wrong. */
    errorCode: z.int().nullable(),
    /** What of the business profile was given anew. */
    profileFields: z.array(token).nullable(),
    about: freeText.nullable(),
    description: freeText.nullable(),
    websites: z.array(freeText).max(2).nullable(),
    category: token.nullable(),
  }),
  template: audited(['create', 'update', 'delete'], { name: freeText, language: token, category: token }),
  webhook_event: audited(['replay'], {}),
  conversation: audited(['read', 'update', 'assign', 'resolve', 'reopen', 'export'], {
    status: token,
    snoozedUntil: instant.nullable(),
    labelIds: ids,
    participantIds: ids,
    assigneeId: id.nullable(),
    teamId: id.nullable(),
    claimHolderId: id.nullable(),
    /** `human`, or the id of the program that has control. */
    controller: token.nullable(),
  }),
  message: audited(['send', 'react', 'settle', 'hold', 'approve', 'decline', 'withdraw'], {
    decision: token,
    /** Why it was sent although a budget is used up. */
    budgetOverride: freeText,
    /** Why it was declined that it leaves. */
    reason: freeText,
  }),
  label: audited(['create', 'update', 'delete'], { name: freeText, colour }),
  note: audited(['create', 'update', 'delete'], {}),
  macro: audited(['create', 'update', 'delete'], {}),
  canned_response: audited(['create', 'update', 'delete'], {}),
  // Of the workspace that is the object; what it delivers is not told one by one.
  subscription: audited(['open'], { field: token }),
  contact: audited(
    [
      'read',
      'read_phone',
      'file_read',
      'create',
      'update',
      'consent_record',
      'consent_read',
      'receipt_issue',
      'export',
      'erase_plan',
      'erase',
      'access_request',
      'access_confirm',
      'access_extend',
      'access_refuse',
      'access_answer',
      'access_download',
      'merge',
      'merge_undo',
      'distinguish',
    ],
    {
      /** The one that became part of another. */
      mergedId: id,
      /** The one that it was said not to be. */
      otherId: id,
      /** What of it was changed. */
      fields: z.array(token).max(300),
      purpose: token,
      /** What was said of the consent, e.g. `WITHDRAWN`. */
      consent: token,
      consentSource: token,
      /** Why consent was asked for although a budget is used up. */
      budgetOverride: freeText,
      /** Why something of a request for a copy was decided so. */
      reason: freeText,
    },
  ),
  contact_label: audited(['create', 'update', 'delete'], { name: freeText, colour }),
  /** The filter may be about people: what is kept says only that it is another one. */
  segment: audited(['create', 'update', 'delete'], { name: freeText, filterDigest: token }),
  contact_import: audited(['start'], { duplicates: token, isDryRun: z.boolean() }),
  contact_export: audited(['start', 'download'], { format: token, withIdentities: z.boolean() }),
  click_to_chat_link: audited(['create', 'update', 'archive'], {
    name: freeText,
    campaign: freeText.nullable(),
    channelId: id,
    locale: token,
    /** Of the published text that people who come by it are asked to agree to. */
    sha256: token.nullable(),
  }),
  newsletter: audited(['create', 'update', 'schedule', 'pause', 'resume', 'approve', 'cancel', 'delete'], {
    name: freeText,
    channelId: id,
    segmentId: id,
    templateId: id,
    purpose: token,
    startsAt: instant,
    localTime: token.nullable(),
  }),
  contact_attribute: audited(['create', 'update'], {
    key: token,
    name: freeText,
    type: token,
    purpose: freeText,
    retentionClass: token,
    isArchived: z.boolean(),
  }),
  consent_purpose: audited(['create', 'update'], { key: token, name: freeText, kind: token, isArchived: z.boolean() }),
  consent_text: audited(['publish'], { purpose: token, locale: token, version: z.int(), sha256: token }),
  data_controller: audited(['update'], { name: freeText.nullable(), jurisdiction: token.nullable() }),
  opt_out_text: audited(['update'], { locale: token, isOwn: z.boolean() }),
  opt_out_word: audited(['update'], { word: freeText, locale: token.nullable(), isActive: z.boolean() }),
  price_book: audited(['import', 'activate', 'discard'], { version: token, rateCount: z.int(), state: token }),
  // `request`: what the provider counted, of the workspace that is the object. `import`: an invoice, which is the object.
  reconciliation: audited(['request', 'import', 'propose', 'accept', 'discard'], {
    month: token,
    currency,
    source: token,
    version: token,
    state: token,
  }),
  // Of a month, as it was said last.
  token_usage: audited(['record'], { month: token, currency, source: token, count: z.int() }),
  budget: audited(['create', 'update', 'archive'], {
    name: freeText,
    teamId: id.nullable(),
    newsletterId: id.nullable(),
    category: token.nullable(),
    currency,
    limitMicros: z.int(),
    warnPercents: z.array(token).max(20),
    atLimit: token,
  }),
  alert: audited(['acknowledge'], {}),
  // An address may have a secret in it: what is kept is the host, and of e-mail nothing.
  alert_destination: audited(['create', 'remove'], { kind: token, host: token.nullable(), alerts: permissions }),
  // Of the workspace that is the object.
  billing_period: audited(['close'], { month: token }),
  cost_export: audited(['start', 'download'], {
    /** Days, both included. */
    from: token,
    to: token,
    columns: token,
    format: token,
  }),
  // `prune`: what was recorded up to `lastSeq`, which had `digest`, has reached its age and is gone.
  audit_log: audited(['read', 'prune'], { lastSeq: z.int(), digest: token }),
  // Of the workspace that is the object. Without months it is kept.
  retention: audited(['rule_set', 'pause', 'resume'], {
    retentionClass: token,
    months: z.int().nullable(),
    reason: freeText,
  }),
  // `complete`: `removed` is `service:class:what:count`, `digest` SHA-256 of the whole report.
  retention_run: audited(['start', 'stop', 'complete'], {
    isDryRun: z.boolean(),
    outcome: token,
    rules: z.array(token).max(20),
    removed: z.array(token).max(200),
    notReported: z.array(token).max(10),
    digest: token,
  }),
  legal_hold: audited(['set', 'release'], { contactId: id, reason: freeText, reviewOn: token }),
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
