/** Bounds on what an image may be. Sizes in bytes. */
export const imageLimits = {
  /** All layers unpacked: AWS's quota ("Container image code package size", 10 GB). */
  unpackedBytes: 10 * 1_024 ** 3,
  /** All layers as they are transferred; nobody's layers grow by compression. */
  packedBytes: 10 * 1_024 ** 3,
  /** Registries take manifests of 4 MiB (OCI distribution-spec 1.1). */
  manifestBytes: 4 * 1_024 ** 2,
  configBytes: 4 * 1_024 ** 2,
  tokenBytes: 64 * 1_024,
  /** As many as overlayfs and Docker take. */
  layers: 127,
  /** A base image of an operating system has 20,000, one of a scientific Python 150,000. */
  entries: 1_000_000,
  pathBytes: 3_500,
  nameBytes: 255,
} as const;
