/** The other end of `runLoad`: takes its task from the parent, tells what came of it, and ends. */
export function serveLoad<Task, Result>(work: (task: Task) => Promise<Result>): void {
  process.once('message', (task) => {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    work(task as Task).then(
      (result) => {
        const { user, system } = process.cpuUsage(before);
        const cores = (user + system) / 1_000 / (performance.now() - startedAt);
        process.send!({ result, cores }, () => process.exit(0));
      },
      (error: unknown) => {
        const { stack } = error as Error;
        process.send!({ error: stack ?? String(error) }, () => process.exit(1));
      },
    );
  });
  process.once('disconnect', () => process.exit(1));
}
