/** The quotas of AWS Lambda (developer guide, "Lambda quotas"). Sizes in bytes unless the name says otherwise. */
export const limits = {
  zippedCodeBytes: 52_428_800,
  unzippedCodeBytes: 262_144_000,
  codeRequestBytes: 70_167_211,
  codeEntries: 200_000,
  layersPerFunction: 5,
  environmentBytes: 4_096,
  imageConfigBytes: 16_384,
  memoryMiB: { min: 128, max: 10_240 },
  timeoutSeconds: { min: 1, max: 900 },
  ephemeralStorageMiB: { min: 512, max: 10_240 },
  syncRequestBytes: 6_291_456,
  syncResponseBytes: 6_291_556,
  streamedResponseBytes: 209_715_200,
  /** A streamed response may burst by the first, then goes on at the second, per second. */
  streamBurstBytes: 6_291_456,
  streamBytesPerSecond: 2_097_152,
  asyncRequestBytes: 1_048_576,
  clientContextBytes: 3_583,
  tailBytes: 4_096,
  initMs: 10_000,
  policyBytes: 20_480,
  tagsPerResource: 50,
  totalCodeBytes: 80_530_636_800,
  accountConcurrency: 1_000,
  unreservedConcurrencyMin: 100,
  /** Environments of isolated tenants, for every 1,000 of the account's concurrency. */
  tenantEnvironmentsPer1000: 2_500,
  /** New environments of one function: this many at once, and as many again every ten seconds. */
  environmentStarts: 1_000,
  environmentStartsPerSecond: 100,
  /** Requests per second of synchronous callers, for each environment that a limit allows. */
  requestsPerSecondPerEnvironment: 10,
  /** Init ahead of invocations (provisioned concurrency, SnapStart): the function's timeout, but no less and no more than this. */
  initAheadMs: { min: 130_000, max: 900_000 },
  openFiles: 1_024,
  processes: 1_024,
  /** Megabytes that buy one whole vCPU. */
  memoryMiBPerVcpu: 1_769,
} as const;
