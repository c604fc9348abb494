import { failureClass } from '@fenster/contracts';
import type { Origin, Tx } from '@fenster/database';
import type { ProviderError } from '../providers/provider.js';
import { changeState } from './channel-state.js';

export interface FailedStatus {
  workspaceId: string;
  channelId: string;
  error: ProviderError | undefined;
  occurredAt: Date;
  origin: Origin;
}

/** Providers repeat for days. What failed so long ago says little of now, and the next message tells anew. */
const COUNTS_FOR_MS = 3_600_000;

/**
 * A provider may take a message and say later that the number may not send: the channel is as broken as if it had refused
 * it, if nobody has repaired it since. Locks channels, so it comes before messages are locked.
 */
export async function breakByStatus(tx: Tx, failed: readonly FailedStatus[]): Promise<void> {
  const since = tx.now().getTime() - COUNTS_FOR_MS;
  const latest = new Map<string, FailedStatus & { error: ProviderError }>();
  for (const { error, ...status } of failed) {
    if (!error?.reason || failureClass(error.reason) !== 'channel_broken' || status.occurredAt.getTime() < since)
      continue;
    const other = latest.get(status.channelId);
    if (!other || other.occurredAt < status.occurredAt) latest.set(status.channelId, { ...status, error });
  }
  if (latest.size === 0) return;
  const broken = [...latest.values()].toSorted((one, other) => (one.channelId < other.channelId ? -1 : 1));
  for (const { workspaceId, channelId, error: told, occurredAt: knownAt, origin } of broken) {
    const { code, title, reason } = told;
    const error = { code, title, ...(reason && { reason }) };
    const change = { workspaceId, channelId, state: 'ERROR', error, from: ['ACTIVE'], knownAt, origin } as const;
    if (await changeState(tx, change))
      tx.log.error({ channelId, code }, 'this channel cannot send any more, as a status says');
  }
}
