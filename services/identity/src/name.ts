import { invalidInput } from '@fenster/runtime';

export const MAX_NAME_LENGTH = 100;

/** The form in which names of people, teams, roles and workspaces are stored. @throws DomainError INVALID_INPUT */
export function checkName(text: string, field = 'name'): string {
  const name = text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
  const length = [...name].length;
  if (length < 1 || length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) {
    throw invalidInput(field, `must have 1 to ${MAX_NAME_LENGTH} characters, and none that cannot be seen.`);
  }
  return name;
}
