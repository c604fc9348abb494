import type { Browser, Locator, Page } from 'playwright-core';
import { hasChromium, launchChromium } from '../../../test/support/chromium.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { NUMBER, startSandbox, type TestSandbox } from './testing/start-sandbox.js';
import { gradientPng } from './testing/png.js';

let browser: Browser;
let page: Page;
let sandbox: TestSandbox;
let phone: Locator;
let problems: string[];

/** Anna has a phone, and has written. @returns her message. */
async function annaWrites(): Promise<string> {
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  phone = page.getByRole('article', { name: 'Phone of Anna Bauer' });
  await type('Hallo, ist mein *Fahrrad* fertig?');
  await expect.poll(() => sandbox.inbound().length).toBe(1);
  return sandbox.inbound()[0]!.id;
}
async function type(text: string) {
  await phone.getByLabel('Message from Anna Bauer').fill(text);
  await page.keyboard.press('Enter');
}
/** What can be done with a message is there while it has pointer or focus, and goes with them when it is drawn anew. */
const choose = (by: 'focus' | 'hover', message: Locator, name: string) =>
  vi.waitFor(
    async () => {
      await message[by]();
      await message.getByRole('button', { name }).click({ timeout: 1_000 });
    },
    { timeout: 20_000 },
  );
const last = () => sandbox.inbound().at(-1);
const texts = () => phone.locator('.bubble .text').allInnerTexts();
const arrive = () => sandbox.time.advance(1_200);
const phones = async () => (await sandbox.call('GET', '/sandbox/state')).body.phones;

describe.skipIf(!hasChromium)('the page with phones, in a browser', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    sandbox = await startSandbox();
    problems = [];
    page = await browser.newPage({ viewport: { width: 1500, height: 950 } });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (/^(http|ws)/.test(url) && !url.startsWith(sandbox.url)) problems.push(url);
    });
    await page.goto(sandbox.url);
    await page.getByText('live', { exact: true }).waitFor();
  });
  afterEach(async () => {
    await page.close();
    await sandbox.stop();
    expect(problems).toEqual([]);
  });

  it('given a new phone, then its owner writes, and the ticks tell who has it', async () => {
    const wamid = await annaWrites();
    expect(last()).toMatchObject({
      from: '4915112345678',
      type: 'text',
      text: { body: 'Hallo, ist mein *Fahrrad* fertig?' },
    });
    expect(sandbox.values()[0]?.contacts).toMatchObject([{ profile: { name: 'Anna Bauer' } }]);
    await phone.getByRole('img', { name: 'delivered' }).waitFor();
    expect(await phone.locator('.bubble strong').innerText()).toBe('Fahrrad');
    const read = {
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: wamid,
      typing_indicator: { type: 'text' },
    };
    await sandbox.graph('POST', `${NUMBER}/messages`, read);
    await phone.getByRole('img', { name: 'read' }).waitFor();
    await phone.getByText('typing …').waitFor();
    await sandbox.send();
    await phone.getByText('typing …').waitFor({ state: 'hidden' });
  });

  it('given nobody who takes the webhook, then there is one tick', async () => {
    sandbox.receiver.answer = 503;
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    phone = page.getByRole('article', { name: 'Phone of Anna Bauer' });
    await type('Hallo?');
    await phone.getByRole('img', { name: 'sent' }).waitFor();
    await page.getByText('repeating 503').first().waitFor();
    sandbox.receiver.answer = 200;
    sandbox.time.advance(1_000);
    await phone.getByRole('img', { name: 'delivered' }).waitFor();
    expect(sandbox.inbound().length).toBeGreaterThan(1);
  });

  it('shows text, media and quotations, and no markup that anybody wrote', async () => {
    const wamid = await annaWrites();
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    form.set('file', new Blob([new Uint8Array(gradientPng(160, 90))], { type: 'image/png' }), 'rad.png');
    const { id } = (await sandbox.graph('POST', `${NUMBER}/media`, form)).body;
    await sandbox.send({ text: { body: '<img src=x onerror=alert(1)> _ja_' }, context: { message_id: wamid } });
    await sandbox.send({ type: 'image', image: { id, caption: 'So sieht es aus' } });
    const picture = phone.getByRole('img', { name: 'So sieht es aus' });
    await picture.waitFor();
    const width = () => picture.evaluate((image: object) => ('naturalWidth' in image ? image.naturalWidth : undefined));
    await expect.poll(width).toBe(160);
    expect(await texts()).toEqual([
      'Hallo, ist mein Fahrrad fertig?',
      '<img src=x onerror=alert(1)> ja',
      'So sieht es aus',
    ]);
    expect(await phone.locator('blockquote').innerText()).toBe('Hallo, ist mein *Fahrrad* fertig?');
    await phone.getByText('accepted · service: free customer service').first().waitFor();
    arrive();
    await phone.getByText('read · service: free customer service').first().waitFor();
  });

  it('lets the customer press buttons, choose from a list and answer a template', async () => {
    await annaWrites();
    const reply = (id: string, title: string) => ({ type: 'reply', reply: { id, title } });
    const buttons = {
      type: 'button',
      body: { text: 'Wann?' },
      action: { buttons: [reply('h', 'Heute'), reply('m', 'Morgen')] },
    };
    const asked = (await sandbox.send({ type: 'interactive', interactive: buttons })).body.messages[0].id;
    await phone.getByRole('button', { name: 'Morgen' }).click();
    await expect.poll(last).toMatchObject({
      type: 'interactive',
      context: { from: '4930901820', id: asked },
      interactive: { type: 'button_reply', button_reply: { id: 'm', title: 'Morgen' } },
    });

    const rows = [
      { id: '9', title: '9 Uhr', description: 'Noch frei' },
      { id: '10', title: '10 Uhr' },
    ];
    const list = {
      type: 'list',
      body: { text: 'Uhrzeit?' },
      action: { button: 'Uhrzeiten', sections: [{ title: 'Vormittag', rows }] },
    };
    await sandbox.send({ type: 'interactive', interactive: list });
    await phone.getByRole('button', { name: 'Uhrzeiten' }).click();
    await page.getByRole('radio', { name: '9 Uhr Noch frei' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await expect.poll(last).toMatchObject({
      interactive: { type: 'list_reply', list_reply: { id: '9', title: '9 Uhr', description: 'Noch frei' } },
    });

    const parameters = ['Anna', 'Montag'].map((text) => ({ type: 'text', text }));
    const components = [{ type: 'body', parameters }];
    await sandbox.send({ type: 'template', template: { name: 'termin', language: { code: 'de' }, components } });
    await phone.getByText('Hallo Anna, Ihr Termin ist am Montag. Passt das?').waitFor();
    await phone.getByRole('button', { name: 'Ja, passt' }).click();
    await expect.poll(last).toMatchObject({ type: 'button', button: { payload: 'Ja, passt', text: 'Ja, passt' } });
  });

  it('lets the customer react and take it back, answer, delete and send a file', async () => {
    await annaWrites();
    const wamid = (await sandbox.send()).body.messages[0].id;
    const message = phone.getByRole('listitem').filter({ hasText: 'Guten Tag' });
    await choose('focus', message, 'React with ❤️');
    await message.getByLabel('Reactions: ❤️').waitFor();
    expect(last()).toMatchObject({ type: 'reaction', reaction: { message_id: wamid, emoji: '❤️' } });
    await choose('focus', message, 'React with ❤️');
    await message.getByLabel('Reactions: ❤️').waitFor({ state: 'hidden' });
    expect(last()?.['reaction']).toEqual({ message_id: wamid });

    await choose('hover', message, 'Answer this');
    await type('Danke!');
    await expect.poll(last).toMatchObject({ text: { body: 'Danke!' }, context: { from: '4930901820', id: wamid } });

    const mine = phone.getByRole('listitem').filter({ hasText: 'Danke!' });
    await choose('hover', mine, 'Delete for everyone');
    await phone.getByText('This message was deleted').waitFor();
    expect(last()).toMatchObject({ type: 'revoke' });

    await phone
      .locator('input[type=file]')
      .setInputFiles({ name: 'foto.png', mimeType: 'image/png', buffer: gradientPng(20, 20) });
    await expect.poll(last).toMatchObject({ type: 'image', image: { mime_type: 'image/png' } });
  });

  it('given a phone that is off, then messages wait for it', async () => {
    await annaWrites();
    await phone.getByLabel('online').uncheck();
    await expect.poll(phones).toMatchObject([{ isOnline: false }]);
    await sandbox.send();
    arrive();
    await expect.poll(() => sandbox.statuses().map(({ status }) => status)).toEqual(['sent']);
    expect(await texts()).toHaveLength(1);
    await phone.getByLabel('reads at once').uncheck();
    await expect.poll(phones).toMatchObject([{ readsAtOnce: false }]);
    await phone.getByLabel('online').check();
    await phone.getByText('Guten Tag').waitFor();
    arrive();
    await phone.getByRole('button', { name: 'Read now' }).click();
    await expect.poll(() => sandbox.time.waiting()).toEqual([0]);
    sandbox.time.advance(0);
    await expect.poll(() => sandbox.statuses().map(({ status }) => status)).toEqual(['sent', 'delivered', 'read']);
  });

  it('given somebody with a username, then no business sees the phone number', async () => {
    await page.getByLabel('Hidden: only a user id and a username').check();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    phone = page.getByRole('article', { name: 'Phone of Anna Bauer' });
    await type('Hallo');
    await expect.poll(() => sandbox.inbound().length).toBe(1);
    expect(last()).not.toHaveProperty('from');
    expect(sandbox.values()[0]?.contacts).toEqual([
      { profile: { name: 'Anna Bauer', username: 'anna.bauer' }, user_id: last()?.from_user_id },
    ]);
  });

  it('moves the clock, and the window closes', async () => {
    await annaWrites();
    await phone.getByText(/^Window open until/).waitFor();
    await page.getByRole('button', { name: '+24 h' }).click();
    await phone.getByText(/^Window closed since/).waitFor();
    expect(sandbox.time.now().toISOString()).toBe('2026-11-22T10:00:00.000Z');
    expect((await sandbox.send()).body.error.code).toBe(131047);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => sandbox.time.isFrozen).toBe(false);
  });

  it('switches a scenario on and off, reviews a template and sends other webhooks', async () => {
    await page.getByLabel('Scenario', { exact: true }).fill('statuses-out-of-order');
    await page.locator('.hint').filter({ hasText: 'Statuses arrive in reverse order' }).waitFor();
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByRole('button', { name: 'Switch off statuses-out-of-order' }).click();
    await expect.poll(async () => (await sandbox.call('GET', '/sandbox/scenarios')).body['active']).toEqual([]);

    await page.getByText('Templates', { exact: true }).click();
    const definition = {
      name: 'neu',
      language: 'de',
      category: 'UTILITY',
      components: [{ type: 'BODY', text: 'Hallo.' }],
    };
    await sandbox.graph('POST', '419561257915477/message_templates', definition);
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByText('UTILITY · REJECTED').waitFor();

    await page.getByText('Other webhooks', { exact: true }).click();
    await page.getByLabel('Field').selectOption('user_preferences');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await expect.poll(() => sandbox.of('user_preferences').length).toBe(1);
    await page.locator('#webhooks summary').filter({ hasText: 'user_preferences' }).waitFor();
  });

  it('tells what went wrong', async () => {
    await page.getByLabel('Scenario', { exact: true }).fill('sunshine');
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByRole('alert').filter({ hasText: 'There is no scenario of this name' }).waitFor();
    // The browser notes the 404 itself.
    expect(problems).toHaveLength(1);
    problems = [];
  });
});
