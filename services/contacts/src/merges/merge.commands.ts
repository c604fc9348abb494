import { contactMergeUndone, contactsMerged } from '@fenster/contracts';
import { array, lockHeads, once, sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { DomainError, invalidInput, isId, MAX_LABELS_SET, newId, notFound } from '@fenster/runtime';
import { wordsOf } from '../contacts/contact-words.js';
import { readContact } from '../contacts/change-contact.js';
import type { FoundContact } from '../contacts/contact.queries.js';
import type { ContactsContext } from '../context.js';
import { distinguish } from '../duplicates/distinguish.js';
import { announceNames, knownIdsOf } from '../identities/announce-names.js';
import { holdWhole } from '../legal-holds/holds-in-force.js';
import { lockRetention, stopRuns } from '../retention/retention-run.js';
import { StoredMerge } from './merge.entity.js';
import { findPair, refuseSame, undoableSince, versionOf } from './merge.queries.js';
import { mergeSides, separateSides, type Side } from './merge.rule.js';
import type { MergeContactsInput } from './merge.types.js';
import { sidesStatement, type SideRow } from './read-sides.js';

/**
 * Makes one contact of two. Identities come along as they are, each with its own consent: what was said of an address is
 * told under the ids that it was always told under, so nobody can be reached who could not be before.
 * @throws DomainError INVALID_INPUT, NOT_FOUND, MERGE_UNDECIDED, MERGE_PREVIEW_STALE, CONTACT_BEING_ERASED,
 *   CONTACT_ASKED_FOR_DATA, IDEMPOTENCY_CONFLICT
 */
export async function mergeContacts(
  ctx: ContactsContext,
  { idempotencyKey: key, ...input }: MergeContactsInput,
): Promise<{ contact: FoundContact; mergeId: string }> {
  const pair = await findPair(ctx, input);
  const { workspaceId } = ctx.requireActor();
  const mergeId = await transact(ctx, (tx) =>
    once(tx, { key, operation: 'mergeContacts', input }, newId(), async (id) => {
      refuseSame(pair);
      const [keptId, mergedId] = [pair.kept.id, pair.merged.id];
      const rows = await lockSides(tx, workspaceId, [keptId, mergedId]);
      if (versionOf(ctx.app.markOf, workspaceId, rows) !== input.version) {
        throw new DomainError('MERGE_PREVIEW_STALE', 'One of the two has changed since. Look at the preview again.');
      }
      const [kept, merged] = [keptId, mergedId].map((each) => rows.find((row) => row.id === each)!.side) as [
        Side,
        Side,
      ];
      const decisions = new Map(input.decisions.map(({ field, choice }) => [field, choice]));
      const outcome = mergeSides(kept, merged, decisions);
      if (Object.keys(outcome.labels).length > MAX_LABELS_SET) {
        throw invalidInput('mergedId', `must leave the contact at most ${MAX_LABELS_SET} labels.`);
      }
      const origins = await originsOf(tx, workspaceId, [keptId, mergedId]);
      const joined = { workspaceId, from: mergedId, to: keptId };
      await moveNames(tx, joined);
      await moveOwn(tx, joined, merged);
      await sql`delete from contact where workspace_id = ${workspaceId} and id = ${mergedId}`.execute(tx.sql);
      await sql`
        insert into contact_alias (workspace_id, id, contact_id, origin_id, created_at)
        values (${workspaceId}, ${mergedId}, ${keptId}, ${mergedId}, ${tx.now()})
      `.execute(tx.sql);
      await holdMerged(tx, workspaceId, keptId);
      await storeSide(tx, workspaceId, keptId, outcome);
      tx.em.create(StoredMerge, {
        id,
        workspaceId,
        seq: 1 + (await tx.em.count(StoredMerge, { contactId: keptId })),
        contactId: keptId,
        mergedId,
        keptOrigins: origins.get(keptId)!,
        mergedOrigins: origins.get(mergedId)!,
        kept,
        merged,
        outcome,
        mergedAt: tx.now(),
        mergedByKind: tx.origin.actor.kind,
        mergedById: tx.origin.actor.id ?? null,
      });
      await tx.em.flush();
      await tellNames(tx, workspaceId, { [keptId]: outcome });
      tx.emit(contactsMerged, { entityId: keptId, data: { contactId: keptId, mergedId } });
      tx.audit({ action: 'contact.merge', object: { type: 'contact', id: keptId }, after: { mergedId } });
    }),
  );
  const { contactId } = await ctx.em.findOneOrFail(StoredMerge, { id: mergeId });
  return { contact: await readContact(ctx, contactId), mergeId };
}

/**
 * Gives both back, as they were: see `separateSides` for what has changed since, and `origin_id` for what channels told since.
 * What was said of consent stays with the address that it was said of.
 * @throws DomainError NOT_FOUND, MERGE_NOT_UNDOABLE, CONTACT_BEING_ERASED, CONTACT_ASKED_FOR_DATA
 */
export async function undoMerge(
  ctx: ContactsContext,
  id: string,
): Promise<{ kept: FoundContact; merged: FoundContact }> {
  const { workspaceId } = ctx.requireActor();
  const { contactId, mergedId } = await transact(ctx, async (tx) => {
    const found = isId(id) ? await tx.em.findOne(StoredMerge, { id }) : null;
    if (!found) throw notFound('Merge');
    const [row] = await lockSides(tx, workspaceId, [found.contactId], notUndoable);
    // Under the lock of the contact, which all its merges take.
    const merge = await tx.em.refresh(found);
    const { kept, merged, outcome } = merge ?? {};
    if (!merge || !kept || !merged || !outcome || merge.mergedAt <= undoableSince(tx.now())) throw notUndoable();
    const later = { contactId: merge.contactId, undoneAt: null, seq: { $gt: merge.seq } };
    if ((await tx.em.count(StoredMerge, later)) > 0) throw notUndoable();
    const both = separateSides({ kept, merged, outcome }, row!.side);
    const apart = { workspaceId, from: merge.contactId, to: merge.mergedId };
    await insertBack(tx, apart, merged);
    await sql`
      delete from contact_alias
      where workspace_id = ${workspaceId} and id = ${merge.mergedId} and contact_id = ${merge.contactId}
    `.execute(tx.sql);
    await moveNames(tx, apart, merge.mergedOrigins);
    await moveOwn(tx, apart, both.merged);
    await storeSide(tx, workspaceId, merge.contactId, both.kept);
    await storeSide(tx, workspaceId, merge.mergedId, both.merged);
    Object.assign(merge, { kept: null, merged: null, outcome: null, undoneAt: tx.now() });
    await tx.em.flush();
    await distinguish(tx, workspaceId, [merge.contactId, merge.mergedId]);
    await tellNames(tx, workspaceId, { [merge.contactId]: both.kept, [merge.mergedId]: both.merged });
    const told = { contactId: merge.contactId, mergedId: merge.mergedId };
    for (const [one, otherId] of [Object.values(told), Object.values(told).toReversed()] as [string, string][]) {
      tx.emit(contactMergeUndone, { entityId: one, data: { contactId: one, otherId } });
    }
    tx.audit({
      action: 'contact.merge_undo',
      object: { type: 'contact', id: merge.contactId },
      after: { mergedId: merge.mergedId },
    });
    return told;
  });
  return { kept: await readContact(ctx, contactId), merged: await readContact(ctx, mergedId) };
}

function notUndoable(): DomainError {
  return new DomainError(
    'MERGE_NOT_UNDOABLE',
    'It was undone, is too long ago, or a later merge of the contact has to be undone first.',
  );
}

/** Whoever of the two was held: the hold goes with the contact. A run that is under way does not know that. */
async function holdMerged(tx: Tx, workspaceId: string, contactId: string): Promise<void> {
  await lockRetention(tx, workspaceId);
  if (await holdWhole(tx, { workspaceId }, contactId)) await stopRuns(tx, workspaceId);
}

/** What two contacts were before is their data too: it goes when nobody can ask for it any more. */
export async function forgetMerges(ctx: Omit<Ctx, 'workspaceId'>): Promise<void> {
  await transact(ctx, async (tx) => {
    await sql`
      update contact_merge set kept = null, merged = null, outcome = null
      where kept is not null and merged_at <= ${undoableSince(tx.now())}
    `.execute(tx.sql);
  });
}

/** Locked against whoever changes them, and their consents against whoever says something. In one order, so that nobody waits for each other. */
async function lockSides(
  tx: Tx,
  workspaceId: string,
  ids: readonly string[],
  gone: () => DomainError = () => notFound('Contact', 'keptId'),
): Promise<SideRow[]> {
  const { rows: locked } = await sql`
    select id from contact where workspace_id = ${workspaceId} and id = any(${array('uuid', ids)}) order by id for update
  `.execute(tx.sql);
  if (locked.length < ids.length) throw gone();
  const { rows: erasures } = await sql`
    select id from erasure where workspace_id = ${workspaceId} and state in ('ERASING', 'CLEANING')
      and contact_ids && ${array('uuid', ids)}
  `.execute(tx.sql);
  if (erasures.length > 0) throw new DomainError('CONTACT_BEING_ERASED', 'This person is being erased.');
  // Who proved to be one of the two gets a copy of what is known of that one.
  const { rows: copies } = await sql`
    select id from access_request where workspace_id = ${workspaceId}
      and contact_id = any(${array('uuid', ids)}) and state in ('AWAITING_IDENTITY', 'COLLECTING', 'PACKING')
  `.execute(tx.sql);
  if (copies.length > 0) {
    throw new DomainError(
      'CONTACT_ASKED_FOR_DATA',
      'This person has asked for a copy of their data. Answer that first.',
    );
  }
  await lockHeads(tx, 'consent_head', [workspaceId]);
  const { rows } = await sidesStatement(workspaceId, ids).execute(tx.sql);
  return rows;
}

/** Who was made each of these, themselves among them. */
async function originsOf(tx: Tx, workspaceId: string, ids: readonly string[]): Promise<Map<string, string[]>> {
  const known = await knownIdsOf(
    tx,
    ids.map((id) => ({ workspaceId, id })),
  );
  return new Map(
    ids.map((id) => [
      id,
      [...new Set(known.filter(({ contactId }) => contactId === id).map(({ originId }) => originId))],
    ]),
  );
}

interface Move {
  workspaceId: string;
  from: string;
  to: string;
}

/** Identities, other ids, threads, links that were used, requests for copies and where consents stand; with `origins` of those alone. Whose origin each is stays. */
async function moveNames(tx: Tx, { workspaceId, from, to }: Move, origins?: readonly string[]): Promise<void> {
  const moves = sql`workspace_id = ${workspaceId} and contact_id = ${from}
    ${origins ? sql`and coalesce(origin_id, contact_id) = any(${array('uuid', origins)})` : sql``}`;
  for (const table of ['contact_identity', 'contact_alias', 'contact_thread', 'access_request', 'click_to_chat_use']) {
    await sql`
      update ${sql.table(table)} set contact_id = ${to}, origin_id = nullif(coalesce(origin_id, contact_id), ${to})
      where ${moves}
    `.execute(tx.sql);
  }
  await sql`
    update consent_state set contact_id = identity.contact_id
    from contact_identity identity
    where consent_state.workspace_id = ${workspaceId} and consent_state.contact_id = ${from}
      and identity.workspace_id = consent_state.workspace_id and identity.id = consent_state.identity_id
      and identity.contact_id = ${to}
  `.execute(tx.sql);
}

/** The notes and files of one side. */
async function moveOwn(tx: Tx, { workspaceId, from, to }: Move, { noteIds, fileIds = [] }: Side): Promise<void> {
  for (const [table, ids] of Object.entries({ contact_note: noteIds, contact_file: fileIds })) {
    await sql`
      update ${sql.table(table)} set contact_id = ${to}
      where workspace_id = ${workspaceId} and contact_id = ${from} and id = any(${array('uuid', ids)})
    `.execute(tx.sql);
  }
}

async function insertBack(tx: Tx, { workspaceId, to }: Move, { createdAt }: Side): Promise<void> {
  await sql`
    insert into contact (workspace_id, id, words, created_at, updated_at, announced_at)
    values (${workspaceId}, ${to}, '', ${createdAt}::timestamptz, ${tx.now()}, ${tx.now()})
  `.execute(tx.sql);
}

/** Everything that is the contact's and no channel's is this now. */
async function storeSide(tx: Tx, workspaceId: string, contactId: string, side: Side): Promise<void> {
  const mine = sql`workspace_id = ${workspaceId} and contact_id = ${contactId}`;
  await sql`
    update contact set given_name = ${side.givenName}, profile_name = ${side.profileName}, email = ${side.email},
      address = ${side.address && JSON.stringify(side.address)}::jsonb, language = ${side.language},
      words = contact_words(workspace_id, ${wordsOf(side)}), updated_at = ${tx.now()}
    where workspace_id = ${workspaceId} and id = ${contactId}
  `.execute(tx.sql);
  const values = Object.entries(side.attributes).map(([key, { value, number, changedAt }]) => ({
    key,
    value,
    number,
    changed_at: changedAt,
  }));
  await sql`delete from contact_attribute_value where ${mine}`.execute(tx.sql);
  await sql`
    insert into contact_attribute_value (workspace_id, contact_id, key, value, number, changed_at)
    select ${workspaceId}::uuid, ${contactId}::uuid, key, value, number, changed_at
    from ${unnest('input', { key: 'text', value: 'text', number: 'float8', changed_at: 'timestamptz' }, values)}
  `.execute(tx.sql);
  const labels = Object.entries(side.labels).map(([id, { setByKind, setById, setAt }]) => ({
    label_id: id,
    set_by_kind: setByKind,
    set_by_id: setById,
    set_at: setAt,
  }));
  const columns = { label_id: 'uuid', set_by_kind: 'text', set_by_id: 'text', set_at: 'timestamptz' } as const;
  await sql`delete from labelled_contact where ${mine}`.execute(tx.sql);
  // Without labels that were deleted meanwhile.
  await sql`
    insert into labelled_contact (workspace_id, contact_id, label_id, set_by_kind, set_by_id, set_at)
    select label.workspace_id, ${contactId}::uuid, label.id, set_by_kind, set_by_id, set_at
    from ${unnest('input', columns, labels)}
    join contact_label label on label.workspace_id = ${workspaceId} and label.id = input.label_id
    for key share of label
  `.execute(tx.sql);
}

/** Others know them by all their ids; whoever has no name any more is to be called by none. */
async function tellNames(tx: Tx, workspaceId: string, sides: Readonly<Record<string, Side>>): Promise<void> {
  const ids = await knownIdsOf(
    tx,
    Object.keys(sides).map((id) => ({ workspaceId, id })),
  );
  announceNames(tx, ids, (_, contactId) => sides[contactId]!.givenName ?? sides[contactId]!.profileName ?? '');
}
