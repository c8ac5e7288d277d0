export type { ProvisioningStatus } from './configuration.ts';
export { Provisioner } from './provisioner.ts';
