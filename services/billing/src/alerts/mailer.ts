import { createTransport } from 'nodemailer';
import type { Outcome } from './delivery.rule.js';

export interface Mail {
  /** The same at each attempt. */
  id: string;
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  send(mail: Mail): Promise<Outcome>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** From here on an answer of SMTP is for good. */
const PERMANENT = 500;

/** Sends over a server that takes mail in; `from` as in `Fenster <fenster@example.com>`. */
export function createMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ id, to, subject, text }) {
      try {
        await transport.sendMail({
          messageId: `<${id}@fenster>`,
          from,
          to: { name: '', address: to },
          subject,
          text,
          // No answer by a machine is wanted (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return { isDelivered: true };
      } catch (error) {
        const { code = 'UNREACHABLE', responseCode } = error as { code?: string; responseCode?: number };
        const problem = responseCode === undefined ? code : `${code}_${responseCode}`;
        // The server knows no such recipient. What it says of us, such as a wrong password, somebody can repair.
        const isFinal = code === 'EENVELOPE' && responseCode !== undefined && responseCode >= PERMANENT;
        return { isDelivered: false, problem, isFinal };
      }
    },
    close: () => transport.close(),
  };
}
