import type { TemplateStatus, FillableTemplate } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

/** A template as the send gate sees it. */
export interface KnownTemplate extends FillableTemplate {
  accountId: string;
  status: TemplateStatus;
}

const NEXT_STEPS: Readonly<Record<Exclude<TemplateStatus, 'APPROVED'>, string>> = {
  PENDING: 'WhatsApp still reviews this template. Choose another one, or wait for the approval.',
  IN_APPEAL: 'This template was rejected and is being reviewed once more. Choose another one, or wait.',
  REJECTED: 'WhatsApp has rejected this template. Choose another one, or have it changed and submitted again.',
  PAUSED:
    'WhatsApp has paused this template because customers did not like it. Choose another one, or wait some hours.',
  DISABLED: 'WhatsApp has switched this template off for good. Choose another one.',
  LIMIT_EXCEEDED:
    'The account has more templates than WhatsApp allows. Choose another one; an administrator can delete some.',
  ARCHIVED: 'This template is archived at WhatsApp. Choose another one, or have it restored there.',
  PENDING_DELETION: 'This template is being deleted. Choose another one.',
  DELETED: 'This template does not exist any more. Choose another one.',
  OTHER: 'WhatsApp does not let this template be sent now. Choose another one.',
};

/** Why the template cannot be sent whatever is put into it, and what to do; undefined if it can. */
export function whyUnusable(template: KnownTemplate | null | undefined): DomainError | undefined {
  if (!template) return undefined;
  const { status, definition } = template;
  if (status !== 'APPROVED') return templateNotUsable(status);
  if (!definition) return templateNotUsable(status, 'Fenster is still reading this template. Try again in a minute.');
  const [part] = definition.unknownParts;
  if (part === undefined) return undefined;
  return templateNotUsable(status, `This template has a part that Fenster cannot fill (${part}). Choose another one.`);
}

export function templateNotUsable(
  status: TemplateStatus,
  message = NEXT_STEPS[status === 'APPROVED' ? 'OTHER' : status],
): DomainError {
  return new DomainError('TEMPLATE_NOT_USABLE', message, { details: { templateStatus: status } });
}
