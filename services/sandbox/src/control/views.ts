import type { Pair, Someone } from '../network.js';
import type { World } from '../world.js';

/** What the page shows, beside the messages themselves. */

export function overview(world: World) {
  const { numbers, network, scenarios, time, sender, config } = world;
  return {
    clock: { now: time.now().toISOString(), isFrozen: time.isFrozen },
    callbackUrl: numbers.app.callbackUrl ?? null,
    numbers: numbers.all().map((number) => ({
      phoneNumberId: number.phoneNumberId,
      displayPhoneNumber: number.displayPhoneNumber,
      wabaId: number.wabaId,
      verifiedName: number.verifiedName,
      about: number.profile.about ?? '',
      quality: number.quality,
      tier: number.tier,
      status: number.status,
    })),
    phones: network.people().slice(-500).map(phoneBody),
    scenarios: scenarios.active(),
    webhooks: sender.recent().slice(0, 50),
    hasLimits: config.hasLimits,
  };
}

export function phoneBody(person: Someone) {
  const { bsuid, parentBsuid, phone, name, username } = person;
  const { isOnline, readsAtOnce, hidesReading, hidesPhone, stoppedMarketing } = person;
  return {
    bsuid,
    parentBsuid,
    phone,
    name,
    username,
    isOnline,
    readsAtOnce,
    hidesReading,
    hidesPhone,
    stoppedMarketing,
  };
}

export function pairBody({ time, network }: World, pair: Pair) {
  const { number, bsuid, lastInboundAt, chat, conversations } = pair;
  const now = time.now();
  const entryPoint = conversations.find(
    ({ category, expiresAt }) => category === 'referral_conversion' && expiresAt > now,
  );
  return {
    phoneNumberId: number.phoneNumberId,
    isWindowOpen: network.isWindowOpen(number, { bsuid }),
    windowEndsAt: lastInboundAt === undefined ? null : new Date(lastInboundAt + 24 * 3_600_000).toISOString(),
    entryPointEndsAt: entryPoint?.expiresAt.toISOString() ?? null,
    messages: chat,
  };
}
