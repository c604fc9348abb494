import { addBusinessTime, type BusinessHours } from '../business-hours/business-hours.rule.js';

export const SERVICE_LEVEL_TARGETS = ['FIRST_RESPONSE', 'NEXT_RESPONSE', 'RESOLUTION'] as const;
export type ServiceLevelTarget = (typeof SERVICE_LEVEL_TARGETS)[number];
/** 90 days. */
export const MAX_TARGET_MINUTES = 129_600;

export interface Targets {
  firstResponseMinutes: number | null;
  nextResponseMinutes: number | null;
  resolutionMinutes: number | null;
}

export interface Clock {
  target: ServiceLevelTarget;
  startedAt: Date;
  dueAt: Date;
}

/**
 * The clocks that run for a conversation whose customer has just written. They run in business time and do not stop
 * while a conversation is pending or snoozed: the customer does not know of that, and waits.
 */
export function clocksOf(
  {
    openedAt,
    waitingSince,
    firstResponseAt,
  }: { openedAt: Date; waitingSince: Date | null; firstResponseAt: Date | null },
  targets: Targets,
  hours: BusinessHours | null,
): Clock[] {
  const wanted: [ServiceLevelTarget, Date | null, number | null][] = [
    firstResponseAt
      ? ['NEXT_RESPONSE', waitingSince, targets.nextResponseMinutes]
      : ['FIRST_RESPONSE', waitingSince, targets.firstResponseMinutes],
    ['RESOLUTION', openedAt, targets.resolutionMinutes],
  ];
  return wanted.flatMap(([target, startedAt, minutes]) => {
    if (!startedAt || minutes === null) return [];
    const milliseconds = minutes * 60_000;
    // Whoever never opens is never late.
    const dueAt = hours
      ? addBusinessTime(hours, startedAt, milliseconds)
      : new Date(startedAt.getTime() + milliseconds);
    return dueAt ? [{ target, startedAt, dueAt }] : [];
  });
}
