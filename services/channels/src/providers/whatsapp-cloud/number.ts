import type { ExchangeOptions } from '../exchange.js';
import { isObject, optionalText, type JsonObject } from '../json.js';
import {
  NUMBER_QUALITIES,
  type BusinessProfile,
  type NumberFacts,
  type NumberQuality,
  type ProfileUpdate,
  type ProviderAnswer,
} from '../provider.js';
import { callGraph } from './graph-call.js';
import type { GraphAccess } from './graph-access.js';

/** The Graph API refuses a request for one field that it does not know, and versions differ: then only the older ones. */
const NUMBER_FIELDS = [
  'verified_name,name_status,quality_rating,throughput,status,whatsapp_business_manager_messaging_limit',
  'verified_name,name_status,quality_rating,throughput',
];
const PROFILE = 'whatsapp_business_profile';
const PROFILE_FIELDS = 'about,address,description,email,profile_picture_url,websites,vertical';
const UNKNOWN_FIELD = 100;

/** The number itself decides; what its neighbours do not tell is just not known. */
export async function readNumber(
  { wabaId }: { wabaId: string },
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<ProviderAnswer<NumberFacts>> {
  const get = (path: readonly string[], fields?: string) =>
    callGraph({ method: 'GET', path, ...(fields && { query: { fields } }) }, access, options);
  const { numberPath, objectPath } = access;
  let number = await get(numberPath, NUMBER_FIELDS[0]);
  if (number.kind === 'refused' && number.code === UNKNOWN_FIELD) number = await get(numberPath, NUMBER_FIELDS[1]);
  if (number.kind !== 'answered') return number;
  const [profile, settings, account] = await Promise.all([
    readProfile(access, options),
    get([...numberPath, 'settings']),
    get([...objectPath, wabaId], 'owner_business_info'),
  ]);
  const facts: NumberFacts = { ...numberFactsOf(number.value) };
  if (profile.kind === 'answered') Object.assign(facts, profile.value);
  const storage = settings.kind === 'answered' ? settings.value.storage_configuration : undefined;
  const region = isObject(storage) ? optionalText(storage.data_localization_region, 40) : undefined;
  if (region !== undefined) facts.storageRegion = region;
  const owner = account.kind === 'answered' ? account.value.owner_business_info : undefined;
  const portfolioId = isObject(owner) ? optionalText(owner.id, 64) : undefined;
  if (portfolioId !== undefined) facts.portfolioId = portfolioId;
  return { kind: 'answered', value: facts };
}

export async function readProfile(
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<ProviderAnswer<Pick<NumberFacts, 'profile'>>> {
  const path = [...access.numberPath, PROFILE];
  const answer = await callGraph({ method: 'GET', path, query: { fields: PROFILE_FIELDS } }, access, options);
  if (answer.kind !== 'answered') return answer;
  const first: unknown = Array.isArray(answer.value.data) ? answer.value.data[0] : undefined;
  return { kind: 'answered', value: isObject(first) ? { profile: profileOf(first) } : {} };
}

/** whatsapp.md §B5, and the fields of a phone number. */
function numberFactsOf(number: JsonObject): NumberFacts {
  const facts: NumberFacts = {};
  const quality = qualityOf(number.quality_rating);
  if (quality) facts.quality = quality;
  const messagingLimit = tierOf(number.whatsapp_business_manager_messaging_limit);
  if (messagingLimit !== undefined) facts.messagingLimit = messagingLimit;
  const throughput = isObject(number.throughput) ? wordOf(number.throughput.level) : undefined;
  if (throughput !== undefined) facts.throughput = throughput;
  const verifiedName = optionalText(number.verified_name, 256);
  if (verifiedName !== undefined) facts.verifiedName = verifiedName;
  const nameStatus = wordOf(number.name_status);
  if (nameStatus !== undefined) facts.nameStatus = nameStatus;
  return facts;
}

function profileOf(given: JsonObject): BusinessProfile {
  const texts = {
    about: optionalText(given.about, 512),
    address: optionalText(given.address, 512),
    description: optionalText(given.description, 1_024),
    email: optionalText(given.email, 256),
    category: wordOf(given.vertical),
    pictureUrl: optionalText(given.profile_picture_url, 2_048),
  };
  const websites = Array.isArray(given.websites)
    ? given.websites.flatMap((website) => optionalText(website, 512) ?? []).slice(0, 10)
    : undefined;
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
    ...(websites && { websites }),
  };
}

export async function updateProfile(
  { category, pictureHandle, ...change }: ProfileUpdate,
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<ProviderAnswer<true>> {
  const body = {
    messaging_product: 'whatsapp',
    ...change,
    ...(category !== undefined && { vertical: category }),
    ...(pictureHandle !== undefined && { profile_picture_handle: pictureHandle }),
  };
  const path = [...access.numberPath, PROFILE];
  const answer = await callGraph({ method: 'POST', path, body }, access, options);
  return answer.kind === 'answered' ? { kind: 'answered', value: true } : answer;
}

/** `NA` is what new numbers have. */
export function qualityOf(value: unknown): NumberQuality | undefined {
  if (value === 'NA') return 'UNKNOWN';
  return NUMBER_QUALITIES.find((quality) => quality === value);
}

/** Meta's documents say `TIER_2K`, its samples also plain numbers; unlimited is `-1` or a word (whatsapp.md §A8). */
export function tierOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    if (value < 0) return 'TIER_UNLIMITED';
    return value >= 1_000 && value % 1_000 === 0 ? `TIER_${value / 1_000}K` : `TIER_${value}`;
  }
  const word = wordOf(value);
  if (word === undefined) return undefined;
  return word.startsWith('TIER_') ? word : `TIER_${word}`;
}

/** The provider's own words: open sets, spelt in capitals. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,59}$/.test(value) ? value.toUpperCase() : undefined;
}
