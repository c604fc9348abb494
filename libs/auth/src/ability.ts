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

/**
 * The rules of one service for one actor. There is no `cannot`: an inverted rule would make the list filter and
 * the object check drift apart. The workspace is part of every rule, whatever the rule says.
 */
export function defineAbility(actor: Actor, defineRules: DefineRules): Ability {
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

/** Matches no row; MikroORM turns it into `1 = 0`. */
const NOTHING = { id: { $in: [] as string[] } };

/** The same rules as a condition for list queries. */
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
