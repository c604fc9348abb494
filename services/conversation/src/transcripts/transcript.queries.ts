import { auditRead, sql } from '@fenster/database';
import { invalidInput, isId, isTimeZone } from '@fenster/runtime';
import { contactNames } from '../contact-names/contact-names.js';
import type { ConversationContext } from '../context.js';
import { requireConversation } from '../conversations/conversation.queries.js';
import { Member } from '../directory/directory.entity.js';
import { toJson, toText, type TranscriptEntry } from './transcript.rule.js';
import type { TranscriptFormat, TranscriptPart } from './transcript.types.js';

/** In one part; a message has at most 4096 characters and a note 10,000, so that a part stays within a few megabytes. */
export const MAX_ENTRIES = 500;

export interface TranscriptInput {
  conversationId: string;
  format: TranscriptFormat;
  timeZone: string;
  withNotes: boolean;
  after?: string | null | undefined;
}

interface EntryRow {
  kind: TranscriptEntry['kind'];
  id: string;
  seq: number;
  at: Date;
  direction: TranscriptEntry['direction'];
  type: string;
  status: string | null;
  author_id: string | null;
  api_key_id: string | null;
  text: string | null;
  referral: TranscriptEntry['referral'];
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function writeTranscript(ctx: ConversationContext, input: TranscriptInput): Promise<TranscriptPart> {
  const { format, withNotes, after, timeZone } = input;
  if (!isTimeZone(timeZone)) throw invalidInput('timeZone', 'must be an IANA time zone, such as Europe/Berlin.');
  const position = after == null ? undefined : decodePosition(after);
  const conversation = await requireConversation(ctx, input.conversationId);
  const { id: conversationId, workspaceId } = conversation;
  const rows = await ctx.database.readForTenant(
    workspaceId,
    entriesStatement({ workspaceId, id: conversationId }, { withNotes, position }),
  );
  const shown = rows.slice(0, MAX_ENTRIES);
  const last = shown.at(-1);
  const { permissions } = ctx.requireActor();
  const authorIds = [...new Set(shown.flatMap((row) => row.author_id ?? []))];
  const members = await ctx.em.find(Member, { id: { $in: authorIds } });
  const names = new Map(members.map(({ id, name }) => [id, name]));
  const contactName = permissions.includes('contact:read') && (await ctx.loader(contactNames).load(conversationId));
  auditRead(ctx, 'conversation.export', conversationId);
  const transcript = {
    header: { ...conversation, conversationId, contactName: contactName || null },
    entries: shown.map(({ author_id: authorId, api_key_id: apiKeyId, ...row }) => ({ ...row, authorId, apiKeyId })),
    nameOf: (memberId: string) => names.get(memberId),
    timeZone,
    isFirst: position === undefined,
  };
  return {
    content: format === 'JSON' ? toJson(transcript) : toText(transcript),
    mediaType: format === 'JSON' ? 'application/json' : 'text/plain; charset=utf-8',
    fileName: `conversation-${conversationId}.${format === 'JSON' ? 'json' : 'txt'}`,
    nextPart: rows.length > MAX_ENTRIES && last ? encodePosition(last) : null,
  };
}

type Position = Pick<EntryRow, 'seq' | 'kind' | 'id'>;

/**
 * The entries of a part and one more. A note stands behind the message that was the last one when it was written.
 * However long the conversation is, only what the part needs of it is read.
 */
export function entriesStatement(
  { workspaceId, id }: { workspaceId: string; id: string },
  { withNotes, position }: { withNotes: boolean; position?: Position | undefined },
) {
  // A message's place is its `seq`: the one that a part ended with is read once more, and left out below.
  return sql<EntryRow>`
    select * from (
      (
        select 'MESSAGE' as kind, id, seq, sent_at as at, direction, type, status, author_id, api_key_id, text,
          referral
        from message where workspace_id = ${workspaceId} and conversation_id = ${id}
          ${position ? sql`and seq >= ${position.seq}` : sql``}
        order by seq limit ${MAX_ENTRIES + 2}
      )
      ${
        withNotes
          ? sql`union all (
              select 'NOTE', id, after_seq, created_at, null, 'note', null, author_id, api_key_id, text, null
              from note where workspace_id = ${workspaceId} and conversation_id = ${id}
                ${position ? sql`and (after_seq, 'NOTE', id) > (${position.seq}, ${position.kind}, ${position.id})` : sql``}
              order by after_seq, id limit ${MAX_ENTRIES + 1}
            )`
          : sql``
      }
    ) entry
    ${position ? sql`where (seq, kind, id) > (${position.seq}, ${position.kind}, ${position.id})` : sql``}
    order by seq, kind, id limit ${MAX_ENTRIES + 1}
  `;
}

function encodePosition({ seq, kind, id }: Position): string {
  return Buffer.from(`${seq} ${kind} ${id}`).toString('base64url');
}

function decodePosition(part: string): Position {
  const [, seq, kind, id] = /^(-?\d{1,9}) (MESSAGE|NOTE) (\S+)$/.exec(Buffer.from(part, 'base64url').toString()) ?? [];
  const position = { seq: Number(seq), kind: kind as Position['kind'], id: id! };
  if (!isId(id) || encodePosition(position) !== part) {
    throw invalidInput('after', 'is not a part that this API handed out.');
  }
  return position;
}
