import type {
  ParameterFormat,
  TemplateCategory,
  TemplateDefinition,
  TemplateQuality,
  TemplateStatus,
} from '@fenster/contracts';
import type { TemplateRejection } from '../providers/provider.js';

/** What is known of a template; each fact as of its latest news. */
export interface TemplateState {
  providerTemplateId: string | null;
  status: TemplateStatus;
  rejection: TemplateRejection | null;
  statusAsOf: Date | null;
  category: TemplateCategory;
  previousCategory: TemplateCategory | null;
  categoryAsOf: Date | null;
  announcedCategory: TemplateCategory | null;
  /** When it will be that. */
  announcedFor: Date | null;
  announcementAsOf: Date | null;
  quality: TemplateQuality;
  qualityAsOf: Date | null;
  parameterFormat: ParameterFormat;
  /** Null until it was read from the provider. */
  definition: TemplateDefinition | null;
  timeToLiveSeconds: number | null;
  definitionAsOf: Date | null;
  /** Of what Fenster submitted last. */
  submissionHash: string | null;
}

/** A template of an account, in one language. */
export interface Template extends TemplateState {
  workspaceId: string;
  id: string;
  accountId: string;
  name: string;
  language: string;
  createdAt: Date;
  changedAt: Date;
}

/** A template that somebody has mentioned, and nobody has told anything of. */
export const UNTOLD: TemplateState = {
  providerTemplateId: null,
  status: 'OTHER',
  rejection: null,
  statusAsOf: null,
  category: 'OTHER',
  previousCategory: null,
  categoryAsOf: null,
  announcedCategory: null,
  announcedFor: null,
  announcementAsOf: null,
  quality: 'UNKNOWN',
  qualityAsOf: null,
  parameterFormat: 'POSITIONAL',
  definition: null,
  timeToLiveSeconds: null,
  definitionAsOf: null,
  submissionHash: null,
};
