/** Something about the machine or the set-up that its user can change; the message says what, and is meant to be shown without a stack. */
export class LocalSetupError extends Error {
  override readonly name: string = 'LocalSetupError';
}
