import type { Bench } from '../harness/bench.js';
import { createInboxWorld, measureList, PAGE, startListServer, type InboxWorld } from './inbox-world.js';

const SIZE = { database: 'bench_inbox_list', workspaces: 1, conversations: 1_000_000, resolved: 95 };

/** What an agent's inbox shows: open conversations with their last message and what is unread. */
const LIST = `{ conversations(first: ${PAGE}, filter: { statuses: [OPEN, PENDING] }) {
  nodes {
    id status lastSeq lastMessageAt unreadCount lastMessage { seq direction text }
    channel { id } contact { id } assignee { id } team { id }
  }
  nextPage cursor
} }`;

export const inboxList: Bench = {
  name: 'inbox-list',
  title: `an agent's list of ${PAGE} open conversations with last message and unread count, pages a second, in an inbox of ${SIZE.conversations.toLocaleString('en')}`,
  headline: 'per_s',
  isLessBetter: false,
  targets: ['us/floor at least 0.9'],
  contenders(environment, settings) {
    let world: Promise<InboxWorld> | undefined;
    const start = async (file: string) =>
      startListServer(environment, file, await (world ??= createInboxWorld(environment, SIZE)), settings);
    const measure = measureList(LIST, { text: '"status":"OPEN"', times: PAGE });
    return [
      {
        name: 'us',
        description: 'the subgraph of conversation: GraphQL, row-level security, CASL rules of an agent of two teams',
        start: () => start('servers/inbox-list.server.ts'),
        measure,
      },
      {
        name: 'floor',
        description:
          'node:http and one prepared statement that makes the same page as JSON in PostgreSQL; no rights, no GraphQL',
        start: () => start('servers/inbox-list-floor.server.ts'),
        measure,
      },
    ];
  },
};
