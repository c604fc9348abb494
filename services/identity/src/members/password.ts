import { randomUUID } from 'node:crypto';
import { DomainError } from '@fenster/runtime';
import { hash, verify, type Options } from '@node-rs/argon2';

export const MIN_PASSWORD_LENGTH = 10;
/** Long enough for any passphrase, short enough that hashing it is not an attack. */
export const MAX_PASSWORD_LENGTH = 200;

export const PASSWORD_PROBLEMS = ['TOO_SHORT', 'TOO_LONG', 'NO_LETTER', 'NO_DIGIT'] as const;
export type PasswordProblem = (typeof PASSWORD_PROBLEMS)[number];

/**
 * Which rules a new password breaks; none if it may be used. 10 to 200 characters, among them a letter and a
 * digit of any script. No rule about symbols or capitals: they make passwords harder to keep, not to guess.
 */
export function passwordProblems(password: string): PasswordProblem[] {
  const text = password.normalize('NFKC');
  const length = [...text].length;
  const problems: [boolean, PasswordProblem][] = [
    [length < MIN_PASSWORD_LENGTH, 'TOO_SHORT'],
    [length > MAX_PASSWORD_LENGTH, 'TOO_LONG'],
    [!/\p{L}/u.test(text), 'NO_LETTER'],
    [!/\p{Nd}/u.test(text), 'NO_DIGIT'],
  ];
  return problems.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
}

/** @throws DomainError WEAK_PASSWORD with every rule that is broken. */
export function checkNewPassword(password: string): void {
  const problems = passwordProblems(password);
  if (problems.length > 0) {
    throw new DomainError('WEAK_PASSWORD', 'A password has 10 to 200 characters, among them a letter and a digit.', {
      details: { problems },
    });
  }
}

/** argon2id (the library's default kind) with OWASP's first choice of parameters: 19 MiB, two passes, one lane. */
export const HASHING = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } satisfies Options;

/** NFKC first, so that the same characters typed on another keyboard or system are the same password. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), HASHING);
}

export function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  return verify(passwordHash, password.normalize('NFKC'));
}

export type PasswordVerifier = (passwordHash: string | null | undefined, password: string) => Promise<boolean>;

/**
 * Verifies a password against a member's hash. For an address that nobody has it does the same work against a
 * hash of its own and says no, so that the time of the answer does not tell who is a member.
 */
export async function createPasswordVerifier(): Promise<PasswordVerifier> {
  const nobodysHash = await hashPassword(randomUUID());
  return async (passwordHash, password) => {
    const isTooLong = [...password].length > MAX_PASSWORD_LENGTH;
    const isRight = await verifyPassword(passwordHash ?? nobodysHash, isTooLong ? '' : password);
    return isRight && passwordHash != null && !isTooLong;
  };
}
