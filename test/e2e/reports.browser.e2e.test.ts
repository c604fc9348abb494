import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import pg from 'pg';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/api-client.js';
import { hasChromium, launchChromium } from '../support/chromium.js';
import { demoMember, signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of the page, to be looked at. */
const pictures = process.env['PICTURES'];

let stack: TestStack;
let browser: Browser;
let conversationId: string;
let problems: string[];
const month = new Date().toISOString().slice(0, 7);
/** Over wherever the account is. */
const past = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 3, 1)).toISOString().slice(0, 7);
const newsletterId = newId();

describe.skipIf(!hasChromium)('the report page in a browser', () => {
  beforeAll(async () => {
    stack = await startTestStack();
    browser = await launchChromium();
    conversationId = await replyOnce();
    await enterMore();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  /** One reply, charged by all services. */
  async function replyOnce(): Promise<string> {
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Was kostet das?']))).toBe(200);
    const token = await signInAs(stack, 'agent');
    const ask = <T>(query: string, variables: Record<string, unknown> = {}) =>
      request<T>(stack.graphqlUrl, query, { token, variables });
    let id = '';
    await eventually(async () => {
      const { data } = await ask<{ conversations: { nodes: { id: string }[] } }>('{ conversations { nodes { id } } }');
      id = data.conversations.nodes[0]!.id;
    });
    const send = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }`;
    await ask(send, { input: { conversationId: id, text: 'Das hier.', idempotencyKey: 'reply' } });
    await eventually(async () => {
      const { data } = await ask<{ conversation: { cost: { chargedMessages: number } } }>(
        'query ($id: ID!) { conversation(id: $id) { cost { chargedMessages } } }',
        { id },
      );
      expect(data.conversation.cost.chargedMessages).toBe(1);
    });
    return id;
  }

  /** A month as it might be, so that there is something to see. */
  async function enterMore(): Promise<void> {
    const pool = new pg.Pool({ connectionString: stack.deployment.databaseUrls['billing'] });
    try {
      await pool.query(
        `insert into charge (workspace_id, id, message_id, conversation_id, author_id, channel_id, newsletter_id,
           amount_micros, currency, category, market, free_reason, local_date, booked_on, regime, trace, recorded_at, messages)
         select $1::uuid, md5(n::text)::uuid, md5('m' || n)::uuid, md5('c' || n % 40)::uuid,
           ($2::uuid[])[1 + n % array_length($2::uuid[], 1)], $3::uuid, case when n % 4 = 0 then $5::uuid end,
           case when n % 7 = 0 then 0 else 20000 + n % 13 * 9000 end, 'EUR',
           (array['marketing', 'utility', 'marketing_lite', 'authentication'])[1 + n % 4],
           (array['Germany', 'Germany', 'France', 'Rest of Western Europe', 'Italy'])[1 + n % 5],
           case when n % 7 = 0 then 'SERVICE_ALLOWANCE' end, day, day, '2026-10',
           '[{"fact": "provider.category", "value": "marketing"}, {"fact": "rate", "value": "0.1131 EUR"}]'::jsonb, now(), 1
         from generate_series(1, 1500) as n
         cross join lateral (select ($4 || '-01')::date + n % 22 as day) as of_day
         union all
         select $1::uuid, md5('p' || n)::uuid, md5('pm' || n)::uuid, md5('pc' || n)::uuid, null, $3::uuid, null, 113100, 'EUR',
           'marketing', 'Germany', null, day, day, '2026-10', '[]', now(), 1
         from generate_series(1, 30) as n
         cross join lateral (select ($6 || '-10')::date as day) as of_day`,
        [
          stack.demo.workspaceId,
          ['agent', 'supervisor', 'owner'].map((role) => demoMember(stack, role).id),
          stack.demo.channelId,
          month,
          newsletterId,
          past,
        ],
      );
      await pool.query(
        `insert into cost_by_day (workspace_id, booked_on, local_date, channel_id, author_id, newsletter_id, line, category,
           market, free_reason, currency, amount_micros, messages, expected_micros, expected_messages)
         select workspace_id, booked_on, local_date, channel_id, author_id, newsletter_id, line, category, market,
           free_reason, currency, sum(amount_micros), sum(messages), 0, 0
         from charge where workspace_id = $1 and conversation_id <> $2
         group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11`,
        [stack.demo.workspaceId, conversationId],
      );
      await pool.query(
        `insert into conversation_month (workspace_id, booked_month, conversation_id, currency, amount_micros, messages)
         select workspace_id, to_char(booked_on, 'YYYY-MM'), conversation_id, currency, sum(amount_micros), sum(messages)
         from charge where workspace_id = $1 and conversation_id <> $2 and free_reason is null group by 1, 2, 3, 4`,
        [stack.demo.workspaceId, conversationId],
      );
    } finally {
      await pool.end();
    }
  }

  async function openPage(options: BrowserContextOptions = {}, address = '/reports'): Promise<Page> {
    const context = await browser.newContext({ locale: 'de-DE', ...options });
    const page = await context.newPage();
    const { origin } = new URL(stack.graphqlUrl);
    problems = [];
    page.on('request', (sent) => {
      if (!sent.url().startsWith(origin) && !sent.url().startsWith('data:')) problems.push(sent.url());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    // What the policy of the page refuses is told here.
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    await page.goto(`${origin}${address}`);
    return page;
  }

  async function signInOn(page: Page, role: string, button: string): Promise<void> {
    const { email, password } = demoMember(stack, role);
    // By keyboard: the first field has the focus.
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(button);
    await page.keyboard.press('Enter');
  }

  async function expectAccessible(page: Page): Promise<void> {
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const found = await axe.run();
      return found.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
    });
    expect(violations).toEqual([]);
  }

  const picture = async (page: Page, name: string) => {
    if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  };
  const section = (page: Page, title: string) =>
    page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) });

  it('shows finance what the API says, in German, without any other host', async () => {
    const page = await openPage();
    await expectAccessible(page);
    await picture(page, 'sign-in-de');
    await signInOn(page, 'finance', 'Anmelden');
    await page.getByRole('heading', { name: 'Überblick' }).waitFor();
    await expectAccessible(page);
    await picture(page, 'report-de');

    const token = await signInAs(stack, 'finance');
    const [from, to] = [`${month}-01`, `${month}-28`];
    const { data } = await request<{
      costReport: { rows: { figures: { amount: { amountMicros: number } } }[] };
    }>(
      stack.graphqlUrl,
      'query ($input: CostReportInput!) { costReport(input: $input) { rows { figures { amount { amountMicros } } } } }',
      {
        token,
        variables: { input: { period: { from, to }, groupBy: [] } },
      },
    );
    const total = data.costReport.rows[0]!.figures.amount.amountMicros / 1e6;
    const money = new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR', maximumFractionDigits: 4 });
    const shown = await section(page, 'Überblick').textContent();
    expect(shown?.replaceAll(/\s/g, ' ')).toContain(money.format(total).replaceAll(/\s/g, ' '));

    for (const title of [
      'Kosten je Tag',
      'Nach Kategorie',
      'Nach Markt',
      'Nach Person',
      'Freie Nachrichten, die übrig sind',
    ]) {
      const of = section(page, title);
      expect(await of.getByRole('img').getAttribute('aria-label')).toContain(title);
      expect(await of.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBeGreaterThan(100);
      // The table says the same to who sees no picture, and opens by keyboard.
      await of.locator('summary').focus();
      await page.keyboard.press('Enter');
      expect(await of.getByRole('row').count()).toBeGreaterThan(1);
    }
    expect(await section(page, 'Nach Person').textContent()).toContain('Anton Berger');
    // What newsletters are called is for who manages contacts.
    expect(await section(page, 'Nach Newsletter').textContent()).toContain(newsletterId.slice(-12));
    await expectAccessible(page);
    expect(problems).toEqual([]);
    await page.context().close();
  }, 120_000);

  it('says in English why a conversation was expensive, on a narrow screen', async () => {
    const page = await openPage({ locale: 'en-GB', viewport: { width: 375, height: 800 } });
    await signInOn(page, 'owner', 'Sign in');
    const of = section(page, 'Most expensive conversations');
    await of.waitFor();
    await picture(page, 'report-en-narrow');
    // Nothing but tables is wider than the screen, and these are scrolled by themselves.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect(await of.getByRole('row').count()).toBe(11);
    await of.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    await of.getByText('rate: 0.1131 EUR').first().waitFor();
    const { origin } = new URL(stack.graphqlUrl);
    await page.goto(`${origin}/reports?language=de&month=2024-01`);
    await signInOn(page, 'owner', 'Anmelden');
    await page.getByText('In diesem Monat ist nichts gebucht.').waitFor();
    await page.getByLabel('Sprache').selectOption('en');
    await page.getByText('Nothing is booked in this month.').waitFor();
    await expectAccessible(page);
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    await page.getByLabel('Month').selectOption(month);
    const row = section(page, 'By category').locator('summary');
    await row.waitFor();
    await picture(page, 'report-en');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    expect(problems).toEqual([]);
    await page.context().close();
  }, 120_000);

  const comparedWith = (page: Page, source: string) => page.locator('form', { hasText: source });

  it('explains what the provider and its invoice say otherwise, and corrects it once a second person agrees', async () => {
    const page = await openPage({}, `/reports?month=${past}`);
    await signInOn(page, 'finance', 'Anmelden');
    const of = section(page, 'Abgleich mit dem Anbieter');
    const told = of.getByRole('status');
    await of.getByRole('button', { name: 'Zählung des Anbieters lesen' }).click();
    await told.getByText('Die Zählung des Anbieters ist gelesen.').waitFor({ timeout: 120_000 });
    const counted = comparedWith(page, 'Buchungen und Zählung des Anbieters');
    await counted.getByRole('rowheader', { name: 'Germany · Marketing · berechnet' }).waitFor();
    await counted.getByText('Nicht erklärt: -30 Nachrichten').waitFor();

    const invoice = async (csv: string) => {
      await of
        .getByLabel('Rechnung als CSV')
        .setInputFiles({ name: 'r.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
      await of.getByLabel('Rechnungsnummer').fill('R-4711');
      await of.getByRole('button', { name: 'Rechnung einlesen' }).click();
    };
    await invoice('market,category,tier,messages,amount\nAtlantis,marketing,,x,1');
    await told.getByText(/Die Rechnung hat Fehler.*Zeile 2/).waitFor();
    await invoice('market,category,tier,messages,amount\nGermany,marketing,,29,3.2799');
    await told.getByText('Die Rechnung ist eingelesen.').waitFor();
    const invoiced = comparedWith(page, 'Buchungen und Rechnung');
    await invoiced.getByText('Nicht erklärt: -1 Nachricht,').waitFor();
    await invoiced.getByLabel('Begründung der Korrektur').fill('Eine nicht berechnet');
    await expectAccessible(page);
    await picture(page, 'reconciliation-de');
    await invoiced.getByRole('button', { name: 'Gewählte Korrekturen vorschlagen' }).click();
    await told.getByText('Die Korrekturen sind vorgeschlagen.').waitFor();
    await of.getByRole('button', { name: 'Annehmen: Eine nicht berechnet' }).click();
    await told.getByText('kann sie nicht selbst annehmen').waitFor();
    expect(problems).toEqual([]);
    await page.context().close();

    const other = await openPage({ locale: 'en-GB', viewport: { width: 375, height: 800 } }, `/reports?month=${past}`);
    await signInOn(other, 'owner', 'Sign in');
    const here = section(other, 'Reconciliation with the provider');
    await here.getByRole('button', { name: 'Accept: Eine nicht berechnet' }).click();
    await here.getByRole('status').getByText('The corrections are entered.').waitFor();
    await comparedWith(other, 'Ledger and invoice').getByText('No difference.').waitFor();
    expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    await expectAccessible(other);
    await picture(other, 'reconciliation-en-narrow');
    expect(problems).toEqual([]);
    await other.context().close();
  }, 240_000);

  interface ReconciledLine {
    category: string;
    ledger: { messages: number };
    analytics: { messages: number } | null;
    differences: { cause: string }[];
  }

  it('compares with what the provider counted of a message that it delivered itself', async () => {
    const token = await signInAs(stack, 'finance');
    const ask = <T>(query: string, variables: Record<string, unknown>) =>
      request<T>(stack.graphqlUrl, query, { token, variables });
    // By the calendar of the account.
    const now = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(new Date()).slice(0, 7);
    await ask(
      'mutation ($month: String!) { requestPricingAnalytics(month: $month, granularity: HALF_HOUR) { __typename } }',
      { month: now },
    );
    await eventually(async () => {
      const { data } = await ask<{ reconciliationReport: { lines: ReconciledLine[] } }>(
        `query ($month: String!) { reconciliationReport(month: $month, currency: "EUR") { lines {
          category ledger { messages amount { amountMicros } } analytics { messages amount { amountMicros } } differences { cause } } } }`,
        { month: now },
      );
      const delivered = data.reconciliationReport.lines.filter(
        ({ category, ledger, analytics }) => category === 'service' && ledger.messages + (analytics?.messages ?? 0) > 0,
      );
      expect(delivered).toMatchObject([{ ledger: { messages: 1 }, analytics: { messages: 1 }, differences: [] }]);
      expect(delivered[0]!.analytics).toEqual(delivered[0]!.ledger);
    });
  }, 120_000);

  it('writes files of the month, says how far they are, and hands them out', async () => {
    const page = await openPage();
    await signInOn(page, 'finance', 'Anmelden');
    const of = section(page, 'Dateien');
    const fileOf = async (button: string, name: RegExp) => {
      await of.getByRole('button', { name: button }).click();
      const link = of.getByRole('link', { name }).first();
      await link.waitFor({ timeout: 120_000 });
      const response = await fetch((await link.getAttribute('href'))!);
      return Buffer.from(await response.arrayBuffer());
    };
    const csv = await fileOf('CSV (deutsche Zahlen)', /^costs-ledger-.*\.csv$/);
    expect(csv.subarray(0, 3).toString('hex')).toBe('efbbbf');
    expect(csv.toString()).toMatch(/;\d+,\d{6};/);
    expect((await fileOf('Excel (XLSX)', /^costs-ledger-.*\.xlsx$/)).subarray(0, 2).toString()).toBe('PK');
    expect((await fileOf('FOCUS (CSV)', /^costs-focus-.*\.csv$/)).toString()).toContain('BilledCost');
    expect((await fileOf('Monatsauszug (PDF)', /^statement-.*-de\.pdf$/)).subarray(0, 4).toString()).toBe('%PDF');
    await expectAccessible(page);
    await picture(page, 'files-de');
    expect(problems).toEqual([]);
    await page.context().close();
  }, 240_000);

  it('tells who has no right so, and who has no password', async () => {
    const page = await openPage();
    await signInOn(page, 'agent', 'Anmelden');
    await page.getByRole('alert').getByText('das Recht').waitFor();
    await page.context().close();
    const other = await openPage();
    await other.getByLabel('E-Mail-Adresse').fill('nobody@example.test');
    await other.getByLabel('Passwort').fill('wrong');
    await other.getByRole('button', { name: 'Anmelden' }).click();
    await other.getByRole('alert').getByText('ist falsch').waitFor();
    await expectAccessible(other);
    await other.context().close();
  }, 120_000);

  it('may load and run nothing but what is its own', async () => {
    const response = await fetch(new URL('/reports', stack.graphqlUrl));
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|<style|style=|https?:/);
  });
});
