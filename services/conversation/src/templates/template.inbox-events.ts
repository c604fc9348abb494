import { templateCategoryTold, type TemplateCategory } from '@fenster/contracts';
import { DateTime, enumOf } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';
import { InboxEvent, tell } from '../inbox/inbox-event.js';
import { TemplateCategoryEnum, TemplateReference } from '../messages/message-content.types.js';

const PhaseEnum = enumOf(['ANNOUNCED', 'DONE'], { name: 'TemplateCategoryPhase' });

@ObjectType({
  implements: InboxEvent,
  description:
    'The provider puts a template into another category, or has announced it: what it costs, and which consent it needs, changes.',
})
export class TemplateCategoryChanged extends InboxEvent {
  @Field(() => TemplateReference, { nullable: true, description: 'Null without the permission channel:read.' })
  template!: TemplateReference | null;

  @Field(() => TemplateCategoryEnum)
  fromCategory!: TemplateCategory;

  @Field(() => TemplateCategoryEnum)
  toCategory!: TemplateCategory;

  @Field(() => PhaseEnum)
  phase!: keyof typeof PhaseEnum;

  @Field(() => DateTime, { nullable: true, description: 'When it is so, or since when; null if nobody said.' })
  effectiveAt!: Date | null;
}

export const templateTellings = [
  tell(templateCategoryTold, TemplateCategoryChanged, ({ templateId: id, from, to, phase, effectiveAt }) => ({
    says: {
      template: { id },
      fromCategory: from,
      toCategory: to,
      phase,
      effectiveAt: effectiveAt === undefined ? null : new Date(effectiveAt),
    },
  })),
];
