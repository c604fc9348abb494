import { isUtf8 } from 'node:buffer';

/** Reading JSON that others wrote: bounded, narrowed, and free of what PostgreSQL cannot store. */

export type JsonObject = { readonly [key: string]: unknown };

export type JsonRefusal = 'not-utf8' | 'not-json' | 'not-object' | 'too-deep';

export type ParsedJson = { ok: true; value: JsonObject } | { ok: false; reason: JsonRefusal };

/**
 * Parses a body whose root must be an object nested at most `maxDepth` deep. The depth is checked before parsing: what recurses
 * over the value later (JSON.stringify, jsonb) would overflow its stack.
 */
export function parseJson(raw: Buffer, options: { maxDepth: number }): ParsedJson {
  if (!isUtf8(raw)) return { ok: false, reason: 'not-utf8' };
  const text = raw.toString('utf8');
  if (isDeeperThan(text, options.maxDepth)) return { ok: false, reason: 'too-deep' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not-json' };
  }
  return isObject(value) ? { ok: true, value } : { ok: false, reason: 'not-object' };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Cuts to `maxLength` UTF-16 units and replaces NUL and lone surrogates: PostgreSQL refuses both, and one would sink a whole batch. */
export function storableText(text: string, maxLength: number): string {
  let result = text.length > maxLength ? text.slice(0, maxLength) : text;
  if (result.includes('\0')) result = result.replaceAll('\0', '\uFFFD');
  return result.isWellFormed() ? result : result.toWellFormed();
}

/** @returns a storable copy, or undefined for anything but a string with content. */
export function optionalText(value: unknown, maxLength: number): string | undefined {
  return typeof value === 'string' && value !== '' ? storableText(value, maxLength) : undefined;
}

/**
 * Deep copy that can be stored: strings made storable, `__proto__` left out, numbers beyond double range null.
 * @returns undefined if the value is nested deeper than `maxDepth` or larger than about `maxSize` characters.
 */
export function storableCopy(value: unknown, maxDepth: number, maxSize: number): unknown {
  const budget = { left: maxSize };
  const copy = copyWithin(budget, value, maxDepth);
  return budget.left < 0 ? undefined : copy;
}

/** Fixed cost of a value, so that a million empty arrays are not free. */
const VALUE_COST = 8;

function copyWithin(budget: { left: number }, value: unknown, depthLeft: number): unknown {
  budget.left -= VALUE_COST;
  if (typeof value === 'string') {
    budget.left -= value.length;
    return budget.left < 0 ? undefined : storableText(value, value.length);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (depthLeft === 0) budget.left = -1;
  if (budget.left < 0) return undefined;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    for (const element of value) {
      if (budget.left < 0) return undefined;
      copy.push(copyWithin(budget, element, depthLeft - 1));
    }
    return copy;
  }
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') continue;
    budget.left -= key.length;
    if (budget.left < 0) return undefined;
    copy[storableText(key, key.length)] = copyWithin(budget, member, depthLeft - 1);
  }
  return copy;
}

function isDeeperThan(text: string, maxDepth: number): boolean {
  if (!hasMoreOpeningBrackets(text, maxDepth)) return false;
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isInString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) isInString = false;
    } else if (unit === 0x22) {
      isInString = true;
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--;
    }
  }
  return false;
}

/** Most bodies have fewer brackets than the bound in all, and counting them is much cheaper than following the nesting. */
function hasMoreOpeningBrackets(text: string, limit: number): boolean {
  let count = 0;
  for (let at = text.indexOf('{'); at !== -1; at = text.indexOf('{', at + 1)) if (++count > limit) return true;
  for (let at = text.indexOf('['); at !== -1; at = text.indexOf('[', at + 1)) if (++count > limit) return true;
  return false;
}
