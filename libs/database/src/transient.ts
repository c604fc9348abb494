const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EAI_AGAIN']);
/** SQLSTATE classes: connection, resources, operator intervention, system; and single codes worth another try. */
const TRANSIENT_CLASSES = new Set(['08', '53', '57', '58']);
const TRANSIENT_STATES = new Set(['40001', '40P01', '55P03', '25006']);
const CONNECTION_TEXT =
  /connection (terminated|ended|closed|error)|timeout exceeded when trying to connect|not queryable|starting up/i;

/** Whether the same work may succeed later: the fault lies with the database or the way to it, not with the data. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') {
    if (CONNECTION_CODES.has(code) || TRANSIENT_STATES.has(code)) return true;
    if (/^[0-9A-Z]{5}$/.test(code)) return TRANSIENT_CLASSES.has(code.slice(0, 2));
  }
  return CONNECTION_TEXT.test(error.message) || (error.cause !== undefined && isTransient(error.cause));
}

/** Serialization failures and deadlocks: the transaction was undone and may simply run again. */
export function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === '40001' || code === '40P01';
}

/** The constraint that a unique violation names, if the error is one. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint, cause } = (error ?? {}) as { code?: unknown; constraint?: string; cause?: unknown };
  if (code === '23505') return constraint;
  return cause === undefined ? undefined : violatedConstraint(cause);
}
