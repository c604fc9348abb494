import { setTimeout as sleep } from 'node:timers/promises';
import { accessibleWhere, allows } from '@fenster/auth';
import { array, auditRead, matching, sql, type RawBuilder } from '@fenster/database';
import { type BatchLoad, checkPageSize, decodePage, pageOf } from '@fenster/graphql';
import { isId, mayStillCome, MIN_PREFIX_LENGTH, parseQuery } from '@fenster/runtime';
import { abilityOf, type ContactsContext } from '../context.js';
import { ContactIdentity } from '../identities/contact-identity.entity.js';
import { segmentCondition } from '../segments/segment-condition.js';
import type { SegmentFilter } from '../segments/segment-filter.js';
import type { Address } from './contact.rule.js';

/**
 * A live event reaches agents before this service has read the event that makes its contact, with whose thread the id was
 * made. Between attempts to find it: 975 ms in all.
 */
export const WAITS_MS = [5, 10, 20, 40, 80, 160, 320, 340];

/** A contact under the id that was asked for, which may be an alias: a reference keeps its key. */
export interface FoundContact {
  id: string;
  /** The contact's own id. */
  contactId: string;
  workspaceId: string;
  name: string | null;
  profileName: string | null;
  /** These two are shown to those who may see phone numbers. */
  contactEmail: string | null;
  contactAddress: Address | null;
  language: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What would outlive the request is of no use to anybody. */
const PAGES_TIMEOUT_MS = 8_000;

const COLUMNS = sql`contact.id as "contactId", contact.workspace_id as "workspaceId", contact.name,
  contact.profile_name as "profileName", contact.email as "contactEmail", contact.address as "contactAddress",
  contact.language, contact.created_at as "createdAt", contact.updated_at as "updatedAt"`;

export interface ContactList {
  first: number;
  after?: string | null | undefined;
  search?: string | null | undefined;
  /** Checked, and nothing in it that the actor may not see. */
  filter?: SegmentFilter | undefined;
}

export interface ContactsPage {
  nodes: FoundContact[];
  nextPage: string | null;
}

/** A page of those contacts that the actor may see, the newest first; those that `search` finds and `filter` means. */
export async function listContacts(ctx: ContactsContext, list: ContactList): Promise<ContactsPage> {
  const { workspaceId } = ctx.requireActor();
  return shownPage(ctx, list, await ctx.database.readForTenant(workspaceId, rowsOf(ctx, list)));
}

/** Like {@link listContacts}, of which several are asked for in a request: some in a statement. @throws DomainError TIMED_OUT too */
export async function loadContacts(ctx: ContactsContext, list: ContactList): Promise<ContactsPage> {
  // What is wrong with one page is none of the others' business.
  const rows = await ctx.loader(rowsOfPages).load(rowsOf(ctx, list));
  return shownPage(ctx, list, rows!);
}

/** In one statement. */
const PAGES_AT_ONCE = 20;

/** All together take no longer than one may. */
const rowsOfPages: BatchLoad<RawBuilder<FoundContact>, FoundContact[]> = async (ctx, asked) => {
  const { workspaceId } = ctx.requireActor();
  const until = performance.now() + PAGES_TIMEOUT_MS;
  const found = new Map<RawBuilder<FoundContact>, FoundContact[]>();
  for (let from = 0; from < asked.length; from += PAGES_AT_ONCE) {
    const some = asked.slice(from, from + PAGES_AT_ONCE);
    const parts = some.map((rows, ordinal) => sql`select ${ordinal}::int as ordinal, page.* from (${rows}) page`);
    const rows = await ctx.database.readForTenant(
      workspaceId,
      sql<FoundContact & { ordinal: number }>`
        ${sql.join(parts, sql` union all `)} order by ordinal, "createdAt" desc, id desc
      `,
      { timeoutMs: Math.max(1, Math.ceil(until - performance.now())) },
    );
    const byOrdinal = Map.groupBy(rows, ({ ordinal }) => ordinal);
    for (const [ordinal, each] of some.entries()) found.set(each, byOrdinal.get(ordinal) ?? []);
  }
  return found;
};

/** One more than there is room for on the page. */
function rowsOf(ctx: ContactsContext, { first, after, search, filter }: ContactList): RawBuilder<FoundContact> {
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const ability = abilityOf(ctx);
  const { workspaceId } = ctx.requireActor();
  return sql<FoundContact>`
    select contact.id, ${COLUMNS} from contact
    where ${matching(accessibleWhere(ability, 'read', 'Contact'), 'contact')}
      ${search == null ? sql`` : sql`and contact.id in (${foundBy(search, workspaceId, ability.can('read_phone', 'Contact'))})`}
      ${filter ? sql`and ${segmentCondition(filter, { now: ctx.now() })}` : sql``}
      ${position ? sql`and (contact.created_at, contact.id) < (${position.at}, ${position.id})` : sql``}
    order by contact.created_at desc, contact.id desc limit ${size + 1}
  `;
}

function shownPage(ctx: ContactsContext, { first }: ContactList, rows: readonly FoundContact[]): ContactsPage {
  const page = pageOf(rows, first, ({ createdAt: at, id }) => ({ at, id }));
  for (const { id } of page.nodes) auditRead(ctx, 'contact.read', id);
  return page;
}

const MIN_DIGITS = 4;

/**
 * The ids of who has all of the words in their names, the last one also in part; or is called so on a channel. By what
 * they can be reached only for who may see that.
 * @throws DomainError INVALID_INPUT
 */
function foundBy(search: string, workspaceId: string, seesPhones: boolean): RawBuilder<unknown> {
  const words = parseQuery(search, 'search');
  const query = words.map(({ folded }) => (folded.length < MIN_PREFIX_LENGTH ? `'${folded}'` : `'${folded}':*`));
  const text = search.trim().toLowerCase();
  const digits = text.replaceAll(/[\s()+./-]/g, '').replace(/^0+/, '');
  const ways = [
    sql`select id from contact_match where words @@ ${[`':${workspaceId}'`, ...query].join(' & ')}::tsquery`,
    sql`select contact_id from contact_identity_match where workspace_id = ${workspaceId}
      and kind = 'USERNAME' and lower(value) like ${beginning(text.replace(/^@/, ''))}`,
  ];
  if (seesPhones && text.includes('@')) {
    ways.push(sql`select id from contact_match
      where workspace_id = ${workspaceId} and lower(email) like ${beginning(text)}`);
  }
  if (seesPhones && digits.length >= MIN_DIGITS && /^\d+$/.test(digits)) {
    ways.push(sql`select contact_id from contact_identity_match where workspace_id = ${workspaceId}
      and kind = 'PHONE' and reverse(value) like ${beginning([...digits].toReversed().join(''))}`);
  }
  return sql.join(ways, sql` union `);
}

/** As a pattern for `like`. */
function beginning(text: string): string {
  return `${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** Those of the contacts that the actor may see, by their own ids or by aliases. One query. */
export const contactsById: BatchLoad<string, FoundContact> = async (ctx, ids) => {
  const ability = abilityOf(ctx);
  const wanted = ids.filter(isId);
  if (wanted.length === 0 || !ability.can('read', 'Contact')) return new Map();
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    // Two steps, because row-level security lets no `coalesce` near an index: it may tell what it has seen.
    sql<FoundContact>`
      with wanted as materialized (
        select asked.id, coalesce(alias.contact_id, asked.id) as contact_id from unnest(${array('uuid', wanted)}) as asked(id)
        left join lateral (
          select contact_id from contact_alias where workspace_id = ${workspaceId} and id = asked.id offset 0
        ) alias on true
      )
      select wanted.id, ${COLUMNS}
      from wanted cross join lateral (
        select * from contact where workspace_id = ${workspaceId} and id = wanted.contact_id offset 0
      ) contact
    `,
  );
  return new Map(
    rows.filter((contact) => allows(ability, 'read', 'Contact', contact)).map((contact) => [contact.id, contact]),
  );
};

/** Like {@link contactsById}, but waits up to a second for contacts that are on their way. One query per attempt. */
export const referredContacts: BatchLoad<string, FoundContact> = async (ctx, ids) => {
  const found = new Map(await contactsById(ctx, ids));
  if (!abilityOf(ctx).can('read', 'Contact')) return found;
  for (const wait of WAITS_MS) {
    const missing = ids.filter((id) => !found.has(id) && isId(id) && mayStillCome(id, ctx.now()));
    if (missing.length === 0) break;
    await sleep(wait);
    for (const [id, contact] of await contactsById(ctx, missing)) found.set(id, contact);
  }
  return found;
};

/** All ids of a contact that were ever given to it, by its own, which is the first. One query. */
export const idsOfContacts: BatchLoad<string, string[]> = async (ctx, contactIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; contact_id: string }>`
      select id, contact_id from contact_alias
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)}) order by id
    `,
  );
  const aliases = Map.groupBy(rows, ({ contact_id }) => contact_id);
  return new Map(contactIds.map((id) => [id, [id, ...(aliases.get(id) ?? []).map((alias) => alias.id)]]));
};

/** What a contact is called and was called, by the contact's own id; what holds now first, then the latest. */
export const identitiesOfContacts: BatchLoad<string, ContactIdentity[]> = async (ctx, contactIds) => {
  const identities = await ctx.em.find(
    ContactIdentity,
    {
      $and: [accessibleWhere(abilityOf(ctx), 'read', 'ContactIdentity'), { contactId: { $in: [...contactIds] } }],
    },
    { orderBy: { validTo: 'desc nulls first', validFrom: 'desc', id: 'desc' } },
  );
  return Map.groupBy(identities, (identity) => identity.contactId);
};

/** What a contact is called now, by the contact's own id; the latest first. */
export const currentIdentities: BatchLoad<string, ContactIdentity[]> = async (ctx, contactIds) => {
  const identities = await ctx.em.find(
    ContactIdentity,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'read', 'ContactIdentity'),
        { contactId: { $in: [...contactIds] }, validTo: null },
      ],
    },
    { orderBy: { validFrom: 'desc', id: 'desc' } },
  );
  return Map.groupBy(identities, (identity) => identity.contactId);
};
