import type { ErasureReport } from '@fenster/contracts';
import { array, sql, type ErasureTask, type PersonData, type Tx } from '@fenster/database';
import type { PersonMark } from '@fenster/runtime';
import { endArchives } from '../access-requests/archive-files.js';
import { removeContactFiles } from '../contact-files/remove-contact-files.js';
import { IS_THEIR_OWN_NAME } from '../identities/own-names.js';
import { forgetInNames, mentionsOf } from '../mentions/mentions.js';
import { forgetInSegments, segmentsAbout } from '../segments/forget-person.js';

/** Who the person is goes; the consent ledger, which names nobody, stays, and so does what tells them when they come back. */
export function personDataOf(markOf: PersonMark): PersonData {
  return { count: countPerson, erase: (tx, task) => erasePerson(tx, task, markOf) };
}

const KEPT_PROOF_YEARS = 3;

interface PersonalTable {
  table: string;
  where: ReturnType<typeof sql>;
  what?: string;
  /** What the rows say afterwards, where they stay without the person. */
  leaves?: ReturnType<typeof sql>;
  /** Where more than the rows goes. */
  erase?(tx: Tx): Promise<unknown>;
}

/** In the order in which they refer to each other. `what` is said to people; the rest goes without saying. */
export function tablesOf({
  workspaceId,
  contactIds,
}: Pick<ErasureTask, 'workspaceId' | 'contactIds'>): PersonalTable[] {
  const mine = sql`workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)})`;
  const evidence = sql`workspace_id = ${workspaceId} and event_id in (select id from consent_event where ${mine})`;
  const ofRequest = sql`workspace_id = ${workspaceId} and request_id in (select id from access_request where ${mine})`;
  const theirs = array('uuid', contactIds);
  const merged = sql`workspace_id = ${workspaceId} and (contact_id = any(${theirs}) or merged_id = any(${theirs}))`;
  const distinct = sql`workspace_id = ${workspaceId} and (contact_id = any(${theirs}) or other_id = any(${theirs}))`;
  const holds = sql`workspace_id = ${workspaceId} and contact_ids && ${theirs}`;
  // What `recordConsent` made has its place in the ledger by a hash of it.
  const results = sql`
    select unnest(${array('uuid', contactIds)})
    union all select id from contact_note where ${mine}
    union all select id from contact_file where ${mine}
    union all select id from erasure where ${mine}
    union all select id from access_request where ${mine}
    union all select id from legal_hold where ${holds}
    union all select id from contact_merge where ${merged}
    union all
    select made.result_id from idempotency_key made join consent_event said on said.workspace_id = made.workspace_id
      and said.key_hash = encode(sha256(convert_to(made.result_id || ' ' || said.identity_id, 'UTF8')), 'hex')
    where made.workspace_id = ${workspaceId} and made.operation = 'recordConsent'
      and said.contact_id = any(${array('uuid', contactIds)})
  `;
  return [
    // Programs may have put into a key whom they meant, and the hash beside it is of a name and a number.
    { table: 'idempotency_key', where: sql`workspace_id = ${workspaceId} and result_id in (${results})` },
    { table: 'consent_evidence', where: evidence, what: 'consent_evidence' },
    { table: 'access_part', where: ofRequest },
    { table: 'access_collected', where: ofRequest },
    // Archives with the person's data expire; that they were asked for and answered is in the audit log.
    { table: 'access_request', where: mine, what: 'access_requests' },
    { table: 'contact_note', where: mine, what: 'notes' },
    {
      table: 'contact_file',
      where: mine,
      what: 'contact_files',
      erase: (tx) => removeContactFiles(tx, workspaceId, mine),
    },
    { table: 'contact_attribute_value', where: mine, what: 'attributes' },
    { table: 'labelled_contact', where: mine, what: 'labels' },
    { table: 'contact_thread', where: mine },
    { table: 'click_to_chat_use', where: mine, what: 'link_uses' },
    { table: 'contact_merge', where: merged, what: 'merges' },
    // None is in force: nobody who is held is erased.
    { table: 'legal_hold', where: sql`${holds} and released_at is not null`, what: 'legal_holds' },
    { table: 'contact_likeness', where: mine },
    { table: 'contact_distinction', where: distinct },
    // That there was somebody stays, for the counts; who has not got it does not get it.
    {
      table: 'newsletter_recipient',
      where: mine,
      what: 'newsletters',
      leaves: sql`contact_id = null, state = case state when 'PENDING' then 'REFUSED' else state end,
        reason = case state when 'PENDING' then 'ERASED' else reason end`,
    },
    { table: 'contact_identity', where: mine, what: 'names' },
    { table: 'contact_alias', where: mine, what: 'aliases' },
    {
      table: 'contact',
      where: sql`workspace_id = ${workspaceId} and id = any(${array('uuid', contactIds)})`,
      what: 'contacts',
    },
  ];
}

export async function countPerson(
  tx: Tx,
  { workspaceId, contactIds }: Pick<ErasureTask, 'workspaceId' | 'contactIds'>,
): Promise<ErasureReport> {
  const told = tablesOf({ workspaceId, contactIds }).filter(({ what }) => what !== undefined);
  const counts = told.map(
    ({ table, where, what }) =>
      sql`select ${what} as what, count(*)::int as count from ${sql.table(table)} where ${where}`,
  );
  const { rows } = await sql<{ what: string; count: number }>`${sql.join(counts, sql` union all `)}`.execute(tx.sql);
  const { asking } = await segmentsAbout(tx, { workspaceId, contactIds });
  const { rows: proof } = await sql<{ count: number; receipts: number; last: Date | null }>`
    select count(*)::int as count, max(occurred_at) as last, (
      select count(*)::int from consent_receipt
      where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)})
    ) as receipts
    from consent_event where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)})
  `.execute(tx.sql);
  const { rows: names } = await sql<{ count: number }>`
    select count(*)::int as count from contact_identity identity
    where workspace_id = ${workspaceId} and contact_id = any(${array('uuid', contactIds)}) and ${IS_THEIR_OWN_NAME}
  `.execute(tx.sql);
  const { rows: holds } = await sql<{ count: number; until: Date | null }>`
    select count(*)::int as count, max(review_on)::timestamp at time zone 'UTC' as until from legal_hold
    where workspace_id = ${workspaceId} and released_at is null and contact_ids && ${array('uuid', contactIds)}
  `.execute(tx.sql);
  const { count: events, receipts, last } = proof[0]!;
  const until = last && endOfProof(new Date(last));
  const holdUntil = holds[0]!.until && new Date(holds[0]!.until).toISOString();
  const kept: ErasureReport['kept'] = [
    { what: 'consent_events', count: events, ground: 'CONSENT_PROOF', until },
    { what: 'consent_receipts', count: receipts, ground: 'CONSENT_PROOF', until },
    { what: 'suppression_entries', count: names[0]!.count, ground: 'SUPPRESSION', until: null },
    // The day of the last review: nobody can say when it is released.
    { what: 'legal_holds', count: holds[0]!.count, ground: 'LEGAL_HOLD', until: holdUntil },
  ];
  const [mentions] = await mentionsOf((statement) => statement.execute(tx.sql), workspaceId, [{ contactIds }]);
  const erased = [...rows, { what: 'segments', count: asking.length }, { what: 'mentions', count: mentions!.length }];
  return { erased: erased.filter(({ count }) => count > 0), kept: kept.filter(({ count }) => count > 0) };
}

/** Claims end three years after the end of the year in which somebody knew of them (§§ 195, 199 BGB). */
function endOfProof(last: Date): string {
  return new Date(Date.UTC(last.getUTCFullYear() + KEPT_PROOF_YEARS + 1, 0)).toISOString();
}

async function erasePerson(tx: Tx, task: ErasureTask, markOf: PersonMark): Promise<ErasureReport> {
  // Nothing of theirs is written down meanwhile by whoever makes sure first that they are there.
  await sql`
    select from contact where workspace_id = ${task.workspaceId} and id = any(${array('uuid', task.contactIds)})
    order by id for update
  `.execute(tx.sql);
  const report = await countPerson(tx, task);
  await suppress(tx, task, markOf);
  await endArchives(tx, task);
  await forgetInSegments(tx, task);
  await forgetInNames(tx, task);
  for (const { table, where, leaves, erase } of tablesOf(task)) {
    if (erase) {
      await erase(tx);
      continue;
    }
    await (
      leaves
        ? sql`update ${sql.table(table)} set ${leaves} where ${where}`
        : sql`delete from ${sql.table(table)} where ${where}`
    ).execute(tx.sql);
  }
  return report;
}

interface NameRow {
  id: string;
  channel_id: string;
  kind: string;
  value: string;
  stops: Stop[] | null;
}

/** What the person had stopped, as the ledger says it. */
export interface Stop {
  purpose: string;
  state: 'WITHDRAWN' | 'REFUSED' | 'PLATFORM_STOPPED';
}

async function suppress(
  tx: Tx,
  { workspaceId, contactIds, erasureId }: ErasureTask,
  markOf: PersonMark,
): Promise<void> {
  const { rows } = await sql<NameRow>`
    select identity.id, identity.channel_id, identity.kind, identity.value, (
      select jsonb_agg(jsonb_build_object('purpose', state.purpose, 'state', state.state)) from consent_state state
      where state.workspace_id = identity.workspace_id and state.identity_id = identity.id
        and state.state in ('WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED')
    ) as stops
    from contact_identity identity
    where identity.workspace_id = ${workspaceId} and identity.contact_id = any(${array('uuid', contactIds)})
      and ${IS_THEIR_OWN_NAME}
  `.execute(tx.sql);
  for (const { id, channel_id: channelId, kind, value, stops } of rows) {
    await sql`
      insert into suppression (workspace_id, mark, channel_id, identity_kind, identity_id, stops, erasure_id, created_at)
      values (${workspaceId}, ${markOf(workspaceId, value)}, ${channelId}, ${kind}, ${id},
        ${JSON.stringify(stops ?? [])}::jsonb, ${erasureId}, ${tx.now()})
      on conflict do nothing
    `.execute(tx.sql);
  }
}
