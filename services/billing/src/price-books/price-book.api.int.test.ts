import type { Envelope } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import type { Actor } from '@fenster/auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelsConsumer } from '../channels/channels.consumer.js';
import { eventually } from '../../../../test/support/eventually.js';
import { applyPriceBooks, createRatingAgain, rateUnrated } from '../charges/rate-again.js';
import { messageQueuedConsumer } from '../messages/message-queued.consumer.js';
import { statusReceivedConsumer } from '../messages/status-received.consumer.js';
import { billingUnderTest, NOW, personOf, type BillingUnderTest } from '../testing/billing-under-test.js';
import { channel, queued, REGULAR_SERVICE, status, testMessage, type TestMessage } from '../testing/events.js';
import { Books } from './books.js';
import { parsePriceBook } from './price-book.js';
import { shipPriceBook } from './stored-price-book.js';

let billing: BillingUnderTest;
beforeAll(async () => {
  billing = await billingUnderTest();
});
afterAll(() => billing?.stop());

const HEADER =
  'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source';
/** The book that ships, with some lines more or in the place of others. */
function csvWith(...changes: [RegExp | undefined, string][]): string {
  return changes.reduce(
    (text, [line, by]) => (line ? text.replace(line, by) : `${text.trimEnd()}\n${by}\n`),
    billing.text,
  );
}
const POLAND = 'PMP,Poland,service,EUR,0.0101,,,2026-10-01,,official,list of 2026-10-01';
const GERMANY = /^PMP,Germany,service,EUR,0\.0456,,,2026-10-01,.*$/m;

const IMPORT = `mutation ($input: ImportPriceBookInput!) { importPriceBook(input: $input) {
  __typename
  ... on PriceBook { id state version basedOn rateCount differences { count nodes {
    kind market category currency effectiveFrom before { decimal } after { decimal confidence } } } }
  ... on PriceBookInvalid { problemCount problems { line column message } }
  ... on UserError { code }
} }`;
const imported = async (actor: Actor, csv: string) => {
  const input = { csv, note: 'Meta, October', idempotencyKey: newId() };
  return (await billing.ask<{ importPriceBook: { id: string } }>(actor, IMPORT, { input })).data.importPriceBook;
};
const ACTIVATE = `mutation ($id: ID!) { activatePriceBook(id: $id) {
  __typename ... on PriceBook { state decidedBy { id } } ... on UserError { code } } }`;
const activated = async (actor: Actor, id: string) =>
  (await billing.ask<{ activatePriceBook: object }>(actor, ACTIVATE, { id })).data.activatePriceBook;

const amounts = async ({ workspaceId }: TestMessage) =>
  (
    await billing.database
      .system()
      .execute<{ amount_micros: string; state: string; booked_on: string }[]>(
        'select amount_micros, state, booked_on from charge where workspace_id = ? and messages <> 0 order by id',
        [workspaceId],
      )
  ).map(({ amount_micros, state }) => [state, Number(amount_micros)]);

describe('a price book', () => {
  it('is imported as a draft with its differences, and put in force by somebody else', async () => {
    const [one, other] = [1, 2].map(() => personOf(newId())) as [Actor, Actor];
    const second = { ...other, workspaceId: one.workspaceId };
    const draft = await imported(one, csvWith([undefined, POLAND], [GERMANY, GERMANY_DEARER]));
    expect(draft).toMatchObject({
      __typename: 'PriceBook',
      state: 'DRAFT',
      basedOn: billing.books.shipped.version,
      rateCount: billing.books.shipped.rates.length + 1,
      differences: {
        count: 2,
        nodes: [
          { kind: 'CHANGED', market: 'Germany', before: { decimal: '0.0456' }, after: { decimal: '0.0500' } },
          { kind: 'ADDED', market: 'Poland', category: 'service', before: null, after: { decimal: '0.0101' } },
        ],
      },
    });
    expect(await activated(one, draft.id)).toMatchObject({ code: 'SECOND_PERSON_NEEDED' });
    expect(await activated({ ...second, kind: 'api_key' }, draft.id)).toMatchObject({ code: 'BEYOND_API_KEY' });
    expect(await activated(personOf(newId()), draft.id)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await activated(second, draft.id)).toEqual({
      __typename: 'PriceBook',
      state: 'ACTIVE',
      decidedBy: { id: second.id },
    });
    expect(await activated(second, draft.id)).toMatchObject({ code: 'PRICE_BOOK_DECIDED' });
    const audited = await billing.database
      .system()
      .execute<{ envelope: string }[]>(
        `select envelope from outbox where workspace_id = ? and name = 'billing.audit_entry.recorded' order by seq`,
        [one.workspaceId],
      );
    expect(audited.map(({ envelope }) => (JSON.parse(envelope) as Envelope<{ action: string }>).data.action)).toEqual([
      'price_book.import',
      'price_book.activate',
    ]);
  });

  it('is imported by a person: behind a key could be the one who puts it in force', async () => {
    const person = personOf(newId());
    const key: Actor = { ...person, id: newId(), kind: 'api_key' };
    expect(await imported(key, csvWith([undefined, POLAND]))).toMatchObject({ code: 'BEYOND_API_KEY' });
    expect((await billing.ask(person, '{ priceBooks { id } }')).data).toEqual({ priceBooks: [] });
  });

  it('is refused as a whole with the lines at fault', async () => {
    const csv = [
      HEADER,
      'PMP,Germany,service,EUR,-0.05,,,2026-10-01,,official,x',
      'PMP,Germany,utility,EUR,0.05,,,2026-10-01,2026-12-31,official,x',
      'PMP,Germany,utility,EUR,0.06,,,2026-12-01,,official,x',
      'PMP,France,utility,EUR,abc,,,2026-10-01,,official,x',
      'PMP,Spain,utility,EUR,0.05,,,2026-10-01,2026-10-31,official,x',
      'PMP,Spain,utility,EUR,0.05,,,2026-12-01,,official,x',
    ].join('\n');
    const actor = personOf(newId());
    expect(await imported(actor, csv)).toMatchObject({
      __typename: 'PriceBookInvalid',
      code: 'PRICE_BOOK_INVALID',
      problemCount: 4,
      problems: [
        { line: 2, column: 'rate' },
        { line: 4, message: 'overlaps the period of line 3' },
        { line: 5, column: 'rate' },
        { line: 7, message: 'leaves a gap after the period of line 6' },
      ],
    });
    expect((await billing.ask(actor, '{ priceBooks { id } }')).data).toEqual({ priceBooks: [] });
  });

  it('that was compared with another one than that in force cannot follow it', async () => {
    const one = personOf(newId());
    const other = { ...personOf(one.workspaceId) };
    const first = await imported(one, csvWith([undefined, POLAND]));
    const late = await imported(one, csvWith([GERMANY, GERMANY_DEARER]));
    await activated(other, first.id);
    expect(await activated(other, late.id)).toMatchObject({ code: 'PRICE_BOOK_OUTDATED' });
  });

  it('rates what had no rate, and corrects what has another one by it, but for closed periods', async () => {
    const message = testMessage();
    const { workspaceId } = message;
    const inPoland = { ...testMessage(), workspaceId };
    const inSeptember = { ...testMessage(), workspaceId };
    const closed = { ...testMessage(), workspaceId };
    await billing.deliver(message);
    await billing.deliver(inPoland, { recipientCountry: 'PL' });
    await billing.deliver(closed, { occurredAt: '2026-10-15T12:00:00.000Z' });
    await billing.deliver(inSeptember, { occurredAt: '2026-09-15T12:00:00.000Z' });
    const one = personOf(workspaceId);
    expect((await billing.ask(one, UNRATED)).data).toMatchObject({
      unratedMessages: { nodes: [{ messageId: inPoland.messageId, reason: 'RATE_MISSING' }] },
    });
    expect((await billing.ask(one, 'mutation { closePeriod(month: "2026-10") { __typename } }')).data).toEqual({
      closePeriod: { __typename: 'ClosedPeriod' },
    });
    const before = await amounts(message);

    const draft = await imported(one, csvWith([undefined, POLAND], [GERMANY, GERMANY_DEARER]));
    await activated(personOf(workspaceId), draft.id);
    for (let repetition = 0; repetition < 2; repetition += 1) {
      await rateUnrated(billing.ctx, billing.books);
      await applyPriceBooks(billing.ctx, billing.books);
    }
    expect(await amounts(message)).toEqual([
      ...before,
      ['RATED', 10_100],
      ['CORRECTED', -45_600],
      ['CORRECTED', 50_000],
    ]);
    expect((await billing.ask(one, UNRATED)).data).toEqual({ unratedMessages: { nodes: [] } });
    expect((await billing.ask(one, '{ priceBooks { state appliedAt } }')).data).toEqual({
      priceBooks: [{ state: 'ACTIVE', appliedAt: NOW.toISOString() }],
    });
    const elsewhere = testMessage();
    await billing.deliver(elsewhere);
    expect(await amounts(elsewhere)).toEqual([['RATED', 45_600]]);
  });

  it.each([
    ['Europe/Berlin', '2026-10-31T22:59:59.000Z', '2026-10-31T23:00:00.000Z'],
    ['Asia/Tokyo', '2026-10-31T14:59:59.000Z', '2026-10-31T15:00:00.000Z'],
    ['America/New_York', '2026-11-01T03:59:59.000Z', '2026-11-01T04:00:00.000Z'],
  ])('leaves the last closed day as it is, by the calendar of the account: %s', async (timeZone, last, first) => {
    const message = testMessage();
    const { workspaceId } = message;
    const account = { currency: 'EUR', timeZone };
    await billing.deliver(message, { occurredAt: last, account });
    await billing.deliver({ ...testMessage(), workspaceId }, { occurredAt: first, account });
    await billing.ask(personOf(workspaceId), 'mutation { closePeriod(month: "2026-10") { __typename } }');
    const draft = await imported(personOf(workspaceId), csvWith([GERMANY, GERMANY_DEARER]));
    await activated(personOf(workspaceId), draft.id);
    await applyPriceBooks(billing.ctx, billing.books);
    expect(await amounts(message)).toEqual([
      ['RATED', 45_600],
      ['RATED', 45_600],
      ['CORRECTED', -45_600],
      ['CORRECTED', 50_000],
    ]);
  });

  it('counts volumes by its own tiers, whatever those before were', async () => {
    const message = testMessage();
    const { workspaceId } = message;
    const tiered = (...tiers: string[]): [RegExp, string] => [
      /^PMP,Germany,utility,EUR,0\.0456,,,2026-04-01,.*$/m,
      tiers.map((tier) => `PMP,Germany,utility,EUR,${tier},2026-04-01,,official,contract`).join('\n'),
    ];
    const putInForce = async (...tiers: string[]) => {
      const draft = await imported(personOf(workspaceId), csvWith(tiered(...tiers)));
      expect(await activated(personOf(workspaceId), draft.id)).toMatchObject({ state: 'ACTIVE' });
      await applyPriceBooks(billing.ctx, billing.books);
    };
    const pricing = { ...REGULAR_SERVICE, category: 'utility' };
    const deliverOne = (second: number) =>
      billing.deliver(
        { ...testMessage(), workspaceId, channelId: message.channelId },
        { pricing, occurredAt: `2026-11-20T12:00:0${second}.000Z` },
      );
    const prices = async () =>
      (
        await billing.database
          .system()
          .execute<{ price: number }[]>(
            'select sum(amount_micros)::int as price from charge where workspace_id = ? group by message_id order by message_id',
            [workspaceId],
          )
      ).map(({ price }) => price);
    await putInForce('0.0456,0,2', '0.0433,3,');
    for (const second of [1, 2, 3]) await deliverOne(second);
    expect(await prices()).toEqual([45_600, 45_600, 43_300]);
    await putInForce('0.0456,0,1', '0.0400,2,');
    expect(await prices()).toEqual([45_600, 40_000, 40_000]);
    await deliverOne(0);
    expect((await prices()).toSorted()).toEqual([40_000, 40_000, 40_000, 45_600]);
    await putInForce('0.0400,0,3', '0.0300,4,');
    expect(await prices()).toEqual([40_000, 40_000, 30_000, 40_000]);
  });

  it('follows one that has been applied to everything, and no other', async () => {
    const { workspaceId } = testMessage();
    const first = await imported(personOf(workspaceId), csvWith([undefined, POLAND]));
    await activated(personOf(workspaceId), first.id);
    const second = await imported(personOf(workspaceId), csvWith([GERMANY, GERMANY_DEARER]));
    expect(await activated(personOf(workspaceId), second.id)).toMatchObject({ code: 'PRICE_BOOK_UNFINISHED' });
    await applyPriceBooks(billing.ctx, billing.books);
    expect(await activated(personOf(workspaceId), second.id)).toMatchObject({ state: 'ACTIVE' });
  });

  it('is put in force alone, where two are at the same moment', async () => {
    const { workspaceId } = testMessage();
    for (const lines of [
      [POLAND, `${POLAND} A`],
      [`${POLAND} B`, `${POLAND} C`],
    ]) {
      const drafts = [];
      for (const line of lines) drafts.push(await imported(personOf(workspaceId), csvWith([undefined, line])));
      const answers = await Promise.all(drafts.map(({ id }) => activated(personOf(workspaceId), id)));
      expect(answers.toSorted((a, b) => ('code' in a ? 1 : 0) - ('code' in b ? 1 : 0))).toMatchObject([
        { state: 'ACTIVE' },
        { code: 'PRICE_BOOK_OUTDATED' },
      ]);
      await applyPriceBooks(billing.ctx, billing.books);
    }
  });

  it('is in force for every process at once, and no process keeps all that there ever were', async () => {
    const message = testMessage();
    const elsewhere = new Books(billing.books.shipped, 1);
    const inForce = () => elsewhere.inForce(db(), [message.workspaceId]);
    expect((await inForce())(message.workspaceId)).toBe(billing.books.shipped);
    const versions: string[] = [];
    for (const line of [POLAND, POLAND.replace('0.0101', '0.0102')]) {
      const { id } = await imported(personOf(message.workspaceId), csvWith([undefined, line]));
      await activated(personOf(message.workspaceId), id);
      await applyPriceBooks(billing.ctx, billing.books);
      versions.push((await inForce())(message.workspaceId).version);
    }
    expect(new Set(versions).size).toBe(2);
    await billing.database.system().execute('delete from workspace_price_book where version = ?', [versions[0]]);
    await expect(elsewhere.read(db(), versions[0]!)).rejects.toThrow('There is no price book');
  });

  it('of a release is a draft where another one shipped before, and changes no price until somebody decides', async () => {
    const message = testMessage();
    await billing.deliver(message);
    const text = csvWith([GERMANY, GERMANY_DEARER]);
    const parsed = parsePriceBook(text);
    if (!parsed.ok) throw new Error('not valid');
    const release = { book: parsed.book, text };
    const later = { ...billing.ctx, now: () => new Date(NOW.getTime() + 60_000) };
    await Promise.all([shipPriceBook(later, release), shipPriceBook(later, release)]);
    const next = new Books(release.book);

    const second = { ...testMessage(), workspaceId: message.workspaceId };
    await billing.handle(messageQueuedConsumer(next), queued(second));
    await billing.handle(
      statusReceivedConsumer(next),
      status(second, 'delivered', { pricing: REGULAR_SERVICE }),
      status(message, 'read'),
    );
    await rateUnrated(later, next);
    await applyPriceBooks(later, next);
    expect(await amounts(message)).toEqual([
      ['RATED', 45_600],
      ['RATED', 45_600],
    ]);

    const { data } = await billing.ask<{ priceBooks: { id: string }[] }>(
      personOf(message.workspaceId),
      '{ priceBooks { id state version basedOn importedBy { id } differences { count } } }',
    );
    expect(data.priceBooks).toMatchObject([
      {
        state: 'DRAFT',
        version: release.book.version,
        basedOn: billing.books.shipped.version,
        importedBy: null,
        differences: { count: 1 },
      },
    ]);
    expect(await activated(personOf(message.workspaceId), data.priceBooks[0]!.id)).toMatchObject({ state: 'ACTIVE' });
    await applyPriceBooks(later, next);
    expect(await amounts(message)).toHaveLength(6);
    // Whoever is new begins with it; the release before, started again, proposes nothing.
    const newcomer = newId();
    expect((await next.inForce(db(), [newcomer]))(newcomer)).toBe(release.book);
    await shipPriceBook(billing.ctx, { book: billing.books.shipped, text: billing.text });
    const drafts = 'select from workspace_price_book where workspace_id = ?';
    expect(await billing.database.system().execute(drafts, [message.workspaceId])).toHaveLength(1);
    // A process of the release before is still there, and is the first that hears of a workspace.
    const late = newId();
    await billing.books.inForce(db(), [late]);
    const again = createRatingAgain(later, next, release);
    again.start();
    await eventually(async () => {
      expect(await billing.database.system().execute(drafts, [late])).toHaveLength(1);
    });
    await again.stop();
  });

  const db = () => billing.database.system().getKysely();
  const GERMANY_DEARER = 'PMP,Germany,service,EUR,0.0500,,,2026-10-01,,official,list of 2026-10-01';
  const UNRATED = '{ unratedMessages { nodes { messageId reason } } }';
});

describe('a closed period', () => {
  const CLOSE = `mutation ($month: String!) { closePeriod(month: $month) {
    __typename ... on ClosedPeriod { month closedBy { id } } ... on UserError { code } } }`;

  it('is a month that is over everywhere, and is closed once', async () => {
    const actor = personOf(newId());
    const close = async (month: string) =>
      (await billing.ask<{ closePeriod: unknown }>(actor, CLOSE, { month })).data.closePeriod;
    expect(await close('2026-11')).toMatchObject({ code: 'PERIOD_NOT_OVER' });
    expect(await close('2026-13')).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await close('2026-09')).toEqual({
      __typename: 'ClosedPeriod',
      month: '2026-09',
      closedBy: { id: actor.id },
    });
    expect(await close('2026-08')).toMatchObject({ code: 'PERIOD_CLOSED' });
    expect((await billing.ask(actor, '{ closedPeriods { month } }')).data).toEqual({
      closedPeriods: [{ month: '2026-09' }],
    });
    const refused = await billing.ask(personOf(actor.workspaceId, ['cost:read']), CLOSE, { month: '2026-10' });
    expect(refused.errors).toEqual([{ code: 'FORBIDDEN' }]);
  });
});

describe('a month', () => {
  it('has the allowance of what was delivered in it, whenever that was booked', async () => {
    const message = testMessage();
    const { workspaceId, channelId } = message;
    const close = `mutation { closePeriod(month: "2026-10") { ... on ClosedPeriod { month } } }`;
    await billing.handle(channelsConsumer, channel(message));
    expect((await billing.ask(personOf(workspaceId), close)).data).toEqual({ closePeriod: { month: '2026-10' } });
    const free = { ...REGULAR_SERVICE, type: 'free_customer_service' };
    const late = { occurredAt: '2026-10-30T12:00:00.000Z' };
    await billing.deliver(message, { pricing: free, ...late });
    await billing.deliver(
      { ...testMessage(), workspaceId, channelId },
      { pricing: REGULAR_SERVICE, occurredAt: '2026-10-31T12:00:00.000Z' },
    );
    const { data } = await billing.ask(
      personOf(workspaceId),
      `{ october: allowances(month: "2026-10") { used charged left } november: allowances(month: "2026-11") { used charged left } }`,
    );
    expect(data).toEqual({
      october: [{ used: 1, charged: 1, left: 0 }],
      november: [{ used: 0, charged: 0, left: 1_000 }],
    });
    // Nothing of November is used up, so what is written now is expected to be free.
    const next = { ...testMessage(), workspaceId, channelId };
    await billing.handle(messageQueuedConsumer(billing.books), queued(next));
    const quotes = await billing.database
      .system()
      .execute('select free_reason, expected_micros from charge where message_id = ?', [next.messageId]);
    expect(quotes).toEqual([{ free_reason: 'SERVICE_ALLOWANCE', expected_micros: '0' }]);
  });

  it('is compared with what was charged, whatever the prices of today are', async () => {
    const message = testMessage();
    const { workspaceId } = message;
    await billing.deliver(message, { occurredAt: '2026-10-30T12:00:00.000Z' });
    await billing.ask(
      personOf(workspaceId),
      `mutation { closePeriod(month: "2026-10") { ... on ClosedPeriod { month } } }`,
    );
    const { id } = await imported(
      personOf(workspaceId),
      csvWith([GERMANY, 'PMP,Germany,service,EUR,0.0500,,,2026-10-01,,official,list of 2026-10-01']),
    );
    await activated(personOf(workspaceId), id);
    await applyPriceBooks(billing.ctx, billing.books);
    const { data } = await billing.ask(
      personOf(workspaceId),
      `{ recalculateMonth(month: "2026-10", regime: "2025-07") { groups { charged { decimal } } } }`,
    );
    expect(data).toEqual({ recalculateMonth: { groups: [{ charged: { decimal: '0.0456' } }] } });
  });

  it('is computed by other rules, and its allowance counted', async () => {
    const message = testMessage();
    const free = { ...REGULAR_SERVICE, type: 'free_customer_service' };
    await billing.deliver(message);
    await billing.deliver({ ...message, messageId: newId(), providerMessageId: 'second' }, { pricing: free });
    const marketing = { ...REGULAR_SERVICE, category: 'marketing' };
    await billing.deliver({ ...message, messageId: newId(), providerMessageId: 'third' }, { pricing: marketing });
    await billing.database
      .system()
      .execute(`insert into charged_channel values (?, ?, 'EUR', 'Europe/Berlin')`, [
        message.workspaceId,
        message.channelId,
      ]);
    const { data, errors } = await billing.ask(
      personOf(message.workspaceId),
      `{ recalculateMonth(month: "2026-11", regime: "2025-07") { groups {
           market category messages unrated charged { decimal } underRules { decimal } } }
         allowances(month: "2026-11") { channel { id } size used charged left }
         september: allowances(month: "2026-09") { size } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      recalculateMonth: {
        groups: [
          // Of our own messages none was marketing: what the provider took it for counts as charged only.
          {
            market: 'Germany',
            category: 'marketing',
            messages: 1,
            unrated: 0,
            charged: { decimal: '0.1131' },
            underRules: { decimal: '0.0000' },
          },
          {
            market: 'Germany',
            category: 'service',
            messages: 2,
            unrated: 0,
            charged: { decimal: '0.0456' },
            underRules: { decimal: '0.0000' },
          },
        ],
      },
      allowances: [{ channel: { id: message.channelId }, size: 1_000, used: 1, charged: 1, left: 0 }],
      september: [],
    });
  });
});
