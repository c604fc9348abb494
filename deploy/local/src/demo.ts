import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ChannelsService } from '@fenster/channels';
import { DEMO_WORKSPACE, type IdentityService } from '@fenster/identity';
import type { Environment, Service } from '@fenster/runtime';
import {
  DEMO_APP_ID,
  DEMO_NUMBER,
  entryPoint,
  environmentOf,
  urlOf,
  type Deployment,
  type ServiceName,
} from './services.js';

export interface Demo {
  workspaceId: string;
  channelId: string;
  members: { id: string; name: string; role: string; email: string; password: string }[];
}

/** The number of the demo workspace, connected to the sandbox. */
function demoChannel(deployment: Deployment) {
  const { secrets } = deployment;
  return {
    ...DEMO_NUMBER,
    workspaceId: DEMO_WORKSPACE.id,
    appId: DEMO_APP_ID,
    name: 'Support',
    apiBaseUrl: urlOf(deployment, 'sandbox'),
    accessToken: secrets.accessToken,
    appSecret: secrets.appSecret,
    verifyToken: secrets.verifyToken,
  };
}

/** Makes workspace, members and channel as the services that can come up in this process; repeating it changes nothing. */
export function newDemo(deployment: Deployment, password: string) {
  let identity: IdentityService;
  let demo: Demo;
  return {
    async seedBy(service: Service): Promise<void> {
      if (service.name === 'identity') identity = service as IdentityService;
      if (service.name === 'channels') {
        const { channelId } = await (service as ChannelsService).seedDemo(demoChannel(deployment));
        demo = { channelId, ...(await identity.seedDemo({ password, channelIds: [channelId] })) };
      }
    },
    result: () => demo,
  };
}

/** The same through the services' own seed programs, before they start in processes of their own. */
export async function seedInProcesses(deployment: Deployment, password: string): Promise<Demo> {
  const seed = JSON.stringify(demoChannel(deployment));
  const { channelId } = await runSeed<{ channelId: string }>('channels', deployment, { SEED: seed });
  const { workspaceId, members } = await runSeed<Omit<Demo, 'channelId'>>('identity', deployment, {
    DEMO_PASSWORD: password,
    DEMO_CHANNEL: channelId,
  });
  return { workspaceId, members, channelId };
}

async function runSeed<T>(service: ServiceName, deployment: Deployment, extra: Environment): Promise<T> {
  const env = { PATH: process.env['PATH'], ...environmentOf(service, deployment), ...extra };
  const { stdout } = await promisify(execFile)(process.execPath, [entryPoint(service, 'seed-demo.js')], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}
