import type { Bench } from '../harness/bench.js';
import { createInboxWorld, measureList, PAGE, startListServer, type InboxWorld } from './inbox-world.js';

const SIZE = { database: 'bench_isolation', workspaces: 50, conversations: 2_000, resolved: 0 };

/** What an inbox shows in its list. */
const LIST = `{ conversations(first: ${PAGE}) {
  nodes { id status lastSeq lastMessageAt channel { id } contact { id } assignee { id } team { id } }
  nextPage cursor
} }`;

export const isolation: Bench = {
  name: 'isolation',
  title: `an agent's list of ${PAGE} conversations among ${SIZE.workspaces * SIZE.conversations}, pages a second, with and without what keeps tenants and teams apart`,
  headline: 'per_s',
  isLessBetter: false,
  targets: ['us/unguarded at least 0.85 (0.95 later)'],
  contenders(environment, settings) {
    let world: Promise<InboxWorld> | undefined;
    const start = async (guards: 'on' | 'off') =>
      startListServer(
        environment,
        'servers/inbox-list.server.ts',
        await (world ??= createInboxWorld(environment, SIZE)),
        settings,
        { GUARDS: guards },
      );
    const measure = measureList(LIST, { text: '"status":"OPEN"', times: PAGE });
    return [
      {
        name: 'us',
        description: 'the subgraph of conversation: row-level security, CASL rules of an agent of two teams',
        start: () => start('on'),
        measure,
      },
      {
        name: 'unguarded',
        description: 'the same build without both; the query names its workspace and no team',
        start: () => start('off'),
        measure,
      },
    ];
  },
};
