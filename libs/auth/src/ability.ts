import { AbilityBuilder, createMongoAbility, subject as tag, type MongoAbility } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import { notFound } from '@fenster/runtime';
import type { Actor } from './actor.js';

export type Ability = MongoAbility;
/** Adds one positive rule: equality conditions on columns only, so that SQL, object and event checks agree. */
export type Can = (
  action: string,
  subject: string,
  conditions?: Record<string, string | number | boolean | null>,
) => void;
export type DefineRules = (actor: Actor, can: Can) => void;

/**
 * The rules of one service for one actor. There is no `cannot`: an inverted rule would make the list filter and
 * the object check drift apart. The workspace is part of every rule, whatever the rule says.
 */
export function defineAbility(actor: Actor, defineRules: DefineRules): Ability {
  const builder = new AbilityBuilder<Ability>(createMongoAbility);
  defineRules(actor, (action, subject, conditions) => {
    builder.can(action, subject, { ...conditions, workspaceId: actor.workspaceId });
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
