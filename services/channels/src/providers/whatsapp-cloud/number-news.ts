import { isObject, optionalText, type JsonObject } from '../json.js';
import type { NumberFacts } from '../provider.js';
import { tierOf, wordOf } from './number.js';

/** What a webhook says of one number, or of all numbers of the account. */
export interface NumberNews {
  of: 'number' | 'account';
  facts: NumberFacts;
}

/** Those fields of whatsapp.md §A8 that say how numbers are; undefined for others, and where nothing is said that is known. */
export function numberNewsOf(field: string, value: unknown): NumberNews | undefined {
  const read = READERS.get(field);
  if (!read || !isObject(value)) return undefined;
  const facts = Object.fromEntries(Object.entries(read.facts(value)).filter(([, fact]) => fact !== undefined));
  return Object.keys(facts).length > 0 ? { of: read.of, facts } : undefined;
}

type MaybeFacts = { [K in keyof NumberFacts]: NumberFacts[K] | undefined };

const READERS: ReadonlyMap<string, { of: NumberNews['of']; facts(value: JsonObject): MaybeFacts }> = new Map([
  ['phone_number_quality_update', { of: 'number', facts: qualityNews }],
  ['phone_number_name_update', { of: 'number', facts: nameNews }],
  ['phone_number_username_update', { of: 'number', facts: usernameNews }],
  ['business_capability_update', { of: 'account', facts: capabilityNews }],
  ['history', { of: 'number', facts: historyNews }],
  ['account_update', { of: 'account', facts: accountNews }],
]);

/** `FLAGGED` is what numbers are whose quality has become low; once it is over, nobody says how it is (older documents). */
function qualityNews({
  event,
  max_daily_conversations_per_business: limit,
  current_limit: older,
}: JsonObject): MaybeFacts {
  const quality = event === 'FLAGGED' ? 'RED' : event === 'UNFLAGGED' ? 'UNKNOWN' : undefined;
  return {
    quality,
    messagingLimit: knownTier(limit) ?? knownTier(older),
    throughput: event === 'THROUGHPUT_UPGRADE' ? 'HIGH' : undefined,
  };
}

function nameNews({ decision, requested_verified_name: name }: JsonObject): MaybeFacts {
  const nameStatus = wordOf(decision);
  return { nameStatus, verifiedName: nameStatus === 'APPROVED' ? optionalText(name, 256) : undefined };
}

function usernameNews({ decision, requested_username: name }: JsonObject): MaybeFacts {
  const usernameStatus = wordOf(decision);
  return { usernameStatus, username: usernameStatus === 'APPROVED' ? optionalText(name, 100) : undefined };
}

/** Of one chunk. An error says that the business does not hand over what was written before. */
function historyNews({ metadata, errors }: JsonObject): MaybeFacts {
  const progress = isObject(metadata) ? Number(metadata.progress) : NaN;
  if (progress >= 0 && progress <= 100) return { historyImport: { progress } };
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const refusal = isObject(first) && Number.isSafeInteger(first.code) ? (first.code as number) : undefined;
  return { historyImport: refusal === undefined ? undefined : { refusal } };
}

function capabilityNews({ max_daily_conversations_per_business: limit }: JsonObject): MaybeFacts {
  return { messagingLimit: knownTier(limit) };
}

/** What the account may do. Prices, partners and places are told by the same field and are none of that. */
const STANDING = /^(ACCOUNT_(VIOLATION|RESTRICTION|DELETED|OFFBOARDED|RECONNECTED|REINSTATED)|DISABLED_UPDATE)$/;

function accountNews({ event, ban_info: ban }: JsonObject): MaybeFacts {
  const word = wordOf(event);
  if (word === undefined || !STANDING.test(word)) return {};
  return { accountStatus: (isObject(ban) ? wordOf(ban.waba_ban_state) : undefined) ?? word };
}

function knownTier(value: unknown): string | undefined {
  const tier = tierOf(value);
  return tier === 'TIER_NOT_SET' ? undefined : tier;
}
