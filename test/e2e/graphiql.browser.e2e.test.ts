import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.js';
import { signInAs } from '../support/demo.js';
import { eventually } from '../support/eventually.js';
import { startTestStack, type TestStack } from '../support/test-stack.js';
import { ANNA, messagesWebhook, postWebhook } from '../support/webhooks.js';

let stack: TestStack;
let browser: Browser;
let page: Page;
const failures: string[] = [];

describe.skipIf(!hasChromium)('the GraphQL page in a browser', () => {
  beforeAll(async () => {
    stack = await startTestStack();
    browser = await launchChromium();
    page = await browser.newPage();
    page.on('requestfailed', (request) => failures.push(request.url()));
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(stack.graphqlUrl).origin) && /^(http|ws)/.test(request.url()))
        failures.push(request.url());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  it('works without any other host, and runs a subscription with the token of its header editor', async () => {
    const token = await signInAs(stack, 'agent');
    const query =
      'subscription { inboxEvents { __typename ... on MessageAdded { message { text conversation { contact { name } } } } } }';
    const headers = JSON.stringify({ authorization: `Bearer ${token}` });
    await page.goto(`${stack.graphqlUrl}?query=${encodeURIComponent(query)}`);
    const run = page.getByRole('button', { name: /execute/i });
    await run.waitFor();
    await page.getByRole('button', { name: 'Headers' }).click();
    await page.locator('.graphiql-editor-tool .monaco-editor:visible').first().click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(headers);
    await run.click();

    // Monaco writes spaces as non-breaking ones.
    const shown = async () => (await page.locator('.result-window').textContent())?.replaceAll('\u00a0', ' ');
    await eventually(async () => expect(await shown()).toContain('LiveStarted'));
    expect(await postWebhook(stack, messagesWebhook(ANNA, ['Sieht man mich?']))).toBe(200);
    await eventually(async () => {
      const text = await shown();
      expect(text).toContain('Sieht man mich?');
      expect(text).toContain('Anna Bauer');
    });
    expect(failures).toEqual([]);
  }, 90_000);
});
