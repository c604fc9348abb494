import { accessibleWhere, type Ability } from '@fenster/auth';
import { matching, type RawBuilder } from '@fenster/database';

/**
 * The rule by which lists are filtered, for plain SQL: which conversations the actor may act upon.
 * @param alias of the table `conversation` in the statement.
 */
export function accessibleSql(ability: Ability, action: string, alias = 'c'): RawBuilder<boolean> {
  return matching(accessibleWhere(ability, action, 'Conversation'), alias);
}
