import { violatedConstraint } from '@fenster/database';
import { DomainError, invalidInput } from '@fenster/runtime';

const MAX_NAME_LENGTH = 100;

/** The form in which names of people, teams, roles and workspaces are stored. @throws DomainError INVALID_INPUT */
export function checkName(text: string, field = 'name'): string {
  const name = text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
  const length = [...name].length;
  if (length < 1 || length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) {
    throw invalidInput(field, `must have 1 to ${MAX_NAME_LENGTH} characters, and none that cannot be seen.`);
  }
  return name;
}

/**
 * The database decides whether two names are the same, by this unique index.
 * @throws DomainError NAME_TAKEN
 */
export async function withFreeName<T>(index: string, what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (violatedConstraint(error) !== index) throw error;
    throw nameTaken(what);
  }
}

export function nameTaken(what: string): DomainError {
  return new DomainError('NAME_TAKEN', `There is a ${what} of this name. Choose another name.`);
}
