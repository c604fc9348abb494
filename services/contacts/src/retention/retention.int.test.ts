import {
  RETAINING_SERVICES,
  retentionRunOrdered,
  retentionRunReported,
  retentionRunStopped,
  type RetainingService,
  type RetentionOutcome,
} from '@fenster/contracts';
import { readLog, sql, workOnRetention, type RetentionWorkerOptions, type Tx } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { retentionSteps } from './remove-inactive.js';
import { lockRetention, takeRetentionReport } from './retention-run.js';
import { orderDueRun } from './retention-schedule.js';

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
const dayAhead = (days: number) => daysAgo(-days).toISOString().slice(0, 10);

const contacts = new ContactsUnderTest();
let workspaceId: string;
let channelId: string;
let token: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(async () => {
  [workspaceId, channelId] = [newId(), newId()];
  token = contacts.token(
    workspaceId,
    'retention:manage',
    'erasure:manage',
    'contact:read',
    'contact:read_phone',
    'contact:manage',
    'message:read',
  );
  // The run of today is over: what these tests do not start does not start.
  await sql`
    insert into retention_run (workspace_id, id, is_dry_run, state, rules, held_ids, started_at, started_by_kind)
    values (${workspaceId}, ${newId()}, false, 'COMPLETED', '[]', 0, now(), 'system')
  `.execute(db());
});

const db = () => contacts.database.system().getKysely();

async function ask<T>(query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await contacts.query(query, token, variables as Record<string, unknown>);
  expect(errors).toBeUndefined();
  return data!['result'] as T;
}

/** Somebody who wrote, was noted, and entered, so many days ago. */
async function meet(days: number, bsuid = `DE.${newId()}`): Promise<string> {
  const [contactId, at] = [newId(), daysAgo(days)];
  await contacts.publish(
    contacts.event('opened', { workspaceId, contactId, channelId, identity: { bsuid, profileName: 'Ada' } }, at),
  );
  await contacts.settle();
  await sql`
    update contact set given_name = 'Ada Lovelace', email = 'ada@example.test', created_at = ${at}, updated_at = ${at}
    where workspace_id = ${workspaceId} and id = ${contactId}
  `.execute(db());
  await sql`
    insert into contact_note (workspace_id, id, contact_id, text, created_at)
    values (${workspaceId}, ${newId()}, ${contactId}, 'mag Zahlen', ${at})
  `.execute(db());
  for (const [key, retentionClass] of [
    ['size', 'PREFERENCE'],
    ['iban', 'CONTRACT'],
  ]) {
    const fileId = newId();
    await sql`
      insert into stored_file (workspace_id, id, state, name, object_key, content_key, created_at, expires_at)
      values (${workspaceId}, ${fileId}, 'READY', ${key}, ${fileId}, 'key', ${at}, 'infinity')
    `.execute(db());
    await sql`
      insert into contact_file (workspace_id, id, contact_id, name, mime_type, size_bytes, purpose, retention_class,
        added_by_kind, added_at)
      values (${workspaceId}, ${fileId}, ${contactId}, ${key}, 'text/plain', 1, 'Test', ${retentionClass}, 'member', ${at})
    `.execute(db());
    await sql`
      insert into contact_attribute (workspace_id, key, name, type, purpose, retention_class, created_at)
      values (${workspaceId}, ${key}, ${key}, 'TEXT', 'Test', ${retentionClass}, ${at}) on conflict do nothing
    `.execute(db());
    await sql`
      insert into contact_attribute_value (workspace_id, contact_id, key, value, changed_at)
      values (${workspaceId}, ${contactId}, ${key}, '42', ${at})
    `.execute(db());
  }
  return contactId;
}

const setRule = (dataClass: string, months: number | null) =>
  ask<{ __typename: string; months?: number; field?: string }>(
    `mutation ($input: SetRetentionRuleInput!) { result: setRetentionRule(input: $input) {
       __typename ... on RetentionRule { months } ... on InvalidInput { field }
     } }`,
    { input: { dataClass, months } },
  );

const start = (isDryRun: boolean, idempotencyKey = newId()) =>
  ask<{ __typename: string; id: string }>(
    `mutation ($input: StartRetentionRunInput!) { result: startRetentionRun(input: $input) {
       __typename ... on RetentionRun { id }
     } }`,
    { input: { isDryRun, idempotencyKey } },
  );

const pause = () =>
  ask<{ __typename: string }>(
    `mutation { result: pauseRetention(reason: "Wir prüfen die Regeln.") { __typename ... on RetentionPause { reason } } }`,
  );

const hold = (contactId: string) =>
  ask<{ __typename: string; id: string }>(
    `mutation ($input: SetLegalHoldInput!) { result: setLegalHold(input: $input) { __typename ... on LegalHold { id } } }`,
    { input: { contactId, reason: 'Klage', reviewOn: dayAhead(90), idempotencyKey: newId() } },
  );

const release = (id: string) =>
  ask<{ __typename: string; releasedAt: string }>(
    `mutation ($input: ReleaseLegalHoldInput!) { result: releaseLegalHold(input: $input) {
       __typename ... on LegalHold { releasedAt }
     } }`,
    { input: { id, reason: 'Vergleich' } },
  );

interface Run {
  id: string;
  isDryRun: boolean;
  state: string;
  digest: string | null;
  rules: { dataClass: string; months: number }[];
  reports: { service: string; outcome: string }[];
  counts: { service: string; dataClass: string; what: string; count: number }[];
}

async function runOf(id: string): Promise<Run> {
  const { nodes } = await ask<{ nodes: Run[] }>(`{ result: retentionRuns { nodes {
    id isDryRun state digest rules { dataClass months } reports { service outcome }
    counts { service dataClass what count }
  } } }`);
  return nodes.find((run) => run.id === id)!;
}

/** What the other services say; what they do is not of interest here. */
async function othersReport(runId: string, outcome: RetentionOutcome = 'DONE'): Promise<void> {
  for (const service of RETAINING_SERVICES.filter((each) => each !== 'contacts')) {
    await report(service, runId, outcome);
  }
}

async function report(service: RetainingService, runId: string, outcome: RetentionOutcome): Promise<void> {
  const { name, version, dataClass } = retentionRunReported.get(service)!;
  const like = contacts.event('opened', { workspaceId, contactId: newId(), channelId, identity: {} });
  const counts = service === 'conversation' ? [{ retentionClass: 'MESSAGES', what: 'messages', count: 412 }] : [];
  await contacts.publish({ ...like, name, version, dataClass, data: { runId, outcome, counts } } as never);
}

async function notesLeft(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from contact_note where workspace_id = ${workspaceId}
  `.execute(db());
  return rows[0]!.count;
}

/** As the service does every minute. */
const look = () => orderDueRun({ ...contacts.asSystem(), workspaceId }, workspaceId, () => {});

async function completedRunWas(at: Date): Promise<void> {
  await sql`
    update retention_run set started_at = ${at} where workspace_id = ${workspaceId} and state = 'COMPLETED'
  `.execute(db());
}

/** What the service does by itself as well, a little later where nobody wakes it. */
async function work(): Promise<void> {
  const report: RetentionWorkerOptions['report'] = (tx, of, said) =>
    takeRetentionReport(tx, { workspaceId: of, service: 'contacts' }, said);
  while (await workOnRetention({ service: 'contacts', ctx: contacts.asSystem(), steps: retentionSteps, report }));
}

/** Resolves with what contacts says that it did. */
async function finish(id: string, state = 'COMPLETED'): Promise<Record<string, number>> {
  await work();
  await othersReport(id, state === 'COMPLETED' ? 'DONE' : 'STOPPED');
  const run = await eventually(async () => {
    const found = await runOf(id);
    expect(found.state).toBe(state);
    return found;
  });
  const own = run.counts.filter(({ service }) => service === 'CONTACTS');
  return Object.fromEntries(own.map(({ dataClass, what, count }) => [`${dataClass} ${what}`, count]));
}

const log = async () => readLog(contacts.database.forTenant(workspaceId), 0, 1_000);
const audited = async (action: string) =>
  (await log())
    .map(({ data }) => data as { action?: string; changes?: object })
    .filter((data) => data.action === action);

/** What is left of somebody. */
async function leftOf(contactId: string) {
  const { rows } = await sql<Record<string, unknown>>`
    select name, email,
      (select count(*)::int from contact_note note where note.contact_id = contact.id) as notes,
      (select array_agg(key order by key) from contact_attribute_value v where v.contact_id = contact.id) as attributes,
      (
        select array_agg(file.name order by file.name) from contact_file file join stored_file stored using (workspace_id, id)
        where file.contact_id = contact.id and stored.content_key is not null and stored.expires_at = 'infinity'
      ) as files
    from contact where workspace_id = ${workspaceId} and id = ${contactId}
  `.execute(db());
  return rows[0];
}
const ALL = {
  name: 'Ada Lovelace',
  email: 'ada@example.test',
  notes: 1,
  attributes: ['iban', 'size'],
  files: ['iban', 'size'],
};

describe('rules of retention', () => {
  it('keep everything until somebody sets one, within the bounds of its class', async () => {
    const rules = () =>
      ask<{ dataClass: string; months: number | null; minMonths: number }[]>(
        '{ result: retentionRules { dataClass months minMonths } }',
      );
    const before = await rules();
    expect(before).toContainEqual({ dataClass: 'AUDIT_LOG', months: null, minMonths: 24 });
    expect(before.every(({ months }) => months === null)).toBe(true);
    expect(await setRule('MESSAGES', 0)).toEqual({ __typename: 'InvalidInput', field: 'months' });
    expect(await setRule('MESSAGES', 37)).toEqual({ __typename: 'InvalidInput', field: 'months' });
    expect(await setRule('MESSAGES', 36)).toEqual({ __typename: 'RetentionRule', months: 36 });
    expect((await rules()).filter(({ months }) => months !== null)).toMatchObject([{ dataClass: 'MESSAGES' }]);
    expect(await setRule('MESSAGES', null)).toEqual({ __typename: 'RetentionRule', months: null });
    expect((await audited('retention.rule_set')).map(({ changes }) => changes)).toMatchObject([
      { months: { before: null, after: 36 }, retentionClass: { after: 'MESSAGES' } },
      { months: { before: 36, after: null } },
    ]);
  });
});

describe('a run of retention', () => {
  it('removes what is old of who is inactive and not held, exactly as the dry run said, and proves it', async () => {
    const [old, held, young] = [await meet(400), await meet(400), await meet(3)];
    const { id: holdId } = await hold(held);
    await setRule('NOTES', 12);
    await setRule('CONTACT_DATA', 12);
    await setRule('ATTRIBUTES_PREFERENCE', 12);
    const dry = await start(true);
    const planned = await finish(dry.id);
    expect(planned).toEqual({
      'NOTES contact_notes': 1,
      'CONTACT_DATA master_data': 2,
      'ATTRIBUTES_PREFERENCE attributes': 1,
      'ATTRIBUTES_PREFERENCE contact_files': 1,
    });
    expect(await leftOf(old)).toEqual(ALL);
    const { id } = await start(false);
    expect(await finish(id)).toEqual(planned);
    expect(await leftOf(old)).toEqual({ name: 'Ada', email: null, notes: 0, attributes: ['iban'], files: ['iban'] });
    const { rows: opened } = await sql`
      select name from stored_file where workspace_id = ${workspaceId} and content_key is not null and name = ''
    `.execute(db());
    expect(opened).toEqual([]);
    expect(await leftOf(held)).toEqual(ALL);
    expect(await leftOf(young)).toEqual(ALL);
    const run = await runOf(id);
    const [proof] = (await audited('retention_run.complete')).slice(-1);
    expect(proof!.changes).toMatchObject({
      outcome: { after: 'COMPLETED' },
      digest: { after: run.digest },
      removed: {
        after: expect.arrayContaining(['conversation:MESSAGES:messages:412', 'contacts:NOTES:contact_notes:1']),
      },
    });
    expect(await release(holdId)).toMatchObject({ __typename: 'LegalHold', releasedAt: expect.any(String) });
    const next = await start(false);
    expect(await finish(next.id)).toEqual(planned);
    expect(await leftOf(held)).toMatchObject({ name: 'Ada', notes: 0 });
  });

  it('stops at once when somebody pauses, and does not begin until it is resumed', async () => {
    for (let each = 0; each < 3; each += 1) await meet(400);
    await setRule('NOTES', 12);
    const { id } = await start(false);
    expect(await start(false)).toMatchObject({ __typename: 'RetentionRunUnderWay' });
    expect(await pause()).toMatchObject({ __typename: 'RetentionPause' });
    const left = await notesLeft();
    expect(await runOf(id)).toMatchObject({ state: 'STOPPING' });
    expect((await log()).filter(({ name }) => name === retentionRunStopped.name)).toMatchObject([{ entityId: id }]);
    expect(await start(false)).toMatchObject({ __typename: 'RetentionPaused' });
    await finish(id, 'STOPPED');
    await completedRunWas(daysAgo(2));
    await look();
    expect((await log()).filter(({ name }) => name === retentionRunOrdered.name)).toHaveLength(1);
    expect(await notesLeft()).toBe(left);
    await completedRunWas(new Date());
    await ask('mutation { result: resumeRetention(reason: "Geprüft.") { __typename } }');
    expect(await audited('retention.pause')).toHaveLength(1);
    expect(await audited('retention.resume')).toHaveLength(1);
    const again = await start(false);
    await finish(again.id);
    expect(await notesLeft()).toBe(0);
  });

  it('begins by itself once a day where there is a rule, and again after one that was stopped', async () => {
    const ordered = async () => (await log()).filter(({ name }) => name === retentionRunOrdered.name);
    await completedRunWas(daysAgo(2));
    await look();
    expect(await ordered()).toEqual([]);
    await setRule('NOTES', 12);
    await look();
    await look();
    const [first, ...others] = await ordered();
    expect(others).toEqual([]);
    // A rule that is another one now.
    await setRule('NOTES', 24);
    await finish(first!.entityId, 'STOPPED');
    await look();
    const [, second] = await ordered();
    await finish(second!.entityId);
    await look();
    expect(await ordered()).toHaveLength(2);
    // A service never said that it was done.
    await completedRunWas(daysAgo(3));
    await look();
    const [, , third] = await ordered();
    await sql`update retention_run set started_at = ${daysAgo(2)} where id = ${third!.entityId}`.execute(db());
    await look();
    expect(await ordered()).toHaveLength(4);
    expect(await runOf(third!.entityId)).toMatchObject({ state: 'STOPPED' });
  });

  it('proves what was done in a run that was given up, and what is told of it later', async () => {
    await setRule('NOTES', 12);
    const { id } = await start(false);
    await work();
    const proofs = async () => (await audited('retention_run.complete')).map(({ changes }) => changes);
    await report('billing', id, 'DONE');
    await report('conversation', id, 'DONE');
    await eventually(async () => {
      const { rows } = await sql`select from retention_report where run_id = ${id} and service = 'billing'`.execute(
        db(),
      );
      expect(rows).toHaveLength(1);
    });
    await eventually(async () => expect((await runOf(id)).counts.map(({ count }) => count)).toContain(412));
    expect(await proofs()).toEqual([]);
    await completedRunWas(daysAgo(3));
    await sql`update retention_run set started_at = ${daysAgo(2)} where id = ${id}`.execute(db());
    await look();
    const givenUp = await runOf(id);
    expect(givenUp).toMatchObject({ state: 'STOPPED', digest: expect.any(String) });
    expect(await proofs()).toMatchObject([
      {
        outcome: { after: 'STOPPED' },
        notReported: { after: ['identity'] },
        removed: { after: expect.arrayContaining(['conversation:MESSAGES:messages:412']) },
        digest: { after: givenUp.digest },
      },
    ]);
    await report('identity', id, 'DONE');
    const late = await eventually(async () => {
      const [, later] = await proofs();
      expect(later).not.toHaveProperty('notReported');
      return later as { digest: { after: string } };
    });
    const { digest } = await runOf(id);
    expect(digest).not.toBe(givenUp.digest);
    expect(late.digest.after).toBe(digest);
  });
});

describe('a legal hold', () => {
  it('is named by the plan of an erasure, which cannot be confirmed until it is released', async () => {
    const contactId = await meet(3);
    const { id: holdId } = await hold(contactId);
    const plan = await ask<{ id: string; reference: string; plan: { kept: object[] }[] }>(
      `mutation ($input: PlanErasureInput!) { result: planErasure(input: $input) {
         ... on Erasure { id reference plan { kept { what count ground } } }
       } }`,
      { input: { subject: { contactId }, idempotencyKey: newId() } },
    );
    expect(plan.plan[0]!.kept).toContainEqual({ what: 'legal_holds', count: 1, ground: 'LEGAL_HOLD' });
    await sql`update erasure set state = 'PLANNED' where id = ${plan.id}`.execute(db());
    const confirm = () =>
      ask(`mutation ($input: ConfirmErasureInput!) { result: confirmErasure(input: $input) { __typename } }`, {
        input: { id: plan.id, reference: plan.reference },
      });
    expect(await confirm()).toEqual({ __typename: 'LegalHoldInForce' });
    await release(holdId);
    expect(await confirm()).toEqual({ __typename: 'Erasure' });
    expect(await hold(contactId)).toMatchObject({ __typename: 'ErasureUnderWay' });
  });

  const colleague = () =>
    contacts.token(workspaceId, 'contact:read', 'contact:update', 'contact:manage', 'message:read');
  const REFUSAL = '__typename ... on LegalHoldInForce { code message holdId reviewOn }';
  const as = async (token: string, query: string, variables: Record<string, unknown>) => {
    const { data, errors } = await contacts.query(query, token, variables);
    expect(errors).toBeUndefined();
    return data!['result'] as Record<string, unknown> & { id: string };
  };
  const addNote = (contactId: string, token: string) =>
    as(
      token,
      'mutation ($input: AddContactNoteInput!) { result: addContactNote(input: $input) { __typename ... on ContactNote { id } } }',
      { input: { contactId, text: 'Drohte mit Klage', idempotencyKey: newId() } },
    );
  const deleteNote = (id: string, token: string) =>
    as(token, `mutation ($id: ID!) { result: deleteContactNote(id: $id) { ${REFUSAL} } }`, { id });
  const isNote = async (id: string) => {
    const { rows } = await sql`select text from contact_note where id = ${id}`.execute(db());
    return rows;
  };

  it('keeps colleagues from deleting notes and files and from wording notes anew, and says what to do next', async () => {
    const contactId = await meet(3);
    const token = colleague();
    const { id: noteId } = await addNote(contactId, token);
    const { rows: files } = await sql<{ id: string }>`
      select id from contact_file where contact_id = ${contactId} order by id limit 1
    `.execute(db());
    const { id: holdId } = await hold(contactId);
    const told = {
      __typename: 'LegalHoldInForce',
      code: 'LEGAL_HOLD',
      message: expect.stringContaining('Ask somebody who manages retention to release it first'),
      holdId: null,
      reviewOn: dayAhead(90),
    };
    const edit = (text: string) =>
      as(token, `mutation ($input: EditContactNoteInput!) { result: editContactNote(input: $input) { ${REFUSAL} } }`, {
        input: { id: noteId, text },
      });
    const removeFile = () =>
      as(token, `mutation ($id: ID!) { result: removeContactFile(id: $id) { ${REFUSAL} } }`, { id: files[0]!.id });
    expect(await deleteNote(noteId, token)).toEqual(told);
    expect(await edit('Alles gut')).toEqual(told);
    expect(await edit('Drohte mit Klage')).toEqual({ __typename: 'ContactNote' });
    expect(await removeFile()).toEqual(told);
    expect(await isNote(noteId)).toEqual([{ text: 'Drohte mit Klage' }]);
    const officer = contacts.token(
      workspaceId,
      'contact:read',
      'contact:update',
      'contact:manage',
      'message:read',
      'retention:manage',
    );
    expect(await deleteNote(noteId, officer)).toEqual({ ...told, holdId, message: expect.stringContaining(holdId) });

    // Of somebody else nothing is held.
    const { id: other } = await addNote(await meet(3), token);
    expect(await deleteNote(other, token)).toEqual({ __typename: 'ContactNoteDeleted' });
    await release(holdId);
    expect(await removeFile()).toEqual({ __typename: 'ContactFileRemoved' });
    expect(await deleteNote(noteId, token)).toEqual({ __typename: 'ContactNoteDeleted' });
  });

  it('that is being placed is waited for by whoever deletes', async () => {
    const contactId = await meet(3);
    const token = colleague();
    const { id: noteId } = await addNote(contactId, token);
    const em = contacts.database.system();
    await em.begin();
    try {
      // As `setLegalHold` does, which has not ended yet.
      await lockRetention({ sql: em.getKysely() } as Tx, workspaceId);
      await sql`
        insert into legal_hold (workspace_id, id, contact_id, contact_ids, reason, review_on, set_at, set_by_kind)
        values (${workspaceId}, ${newId()}, ${contactId}, ${[contactId]}::uuid[], 'Klage', ${dayAhead(90)}, now(), 'member')
      `.execute(em.getKysely());
      const deleting = deleteNote(noteId, token);
      await Promise.race([
        deleting,
        eventually(async () => {
          const { rows } = await sql`
            select pid from pg_locks where locktype = 'advisory' and not granted
              and database = (select oid from pg_database where datname = current_database())
          `.execute(db());
          expect(rows).not.toEqual([]);
        }),
      ]);
      await em.commit();
      expect(await deleting).toMatchObject({ code: 'LEGAL_HOLD' });
    } finally {
      if (em.isInTransaction()) await em.rollback();
    }
    expect(await isNote(noteId)).toHaveLength(1);
  });

  it('goes with the contact when it is merged, is said before, and stays with both when that is undone', async () => {
    const [keptId, mergedId] = [await meet(3), await meet(3)];
    await hold(mergedId);
    const preview = await ask<{ isHeld: boolean; version: string }>(
      `query ($keptId: ID!, $mergedId: ID!) { result: contactMergePreview(keptId: $keptId, mergedId: $mergedId) { isHeld version } }`,
      { keptId, mergedId },
    );
    expect(preview.isHeld).toBe(true);
    const { mergeId } = await ask<{ mergeId: string }>(
      `mutation ($input: MergeContactsInput!) { result: mergeContacts(input: $input) { ... on ContactsMerged { mergeId } } }`,
      { input: { keptId, mergedId, version: preview.version, idempotencyKey: newId() } },
    );
    await setRule('NOTES', 12);
    const heldBy = async () => {
      const { id } = await start(true);
      const order = (await log()).find(({ name, entityId }) => name === retentionRunOrdered.name && entityId === id);
      return (order!.data as { heldContactIds: string[] }).heldContactIds.toSorted();
    };
    expect(await heldBy()).toEqual([keptId, mergedId].toSorted());
    await ask(`mutation ($id: ID!) { result: undoContactMerge(id: $id) { __typename } }`, { id: mergeId });
    expect(await heldBy()).toEqual([keptId, mergedId].toSorted());
  });
});
