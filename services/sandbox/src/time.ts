import { systemClock, type Clock } from '@fenster/runtime';

/** Runs `task` once after `delayMs` of its clock; the result cancels it. */
export type Schedule = (delayMs: number, task: () => void) => () => void;

/**
 * The time of the simulated WhatsApp. It runs with the real one, shifted, or stands still; what was scheduled on it moves with it.
 * Without `realClock` and `realTimer` it runs on this machine's.
 */
export interface SimulatedTime {
  now: Clock;
  schedule: Schedule;
  readonly isFrozen: boolean;
  /** Milliseconds until each task that waits. */
  waiting(): number[];
  /** Everything that falls due on the way runs at its own time. */
  advance(byMs: number): void;
  /**
   * Forward as {@link advance}. Backward nothing is undone: what waits keeps its distance, what happened keeps its
   * (now future) time.
   */
  moveTo(date: Date): void;
  freeze(): void;
  resume(): void;
  stop(): void;
}

interface Task {
  dueMs: number;
  /** Of two that are due at once the earlier scheduled runs first. */
  order: number;
  run: (() => void) | undefined;
}

/** The longest delay that a timer of Node takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface TimeOptions {
  realClock?: Clock;
  realTimer?: Schedule;
  startAt?: Date;
  isFrozen?: boolean;
}

const systemTimer: Schedule = (delayMs, task) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

export function createSimulatedTime(options: TimeOptions = {}): SimulatedTime {
  const { realClock = systemClock, realTimer = systemTimer, startAt } = options;
  const tasks = new TaskHeap();
  const real = () => realClock().getTime();
  const createdAtMs = real();
  const startMs = startAt?.getTime() ?? createdAtMs;
  let offsetMs = startMs - createdAtMs;
  let frozenAtMs = options.isFrozen ? startMs : undefined;
  /** While tasks run, the time is that of the task. */
  let runningAtMs: number | undefined;
  let cancelTimer = () => {};
  let timerDueMs = Infinity;
  let order = 0;
  let isStopped = false;

  const nowMs = () => runningAtMs ?? frozenAtMs ?? real() + offsetMs;

  const disarm = () => {
    cancelTimer();
    cancelTimer = () => {};
    timerDueMs = Infinity;
  };
  const arm = () => {
    // Whoever runs tasks arms the timer when they are done.
    if (runningAtMs !== undefined) return;
    const next = tasks.first();
    if (!next || frozenAtMs !== undefined || isStopped) return disarm();
    if (next.dueMs >= timerDueMs) return;
    disarm();
    timerDueMs = next.dueMs;
    cancelTimer = realTimer(Math.min(Math.max(0, next.dueMs - nowMs()), LONGEST_TIMER_MS), () => {
      timerDueMs = Infinity;
      runUntil(nowMs());
      arm();
    });
  };
  const runUntil = (untilMs: number) => {
    // A task that moves the clock, or schedules more of what is already due, is served by the run that goes on.
    if (runningAtMs !== undefined) return;
    try {
      for (let next = tasks.first(); next && next.dueMs <= untilMs; next = tasks.first()) {
        tasks.removeFirst();
        runningAtMs = Math.max(next.dueMs, runningAtMs ?? -Infinity);
        next.run?.();
      }
    } finally {
      runningAtMs = undefined;
    }
  };
  const shift = (byMs: number) => {
    if (frozenAtMs !== undefined) frozenAtMs += byMs;
    offsetMs += byMs;
  };

  const time: SimulatedTime = {
    now: () => new Date(nowMs()),
    get isFrozen() {
      return frozenAtMs !== undefined;
    },
    schedule(delayMs, run) {
      const task: Task = { dueMs: nowMs() + Math.max(0, delayMs), order: order++, run };
      if (isStopped) return () => {};
      tasks.add(task);
      arm();
      return () => {
        task.run = undefined;
      };
    },
    waiting: () => {
      const now = nowMs();
      return tasks
        .live()
        .map((task) => task.dueMs - now)
        .toSorted((a, b) => a - b);
    },
    advance(byMs) {
      if (byMs < 0) {
        tasks.shift(byMs);
        shift(byMs);
      } else {
        runUntil(nowMs() + byMs);
        shift(byMs);
      }
      disarm();
      arm();
    },
    moveTo: (date) => time.advance(date.getTime() - nowMs()),
    freeze() {
      frozenAtMs ??= nowMs();
      disarm();
    },
    resume() {
      if (frozenAtMs === undefined) return;
      offsetMs = frozenAtMs - real();
      frozenAtMs = undefined;
      arm();
    },
    stop() {
      isStopped = true;
      tasks.clear();
      disarm();
    },
  };
  return time;
}

/** A binary heap: a load test keeps some hundred thousand statuses waiting. */
class TaskHeap {
  #tasks: Task[] = [];

  first(): Task | undefined {
    while (this.#tasks[0] && !this.#tasks[0].run) this.removeFirst();
    return this.#tasks[0];
  }
  live(): Task[] {
    return this.#tasks.filter((task) => task.run);
  }
  /** Keeps the order of all, so the heap stays one. */
  shift(byMs: number): void {
    for (const task of this.#tasks) task.dueMs += byMs;
  }
  clear(): void {
    this.#tasks = [];
  }
  add(task: Task): void {
    const tasks = this.#tasks;
    let index = tasks.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(task, tasks[parent]!)) break;
      tasks[index] = tasks[parent]!;
      index = parent;
    }
    tasks[index] = task;
  }
  removeFirst(): void {
    const tasks = this.#tasks;
    const last = tasks.pop();
    if (!last || tasks.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= tasks.length) break;
      if (child + 1 < tasks.length && isBefore(tasks[child + 1]!, tasks[child]!)) child++;
      if (!isBefore(tasks[child]!, last)) break;
      tasks[index] = tasks[child]!;
      index = child;
    }
    tasks[index] = last;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
