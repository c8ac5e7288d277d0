import {
  autoscalingOperations,
  createApi,
  ec2Operations,
  ecrOperations,
  iamOperations,
  lambdaOperations,
  logsOperations,
  serviceApi,
  stsOperations,
  xrayOperations,
} from '../api/index.ts';
import { loadServiceModel, SignatureVerifier } from '../aws-protocol/index.ts';
import {
  AccessKeys,
  Authenticator,
  ControlPlane,
  createEdge,
  type Edge,
  keyRoutes,
  operatorToken,
} from '../edge/index.ts';
import { DOWNLOAD_PATH } from '../functions/index.ts';
import { operatorRoutes, type ServerFacts } from '../operator/index.ts';
import type { Execution } from './execution.ts';
import { type FunctionParts, registryOf } from './function-parts.ts';
import type { Ground } from './ground.ts';
import type { HearthOptions, HearthServer } from './options.ts';

/** What tells who calls. */
interface Entrance {
  readonly keys: AccessKeys;
  readonly authenticator: Authenticator;
}

export async function openEntrance(ground: Ground): Promise<Entrance> {
  const { options, sessions, clock } = ground;
  const keys = await AccessKeys.open(ground);
  const verifier = new SignatureVerifier(clock);
  const authenticator = new Authenticator({ mode: options.auth, keys, sessions, verifier });
  keys.onChange(() => authenticator.forget());
  return { keys, authenticator };
}

export function openEdge(
  ground: Ground,
  parts: FunctionParts & Execution & Entrance & { readonly server: ServerFacts },
): Edge {
  const { options, folder } = ground;
  const { features, settings, keys } = parts;
  const operator = operatorRoutes({ ...ground, ...parts, requests: () => edge.requests });
  const edge: Edge = createEdge({
    ...ground,
    host: options.host,
    port: options.port,
    api: openApi(ground, parts),
    invoker: parts.invoker,
    lookup: features.lookup,
    access: settings.access,
    authenticator: parts.authenticator,
    control: new ControlPlane(operatorToken(folder), [...keyRoutes(keys), ...operator]),
    downloads: { prefix: DOWNLOAD_PATH, verify: (url) => features.downloadLinks.verify(url) },
  });
  return edge;
}

function openApi(
  ground: Ground,
  { features, settings, vpc, provisioner, autoscaling }: FunctionParts & Execution,
): ReturnType<typeof createApi> {
  const lambda = { ...features, ...settings, provisioner };
  return createApi(
    {
      lambda: serviceApi(loadServiceModel('lambda'), lambda, lambdaOperations),
      'application-autoscaling': serviceApi(
        loadServiceModel('application-autoscaling'),
        autoscaling,
        autoscalingOperations,
      ),
      logs: serviceApi(loadServiceModel('logs'), ground, logsOperations),
      sts: serviceApi(loadServiceModel('sts'), ground, stsOperations),
      ecr: serviceApi(
        loadServiceModel('ecr'),
        { ...ground, registry: registryOf(ground.options) },
        ecrOperations,
      ),
      iam: serviceApi(loadServiceModel('iam'), ground, iamOperations),
      xray: serviceApi(loadServiceModel('xray'), ground, xrayOperations),
      ec2: serviceApi(loadServiceModel('ec2'), { vpc }, ec2Operations),
    },
    ground,
  );
}

/** Any keys will do while none are verified; otherwise the oldest key, or a first one. */
export async function localCredentials(
  { auth }: HearthOptions,
  keys: AccessKeys,
): ReturnType<HearthServer['localCredentials']> {
  if (auth === 'permissive') return { accessKeyId: 'test', secretAccessKey: 'test' };
  const key = keys.list()[0] ?? (await keys.create('000000000000'));
  if (!key) throw new Error('There are too many access keys; delete some.');
  return { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
}
