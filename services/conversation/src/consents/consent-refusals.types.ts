import { consentState, type ConsentState } from '@fenster/contracts';
import { enumOf, registerUserError, UserError } from '@fenster/graphql';
import { Field, ObjectType } from 'type-graphql';

const ConsentStateEnum = enumOf(consentState.options, {
  name: 'ConsentState',
  description:
    'UNKNOWN came from elsewhere without proof, or is that of a former number. REQUESTED: asked, and not answered yet. EXPIRED: asked, and not answered in time. PLATFORM_STOPPED: stopped in WhatsApp, where only the person can change that. Nothing but CONFIRMED allows marketing.',
});

@ObjectType({
  implements: UserError,
  description:
    'Nothing of this purpose may be sent without consent, and this person has not given it for this address.',
})
export class ConsentMissing extends UserError {
  @Field(() => String)
  purpose!: string;

  @Field(() => ConsentStateEnum, { nullable: true, description: 'Null if nobody ever asked.' })
  consent!: ConsentState | null;
}

@ObjectType({
  implements: UserError,
  description:
    'A marketing template has to tell how to end marketing: in the footer (“Reply STOP to opt out”), in its text, or on a button.',
})
export class OptOutHintMissing extends UserError {}

registerUserError(ConsentMissing, 'CONSENT_MISSING');
registerUserError(OptOutHintMissing, 'OPT_OUT_HINT_MISSING');
