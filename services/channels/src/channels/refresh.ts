import type { Ctx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import type { ChannelsApp } from '../context.js';
import { connectionsToRefresh, readFromProvider, tryAgainSoon } from './number.commands.js';

const CHECK_MS = 60_000;
const AGAIN_AFTER_MS = 10 * 60_000;
/** Where nobody could be asked. */
const SOON_MS = 50_000;
/** Webhooks tell of most changes; what they do not tell is at most so old. */
export const REFRESHED_AFTER_MS = 24 * 3_600_000;
const AT_ONCE = 8;

/** Reads numbers from their providers: soon after they were connected, and then daily. */
export function createNumberRefresh(ctx: Ctx, app: Pick<ChannelsApp, 'providers' | 'secretKey'>): Poller {
  return createPoller({
    async work(isStopped) {
      for (let wasFull = true; wasFull && !isStopped();) wasFull = (await refreshSome(ctx, app)) === AT_ONCE;
    },
    everyMs: CHECK_MS,
    name: 'reading numbers from their providers',
    log: ctx.log,
  });
}

/** Returns how many there were. */
export async function refreshSome(ctx: Ctx, app: Pick<ChannelsApp, 'providers' | 'secretKey'>): Promise<number> {
  const now = ctx.now().getTime();
  const connections = await connectionsToRefresh(ctx, app, {
    readBefore: new Date(now - REFRESHED_AFTER_MS),
    triedBefore: new Date(now - AGAIN_AFTER_MS),
    limit: AT_ONCE,
  });
  await Promise.all(
    connections.map(async (connection) => {
      const answer = await readFromProvider(ctx, connection);
      if (answer.kind === 'answered') return;
      const { channelId } = connection;
      if (answer.kind === 'refused') {
        const reason = `refused with ${answer.code ?? 'no code'}`;
        return ctx.log.warn({ channelId, reason }, 'a number cannot be read from its provider');
      }
      // It may just be starting, as we are; if it stays away, messages that wait say so.
      ctx.log.debug({ channelId, reason: answer.reason }, 'a provider cannot be reached');
      await tryAgainSoon(ctx, connection, new Date(now - AGAIN_AFTER_MS + SOON_MS));
    }),
  );
  return connections.length;
}
