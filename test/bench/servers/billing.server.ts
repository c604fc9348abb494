import type { Actor } from '@fenster/auth';
import { createService, loadConfig } from '@fenster/billing';

/** The service `billing` from its build, for one person whoever asks. */
const actor = { ...(JSON.parse(process.env['ACTOR']!) as Actor), expiresAt: new Date(Date.now() + 3_600_000) };
const service = await createService(loadConfig(process.env), { verifier: { verify: async () => actor } });
await service.start();
process.once('SIGTERM', () => void service.stop().finally(() => process.exit(0)));
process.send!({ url: service.url });
