import { accessibleWhere, allows } from '@fenster/auth';
import type { ConsentIdentityKind, ConsentSource, ConsentState } from '@fenster/contracts';
import { array, auditRead, sql } from '@fenster/database';
import { checkPageSize, decodePage, olderThan, pageOf, type BatchLoad } from '@fenster/graphql';
import { idsOfContacts } from '../contacts/contact.queries.js';
import { abilityOf, type ContactsContext } from '../context.js';
import type { Evidence } from './consent-chain.js';
import { ConsentEvent, ConsentText } from './consent.entity.js';
import { listPurposes, type Purpose } from './purpose.queries.js';

export interface ShownConsent {
  contactId: string;
  purposeKey: string;
  channel: { id: string };
  identityKind: ConsentIdentityKind;
  isFormer: boolean;
  state: ConsentState;
  isGranted: boolean;
  since: Date;
  source: ConsentSource;
}

/** By the contacts' own ids; those that count now first, then by purpose. One query. */
export const consentsOfContacts: BatchLoad<string, ShownConsent[]> = async (ctx, contactIds) => {
  const { workspaceId } = ctx.requireActor();
  if (!abilityOf(ctx).can('read', 'Consent')) return new Map();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Omit<ShownConsent, 'channel'> & { channelId: string; workspaceId: string }>`
      select state.workspace_id as "workspaceId", state.contact_id as "contactId", state.purpose as "purposeKey",
        state.channel_id as "channelId", event.identity_kind as "identityKind", identity.id is null as "isFormer",
        state.state, state.is_granted as "isGranted", state.since, event.source
      from consent_state state
      join consent_event event on event.workspace_id = state.workspace_id and event.id = state.event_id
      left join contact_identity identity on identity.workspace_id = state.workspace_id
        and identity.id = state.identity_id and identity.valid_to is null
      where state.workspace_id = ${workspaceId} and state.contact_id = any(${array('uuid', contactIds)})
      order by "isFormer", state.purpose, state.channel_id, event.identity_kind desc, state.identity_id
    `,
  );
  const ability = abilityOf(ctx);
  const shown = rows.filter((row) => allows(ability, 'read', 'Consent', row));
  return Map.groupBy(
    shown.map(({ channelId, isFormer, isGranted, ...row }) => ({
      ...row,
      channel: { id: channelId },
      isFormer,
      // Of an address that is somebody's no longer nothing can be sent.
      isGranted: isGranted && !isFormer,
    })),
    ({ contactId }) => contactId,
  );
};

/** A page of what was said of a contact's consents, the latest first; null for who may not read proof. */
export async function listConsentEvents(
  ctx: ContactsContext,
  contactId: string,
  { first, after }: { first: number; after?: string | null | undefined },
): Promise<{ nodes: ConsentEvent[]; nextPage: string | null } | null> {
  if (!abilityOf(ctx).can('read', 'ConsentEvent')) return null;
  const size = checkPageSize(first);
  const position = after == null ? undefined : decodePage(after, 'after');
  const ids = (await ctx.loader(idsOfContacts).load(contactId))!;
  const rows = await ctx.em.find(
    ConsentEvent,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'read', 'ConsentEvent'),
        { contactId: { $in: ids } },
        olderThan('occurredAt', position),
      ],
    },
    { orderBy: { occurredAt: 'desc', id: 'desc' }, limit: size + 1 },
  );
  auditRead(ctx, 'contact.consent_read', contactId);
  return pageOf(rows, size, ({ occurredAt: at, id }) => ({ at, id }));
}

/** By the ids of events. */
export const evidenceOfEvents: BatchLoad<string, Evidence> = async (ctx, eventIds) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ event_id: string; content: Evidence }>`
      select event_id, content from consent_evidence
      where workspace_id = ${workspaceId} and event_id = any(${array('uuid', eventIds)})
    `,
  );
  return new Map(rows.map(({ event_id, content }) => [event_id, content]));
};

/** By their keys. */
export const purposesByKey: BatchLoad<string, Purpose> = async (ctx) =>
  new Map((await listPurposes(ctx.em)).map((purpose) => [purpose.key, purpose]));

/** By their hashes. */
export const textsByHash: BatchLoad<string, ConsentText> = async (ctx, hashes) => {
  const where = accessibleWhere(abilityOf(ctx), 'read', 'ConsentText');
  const texts = await ctx.em.find(ConsentText, { $and: [where, { hash: { $in: [...hashes] } }] });
  return new Map(texts.map((text) => [text.hash, text]));
};

/** Of a purpose, the newest first. */
export function listTexts(ctx: ContactsContext, purpose: string, locale?: string | null): Promise<ConsentText[]> {
  const where = accessibleWhere(abilityOf(ctx), 'read', 'ConsentText');
  return ctx.em.find(
    ConsentText,
    { $and: [where, { purpose, ...(locale != null && { locale }) }] },
    { orderBy: { publishedAt: 'desc', version: 'desc' }, limit: 200 },
  );
}
