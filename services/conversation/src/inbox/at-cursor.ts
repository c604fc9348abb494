import { encodeCursor } from '@fenster/graphql';

/** The event with its place in the log. */
export function at<E extends { cursor: string }>(event: E, seq: number): E {
  return Object.assign(event, { cursor: encodeCursor(seq) });
}
