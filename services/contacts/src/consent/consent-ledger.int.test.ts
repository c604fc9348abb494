import { consentEventKind, type ConsentEventKind } from '@fenster/contracts';
import { NO_HEAD, readLog, renewAll, RENEWED_AFTER_MS, transact, type ChainHead, type Ctx } from '@fenster/database';
import { createLogger, newId } from '@fenster/runtime';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';
import { appendConsentEvents } from './append-consent-events.js';
import { consentChain, type Statement } from './consent-chain.js';
import { consentRenewal } from './consent-renewal.js';
import { createConsentSigner, type ConsentSigner } from './consent-signer.js';
import { ConsentEvent, StoredConsent } from './consent.entity.js';
import { consentStanding } from './consent-state.rule.js';
import { rebuildConsents } from './rebuild-consents.js';
import { verifyConsentLedgers, type VerifiedLedger } from './verify-consent-ledger.js';

const contacts = new ContactsUnderTest();
const NINE = new Date('2026-11-22T09:00:00Z');
const minutes = (count: number) => new Date(NINE.getTime() + count * 60_000);
let ctx: Ctx;
let signer: ConsentSigner;
let owner: pg.Client;
let workspaceId: string;

beforeAll(async () => {
  await contacts.start();
  ctx = {
    database: contacts.database,
    now: () => new Date(),
    log: createLogger('test', 'silent'),
    wakeRelay: () => {},
    origin: { actor: { kind: 'system' }, correlationId: 'test' },
  };
  signer = createConsentSigner(ctx, Buffer.alloc(32, 7));
  owner = new pg.Client({ connectionString: contacts.databaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await contacts.stop();
});
beforeEach(() => {
  workspaceId = newId();
});

const tenant = () => contacts.database.forTenant(workspaceId);
const entries = () => tenant().find(ConsentEvent, {}, { orderBy: { seq: 'asc' } });
const states = () => tenant().find(StoredConsent, {}, { orderBy: { identityId: 'asc', purpose: 'asc' } });
const told = async (name: string) => (await readLog(tenant(), 0, 1_000)).filter((event) => event.name === name);

async function verify(): Promise<VerifiedLedger> {
  for await (const ledger of verifyConsentLedgers(contacts.database, { workspaceId, batch: 3 })) return ledger;
  throw new Error('There is no ledger.');
}

const subject = { contactId: newId(), identityId: newId(), channelId: newId() };
function statement(kind: ConsentEventKind, overrides: Partial<Statement> = {}): Statement {
  return {
    workspaceId,
    kind,
    ...subject,
    identityKind: 'PHONE',
    purpose: 'marketing',
    textHash: null,
    locale: 'de',
    source: 'AGENT',
    evidence: { note: 'am Telefon' },
    actor: { kind: 'member', id: newId() },
    occurredAt: NINE,
    recordedAt: NINE,
    key: newId(),
    ...overrides,
  };
}
const append = (...statements: Statement[]) =>
  transact(ctx, async (tx) => appendConsentEvents(tx, await signer.key(), statements));

describe('a person who writes STOP', () => {
  it('has withdrawn, by each name that the channel knew, for all marketing, with what proves it', async () => {
    const [contactId, channelId] = [newId(), newId()];
    const identity = { phone: '+4915112345678', bsuid: 'DE.1' };
    const evidence = { messageId: newId(), providerMessageId: 'wamid.1', webhookHash: 'ab'.repeat(32) };
    const opened = contacts.event('opened', { workspaceId, contactId, channelId, identity }, NINE);
    const said = contacts.stated(
      workspaceId,
      { contactId, channelId, identity, kind: 'WITHDRAWN', source: 'KEYWORD', locale: 'de', ...evidence },
      minutes(1),
    );
    // One message in the stream, so that both may come in one batch.
    await contacts.publish(opened, said);
    await contacts.publish(said);
    await contacts.settle();

    const common = { contactId, channelId, purpose: 'marketing', kind: 'WITHDRAWN', source: 'KEYWORD', locale: 'de' };
    const recorded = await entries();
    expect(recorded).toMatchObject([
      { ...common, seq: 1, identityKind: 'PHONE', occurredAt: minutes(1) },
      { ...common, seq: 2, identityKind: 'BSUID', occurredAt: minutes(1) },
    ]);
    const { rows } = await owner.query('select content from consent_evidence where workspace_id = $1', [workspaceId]);
    expect(rows.map(({ content }) => content)).toEqual([evidence, evidence]);
    expect(await states()).toMatchObject(recorded.map(() => ({ state: 'WITHDRAWN', isGranted: false })));
    expect(await verify()).toMatchObject({ head: { seq: 2 }, broken: undefined });
    expect((await told('contacts.consent.changed')).map(({ data }) => data)).toMatchObject([
      {
        contactId,
        channelId,
        identity: { kind: 'PHONE', value: identity.phone },
        state: 'WITHDRAWN',
        isGranted: false,
      },
      {
        contactId,
        channelId,
        identity: { kind: 'BSUID', value: identity.bsuid },
        state: 'WITHDRAWN',
        isGranted: false,
      },
    ]);
  });

  it('does not take it along to a number that they get later, nor leave it to who gets theirs', async () => {
    const [contactId, channelId] = [newId(), newId()];
    const seen = (phone: string, at: Date) => ({
      first: contacts.event('opened', { workspaceId, contactId, channelId, identity: { phone } }, at),
      later: contacts.event('identity_changed', { workspaceId, contactId, channelId, identity: { phone } }, at),
    });
    const say = (phone: string, kind: 'CONFIRMED', at: Date) =>
      contacts.stated(workspaceId, { contactId, channelId, identity: { phone }, kind, source: 'KEYWORD' }, at);
    await contacts.publish(seen('+491701', NINE).first);
    await contacts.publish(say('+491701', 'CONFIRMED', minutes(1)));
    await contacts.publish(seen('+491702', minutes(2)).later);
    // Written from the old number, and here late.
    await contacts.publish(say('+491701', 'CONFIRMED', minutes(1)));
    await contacts.settle();
    const [old, ...others] = await states();
    expect(others).toEqual([]);
    const { rows } = await owner.query('select value from contact_identity where id = $1', [old!.identityId]);
    expect(rows).toEqual([{ value: '+491701' }]);
  });
});

describe('where a consent stands', () => {
  const consents = async () => (await told('contacts.consent.changed')).map(({ data }) => data as { state: string });

  it('is told to be unknown once the number is theirs no longer, and again every few days', async () => {
    const [contactId, channelId] = [newId(), newId()];
    const see = (kind: 'opened' | 'identity_changed', phone: string, at: Date) =>
      contacts.publish(contacts.event(kind, { workspaceId, contactId, channelId, identity: { phone } }, at));
    await see('opened', '+491701', NINE);
    const identity = { phone: '+491701' };
    const said = { contactId, channelId, identity, kind: 'CONFIRMED', source: 'KEYWORD' } as const;
    await contacts.publish(contacts.stated(workspaceId, said, minutes(1)));
    await contacts.settle();
    await see('identity_changed', '+491702', minutes(2));
    await contacts.settle();
    const common = { contactId, channelId, identity: { kind: 'PHONE', value: '+491701' }, purpose: 'marketing' };
    expect(await consents()).toMatchObject([
      { ...common, state: 'CONFIRMED', isGranted: true },
      { ...common, state: 'UNKNOWN', isGranted: false },
    ]);
    const later = new Date(Date.now() + RENEWED_AFTER_MS + 60_000);
    await renewAll({ ...ctx, now: () => later }, consentRenewal);
    expect((await consents()).slice(2)).toMatchObject([{ ...common, state: 'UNKNOWN', isGranted: false }]);
    // They have it again, and agree again: nothing of before is told of it any more.
    await see('identity_changed', '+491701', minutes(3));
    await contacts.settle();
    await contacts.publish(contacts.stated(workspaceId, said, minutes(4)));
    await contacts.settle();
    await renewAll({ ...ctx, now: () => new Date(later.getTime() + RENEWED_AFTER_MS + 60_000) }, consentRenewal);
    expect((await consents()).slice(3).map(({ state }) => state)).toEqual(['CONFIRMED', 'CONFIRMED']);
  });
});

describe('the ledger', () => {
  it('has what is told again once', async () => {
    const said = statement('WITHDRAWN');
    await append(said, said);
    await append(said, statement('CONFIRMED'));
    expect((await entries()).map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'WITHDRAWN'],
      [2, 'CONFIRMED'],
    ]);
  });

  it('keeps the proof of a consent that was withdrawn', async () => {
    await append(statement('CONFIRMED'), statement('WITHDRAWN', { occurredAt: minutes(1) }));
    expect(await states()).toMatchObject([{ state: 'WITHDRAWN', isGranted: false, since: minutes(1) }]);
    expect(await entries()).toMatchObject([{ kind: 'CONFIRMED', occurredAt: NINE }, { kind: 'WITHDRAWN' }]);
  });

  it('has each entry once and without gaps, however many write at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => append(statement('REQUESTED'), statement('CONFIRMED'))));
    expect((await entries()).map(({ seq }) => seq)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
    expect(await verify()).toMatchObject({ head: { seq: 16 }, broken: undefined });
    expect(await told('contacts.consent_chain.extended')).toHaveLength(8);
  });

  it.each(['consent_event', 'consent_text', 'consent_signature', 'consent_evidence'])(
    'lets nobody change what is in %s, not even its owner',
    async (table) => {
      await append(statement('CONFIRMED'));
      for (const change of [`update ${table} set workspace_id = workspace_id`, `truncate ${table} cascade`]) {
        await expect(owner.query(change)).rejects.toThrow(/append-only/);
        await expect(contacts.database.system().execute(change)).rejects.toThrow();
        await expect(tenant().execute(change)).rejects.toThrow();
      }
      await expect(tenant().execute(`delete from ${table}`)).rejects.toThrow();
    },
  );

  it('says at any time what its events come to, in whatever order they came', async () => {
    const kinds = fc.constantFrom(...consentEventKind.options);
    const history = fc.array(
      fc.record({ kind: kinds, minute: fc.nat(5), identity: fc.nat(1), key: fc.nat(12), batch: fc.nat(2) }),
      { minLength: 1, maxLength: 14 },
    );
    const identities = [newId(), newId()];
    await fc.assert(
      fc.asyncProperty(history, async (said) => {
        workspaceId = newId();
        const statements = said.map(({ kind, minute, identity, key }) =>
          statement(kind, { occurredAt: minutes(minute), identityId: identities[identity]!, key: `${key}` }),
        );
        for (const batch of Map.groupBy(statements, (_, index) => said[index]!.batch).values()) await append(...batch);
        const recorded = await entries();
        const expected = [...Map.groupBy(recorded, ({ identityId }) => identityId)].flatMap(([identityId, events]) => {
          const standing = consentStanding(events);
          return standing ? [{ identityId, ...standing }] : [];
        });
        const inOrder = expected.toSorted((one, other) => (one.identityId < other.identityId ? -1 : 1));
        expect(await states()).toMatchObject(inOrder);
        // What was stored once more by hand is as it was.
        await owner.query('delete from consent_state where workspace_id = $1', [workspaceId]);
        await rebuildConsents(ctx);
        expect(await states()).toMatchObject(inOrder);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the verifier', () => {
  const LENGTH = 8;
  const asOwner = async (change: string, ...values: unknown[]) => {
    for (const table of ['consent_event', 'consent_evidence', 'consent_signature'])
      await owner.query(`alter table ${table} disable trigger append_only`);
    await owner.query(change, [workspaceId, ...values]);
    for (const table of ['consent_event', 'consent_evidence', 'consent_signature'])
      await owner.query(`alter table ${table} enable always trigger append_only`);
  };
  beforeEach(async () => {
    for (let index = 0; index < LENGTH / 2; index += 1) await append(statement('REQUESTED'), statement('CONFIRMED'));
  });

  it('finds nothing in what nobody has touched, also where evidence was erased', async () => {
    expect(await verify()).toMatchObject({ head: { seq: LENGTH }, broken: undefined });
    await asOwner('delete from consent_evidence where workspace_id = $1');
    expect(await verify()).toMatchObject({ broken: undefined });
  });

  it.each([
    ['a changed kind', `update consent_event set kind = 'CONFIRMED' where workspace_id = $1 and seq = 5`, 5, 'hash'],
    ['another time', `update consent_event set occurred_at = now() where workspace_id = $1 and seq = 2`, 2, 'hash'],
    ['a removed entry', `delete from consent_event where workspace_id = $1 and seq = 4`, 4, 'gap'],
    ['a removed end', `delete from consent_event where workspace_id = $1 and seq = ${LENGTH}`, LENGTH, 'head'],
    [
      'other evidence',
      `update consent_evidence set content = '{"note":"x"}' where workspace_id = $1 and event_id =
       (select id from consent_event where workspace_id = $1 and seq = 3)`,
      3,
      'evidence',
    ],
    [
      'a false signature',
      `update consent_signature set signature = sha512('x') where workspace_id = $1 and seq = 6`,
      6,
      'signature',
    ],
    [
      'no signature at the end',
      `delete from consent_signature where workspace_id = $1 and seq = ${LENGTH}`,
      LENGTH,
      'signature',
    ],
  ])('names the first broken link: %s', async (_what, change, seq, check) => {
    await asOwner(change);
    expect(await verify()).toMatchObject({ broken: { seq, check } });
  });

  it('is not fooled by a chain that was reckoned anew: nobody else can sign its heads', async () => {
    const stored = await entries();
    let last: ChainHead = NO_HEAD;
    for (const entry of stored) {
      const forged = { ...entry, textHash: null, locale: 'en', actorId: entry.actorId ?? null };
      const { rows } = await owner.query('select key_hash from consent_event where workspace_id = $1 and seq = $2', [
        workspaceId,
        entry.seq,
      ]);
      const hash = consentChain.hash({ ...forged, keyHash: rows[0].key_hash }, last.hash);
      await asOwner(
        `update consent_event set locale = 'en', previous_hash = $3, hash = $4 where workspace_id = $1 and seq = $2`,
        entry.seq,
        last.hash,
        hash,
      );
      last = { seq: entry.seq, hash };
    }
    await asOwner('update consent_head set hash = $2 where workspace_id = $1', last.hash);
    expect(await verify()).toMatchObject({ broken: { seq: 2, check: 'signature' } });
  });
});
