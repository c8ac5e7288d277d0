import type { FunctionsModule, SettingsModule } from '../../functions/index.ts';

/** The features that Lambda's operations call. Built once, in `main.ts`. */
export interface LambdaServices
  extends Pick<
      FunctionsModule,
      'functions' | 'versions' | 'aliases' | 'layers' | 'lookup' | 'downloadLinks' | 'codeUsage'
    >,
    SettingsModule {}
