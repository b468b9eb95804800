import { faultTable } from './faultTable.ts';
import { testMatrix } from './matrix.ts';

const silent = Object.values(faultTable)
  .flat()
  .filter(({ kinds }) => kinds.includes('timeout'));

testMatrix('faults of silence', silent, 'impatient');
