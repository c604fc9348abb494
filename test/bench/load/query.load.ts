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
}

/** @throws if an answer is not as expected: nobody is fast with errors. The same query over kept-alive connections, the next one after the answer. */
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
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await new HttpConnection(url).open();
      await new Promise<void>((resolve, reject) => {
        const next = () => {
          const sentAt = performance.now();
          if (sentAt >= measureTo) return resolve();
          connection.post(request, (status, answer) => {
            const times = answer.toString().split(expected.text).length - 1;
            if (status !== 200 || times !== expected.times)
              return reject(new Error(`${status}: ${answer.toString().slice(0, 500)}`));
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
  return { answered, elapsedMs: measureMs, ...samples.summary() };
});
