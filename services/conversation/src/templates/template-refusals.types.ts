import { templateStatus, type TemplateStatus } from '@fenster/contracts';
import { enumOf, registerUserError, UserError } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';

const TemplateStatusEnum = enumOf(templateStatus.options, {
  name: 'TemplateStatus',
  description: 'Only APPROVED templates can be sent. OTHER: what WhatsApp made up since.',
});

@ObjectType({
  implements: UserError,
  description: 'This template cannot be sent now, whatever is put into it; the message says what to do.',
})
export class TemplateNotUsable extends UserError {
  @Field(() => TemplateStatusEnum)
  templateStatus!: TemplateStatus;
}

@ObjectType({
  implements: UserError,
  description: 'WhatsApp sends one-time passwords to phone numbers only, and the number of this person is not known.',
})
export class PhoneNeeded extends UserError {}

@ObjectType({
  implements: UserError,
  description: 'This person has said that they do not want messages of this purpose.',
})
export class OptedOut extends UserError {
  @Field(() => String)
  purpose!: string;
}

registerUserError(TemplateNotUsable, 'TEMPLATE_NOT_USABLE');
registerUserError(PhoneNeeded, 'PHONE_NEEDED');
registerUserError(OptedOut, 'OPTED_OUT');
