import { z } from 'zod';

/**
 * What a failure means for what comes next. `retry`: transient, was tried again a few times. `wait`: a limit, was held back.
 * `never`: this message cannot be sent. `opt_out`: the person stopped marketing. `window_closed`: only a template may be
 * sent. `channel_broken`: nothing can be sent until somebody repairs the account. `uncertain`: it may have been sent.
 */
export const FAILURE_CLASSES = [
  'retry',
  'wait',
  'never',
  'opt_out',
  'window_closed',
  'channel_broken',
  'uncertain',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Languages of texts for agents. */
export const AGENT_LOCALES = ['en', 'de'] as const;
export type AgentLocale = (typeof AGENT_LOCALES)[number];

interface Failure {
  class: FailureClass;
  /** What is wrong, and what agents can do. True of a message that has failed for good: nobody reads it before. */
  texts: Record<AgentLocale, { title: string; text: string }>;
}

function failure(
  type: FailureClass,
  en: readonly [title: string, text: string],
  de: readonly [title: string, text: string],
): Failure {
  return { class: type, texts: { en: { title: en[0], text: en[1] }, de: { title: de[0], text: de[1] } } };
}

/** Why messages fail, in terms of no provider: adapters say which of their codes means what. */
export const DELIVERY_FAILURES = {
  temporary_problem: failure(
    'retry',
    ['Temporary problem', 'The provider had a temporary problem and did not take the message. Send it again.'],
    ['Vorübergehende Störung', 'Der Anbieter war gestört und hat die Nachricht nicht angenommen. Bitte erneut senden.'],
  ),
  account_busy: failure(
    'wait',
    ['Account limit', 'This account sent as much as its provider allows at a time. Send the message again later.'],
    [
      'Grenze des Kontos',
      'Dieses Konto hat so viel gesendet, wie der Anbieter auf einmal erlaubt. Bitte später erneut senden.',
    ],
  ),
  number_busy: failure(
    'wait',
    ['Number limit', 'This number sent as much as its provider allows at a time. Send the message again later.'],
    [
      'Grenze der Nummer',
      'Diese Nummer hat so viel gesendet, wie der Anbieter auf einmal erlaubt. Bitte später erneut senden.',
    ],
  ),
  person_busy: failure(
    'wait',
    [
      'Too many messages to this person',
      'Too many messages went to this person in a short time. Send the message again later.',
    ],
    [
      'Zu viele Nachrichten an diese Person',
      'An diese Person gingen in kurzer Zeit zu viele Nachrichten. Bitte später erneut senden.',
    ],
  ),
  window_closed: failure(
    'window_closed',
    ['Window closed', 'The 24-hour window is closed: only a template can be sent now.'],
    ['Fenster geschlossen', 'Das 24-Stunden-Fenster ist geschlossen: Jetzt kann nur eine Vorlage gesendet werden.'],
  ),
  marketing_stopped: failure(
    'opt_out',
    ['Marketing stopped', 'This person has stopped marketing messages from this business.'],
    ['Werbung abbestellt', 'Diese Person hat Werbenachrichten dieses Unternehmens abbestellt.'],
  ),
  opted_out: failure(
    'never',
    ['Opted out', 'The customer ended marketing before this message left, so it was not sent.'],
    ['Abgemeldet', 'Der Kunde hat Werbung abbestellt, bevor diese Nachricht gesendet war: Sie wurde nicht gesendet.'],
  ),
  newsletter_stopped: failure(
    'never',
    ['Newsletter stopped', 'The newsletter was paused or cancelled before this message left, so it was not sent.'],
    [
      'Newsletter angehalten',
      'Der Newsletter wurde angehalten oder abgebrochen, bevor diese Nachricht gesendet war: Sie wurde nicht gesendet.',
    ],
  ),
  undeliverable: failure(
    'never',
    [
      'Cannot be delivered',
      'The message cannot be delivered: not on WhatsApp, an old app, or terms not accepted. Try another way.',
    ],
    [
      'Nicht zustellbar',
      'Die Nachricht ist nicht zustellbar: nicht bei WhatsApp, veraltete App oder Bedingungen nicht angenommen. Bitte einen anderen Weg wählen.',
    ],
  ),
  messages_stopped: failure(
    'opt_out',
    ['Messages stopped', 'This person has stopped all messages from this number. Reach them another way.'],
    [
      'Nachrichten abbestellt',
      'Diese Person hat alle Nachrichten dieser Nummer abbestellt. Bitte einen anderen Weg wählen.',
    ],
  ),
  recipient_not_reachable: failure(
    'never',
    [
      'Recipient cannot be reached',
      'The message cannot be delivered there: it does not exist, is switched off, or takes no such messages. Check it, or try another way.',
    ],
    [
      'Empfänger nicht erreichbar',
      'Die Nachricht ist dort nicht zustellbar: Es gibt ihn nicht, er ist ausgeschaltet oder nimmt solche Nachrichten nicht an. Bitte prüfen oder einen anderen Weg wählen.',
    ],
  ),
  identity_key_changed: failure(
    'never',
    [
      'Key has changed',
      'The key of this person is another one than before: it may be somebody else. Nothing is sent until an administrator has checked it.',
    ],
    [
      'Schlüssel hat sich geändert',
      'Der Schlüssel dieser Person ist ein anderer als bisher: Es könnte jemand anders sein. Nichts wird gesendet, bis die Administration es geprüft hat.',
    ],
  ),
  marketing_held_back: failure(
    'never',
    [
      'Marketing held back',
      'WhatsApp held this marketing message back for this person; do not send again within 24 hours.',
    ],
    [
      'Werbung zurückgehalten',
      'WhatsApp hat diese Werbenachricht für diese Person zurückgehalten. Nicht vor Ablauf von 24 Stunden erneut senden.',
    ],
  ),
  experiment: failure(
    'never',
    [
      'Person in an experiment',
      'WhatsApp does not deliver marketing to this person at present (an experiment of Meta).',
    ],
    ['Person in einem Versuch', 'WhatsApp stellt dieser Person derzeit keine Werbung zu (ein Versuch von Meta).'],
  ),
  sent_to_itself: failure(
    'never',
    ['Sent to itself', 'The recipient is the sending number itself.'],
    ['An sich selbst', 'Empfänger ist die sendende Nummer selbst.'],
  ),
  country_not_allowed: failure(
    'never',
    ['Country not allowed', 'This account may not send to the country of this person.'],
    ['Land nicht erlaubt', 'Dieses Konto darf nicht in das Land dieser Person senden.'],
  ),
  blocked_by_business: failure(
    'never',
    ['Person is blocked', 'This person is blocked by the business.'],
    ['Person ist gesperrt', 'Diese Person ist vom Unternehmen gesperrt.'],
  ),
  phone_needed: failure(
    'never',
    ['Phone number needed', 'This message needs the phone number of the person, which is not known. Ask for it.'],
    [
      'Telefonnummer nötig',
      'Diese Nachricht braucht die Telefonnummer der Person, die nicht bekannt ist. Bitte danach fragen.',
    ],
  ),
  price_limited_template: failure(
    'never',
    ['Template with a maximum price', 'This template has a maximum price and must be sent as a marketing message.'],
    ['Vorlage mit Höchstpreis', 'Diese Vorlage hat einen Höchstpreis und muss als Werbenachricht gesendet werden.'],
  ),
  marketing_off: failure(
    'never',
    ['Marketing not possible', 'This account may not send this marketing message over this interface.'],
    ['Werbung nicht möglich', 'Dieses Konto darf diese Werbenachricht nicht über diese Schnittstelle senden.'],
  ),
  kind_not_supported: failure(
    'never',
    ['Not supported', 'This channel does not support this kind of message.'],
    ['Nicht unterstützt', 'Dieser Kanal unterstützt diese Art von Nachricht nicht.'],
  ),
  file_not_fetched: failure(
    'never',
    ['File not fetched', 'The file of the customer could not be fetched. Ask them to send it again.'],
    [
      'Datei nicht geladen',
      'Die Datei der Kundin oder des Kunden konnte nicht geladen werden. Bitte erneut schicken lassen.',
    ],
  ),
  file_not_uploaded: failure(
    'never',
    ['File not uploaded', 'The file could not be uploaded to the provider. Check its kind and size.'],
    ['Datei nicht hochgeladen', 'Die Datei konnte nicht zum Anbieter hochgeladen werden. Bitte Art und Größe prüfen.'],
  ),
  already_verified: failure(
    'never',
    ['Already verified', 'The number is already verified.'],
    ['Bereits bestätigt', 'Die Nummer ist bereits bestätigt.'],
  ),
  malformed: failure(
    'never',
    ['Refused as malformed', 'The provider refused the message: a part of it is missing or not valid.'],
    ['Als fehlerhaft abgelehnt', 'Der Anbieter hat die Nachricht abgelehnt: Ein Teil fehlt oder ist ungültig.'],
  ),
  template_not_usable: failure(
    'never',
    ['Template cannot be used', 'The template is missing, not approved, or its parameters do not fit.'],
    ['Vorlage nicht verwendbar', 'Die Vorlage fehlt, ist nicht freigegeben oder ihre Angaben passen nicht.'],
  ),
  template_paused: failure(
    'wait',
    ['Template is paused', 'WhatsApp has paused this template. Choose another one, or send the message later.'],
    ['Vorlage pausiert', 'WhatsApp hat diese Vorlage pausiert. Bitte eine andere wählen oder später senden.'],
  ),
  payment_problem: failure(
    'channel_broken',
    [
      'Payment problem',
      'The provider does not accept the payment method of the account; an administrator must check it.',
    ],
    ['Zahlungsproblem', 'Der Anbieter nimmt die Zahlungsart des Kontos nicht an; die Administration muss sie prüfen.'],
  ),
  number_restricted: failure(
    'channel_broken',
    [
      'Number is restricted',
      'The provider has restricted this number because of its quality; an administrator must check it.',
    ],
    [
      'Nummer eingeschränkt',
      'Der Anbieter hat diese Nummer wegen ihrer Qualität eingeschränkt; die Administration muss sie prüfen.',
    ],
  ),
  name_not_approved: failure(
    'channel_broken',
    ['Name not approved', 'The display name of this number is not approved yet.'],
    ['Name nicht freigegeben', 'Der Anzeigename dieser Nummer ist noch nicht freigegeben.'],
  ),
  number_gone: failure(
    'channel_broken',
    ['Number is gone', 'This number no longer exists at its provider.'],
    ['Nummer gelöscht', 'Diese Nummer gibt es beim Anbieter nicht mehr.'],
  ),
  not_permitted: failure(
    'channel_broken',
    ['Number may not send', 'This number is not allowed to send; an administrator must check the account.'],
    ['Nummer darf nicht senden', 'Diese Nummer darf nicht senden; die Administration muss das Konto prüfen.'],
  ),
  access_expired: failure(
    'channel_broken',
    ['Access has expired', 'The access of this number has expired; an administrator must renew it.'],
    ['Zugang abgelaufen', 'Der Zugang dieser Nummer ist abgelaufen; die Administration muss ihn erneuern.'],
  ),
  not_registered: failure(
    'channel_broken',
    ['Number not registered', 'This number is not registered with its provider; an administrator must check it.'],
    ['Nummer nicht angemeldet', 'Diese Nummer ist beim Anbieter nicht angemeldet; die Administration muss sie prüfen.'],
  ),
  wrong_address: failure(
    'channel_broken',
    ['Wrong provider address', 'The address of the provider is wrong; an administrator must check the channel.'],
    ['Falsche Anbieteradresse', 'Die Adresse des Anbieters ist falsch; die Administration muss den Kanal prüfen.'],
  ),
  unreachable: failure(
    'wait',
    ['Provider not reached', 'The provider could not be reached for a day; the message was not sent. Send it again.'],
    [
      'Anbieter nicht erreicht',
      'Der Anbieter war einen Tag lang nicht erreichbar; die Nachricht wurde nicht gesendet. Bitte erneut senden.',
    ],
  ),
  unconfirmed: failure(
    'uncertain',
    [
      'Not confirmed',
      'Nobody can say whether this message was sent. Look at the chat, then send it again or take it as sent.',
    ],
    [
      'Nicht bestätigt',
      'Niemand kann sagen, ob diese Nachricht gesendet wurde. Bitte im Chat nachsehen, dann erneut senden oder als gesendet gelten lassen.',
    ],
  ),
  unknown_channel: failure(
    'channel_broken',
    ['Number not connected', 'The number that should send this message is not connected.'],
    ['Nummer nicht verbunden', 'Die Nummer, die diese Nachricht senden soll, ist nicht verbunden.'],
  ),
  no_address: failure(
    'never',
    ['No address', 'Neither the phone number nor the user id of this person is known.'],
    ['Keine Adresse', 'Weder Telefonnummer noch Kennung dieser Person sind bekannt.'],
  ),
  unreadable: failure(
    'never',
    ['Cannot be opened', 'The stored message cannot be opened: an administrator must check the secret key.'],
    [
      'Nicht lesbar',
      'Die gespeicherte Nachricht lässt sich nicht öffnen; die Administration muss den geheimen Schlüssel prüfen.',
    ],
  ),
  file_gone: failure(
    'never',
    ['File is gone', 'The file of this message is not there any more. Upload it again.'],
    ['Datei fehlt', 'Die Datei dieser Nachricht ist nicht mehr da. Bitte erneut hochladen.'],
  ),
  refused: failure(
    'never',
    ['Refused', 'The provider refused the message without a reason that Fenster knows.'],
    ['Abgelehnt', 'Der Anbieter hat die Nachricht aus einem Grund abgelehnt, den Fenster nicht kennt.'],
  ),
} as const satisfies Record<string, Failure>;

export type FailureReason = keyof typeof DELIVERY_FAILURES;
export const FAILURE_REASONS = Object.keys(DELIVERY_FAILURES) as [FailureReason, ...FailureReason[]];

/** An adapter of a later version may know more: what we do not know is a refusal. */
export const failureReason = z.enum(FAILURE_REASONS).catch('refused');

export function failureClass(reason: FailureReason): FailureClass {
  return DELIVERY_FAILURES[reason].class;
}

/** For agents, in their language. */
export function failureText(reason: FailureReason, locale: AgentLocale): { title: string; text: string } {
  return DELIVERY_FAILURES[reason].texts[locale];
}
