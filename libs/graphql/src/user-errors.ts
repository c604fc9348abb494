import { createUnionType, Directive, Field, InterfaceType, ObjectType, type ClassType } from 'type-graphql';
import { DomainError } from '@fenster/runtime';

/** An expected refusal, as data: what a client can branch on and show. */
@InterfaceType({ description: 'An expected refusal: nothing was changed.', autoRegisterImplementations: false })
export abstract class UserError {
  @Field(() => String, { description: 'Stable, for programs.' })
  code!: string;

  @Field(() => String, { description: 'For people: what is wrong and what to do next.' })
  message!: string;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'The input breaks a documented limit.' })
export class InvalidInput extends UserError {
  @Field(() => String, { nullable: true, description: 'The input field at fault.' })
  field?: string;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'It does not exist, or you may not see it.' })
export class NotFound extends UserError {
  @Field(() => String, { nullable: true, description: 'The input field that names it, where there are several.' })
  field?: string;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'Your API key does not allow this action, or not with this.' })
export class Forbidden extends UserError {}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'This idempotency key was used before with other input.' })
export class IdempotencyConflict extends UserError {}

@Directive('@shareable')
@ObjectType({
  implements: UserError,
  description: 'A note is its author’s; others may delete it with conversation:manage, or contact:manage.',
})
export class NotTheAuthor extends UserError {}

@Directive('@shareable')
@ObjectType({
  implements: UserError,
  description:
    'Of what a budget holds: whoever wrote it cannot approve or decline it, and nobody else can withdraw it.',
})
export class NotYoursToDecide extends UserError {}

const TYPES_BY_CODE = new Map<string, ClassType<UserError>>([
  ['INVALID_INPUT', InvalidInput],
  ['NOT_FOUND', NotFound],
  ['BEYOND_API_KEY', Forbidden],
  ['IDEMPOTENCY_CONFLICT', IdempotencyConflict],
  ['NOT_THE_AUTHOR', NotTheAuthor],
  ['NOT_YOURS_TO_DECIDE', NotYoursToDecide],
]);

/** Makes a service's own refusal known: DomainErrors with one of these codes become this type. */
export function registerUserError(type: ClassType<UserError>, ...codes: string[]): void {
  for (const code of codes) TYPES_BY_CODE.set(code, type);
}

const REFUSAL = Symbol('refusal');

/** What a mutation resolves to: its object, or a refusal that `resultUnion` shows as one of its members. */
export async function asResult<T extends object>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DomainError) || !TYPES_BY_CODE.has(error.code)) throw error;
    const { code, message, field, details } = error;
    return { ...details, [REFUSAL]: TYPES_BY_CODE.get(code), code, message, field } as unknown as T;
  }
}

/** The union of a mutation's object and the refusals it may answer with. A refusal outside the union is thrown. */
export function resultUnion<T extends object>(
  name: string,
  type: ClassType<T>,
  refusals: readonly ClassType<UserError>[],
  /** Another object that it may answer with, where it did something else that was wanted. */
  also?: { type: ClassType<object>; is: (value: object) => boolean },
) {
  return createUnionType({
    name,
    types: () => [type, ...(also ? [also.type] : []), ...refusals] as const,
    resolveType: (value: object) => {
      const refusal = (value as { [REFUSAL]?: ClassType<UserError> })[REFUSAL];
      if (!refusal) return also?.is(value) ? also.type : type;
      if (!refusals.includes(refusal)) throw new Error(`${name} has no member for ${refusal.name}.`);
      return refusal;
    },
  });
}
