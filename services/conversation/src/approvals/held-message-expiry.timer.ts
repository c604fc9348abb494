import { hasServiceWindow } from '../channels/capabilities.rule.js';
import { Channel } from '../channels/channel.entity.js';
import { contentIn } from '../messages/outgoing-content.js';
import { lockFreeThreads } from '../threads/lock-free-threads.js';
import { Thread } from '../threads/thread.entity.js';
import type { TimerDefinition } from '../timers/timer.js';
import { expiryOf, expiryReason } from './approval.rule.js';
import { StoredHeldMessage } from './held-message.entity.js';
import { HELD_MESSAGE_EXPIRY, setExpiry, tellHeld } from './hold-message.js';

/** What cannot leave any more ends. The customer may have written since, and the window be open for longer. */
export const heldMessageExpiryTimer: TimerDefinition = {
  ...HELD_MESSAGE_EXPIRY,
  async handle(tx, due) {
    const now = tx.now();
    const { free, busy } = await lockFreeThreads(tx, due);
    const workspaceId = { $in: [...new Set(free.map((timer) => timer.workspaceId))] };
    const conversationId = { $in: free.map((timer) => timer.subjectId) };
    const held = await tx.em.find(StoredHeldMessage, { workspaceId, conversationId, state: 'HELD' });
    const threadIds = [...new Set(held.map(({ threadId }) => threadId))];
    const threads = await tx.em.find(Thread, { workspaceId, id: { $in: threadIds } });
    const threadOf = new Map(threads.map((thread) => [thread.id, thread]));
    const channelIds = [...new Set(threads.map(({ channelId }) => channelId))];
    const channels = await tx.em.find(Channel, { workspaceId, id: { $in: channelIds } });
    const channelOf = new Map(channels.map((channel) => [channel.id, channel]));
    const ended: StoredHeldMessage[] = [];
    for (const each of held) {
      const thread = threadOf.get(each.threadId)!;
      const content = contentIn({ ...each, text: each.text ?? null, payload: each.payload ?? null });
      each.expiresAt = content
        ? expiryOf({
            content,
            heldAt: each.heldAt,
            windowExpiresAt: thread.windowExpiresAt ?? null,
            hasWindow: hasServiceWindow(channelOf.get(thread.channelId)?.capabilities),
          })
        : now;
      if (each.expiresAt > now) continue;
      Object.assign(each, { state: 'EXPIRED', endedAt: now, reason: expiryReason(each) });
      ended.push(each);
    }
    await tx.em.flush();
    for (const each of ended) tellHeld(tx, each);
    const waiting = Map.groupBy(
      held.filter(({ state }) => state === 'HELD'),
      (each) => each.conversationId,
    );
    for (const [id, of] of waiting) {
      const [{ workspaceId: workspace }] = of as [StoredHeldMessage];
      await setExpiry(
        tx,
        { workspaceId: workspace, id },
        of.map(({ expiresAt }) => expiresAt),
      );
    }
    return { busy };
  },
};
