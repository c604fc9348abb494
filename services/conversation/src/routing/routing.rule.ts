import type { AssignmentCause } from '@fenster/contracts';

/** How a team gives out its conversations by itself. */
export type RoutingMode = 'ROUND_ROBIN' | 'LEAST_BUSY';

export interface RoutedTeam {
  id: string;
  mode: RoutingMode;
  /** How long a returning customer waits for the agent whom they had; null for not at all. */
  returningMinutes: number | null;
  /** Everybody of the team who may answer customers, whether they are there or not. */
  agents: readonly { id: string; lastTurn: number }[];
}

export interface RoutedAgent {
  id: string;
  isAvailable: boolean;
  /** How many open conversations they have, and at how many they get no more. */
  load: number;
  capacity: number;
}

/** A conversation that nobody has. */
export interface Waiting {
  id: string;
  /** The teams that may take it: its own, or if it has none those of its channel. */
  teamIds: readonly string[];
  since: Date;
  /** Whether the customer waits for an answer: then `since` is when they asked. */
  isCustomerWaiting: boolean;
  /** Who had this customer last. */
  earlierAgentId: string | null;
}

export interface RoutingInput {
  teams: readonly RoutedTeam[];
  agents: readonly RoutedAgent[];
  queue: readonly Waiting[];
  now: Date;
}

export interface Assignment {
  conversationId: string;
  teamId: string;
  agentId: string;
  cause: Extract<AssignmentCause, RoutingMode | 'RETURNING_CUSTOMER'>;
  /** Why this one, in words for people. */
  reason: string;
}

export interface Routing {
  assignments: Assignment[];
  /** These wait for the agent whom the customer had, and until when. */
  holds: { conversationId: string; until: Date }[];
}

interface Place {
  id: string;
  load: number;
  readonly capacity: number;
  readonly isAvailable: boolean;
}

/**
 * Who gets what, oldest first. Nobody gets more than they have room for, and nobody who is not available anything. A younger
 * conversation overtakes an older one only where the older one could not go: because the teams that may take it have no room,
 * or because it waits for the agent whom its customer had. Of several teams that may take one, the one with the most room
 * does. A turn is a number that grows with every assignment of the workspace: the lowest has waited longest.
 */
export function route({ teams, agents, queue, now }: RoutingInput): Routing {
  const places = new Map(agents.map((agent): [string, Place] => [agent.id, { ...agent }]));
  const turns = new Map(teams.map((team) => [team.id, new Map(team.agents.map(({ id, lastTurn }) => [id, lastTurn]))]));
  let turn = Math.max(0, ...teams.flatMap((team) => team.agents.map(({ lastTurn }) => lastTurn)));
  const result: Routing = { assignments: [], holds: [] };

  const roomyOf = (team: RoutedTeam) => team.agents.flatMap(({ id }) => places.get(id) ?? []).filter(hasRoom);
  const assign = (waiting: Waiting, team: RoutedTeam, place: Place, cause: Assignment['cause'], reason: string) => {
    place.load += 1;
    turn += 1;
    turns.get(team.id)!.set(place.id, turn);
    result.assignments.push({ conversationId: waiting.id, teamId: team.id, agentId: place.id, cause, reason });
  };

  for (const waiting of queue.toSorted(byAge)) {
    const eligible = teams.filter((team) => waiting.teamIds.includes(team.id));
    const earlier = earlierAgent(waiting, eligible, places);
    if (earlier && hasRoom(earlier.place)) {
      assign(waiting, earlier.team, earlier.place, 'RETURNING_CUSTOMER', 'Had this customer last, and is available.');
      continue;
    }
    const until = earlier && new Date(waiting.since.getTime() + earlier.minutes * 60_000);
    if (until && now < until) {
      result.holds.push({ conversationId: waiting.id, until });
      continue;
    }
    const choice = eligible
      .map((team) => ({ team, roomy: roomyOf(team) }))
      .filter(({ roomy }) => roomy.length > 0)
      .toSorted((one, other) => roomIn(other.roomy) - roomIn(one.roomy) || compare(one.team.id, other.team.id))[0];
    if (!choice) continue;
    const { team, roomy } = choice;
    const lastTurn = (place: Place) => turns.get(team.id)!.get(place.id)!;
    const byTurn = (one: Place, other: Place) => lastTurn(one) - lastTurn(other) || compare(one.id, other.id);
    const next = roomy.toSorted(
      team.mode === 'ROUND_ROBIN' ? byTurn : (one, other) => one.load - other.load || byTurn(one, other),
    )[0]!;
    assign(waiting, team, next, team.mode, wordsFor(team.mode, next, roomy.length, earlier && earlier.minutes));
  }
  return result;
}

function hasRoom({ isAvailable, load, capacity }: Place): boolean {
  return isAvailable && load < capacity;
}

function roomIn(places: readonly Place[]): number {
  return places.reduce((sum, { capacity, load }) => sum + capacity - load, 0);
}

/** The agent whom a returning customer had, if a team that may take the conversation is still theirs and waits for them. */
function earlierAgent(
  { earlierAgentId, isCustomerWaiting }: Waiting,
  teams: readonly RoutedTeam[],
  places: Map<string, Place>,
) {
  const place = earlierAgentId === null || !isCustomerWaiting ? undefined : places.get(earlierAgentId);
  const team = teams.find(
    (each) => each.returningMinutes !== null && each.agents.some(({ id }) => id === earlierAgentId),
  );
  return place && team ? { place, team, minutes: team.returningMinutes! } : undefined;
}

function wordsFor(mode: RoutingMode, { load, capacity }: Place, candidates: number, waitedMinutes?: number): string {
  const how =
    mode === 'ROUND_ROBIN'
      ? `Longest without a turn of ${candidates} with room`
      : `Fewest open conversations of ${candidates} with room`;
  const late =
    waitedMinutes === undefined ? '' : ` Who had this customer last was not available within ${waitedMinutes} minutes.`;
  return `${how}: had ${load} of at most ${capacity}.${late}`;
}

/** Oldest first; the order in which the database hands them over too. */
function byAge(one: Waiting, other: Waiting): number {
  return one.since.getTime() - other.since.getTime() || compare(one.id, other.id);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
