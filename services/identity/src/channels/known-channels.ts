import { setTimeout as sleep } from 'node:timers/promises';
import { invalidInput, mayStillCome } from '@fenster/runtime';
import type { EntityManager } from '@mikro-orm/core';
import type { IdentityContext } from '../context.js';
import { Channel } from './channel.entity.js';

/** The event of a channel that was connected is here within milliseconds, of a loaded machine within seconds. */
const WAIT_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Waits for channels that were connected just now. Ask before the transaction. Decides nothing. */
export async function awaitChannels(ctx: IdentityContext, ids: readonly string[]): Promise<void> {
  const young = ids.filter((id) => mayStillCome(id, ctx.now()));
  const { workspaceId } = ctx.requireActor();
  for (let waited = 0; waited < WAIT_MS; waited += LOOK_EVERY_MS) {
    if (await areKnown(ctx.database.forTenant(workspaceId), young)) return;
    await sleep(LOOK_EVERY_MS);
  }
}

/** @throws DomainError INVALID_INPUT for what is no channel of the workspace. */
export async function requireChannels(em: EntityManager, ids: readonly string[]): Promise<void> {
  if (!(await areKnown(em, ids))) throw invalidInput('channelIds', 'must be ids of channels.');
}

async function areKnown(em: EntityManager, ids: readonly string[]): Promise<boolean> {
  return ids.length === 0 || (await em.count(Channel, { id: { $in: [...ids] } })) === ids.length;
}
