import type { ActorRef } from '@fenster/contracts';
import type { Draft } from './draft.entity.js';

/** Of a draft that is edited all the time, so often a version is told. */
export const ANNOUNCE_EVERY_MS = 3_000;

type Edited = Pick<Draft, 'version' | 'text' | 'editedByKind' | 'editedById'>;
type Who = Pick<ActorRef, 'kind' | 'id'>;

/**
 * What becomes of an edit that was made on `expectedVersion`; 0 is where nobody has ever drafted anything.
 * `repeated`: it was made already, and only the answer got lost.
 */
export function judgeEdit(
  current: Edited | null,
  edit: { expectedVersion: number; text: string | null; by: Who },
): 'made' | 'repeated' | 'conflict' {
  const { version = 0, text = null } = current ?? {};
  if (edit.expectedVersion === version) return text === edit.text && current ? 'repeated' : 'made';
  const isOwn = current !== null && isEditedBy(current, edit.by);
  return isOwn && edit.expectedVersion === version - 1 && edit.text === text ? 'repeated' : 'conflict';
}

/**
 * Whether a message that leaves was this draft: the words are the same, or the one who edited it last has sent something
 * else in its place. A message of somebody else, say of a program, leaves a colleague's words alone.
 */
export function isSentWith(draft: Edited, { text, by, isDraftable }: SentMessage): boolean {
  if (draft.text == null) return false;
  return (isDraftable && isEditedBy(draft, by)) || draft.text.trim() === text?.trim();
}

/** A message that leaves. */
export interface SentMessage {
  text: string | null;
  by: Who;
  /** A picture or a place that is sent while a text is drafted does not take its place. */
  isDraftable: boolean;
}

function isEditedBy(draft: Edited, { kind, id }: Who): boolean {
  return draft.editedByKind === kind && draft.editedById === id;
}

/** When the present version is to be told: undefined for now. The end of a draft waits for nothing. */
export function announceAt({ text, announcedAt }: Pick<Draft, 'text' | 'announcedAt'>, now: Date): Date | undefined {
  const at = new Date(announcedAt.getTime() + ANNOUNCE_EVERY_MS);
  return text === null || at <= now ? undefined : at;
}
