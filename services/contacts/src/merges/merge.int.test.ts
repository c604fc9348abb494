import { clickToChatLinkUsed, consentChanged, type ConsentChanged, type ConsentEventKind } from '@fenster/contracts';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
let workspaceId: string;
let channelId: string;
let token: string;

beforeAll(() => contacts.start());
afterAll(() => contacts.stop());
beforeEach(() => {
  [workspaceId, channelId] = [newId(), newId()];
  token = tokenOf(workspaceId);
});

const tokenOf = (workspace: string) =>
  contacts.token(
    workspace,
    'contact:read',
    'contact:read_phone',
    'contact:update',
    'contact:manage',
    'message:read',
    'consent:read',
    'consent:manage',
    'consent:record',
    'erasure:manage',
  );
const db = () => contacts.database.system().getKysely();

async function ask<T = Record<string, never>>(query: string, variables: object = {}, as = token): Promise<T> {
  const { data, errors } = await contacts.query(query, as, { ...variables });
  expect(errors).toBeUndefined();
  return Object.values(data!)[0] as T;
}

interface Shown {
  id: string;
  name: string | null;
  knownIds: string[];
  merges: { id: string; mergedId: string; isUndoable: boolean; undoneAt: string | null }[];
}
const SHOWN = `id name profileName email language knownIds address { city } attributes { attribute { key } value }
  labels { name } notes { nodes { text } } identities { kind value validTo }
  consents { identityKind purpose { key } state isGranted } consentEvents { nodes { kind } }
  merges { id mergedId isUndoable undoneAt }`;
const show = (id: string) => ask<Shown>(`query ($id: ID!) { contact(id: $id) { ${SHOWN} } }`, { id });
interface Preview {
  version: string;
  conflicts: { field: string; kept: string | null; merged: string | null }[];
}
const preview = (keptId: string, mergedId: string, as = token) =>
  ask<Preview>(
    `query ($keptId: ID!, $mergedId: ID!) { contactMergePreview(keptId: $keptId, mergedId: $mergedId) {
      version conflicts { field kept merged } kept { id consents { state } } merged { id consents { state } } } }`,
    { keptId, mergedId },
    as,
  );
interface MergeAnswer {
  contact: Shown;
  mergeId: string;
  code?: string;
  fields?: string[];
}
const merge = (input: object, as = token) =>
  ask<MergeAnswer>(
    `mutation ($input: MergeContactsInput!) { mergeContacts(input: $input) {
      ... on ContactsMerged { mergeId contact { ${SHOWN} } } ... on UserError { code } ... on MergeUndecided { fields } } }`,
    { input: { idempotencyKey: newId(), ...input } },
    as,
  );
const undo = (id: string, as = token) =>
  ask<{ kept: Shown; merged: Shown; code?: string }>(
    `mutation ($id: ID!) { undoContactMerge(id: $id) {
      ... on ContactsSeparated { kept { ${SHOWN} } merged { ${SHOWN} } } ... on UserError { code } } }`,
    { id },
    as,
  );

/** Whoever this is writes for the first time, and is known by this and that since. */
async function meet(name: string, phone: string, fields: object = {}): Promise<string> {
  const contactId = newId();
  const identity = { phone, bsuid: `DE.${phone.slice(1)}`, profileName: name.toLowerCase() };
  await contacts.publish(contacts.event('opened', { workspaceId, contactId, channelId, identity }));
  await contacts.settle();
  await ask(`mutation ($input: UpdateContactInput!) { updateContact(input: $input) { __typename } }`, {
    input: { id: contactId, name, ...fields },
  });
  await ask(`mutation ($input: AddContactNoteInput!) { addContactNote(input: $input) { __typename } }`, {
    input: { contactId, text: `About ${name}`, idempotencyKey: newId() },
  });
  return contactId;
}

async function say(kind: ConsentEventKind, contactId: string, phone: string, at = new Date()): Promise<void> {
  const identity = { phone };
  await contacts.publish(
    contacts.stated(
      workspaceId,
      { contactId, channelId, identity, kind, source: 'KEYWORD', purposes: ['marketing'] } as never,
      at,
    ),
  );
  await contacts.settle();
}

async function label(contactId: string, name: string): Promise<void> {
  const { id } = await ask<{ id: string }>(
    `mutation ($input: CreateContactLabelInput!) { createContactLabel(input: $input) { ... on ContactLabel { id } } }`,
    { input: { name, colour: '#0e8a16', idempotencyKey: newId() } },
  );
  await ask(`mutation ($input: LabelContactInput!) { labelContact(input: $input) { __typename } }`, {
    input: { contactId, set: [id] },
  });
}

const [ANNA, BEA, CARA] = ['+4915112345671', '+4915112345672', '+4915112345673'];

async function annaAndBea() {
  const anna = await meet('Anna', ANNA, { email: 'anna@example.org' });
  const bea = await meet('Bea', BEA, { email: 'bea@example.org', language: 'de' });
  await label(anna, 'VIP');
  await label(bea, 'New');
  await say('CONFIRMED', bea, BEA);
  return { anna, bea };
}
const DECIDED = [
  { field: 'name', choice: 'KEPT' },
  { field: 'email', choice: 'MERGED' },
];
async function join(keptId: string, mergedId: string, decisions = DECIDED, as = token) {
  const { version } = await preview(keptId, mergedId, as);
  return merge({ keptId, mergedId, decisions, version }, as);
}
const log = async (workspace = workspaceId) => readLog(contacts.database.forTenant(workspace), 0, 5_000);

describe('a preview', () => {
  it('shows what has to be decided and what each has agreed to, and changes nothing', async () => {
    const { anna, bea } = await annaAndBea();
    const told = async () => (await log()).filter(({ dataClass }) => dataClass !== 'audit').length;
    const [before, position] = [[await show(anna), await show(bea)], await told()];
    expect(await preview(anna, bea)).toMatchObject({
      conflicts: [
        { field: 'name', kept: 'Anna', merged: 'Bea' },
        { field: 'email', kept: 'anna@example.org', merged: 'bea@example.org' },
      ],
      kept: { id: anna, consents: [] },
      merged: { id: bea, consents: [{ state: 'CONFIRMED' }] },
    });
    const blind = contacts.token(workspaceId, 'contact:read', 'contact:manage');
    const { conflicts } = await ask<Preview>(
      `query { contactMergePreview(keptId: "${anna}", mergedId: "${bea}") { conflicts { field kept merged } } }`,
      {},
      blind,
    );
    expect(conflicts[1]).toEqual({ field: 'email', kept: null, merged: null });
    expect([await show(anna), await show(bea)]).toEqual(before);
    expect(await told()).toBe(position);
  });

  it('is of two people of this workspace', async () => {
    const anna = await meet('Anna', ANNA);
    const ids = { keptId: anna, mergedId: newId() };
    const other = await contacts.query(
      `query { contactMergePreview(keptId: "${anna}", mergedId: "${anna}") { version } }`,
      token,
    );
    expect(other.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'mergedId' } }]);
    expect(await merge({ ...ids, decisions: [], version: 'x' })).toMatchObject({ code: 'NOT_FOUND' });
    const theirs = tokenOf(newId());
    expect(await merge({ keptId: anna, mergedId: anna, version: 'x' }, theirs)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

const LIVE = { contactEvents: { __typename: 'ContactsLiveStarted' } };

describe('a merge', () => {
  it('joins what both have under one contact, found by either id, and tells it', async () => {
    const { anna, bea } = await annaAndBea();
    const events = subscribe<{ contactEvents: { __typename: string } }>(
      `${contacts.service.url}/graphql`,
      `subscription { contactEvents { __typename ... on ContactMerged { mergedId contact { id name } } } }`,
      token,
    );
    await eventually(() => expect([events.errors, events.received]).toEqual([[], [LIVE]]));
    const { version } = await preview(anna, bea);
    const input = { keptId: anna, mergedId: bea, version, decisions: DECIDED, idempotencyKey: 'k' };
    const [one, again] = [await merge(input), await merge(input)];
    expect(again).toEqual(one);
    expect(one.contact).toMatchObject({
      id: anna,
      name: 'Anna',
      email: 'bea@example.org',
      language: 'de',
      knownIds: [anna, bea],
      labels: [{ name: 'New' }, { name: 'VIP' }],
      notes: { nodes: [{ text: 'About Bea' }, { text: 'About Anna' }] },
      consents: [{ state: 'CONFIRMED', identityKind: 'PHONE' }],
      merges: [{ id: one.mergeId, mergedId: bea, isUndoable: true, undoneAt: null }],
    });
    expect(await show(bea)).toEqual(one.contact);
    const { nodes } = await ask<{ nodes: { id: string }[] }>('{ contacts { nodes { id } } }');
    expect(nodes).toEqual([{ id: anna }]);
    const named = (await log()).filter(({ name }) => name === 'contacts.contact.changed').slice(-2);
    expect(named.map(({ data }) => data)).toEqual([
      { contactId: anna, name: 'Anna' },
      { contactId: bea, name: 'Anna' },
    ]);
    await eventually(() =>
      expect(events.received.map(({ contactEvents }) => contactEvents)).toContainEqual({
        __typename: 'ContactMerged',
        mergedId: bea,
        contact: { id: anna, name: 'Anna' },
      }),
    );
    await events.stop();
  });

  it('is refused with conflicts that nobody decided, and once one of the two is not as it was shown', async () => {
    const { anna, bea } = await annaAndBea();
    const { version } = await preview(anna, bea);
    const ids = { keptId: anna, mergedId: bea };
    const undecided = await merge({ ...ids, version, decisions: DECIDED.slice(0, 1) });
    expect(undecided).toEqual({ code: 'MERGE_UNDECIDED', fields: ['email'] });
    await say('WITHDRAWN', bea, BEA, new Date(Date.now() + 5_000));
    expect(await merge({ ...ids, version, decisions: DECIDED })).toEqual({ code: 'MERGE_PREVIEW_STALE' });
  });

  it('is told by which link the two came, and each by which they did once it is undone', async () => {
    const { anna, bea } = await annaAndBea();
    const [poster, flyer] = [newId(), newId()];
    for (const [link_id, code] of [
      [poster, 'K7QX2MNP'],
      [flyer, 'ABCDEFGH'],
    ] as const) {
      await sql`insert into click_to_chat_link (workspace_id, id, code, name, channel_id, locale, text, created_at)
        values (${workspaceId}, ${link_id}, ${code}, ${code}, ${channelId}, 'de', 'Hallo', now())`.execute(db());
    }
    const use = async (linkId: string, contactId: string) => {
      const opened = contacts.event('opened', { workspaceId, contactId, channelId, identity: {} });
      const { name, version, dataClass } = clickToChatLinkUsed;
      const ids = { threadId: newId(), conversationId: newId(), messageId: newId() };
      const data = { linkId, contactId, ...ids, beganConversation: true } as never;
      await contacts.publish({ ...opened, name, version, dataClass, data });
      await contacts.settle();
    };
    const cameBy = async (id: string) =>
      (
        await ask<{ attribution: { code: string } | null }>(
          'query ($id: ID!) { contact(id: $id) { attribution { code } } }',
          { id },
        )
      ).attribution?.code;
    await use(flyer, bea);
    const { mergeId } = await join(anna, bea);
    expect(await cameBy(anna)).toBe('ABCDEFGH');
    // Told of Bea, under the id that channels have of her.
    await use(poster, bea);
    await use(poster, anna);
    await undo(mergeId);
    expect([await cameBy(anna), await cameBy(bea)]).toEqual(['K7QX2MNP', 'ABCDEFGH']);
    const { rows } = await sql<{ contact_id: string; uses: string }>`
      select contact_id, count(*) as uses from click_to_chat_use where workspace_id = ${workspaceId} group by 1
    `.execute(db());
    expect(new Map(rows.map((row) => [row.contact_id, Number(row.uses)]))).toEqual(
      new Map([
        [anna, 1],
        [bea, 2],
      ]),
    );
  });

  it('goes on with two threads of one channel: neither takes the name of the other', async () => {
    const { anna, bea } = await annaAndBea();
    await join(anna, bea);
    const seen = (contactId: string, phone: string, profileName: string) => {
      const identity = { phone, bsuid: `DE.${phone.slice(1)}`, profileName };
      return contacts.event('identity_changed', { workspaceId, contactId, channelId, identity });
    };
    await contacts.publish(seen(bea, BEA, 'bea 2'), seen(anna, ANNA, 'anna 2'));
    await contacts.settle();
    const { identities } = (await show(anna)) as never as { identities: { value: string; validTo: string | null }[] };
    expect(identities.filter(({ validTo }) => validTo === null)).toHaveLength(4);
    expect(identities).toHaveLength(4);
  });

  it('records nothing as agreed to for all addresses at once, and imports believe nothing that either took back', async () => {
    const { anna, bea } = await annaAndBea();
    await join(anna, bea);
    const record = (subject: object, kind: string) =>
      ask<{ code?: string }>(
        `mutation ($input: RecordConsentInput!) { recordConsent(input: $input) { __typename ... on UserError { code } } }`,
        {
          input: {
            channelId,
            purpose: 'marketing',
            kind,
            source: 'AGENT',
            subject,
            idempotencyKey: newId(),
            textHash: kind === 'CONFIRMED' ? hash : null,
            evidence: { note: 'phone call', document: { kind: 'PAPER', reference: 'Ordner 1' } },
          },
        },
      );
    const { hash } = await ask<{ hash: string }>(
      `mutation ($input: PublishConsentTextInput!) { publishConsentText(input: $input) { ... on ConsentText { hash } } }`,
      {
        input: {
          purpose: 'marketing',
          locale: 'de',
          body: 'Ich möchte Angebote.',
          privacyNoticeUrl: 'https://muster.example/datenschutz',
          privacyNoticeVersion: '1',
        },
      },
    );
    expect(await record({ contactId: anna }, 'CONFIRMED')).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await record({ phone: BEA }, 'CONFIRMED')).toEqual({ __typename: 'ConsentRecorded' });
    expect(await record({ contactId: anna }, 'WITHDRAWN')).toEqual({ __typename: 'ConsentRecorded' });
    const { consents } = (await show(anna)) as never as { consents: { state: string }[] };
    expect(consents.map(({ state }) => state)).toEqual(['WITHDRAWN', 'WITHDRAWN', 'WITHDRAWN', 'WITHDRAWN']);
  });
});

describe('an undone merge', () => {
  it('gives both back as they were, and remembers that they are two', async () => {
    const { anna, bea } = await annaAndBea();
    const without = ({ merges: _, ...rest }: Shown) => rest;
    const before = [without(await show(anna)), without(await show(bea))];
    const { mergeId } = await join(anna, bea);
    const { kept, merged } = await undo(mergeId);
    expect([without(kept), without(merged)]).toEqual(before);
    expect(kept.merges).toMatchObject([{ id: mergeId, isUndoable: false, undoneAt: expect.any(String) as string }]);
    expect(await undo(mergeId)).toEqual({ code: 'MERGE_NOT_UNDOABLE' });
    const { rows } = await sql`
      select kept, merged, outcome from contact_merge where workspace_id = ${workspaceId}
    `.execute(db());
    expect(rows).toEqual([{ kept: null, merged: null, outcome: null }]);
    const { rows: distinct } = await sql`
      select contact_id, other_id from contact_distinction where workspace_id = ${workspaceId}
    `.execute(db());
    const [contact_id, other_id] = [anna, bea].toSorted();
    expect(distinct).toEqual([{ contact_id, other_id }]);
  });

  it('gives each what channels told of it since', async () => {
    const { anna, bea } = await annaAndBea();
    const { mergeId } = await join(anna, bea);
    const [other, elsewhere] = [newId(), newId()];
    const seen = async (kind: 'opened' | 'identity_changed', contactId: string, identity: object, on = channelId) => {
      await contacts.publish(contacts.event(kind, { workspaceId, contactId, channelId: on, identity }));
      await contacts.settle();
    };
    // Bea's number is another one now, and she writes on a second channel too; Anna calls herself otherwise.
    await seen('identity_changed', bea, { phone: CARA, bsuid: `DE.${BEA.slice(1)}`, profileName: 'bea 2' });
    await seen('opened', other, { phone: CARA }, elsewhere);
    await seen('identity_changed', anna, { phone: ANNA, profileName: 'anna 2' });
    expect((await show(other)).id).toBe(anna);
    const { kept, merged } = await undo(mergeId);
    expect(kept).toMatchObject({ profileName: 'anna 2', knownIds: [anna], consents: [] });
    expect(merged).toMatchObject({ id: bea, profileName: 'bea 2' });
    expect(merged.knownIds.toSorted()).toEqual([bea, other].toSorted());
    const values = (shown: Shown) =>
      (shown as never as { identities: { value: string }[] }).identities.map(({ value }) => value).toSorted();
    expect(values(kept)).toEqual([ANNA, `DE.${ANNA.slice(1)}`].toSorted());
    expect(values(merged)).toEqual([BEA, CARA, CARA, `DE.${BEA.slice(1)}`].toSorted());
  });

  it('waits until later merges are undone, and ends with the days that it may take', async () => {
    const { anna, bea } = await annaAndBea();
    const cara = await meet('Cara', CARA);
    const first = await join(anna, bea);
    const second = await join(anna, cara, [{ field: 'name', choice: 'MERGED' }]);
    const third = await join(await meet('Dora', '+4915112345674'), anna, [{ field: 'name', choice: 'KEPT' }]);
    expect((await show(bea)).id).toBe(third.contact.id);
    expect(await undo(second.mergeId)).toEqual({ code: 'MERGE_NOT_UNDOABLE' });
    expect(await undo(third.mergeId)).toMatchObject({ merged: { id: anna, name: 'Cara' } });
    expect(await undo(first.mergeId)).toEqual({ code: 'MERGE_NOT_UNDOABLE' });
    expect(await undo(second.mergeId)).toMatchObject({ kept: { id: anna, name: 'Anna' }, merged: { name: 'Cara' } });
    await sql`
      update contact_merge set merged_at = merged_at - interval '91 days' where id = ${first.mergeId}
    `.execute(db());
    expect(await undo(first.mergeId)).toEqual({ code: 'MERGE_NOT_UNDOABLE' });
  });
});

describe('the erasure of who was merged', () => {
  const plan = (contactId: string) =>
    ask<{ id: string; reference: string }>(
      `mutation ($input: PlanErasureInput!) { planErasure(input: $input) { ... on Erasure { id reference } } }`,
      { input: { subject: { contactId }, idempotencyKey: newId() } },
    );
  const confirm = async ({ id, reference }: { id: string; reference: string }) => {
    await sql`update erasure set state = 'PLANNED' where id = ${id}`.execute(db());
    return ask(
      `mutation ($input: ConfirmErasureInput!) { confirmErasure(input: $input) { __typename ... on UserError { code } } }`,
      { input: { id, reference } },
    );
  };

  it('is of both, by all their ids and names; a plan of before is none any more', async () => {
    const { anna, bea } = await annaAndBea();
    const request = newId();
    await sql`
      insert into access_request (workspace_id, id, reference, contact_id, language, state, opened_at, opened_by_kind,
        received_at, due_at, code_word)
      values (${workspaceId}, ${request}, 'r', ${bea}, 'de', 'AWAITING_IDENTITY', now(), 'member', now(), now(), 'w')
    `.execute(db());
    expect(await join(anna, bea)).toEqual({ code: 'CONTACT_ASKED_FOR_DATA' });
    await sql`update access_request set state = 'ANSWERED' where id = ${request}`.execute(db());
    const early = await plan(bea);
    const { mergeId } = await join(anna, bea);
    const { rows: moved } = await sql`select contact_id from access_request where id = ${request}`.execute(db());
    expect(moved).toEqual([{ contact_id: anna }]);
    expect(await confirm(early)).toMatchObject({ code: 'ERASURE_OUTDATED' });
    const late = await plan(bea);
    expect(await confirm(late)).toEqual({ __typename: 'Erasure' });
    const { rows } = await sql<{ contact_ids: string[]; person_marks: string[] }>`
      select contact_ids, person_marks from erasure where id = ${late.id}
    `.execute(db());
    expect(rows[0]!.contact_ids.toSorted()).toEqual([anna, bea].toSorted());
    expect(rows[0]!.person_marks).toEqual(
      expect.arrayContaining([ANNA, BEA].map((phone) => contacts.markOf(workspaceId, phone))),
    );
    expect(await undo(mergeId)).toEqual({ code: 'CONTACT_BEING_ERASED' });
    const cara = await meet('Cara', CARA);
    expect(await join(cara, anna, [{ field: 'name', choice: 'KEPT' }])).toEqual({ code: 'CONTACT_BEING_ERASED' });
  });
});

describe('consent', () => {
  interface Thread {
    contactId: string;
    channel: number;
    phone: string | undefined;
    bsuid: string;
  }
  type Step =
    | { kind: 'opens'; channel: number; phone: number }
    | { kind: 'moves'; thread: number; phone: number }
    | { kind: 'says'; thread: number; what: 'CONFIRMED' | 'WITHDRAWN' }
    | { kind: 'merge'; one: number; other: number }
    | { kind: 'undo' };
  const index = fc.nat(3);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('opens' as const), channel: fc.nat(1), phone: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('moves' as const), thread: index, phone: fc.nat(3) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('says' as const),
        thread: index,
        what: fc.constantFrom('CONFIRMED' as const, 'CONFIRMED' as const, 'WITHDRAWN' as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('merge' as const), one: index, other: index }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'undo' as const }) },
  );

  const two: Step[] = [
    { kind: 'opens', channel: 0, phone: 0 },
    { kind: 'opens', channel: 0, phone: 1 },
  ];
  const merged: Step = { kind: 'merge', one: 0, other: 1 };
  const agrees: Step = { kind: 'says', thread: 1, what: 'CONFIRMED' };
  const takesHerNumber: Step = { kind: 'moves', thread: 0, phone: 1 };
  const HISTORIES: Step[][] = [
    // Who agrees while merged has agreed, and the other one has not, also with her number.
    [...two, merged, agrees, takesHerNumber],
    [...two, agrees, merged, takesHerNumber],
    // What was said while they were one stays with who said it.
    [...two, merged, agrees, { kind: 'undo' }, takesHerNumber],
    [...two, merged, { kind: 'moves', thread: 1, phone: 2 }, agrees, { kind: 'says', thread: 0, what: 'CONFIRMED' }],
  ];

  /** One history in two workspaces, which differ in nothing but that colleagues merge in the second one. */
  class Twins {
    readonly plain = newId();
    readonly merged = newId();
    readonly token = tokenOf(this.merged);
    readonly channels = [newId(), newId()];
    readonly threads: Thread[] = [];
    readonly merges: string[] = [];
    #at = Date.now() - 3_600_000;

    async take(step: Step): Promise<void> {
      const at = new Date((this.#at += 2_000));
      switch (step.kind) {
        case 'opens': {
          const thread = {
            contactId: newId(),
            channel: step.channel,
            phone: undefined,
            bsuid: `DE.${newId().slice(-9)}`,
          };
          this.threads.push(thread);
          return this.#know('opened', thread, step.phone, at);
        }
        case 'moves': {
          const thread = this.threads[step.thread];
          return thread && this.#know('identity_changed', thread, step.phone, at);
        }
        case 'says': {
          const thread = this.threads[step.thread];
          if (!thread) return;
          const { contactId, phone, bsuid, channel } = thread;
          const said = {
            contactId,
            channelId: this.channels[channel]!,
            identity: { ...(phone && { phone }), bsuid },
            kind: step.what,
            source: 'KEYWORD',
            purposes: ['marketing'],
          };
          return this.#tell((workspace) => contacts.stated(workspace, said as never, at));
        }
        case 'merge': {
          const [one, other] = [this.threads[step.one], this.threads[step.other]];
          if (!one || !other) return;
          const find = async ({ contactId }: Thread) =>
            (await ask<{ id: string }>(`query ($id: ID!) { contact(id: $id) { id } }`, { id: contactId }, this.token))
              .id;
          const [keptId, mergedId] = [await find(one), await find(other)];
          if (keptId === mergedId) return;
          const answer = await join(keptId, mergedId, [], this.token);
          expect(answer.code).toBeUndefined();
          this.merges.push(answer.mergeId);
          return;
        }
        case 'undo': {
          const last = this.merges.pop();
          if (last) expect((await undo(last, this.token)).code).toBeUndefined();
        }
      }
    }

    async #know(kind: 'opened' | 'identity_changed', thread: Thread, phone: number, at: Date): Promise<void> {
      const number = `+491511234500${phone}`;
      for (const other of this.threads) {
        if (other.channel === thread.channel && other.phone === number) other.phone = undefined;
      }
      thread.phone = number;
      const { contactId, channel, bsuid } = thread;
      const about = { contactId, channelId: this.channels[channel]!, identity: { phone: number, bsuid } };
      await this.#tell((workspace) => contacts.event(kind, { workspaceId: workspace, ...about }, at));
    }

    async #tell(eventIn: (workspaceId: string) => ReturnType<typeof contacts.event>): Promise<void> {
      await contacts.publish(eventIn(this.plain));
      await contacts.publish(eventIn(this.merged));
      await contacts.settle();
    }

    /** As the send gate of conversation decides, by all that contacts has told. */
    async reachable(workspace: string): Promise<number[]> {
      const told = new Map<string, ConsentChanged>();
      for (const { name, data } of await log(workspace)) {
        if (name !== consentChanged.name) continue;
        const said = data as ConsentChanged;
        told.set([said.contactId, said.channelId, said.identity.kind, said.identity.value].join(' '), said);
      }
      return this.threads.flatMap(({ contactId, channel, phone, bsuid }, at) => {
        const of = (kind: string, value: string | undefined) =>
          value === undefined ? undefined : told.get([contactId, this.channels[channel], kind, value].join(' '));
        const [byPhone, byId] = [of('PHONE', phone), of('BSUID', bsuid)];
        const refuses = [byPhone, byId].some((consent) => consent?.state === 'WITHDRAWN');
        return !refuses && (phone === undefined ? byId : byPhone)?.isGranted ? [at] : [];
      });
    }
  }

  it('given any history, is nobody’s who would not have it without the merges, whatever is undone', async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 24 }), async (steps) => {
        const twins = new Twins();
        for (const each of steps) {
          await twins.take(each);
          const [plain, merged] = [await twins.reachable(twins.plain), await twins.reachable(twins.merged)];
          expect(merged).toEqual(plain);
          reached += merged.length;
        }
        // What is undone altogether is as if it had never been.
        while (twins.merges.length > 0) await twins.take({ kind: 'undo' });
        expect(await twins.reachable(twins.merged)).toEqual(await twins.reachable(twins.plain));
      }),
      { numRuns: 7, endOnFailure: true, examples: HISTORIES.map((history) => [history]) },
    );
    expect(reached).toBeGreaterThan(0);
  });
});

describe('every table of contacts', () => {
  /** What a merge does to what is said of a contact there. */
  const DECIDED_TABLES: Readonly<Record<string, string>> = {
    contact_alias: 'moves, by origin',
    contact_identity: 'moves, by origin',
    contact_thread: 'moves, by origin',
    click_to_chat_use: 'moves, by origin',
    consent_state: 'moves with its identity',
    contact_attribute_value: 'is decided by a person',
    labelled_contact: 'is joined',
    contact_note: 'moves, and back by its id',
    contact_file: 'moves, and back by its id',
    consent_event: 'stays as it was said; read under all ids',
    consent_receipt: 'stays as it was given out; read under all ids',
    access_request: 'is answered first; what was answered moves by its origin',
    erasure: 'keeps the ids that it was planned for',
    legal_hold: 'goes with the contact, and stays with both when the merge is undone',
    contact_merge: 'is the merge',
    contact_distinction: 'is by origins',
    contact_likeness: 'is looked for anew',
    newsletter_recipient: 'stays as it was written down; found under all ids, and nobody gets it twice',
  };

  it('that names a contact is one of which somebody decided what a merge does to it', async () => {
    const { rows } = await sql<{ table_name: string }>`
      select columns.table_name from information_schema.columns
      join information_schema.tables using (table_schema, table_name)
      where table_schema = 'public' and table_type = 'BASE TABLE' and column_name = 'contact_id'
      order by table_name
    `.execute(db());
    expect(rows.map(({ table_name }) => table_name)).toEqual(Object.keys(DECIDED_TABLES).toSorted());
  });
});
