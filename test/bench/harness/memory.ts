import { readFileSync } from 'node:fs';

export interface Memory {
  /** What the process still holds right after a full collection: objects and buffers, without what is free to be used again. */
  heldMb: number;
  residentMb: number;
}

const MB = 1024 ** 2;
const PATIENCE_MS = 60_000;
const USE = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';

interface Answer {
  id: number;
  result?: { result?: { value?: unknown } };
  error?: { message: string };
}

/** Of a process that was started with `--inspect` on this port. */
export async function memoryAfterCollection(pid: number, inspectorPort: number): Promise<Memory> {
  const answer = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target!.webSocketDebuggerUrl);
  try {
    const call = asker(socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('The inspector takes no connection.')));
    });
    await call('HeapProfiler.collectGarbage');
    const held = await call('Runtime.evaluate', { expression: USE, returnByValue: true });
    return { heldMb: Number(held.result?.result?.value) / MB, residentMb: residentMb(pid) };
  } finally {
    socket.close();
  }
}

function asker(socket: WebSocket) {
  let last = 0;
  return (method: string, params: object = {}) =>
    new Promise<Answer>((resolve, reject) => {
      last += 1;
      const id = last;
      const listening = new AbortController();
      const end = (settle: () => void) => {
        clearTimeout(patience);
        listening.abort();
        settle();
      };
      const patience = setTimeout(
        () => end(() => reject(new Error(`The inspector does not answer ${method}.`))),
        PATIENCE_MS,
      );
      const { signal } = listening;
      socket.addEventListener('close', () => end(() => reject(new Error('The inspector has gone.'))), { signal });
      socket.addEventListener(
        'message',
        ({ data }) => {
          const answer = JSON.parse(String(data)) as Answer;
          if (answer.id !== id) return;
          end(() => (answer.error ? reject(new Error(answer.error.message)) : resolve(answer)));
        },
        { signal },
      );
      socket.send(JSON.stringify({ id, method, params }));
    });
}

export function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes ?? 0) / 1_024;
}
