import { AbilityBuilder, createMongoAbility, subject as tag, type MongoAbility } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import { notFound } from '@fenster/runtime';
import type { Actor } from './actor.js';

export type Ability = MongoAbility;
type Value = string | number | boolean | null;
/**
 * Adds one positive rule: a column has this value, or one of these, so that SQL, object and event checks agree.
 * None of no values holds for nothing.
 */
export type Can = (action: string, subject: string, conditions?: Record<string, Value | readonly string[]>) => void;
export type DefineRules = (actor: Actor, can: Can) => void;

const known = new WeakMap<DefineRules, WeakMap<Actor, Ability>>();

/**
 * The rules of one service for one actor. There is no `cannot`: an inverted rule would make the list filter and
 * the object check drift apart. The workspace is part of every rule, whatever the rule says.
 */
export function defineAbility(actor: Actor, defineRules: DefineRules): Ability {
  const ofRules = known.get(defineRules) ?? new WeakMap<Actor, Ability>();
  known.set(defineRules, ofRules);
  const ability = ofRules.get(actor) ?? buildAbility(actor, defineRules);
  ofRules.set(actor, ability);
  return ability;
}

function buildAbility(actor: Actor, defineRules: DefineRules): Ability {
  const builder = new AbilityBuilder<Ability>(createMongoAbility);
  defineRules(actor, (action, subject, conditions) => {
    const columns = Object.entries(conditions ?? {}).map(([column, value]) => [
      column,
      Array.isArray(value) ? { $in: value as readonly string[] } : value,
    ]);
    builder.can(action, subject, { ...Object.fromEntries(columns), workspaceId: actor.workspaceId });
  });
  return builder.build();
}

/**
 * After loading: narrows to an object that the actor may act upon.
 * @throws DomainError NOT_FOUND both when it is missing and when it may not be seen.
 */
export function authorize<T extends object>(
  ability: Ability,
  action: string,
  subject: string,
  object: T | null | undefined,
): asserts object is T {
  if (!object || !allows(ability, action, subject, object)) throw notFound(subject);
}

/** Whether the rules allow `action` on this very object. */
export function allows(ability: Ability, action: string, subject: string, object: object): boolean {
  return ability.can(action, tag(subject, { ...object }));
}

/** Who, among all with the same rights, may see something: all of them, or these members and nobody else. */
export type Audience = 'everybody' | readonly string[];

/** Takes the place of the actor's id in rules, so that they tell for whom they hold. No id looks like it. */
const WHOEVER = '*';

/**
 * The same rules for all actors who have the same rights and differ in who they are. What a rule grants by the actor's own id it
 * grants to the one whose id stands in that column.
 */
export function defineAudience(
  actor: Actor,
  defineRules: DefineRules,
): (action: string, subject: string, object: object) => Audience {
  const ability = defineAbility({ ...actor, id: WHOEVER }, defineRules);
  return (action, subject, object) => {
    const members = new Set<string>();
    for (const rule of ability.rulesFor(action, subject)) {
      const own = Object.entries(rule.conditions ?? {}).flatMap(([column, value]) =>
        value === WHOEVER ? [column] : [],
      );
      const asked = { ...object, ...Object.fromEntries(own.map((column) => [column, WHOEVER])) };
      if (!rule.matchesConditions(tag(subject, asked))) continue;
      if (own.length === 0) return 'everybody';
      const ids = new Set(own.map((column) => (object as Condition)[column]));
      const [id] = ids;
      if (ids.size === 1 && typeof id === 'string') members.add(id);
    }
    return [...members];
  };
}

/** Matches no row. */
const NOTHING = { id: { $in: [] as string[] } };

/** The same rules as a condition for list queries: as it is for MikroORM, by `matching` of @fenster/database for SQL. */
export function accessibleWhere(ability: Ability, action: string, subject: string): Condition {
  const rules = ability.rulesFor(action, subject);
  const condition = rulesToCondition<Ability, Condition, Condition>(rules, (rule) => rule.conditions as Condition, {
    and: (parts) => ({ $and: parts }),
    or: (parts) => ({ $or: parts }),
    empty: () => ({}),
  });
  // No rule means no row, never no filter.
  return condition ?? NOTHING;
}

type Condition = Record<string, unknown>;
