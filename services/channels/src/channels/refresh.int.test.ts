import { sql, type Ctx } from '@fenster/database';
import { createLogger } from '@fenster/runtime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createProviders } from '../providers/providers.js';
import { providerOptions } from '../testing/provider-options.js';
import { SECRET_KEY, startChannels, type Channels } from '../testing/channels.js';
import { startGraphStub } from '../testing/graph-stub.js';
import { refreshSome } from './refresh.js';

let channels: Channels;
let now = new Date();
beforeAll(async () => {
  channels = await startChannels();
  await channels.pause();
});
afterAll(async () => {
  await channels.resume();
  await channels.stop();
});

it('a provider that is not there yet is asked again within a minute, and nobody is warned', async () => {
  const graph = await startGraphStub();
  await graph.stop();
  const system = channels.database.system().getKysely();
  await sql`
    update channel set refresh_tried_at = null, refreshed_at = null,
      settings = jsonb_set(settings, '{apiBaseUrl}', to_jsonb(${graph.url}::text))
  `.execute(system);
  const log = createLogger('test', 'silent');
  const warn = vi.spyOn(log, 'warn');
  const origin = { actor: { kind: 'system' as const }, correlationId: 'test' };
  const ctx: Ctx = { database: channels.database, now: () => now, log, wakeRelay() {}, origin };
  const app = { providers: createProviders(providerOptions()), secretKey: SECRET_KEY };
  expect(await refreshSome(ctx, app)).toBe(1);
  expect(await refreshSome(ctx, app)).toBe(0);
  await graph.listen(graph.port);
  graph.nodes.set('106540352242922', { quality_rating: 'GREEN' });
  now = new Date(now.getTime() + 60_000);
  expect(await refreshSome(ctx, app)).toBe(1);
  await graph.stop();
  expect(warn).not.toHaveBeenCalled();
  const { rows } = await sql<{ refreshed_at: Date | null }>`select refreshed_at from channel`.execute(system);
  expect(rows).toEqual([{ refreshed_at: expect.anything() as Date }]);
});
