import type { FunctionsModule, SettingsModule } from '../../functions/index.ts';
import type { Provisioner } from '../../provisioning/index.ts';

/** The features that Lambda's operations call. Built once, in `server`. */
export interface LambdaServices
  extends Pick<
      FunctionsModule,
      'functions' | 'versions' | 'aliases' | 'layers' | 'lookup' | 'downloadLinks' | 'codeUsage'
    >,
    SettingsModule {
  readonly provisioner: Pick<Provisioner, 'put' | 'delete' | 'status'>;
}
