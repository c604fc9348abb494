import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readLog, sql, transact, type Tx } from '@fenster/database';
import { createLogger, newId, systemClock } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { contactJobs } from '../jobs/contact-jobs.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
let ours: string;
let token: string;
let channelId: string;

beforeAll(async () => {
  await contacts.start();
  // PostgreSQL would come to count them at a moment of its own.
  await contacts.alter('alter table contact set (autovacuum_enabled = off)');
  await contacts.alter('alter table contact_identity set (autovacuum_enabled = off)');
});
afterAll(() => contacts.stop());
beforeEach(() => {
  ours = newId();
  channelId = newId();
  token = manager(ours);
});

const manager = (workspaceId: string) =>
  contacts.token(
    workspaceId,
    'contact:read',
    'contact:read_phone',
    'contact:update',
    'contact:manage',
    'consent:read',
    'consent:record',
    'consent:manage',
  );

type Answer = Record<string, unknown> & { id: string };
async function ask<T = Answer>(query: string, variables: Record<string, unknown> = {}, as = token): Promise<T> {
  const { data, errors } = await contacts.query(query, as, variables);
  return ((errors?.[0]?.extensions as T | undefined) ?? data!['result']) as T;
}
const REFUSAL = '__typename ... on UserError { code } ... on InvalidInput { field } ... on NotFound { field }';
const JOB = 'id kind state position total failure counts { name count }';
interface JobAnswer extends Answer {
  state: string;
  position: number;
  failure: string | null;
  counts: { name: string; count: number }[];
}

const announce = (fileName = 'kunden.csv', as = token) =>
  ask<Answer & { uploadUrl: string }>(
    `mutation ($input: CreateImportUploadInput!) { result: createContactImportUpload(input: $input) {
      ${REFUSAL} ... on ContactImportUpload { id uploadUrl expiresAt } } }`,
    { input: { fileName, idempotencyKey: newId() } },
    as,
  );
const put = (url: string, body: string | Buffer) => fetch(url, { method: 'PUT', body: body as string });
async function upload(text: string | Buffer): Promise<string> {
  const { id, uploadUrl } = await announce();
  expect((await put(uploadUrl, text)).status).toBe(201);
  return id;
}
const PERSON = [
  { column: 'Name', field: 'NAME' },
  { column: 'Telefon', field: 'PHONE' },
];
const start = (input: Record<string, unknown>, as = token) =>
  ask<JobAnswer>(
    `mutation ($input: StartContactImportInput!) { result: startContactImport(input: $input) { ${REFUSAL} ... on Job { ${JOB} } } }`,
    {
      input: {
        isDryRun: false,
        columns: PERSON,
        channelId,
        country: 'DE',
        duplicates: 'FILL',
        idempotencyKey: newId(),
        ...input,
      },
    },
    as,
  );
const jobOf = (id: string, as = token) =>
  ask<JobAnswer>(`query ($id: ID!) { result: job(id: $id) { ${JOB} } }`, { id }, as);
async function ended(id: string): Promise<JobAnswer> {
  return eventually(async () => {
    const job = await jobOf(id);
    expect(['COMPLETED', 'FAILED', 'CANCELLED']).toContain(job.state);
    return job;
  });
}
const counts = ({ counts: all }: JobAnswer) => Object.fromEntries(all.map(({ name, count }) => [name, count]));
type RowAnswer = {
  row: number;
  outcome: string;
  contactId: string | null;
  column: string | null;
  problem: string | null;
};
async function rowsOf(id: string, outcomes?: string[]): Promise<RowAnswer[]> {
  const rows: RowAnswer[] = [];
  let after: string | null = null;
  do {
    const { rows: page }: { rows: { nodes: RowAnswer[]; nextPage: string | null } } = await ask(
      `query ($id: ID!, $after: String, $outcomes: [ContactImportOutcome!]) { result: job(id: $id) {
        rows(first: 100, after: $after, outcomes: $outcomes) { nodes { row outcome contactId column problem } nextPage } } }`,
      { id, after, outcomes: outcomes ?? null },
    );
    rows.push(...page.nodes);
    after = page.nextPage;
  } while (after);
  return rows;
}
async function importing(text: string, input: Record<string, unknown> = {}): Promise<JobAnswer> {
  const { id, ...refused } = await start({ uploadId: await upload(text), ...input });
  expect(refused).toMatchObject({ __typename: 'Job' });
  return ended(id);
}
interface Person {
  id: string;
  name: string | null;
  phone: string | null;
  email: string | null;
  consents: { state: string; isGranted: boolean; purpose: { key: string } }[];
}
const people = async () =>
  (
    await ask<{ nodes: Person[] }>(
      `{ result: contacts(first: 100) { nodes { id name phone email language labels { name }
        attributes { attribute { key } value } consents { state isGranted purpose { key } } } } }`,
    )
  ).nodes.toSorted((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
const systemCtx = () => ({
  database: contacts.database,
  origin: { actor: { kind: 'system', id: 'test' }, correlationId: 'test' } as const,
  now: systemClock,
  log: createLogger('test', 'silent'),
  wakeRelay: () => {},
});

describe('an upload', () => {
  it('takes the bytes of a file once, and then tells its columns', async () => {
    const { id, uploadUrl } = await announce();
    const columns = () =>
      ask('query ($id: ID!) { result: contactImportColumns(uploadId: $id) { name samples } }', { id });
    expect(await columns()).toMatchObject({ code: 'INVALID_INPUT', field: 'uploadId' });
    expect((await put(uploadUrl, 'Name;Telefon\nAnna;0151\nBert;0152\n')).status).toBe(201);
    expect((await put(uploadUrl, 'x')).status).toBe(409);
    expect(await columns()).toEqual([
      { name: 'Name', samples: ['Anna', 'Bert'] },
      { name: 'Telefon', samples: ['0151', '0152'] },
    ]);
    for (const url of [`${uploadUrl}x`, uploadUrl.replace(/token=.*/, ''), uploadUrl.slice(0, -3)]) {
      expect((await put(url, 'x')).status).toBe(404);
    }
    // What opens for PUT does not open for GET.
    expect((await fetch(uploadUrl)).status).toBe(404);
  });

  it('is for those who manage contacts, of their workspace', async () => {
    const agent = contacts.token(ours, 'contact:read', 'contact:update');
    expect(await announce('x', agent)).toMatchObject({ code: 'FORBIDDEN' });
    const uploadId = await upload('Name,Telefon\nAnna,0151\n');
    expect(await start({ uploadId }, manager(newId()))).toMatchObject({ code: 'NOT_FOUND', field: 'uploadId' });
    const { id } = await start({ uploadId });
    expect(await jobOf(id, manager(newId()))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await jobOf(id, agent)).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a long import', () => {
  const columns = [...PERSON, { column: 'Mail', field: 'EMAIL' }];
  const file = (rows: number) =>
    `Name;Telefon;Mail\n${Array.from({ length: rows }, (_, at) => `P ${at};+49151${1_000_000 + at};p${at}@example.org\n`).join('')}`;

  it('holds no more of its rows the longer it goes on', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heldMb = () => {
      collect();
      return getHeapStatistics().used_heap_size / 1024 ** 2;
    };
    const held: number[] = [];
    let parts = 0;
    contacts.onStatement = (text) => {
      if (!text.includes('insert into import_report')) return;
      parts += 1;
      if (parts === 2 || parts === 12) held.push(heldMb());
    };
    // With something to carry: 2,000 characters of a column that nobody asked for.
    const note = 'x'.repeat(2_000);
    const text = file(12_000).replaceAll('\n', `;${note}\n`);
    const job = await importing(text, { columns });
    contacts.onStatement = () => {};
    expect([counts(job), held.length]).toEqual([{ CREATED: 12_000 }, 2]);
    // The 10,000 rows between are 20 MB and more.
    expect(held[1]! - held[0]!).toBeLessThan(8);
  });

  it('reads nobody but whom its rows name, also where PostgreSQL does not know yet how many there are', async () => {
    const lookups = new Set<string>();
    contacts.onStatement = (text) => void (/from unnest\(\$1::text\[\]\) as asked/.test(text) && lookups.add(text));
    await importing(file(3_000), { columns });
    contacts.onStatement = () => {};
    expect(lookups.size).toBe(2);
    for (const lookup of lookups) {
      const [before, between, end] = lookup.split(/\$\d/).map((part) => sql.raw(part));
      const names = ['+491511000007', '+491511002500', 'p7@example.org', 'p2500@example.org'];
      const [row] = await contacts.database.readForTenant(
        ours,
        sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`
          explain (analyze, format json) ${before!}${names}${between!}${ours}${end!}
        `,
      );
      const { Plan: plan } = row!['QUERY PLAN'][0];
      expect(plan['Actual Rows']).toBe(2);
      // Of each they read what comes from there on, and pass over nobody.
      const scans = nodesOf(plan).filter((node) => node['Node Type'].endsWith('Scan') && node['Relation Name']);
      expect(scans).toHaveLength(1);
      expect(scans[0]!['Node Type']).toMatch(/^Index (Only )?Scan$/);
      expect(scans[0]!['Rows Removed by Filter'] ?? 0).toBe(0);
      expect(scans[0]!['Actual Rows']).toBeLessThanOrEqual(2);
    }
  });
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('an import', () => {
  it('makes contacts with all that is mapped, and tells what became of each row', async () => {
    // Segments ask for countries from the first moment on.
    await contacts.alter('alter table contact_identity add constraint at_home check (country is not null)');
    await ask(
      `mutation ($input: CreateContactAttributeInput!) { result: createContactAttribute(input: $input) { __typename } }`,
      { input: { key: 'size', name: 'Größe', type: 'NUMBER', purpose: 'Angebote', retentionClass: 'PREFERENCE' } },
    );
    const label = await ask(
      `mutation ($input: CreateContactLabelInput!) { result: createContactLabel(input: $input) { ... on ContactLabel { id } } }`,
      { input: { name: 'Messe', colour: '#00ff00', idempotencyKey: 'k' } },
    );
    const text = [
      'Name;Telefon;Mail;Größe;Notiz',
      'Anna Berg;0151 10000001;a@example.org;42;egal',
      "Bert;'+4915110000002;;;egal",
      'Cleo;12;;;egal',
      'Dora;;d@example.org;groß;egal',
      'Emil;;;;egal',
    ].join('\r\n');
    const columns = [
      ...PERSON,
      { column: 'Mail', field: 'EMAIL' },
      { column: 'Größe', field: 'ATTRIBUTE', attribute: 'size' },
    ];
    const job = await importing(text, { columns, labelIds: [label.id] });
    expect(job).toMatchObject({ kind: 'CONTACT_IMPORT', state: 'COMPLETED', position: 5, total: 5 });
    expect(counts(job)).toEqual({ CREATED: 2, REFUSED: 3 });
    expect(await people()).toMatchObject([
      {
        name: 'Anna Berg',
        phone: '+4915110000001',
        email: 'a@example.org',
        labels: [{ name: 'Messe' }],
        attributes: [{ attribute: { key: 'size' }, value: '42' }],
        consents: [],
      },
      { name: 'Bert', phone: '+4915110000002', email: null },
    ]);
    const refused = await rowsOf(job.id, ['REFUSED']);
    expect(refused.map(({ row, column }) => [row, column])).toEqual([
      [3, 'Telefon'],
      [4, 'Größe'],
      [5, null],
    ]);
    expect(JSON.stringify(refused)).not.toContain('groß');
    expect(await rowsOf(job.id)).toHaveLength(5);
    // Whoever writes from that number later is this contact.
    const contactId = newId();
    await contacts.publish(
      contacts.event('opened', {
        workspaceId: ours,
        contactId,
        channelId,
        identity: { phone: '+4915110000001', profileName: 'anna' },
      }),
    );
    await contacts.settle();
    expect(await people()).toHaveLength(2);
  });

  it('finds who is known by number, then by address, and merges by rule', async () => {
    const head = 'Name,Telefon,Mail';
    const columns = [...PERSON, { column: 'Mail', field: 'EMAIL' }];
    await importing(`${head}\nAnna,0151 10000001,\n,,b@example.org\n`, { columns });
    const again = (rows: string, duplicates: string) => importing(`${head}\n${rows}\n`, { columns, duplicates });
    const rows = 'Anna B.,0151 10000001,a@example.org\nBert,,B@EXAMPLE.org';
    expect(counts(await again(rows, 'LEAVE'))).toEqual({ DUPLICATE: 2 });
    expect(await people()).toMatchObject([
      { name: null, email: 'b@example.org' },
      { name: 'Anna', email: null },
    ]);
    expect(counts(await again(rows, 'FILL'))).toEqual({ MERGED: 2 });
    expect(await people()).toMatchObject([
      { name: 'Anna', email: 'a@example.org' },
      { name: 'Bert', email: 'b@example.org' },
    ]);
    expect(counts(await again(rows, 'FILL'))).toEqual({ UNCHANGED: 2 });
    expect(counts(await again('Anna B.,0151 10000001,', 'OVERWRITE'))).toEqual({ MERGED: 1 });
    expect(await people()).toMatchObject([{ name: 'Anna B.', email: 'a@example.org' }, { name: 'Bert' }]);
    expect(counts(await again('Carl,0151 10000003,a@example.org', 'FILL'))).toEqual({ CREATED: 1 });
    // A family shares an address: which of them is meant, nobody can tell.
    expect(counts(await again('Wer,,a@example.org', 'FILL'))).toEqual({ AMBIGUOUS: 1 });
  });

  it('merges rows about the same person, and a dry run says the same and changes nothing', async () => {
    const columns = [...PERSON, { column: 'Mail', field: 'EMAIL' }];
    const many = Array.from({ length: 1_100 }, (_, index) => `P${index},+49151${String(index).padStart(8, '0')},`);
    const text = ['Name,Telefon,Mail', ...many, 'P0,0151 00000000,p0@example.org', 'P5,0151 00000005,'].join('\n');
    const uploadId = await upload(text);
    const dry = await ended((await start({ uploadId, columns, isDryRun: true })).id);
    expect(dry).toMatchObject({ kind: 'CONTACT_IMPORT_DRY_RUN', state: 'COMPLETED', position: 1_102 });
    expect(await people()).toEqual([]);
    const real = await ended((await start({ uploadId, columns })).id);
    expect(counts(real)).toEqual({ CREATED: 1_100, MERGED: 1, UNCHANGED: 1 });
    expect(counts(dry)['CREATED']).toBe(1_100);
    const told = (await rowsOf(dry.id)).map(({ row, outcome }) => [row, outcome]);
    expect(told.slice(0, 1_100).every(([, outcome]) => outcome === 'CREATED')).toBe(true);
    expect(told.slice(1_100).map(([row]) => row)).toEqual([1_101, 1_102]);
    const em = contacts.database.system();
    expect(await em.execute('select 1 from import_key where job_id = ?', [dry.id])).toEqual([]);
  });

  it.each([
    [{ columns: [{ column: 'Gibt es nicht', field: 'PHONE' }] }, 'columns.0.column'],
    [{ columns: [{ column: 'Name', field: 'NAME' }] }, 'columns'],
    [{ columns: [...PERSON, { column: 'Name', field: 'NAME' }] }, 'columns.2.field'],
    [{ columns: [...PERSON, { column: 'Name', field: 'ATTRIBUTE' }] }, 'columns.2.attribute'],
    [{ columns: [...PERSON, { column: 'Name', field: 'ATTRIBUTE', attribute: 'none' }] }, 'columns.2.attribute'],
    [{ channelId: 'x' }, 'channelId'],
    [{ country: 'XX' }, 'country'],
    [{ delimiter: '::' }, 'delimiter'],
    [{ labelIds: [newId()] }, 'labelIds'],
    [{ consent: { purpose: 'nothing' } }, 'consent.purpose'],
    [{ consent: { purpose: 'marketing', textHash: 'x' } }, 'consent.textHash'],
  ])('given %j, then it is refused before it begins, naming the field', async (input, field) => {
    const uploadId = await upload('Name,Telefon\nAnna,0151 10000001\n');
    expect(await start({ uploadId, ...input })).toMatchObject({ field });
  });

  it('starts once per key', async () => {
    const uploadId = await upload('Name,Telefon\nAnna,0151 10000001\n');
    const [one, again] = await Promise.all([
      start({ uploadId, idempotencyKey: 'k' }),
      start({ uploadId, idempotencyKey: 'k' }),
    ]);
    expect(again.id).toBe(one.id);
    expect(counts(await ended(one.id))).toEqual({ CREATED: 1 });
  });

  it('does not bring back who had themselves forgotten', async () => {
    const forgotten = '+4915110000009';
    await sql`
      insert into suppression (workspace_id, mark, channel_id, identity_kind, identity_id, stops, erasure_id, created_at)
      values (${ours}, ${contacts.markOf(ours, forgotten)}, ${channelId}, 'PHONE', ${newId()}, '[]', ${newId()}, now())
    `.execute(contacts.database.system().getKysely());
    const job = await importing(`Name,Telefon\nAnna,${forgotten}\nBert,0151 10000002\n`);
    expect(counts(job)).toEqual({ CREATED: 1, SUPPRESSED: 1 });
    expect(await people()).toMatchObject([{ name: 'Bert' }]);
    expect(await rowsOf(job.id, ['SUPPRESSED'])).toMatchObject([{ row: 1, contactId: null }]);
    // Elsewhere the same number says nothing.
    ours = newId();
    token = manager(ours);
    expect(counts(await importing(`Name,Telefon\nAnna,${forgotten}\n`))).toEqual({ CREATED: 1 });
  });

  it('takes who was forgotten and came back by themselves, and keeps what they had stopped', async () => {
    const phone = '+4915110000009';
    const stops = JSON.stringify([{ purpose: 'marketing', state: 'WITHDRAWN' }]);
    await sql`
      insert into suppression (workspace_id, mark, channel_id, identity_kind, identity_id, stops, erasure_id, created_at)
      values (${ours}, ${contacts.markOf(ours, phone)}, ${channelId}, 'PHONE', ${newId()}, ${stops}::jsonb, ${newId()}, now())
    `.execute(contacts.database.system().getKysely());
    const back = { workspaceId: ours, contactId: newId(), channelId: newId(), identity: { phone } };
    await contacts.publish(contacts.event('opened', back));
    await contacts.settle();
    expect(counts(await importing(`Name,Telefon\nAnna,${phone}\n`))).toEqual({ MERGED: 1 });
    const [anna] = await people();
    expect(anna!.consents).toMatchObject([{ state: 'WITHDRAWN', isGranted: false }]);
  });

  it('gives nobody more labels than a contact may have', async () => {
    const labelIds: string[] = [];
    for (let index = 0; index < 21; index += 1) {
      const { id } = await ask(
        `mutation ($input: CreateContactLabelInput!) { result: createContactLabel(input: $input) { ... on ContactLabel { id } } }`,
        { input: { name: `L${index}`, colour: '#00ff00', idempotencyKey: newId() } },
      );
      labelIds.push(id);
    }
    const text = 'Name,Telefon\nAnna,0151 10000001\n';
    expect(counts(await importing(text, { labelIds: labelIds.slice(1) }))).toEqual({ CREATED: 1 });
    expect(counts(await importing(text, { labelIds: labelIds.slice(0, 1) }))).toEqual({ REFUSED: 1 });
    expect(counts(await importing(text, { labelIds: labelIds.slice(1, 2) }))).toEqual({ MERGED: 1 });
  });

  it('is refused if the file cannot be read', async () => {
    const uploadId = await upload(Buffer.from('Name,Telefon\nM\xfcller,0151 10000001\n', 'latin1'));
    expect(await start({ uploadId })).toMatchObject({ __typename: 'UnreadableFile' });
    const { id } = await start({ uploadId, encoding: 'WINDOWS_1252' });
    await ended(id);
    expect(await people()).toMatchObject([{ name: 'Müller' }]);
    expect(await start({ uploadId: await upload('') })).toMatchObject({ __typename: 'UnreadableFile' });
  });

  it('fails where the file breaks, and keeps what came before', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => `P,+49151${String(index).padStart(8, '0')}`);
    const job = await importing(`Name,Telefon\n${rows.join('\n')}\n"nie geschlossen`);
    expect(job).toMatchObject({ state: 'FAILED', failure: 'MALFORMED', position: 1_000 });
    expect(counts(job)).toEqual({ CREATED: 1_000 });
  });
});

describe('consent of imported people', () => {
  const publish = () =>
    ask<Answer & { hash: string }>(
      `mutation ($input: PublishConsentTextInput!) { result: publishConsentText(input: $input) { ... on ConsentText { hash } } }`,
      {
        input: {
          purpose: 'marketing',
          locale: 'de',
          body: 'Ja, schreiben Sie mir.',
          privacyNoticeUrl: 'https://example.org/privacy',
          privacyNoticeVersion: '1',
        },
      },
    );
  const columns = [
    ...PERSON,
    { column: 'Am', field: 'CONSENT_GIVEN_AT' },
    { column: 'Formular', field: 'CONSENT_REQUEST_ID' },
  ];

  it('is CONFIRMED where a row proves it, else UNKNOWN; none without a word of it', async () => {
    const { hash } = await publish();
    const text = 'Name,Telefon,Am,Formular\nAnna,0151 10000001,2026-11-01,f-1\nBert,0151 10000002,2026-11-01,\n';
    await importing(text, { columns, consent: { purpose: 'marketing', textHash: hash } });
    const [anna, bert] = await people();
    expect(anna!.consents).toEqual([{ state: 'CONFIRMED', isGranted: true, purpose: { key: 'marketing' } }]);
    expect(bert!.consents).toEqual([{ state: 'UNKNOWN', isGranted: false, purpose: { key: 'marketing' } }]);
    const proof = await ask(
      `query ($id: ID!) { result: contact(id: $id) { consentEvents { nodes { kind source occurredAt text { hash } evidence { formRequestId } } } } }`,
      { id: anna!.id },
    );
    expect(proof).toEqual({
      consentEvents: {
        nodes: [
          {
            kind: 'CONFIRMED',
            source: 'IMPORT',
            occurredAt: '2026-11-01T00:00:00.000Z',
            text: { hash },
            evidence: { formRequestId: 'f-1' },
          },
        ],
      },
    });
    // Without the text that they read, the same rows prove nothing.
    await importing('Name,Telefon,Am,Formular\nCleo,0151 10000003,2026-11-01,f-3\n', {
      columns,
      consent: { purpose: 'marketing' },
    });
    await importing('Name,Telefon\nDora,0151 10000004\n');
    const [, , cleo, dora] = await people();
    expect(cleo!.consents).toMatchObject([{ state: 'UNKNOWN', isGranted: false }]);
    expect(dora!.consents).toEqual([]);
  });

  it('is not brought back by a file once it was withdrawn', async () => {
    const { hash } = await publish();
    const row = (at: string) => `Name,Telefon,Am,Formular\nAnna,0151 10000001,${at},f-1\n`;
    const consent = { purpose: 'marketing', textHash: hash };
    await importing(row('2026-11-01'), { columns, consent });
    const [anna] = await people();
    await ask(`mutation ($input: RecordConsentInput!) { result: recordConsent(input: $input) { __typename } }`, {
      input: {
        subject: { contactId: anna!.id },
        channelId,
        purpose: 'marketing',
        kind: 'WITHDRAWN',
        source: 'AGENT',
        occurredAt: '2026-11-05T00:00:00Z',
        evidence: { note: 'am Telefon' },
        idempotencyKey: newId(),
      },
    });
    const job = await importing(row('2026-11-10'), { columns, consent });
    expect((await people())[0]!.consents).toMatchObject([{ state: 'WITHDRAWN', isGranted: false }]);
    expect((await rowsOf(job.id))[0]!.problem).toContain('withdrawn');
  });

  it('is not brought back under a new number of who stopped it, nor after the question came up again', async () => {
    const { hash } = await publish();
    const consent = { purpose: 'marketing', textHash: hash };
    const file = (at: string) =>
      `Name,Telefon,Am,Formular\nAnna,+4915110000021,${at},f-1\nBert,+4915110000022,${at},f-2\n`;
    const [anna, bert] = [newId(), newId()];
    const before = { phone: '+4915110000020', bsuid: 'DE.anna' };
    const after = { phone: '+4915110000021', bsuid: 'DE.anna' };
    const other = { phone: '+4915110000022', bsuid: 'DE.bert' };
    const at = (day: number) => new Date(Date.UTC(2026, 10, day));
    const said = (
      contactId: string,
      identity: typeof before,
      kind: 'WITHDRAWN' | 'REQUESTED' | 'EXPIRED',
      day: number,
    ) =>
      contacts.stated(
        ours,
        { contactId, channelId, identity, kind, source: 'KEYWORD', purposes: ['marketing'] },
        at(day),
      );
    const seen = { workspaceId: ours, channelId };
    await contacts.publish(
      contacts.event('opened', { ...seen, contactId: anna, identity: before }, at(1)),
      contacts.event('opened', { ...seen, contactId: bert, identity: other }, at(1)),
      said(anna, before, 'WITHDRAWN', 2),
      said(bert, other, 'WITHDRAWN', 2),
      said(bert, other, 'REQUESTED', 3),
      said(bert, other, 'EXPIRED', 4),
    );
    const changed = contacts.event('identity_changed', { ...seen, contactId: anna, identity: after }, at(5));
    await contacts.publish({ ...changed, data: { ...changed.data, former: before } } as typeof changed);
    await contacts.settle();
    const job = await importing(file('2026-11-10'), { columns, consent });
    expect(counts(job)).toEqual({ MERGED: 2 });
    expect((await people()).flatMap(({ consents }) => consents.filter(({ isGranted }) => isGranted))).toEqual([]);
    expect((await rowsOf(job.id)).map(({ problem }) => problem)).toEqual(
      Array(2).fill(expect.stringContaining('withdrawn')),
    );
    // Only they themselves take it back.
    const confirmed = { kind: 'CONFIRMED' as const, source: 'FORM' as const, purposes: ['marketing'], textHash: hash };
    await contacts.publish(
      contacts.stated(ours, { contactId: anna, channelId, identity: after, ...confirmed, formRequestId: 'f' }, at(12)),
    );
    await contacts.settle();
    expect(
      (await rowsOf((await importing(file('2026-11-13'), { columns, consent })).id)).map(({ problem }) => problem),
    ).toEqual([null, expect.stringContaining('withdrawn')]);
  });

  it('is that of the number of its row, and no row gives somebody a second number on a channel', async () => {
    const { hash } = await publish();
    const contactId = newId();
    const elsewhere = newId();
    const opened = (channel: string, phone: string) =>
      contacts.event('opened', {
        workspaceId: ours,
        contactId,
        channelId: channel,
        identity: { phone, bsuid: 'DE.a' },
      });
    await contacts.publish(opened(channelId, '+4915110000031'), opened(elsewhere, '+4915110000032'));
    await contacts.settle();
    const text = 'Name,Telefon,Am,Formular\nA,+4915110000031,,\nA,+4915110000032,2026-11-01,f-1\n';
    const job = await importing(text, { columns, consent: { purpose: 'marketing', textHash: hash } });
    expect((await rowsOf(job.id)).map(({ outcome }) => outcome)).toEqual(['MERGED', 'AMBIGUOUS']);
    const all = await people();
    expect(all).toHaveLength(1);
    expect(all[0]!.consents).toEqual([{ state: 'UNKNOWN', isGranted: false, purpose: { key: 'marketing' } }]);
  });

  it('is said by those who may record consent', async () => {
    const uploadId = await upload('Name,Telefon\nAnna,0151 10000001\n');
    const other = contacts.token(ours, 'contact:read', 'contact:manage');
    expect(await start({ uploadId, consent: { purpose: 'marketing' } }, other)).toMatchObject({ field: 'consent' });
  });
});

describe('a job', () => {
  /** As the process that died would have left it, or another one does it. */
  const queued = async (kind = 'CONTACT_IMPORT') => {
    const id = newId();
    await transact({ ...systemCtx(), workspaceId: ours }, async (tx) => {
      await sql`
        insert into job (workspace_id, id, kind, state, settings, created_by_kind, created_by_id, created_at, due_at)
        values (${ours}, ${id}, ${kind}, 'WAITING', '{}', 'member', ${newId()}, now(), '2000-01-01')
      `.execute(tx.sql);
    });
    return id;
  };
  const step = (count: number) => async (_tx: Tx) => ({ position: count, counts: { CREATED: count } });

  it('goes on where its last step ended, is one process’ at a time, and takes no row twice', async () => {
    await contacts.service.stop();
    try {
      const id = await queued();
      const ctx = systemCtx();
      const [first] = await contactJobs.claim(ctx, 5, ['CONTACT_IMPORT']);
      expect(first).toMatchObject({ id, position: 0, state: 'RUNNING' });
      expect(await contactJobs.claim(ctx, 5, ['CONTACT_IMPORT'])).toEqual([]);
      const own = { ...ctx, workspaceId: ours };
      await contactJobs.commitStep(own, first!, step(1_000));
      // What a step does is undone with it.
      const broken = contactJobs.commitStep(own, first!, async (tx) => {
        await step(1_000)(tx);
        throw new Error('the process died here');
      });
      await expect(broken).rejects.toThrow('died');
      await sql`update job set due_at = '2000-01-01' where id = ${id}`.execute(contacts.database.system().getKysely());
      const [second] = await contactJobs.claim(ctx, 5, ['CONTACT_IMPORT']);
      expect(second).toMatchObject({ id, position: 1_000, counts: { CREATED: 1_000 } });
      // The first one is not dead after all: it has no effect any more.
      await expect(contactJobs.commitStep(own, first!, step(2_000))).rejects.toMatchObject({ name: 'JobLostError' });
      await contactJobs.commitStep(own, second!, step(2_000), { state: 'COMPLETED' });
    } finally {
      await contacts.startService();
    }
  });

  it('has failed after five attempts that came to nothing', async () => {
    await contacts.service.stop();
    try {
      await queued();
      const ctx = systemCtx();
      const states: string[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const [job] = await contactJobs.claim(ctx, 1, ['CONTACT_IMPORT']);
        await contactJobs.release({ ...ctx, workspaceId: ours }, job!, { afterMs: -1_000_000, isBroken: true });
        const rows = await contacts.database.system().execute('select state from job where id = ?', [job!.id]);
        states.push((rows[0] as { state: string }).state);
      }
      expect(states).toEqual(['WAITING', 'WAITING', 'WAITING', 'WAITING', 'FAILED']);
    } finally {
      await contacts.startService();
    }
  });

  it('has failed after five processes that died of it', async () => {
    await contacts.service.stop();
    try {
      const id = await queued();
      const system = contacts.database.system();
      for (let attempt = 0; attempt < 5; attempt += 1) {
        expect(await contactJobs.claim(systemCtx(), 1, ['CONTACT_IMPORT'])).toMatchObject([{ id }]);
        await sql`update job set due_at = '2000-01-01' where id = ${id}`.execute(system.getKysely());
      }
      expect(await contactJobs.claim(systemCtx(), 1, ['CONTACT_IMPORT'])).toEqual([]);
      const rows = await system.execute('select state, failure, due_at from job where id = ?', [id]);
      expect(rows).toEqual([{ state: 'FAILED', failure: 'INTERNAL', due_at: null }]);
    } finally {
      await contacts.startService();
    }
  });

  it('survives the end of its process in the middle of an import', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => `P${index},+49151${String(index).padStart(8, '0')}`);
    const { id } = await start({ uploadId: await upload(`Name,Telefon\n${rows.join('\n')}\n`) });
    await eventually(async () => expect((await jobOf(id)).position).toBeGreaterThan(0));
    await contacts.service.stop();
    await contacts.startService();
    const job = await ended(id);
    expect(job).toMatchObject({ state: 'COMPLETED', position: 5_000 });
    expect(counts(job)).toEqual({ CREATED: 5_000 });
    const [{ count }] = (await contacts.database
      .forTenant(ours)
      .execute('select count(*)::int as count from contact')) as [{ count: number }];
    expect(count).toBe(5_000);
  });

  it('is followed live, and ends where it is cancelled', async () => {
    type Event = { contactEvents: { __typename: string; job?: { id: string; state: string; position: number } } };
    const query = 'subscription { contactEvents { __typename ... on JobProgressed { job { id state position } } } }';
    const url = `${contacts.service.url}/graphql`;
    const live = subscribe<Event>(url, query, token);
    const blind = subscribe<Event>(url, query, contacts.token(ours, 'contact:read'));
    await eventually(() => expect([live.received.length, blind.received.length]).toEqual([1, 1]));
    const rows = Array.from({ length: 15_000 }, (_, index) => `P${index},+49151${String(index).padStart(8, '0')}`);
    const { id } = await start({ uploadId: await upload(`Name,Telefon\n${rows.join('\n')}\n`) });
    const told = () => live.received.flatMap(({ contactEvents: { job } }) => (job?.id === id ? [job] : []));
    await eventually(() => expect(told().some(({ position }) => position > 0)).toBe(true));
    const cancel = () =>
      ask(`mutation ($id: ID!) { result: cancelJob(id: $id) { __typename ... on Job { state } } }`, { id });
    expect(await cancel()).toEqual({ __typename: 'Job', state: 'CANCELLED' });
    expect(await cancel()).toEqual({ __typename: 'NotFound' });
    await eventually(() => expect(told().at(-1)).toMatchObject({ state: 'CANCELLED' }));
    const { position } = await jobOf(id);
    expect(position).toBeLessThan(15_000);
    const [{ count }] = (await contacts.database
      .forTenant(ours)
      .execute('select count(*)::int as count from contact')) as [{ count: number }];
    expect(count).toBe(position);
    expect(blind.received).toHaveLength(1);
    await Promise.all([live.stop(), blind.stop()]);
  });
});

describe('an export', () => {
  const exporting = async (input: Record<string, unknown>, as = token) => {
    const { id } = await ask(
      `mutation ($input: StartContactExportInput!) { result: startContactExport(input: $input) { ${REFUSAL} ... on Job { id } } }`,
      { input: { idempotencyKey: newId(), ...input } },
      as,
    );
    await ended(id);
    const { downloadUrl } = await ask<Answer & { downloadUrl: string }>(
      'query ($id: ID!) { result: job(id: $id) { downloadUrl } }',
      { id },
      as,
    );
    return downloadUrl;
  };

  it('is a file of everybody that an import takes again, and that runs nothing', async () => {
    const names = ['=1+1', 'Größe, "quer"', ...Array.from({ length: 1_200 }, (_, index) => `P${index}`)];
    const cells = names.map((name, index) => [
      `"${name.replaceAll('"', '""')}"`,
      `+49151${String(index).padStart(8, '0')}`,
    ]);
    await importing(`Name,Telefon\n${cells.map((row) => row.join(',')).join('\n')}\n`);
    const url = await exporting({ format: 'CSV' });
    const response = await fetch(url);
    expect(response.headers.get('content-disposition')).toMatch(/attachment; filename="contacts-.*\.csv"/);
    const text = await response.text();
    expect(text).toContain(`,'=1+1,'+4915100000000,`);
    expect(text.trimEnd().split('\r\n')).toHaveLength(1_203);
    const job = await importing(text, {
      columns: [
        { column: 'name', field: 'NAME' },
        { column: 'phone', field: 'PHONE' },
      ],
      duplicates: 'OVERWRITE',
    });
    expect(counts(job)).toEqual({ UNCHANGED: 1_202 });
    expect((await fetch(url.replace(/token=./, 'token=_'))).status).toBe(404);
  });

  it('with numbers is for those who may see them, and who gets its URL is in the audit log', async () => {
    await importing('Name,Telefon\nAnna,0151 10000001\n');
    const { id } = await ask(
      `mutation ($input: StartContactExportInput!) { result: startContactExport(input: $input) { ... on Job { id } } }`,
      { input: { format: 'CSV', idempotencyKey: newId() } },
    );
    await ended(id);
    const url = (as: string) => ask('query ($id: ID!) { result: job(id: $id) { downloadUrl } }', { id }, as);
    const downloads = async () =>
      (await readLog(contacts.database.forTenant(ours), 0, 1_000)).filter((event) =>
        JSON.stringify(event).includes('contact_export.download'),
      );
    expect(await url(contacts.token(ours, 'contact:read', 'contact:manage'))).toEqual({ downloadUrl: null });
    expect(await url(token)).toEqual({ downloadUrl: expect.stringContaining('token=') });
    await eventually(async () => expect(await downloads()).toHaveLength(1));
    // Its process died when the file was there, before it could say so.
    await sql`
      update job set state = 'RUNNING', ended_at = null, attempts = 1, due_at = '2000-01-01' where id = ${id}
    `.execute(contacts.database.system().getKysely());
    expect(await ended(id)).toMatchObject({ state: 'COMPLETED', failure: null });
  });

  it('is JSON if asked, of the contacts with a label, without addresses for who may not see them', async () => {
    const label = await ask(
      `mutation ($input: CreateContactLabelInput!) { result: createContactLabel(input: $input) { ... on ContactLabel { id } } }`,
      { input: { name: 'VIP', colour: '#00ff00', idempotencyKey: 'k' } },
    );
    await importing('Name,Telefon\nAnna,0151 10000001\n', { labelIds: [label.id] });
    await importing('Name,Telefon\nBert,0151 10000002\n');
    const read = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>[];
    expect(await read(await exporting({ format: 'JSON', labelIds: [label.id] }))).toMatchObject([
      { name: 'Anna', phone: '+4915110000001', labels: ['VIP'], attributes: {} },
    ]);
    const blind = contacts.token(ours, 'contact:read', 'contact:manage');
    const all = await read(await exporting({ format: 'JSON' }, blind));
    expect(all.map(({ name }) => name).toSorted()).toEqual(['Anna', 'Bert']);
    expect(JSON.stringify(all)).not.toContain('+49');
  });
});
