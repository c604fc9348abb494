/** The providers that carry messages. */
export const CHANNEL_KINDS = ['WHATSAPP_CLOUD', 'WHATSAPP_360DIALOG', 'TWILIO_SMS', 'THREEMA'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];
