import { array, auditRead, sql } from '@fenster/database';
import { checkPageSize, decodePage, pageOf, type PagePosition } from '@fenster/graphql';
import { invalidInput, isId, MIN_PREFIX_LENGTH, parseQuery, wordsIn, type Word } from '@fenster/runtime';
import { contactNames } from '../contact-names/contact-names.js';
import { abilityOf, type ConversationContext } from '../context.js';
import { accessibleSql } from '../conversations/accessible-sql.js';
import { conversationsById } from '../conversations/conversation.queries.js';
import { CONVERSATION_COLUMNS, toConversation, type ConversationRow } from '../conversations/conversation.row.js';
import { messagesById } from '../messages/message.queries.js';
import { notesById } from '../notes/note.queries.js';
import { SEARCH_KINDS, type SearchKind } from './index-words.js';
import type { SearchFilter, SearchHit, SearchPage } from './search.types.js';
import { cutSnippet } from './snippet.rule.js';

const MAX_HITS = 50;
const MAX_CHANNELS = 100;

interface HitRow extends ConversationRow {
  kind: SearchKind;
  hit_id: string;
  occurred_at: Date;
}

export interface SearchInput {
  text: string;
  filter?: SearchFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}

/**
 * What has all of the words, whatever their form in German or English, in conversations that the actor may see; names
 * only for those who may see contacts.
 * @throws DomainError INVALID_INPUT
 */
export async function searchInbox(ctx: ConversationContext, input: SearchInput): Promise<SearchPage> {
  const words = parseQuery(input.text);
  const size = checkPageSize(input.first);
  if (size > MAX_HITS) throw invalidInput('first', `must be between 1 and ${MAX_HITS}.`);
  const position = input.after == null ? undefined : decodePage(input.after, 'after');
  const { workspaceId } = ctx.requireActor();
  const statements = searchStatements(ctx, words, checkFilter(input.filter ?? {}), { position, limit: size + 1 });
  let rows = await ctx.database.readForTenant(workspaceId, statements.latest);
  if (rows.length <= size) rows = await ctx.database.readForTenant(workspaceId, statements.all);
  const { nodes, nextPage } = pageOf(rows, size, (row) => ({ at: row.occurred_at, id: row.hit_id }));
  return { nodes: await toHits(ctx, nodes, words), nextPage };
}

function checkFilter({ channelIds, conversationId, ...filter }: SearchFilter): SearchFilter {
  if (channelIds && (channelIds.length > MAX_CHANNELS || !channelIds.every(isId))) {
    throw invalidInput('channelIds', `must be at most ${MAX_CHANNELS} ids of channels.`);
  }
  if (conversationId != null && !isId(conversationId)) throw invalidInput('conversationId', 'must be an id.');
  return { ...filter, channelIds: channelIds ?? null, conversationId: conversationId ?? null };
}

/** Among the latest so many, a frequent word is found often enough for a page. */
const LATEST = 2_000;

/**
 * The same question, asked of the latest entries and of all. A frequent word has a page full of the latest, and sorting
 * all of its thousands for them would be a waste; for the others, the index of words names those few that there are.
 * PostgreSQL cannot choose for itself: it knows how frequent words are in all workspaces together.
 */
export function searchStatements(
  ctx: Pick<ConversationContext, 'requireActor'>,
  words: readonly Word[],
  { kinds, channelIds, conversationId, from, to }: SearchFilter,
  { position, limit }: { position?: PagePosition | undefined; limit: number },
) {
  const { workspaceId, permissions } = ctx.requireActor();
  const readable = SEARCH_KINDS.filter((kind) => kind !== 'CONTACT' || permissions.includes('contact:read'));
  const wanted = readable.filter((kind) => !kinds || kinds.includes(kind));
  const inTime = sql`workspace_id = ${workspaceId}
    ${from ? sql`and occurred_at >= ${from}` : sql``}
    ${to ? sql`and occurred_at < ${to}` : sql``}
    ${position ? sql`and (occurred_at, id) < (${position.at}, ${position.id})` : sql``}`;
  const matching = sql`words @@ (${`':${workspaceId}'`}::tsquery && ${sql.join(words.map(toQuery), sql` && `)})
    and kind = any(${array('text', wanted)})
    ${channelIds ? sql`and channel_id = any(${array('uuid', channelIds)})` : sql``}
    ${conversationId ? sql`and conversation_id = ${conversationId}` : sql``}`;
  const hits = (found: ReturnType<typeof sql>) => sql<HitRow>`
    with s as materialized (${found})
    select s.kind, s.id as hit_id, s.occurred_at, ${CONVERSATION_COLUMNS}
    from s join conversation c on c.workspace_id = s.workspace_id and c.id = s.conversation_id
    where ${accessibleSql(abilityOf(ctx as ConversationContext), 'read')}
    order by s.occurred_at desc, s.id desc limit ${limit}
  `;
  return {
    latest: hits(sql`
      select * from (
        select * from search_match where ${inTime} order by occurred_at desc, id desc limit ${LATEST}
      ) latest where ${matching}
    `),
    all: hits(sql`select * from search_match where ${matching} and ${inTime}`),
  };
}

/** A stop word of one language is a word of the other, and is itself in any case. */
function toQuery({ plain, folded }: Word) {
  const itself = folded.length >= MIN_PREFIX_LENGTH ? `'${folded}':*` : `'${folded}'`;
  return sql`(plainto_tsquery('german', ${plain}) || plainto_tsquery('english', ${plain}) || ${itself}::tsquery)`;
}

async function toHits(ctx: ConversationContext, rows: readonly HitRow[], words: readonly Word[]): Promise<SearchHit[]> {
  const conversations = ctx.loader(conversationsById);
  for (const row of rows) conversations.prime(row.id, toConversation(row));
  const hits = await Promise.all(
    rows.map(async (row) => {
      const { kind, hit_id: id } = row;
      const message = kind === 'MESSAGE' ? await ctx.loader(messagesById).load(id) : undefined;
      const note = kind === 'NOTE' ? await ctx.loader(notesById).load(id) : undefined;
      const name = kind === 'CONTACT' ? await ctx.loader(contactNames).load(id) : undefined;
      return { row, message: message ?? null, note: note ?? null, text: message?.text ?? note?.text ?? name };
    }),
  );
  // What was taken back since its words were stored is not shown.
  const found = hits.flatMap((hit) => (hit.text ? [{ ...hit, text: hit.text }] : []));
  const matching = await matchingWords(
    ctx,
    found.map(({ text }) => text),
    words,
  );
  return found.map(({ row, message, note, text }) => {
    auditRead(ctx, 'conversation.read', row.id);
    const { text: snippet, highlights } = cutSnippet(text, ({ plain }) => matching.has(plain));
    const conversation = toConversation(row);
    return {
      kind: row.kind,
      conversation,
      message,
      note,
      snippet,
      highlights,
      occurredAt: row.occurred_at,
    } as SearchHit;
  });
}

/** Of all words of these texts, those that one of the words finds: judged where the texts were, by the same rules. */
async function matchingWords(
  ctx: ConversationContext,
  texts: readonly string[],
  words: readonly Word[],
): Promise<ReadonlySet<string>> {
  const { workspaceId } = ctx.requireActor();
  const all = new Map(texts.flatMap(wordsIn).map(({ plain, folded }) => [plain, folded]));
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ plain: string }>`
      select plain from unnest(${array('text', [...all.keys()])}, ${array('text', [...all.values()])}) as word(plain, folded)
      where search_words(${workspaceId}, plain, folded) @@ (${sql.join(words.map(toQuery), sql` || `)})
    `,
  );
  return new Set(rows.map(({ plain }) => plain));
}
