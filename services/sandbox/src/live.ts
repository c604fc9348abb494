import type { ServerResponse } from 'node:http';

/** Tells open pages what has changed (server-sent events). */
export interface Live {
  /** Takes over the response. */
  add(response: ServerResponse): void;
  publish(event: string, data: unknown): void;
  stop(): void;
}

const MAX_PAGES = 64;
/** A page that does not read is given up, rather than kept in memory. */
const MAX_BUFFERED_BYTES = 4_194_304;

export function createLive(): Live {
  const pages = new Set<ServerResponse>();
  return {
    add(response) {
      if (pages.size >= MAX_PAGES) pages.values().next().value?.destroy();
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      response.write('retry: 1000\n\n');
      pages.add(response);
      response.on('close', () => pages.delete(response));
    },
    publish(event, data) {
      if (pages.size === 0) return;
      const text = `event: ${event}\ndata: ${JSON.stringify(data ?? null)}\n\n`;
      for (const page of pages) {
        if (page.writableLength > MAX_BUFFERED_BYTES) page.destroy();
        else page.write(text);
      }
    },
    stop() {
      for (const page of pages) page.end();
      pages.clear();
    },
  };
}
