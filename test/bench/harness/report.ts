import { formatFigure, MAX_OTHERS, type BenchResult } from './bench.js';
import type { Machine } from './machine.js';
import { pinning } from './processes.js';
import { median } from './statistics.js';

/** The one object for machines; its keys are a contract. */
export function toJson({ bench, machine, steps, results, ratios, verdict }: BenchResult): object {
  const rounded = (values: Record<string, number>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000]));
  return {
    bench: bench.name,
    machine: { ...machine, others: round(othersOf(steps)), pinning: pinning() },
    rounds: new Set(steps.map((step) => step.round)).size,
    results: Object.fromEntries(Object.entries(results).map(([name, figures]) => [name, rounded(figures)])),
    ratios: rounded(ratios),
    ...verdict,
  };
}

export function toTable(result: BenchResult): string {
  const { bench, machine, contenders, skipped, steps, results, ratios, verdict, disturbed } = result;
  const columns = [...new Set(Object.values(results).flatMap((figures) => Object.keys(figures)))];
  const rows = contenders
    .filter(({ name }) => results[name])
    .map(({ name }) => {
      const figures = results[name]!;
      const ratio = name === 'us' ? '' : `${ratios[`us_over_${name}`]?.toFixed(2) ?? '–'}`;
      return [
        name,
        ...columns.map((column) => (column in figures ? formatFigure(column, figures[column]!) : '')),
        ratio,
      ];
    });
  const ratioColumn = `us/it (${bench.headline}${bench.isLessBetter ? ', less is better' : ''})`;
  const lines = [
    `${bench.name}: ${bench.title}`,
    machineLine(machine, steps),
    pinning(),
    '',
    ...align([['', ...columns, ratioColumn], ...rows]),
    '',
    ...contenders.map(({ name, description }) => `${name}: ${description}`),
    ...skipped,
    '',
    ...cpuLines(result),
    `lost ${verdict.lost}, duplicated ${verdict.duplicated}, reordered ${verdict.reordered} (ours)`,
    ...[...new Set(steps.flatMap((step) => step.notes.map((note) => `${step.contender}: ${note}`)))],
    ...(disturbed.length > 0
      ? [
          `Others used more than ${MAX_OTHERS} cores in round ${disturbed.join(', ')}: ${
            disturbed.length < new Set(steps.map((step) => step.round)).size
              ? 'left out'
              : 'all rounds, so none is left out and the figures are rough'
          }.`,
        ]
      : []),
    ...bench.targets.map((target) => `target: ${target}`),
  ];
  return `${lines.join('\n')}\n`;
}

export function machineLine(machine: Machine, steps: BenchResult['steps']): string {
  const { cpu, cores, memory_gib, node, postgres, nats, flush_ms } = machine;
  return `${cpu}, ${cores} cores, ${memory_gib} GiB; Node ${node}, PostgreSQL ${postgres}, nats-server ${nats}; flush ${flush_ms} ms; others ${othersOf(steps).toFixed(2)} cores`;
}

function othersOf(steps: BenchResult['steps']): number {
  const known = steps.flatMap(({ cpu }) => (cpu ? [cpu.others] : []));
  return known.length > 0 ? median(known) : Number.NaN;
}

/** Where the processors' time went: medians in cores. */
function cpuLines({ contenders, steps }: BenchResult): string[] {
  return contenders.flatMap(({ name, processes }) => {
    const own = steps.filter((step) => step.contender === name && step.cpu);
    if (own.length === 0) return [];
    const parts = processes.map((part) => {
      const cores = own.flatMap(({ cpu }) => (cpu!.cores[part] === undefined ? [] : [cpu!.cores[part]]));
      return `${part} ${cores.length > 0 ? median(cores).toFixed(2) : '–'}`;
    });
    return [`cores of ${name}: ${parts.join(', ')}`];
  });
}

function align(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
