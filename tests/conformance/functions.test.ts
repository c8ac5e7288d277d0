import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('functions, through boto3', () => boto3Checks('functions.py'));
