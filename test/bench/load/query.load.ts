import { Samples } from '../harness/statistics.js';
import { HttpConnection } from './http-connection.js';
import { serveLoad } from './load-process.js';

export interface QueryTask {
  url: string;
  body: string;
  connections: number;
  warmUpMs: number;
  measureMs: number;
  /** Must be in each answer, as often as this. */
  expected: { text: string; times: number };
}

export interface QueryResult {
  answered: number;
  elapsedMs: number;
  p50_ms: number;
  p99_ms: number;
  /** Other statuses than 200, and answers that are not as expected. */
  wrong: number;
}

/** The same query over kept-alive connections, the next one after the answer. */
serveLoad(async ({ url, body, connections, warmUpMs, measureMs, expected }: QueryTask): Promise<QueryResult> => {
  const { host, pathname } = new URL(url);
  const request = Buffer.from(
    `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\nauthorization: Bearer a.b.c\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const samples = new Samples();
  const start = performance.now();
  const measureFrom = start + warmUpMs;
  const measureTo = measureFrom + measureMs;
  let answered = 0;
  let wrong = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await new HttpConnection(url).open();
      await new Promise<void>((resolve) => {
        const next = () => {
          const sentAt = performance.now();
          if (sentAt >= measureTo) return resolve();
          connection.post(request, (status, answer) => {
            if (status !== 200 || answer.toString().split(expected.text).length - 1 !== expected.times) wrong += 1;
            const now = performance.now();
            if (now >= measureFrom && now < measureTo) {
              answered += 1;
              samples.add(now - sentAt);
            }
            next();
          });
        };
        next();
      });
      connection.close();
    }),
  );
  return { answered, elapsedMs: measureMs, wrong, ...samples.summary() };
});
