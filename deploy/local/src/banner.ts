import { DEMO_NUMBER } from './services.js';
import type { Stack } from './stack.js';

/** What somebody needs to know who has just started Fenster for the first time. */
export function banner({ graphqlUrl, webhookUrl, sandboxUrl, demo, deployment }: Stack): string {
  const width = Math.max(...demo.members.map((member) => member.email.length));
  const logins = demo.members.map(
    ({ email, password, name, role }) => `    ${email.padEnd(width)}  ${password}  ${name}, ${role}`,
  );
  return `
Fenster is running. Ctrl-C stops it; npm run reset removes its data.

  GraphQL (HTTP and WebSocket)   ${graphqlUrl}
  GraphQL page                   ${graphqlUrl}   in a browser
  Webhooks                       ${webhookUrl}
  Phones of the sandbox          ${sandboxUrl}/   in a browser: type as a customer

  Logins of the workspace "Fenster Demo":
${logins.join('\n')}

  A customer writes (signed with the app secret, as Meta does it):
    node services/sandbox/dist/send-webhook.js --url ${webhookUrl} \\
      --secret ${deployment.secrets.appSecret} --phone-number-id ${DEMO_NUMBER.phoneNumberId} --from +4915112345678 --text "Hallo"

  The tour in README.md takes five minutes from here.
`;
}
