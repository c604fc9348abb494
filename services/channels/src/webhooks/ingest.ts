import { isTransient, transact, type Ctx } from '@fenster/database';
import { createGroupCommit, type GroupCommit } from './group-commit.js';
import type { ReceivedWebhook } from './received-webhook.js';
import { storeUnhandled, storeWebhooks, type StoreOptions } from './store-webhooks.js';

const MEBIBYTE = 1024 * 1024;

/** Durable storage of webhooks, many in one transaction. */
export function createIngest(ctx: Ctx, options: StoreOptions): GroupCommit<ReceivedWebhook> {
  return createGroupCommit<ReceivedWebhook>({
    commit: (group) => transact(ctx, (tx) => storeWebhooks(tx, group, options)),
    commitPoison: (webhook, error) => {
      ctx.log.error({ err: error, correlationId: webhook.bodyHash }, 'a webhook could not be handled and is kept raw');
      return transact(ctx, (tx) => storeUnhandled(tx, webhook));
    },
    isTransient,
    maxGroup: 256,
    maxGroupBytes: 8 * MEBIBYTE,
    maxWaiting: 5_000,
    maxWaitingBytes: 64 * MEBIBYTE,
    overdueMs: 5_000,
    gather: { maxMs: 20, enough: 64 },
  });
}
