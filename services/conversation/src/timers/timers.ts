import { releaseTimer } from '../assignments/release.timer.js';
import { snoozeEndTimer } from '../status/snooze-end.timer.js';
import { claimExpiryTimer } from '../claims/claim-expiry.timer.js';
import { heldMessageExpiryTimer } from '../approvals/held-message-expiry.timer.js';
import { draftAnnouncementTimer } from '../drafts/draft-announcement.timer.js';
import { absenceTimer } from '../availability/absence.timer.js';
import { returningTimer } from '../routing/returning.timer.js';
import { routingTimer } from '../routing/routing.timer.js';
import { conversationBeganTimer, customerWroteTimer } from '../attention/attention.timers.js';
import { serviceLevelTimer } from '../service-levels/service-level.timer.js';
import { viewClockTimer } from '../views/view-clock.timer.js';
import { apiKeyEndTimer } from '../control/api-key-end.timer.js';
import {
  consentAnsweredTimer,
  consentRequestExpiryTimer,
  optInWishedTimer,
} from '../consent-requests/consent-request.timers.js';
import type { TimerDefinition } from './timer.js';
import { freeEntryPointTimer, serviceWindowTimer } from '../threads/service-window.timers.js';

export const timers: readonly TimerDefinition[] = [
  absenceTimer,
  returningTimer,
  routingTimer,
  releaseTimer,
  serviceWindowTimer,
  freeEntryPointTimer,
  conversationBeganTimer,
  customerWroteTimer,
  serviceLevelTimer,
  snoozeEndTimer,
  claimExpiryTimer,
  draftAnnouncementTimer,
  heldMessageExpiryTimer,
  viewClockTimer,
  apiKeyEndTimer,
  consentRequestExpiryTimer,
  consentAnsweredTimer,
  optInWishedTimer,
];
