import { canonicalTimeZone, invalidInput, recipientCountry } from '@fenster/runtime';

/** An attribute of this key says in which time zone a contact lives: an IANA name, such as Europe/Berlin. */
export const TIME_ZONE_ATTRIBUTE = 'time_zone';

/** Of countries with several, the one where most people live. */
const MAIN_ZONES: Readonly<Record<string, string>> = {
  AU: 'Australia/Sydney',
  BR: 'America/Sao_Paulo',
  CA: 'America/Toronto',
  CD: 'Africa/Kinshasa',
  CL: 'America/Santiago',
  CN: 'Asia/Shanghai',
  EC: 'America/Guayaquil',
  ES: 'Europe/Madrid',
  FM: 'Pacific/Pohnpei',
  GL: 'America/Nuuk',
  ID: 'Asia/Jakarta',
  KI: 'Pacific/Tarawa',
  MN: 'Asia/Ulaanbaatar',
  MX: 'America/Mexico_City',
  NZ: 'Pacific/Auckland',
  PF: 'Pacific/Tahiti',
  PG: 'Pacific/Port_Moresby',
  PT: 'Europe/Lisbon',
  RU: 'Europe/Moscow',
  UA: 'Europe/Kyiv',
  US: 'America/New_York',
};

/** What tells where somebody is, the surest first. */
export interface Whereabouts {
  /** The value of {@link TIME_ZONE_ATTRIBUTE}. */
  timeZone?: string | null;
  phone?: string | null;
  bsuid?: string | null;
  /** Of their postal address, ISO 3166-1 alpha-2. */
  country?: string | null;
}

/**
 * The time zone that somebody lives in, as far as can be known: what the contact says, else that of the country of the
 * number (or of the user id), else that of the address. Undefined if nothing tells.
 */
export function timeZoneOf({ timeZone, phone, bsuid, country }: Whereabouts): string | undefined {
  const said = timeZone == null ? undefined : canonicalTimeZone(timeZone);
  if (said !== undefined) return said;
  const ofNumber = recipientCountry(phone?.replace('+', ''), bsuid ?? undefined);
  return (ofNumber && zoneOfCountry(ofNumber)) ?? (country == null ? undefined : zoneOfCountry(country));
}

const known = new Map<string, string | undefined>();

function zoneOfCountry(country: string): string | undefined {
  if (!/^[A-Z]{2}$/.test(country)) return undefined;
  if (!known.has(country)) known.set(country, MAIN_ZONES[country] ?? zonesOf(country)[0]);
  return known.get(country);
}

function zonesOf(country: string): readonly string[] {
  const locale = new Intl.Locale('und', { region: country }) as Intl.Locale & { getTimeZones(): string[] | undefined };
  return locale.getTimeZones() ?? [];
}

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d$/;
/** Nowhere is it later than there. */
const EARLIEST_OFFSET_MS = 14 * 3_600_000;

/** @throws DomainError INVALID_INPUT */
export function checkLocalTime(value: string): string {
  const date = LOCAL_TIME.exec(value)?.[1];
  const day = new Date(`${date}T00:00:00Z`);
  const isDay = date !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
  if (!isDay) throw invalidInput('localTime', 'must be a day and a time without a zone, such as 2026-11-24T10:00.');
  return value;
}

/** When it is this local time for the first people on earth. */
export function firstInstantOf(localTime: string): Date {
  return new Date(new Date(`${localTime}:00Z`).getTime() - EARLIEST_OFFSET_MS);
}
