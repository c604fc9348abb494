import { Activity } from './activities/activity.entity.js';
import { AllowanceEnd } from './budgets/allowance-end.entity.js';
import { BudgetStop } from './budgets/budget-stop.entity.js';
import { ChannelBusinessHours } from './business-hours/business-hours.entity.js';
import { Availability } from './availability/availability.entity.js';
import { AgentCapacity, TeamRouting } from './routing/routing.entity.js';
import { CannedResponse } from './canned-responses/canned-response.entity.js';
import { Channel } from './channels/channel.entity.js';
import { ChannelSetting } from './channel-settings/channel-setting.entity.js';
import { Claim } from './claims/claim.entity.js';
import { Control } from './control/control.entity.js';
import { Conversation } from './conversations/conversation.entity.js';
import { StoredHeldMessage } from './approvals/held-message.entity.js';
import { Draft } from './drafts/draft.entity.js';
import { ConversationLabel, Label } from './labels/label.entity.js';
import { ApiKey, Member, Team, TeamMember } from './directory/directory.entity.js';
import { Message, StoredMessageVersion } from './messages/message.entity.js';
import { Macro } from './macros/macro.entity.js';
import { Mention } from './notes/mention.entity.js';
import { StoredNewsletter } from './newsletters/newsletter.entity.js';
import { Note } from './notes/note.entity.js';
import { Participant } from './participants/participant.entity.js';
import { ServiceLevelClock } from './service-levels/service-level.entity.js';
import { Survey } from './surveys/survey.entity.js';
import { Template } from './templates/template.entity.js';
import { Thread } from './threads/thread.entity.js';
import { View } from './views/view.entity.js';
import { ConsentText, StoredConsentRequest } from './consent-requests/consent-request.entity.js';
import { Consent } from './consents/consent.entity.js';
import { StoredOptOutQuestion } from './opt-outs/opt-out-question.entity.js';
import { OptOutText } from './opt-outs/opt-out-text.entity.js';
import { OptOutWord } from './opt-outs/opt-out-word.entity.js';

export const entities = [
  Consent,
  ConsentText,
  StoredConsentRequest,
  OptOutText,
  OptOutWord,
  StoredNewsletter,
  StoredOptOutQuestion,
  Thread,
  Conversation,
  Message,
  StoredMessageVersion,
  Activity,
  Channel,
  Template,
  ChannelSetting,
  ChannelBusinessHours,
  ServiceLevelClock,
  Survey,
  Label,
  ConversationLabel,
  Participant,
  ApiKey,
  Member,
  Team,
  TeamMember,
  Availability,
  TeamRouting,
  AgentCapacity,
  Note,
  Mention,
  Claim,
  Control,
  Draft,
  StoredHeldMessage,
  CannedResponse,
  Macro,
  View,
  BudgetStop,
  AllowanceEnd,
];
