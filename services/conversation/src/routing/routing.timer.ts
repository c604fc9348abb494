import type { TimerDefinition } from '../timers/timer.js';
import { routeWorkspace } from './route-workspace.js';
import { ROUTING } from './wake-routing.js';

/** Something changed in these workspaces by which somebody may get something. */
export const routingTimer: TimerDefinition = {
  ...ROUTING,
  async handle(tx, due) {
    const workspaceIds = [...new Set(due.map(({ workspaceId }) => workspaceId))].toSorted();
    for (const [index, workspaceId] of workspaceIds.entries()) {
      if (await routeWorkspace(tx, workspaceId)) continue;
      // Whoever routes sets timers, and so may wait for who has taken them. In this order, and no further than the first
      // workspace that another process is at, those who wait never form a circle.
      const left = new Set(workspaceIds.slice(index));
      return { busy: due.filter((timer) => left.has(timer.workspaceId)) };
    }
    return undefined;
  },
};
