import { invalidInput, isId } from '@fenster/runtime';
import type { Filter } from './filter.rule.js';
import {
  MAX_CLOSING_MINUTES,
  MAX_FILTER_VALUES,
  MAX_WAITING_MINUTES,
  type ConversationFilterInput,
} from './filter.types.js';

/** What a client says, as it is stored: without what it left out. @throws DomainError INVALID_INPUT */
export function checkFilter(input: ConversationFilterInput, field = 'filter'): Filter {
  const { statuses, assignee, team, channelIds, labelIds, isUnread, waitingMinutes, windowClosesWithinMinutes } = input;
  return said({
    statuses: checkSome(statuses, `${field}.statuses`),
    assignee: assignee
      ? checkAny(
          said({
            me: assignee.me || undefined,
            nobody: assignee.nobody || undefined,
            memberIds: checkIds(assignee.memberIds, `${field}.assignee.memberIds`),
          }),
          `${field}.assignee`,
        )
      : undefined,
    team: team
      ? checkAny(
          said({
            mine: team.mine || undefined,
            none: team.none || undefined,
            teamIds: checkIds(team.teamIds, `${field}.team.teamIds`),
          }),
          `${field}.team`,
        )
      : undefined,
    channelIds: checkIds(channelIds, `${field}.channelIds`),
    labelIds: checkIds(labelIds, `${field}.labelIds`),
    isUnread: isUnread ?? undefined,
    waitingMinutes: checkMinutes(waitingMinutes, MAX_WAITING_MINUTES, `${field}.waitingMinutes`),
    windowClosesWithinMinutes: checkMinutes(
      windowClosesWithinMinutes,
      MAX_CLOSING_MINUTES,
      `${field}.windowClosesWithinMinutes`,
    ),
  });
}

type Said<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function said<T extends object>(values: T): Said<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Said<T>;
}

function checkSome<T>(values: readonly T[] | null | undefined, field: string): readonly T[] | undefined {
  if (values == null) return undefined;
  if (values.length === 0 || values.length > MAX_FILTER_VALUES) {
    throw invalidInput(field, `must name 1 to ${MAX_FILTER_VALUES}.`);
  }
  return [...new Set(values)];
}

function checkIds(values: readonly string[] | null | undefined, field: string): readonly string[] | undefined {
  const ids = checkSome(values, field);
  if (ids && !ids.every(isId)) throw invalidInput(field, 'must be ids.');
  return ids;
}

function checkAny<T extends object>(values: T, field: string): T {
  if (Object.keys(values).length === 0) throw invalidInput(field, 'must name somebody or nobody.');
  return values;
}

function checkMinutes(value: number | null | undefined, max: number, field: string): number | undefined {
  if (value == null) return undefined;
  if (value < 1 || value > max) throw invalidInput(field, `must be from 1 to ${max}.`);
  return value;
}
