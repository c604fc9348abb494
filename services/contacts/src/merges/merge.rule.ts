import { DomainError, invalidInput } from '@fenster/runtime';
import type { Address } from '../contacts/contact.rule.js';

/** A contact as a merge finds it: all that is the contact's and not a channel's. Times as PostgreSQL writes them. */
export interface Side {
  givenName: string | null;
  profileName: string | null;
  email: string | null;
  address: Address | null;
  language: string | null;
  createdAt: string;
  updatedAt: string;
  /** By key. */
  attributes: Record<string, SideValue>;
  /** By the labels' ids. */
  labels: Record<string, { setByKind: string; setById: string | null; setAt: string }>;
  noteIds: string[];
  /** None of merges from before contacts had files. */
  fileIds?: string[];
}

export interface SideValue {
  value: string;
  number: number | null;
  changedAt: string;
}

const FIELDS = { name: 'givenName', email: 'email', address: 'address', language: 'language' } as const;
type FieldName = keyof typeof FIELDS;
export type SideField = (typeof FIELDS)[FieldName];

/** What both have, and not the same: `name`, `email`, `address`, `language`, `attributes.<key>`. */
export interface Conflict {
  field: string;
  kept: string | Address;
  merged: string | Address;
}

export const MERGE_CHOICES = ['KEPT', 'MERGED'] as const;
/** Whose is taken: of the contact that stays, or of the one that becomes part of it. */
export type MergeChoice = (typeof MERGE_CHOICES)[number];

/** What is for a person to decide: nothing that both have is overwritten by a rule. */
export function conflictsOf(kept: Side, merged: Side): Conflict[] {
  const fields = (Object.entries(FIELDS) as [FieldName, SideField][]).flatMap(([field, column]) =>
    conflict(field, kept[column], merged[column]),
  );
  const attributes = Object.keys(kept.attributes)
    .toSorted()
    .flatMap((key) =>
      conflict(`attributes.${key}`, kept.attributes[key]!.value, merged.attributes[key]?.value ?? null),
    );
  return [...fields, ...attributes];
}

function conflict(field: string, kept: string | Address | null, merged: string | Address | null): Conflict[] {
  return kept === null || merged === null || isSame(kept, merged) ? [] : [{ field, kept, merged }];
}

function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

/** JSON comes out of PostgreSQL with its keys in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );
}

/**
 * What the two become. What only one of them has it gets; what both have is as it was decided.
 * @throws DomainError INVALID_INPUT for a decision that is none, MERGE_UNDECIDED naming the conflicts that are left
 */
export function mergeSides(kept: Side, merged: Side, decisions: ReadonlyMap<string, MergeChoice>): Side {
  const conflicts = conflictsOf(kept, merged).map(({ field }) => field);
  const needless = [...decisions.keys()].find((field) => !conflicts.includes(field));
  if (needless !== undefined) throw invalidInput('decisions', 'must be of the conflicts that the preview shows.');
  const undecided = conflicts.filter((field) => !decisions.has(field));
  if (undecided.length > 0) {
    throw new DomainError('MERGE_UNDECIDED', 'Both have something else here. Decide which of the two stays.', {
      details: { fields: undecided },
    });
  }
  const choose = <T>(field: string, one: T | null, other: T | null) =>
    decisions.get(field) === 'MERGED' ? other : (one ?? other);
  const keys = new Set([...Object.keys(kept.attributes), ...Object.keys(merged.attributes)]);
  return {
    ...kept,
    ...Object.fromEntries(
      Object.entries(FIELDS).map(([field, column]) => [column, choose<unknown>(field, kept[column], merged[column])]),
    ),
    profileName: kept.profileName ?? merged.profileName,
    attributes: Object.fromEntries(
      [...keys].map((key) => [
        key,
        choose(`attributes.${key}`, kept.attributes[key] ?? null, merged.attributes[key] ?? null)!,
      ]),
    ),
    labels: { ...merged.labels, ...kept.labels },
    noteIds: [...kept.noteIds, ...merged.noteIds],
    fileIds: [...(kept.fileIds ?? []), ...(merged.fileIds ?? [])],
  };
}

export interface Merged {
  kept: Side;
  merged: Side;
  outcome: Side;
}

/**
 * The two again, as they were. Of what has changed since: a value that somebody wrote since stays with the contact that
 * stays, as do labels, notes and files since; a label that was taken off, or a note or file that was deleted, does not come back.
 */
export function separateSides({ kept, merged, outcome }: Merged, now: Side): { kept: Side; merged: Side } {
  const restore = <T>(before: T | null, made: T | null, present: T | null) =>
    isSame(made, present) ? before : present;
  const value = (side: Side, key: string) => side.attributes[key]?.value ?? null;
  const keys = new Set([kept, now].flatMap(({ attributes }) => Object.keys(attributes)));
  const attributes = [...keys].flatMap((key) => {
    const isAsMade = value(outcome, key) === value(now, key);
    const stays = isAsMade ? kept.attributes[key] : now.attributes[key];
    return stays ? [[key, stays] as const] : [];
  });
  const labels = Object.entries(now.labels).filter(([id]) => id in kept.labels || !(id in merged.labels));
  const theirNotes = new Set(merged.noteIds);
  const theirFiles = new Set(merged.fileIds);
  return {
    kept: {
      ...now,
      ...Object.fromEntries(
        Object.values(FIELDS).map((column) => [column, restore<unknown>(kept[column], outcome[column], now[column])]),
      ),
      // Channels tell it of each of them: see remember-profile-names.ts.
      profileName: kept.profileName,
      attributes: Object.fromEntries(attributes),
      labels: Object.fromEntries(labels.map(([id, label]) => [id, kept.labels[id] ?? label])),
      noteIds: now.noteIds.filter((id) => !theirNotes.has(id)),
      fileIds: now.fileIds?.filter((id) => !theirFiles.has(id)) ?? [],
    },
    merged: {
      ...merged,
      labels: Object.fromEntries(Object.entries(merged.labels).filter(([id]) => id in now.labels)),
      noteIds: now.noteIds.filter((id) => theirNotes.has(id)),
      fileIds: now.fileIds?.filter((id) => theirFiles.has(id)) ?? [],
    },
  };
}
