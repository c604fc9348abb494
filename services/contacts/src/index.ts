export { loadConfig } from './config.js';
export { exportConsentLedger } from './consent/export-consent-ledger.js';
export { rebuildConsents } from './consent/rebuild-consents.js';
export { rotateConsentKey } from './consent/rotate-consent-key.js';
export { verifyConsentLedgers, type VerifiedLedger } from './consent/verify-consent-ledger.js';
export {
  mergeRemembered,
  reapplyErasures,
  rememberedErasure,
  rememberedErasures,
  type RememberedErasure,
} from './erasures/reapply-erasures.js';
export { migrations } from './migrations.js';
export { createContactsService, createContactsService as createService, subgraph } from './service.js';
