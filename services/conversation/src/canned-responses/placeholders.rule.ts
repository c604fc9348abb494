import { invalidInput } from '@fenster/runtime';

/** What a canned response can be filled with. */
export const PLACEHOLDERS = [
  'contact.name',
  'contact.firstName',
  'agent.name',
  'agent.firstName',
  'channel.name',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** `{{contact.name}}`, or `{{contact.name|friend}}` with what stands there if it is not known. */
const PLACEHOLDER = /\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}/g;

const isKnown = (name: string): name is Placeholder => (PLACEHOLDERS as readonly string[]).includes(name);

/** @throws DomainError INVALID_INPUT for a placeholder that nobody could fill, and for braces that are none. */
export function checkPlaceholders(body: string, field = 'body'): void {
  const unknown = [...body.matchAll(PLACEHOLDER)].map(([, name]) => name!).find((name) => !isKnown(name));
  const known = PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ');
  if (unknown !== undefined) throw invalidInput(field, `has a placeholder that does not exist. There are ${known}.`);
  if (/\{\{|\}\}/.test(body.replaceAll(PLACEHOLDER, ''))) {
    throw invalidInput(field, `has a placeholder that is not closed, or not opened. There are ${known}.`);
  }
}

export type Values = Partial<Record<Placeholder, string | null>>;

export interface Rendered {
  text: string;
  /** What is not known and has nothing to stand in its place: left empty. */
  missing: Placeholder[];
}

/** What is filled in is text: braces in it are not filled again. */
export function renderPlaceholders(body: string, values: Values): Rendered {
  const missing = new Set<Placeholder>();
  const text = body.replaceAll(PLACEHOLDER, (whole, name: string, instead?: string) => {
    if (!isKnown(name)) return whole;
    const value = values[name]?.trim() || instead?.trim();
    if (!value) missing.add(name);
    return value ?? '';
  });
  return { text, missing: [...missing] };
}

/** The first word of a name. */
export function firstNameOf(name: string | null | undefined): string | null {
  return name?.trim().split(/\s+/)[0] || null;
}
