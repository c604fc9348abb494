import type { BusinessNumber, Config } from './config.js';
import type { Tier, THROUGHPUT } from './rules/limits.js';

/** What a business can say about itself (`/{number}/whatsapp_business_profile`). */
export interface BusinessProfile {
  about?: string;
  address?: string;
  description?: string;
  email?: string;
  websites?: string[];
  vertical?: string;
  profile_picture_url?: string;
}

export interface CallbackOverride {
  url: string;
  /** Of Meta’s handshake; 360dialog has none. */
  verifyToken?: string;
  /** Sent along with every webhook. */
  headers?: Readonly<Record<string, string>>;
}

export interface PhoneNumber extends BusinessNumber {
  verifiedName: string;
  quality: 'GREEN' | 'YELLOW' | 'RED' | 'NA';
  nameStatus: string;
  status: 'CONNECTED' | 'DISCONNECTED' | 'FLAGGED' | 'RESTRICTED' | 'BANNED' | 'PENDING';
  tier: Tier;
  throughput: keyof typeof THROUGHPUT;
  username?: string;
  pin?: string;
  storageRegion?: string;
  profile: BusinessProfile;
  override?: CallbackOverride;
}

/** A WhatsApp Business Account. */
export interface Account {
  id: string;
  name: string;
  timeZone: string;
  currency: string;
  isSubscribed: boolean;
  override?: CallbackOverride;
}

/** The app that gets the webhooks. */
export interface App {
  id: string;
  secret: string;
  callbackUrl?: string;
  verifyToken?: string;
  /** Undefined: all. */
  fields?: readonly string[];
}

export interface Numbers {
  app: App;
  get(phoneNumberId: string): PhoneNumber | undefined;
  all(): PhoneNumber[];
  account(wabaId: string): Account | undefined;
  numbersOf(wabaId: string): PhoneNumber[];
}

export function createNumbers(config: Config): Numbers {
  const numbers = new Map(config.numbers.map((number) => [number.phoneNumberId, newNumber(number, config)]));
  const accounts = new Map(
    config.numbers.map(({ wabaId }): [string, Account] => [
      wabaId,
      { id: wabaId, name: 'Sandbox', timeZone: config.timeZone, currency: config.currency, isSubscribed: true },
    ]),
  );
  return {
    app: {
      id: config.appId,
      secret: config.appSecret,
      ...(config.callbackUrl !== undefined && { callbackUrl: config.callbackUrl }),
      ...(config.verifyToken !== undefined && { verifyToken: config.verifyToken }),
    },
    get: (id) => numbers.get(id),
    all: () => [...numbers.values()],
    account: (id) => accounts.get(id),
    numbersOf: (wabaId) => [...numbers.values()].filter((number) => number.wabaId === wabaId),
  };
}

function newNumber(number: BusinessNumber, { messagingTier }: Config): PhoneNumber {
  return {
    ...number,
    verifiedName: number.name ?? 'Sandbox',
    quality: 'GREEN',
    nameStatus: 'APPROVED',
    status: 'CONNECTED',
    tier: messagingTier,
    throughput: 'STANDARD',
    profile: { about: 'Hey there! I am using WhatsApp.', vertical: 'OTHER' },
  };
}

/** A number as the Graph API tells it. */
export function numberBody(number: PhoneNumber): Record<string, unknown> {
  return {
    id: number.phoneNumberId,
    display_phone_number: `+${number.displayPhoneNumber}`,
    verified_name: number.verifiedName,
    quality_rating: number.quality,
    quality_score: { score: number.quality },
    name_status: number.nameStatus,
    status: number.status,
    code_verification_status: 'VERIFIED',
    platform_type: 'CLOUD_API',
    account_mode: 'LIVE',
    messaging_limit_tier: number.tier,
    whatsapp_business_manager_messaging_limit: number.tier,
    throughput: { level: number.throughput },
    is_official_business_account: false,
    is_pin_enabled: number.pin !== undefined,
    is_on_biz_app: false,
    username: number.username,
    health_status: { can_send_message: number.status === 'CONNECTED' ? 'AVAILABLE' : 'BLOCKED' },
    webhook_configuration: { ...(number.override && { phone_number: number.override.url }) },
  };
}
