import type { RetentionClass } from '@fenster/contracts';
import type { DataKind } from '../erasures/data-words.js';

/** How long something is kept, if no erasure ends it before. */
export type Keeping =
  | RetentionClass
  /** Each by the class of its attribute, or its own. */
  | 'ATTRIBUTES'
  | 'ERASURE'
  | 'ACCOUNTING'
  | 'CONSENT_PROOF'
  | 'SUPPRESSION'
  | 'LEGAL_HOLD'
  | 'MEMBERSHIP'
  | 'MERGES'
  | 'WEBHOOKS'
  | 'JOB_FILES'
  | 'EVENT_LOGS'
  | 'STREAMS'
  | 'DEAD_LETTERS';

export interface StoredData {
  /** Which have it; none: all. */
  services: readonly string[];
  place: 'DATABASE' | 'OBJECT_STORE' | 'BROKER';
  kept: Keeping;
}

const inDatabase = (kept: Keeping, ...services: string[]): StoredData => ({ services, place: 'DATABASE', kept });

export type InventoryKind = DataKind | 'job_files' | 'members' | 'alerts';

/** What there is of people: all that erasures know of, and what they leave alone. */
export const DATA_INVENTORY: Readonly<Record<InventoryKind, StoredData>> = {
  messages: inDatabase('MESSAGES', 'conversation'),
  earlier_versions: inDatabase('MESSAGES', 'conversation'),
  search_entries: inDatabase('MESSAGES', 'conversation'),
  survey_answers: inDatabase('MESSAGES', 'conversation'),
  files: { services: ['channels'], place: 'OBJECT_STORE', kept: 'MESSAGES' },
  notes: inDatabase('NOTES', 'conversation', 'contacts'),
  drafts: inDatabase('NOTES', 'conversation'),
  held_messages: inDatabase('NOTES', 'conversation'),
  conversations: inDatabase('ERASURE', 'conversation'),
  activities: inDatabase('ERASURE', 'conversation'),
  names: inDatabase('ERASURE', 'conversation', 'contacts'),
  contacts: inDatabase('CONTACT_DATA', 'contacts'),
  labels: inDatabase('CONTACT_DATA', 'contacts'),
  attributes: inDatabase('ATTRIBUTES', 'contacts'),
  contact_files: { services: ['contacts'], place: 'OBJECT_STORE', kept: 'ATTRIBUTES' },
  aliases: inDatabase('ERASURE', 'contacts'),
  link_uses: inDatabase('ERASURE', 'contacts'),
  newsletters: inDatabase('ERASURE', 'contacts'),
  segments: inDatabase('ERASURE', 'contacts'),
  mentions: inDatabase('ERASURE', 'contacts'),
  access_requests: inDatabase('ERASURE', 'contacts'),
  legal_holds: inDatabase('LEGAL_HOLD', 'contacts'),
  merges: inDatabase('MERGES', 'contacts'),
  consent_evidence: inDatabase('ERASURE', 'contacts'),
  consent_events: inDatabase('CONSENT_PROOF', 'contacts'),
  consent_receipts: inDatabase('CONSENT_PROOF', 'contacts'),
  suppression_entries: inDatabase('SUPPRESSION', 'contacts'),
  job_files: { services: ['contacts', 'billing'], place: 'OBJECT_STORE', kept: 'JOB_FILES' },
  webhooks: inDatabase('WEBHOOKS', 'channels'),
  waiting_messages: inDatabase('ERASURE', 'channels'),
  read_receipts: inDatabase('ERASURE', 'channels'),
  sent_messages: inDatabase('ACCOUNTING', 'channels'),
  charges: inDatabase('ACCOUNTING', 'billing'),
  billable_messages: inDatabase('ACCOUNTING', 'billing'),
  alerts: inDatabase('ALERTS', 'billing'),
  members: inDatabase('MEMBERSHIP', 'identity'),
  audit_entries: inDatabase('AUDIT_LOG', 'identity'),
  events: inDatabase('EVENT_LOGS'),
  dead_letters: inDatabase('DEAD_LETTERS'),
  stream_messages: { services: [], place: 'BROKER', kept: 'STREAMS' },
};
