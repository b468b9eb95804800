import { faultTable } from './faultTable.ts';
import { testMatrix } from './matrix.ts';

const others = Object.values(faultTable).flat();

testMatrix(
  'faults that are told',
  others.filter(({ kinds, action }) => !kinds.includes('timeout') && action.type !== 'hostile'),
  'patient',
);
