import { DomainError, invalidInput } from '@fenster/runtime';
import { checkValue, type AttributeShape, type StoredValue } from '../attributes/attribute.rule.js';
import type { Evidence } from '../consent/consent-chain.js';
import { checkHttps, checkLocale } from '../consent/purpose.commands.js';
import { checkAddress, checkEmail, checkName, type Address, type AddressInput } from '../contacts/contact.rule.js';
import { parsePhone } from '../contacts/phone.js';

export const IMPORT_FIELDS = [
  'NAME',
  'PHONE',
  'EMAIL',
  'LANGUAGE',
  'STREET',
  'POSTAL_CODE',
  'CITY',
  'REGION',
  'COUNTRY',
  'LABELS',
  'ATTRIBUTE',
  'CONSENT_GIVEN_AT',
  'CONSENT_REQUEST_ID',
  'CONSENT_URL',
  'CONSENT_NOTE',
] as const;
export type ImportField = (typeof IMPORT_FIELDS)[number];

/** What to do with a row about somebody who is known. */
export const DUPLICATE_RULES = ['FILL', 'OVERWRITE', 'LEAVE'] as const;
export type DuplicateRule = (typeof DUPLICATE_RULES)[number];

/** What became of a row, or would become of it. */
export const IMPORT_OUTCOMES = [
  'CREATED',
  'MERGED',
  'UNCHANGED',
  'DUPLICATE',
  'AMBIGUOUS',
  'SUPPRESSED',
  'REFUSED',
] as const;
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];

/** A column that is taken, by its place in the file. */
export interface MappedColumn {
  index: number;
  name: string;
  field: ImportField;
  /** Its key, where `field` is ATTRIBUTE. */
  attribute: string | null;
}

export interface ImportSettings {
  columns: readonly MappedColumn[];
  channelId: string;
  /** Of numbers without a country code. */
  country: string | null;
  encoding: 'utf-8' | 'windows-1252';
  delimiter: string;
  duplicates: DuplicateRule;
  /** That every imported contact gets. */
  labelIds: readonly string[];
  /** What the columns of consent are about; without it nothing is said of any consent. */
  consent: { purpose: string; textHash: string; locale: string } | { purpose: string; textHash: null } | null;
}

/** What rows are read with. */
export interface ImportPlan extends Pick<ImportSettings, 'columns' | 'country' | 'labelIds'> {
  attributes: ReadonlyMap<string, AttributeShape>;
  /** Ids by names in lower case. */
  labels: ReadonlyMap<string, string>;
  readsConsent: boolean;
  now: Date;
}

/** A row as it can be stored. What the file does not say is null. */
export interface Draft {
  phone: string | null;
  email: string | null;
  givenName: string | null;
  language: string | null;
  address: Address | null;
  values: ReadonlyMap<string, StoredValue>;
  labelIds: readonly string[];
  /** Null without evidence: then nobody knows whether the person agreed. */
  consent: { occurredAt: Date; evidence: Evidence } | null;
}

/** Why a row is not taken; no word of what stands in it. */
export interface Refusal {
  column: string | null;
  problem: string;
}

const ADDRESS_PARTS = {
  STREET: 'street',
  POSTAL_CODE: 'postalCode',
  CITY: 'city',
  REGION: 'region',
  COUNTRY: 'country',
} as const satisfies Partial<Record<ImportField, keyof Address>>;

/** Reads a row by what its columns mean. Empty cells say nothing. */
export function readRow(cells: readonly string[], plan: ImportPlan): Draft | Refusal {
  const address: AddressInput = {};
  const values = new Map<string, StoredValue>();
  const evidence: Evidence = {};
  const labelIds = new Set(plan.labelIds);
  const draft = { phone: null, email: null, givenName: null, language: null } as Pick<
    Draft,
    'phone' | 'email' | 'givenName' | 'language'
  >;
  let occurredAt: Date | undefined;
  try {
    for (const { index, name, field, attribute } of plan.columns) {
      const text = withoutGuard(cells[index] ?? '').trim();
      if (text === '') continue;
      switch (field) {
        case 'NAME':
          draft.givenName = checkName(text, name);
          break;
        case 'PHONE':
          draft.phone = parsePhone(text, name, plan.country);
          break;
        case 'EMAIL':
          draft.email = checkEmail(text, name);
          break;
        case 'LANGUAGE':
          draft.language = checkLocale(text, name);
          break;
        case 'LABELS':
          for (const label of labelNames(text)) {
            const id = plan.labels.get(label.toLowerCase());
            if (id === undefined) throw invalidInput(name, 'must be names of labels that there are.');
            labelIds.add(id);
          }
          break;
        case 'ATTRIBUTE':
          values.set(attribute!, checkValue(plan.attributes.get(attribute!)!, text, name));
          break;
        case 'CONSENT_GIVEN_AT':
          occurredAt = checkInstant(text, name, plan.now);
          break;
        case 'CONSENT_REQUEST_ID':
          evidence.formRequestId = checkName(text, name);
          break;
        case 'CONSENT_URL':
          evidence.formUrl = checkHttps(text, name);
          break;
        case 'CONSENT_NOTE':
          evidence.note = checkValue({ type: 'TEXT', options: [] }, text, name).value;
          break;
        default:
          address[ADDRESS_PARTS[field]] = text;
      }
    }
    const checkedAddress = checkAddress(address);
    if (draft.phone === null && draft.email === null) {
      return { column: null, problem: 'needs a phone number or an e-mail address.' };
    }
    // Without when, and by what it can be found in the form's own log, it proves nothing.
    const isProven = occurredAt !== undefined && evidence.formRequestId !== undefined;
    return {
      ...draft,
      address: checkedAddress,
      values,
      labelIds: [...labelIds],
      consent: plan.readsConsent && isProven ? { occurredAt: occurredAt!, evidence } : null,
    };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { field = null, message } = error;
    const part = plan.columns.find((column) => `address.${ADDRESS_PARTS[column.field as 'CITY']}` === field);
    return { column: part?.name ?? field, problem: message };
  }
}

/** A name that has a separator in it stands in quotation marks, as in our own export. */
function labelNames(text: string): string[] {
  return text
    .match(/\s*"(?:[^"]|"")*"\s*(?=[,;|]|$)|[^,;|]+/g)!
    .map((name) => name.trim().replace(/^"(.*)"$/s, (_, inner: string) => inner.replaceAll('""', '"')));
}

/** What spreadsheets are kept from running is written with an apostrophe in front, also by our own export. */
function withoutGuard(text: string): string {
  return /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}

const DAY_OR_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** A time without its zone is one of UTC. */
function checkInstant(text: string, column: string, now: Date): Date {
  const at = DAY_OR_TIME.test(text)
    ? new Date(/[T ]/.test(text) && !/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text)
    : null;
  if (!at || Number.isNaN(at.getTime())) throw invalidInput(column, 'must be a time such as 2026-11-22T10:00:00Z.');
  if (at > now) throw invalidInput(column, 'must not be in the future.');
  return at;
}

/** What is known of somebody, as far as rows may change it. */
export interface Known {
  givenName: string | null;
  email: string | null;
  language: string | null;
  address: Address | null;
}

/** What somebody is after a row about them. Empty cells never take anything away. */
export function mergeRow(known: Known, draft: Known, rule: Exclude<DuplicateRule, 'LEAVE'>): Known {
  const pick = <T>(before: T | null, said: T | null) => (rule === 'FILL' ? (before ?? said) : (said ?? before));
  return {
    givenName: pick(known.givenName, draft.givenName),
    email: pick(known.email, draft.email),
    language: pick(known.language, draft.language),
    address: pick(known.address, draft.address),
  };
}
