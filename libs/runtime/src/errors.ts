/**
 * An expected refusal: a rule said no, or the input is bad. GraphQL shows it as a member of the mutation's
 * result union; everything that is not a DomainError is unexpected and tells outsiders nothing.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  /** Stable, upper snake case, e.g. `WINDOW_CLOSED`. */
  readonly code: string;
  /** The input field at fault, as the API names it. */
  readonly field: string | undefined;
  /** What else the refusal's type has to say, by the names of its fields. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { field?: string; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message);
    this.code = code;
    this.field = options.field;
    this.details = options.details ?? {};
  }
}

/** Input that breaks a documented limit. `message` says the limit, `field` names the input field. */
export function invalidInput(field: string, message: string): DomainError {
  return new DomainError('INVALID_INPUT', message, { field });
}

/** What one may not see reads exactly like what does not exist. */
export function notFound(what: string, field?: string): DomainError {
  return new DomainError('NOT_FOUND', `${what} not found.`, { ...(field !== undefined && { field }) });
}

/** Thrown at start: lists every problem of the configuration at once. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(service: string, problems: readonly string[]) {
    super(
      `${service} cannot start, its configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}
