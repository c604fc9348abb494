import { DateTime, enumOf } from '@fenster/graphql';
import { Field, Int, ObjectType } from 'type-graphql';
import { WINDOW_KINDS, type WindowChange, type WindowKind } from './service-window.js';

export const WindowKindEnum = enumOf(WINDOW_KINDS, {
  name: 'ServiceWindowKind',
  description:
    'CUSTOMER_SERVICE lets free-form replies through, for 24 hours after a customer message. FREE_ENTRY_POINT, after a click on an ad, makes what is sent free of charge; it lets nothing more through.',
});
const WindowChangeEnum = enumOf(['opened', 'extended', 'closing', 'closed'], { name: 'ServiceWindowChangeKind' });

@ObjectType('ServiceWindow', {
  description: 'What may be sent to the customer for how long. It is data of the thread.',
})
export class ServiceWindowType {
  @Field(() => WindowKindEnum)
  kind!: WindowKind;

  @Field(() => Boolean, { description: 'At the time of the answer.' })
  isOpen!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'Null if the customer never wrote.' })
  openedAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Null if the customer never wrote. In the past once it is over.',
  })
  expiresAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'From the time of the answer; null when it is not open.' })
  closesInSeconds!: number | null;

  openedBy!: string | null;
}

@ObjectType('ServiceWindowChange', { description: 'What became of a window.' })
export class ServiceWindowChangeType {
  @Field(() => WindowKindEnum)
  kind!: WindowKind;

  @Field(() => WindowChangeEnum)
  change!: WindowChange | 'closing' | 'closed';

  @Field(() => DateTime)
  expiresAt!: Date;
}

export function toServiceWindow(
  window: { kind: WindowKind; openedAt: Date | null; expiresAt: Date | null; openedBy: string | null },
  now: Date,
): ServiceWindowType {
  const leftMs = (window.expiresAt?.getTime() ?? 0) - now.getTime();
  return { ...window, isOpen: leftMs > 0, closesInSeconds: leftMs > 0 ? Math.ceil(leftMs / 1_000) : null };
}
