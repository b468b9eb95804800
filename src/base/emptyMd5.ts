/** md5 of no bytes, in lower-case hex. */
export const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e';
