/** The areas of AWS Lambda's API, in the order in which the page shows them; no operation fits two patterns. */
const groups: readonly (readonly [title: string, pattern: RegExp])[] = [
  ['Functions', /^(Create|Get|List|Update|Delete)Functions?(Code|Configuration)?$/],
  ['Invocation', /^Invoke/],
  ['Versions and aliases', /^(PublishVersion|ListVersionsByFunction|\w+Alias(es)?)$/],
  ['Layers', /Layer/],
  ['Permissions and policies', /^(\w+Permission|\w+Policy)$/],
  ['Reserved concurrency', /FunctionConcurrency$/],
  ['Asynchronous invocation', /EventInvokeConfigs?$/],
  ['Runtime management and recursion', /(RuntimeManagement|Recursion)Config$/],
  ['Tags and account', /^(\w*[Tt]ag\w*|GetAccountSettings)$/],
  ['Provisioned concurrency', /ProvisionedConcurrencyConfigs?$/],
  ['Event source mappings', /EventSourceMappings?$/],
  ['Function URLs', /FunctionUrlConfigs?$/],
  ['Code signing', /CodeSigningConfigs?$/],
  ['Durable executions', /DurableExecution/],
  ['Capacity providers', /CapacityProviders?$|ScalingConfig$/],
];

const last = 'More';

/** Operations by the title of their area, areas in the order of the page. */
export function byArea(operations: readonly string[]): ReadonlyMap<string, string[]> {
  const found = Map.groupBy(operations, areaOf);
  const titles = [...groups.map(([title]) => title), last];
  return new Map(titles.map((title): [string, string[]] => [title, found.get(title) ?? []]));
}

function areaOf(operation: string): string {
  // A layer's permissions and policies are the layer's.
  if (operation.includes('Layer')) return 'Layers';
  return groups.find(([, pattern]) => pattern.test(operation))?.[0] ?? last;
}
