import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { median } from './statistics.js';

/** Unit of times in /proc; the same on every Linux. */
const TICKS_PER_SECOND = 100;
const IDLE_SAMPLE_MS = 500;

/** Processor time so far, in seconds; undefined where there is no /proc. */
interface CpuTimes {
  /** Of all processes, and what the hypervisor took. */
  busy: number;
  idle: number;
}

function cpuTimes(): CpuTimes | undefined {
  try {
    const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.trim().split(/\s+/).slice(1).map(Number);
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, , , steal = 0] = fields;
    return { busy: (user + nice + system + steal) / TICKS_PER_SECOND, idle: (idle + iowait) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}

interface ProcessTimes {
  parent: number;
  /** Its own and that of its children that have ended. */
  seconds: number;
}

function processTimes(): Map<number, ProcessTimes> {
  const times = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The second field is a name in brackets, which may contain anything; then state, parent, …, four times.
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      times.set(Number(name), {
        parent: fields[1]!,
        seconds: (fields[11]! + fields[12]! + fields[13]! + fields[14]!) / TICKS_PER_SECOND,
      });
    } catch {
      // It has just ended.
    }
  }
  return times;
}

function treeSeconds(times: ReadonlyMap<number, ProcessTimes>, root: number): number {
  let seconds = times.get(root)?.seconds ?? 0;
  for (const [pid, { parent }] of times) if (parent === root) seconds += treeSeconds(times, pid);
  return seconds;
}

export interface CpuUse {
  /** Cores in use, by name of the process tree. */
  cores: Record<string, number>;
  /** Cores that processes used which are not ours. */
  others: number;
}

/** Says who used the processors from now until `stop`; undefined where that cannot be known. */
export function watchCpu(roots: Readonly<Record<string, number | undefined>>): () => CpuUse | undefined {
  const before = cpuTimes();
  if (!before) return () => undefined;
  const names = Object.entries(roots).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const read = () => {
    const times = processTimes();
    return { all: treeSeconds(times, process.pid), own: names.map(([, pid]) => treeSeconds(times, pid)) };
  };
  const first = read();
  const startedAt = performance.now();
  return () => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const last = read();
    const used = cpuTimes()!.busy - before.busy;
    const cores = names.map(([name], index) => [name, (last.own[index]! - first.own[index]!) / seconds] as const);
    return { cores: Object.fromEntries(cores), others: Math.max(0, used - (last.all - first.all)) / seconds };
  };
}

/** Waits until the machine has been idle for half a second, at most `patienceMs`; returns what is left of that. */
export async function untilIdle(share: number, patienceMs: number): Promise<number> {
  const deadline = performance.now() + patienceMs;
  const left = () => Math.max(0, deadline - performance.now());
  while (left() > 0) {
    const before = cpuTimes();
    if (!before) break;
    await wait(IDLE_SAMPLE_MS);
    const after = cpuTimes()!;
    const idle = after.idle - before.idle;
    if (idle / (idle + after.busy - before.busy) >= share) break;
  }
  return left();
}

export interface Machine {
  cpu: string;
  cores: number;
  memory_gib: number;
  node: string;
  postgres: string;
  nats: string;
  /** Median time of a flush to the disk that PostgreSQL writes to. */
  flush_ms: number;
}

export function describeMachine(folder: string, versions: Pick<Machine, 'postgres' | 'nats'>): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    ...versions,
    flush_ms: flushTime(folder),
  };
}

function flushTime(folder: string): number {
  const file = join(folder, 'flush');
  const descriptor = openSync(file, 'w');
  try {
    const page = Buffer.alloc(8_192);
    const times = Array.from({ length: 50 }, () => {
      const start = performance.now();
      writeSync(descriptor, page);
      fdatasyncSync(descriptor);
      return performance.now() - start;
    });
    return Math.round(median(times) * 1_000) / 1_000;
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}
