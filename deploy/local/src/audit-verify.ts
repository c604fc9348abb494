import { verifyAuditLogs } from '@fenster/identity';
import type { Environment } from './data-dir.js';
import { asMain, PROBLEMS, verifyChains } from './verify-chains.js';

/**
 * `npm run audit:verify [-- --workspace ID]`: walks the audit logs and names the first broken link of each. Elsewhere
 * than on a local deployment, IDENTITY_DATABASE_URL says where. Returns the exit code: 1 if a link is broken.
 */
export function auditVerify(args: readonly string[], env: Environment, say: (line: string) => void): Promise<number> {
  return verifyChains({ service: 'identity', args, env, say, walk: verifyAuditLogs, problems: PROBLEMS });
}

if (import.meta.main) await asMain((say) => auditVerify(process.argv.slice(2), process.env, say));
