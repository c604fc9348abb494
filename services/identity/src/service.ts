import { createTokenVerifier } from '@fenster/auth';
import {
  accessTracedConsumer,
  createErasureCleaner,
  createRenewal,
  createRetentionWorker,
  personTracedConsumer,
  retentionOrdersConsumer,
  rowsErasedConsumer,
} from '@fenster/database';
import { createSubgraphService, type Infrastructure, type Overrides, type SubgraphOptions } from '@fenster/graphql';
import { newId, sendJson, type Service } from '@fenster/runtime';
import { createApiKeyTokenRoute } from './api-keys/api-key-token.route.js';
import { ApiKeyResolver } from './api-keys/api-key.resolver.js';
import { auditEntriesConsumers } from './audit/audit-entries.consumer.js';
import { AuditLogResolver } from './audit/audit-log.resolver.js';
import { channelsConsumer } from './channels/channels.consumer.js';
import type { IdentityConfig } from './config.js';
import type { IdentityApp } from './context.js';
import { createDemoWorkspace, type DemoInput, type DemoWorkspace } from './demo.js';
import { directoryRenewal } from './directory/directory-renewal.js';
import { entities } from './entities.js';
import { findPerson } from './access-requests/find-person.js';
import { personData } from './erasures/keep-audit-entries.js';
import { invitationToken } from './members/invitation.js';
import { MemberResolver, resolveMember } from './members/member.resolver.js';
import { createPasswordVerifier } from './members/password.js';
import { migrations } from './migrations.js';
import { auditLogStep } from './retention/prune-audit-log.js';
import { RoleResolver } from './roles/role.resolver.js';
import { DeviceSessionResolver } from './sessions/device-session.resolver.js';
import { SessionResolver } from './sessions/session.resolver.js';
import { createOidc } from './oidc/oidc.js';
import { OidcIssuerResolver } from './oidc/oidc-issuer.resolver.js';
import { createSignInThrottle } from './sign-in-throttle/sign-in-throttle.js';
import { createKeyRing, type KeyRing } from './signing-keys/key-ring.js';
import { MemberTeamsResolver, resolveTeam, TeamResolver } from './teams/team.resolver.js';
import { resolveWorkspace, WorkspaceResolver } from './workspaces/workspace.resolver.js';

export const subgraph: SubgraphOptions = {
  resolvers: [
    ApiKeyResolver,
    AuditLogResolver,
    MemberResolver,
    MemberTeamsResolver,
    TeamResolver,
    RoleResolver,
    OidcIssuerResolver,
    SessionResolver,
    DeviceSessionResolver,
    WorkspaceResolver,
  ],
  references: {
    Member: { permission: 'signed-in', resolve: resolveMember },
    Team: { permission: 'signed-in', resolve: resolveTeam },
    Workspace: { permission: 'workspace:read', resolve: resolveWorkspace },
  },
};

export interface IdentityService extends Service {
  /** For the local deployment: one workspace with a member of each role. May be called before `start`, and again. */
  seedDemo(input: DemoInput): Promise<DemoWorkspace>;
  /** Adds a signing key; tokens of the older ones stay valid until they expire. */
  rotateSigningKey(): Promise<void>;
}

export async function createIdentityService(
  config: IdentityConfig,
  overrides: Overrides = {},
): Promise<IdentityService> {
  let infrastructure!: Infrastructure;
  let keyRing!: KeyRing;
  let wakeErasures = () => {};
  let wakeRetention = () => {};
  const service = await createSubgraphService<IdentityApp>({
    name: 'identity',
    // Never asked: the verifier below has the key set itself.
    config: { ...config, JWKS_URL: '' },
    overrides,
    entities,
    migrations,
    consumers: [
      ...auditEntriesConsumers,
      channelsConsumer,
      personTracedConsumer('identity', personData),
      rowsErasedConsumer('identity', () => wakeErasures()),
      retentionOrdersConsumer('identity', () => wakeRetention()),
      accessTracedConsumer('identity', findPerson),
    ],
    subgraph,
    async build(built) {
      infrastructure = built;
      const origin = { actor: { kind: 'system', id: 'identity' }, correlationId: newId() } as const;
      const ctx = { ...infrastructure, origin };
      keyRing = createKeyRing(ctx, config.SECRET_KEY);
      const renewal = createRenewal(ctx, directoryRenewal);
      const erasures = createErasureCleaner({ service: 'identity', ctx, connection: built.connection });
      wakeErasures = erasures.wake;
      const retention = createRetentionWorker({ service: 'identity', ctx, steps: [auditLogStep] });
      wakeRetention = retention.wake;
      return {
        app: {
          keyRing,
          isPassword: await createPasswordVerifier(),
          invitationToken: (memberId) => invitationToken(config.SECRET_KEY, memberId),
          signInThrottle: createSignInThrottle(ctx, config.SECRET_KEY),
          oidc: createOidc({ ...infrastructure, allowLoopback: config.OIDC_ALLOW_LOOPBACK }),
          accessTokenSeconds: config.ACCESS_TOKEN_SECONDS,
          sessionDays: config.SESSION_DAYS,
        },
        verifier: createTokenVerifier({ jwks: () => keyRing.publicKeys(), now: infrastructure.now }),
        routes: {
          'POST /internal/api-key-token': createApiKeyTokenRoute({
            ctx,
            keyRing,
            tokenSeconds: config.API_KEY_TOKEN_SECONDS,
          }),
          'GET /.well-known/jwks.json': async (_request, response) => {
            response.setHeader('cache-control', 'public, max-age=60');
            sendJson(response, 200, await keyRing.publicKeys());
          },
        },
        async start() {
          await keyRing.ensureKey();
          renewal.start();
          erasures.start();
          retention.start();
        },
        async stop() {
          await Promise.all([renewal.stop(), erasures.stop(), retention.stop()]);
        },
      };
    },
  });
  return Object.assign(service, {
    seedDemo: (input: DemoInput) => createDemoWorkspace(infrastructure, input),
    rotateSigningKey: () => keyRing.rotate(),
  });
}
