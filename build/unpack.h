#ifndef UNPACK_H
#define UNPACK_H

#include <stdint.h>

#define MAGIC "MFPACK01"

/* The last 64 bytes of the file, as pack.py writes them: where the zstd-compressed tar lies in it. Little endian. */
struct payload {
    char magic[8];
    uint64_t offset, packed_size, size;
    unsigned char sha256[32]; /* of the compressed bytes; the name of the folder it is unpacked into */
};

_Noreturn void die(const char *format, ...);

/* Unpack the payload of `file` into the empty folder `folder`. Ends the program where that does not work. */
void unpack(int file, const struct payload *payload, const char *folder);

#endif
