import { VICTIMS } from './plant.js';
import type { FaultReport, Kill } from './run.js';

/** A table for people, then one line of JSON for machines. */
export function printReport(report: FaultReport): void {
  const { tally, kills, problems } = report;
  const write = (line = '') => void process.stdout.write(`${line}\n`);
  write(`Seed ${report.seed}: ${kills.length} kills in ${Math.round(report.seconds)} s, ${report.customers} customers`);
  write(
    `${tally.webhooks} webhooks (${Math.round(tally.webhooks / report.seconds)}/s) with ${tally.messages} messages, ` +
      `${tally.repeats} repeated, ${tally.attempts} attempts ${JSON.stringify(tally.outcomes)}`,
  );
  write(`${report.replies} replies, ${report.replyRetries} retries, ${report.unconfirmed} unconfirmed`);
  write(`${report.deliveries} events delivered, ${report.interrupted} subscriptions cut and resumed`);
  write(`Everything had arrived ${Math.round(report.settledMs)} ms after the load ended`);
  write(`${report.repeated.events} events were delivered once more within ${Math.round(report.repeated.ms)} ms`);
  write();
  const columns = ['killed', 'times', 'down', 'ingest gap', 'delivery gap', 'caught up'];
  const rows = VICTIMS.map((victim) =>
    summaryOf(
      victim,
      kills.filter((kill) => kill.victim === victim),
    ),
  );
  for (const row of [columns, ...rows]) write(row.map((cell, index) => cell.padEnd(index === 0 ? 14 : 20)).join(''));
  write('(milliseconds, median / worst)');
  write();
  write(`lost ${report.lost}, doubled ${report.doubled}, reordered ${report.reordered}`);
  for (const problem of problems) write(`PROBLEM ${problem}`);
  const { kills: each, ...rest } = report;
  write(JSON.stringify({ fault: 'kill', ...rest, duplicated: report.doubled, gaps: gapsOf(each) }));
}

function summaryOf(victim: string, kills: readonly Kill[]): string[] {
  const spread = (values: readonly (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    const worst = known.length < values.length ? 'never' : String(Math.round(Math.max(...known)));
    return values.length === 0 ? '-' : `${known.length === 0 ? '-' : Math.round(median(known))} / ${worst}`;
  };
  return [
    victim,
    String(kills.length),
    spread(kills.map((kill) => kill.downMs)),
    spread(kills.map((kill) => kill.ingestGapMs)),
    spread(kills.map((kill) => kill.deliveryGapMs)),
    spread(kills.map((kill) => kill.caughtUpMs)),
  ];
}

function gapsOf(kills: readonly Kill[]): Record<string, { kills: number; median_ms: number; worst_ms: number }> {
  return Object.fromEntries(
    [...Map.groupBy(kills, (kill) => kill.victim)].map(([victim, own]) => {
      const gaps = own.map((kill) => kill.deliveryGapMs);
      return [
        victim,
        { kills: own.length, median_ms: Math.round(median(gaps)), worst_ms: Math.round(Math.max(...gaps)) },
      ];
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
