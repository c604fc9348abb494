import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '@fenster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPriceBook } from './stored-price-book.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fenster-rates-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('refuses a price book with wrong lines and names every one of them', async () => {
  const path = join(folder, 'rates.csv');
  const header =
    'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source';
  const good = 'PMP,Germany,service,EUR,0.0456,,,2026-10-01,,official,test';
  await writeFile(path, [header, good, good.replace('Germany', 'Germoney'), good.replace('0.0456', '-1')].join('\n'));
  const refusal = await readPriceBook(pathToFileURL(path)).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ConfigurationError);
  expect((refusal as ConfigurationError).problems).toEqual([
    `${path}:3: market: "Germoney" is not a market of the rate cards`,
    `${path}:4: rate: "-1" is not a non-negative decimal with at most six places`,
  ]);
});
